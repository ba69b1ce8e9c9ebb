package around

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Gateway is what a Gateway of Istio's API says about the requests that arrive there.
type Gateway struct {
	Servers []istio.Server
	// Object is the Gateway itself, nil where that is of no interest.
	Object *istio.Object
}

// servedTo files the hosts of servers that a gateway asks VirtualServices of a namespace for.
func servedTo(
	namespace, gatewayNamespace string, servers ...istio.Server,
) (hosts []string, index HostIndex[string]) {
	for _, s := range servers {
		for _, host := range s.ServedTo(namespace, gatewayNamespace) {
			if !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
				index.Add(host, host)
			}
		}
	}
	return hosts, index
}

// hasName reports whether hosts of servers have a name in common with a full host. istiod compares what is written,
// with its capitals.
func hasName(index *HostIndex[string], host string) bool {
	return slices.ContainsFunc(append(index.Covering(host), index.Within(host)...), func(served string) bool {
		_, ok := istio.Common(served, host)
		return ok
	})
}

// attached is a gateway that a route names.
type attached struct {
	Gateway
	// at is its place among those of the route, full and namespace are its full name and its namespace.
	at              int
	full, namespace string
	// serves says which of the route's hosts it serves, and any that it serves one.
	serves []bool
	any    bool
}

// gatewaysOf returns the gateways of a VirtualService that are there, whether those are all that it names, and
// whether it holds in the mesh.
func (l *inspection) gatewaysOf(o *istio.Object) (all []attached, complete, mesh bool) {
	spec := o.VirtualServiceSpec()
	complete = true
	for i, name := range spec.GetGateways() {
		full := istio.GatewayName(name, o.Namespace)
		namespace, short, ok := cutGateway(full)
		gateway, found := l.Gateways[namespace][short]
		switch {
		case full == istio.MeshGateway:
			mesh = true
			continue
		case !ok || !found:
			complete = false
			continue
		}
		g := attached{Gateway: gateway, at: i, full: full, namespace: namespace}
		_, index := servedTo(o.Namespace, namespace, gateway.Servers...)
		for _, host := range spec.GetHosts() {
			host = istio.FullHost(host, o.Namespace, l.Domain())
			served := hasName(&index, host)
			g.serves, g.any = append(g.serves, served), g.any || served
		}
		all = append(all, g)
	}
	return all, complete, mesh
}

// unserved tells of hosts that no gateway of the route serves, and of gateways that serve none of its hosts. In the
// mesh a host needs no gateway.
func (l *inspection) unserved() {
	o := l.pair.Routing()
	all, complete, mesh := l.gatewaysOf(o)
	if len(all) == 0 || len(o.VirtualServiceSpec().GetHosts()) == 0 {
		return
	}
	everywhere := complete && !mesh
	for i, host := range o.VirtualServiceSpec().GetHosts() {
		if !everywhere || slices.ContainsFunc(all, func(g attached) bool { return g.serves[i] }) {
			continue
		}
		names, serve := make([]string, 0, len(all)), make([]string, 0, len(all))
		for _, g := range all {
			names, serve = append(names, "Gateway "+quoted(g.full)), append(serve, g.servesWords(o.Namespace))
		}
		l.find(Unserved, o, nil, istio.Doubtful, istio.Path{"hosts", i},
			"is not served by %s, so that no request for %s follows these rules; %s", istio.Enumerate(names, "or"),
			istio.FullHost(host, o.Namespace, l.Domain()), strings.Join(serve, "; "))
	}
	if everywhere && !slices.ContainsFunc(all, func(g attached) bool { return g.any }) {
		return
	}
	for _, g := range all {
		if !g.any {
			l.find(Unserved, o, nil, istio.Doubtful, istio.Path{"gateways", g.at},
				"Gateway %q serves none of the hosts, so that no request that arrives there follows these rules; %s",
				g.full, g.servesWords(o.Namespace))
		}
	}
}

func quoted(name string) string { return fmt.Sprintf("%q", name) }

// servesWords says which hosts a gateway serves to a namespace, and without any which ones it has.
func (g attached) servesWords(namespace string) string {
	hosts, _ := servedTo(namespace, g.namespace, g.Servers...)
	if len(hosts) > 0 {
		return fmt.Sprintf("%s serves %s", g.full, hostWords(hosts))
	}
	var others []string
	for _, s := range g.Servers {
		others = append(others, s.Hosts...)
	}
	return fmt.Sprintf("%s serves nothing to namespace %s, and has %s", g.full, namespace, hostWords(others))
}

func hostWords(hosts []string) string {
	if len(hosts) == 0 {
		return "no hosts"
	}
	names := slices.Clone(hosts[:min(len(hosts), istio.MostNamed)])
	if more := len(hosts) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return istio.Enumerate(names, "and")
}

// redirected tells of gateways that answer requests of plain http for a host of the route themselves, when the route
// begins to claim it.
func (l *inspection) redirected() {
	o := l.pair.Routing()
	if o == nil || l.claimsAsBefore() {
		return
	}
	all, _, _ := l.gatewaysOf(o)
	for _, g := range all {
		for _, s := range g.Servers {
			if !s.Redirects {
				continue
			}
			_, index := servedTo(o.Namespace, g.namespace, s)
			for i, host := range o.VirtualServiceSpec().GetHosts() {
				host = istio.FullHost(host, o.Namespace, l.Domain())
				if hasName(&index, host) {
					l.find(Redirected, o, nil, istio.Doubtful, istio.Path{"hosts", i},
						"Gateway %q answers requests of plain http for %s on port %d with 301, a redirect to "+
							"https, so "+
							"that only those of https follow these rules", g.full, host, s.Port)
				}
			}
		}
	}
}

// bypasses tells of gateways from which somebody else sends requests straight to a service that the route is for, in
// the mesh only: a gateway asks no rules but those that are bound to it.
func (l *inspection) bypasses() {
	ours := l.pair.Routing()
	hosts := ours.VirtualServiceSpec().GetHosts()
	switch {
	case len(hosts) == 0 || !istio.InMesh(ours.VirtualServiceSpec()):
		return
	case l.VirtualServices == nil:
		l.want(VirtualServices, "")
		return
	}
	bound := istio.GatewayNames(ours.VirtualServiceSpec().Gateways, ours.Namespace)
	for i, host := range hosts {
		host = strings.ToLower(istio.FullHost(host, ours.Namespace, l.Domain()))
		if l.about != "" && !strings.EqualFold(l.about, host) {
			continue
		}
		for _, n := range l.VirtualServices.senders()[host] {
			gateways := istio.Unique(istio.GatewayNames(n.VirtualServiceSpec().Gateways, n.Namespace))
			gateways = slices.DeleteFunc(gateways, func(name string) bool { return slices.Contains(bound, name) })
			at := l.sendsTo(n.Object, host)
			if len(gateways) == 0 || at == nil || l.about == "" && l.expected(n) {
				continue
			}
			l.find(Bypassed, ours, n.Object, istio.Doubtful, istio.Path{"hosts", i},
				"%s sends requests from the gateway %s straight to %s (%s), where these rules do not hold: they "+
					"are those "+
					"of the mesh; bind them to that gateway too, with the hosts that are asked for there",
				n, istio.Enumerate(gateways, "and"), host, at)
		}
	}
}

// sendsTo returns the first rule for HTTP of a VirtualService that sends requests to a full host, nil without one.
func (l *inspection) sendsTo(o *istio.Object, host string) istio.Path {
	other := &inspection{Facts: l.Facts, pair: istio.ObjectsOf(o), about: host}
	for _, t := range other.targets() {
		if t.gets && t.at[0] == "http" {
			return t.at[:2]
		}
	}
	return nil
}
