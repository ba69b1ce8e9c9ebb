package routing

import (
	"cmp"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"
)

// RoutesOf returns the VirtualServices that have to do with a full host: those that claim it, by its name or by a wildcard, and
// those that send requests to it, the oldest first.
func (f *Facts) RoutesOf(host string) []*Neighbor {
	var found []*Neighbor
	claiming := f.Routes.index.Covering(host)
	for _, n := range f.Routes.all {
		claims := slices.ContainsFunc(claiming, func(c claimed) bool { return c.Neighbor == n })
		if claims || len(hostsOf(n.Object)) > 0 && f.sendsTo(n.Object, host) {
			found = append(found, n)
		}
	}
	return byAge(found)
}

func (f *Facts) sendsTo(o *Object, host string) bool {
	l := &lookout{Facts: f, pair: Pair{VirtualService: o}}
	return slices.ContainsFunc(l.targets(), func(t target) bool {
		return strings.EqualFold(FullHost(t.Host, o.Namespace, f.clusterDomain()), host)
	})
}

// RulesOf returns the DestinationRules that may hold for a full host, the oldest first.
func (f *Facts) RulesOf(host string) []*Neighbor {
	var found []*Neighbor
	for _, c := range f.Rules.index.Covering(host) {
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

// Summary says in words what a VirtualService of the cluster does, as [Summary] does, with the delegates that the cluster has.
func (f *Facts) Summary(o *Object) []string {
	routes := []*Object{o}
	for _, n := range f.Routes.all {
		if len(hostsOf(n.Object)) == 0 {
			routes = append(routes, n.Object)
		}
	}
	return Summary(routes, f.Options)
}

// Effective reports whether a VirtualService of the cluster gets requests for one of its hosts from some callers at least: at a
// gateway, where rules are merged, or in the mesh, where it is the first one for the host.
func (f *Facts) Effective(o *Object) bool {
	spec := o.Spec.(*networking.VirtualService)
	if !InMesh(spec) || len(spec.Gateways) > 1 {
		return true
	}
	for _, host := range spec.Hosts {
		full := strings.ToLower(FullHost(host, o.Namespace, f.clusterDomain()))
		var others, all []*Object
		for _, c := range f.Routes.index.Covering(full) {
			if other := c.Spec.(*networking.VirtualService); c.Object != o && c.host == full && InMesh(other) && exclusive(spec, other) {
				others = append(others, c.Object)
			}
		}
		all = append(append(all, o), others...)
		for _, caller := range callersOf(all, newSubsets(nil, f.Options), full) {
			if visible(o, caller) && !f.beaten(o, others, full, caller) {
				return true
			}
		}
	}
	return false
}

// beaten reports whether a caller finds another VirtualService for a host.
func (f *Facts) beaten(o *Object, others []*Object, host, caller string) bool {
	return slices.ContainsFunc(others, func(other *Object) bool {
		r := rivalry{ours: o, theirs: other, host: host, other: host, gateway: MeshGateway, callers: audience{names: []string{caller}}}
		first, ok := f.firstOf(r)
		return visible(other, caller) && ok && first != o
	})
}

// ReadyOf returns how many workloads of a Service take requests, of those that carry labels, and whether the facts tell: pods and
// WorkloadEntries of the namespace have to be known, and labels that only istiod gives say nothing of them.
func (f *Facts) ReadyOf(namespace string, service Service, labels map[string]string) (ready int, known bool) {
	pods, workloads := f.Pods[namespace], f.Workloads[namespace]
	if pods == nil || workloads == nil || len(service.Selector) == 0 || !selectable(labels) {
		return 0, false
	}
	return pods.Count(service.Selector, labels) + workloads.Count(service.Selector, labels), true
}
