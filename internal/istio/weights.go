package istio

import (
	"cmp"
	"fmt"

	networking "istio.io/api/networking/v1"
)

// Weights returns the weights of every rule with several destinations: by the rule's name, or its place such as
// `http[0]`, and by subset, or host where there is no subset.
func Weights(spec *networking.VirtualService) map[string]map[string]int64 {
	all := map[string]map[string]int64{}
	for name, rule := range weighted(spec) {
		all[name] = map[string]int64{}
		for _, route := range rule.Route {
			d := route.GetDestination()
			all[name][cmp.Or(d.GetSubset(), d.GetHost())] = int64(route.GetWeight())
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
