// Package canary holds the two compact shapes in which people write a canary: a [Route] (rules that choose subsets)
// and a [Split] (one share per subset). Both render to one VirtualService and one DestinationRule, and are recognised
// back.
//
// It is pure. Render and Recognize are each other's inverse: recognising what a canonical route renders to gives the
// route, and what a route cannot say about an object is reported as a difference, never dropped.
package canary

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Subset is one version of the service: the pods that carry Labels.
type Subset struct {
	Labels        map[string]string
	TrafficPolicy *networking.TrafficPolicy
}

// Rule says what happens to the requests that it matches. Exactly one of Subset and Weights is set.
type Rule struct {
	// HTTP is the rule without its destinations: name, match, timeout, retries and so on. Nil means none of them.
	HTTP *networking.HTTPRoute
	// Subset takes every request.
	Subset string
	// Weights are whole percent by subset, summing to 100. One of them may be nil and takes the rest.
	Weights map[string]*int64
	// Sticky says which of the subsets of Weights a client keeps that got it, nil for none.
	Sticky *istio.Sticky
}

// Route is a canary by rules: the first rule that matches a request decides, and Default takes all others.
type Route struct {
	Placement
	Subsets map[string]Subset
	Rules   []Rule
	// Default is nil where other requests get no route at all, which is a 404 from a gateway and a 503 in the mesh.
	Default *Rule
}

// Render returns the objects that make Istio route this way. It renders what it is given: see [Route.Problems] for
// whether that makes sense.
func (r *Route) Render() istio.Objects {
	spec := &networking.VirtualService{Hosts: r.fullHosts(), ExportTo: r.ExportTo}
	if len(r.Gateways) > 0 && !slices.Equal(r.Gateways, []string{istio.MeshGateway}) {
		spec.Gateways = r.Gateways
	}
	var rules []*networking.HTTPRoute
	var sticky []*istio.Sticky
	for _, rule := range r.allRules() {
		rules, sticky = append(rules, r.renderRule(rule)), append(sticky, rule.Sticky)
	}
	spec.Http = istio.Stick(rules, sticky)
	pair := istio.ObjectsOf(r.object(r.VirtualServiceName, spec)).WithSubsetsElsewhere(r.SubsetsElsewhere)
	if !r.SubsetsElsewhere {
		pair = pair.With(r.object(r.DestinationRuleName, r.renderDestinationRule()))
	}
	return pair
}

// allRules are the rules in the order in which Istio tries them, the default last.
func (r *Route) allRules() []Rule {
	if r.Default == nil {
		return r.Rules
	}
	return append(r.Rules[:len(r.Rules):len(r.Rules)], *r.Default)
}

func (r *Route) fullHosts() []string {
	if len(r.Hosts) == 0 {
		return []string{r.Host}
	}
	hosts := make([]string, len(r.Hosts))
	for i, host := range r.Hosts {
		hosts[i] = r.fullHost(host)
	}
	return hosts
}

func (r *Route) fullHost(host string) string {
	return istio.FullHost(host, r.Namespace, r.ClusterDomain)
}

func (r *Route) object(name string, spec proto.Message) *istio.Object {
	labels := map[string]string{istio.ManagedByLabel: istio.ManagedBy}
	maps.Copy(labels, r.Labels)
	return &istio.Object{
		Namespace: r.Namespace, Name: name, Labels: labels, Annotations: r.AllAnnotations(), Spec: spec,
	}
}

func (r *Route) renderRule(rule Rule) *networking.HTTPRoute {
	rendered := &networking.HTTPRoute{}
	if rule.HTTP != nil {
		rendered = proto.CloneOf(rule.HTTP)
	}
	rendered.Headers = istio.TrimHeaders(rendered.Headers)
	for _, mirror := range rendered.Mirrors {
		if mirror.Destination == nil {
			mirror.Destination = &networking.Destination{}
		}
		if mirror.Destination.Host = r.fullHost(mirror.Destination.Host); mirror.Destination.Host == "" {
			mirror.Destination.Host = r.Host
		}
	}
	rendered.Route = r.renderDestinations(rule)
	return rendered
}

func (r *Route) renderDestinations(rule Rule) []*networking.HTTPRouteDestination {
	if len(rule.Weights) == 0 {
		return []*networking.HTTPRouteDestination{{Destination: r.destination(rule.Subset)}}
	}
	weights := Rest(rule.Weights)
	var destinations []*networking.HTTPRouteDestination
	for _, name := range sortedKeys(weights) {
		destination := &networking.HTTPRouteDestination{Destination: r.destination(name)}
		if len(weights) > 1 {
			destination.Weight = int32(weights[name]) //nolint:gosec // up to 100
		}
		destinations = append(destinations, destination)
	}
	return destinations
}

func (r *Route) destination(subset string) *networking.Destination {
	destination := &networking.Destination{Host: r.Host, Subset: subset}
	if r.Port > 0 && r.Port <= 65535 {
		destination.Port = &networking.PortSelector{Number: uint32(r.Port)}
	}
	return destination
}

func (r *Route) renderDestinationRule() *networking.DestinationRule {
	rule := &networking.DestinationRule{Host: r.Host, TrafficPolicy: r.TrafficPolicy, ExportTo: r.ExportTo}
	for _, name := range sortedKeys(r.Subsets) {
		subset := r.Subsets[name]
		rule.Subsets = append(rule.Subsets, &networking.Subset{
			Name: name, Labels: subset.Labels, TrafficPolicy: subset.TrafficPolicy,
		})
	}
	return rule
}

// Rest returns weights with the one that was left out filled in: what the others leave of 100 percent, at least 0.
// Values are clamped to what Istio can carry; [Route.Problems] refuses them before.
func Rest(weights map[string]*int64) map[string]int64 {
	rest := int64(100)
	for _, w := range weights {
		if w != nil {
			rest -= clampWeight(*w)
		}
	}
	filled := make(map[string]int64, len(weights))
	for name, w := range weights {
		if w == nil {
			filled[name] = clampWeight(rest)
		} else {
			filled[name] = clampWeight(*w)
		}
	}
	return filled
}

func clampWeight(w int64) int64 { return min(max(w, 0), 1_000_000) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
