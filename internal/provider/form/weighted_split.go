package form

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// WeightedSplit is the form in which every subset has a share.
type WeightedSplit struct{ compact }

// TypeName implements [Form].
func (WeightedSplit) TypeName() string { return "weighted_split" }

// Schema implements [Form].
func (WeightedSplit) Schema() schema.Schema {
	subset := nestedObject(merge(subsetAttributes(), map[string]schema.Attribute{
		"weight": schema.NumberAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Share of the requests in whole percent, `0` to `100`. The weights of all subsets " +
				"sum to 100; one of them may be left out and takes the rest.",
		},
	}))
	return schema.Schema{
		Version: compactVersion,
		MarkdownDescription: "Divides the requests for a service among its subsets by weight.\n\nThe resource owns " +
			"one VirtualService and one DestinationRule and changes them in an order in which no request is dropped. " +
			"A change of weights is one write.",
		Attributes: merge(placementAttributes(), changeAttributes(), splitShape.Attributes(),
			map[string]schema.Attribute{
				"subsets": schema.MapNestedAttribute{
					Required: true, NestedObject: subset, CustomType: types.MapType{ElemType: subset.CustomType},
					MarkdownDescription: "Versions of the service by name, with their shares. A name is a DNS label " +
						"in lower case, such as `v2`.",
				},
				"sticky": stickyAttribute(),
				"otherwise": schema.StringAttribute{
					Optional: true,
					MarkdownDescription: "Subset for the requests that `match` does not cover. Without it they have " +
						"no route: 503 inside the mesh, 404 at a gateway.",
				},
			}),
	}
}

// Route implements [Form].
func (WeightedSplit) Route(r *attr.Reader, s Defaults) Route {
	split := &canary.Split{
		Placement: readPlacement(r, s), Subsets: map[string]canary.WeightedSubset{},
		HTTP: &networking.HTTPRoute{}, Otherwise: r.String("otherwise"), Sticky: readSticky(r),
	}
	r.Message(splitShape, split.HTTP)
	if r.Has("match") && !r.Known("match") {
		// A match that is not known yet is a match all the same.
		split.HTTP.Match = []*networking.HTTPMatchRequest{{}}
	}
	r.EachKey("subsets", func(name string, subset *attr.Reader) {
		weighted := canary.WeightedSubset{Subset: readSubset(subset)}
		if w, set := subset.Int("weight"); set {
			weighted.Weight = &w
		}
		split.Subsets[name] = weighted
	})
	return split
}

// Recognize implements [Form].
func (WeightedSplit) Recognize(
	live istio.Objects, before *canary.Placement, s Defaults,
) (Route, map[string]attr.Value) {
	split := canary.RecognizeSplit(live, s.ClusterDomain)
	http := split.HTTP
	if http == nil {
		http = &networking.HTTPRoute{}
	}
	attributes := splitShape.EncodeAttributes(http)
	subsets := map[string]attr.Value{}
	for name, subset := range split.Subsets {
		subsets[name] = encodeWeightedSubset(subset)
	}
	attributes["subsets"] = attr.Map(subsets)
	attributes["sticky"] = encodeSticky(split.Sticky)
	attributes["otherwise"] = attr.Null()
	if split.Otherwise != "" {
		attributes["otherwise"] = attr.String(split.Otherwise)
	}
	return split, withPlacement(&split.Placement, before, attributes)
}

func encodeWeightedSubset(subset canary.WeightedSubset) attr.Value {
	attributes := encodeSubset(subset.Subset)
	attributes["weight"] = encodeWeight(subset.Weight)
	return attr.Object(attributes)
}

// Complete plans the weight that was left out, so that a plan shows two numbers.
func (WeightedSplit) Complete(planned, prior map[string]attr.Value, config *attr.Reader, s Defaults, route Route) {
	completePlacement(planned, prior, config, s, route)
	weights := route.(*canary.Split).Weights() //nolint:errcheck,forcetypeassert // it is the form of a split
	subsets := planned["subsets"]
	if !subsets.IsKnown() {
		return
	}
	allKnown := true
	left := map[string]bool{}
	config.EachKey("subsets", func(name string, subset *attr.Reader) {
		left[name] = !subset.Has("weight")
		allKnown = allKnown && subsets.Get(name).IsKnown() && (left[name] || subset.Known("weight"))
	})
	for name, isLeft := range left {
		subset := subsets.Get(name)
		if !isLeft || !subset.HasEntries() {
			continue
		}
		weight := attr.Unknown()
		if allKnown {
			weight = attr.Int(weights[name])
		}
		subsets = subsets.With(name, subset.With("weight", weight))
	}
	planned["subsets"] = subsets
}
