package traffic

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// serviceEntry is a ServiceEntry that is among the objects.
type serviceEntry struct {
	object *istio.Object
	hosts  []string // in lower case
	ports  []uint32 // those in which sidecars look for requests
}

// entriesOf returns ServiceEntries as sidecars know them.
// Source: istio.io/istio pilot/pkg/networking/core BuildSidecarOutboundVirtualHosts.
func entriesOf(objects []*istio.Object) []serviceEntry {
	var all []serviceEntry
	for _, o := range objects {
		spec, ok := o.Spec.(*networking.ServiceEntry)
		if !ok {
			continue
		}
		e := serviceEntry{object: o}
		for _, host := range spec.GetHosts() {
			e.hosts = append(e.hosts, strings.ToLower(host))
		}
		for _, port := range spec.GetPorts() {
			if istio.MayCarryHTTP(port.GetProtocol()) {
				e.ports = append(e.ports, port.GetNumber())
			}
		}
		all = append(all, e)
	}
	return all
}

// shares reports whether the entry and a host of a VirtualService have a name in common.
func (e serviceEntry) shares(host string) bool {
	return slices.ContainsFunc(e.hosts, func(own string) bool {
		_, ok := istio.Common(own, host)
		return ok
	})
}

// known returns the hosts of ServiceEntries that a sidecar knows on the port of a request.
func (t *Table) known(in *received) []string {
	var hosts []string
	for _, e := range t.entries {
		if in.Gateway == istio.MeshGateway && slices.Contains(e.ports, in.Port) &&
			istio.VisibleIn(e.object, in.SourceNamespace) {
			hosts = append(hosts, e.hosts...)
		}
	}
	return hosts
}

// standsFor reports whether a host of a VirtualService is for a name that it fits, and whether a sidecar knows that
// name without any VirtualService: as that of a Service, as far as a name tells, or by a ServiceEntry that the host
// covers. In the mesh a wildcard that has a name in common with a ServiceEntry is for such names alone.
// Source: istio.io/istio pilot/pkg/networking/core/route separateVSHostsAndServices, and pilot/pkg/model
// computeWildcardHostVirtualServiceIndex.
func (t *Table) standsFor(in *received, host, name string) (is, ofService bool) {
	if in.Gateway != istio.MeshGateway {
		return true, false
	}
	if _, _, inside := istio.InCluster(name, t.options.Domain()); inside {
		return true, true
	}
	narrowed := false
	for _, known := range t.known(in) {
		common, ok := istio.Common(known, host)
		if ok && common == known && istio.Fits(known, name) {
			return true, true
		}
		narrowed = narrowed || ok
	}
	return !narrowed, false
}

// offPort reports whether a host of a VirtualService has names in common with ServiceEntries, and none of its hosts
// is for one that has the port of a request: but on port 80, istiod then leaves the VirtualService out.
// Source: istio.io/istio pilot/pkg/networking/core selectVirtualServices, and in pilot/pkg/networking/core/route
// buildSidecarVirtualHostsForVirtualService.
func (t *Table) offPort(in *received, s *virtualService, host string) bool {
	entered := slices.ContainsFunc(t.entries, func(e serviceEntry) bool {
		return istio.VisibleIn(e.object, in.SourceNamespace) && e.shares(host)
	})
	if in.Gateway != istio.MeshGateway || in.Port == 80 || !entered {
		return false
	}
	known := t.known(in)
	return !slices.ContainsFunc(s.hosts, func(other string) bool {
		return t.mayBeService(other) || slices.ContainsFunc(known, func(entered string) bool {
			return istio.Fits(other, entered)
		})
	})
}

// mayBeService reports whether a host is for names that Services have.
func (t *Table) mayBeService(host string) bool {
	_, ok := istio.Common(host, "*.svc."+t.options.Domain())
	return ok
}

// entryFor returns the ServiceEntry that has the host of a request, nil where none has it, and whether it has the
// port.
func (t *Table) entryFor(in *received) (object *istio.Object, onPort bool) {
	best := ""
	for _, e := range t.entries {
		for _, host := range e.hosts {
			has := slices.Contains(e.ports, in.Port)
			if istio.VisibleIn(e.object, in.SourceNamespace) && istio.Fits(host, in.host) &&
				(best == "" || istio.MoreSpecific(host, best) || host == best && has && !onPort) {
				best, object, onPort = host, e.object, has
			}
		}
	}
	return object, onPort
}

// unclaimedInMesh says what becomes of requests in the mesh that no VirtualService claims.
func (t *Table) unclaimedInMesh(in *received) string {
	who := "requests for " + istio.Shown(in.Authority)
	text := "no VirtualService claims " + who + " in the mesh"
	for _, s := range t.virtualServices {
		if !slices.Contains(s.gateways, in.Gateway) || !istio.VisibleIn(s.object, in.SourceNamespace) {
			continue
		}
		for _, host := range s.hosts {
			switch is, _ := t.standsFor(in, host, in.host); {
			case !istio.Fits(host, in.host):
			case t.offPort(in, s, host):
				text = fmt.Sprintf("%s has %s, for which no ServiceEntry has port %d, so that no VirtualService "+
					"claims %s in the mesh", s.object, host, in.Port, who)
			case !is:
				text = fmt.Sprintf("%s has %s, which in the mesh stands for the hosts of ServiceEntries alone where "+
					"it covers any, so that no VirtualService claims %s", s.object, host, who)
			}
		}
	}
	_, _, inside := istio.InCluster(in.host, t.options.Domain())
	switch o, onPort := t.entryFor(in); {
	case o == nil || inside:
		return text + ": they go to the service of that name, whatever its version"
	case !onPort:
		return fmt.Sprintf("%s: only %s has that name, and no port %d for HTTP", text, o, in.Port)
	default:
		return fmt.Sprintf("%s: they go where %s leads, which alone has that name", text, o)
	}
}
