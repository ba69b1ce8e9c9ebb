package view

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// grouped puts resources together that route together: a VirtualService and its delegates, and the DestinationRules of
// the hosts whose subsets it names. The groups are in the order of their first resources.
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
	// What names a thing and what is one belong together: whoever comes first stands for it.
	first := map[string]int{}
	for i, r := range all {
		for _, key := range r.keys() {
			if other, known := first[key]; known {
				parent[root(i)] = root(other)
				continue
			}
			first[key] = i
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
	return groups
}

// keys are what a resource has in common with those that it routes with.
func (r resource) keys() []string {
	var keys []string
	for _, s := range r.sides() {
		for _, o := range s.objects().VirtualServices {
			keys = append(keys, "route "+o.Namespace+"/"+o.Name)
			spec := o.VirtualServiceSpec()
			for _, rule := range spec.GetHttp() {
				if rule.GetDelegate() != nil {
					keys = append(keys, "route "+traffic.DelegateOf(o, rule))
				}
			}
			for _, d := range destinationsOf(spec) {
				if d.GetSubset() != "" {
					keys = append(keys, "subsets "+fullHost(d.GetHost(), o))
				}
			}
		}
		for _, o := range s.objects().DestinationRules {
			keys = append(keys, "subsets "+fullHost(o.DestinationRuleSpec().GetHost(), o))
		}
	}
	return keys
}

// fullHost is a host as the proxies know it.
func fullHost(host string, o *istio.Object) string {
	return strings.ToLower(istio.FullHost(host, o.Namespace, form.DefaultClusterDomain))
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

// join puts the objects of one side of a group together.
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
	for _, r := range group {
		objects := side(r).objects()
		add(&all.VirtualServices, objects.VirtualServices)
		add(&all.DestinationRules, objects.DestinationRules)
		add(&all.Gateways, objects.Gateways)
		add(&all.ServiceEntries, objects.ServiceEntries)
	}
	return all
}

func now(r resource) *side  { return r.now }
func then(r resource) *side { return r.then }
