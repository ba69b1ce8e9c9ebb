package routing

import (
	"fmt"

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
		for i, rule := range spec.Http {
			keepRuleWeights(rule, findRule(live.VirtualServiceSpec(), rule, i))
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

// findRule returns the rule of a live object that is the given one: the one of its name, or without a name the one at its
// place.
func findRule(live *networking.VirtualService, rule *networking.HTTPRoute, place int) *networking.HTTPRoute {
	if rule.GetName() != "" {
		for _, other := range live.GetHttp() {
			if other.GetName() == rule.GetName() {
				return other
			}
		}
		return nil
	}
	if place < len(live.GetHttp()) {
		return live.Http[place]
	}
	return nil
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

func keepSubsetLabel(subset *networking.Subset, live *networking.DestinationRule) {
	for _, other := range live.GetSubsets() {
		if value, ok := other.GetLabels()[rolloutsLabel]; ok && other.GetName() == subset.GetName() {
			if subset.Labels == nil {
				subset.Labels = map[string]string{}
			}
			subset.Labels[rolloutsLabel] = value
		}
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

// Weights returns the weights of every rule with several destinations: by the rule's name, or its place such as
// `http[0]`, and by subset.
func Weights(spec *networking.VirtualService) map[string]map[string]int64 {
	all := map[string]map[string]int64{}
	for i, rule := range spec.GetHttp() {
		if len(rule.GetRoute()) < 2 {
			continue
		}
		name := rule.GetName()
		if name == "" {
			name = fmt.Sprintf("http[%d]", i)
		}
		all[name] = map[string]int64{}
		for _, route := range rule.Route {
			all[name][route.GetDestination().GetSubset()] = int64(route.GetWeight())
		}
	}
	return all
}
