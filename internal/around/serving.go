package around

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// VirtualServicesOf returns the VirtualServices that have to do with a full host: those that claim it, by its name or
// by a wildcard, and those that send requests to it, the oldest first.
func (f *Facts) VirtualServicesOf(host string) []*Neighbor {
	found := map[*Neighbor]bool{}
	for _, c := range f.VirtualServices.index.Covering(host) {
		found[c.Neighbor] = true
	}
	for _, n := range f.VirtualServices.senders()[strings.ToLower(host)] {
		found[n] = true
	}
	return byAge(slices.Collect(maps.Keys(found)))
}

// DestinationRulesOf returns the DestinationRules that may hold for a full host, the oldest first.
func (f *Facts) DestinationRulesOf(host string) []*Neighbor {
	var found []*Neighbor
	for _, c := range f.DestinationRules.index.Covering(host) {
		found = append(found, c.Neighbor)
	}
	return byAge(found)
}

func byAge(all []*Neighbor) []*Neighbor {
	slices.SortFunc(all, func(a, b *Neighbor) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace))
	})
	return all
}

// The most contradictions around one host that are told, and the most namespaces whose gateways are listed for it.
const (
	mostContradictions = 100
	mostGateways       = 50
)

// InspectHost says what contradicts what about a full host among the objects that route it, as they are, and what
// else to list, as [Inspect] does. Of what they do for other hosts it says nothing. The VirtualServices and
// DestinationRules have to be known.
func InspectHost(host string, facts *Facts) (findings []Finding, wanted []Query) {
	l := &inspection{Facts: facts, about: host, claiming: map[*Neighbor]bool{}}
	for _, claims := range slices.Concat(
		facts.VirtualServices.index.Covering(host), facts.DestinationRules.index.Covering(host),
	) {
		l.claiming[claims.Neighbor] = true
	}
	said := map[string]bool{}
	tell := func(pair istio.Objects, checks ...func()) {
		if len(findings) >= mostContradictions {
			return
		}
		l.before, l.pair, l.findings = pair, pair, nil
		for _, f := range checks {
			f()
		}
		for _, f := range l.findings {
			if !said[f.Text()] {
				said[f.Text()] = true
				findings = append(findings, f)
			}
		}
	}
	for _, n := range facts.VirtualServicesOf(host) {
		checks := []func(){l.delegates, l.destinations, l.gateways}
		if l.claiming[n] {
			checks = append(append([]func(){l.rivals}, checks...), l.unserved, l.bypasses, l.claimedNames)
		}
		tell(istio.ObjectsOf(n.Object), checks...)
	}
	for _, n := range facts.DestinationRulesOf(host) {
		tell(istio.ObjectsOf(n.Object), l.overlaps, l.destinations)
	}
	return findings[:min(len(findings), mostContradictions)], l.fewGateways()
}

// fewGateways returns the wanted queries without those for gateways that are too many, together with what was listed
// already.
func (l *inspection) fewGateways() []Query {
	room := mostGateways - len(l.Gateways)
	for query := range l.Closed {
		if query.Resource == Gateways {
			room--
		}
	}
	return slices.DeleteFunc(l.wanted, func(query Query) bool {
		if query.Resource == Gateways {
			room--
		}
		return query.Resource == Gateways && room < 0
	})
}

// Summary says in words what a VirtualService does, as [traffic.Summary] does, with the delegates that the cluster
// has. What istiod leaves out of it is said as far as that is certain.
func (f *Facts) Summary(o *istio.Object, options traffic.Options) []string {
	delegates, absent := f.delegatesOf(o)
	options.Absent = absent
	return traffic.Summary(append([]*istio.Object{o}, delegates...), options)
}

// Effective reports whether a VirtualService of the cluster gets requests for one of its hosts from some callers at
// least: at a gateway, where rules are merged, or in the mesh, where it is the first one for the host.
func (f *Facts) Effective(o *istio.Object) bool {
	spec := o.VirtualServiceSpec()
	if !istio.InMesh(spec) || len(spec.Gateways) > 1 {
		return true
	}
	for _, host := range spec.Hosts {
		full := strings.ToLower(istio.FullHost(host, o.Namespace, f.Domain()))
		var others, all []*istio.Object
		for _, c := range f.VirtualServices.index.Covering(full) {
			if other := c.VirtualServiceSpec(); c.Object != o && c.host == full && istio.InMesh(other) &&
				exclusive(spec, other) {
				others = append(others, c.Object)
			}
		}
		all = append(append(all, o), others...)
		for _, caller := range f.callersOf(all, full) {
			if istio.VisibleIn(o, caller) && !f.beaten(o, others, full, caller) {
				return true
			}
		}
	}
	return false
}

// beaten reports whether a caller finds another VirtualService for a host.
func (f *Facts) beaten(o *istio.Object, others []*istio.Object, host, caller string) bool {
	return slices.ContainsFunc(others, func(other *istio.Object) bool {
		r := rivalry{
			ours:    o,
			theirs:  other,
			host:    host,
			other:   host,
			gateway: istio.MeshGateway,
			callers: audience{names: []string{caller}},
		}
		first, ok := f.firstOf(r)
		return istio.VisibleIn(other, caller) && ok && first != o
	})
}

// ReadyOf returns how many workloads of a Service take requests, of those that carry labels, and whether the facts
// tell: pods and WorkloadEntries of the namespace have to be known, and labels that only istiod gives say nothing of
// them.
func (f *Facts) ReadyOf(namespace string, service Service, labels map[string]string) (ready int, known bool) {
	pods, workloads := f.Pods[namespace], f.Workloads[namespace]
	if pods == nil || workloads == nil || len(service.Selector) == 0 || !selectable(labels) {
		return 0, false
	}
	return pods.Count(service.Selector, labels) + workloads.Count(service.Selector, labels), true
}
