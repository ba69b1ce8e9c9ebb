package around

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// target is a place of a route that names a destination.
type target struct {
	of *istio.Object
	at istio.Path
	*networking.Destination
	// gets says that a rule sends it requests, copies apart.
	gets bool
	// gains says that its subset gets a greater part of the rule's requests than before: of a new rule any.
	gains bool
	// rule is the rule that does, as a text.
	rule string
}

// targets are all destinations of the route, and the host of its DestinationRule; where only one host is of interest,
// those of that.
func (l *inspection) targets() []target {
	var all []target
	o, before := l.pair.Routing(), l.before.Routing().VirtualServiceSpec()
	spec := o.VirtualServiceSpec()
	was := istio.SameRules(spec.GetHttp(), before.GetHttp())
	for i, rule := range spec.GetHttp() {
		at := istio.Path{"http", i}
		all = append(all, routeTargets(l, at, traffic.RuleRef{Index: i, Name: rule.GetName()}.String(), rule.GetRoute(),
			was[i].GetRoute())...)
		for j, mirror := range rule.GetMirrors() {
			all = append(all,
				target{of: o, at: at.At("mirrors", j, "destination"), Destination: mirror.GetDestination()})
		}
		all = append(all, target{of: o, at: at.At("mirror"), Destination: rule.GetMirror()})
	}
	for i, rule := range spec.GetTls() {
		at, was := istio.Path{"tls", i}, routesOf(before.GetTls(), func(r *networking.TLSRoute) bool {
			return proto.Equal(&networking.TLSRoute{Match: r.GetMatch()}, &networking.TLSRoute{Match: rule.GetMatch()})
		})
		all = append(all, routeTargets(l, at, at.String(), rule.GetRoute(), was)...)
	}
	for i, rule := range spec.GetTcp() {
		at, was := istio.Path{"tcp", i}, routesOf(before.GetTcp(), func(r *networking.TCPRoute) bool {
			return proto.Equal(&networking.TCPRoute{Match: r.GetMatch()}, &networking.TCPRoute{Match: rule.GetMatch()})
		})
		all = append(all, routeTargets(l, at, at.String(), rule.GetRoute(), was)...)
	}
	if o := l.pair.Declaring(); o != nil {
		all = append(all, target{of: o, Destination: &networking.Destination{Host: o.DestinationRuleSpec().Host}})
	}
	return slices.DeleteFunc(all, func(t target) bool {
		return t.GetHost() == "" ||
			l.about != "" && !strings.EqualFold(l.about, istio.FullHost(t.Host, t.of.Namespace, l.Domain()))
	})
}

// routesOf returns the destinations of the first rule that is the same one, none without one.
func routesOf[R interface {
	GetRoute() []*networking.RouteDestination
}](rules []R, same func(R) bool) []*networking.RouteDestination {
	if i := slices.IndexFunc(rules, same); i >= 0 {
		return rules[i].GetRoute()
	}
	return nil
}

// weightedRoute is a destination of a rule and its weight, whatever the rule is for.
type weightedRoute interface {
	GetDestination() *networking.Destination
	GetWeight() int32
}

// routeTargets are the destinations of one rule, and what they gain beside those that it had before.
func routeTargets[R weightedRoute](l *inspection, at istio.Path, rule string, routes, before []R) []target {
	var all []target
	var was map[traffic.Destination]float64
	if len(before) > 0 {
		was = portions(before, l.before.Routing().Namespace, l.Domain())
	}
	is := portions(routes, l.pair.Routing().Namespace, l.Domain())
	for j, route := range routes {
		key := subsetKey(route.GetDestination(), l.pair.Routing().Namespace, l.Domain())
		all = append(all, target{
			of: l.pair.Routing(), at: at.At("route", j, "destination"), Destination: route.GetDestination(), rule: rule,
			gets: len(routes) == 1 || route.GetWeight() > 0, gains: is[key] > was[key],
		})
	}
	return all
}

// subsetKey returns the subset that a destination is, whatever the port.
func subsetKey(d *networking.Destination, namespace, clusterDomain string) traffic.Destination {
	return traffic.Destination{Host: istio.FullHost(d.GetHost(), namespace, clusterDomain), Subset: d.GetSubset()}
}

// portions returns which part of a rule's requests goes to each subset.
func portions[R weightedRoute](routes []R, namespace, clusterDomain string) map[traffic.Destination]float64 {
	weights, sum := map[traffic.Destination]int64{}, int64(0)
	for _, route := range routes {
		weight := int64(route.GetWeight())
		if len(routes) == 1 {
			weight = 1
		}
		sum += weight
		weights[subsetKey(route.GetDestination(), namespace, clusterDomain)] += weight
	}
	parts := map[traffic.Destination]float64{}
	for d, weight := range weights {
		parts[d] = float64(weight) / float64(max(sum, 1))
	}
	return parts
}

// labelledBefore reports whether the route declared a subset of a host with the same labels before.
func (l *inspection) labelledBefore(host, name string, labels map[string]string) bool {
	was := l.before.Declaring()
	if was == nil || istio.FullHost(was.DestinationRuleSpec().Host, was.Namespace, l.Domain()) != host {
		return false
	}
	subset := istio.SubsetOf(was, name)
	return subset != nil && maps.Equal(subset.GetLabels(), labels)
}
