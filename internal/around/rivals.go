package around

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// rivalry is what comes of two VirtualServices that claim a name at the same place.
type rivalry struct {
	ours, theirs *istio.Object
	// host and other are the overlapping hosts of ours and theirs, in full.
	host, other string
	// gateway is where: MeshGateway, or the full name of a gateway.
	gateway string
	// callers are the namespaces that see both.
	callers audience
	// first is the one whose rules are tried first.
	first *istio.Object
	// byAge says that the age decides, and not for whom the two are.
	byAge bool
}

// rivalries returns the places where two VirtualServices both hold: the mesh, and the gateways that both name, for
// callers with different orders apart. Of several hosts that overlap the first of ours is told, and who is first is
// for [Facts.firstOf] to say.
func (f *Facts) rivalries(ours, theirs *istio.Object) []rivalry {
	a, b := ours.VirtualServiceSpec(), theirs.VirtualServiceSpec()
	shared := istio.GatewayNames(b.Gateways, theirs.Namespace)
	shared = slices.DeleteFunc(istio.Unique(istio.GatewayNames(a.Gateways, ours.Namespace)), func(name string) bool {
		return !slices.Contains(shared, name)
	})
	callers := whoSees(ours, theirs)
	if len(shared) == 0 || !exclusive(a, b) || callers.nobody() {
		return nil
	}
	host, other, ok := f.contested(ours, theirs)
	if !ok {
		return nil
	}
	var all []rivalry
	order := func(caller string) int {
		return cmp.Compare(traffic.AudienceRank(ours, caller), traffic.AudienceRank(theirs, caller))
	}
	for _, gateway := range shared {
		for _, callers := range callers.alike(order) {
			all = append(all, rivalry{
				ours:    ours,
				theirs:  theirs,
				host:    host,
				other:   other,
				gateway: gateway,
				callers: callers,
				byAge:   order(callers.anyone()) == 0,
			})
		}
	}
	return all
}

// exclusive reports whether two VirtualServices both have rules for HTTP: of those for TLS and TCP Istio takes all
// that there are for a host.
// Source: istio.io/istio pilot/pkg/networking/core buildSidecarOutboundTLSFilterChainOpts,
// buildSidecarOutboundTCPFilterChainOpts.
func exclusive(a, b *networking.VirtualService) bool { return len(a.Http) > 0 && len(b.Http) > 0 }

// contested returns the first two hosts of two VirtualServices that have a name in common.
func (f *Facts) contested(ours, theirs *istio.Object) (host, other string, ok bool) {
	var full HostIndex[string]
	for _, h := range hostsOf(theirs) {
		h = strings.ToLower(istio.FullHost(h, theirs.Namespace, f.Domain()))
		full.Add(h, h)
	}
	for _, h := range hostsOf(ours) {
		h = strings.ToLower(istio.FullHost(h, ours.Namespace, f.Domain()))
		if found := append(full.Covering(h), full.Within(h)...); len(found) > 0 {
			return h, found[0], true
		}
	}
	return "", "", false
}

// firstOf asks the table of both which one a request for the contested name follows first, false where it follows
// none: no request comes to a sidecar under a name that ends with a dot, or has a colon inside.
func (f *Facts) firstOf(r rivalry) (first *istio.Object, ok bool) {
	byClaims := map[*istio.Object]*istio.Object{}
	options := f.aged(r.ours, r.theirs)
	var bare []*istio.Object
	for _, o := range []*istio.Object{r.theirs, r.ours} {
		claims := bareClaims(o)
		byClaims[claims] = o
		if created, known := options.Created[o]; known {
			options.Created[claims] = created
		}
		bare = append(bare, claims)
	}
	name := r.host
	if !strings.HasPrefix(r.other, "*") || strings.HasPrefix(name, "*") && len(r.other) > len(name) {
		name = r.other
	}
	if suffix, wildcard := strings.CutPrefix(name, "*"); wildcard {
		name = "any" + suffix
	}
	out := traffic.NewTable(bare, nil, options).Evaluate(traffic.Request{
		Authority:       name,
		Gateway:         r.gateway,
		SourceNamespace: r.callers.anyone(),
	})
	first, ok = byClaims[out.VirtualService]
	return first, ok
}

// bareClaims returns a VirtualService that claims the same, with one rule that takes every request.
func bareClaims(o *istio.Object) *istio.Object {
	spec := o.VirtualServiceSpec()
	return &istio.Object{Namespace: o.Namespace, Name: o.Name, Spec: &networking.VirtualService{
		Hosts: spec.Hosts, Gateways: spec.Gateways, ExportTo: spec.ExportTo,
		Http: []*networking.HTTPRoute{{
			Route: []*networking.HTTPRouteDestination{{Destination: &networking.Destination{Host: "any"}}},
		}},
	}}
}

// lost reports whether rules of ours never get requests that they claim.
func (r rivalry) lost() bool { return r.first != r.ours && !r.merged() }

// merged reports whether the rules of both hold, one after the other.
func (r rivalry) merged() bool { return r.gateway != istio.MeshGateway && r.host == r.other }

// words says what comes of it. It names both, so that it can be read from either side.
func (r rivalry) words() string {
	first, second := r.first, r.ours
	if first == r.ours {
		second = r.theirs
	}
	where := "in the mesh"
	if r.gateway != istio.MeshGateway {
		where = "at the gateway " + r.gateway
	}
	claims := fmt.Sprintf("%s routes %s %s already", r.theirs, r.other, where)
	switch {
	case r.merged():
		return fmt.Sprintf("%s; a gateway merges both: the rules of %s are tried first, those of %s after them, and "+
			"rules that take every request last. What both match, the first takes", claims, first, second)
	case r.host != r.other:
		narrow := r.host
		if first == r.theirs {
			narrow = r.other
		}
		return fmt.Sprintf("%s; the more specific host goes first, so for %s requests to %s follow the rules of %s, "+
			"and not those of %s",
			claims, r.callers.words(), narrow, first, second)
	}
	why := "of several VirtualServices for one host Istio takes the oldest one and ignores all others, and that is " +
		first.String()
	switch {
	case r.byAge:
	case len(istio.ExportedTo(second)) > 0:
		why = "of several VirtualServices for one host that name the caller's namespace Istio takes the one that is " +
			"there and ignores all others, and that is " + first.String()
	default:
		why = "of several VirtualServices for one host Istio takes the one that is exported to fewer namespaces and " +
			"ignores all others, and that is " + first.String()
	}
	return fmt.Sprintf("%s; %s: for %s the rules of %s have no effect until that one is gone. Put all rules into one "+
		"of them, or let export_to keep them apart",
		claims, why, r.callers.words(), second)
}
