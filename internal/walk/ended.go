package walk

import (
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Ended returns live objects as they would be at the end of the walk: with the wanted shares in the rules that walk,
// and without the destinations and subsets that only the start needs. Whatever else is not as it is wanted stays so.
func (p Plan) Ended(live istio.Objects) istio.Objects {
	if len(p.rules) > 0 {
		live = rerouted(live, func(rules []*networking.HTTPRoute) {
			is := named(rules)
			for _, r := range p.rules {
				if of := is[r.name]; of != nil {
					want := p.plain.Rules[r.at]
					of.Route = r.ended(of.Route, want.Route)
					r.uncopied(of, want, p.copies())
				}
			}
		})
	}
	if d := live.Declaring(); d != nil && len(p.kept) > 0 {
		object, spec := *d, proto.CloneOf(d.DestinationRuleSpec())
		spec.Subsets = slices.DeleteFunc(spec.Subsets, func(is *networking.Subset) bool {
			return slices.ContainsFunc(p.kept, func(k *networking.Subset) bool { return k.Name == is.GetName() })
		})
		object.Spec = spec
		live = live.With(&object)
	}
	return live
}

// ended returns live destinations in the order and with the weights of wanted ones, and then those of somebody else.
func (r rule) ended(live, wanted []*networking.HTTPRouteDestination) []*networking.HTTPRouteDestination {
	var routes []*networking.HTTPRouteDestination
	for _, want := range wanted {
		name := nameOf(want.GetDestination())
		for _, is := range live {
			if nameOf(is.GetDestination()) == name {
				is.Weight = want.Weight
				routes = append(routes, is)
			}
		}
	}
	for _, is := range live {
		if !slices.Contains(r.names, nameOf(is.GetDestination())) {
			routes = append(routes, is)
		}
	}
	return routes
}
