package routing

import (
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
)

// rolloutsLabel is what Argo Rollouts adds to the labels of the subsets that it shifts weight between, so that they select
// the pods of one ReplicaSet.
const rolloutsLabel = "rollouts-pod-template-hash"

// KeepWeights returns the pair with what another controller of weights has set in live: the weights of the rules that
// have the same destinations, and Argo Rollouts' label of the subsets. Neither pair is changed.
func KeepWeights(pair, live Pair) Pair {
	if pair.VirtualService != nil && live.VirtualService != nil {
		o := *pair.VirtualService
		spec := proto.Clone(pair.VirtualServiceSpec()).(*networking.VirtualService)
		for i, rule := range sameRules(spec.Http, live.VirtualServiceSpec().GetHttp()) {
			keepRuleWeights(spec.Http[i], rule)
		}
		o.Spec, pair.VirtualService = spec, &o
	}
	if pair.DestinationRule != nil && live.DestinationRule != nil {
		o := *pair.DestinationRule
		spec := proto.Clone(pair.DestinationRuleSpec()).(*networking.DestinationRule)
		for _, subset := range spec.Subsets {
			keepSubsetLabel(subset, live.DestinationRuleSpec())
		}
		o.Spec, pair.DestinationRule = spec, &o
	}
	return pair
}

// sameRules returns, for the places of the rules, the live rule that is the same one: the one of its name, or without names the
// one that matches the same requests. A rule without a name that matches other requests now is the one at its place, where
// that is no other rule's. Each live rule is the same as one rule at most.
func sameRules(rules, live []*networking.HTTPRoute) map[int]*networking.HTTPRoute {
	found, taken := map[int]*networking.HTTPRoute{}, map[int]bool{}
	take := func(i, at int, same bool) {
		if found[i] == nil && same && !taken[at] {
			found[i], taken[at] = live[at], true
		}
	}
	for i := range min(len(rules), len(live)) {
		take(i, i, sameRule(rules[i], live[i]))
	}
	for i := range rules {
		for at := range live {
			take(i, at, sameRule(rules[i], live[at]))
		}
	}
	for i := range min(len(rules), len(live)) {
		take(i, i, rules[i].GetName() == "" && live[i].GetName() == "")
	}
	return found
}

// sameRule reports whether two rules have the same name, or none and match the same requests.
func sameRule(a, b *networking.HTTPRoute) bool {
	return a.GetName() == b.GetName() && (a.GetName() != "" || slices.EqualFunc(a.GetMatch(), b.GetMatch(), func(x, y *networking.HTTPMatchRequest) bool {
		return proto.Equal(x, y)
	}))
}

// keepRuleWeights gives a rule the weights of another one that has the same destinations.
func keepRuleWeights(rule, live *networking.HTTPRoute) {
	if len(rule.GetRoute()) != len(live.GetRoute()) {
		return
	}
	weights := map[string]int32{}
	for _, route := range live.GetRoute() {
		weights[destinationKey(route.GetDestination())] = route.GetWeight()
	}
	for _, route := range rule.GetRoute() {
		if _, ok := weights[destinationKey(route.GetDestination())]; !ok {
			return
		}
	}
	for _, route := range rule.GetRoute() {
		route.Weight = weights[destinationKey(route.GetDestination())]
	}
}

func destinationKey(d *networking.Destination) string {
	return fmt.Sprintf("%s|%s|%d", d.GetHost(), d.GetSubset(), d.GetPort().GetNumber())
}

// keepSubsetLabel gives a subset the label that the live one has, or none where that has none.
func keepSubsetLabel(subset *networking.Subset, live *networking.DestinationRule) {
	for _, other := range live.GetSubsets() {
		if other.GetName() != subset.GetName() {
			continue
		}
		value, ok := other.GetLabels()[rolloutsLabel]
		if !ok {
			delete(subset.Labels, rolloutsLabel)
			continue
		}
		if subset.Labels == nil {
			subset.Labels = map[string]string{}
		}
		subset.Labels[rolloutsLabel] = value
	}
}

// WithoutWeights returns a spec that says nothing of what another controller of weights sets.
func WithoutWeights(spec proto.Message) proto.Message {
	spec = proto.Clone(spec)
	switch s := spec.(type) {
	case *networking.VirtualService:
		for _, rule := range s.Http {
			for _, route := range rule.GetRoute() {
				route.Weight = 0
			}
		}
	case *networking.DestinationRule:
		for _, subset := range s.Subsets {
			delete(subset.GetLabels(), rolloutsLabel)
		}
	}
	return spec
}

// WithWeights returns the pair with weights as [Weights] returns them. What they say nothing of stays. The pair is not changed.
func WithWeights(pair Pair, weights map[string]map[string]int64) Pair {
	if pair.VirtualService == nil {
		return pair
	}
	o := *pair.VirtualService
	spec := proto.CloneOf(pair.VirtualServiceSpec())
	for name, rule := range weighted(spec) {
		for _, route := range rule.Route {
			if weight, ok := weights[name][route.GetDestination().GetSubset()]; ok {
				route.Weight = int32(min(max(weight, 0), math.MaxInt32))
			}
		}
	}
	o.Spec, pair.VirtualService = spec, &o
	return pair
}

// Weights returns the weights of every rule with several destinations: by the rule's name, or its place such as
// `http[0]`, and by subset.
func Weights(spec *networking.VirtualService) map[string]map[string]int64 {
	all := map[string]map[string]int64{}
	for name, rule := range weighted(spec) {
		all[name] = map[string]int64{}
		for _, route := range rule.Route {
			all[name][route.GetDestination().GetSubset()] = int64(route.GetWeight())
		}
	}
	return all
}

// weighted returns the rules with several destinations by their names.
func weighted(spec *networking.VirtualService) map[string]*networking.HTTPRoute {
	all := map[string]*networking.HTTPRoute{}
	for i, rule := range spec.GetHttp() {
		if len(rule.GetRoute()) < 2 {
			continue
		}
		name := rule.GetName()
		if name == "" {
			name = fmt.Sprintf("http[%d]", i)
		}
		if _, taken := all[name]; taken {
			name = fmt.Sprintf("%s (http[%d])", name, i)
		}
		all[name] = rule
	}
	return all
}
