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
	if o := live.Routing(); o != nil && len(p.rules) > 0 {
		object, spec := *o, proto.CloneOf(o.VirtualServiceSpec())
		plain := istio.Unstick(spec.Http)
		rules := named(plain.Rules)
		for _, r := range p.rules {
			if is := rules[r.name]; is != nil {
				want := p.plain.Rules[r.at]
				is.Route = r.ended(is.Route, want.Route)
				r.uncopied(is, want, p.copies())
			}
		}
		spec.Http = istio.Stick(plain.Rules, plain.Sticky)
		object.Spec = spec
		live = live.With(&object)
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
