package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// grouped puts resources together that route together: a VirtualService and its delegates, and the DestinationRules
// of the hosts whose subsets it names. The groups are in the order of their first resources. Of resources that have
// the same object each is in a cluster of its own.
func grouped(all []resource) [][]resource {
	parent := make([]int, len(all))
	for i := range parent {
		parent[i] = i
	}
	var root func(int) int
	root = func(i int) int {
		if parent[i] != i {
			parent[i] = root(parent[i])
		}
		return parent[i]
	}
	type place struct {
		cluster
		key string
	}
	owner, clusters := map[place]int{}, clustersOf(all)
	for i, r := range all {
		for _, key := range r.owns() {
			at := place{clusters[i], key}
			if other, known := owner[at]; known {
				parent[root(i)] = root(other)
			}
			owner[at] = i
		}
	}
	for i, r := range all {
		for _, key := range r.needs() {
			if other, known := owner[place{clusters[i], key}]; known {
				parent[root(other)] = root(i)
			}
		}
	}
	at, groups := map[int]int{}, [][]resource(nil)
	for i, r := range all {
		if _, known := at[root(i)]; !known {
			at[root(i)] = len(groups)
			groups = append(groups, nil)
		}
		groups[at[root(i)]] = append(groups[at[root(i)]], r)
	}
	for _, group := range groups {
		slices.SortStableFunc(group, func(a, b resource) int {
			return cmp.Compare(fmt.Sprint(a.stays), fmt.Sprint(b.stays)) // what changes is first
		})
	}
	return groups
}

// cluster is one of those that resources are in: that of a provider block, or of several that the plan does not tell
// apart the nth.
type cluster struct {
	home *site
	nth  int
}

// clustersOf tells resources apart that have an object of the same name at the same time: they have it in several
// clusters. Where provider blocks do not say in which, the first of each name are taken to be in one, the second in
// another, and so on, and are marked for that.
func clustersOf(all []resource) []cluster {
	type claim struct {
		home   *site
		object string
	}
	clusters, last := make([]cluster, len(all)), map[claim]int{}
	for i, r := range all {
		clusters[i].home = r.home
		claims := r.claims()
		for _, object := range claims {
			if other, known := last[claim{r.home, object}]; known {
				clusters[i].nth = max(clusters[i].nth, clusters[other].nth+1)
				all[i].unsure, all[other].unsure = true, true
			}
		}
		for _, object := range claims {
			last[claim{r.home, object}] = i
		}
	}
	return clusters
}

// claims are the objects that are its own before, and after. Those that it leaves to others are not.
func (r resource) claims() []string {
	var all []string
	claim := func(when string, s *side) {
		for _, o := range slices.Concat(s.objects().VirtualServices, s.objects().DestinationRules) {
			all = append(all, when+o.String())
		}
	}
	if !r.deposed {
		claim("before ", r.now)
	}
	if !r.leaves {
		claim("after ", r.then)
	}
	return all
}

// The keys by which resources find each other.
func routeKey(name string) string { return "route " + name }
func (r resource) subsetsKey(host string, o *istio.Object) string {
	return "subsets of " + fullHost(host, o, r.domain)
}

// owns are the keys of what a resource is: VirtualServices, and the DestinationRules of hosts.
func (r resource) owns() []string {
	var keys []string
	for _, s := range r.sides() {
		for _, o := range s.objects().VirtualServices {
			keys = append(keys, routeKey(o.Namespace+"/"+o.Name))
		}
		for _, o := range s.objects().DestinationRules {
			keys = append(keys, r.subsetsKey(o.DestinationRuleSpec().GetHost(), o))
		}
	}
	return keys
}

// needs are the keys of what the rules of a resource name: delegates, and the subsets of hosts.
func (r resource) needs() []string {
	var keys []string
	for _, s := range r.sides() {
		for _, o := range s.objects().VirtualServices {
			spec := o.VirtualServiceSpec()
			for _, rule := range spec.GetHttp() {
				if rule.GetDelegate() != nil {
					keys = append(keys, routeKey(traffic.DelegateOf(o, rule)))
				}
			}
			for _, d := range destinationsOf(spec) {
				if d.GetSubset() != "" {
					keys = append(keys, r.subsetsKey(d.GetHost(), o))
				}
			}
		}
	}
	return keys
}

// fullHost is a host as the proxies of a cluster with a domain know it.
func fullHost(host string, o *istio.Object, domain string) string {
	return strings.ToLower(istio.FullHost(host, o.Namespace, domain))
}

// destinationsOf returns where the rules of a VirtualService send requests, copies and connections.
func destinationsOf(spec *networking.VirtualService) []*networking.Destination {
	var all []*networking.Destination
	for _, rule := range spec.GetHttp() {
		for _, to := range rule.GetRoute() {
			all = append(all, to.GetDestination())
		}
		all = append(all, rule.GetMirror())
		for _, mirror := range rule.GetMirrors() {
			all = append(all, mirror.GetDestination())
		}
	}
	for _, rule := range spec.GetTls() {
		for _, to := range rule.GetRoute() {
			all = append(all, to.GetDestination())
		}
	}
	for _, rule := range spec.GetTcp() {
		for _, to := range rule.GetRoute() {
			all = append(all, to.GetDestination())
		}
	}
	return slices.DeleteFunc(all, func(d *networking.Destination) bool { return d == nil })
}

// routesOf are the objects of a resource of this provider.
func routesOf(pair istio.Objects) *argument.Routes {
	routes := &argument.Routes{Known: true}
	if o := pair.Routing(); o != nil {
		routes.VirtualServices = append(routes.VirtualServices, o)
	}
	if o := pair.Declaring(); o != nil {
		routes.DestinationRules = append(routes.DestinationRules, o)
	}
	return routes
}

// join puts the objects of one side of a group together. What a resource leaves is there as another one makes it.
func join(group []resource, side func(resource) *side) *argument.Routes {
	all := &argument.Routes{Known: true}
	seen := map[string]bool{}
	add := func(into *[]*istio.Object, objects []*istio.Object) {
		for _, o := range objects {
			if !seen[o.String()] {
				seen[o.String()] = true
				*into = append(*into, o)
			}
		}
	}
	take := func(r resource) {
		objects := side(r).objects()
		add(&all.VirtualServices, objects.VirtualServices)
		add(&all.DestinationRules, objects.DestinationRules)
		add(&all.Gateways, objects.Gateways)
		add(&all.ServiceEntries, objects.ServiceEntries)
	}
	for _, leaves := range []bool{false, true} {
		for _, r := range group {
			if r.leaves == leaves {
				take(r)
			}
		}
	}
	return all
}

func now(r resource) *side  { return r.now }
func then(r resource) *side { return r.then }
