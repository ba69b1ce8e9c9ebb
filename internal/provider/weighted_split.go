package provider

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// newWeightedSplit returns the resource mesh_weighted_split.
func newWeightedSplit() resource.Resource { return newPairResource(weightedSplit{}) }

// weightedSplit is the form in which every subset has a share.
type weightedSplit struct{ compact }

// The types of the attributes that only this form has.
var (
	weightedSubsetType = tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"labels": tftypes.Map{ElementType: tftypes.String}, "traffic_policy": policyShape.ValueType(), "weight": tftypes.Number,
	}}
	weightedSubsetMapType = tftypes.Map{ElementType: weightedSubsetType}
)

func (weightedSplit) typeName() string { return "weighted_split" }

func (weightedSplit) schema() schema.Schema {
	subset := nestedObject(merge(subsetAttributes(), map[string]schema.Attribute{
		"weight": schema.NumberAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Share of the requests in whole percent, `0` to `100`. The weights of all subsets sum to 100; one of them may be " +
				"left out and takes the rest.",
		},
	}))
	return schema.Schema{
		MarkdownDescription: "Divides the requests for a service among its subsets by weight.\n\nThe resource owns one VirtualService and one " +
			"DestinationRule and changes them in an order in which no request is dropped. A change of weights is one write.",
		Attributes: merge(placementAttributes(), lifecycleAttributes(), splitShape.Attributes(), map[string]schema.Attribute{
			"subsets": schema.MapNestedAttribute{
				Required: true, NestedObject: subset, CustomType: types.MapType{ElemType: subset.CustomType.(types.ObjectType)},
				MarkdownDescription: "Versions of the service by name, with their shares. A name is a DNS label in lower case, such as `v2`.",
			},
			"otherwise": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Subset for the requests that `match` does not cover. Without it they have no route: 503 inside the mesh, 404 " +
					"at a gateway.",
			},
		}),
	}
}

func (weightedSplit) read(r *attr.Reader, s settings) described {
	split := &canary.Split{
		Placement: readPlacement(r, s), Subsets: map[string]canary.WeightedSubset{},
		HTTP: &networking.HTTPRoute{}, Otherwise: r.String("otherwise"),
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

func (weightedSplit) recognize(live routing.Pair, before *canary.Placement, s settings) (described, map[string]tftypes.Value) {
	split, _ := canary.RecognizeSplit(live, s.clusterDomain)
	http := split.HTTP
	if http == nil {
		http = &networking.HTTPRoute{}
	}
	attributes := splitShape.EncodeAttributes(http)
	subsets := map[string]tftypes.Value{}
	for name, subset := range split.Subsets {
		subsets[name] = encodeWeightedSubset(subset)
	}
	attributes["subsets"] = tftypes.NewValue(weightedSubsetMapType, subsets)
	attributes["otherwise"] = tftypes.NewValue(tftypes.String, nil)
	if split.Otherwise != "" {
		attributes["otherwise"] = tftypes.NewValue(tftypes.String, split.Otherwise)
	}
	return split, withPlacement(&split.Placement, before, attributes)
}

func encodeWeightedSubset(subset canary.WeightedSubset) tftypes.Value {
	attributes := encodeSubset(subset.Subset)
	attributes["weight"] = tftypes.NewValue(tftypes.Number, subset.Weight)
	return tftypes.NewValue(weightedSubsetType, attributes)
}

// complete plans the weight that was left out, so that a plan shows two numbers.
func (weightedSplit) complete(planned, prior map[string]tftypes.Value, config *attr.Reader, s settings, route described) {
	completePlacement(planned, prior, config, s, route)
	weights := route.(*canary.Split).Weights()
	var subsets map[string]tftypes.Value
	if !planned["subsets"].IsKnown() || planned["subsets"].As(&subsets) != nil {
		return
	}
	subsets = maps.Clone(subsets)
	allKnown := true
	left := map[string]bool{}
	config.EachKey("subsets", func(name string, subset *attr.Reader) {
		left[name] = !subset.Has("weight")
		allKnown = allKnown && subsets[name].IsKnown() && (left[name] || subset.Known("weight"))
	})
	for name, isLeft := range left {
		subset := attributesOf(subsets[name])
		if !isLeft || len(subset) == 0 {
			continue
		}
		subset["weight"] = tftypes.NewValue(tftypes.Number, tftypes.UnknownValue)
		if allKnown {
			subset["weight"] = tftypes.NewValue(tftypes.Number, weights[name])
		}
		subsets[name] = tftypes.NewValue(subsets[name].Type(), subset)
	}
	planned["subsets"] = tftypes.NewValue(planned["subsets"].Type(), subsets)
}
