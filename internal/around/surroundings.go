// Package around says what the rest of a cluster has against a route: other VirtualServices and DestinationRules for
// its hosts, services and subsets that are not there, and subsets in which nobody answers. It is pure: it gets facts,
// and asks for queries where more would tell.
package around

import (
	"google.golang.org/protobuf/proto"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Inspect says what a cluster has against a route that becomes pair and was before, as far as the facts tell, and
// what else to list to be sure: with what is found there it is asked again. It wants nothing that is closed.
func Inspect(before, pair istio.Objects, facts *Facts) (findings []Finding, wanted []Query) {
	l := &inspection{Facts: facts, before: before, pair: pair}
	l.rivals()
	l.overlaps()
	l.delegates()
	l.ports()
	l.alike()
	l.claimedNames()
	l.destinations()
	l.gateways()
	l.unserved()
	l.redirected()
	l.bypasses()
	l.uses()
	l.usedDelegate()
	l.callers()
	return l.findings, l.wanted
}

// rivals looks for other VirtualServices for the same hosts. What takes no requests from this one is only told when
// this one begins to claim them, and of what the same workspace applied only that one of two has no effect at all: it
// may be about to go.
func (l *inspection) rivals() {
	ours := l.pair.Routing()
	hosts := ours.VirtualServiceSpec().GetHosts()
	switch {
	case len(hosts) == 0:
		return
	case l.VirtualServices == nil:
		l.want(VirtualServices, "")
		return
	}
	asBefore := l.claimsAsBefore()
	seen := map[*Neighbor]bool{}
	for i, host := range hosts {
		for _, c := range l.VirtualServices.overlapping(istio.FullHost(host, ours.Namespace, l.Domain())) {
			switch {
			case l.full(Rivalry):
				return
			case seen[c.Neighbor] || l.isOwn(c.Object) || l.about != "" && !l.claiming[c.Neighbor]:
				continue
			}
			seen[c.Neighbor] = true
			isOurs := l.isOurs(c.Neighbor)
			for _, r := range l.rivalries(ours, c.Object) {
				if asBefore && r.merged() || isOurs && (r.merged() || r.host != r.other) {
					continue
				}
				var claimed bool
				if r.first, claimed = l.firstOf(r); claimed && (r.lost() || !asBefore) {
					found := l.find(Rivalry, ours, c.Object, istio.Doubtful, istio.Path{"hosts", i}, "%s", r.words())
					if isOurs {
						found.Remedy = istio.ChangeAlong
					}
				}
			}
		}
	}
}

// overlaps looks for other DestinationRules that declare the same subsets, or that callers find in place of this one.
// What takes nothing from this one is only told when this one changes.
func (l *inspection) overlaps() {
	ours := l.pair.Declaring()
	switch {
	case len(ours.DestinationRuleSpec().GetSubsets()) == 0 && ours.DestinationRuleSpec().GetTrafficPolicy() == nil:
		return
	case l.DestinationRules == nil:
		l.want(DestinationRules, "")
		return
	}
	was := l.before.Declaring()
	asBefore := was != nil && was.Namespace == ours.Namespace && was.Name == ours.Name &&
		proto.Equal(was.Spec, ours.Spec)
	var others []*istio.Object
	for _, c := range l.DestinationRules.overlapping(istio.FullHost(
		ours.DestinationRuleSpec().Host, ours.Namespace, l.Domain(),
	)) {
		if !l.expected(c.Neighbor) {
			others = append(others, c.Object)
		}
	}
	for _, o := range l.overlapsWith(ours, others) {
		if o.lost || !asBefore {
			l.find(Overlap, ours, o.other, istio.Doubtful, o.at, "%s", o.words)
		}
	}
}

// gateways looks for the gateways that the route names.
func (l *inspection) gateways() {
	o := l.pair.Routing()
	spec := o.VirtualServiceSpec()
	said := map[string]bool{}
	inspect := func(at istio.Path, names []string) {
		for i, name := range names {
			full := istio.GatewayName(name, o.Namespace)
			namespace, short, ok := cutGateway(full)
			if !ok || said[full] {
				continue
			}
			gateways, known := l.Gateways[namespace]
			switch {
			case !known:
				l.want(Gateways, namespace)
			default:
				if _, there := gateways[short]; !there {
					said[full] = true
					l.missing(istio.CreateAlong, o, at.At(i),
						"there is no Gateway %q, so that no request arrives there", full)
				}
			}
		}
	}
	inspect(istio.Path{"gateways"}, spec.GetGateways())
	for i, rule := range spec.GetHttp() {
		for j, match := range rule.GetMatch() {
			inspect(istio.Path{"http", i, "match", j, "gateways"}, match.GetGateways())
		}
	}
	for i, rule := range spec.GetTls() {
		for j, match := range rule.GetMatch() {
			inspect(istio.Path{"tls", i, "match", j, "gateways"}, match.GetGateways())
		}
	}
	for i, rule := range spec.GetTcp() {
		for j, match := range rule.GetMatch() {
			inspect(istio.Path{"tcp", i, "match", j, "gateways"}, match.GetGateways())
		}
	}
}
