package form

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// CanaryRoute is the form in which rules choose subsets.
type CanaryRoute struct{ compact }

// TypeName implements [Form].
func (CanaryRoute) TypeName() string { return "canary_route" }

// Schema implements [Form].
func (CanaryRoute) Schema() schema.Schema {
	rule := nestedObject(ruleAttributes(ruleShape))
	fallback := nestedObject(ruleAttributes(defaultShape))
	subset := nestedObject(subsetAttributes())
	return schema.Schema{
		Version: compactVersion,
		MarkdownDescription: "Routes the requests for a service to its subsets by rules: the first rule that matches " +
			"a request decides, and `default` takes all others.\n\nThe resource owns one VirtualService and one " +
			"DestinationRule and changes them in an order in which no request is dropped.",
		Attributes: merge(placementAttributes(), changeAttributes(), map[string]schema.Attribute{
			"subsets": schema.MapNestedAttribute{
				Required: true, NestedObject: subset, CustomType: types.MapType{ElemType: subset.CustomType},
				MarkdownDescription: "Versions of the service by name. A name is a DNS label in lower case, such " +
					"as `v2`.",
			},
			"rules": schema.ListNestedAttribute{
				Optional: true, NestedObject: rule, CustomType: types.ListType{ElemType: rule.CustomType},
				MarkdownDescription: "Rules in the order in which they are tried: the first that matches a request " +
					"decides.",
			},
			"default": schema.SingleNestedAttribute{
				Required: true, Attributes: fallback.Attributes, CustomType: fallback.CustomType,
				MarkdownDescription: "Where the requests go that no rule matches.",
			},
		}),
	}
}

// Route implements [Form].
func (CanaryRoute) Route(r *attr.Reader, s Defaults) Route {
	route := &canary.Route{Placement: readPlacement(r, s), Subsets: map[string]canary.Subset{}}
	r.EachKey("subsets", func(name string, subset *attr.Reader) { route.Subsets[name] = readSubset(subset) })
	r.Each("rules", func(_ int, rule *attr.Reader) { route.Rules = append(route.Rules, readRule(ruleShape, rule)) })
	if fallback := r.Object("default"); fallback != nil {
		rule := readRule(defaultShape, fallback)
		route.Default = &rule
	}
	return route
}

func readSubset(r *attr.Reader) canary.Subset {
	subset := canary.Subset{Labels: r.StringMap("labels")}
	if policy := r.Object("traffic_policy"); policy != nil {
		subset.TrafficPolicy = readPolicy(policy)
	}
	return subset
}

func readRule(shape *attr.Message, r *attr.Reader) canary.Rule {
	rule := canary.Rule{
		HTTP: &networking.HTTPRoute{}, Subset: r.String("subset"), Weights: r.Ints("weights"), Sticky: readSticky(r),
	}
	r.Message(shape, rule.HTTP)
	return rule
}

// Recognize implements [Form].
func (CanaryRoute) Recognize(live istio.Objects, before *canary.Placement, s Defaults) (Route, map[string]attr.Value) {
	route := canary.RecognizeRoute(live, s.ClusterDomain)
	subsets := map[string]attr.Value{}
	for name, subset := range route.Subsets {
		subsets[name] = attr.Object(encodeSubset(subset))
	}
	rules := attr.Null()
	if len(route.Rules) > 0 {
		elements := make([]attr.Value, len(route.Rules))
		for i, rule := range route.Rules {
			elements[i] = encodeRule(ruleShape, rule)
		}
		rules = attr.List(elements)
	}
	fallback := attr.Null()
	if route.Default != nil {
		fallback = encodeRule(defaultShape, *route.Default)
	}
	return route, withPlacement(&route.Placement, before, map[string]attr.Value{
		"subsets": attr.Map(subsets), "rules": rules, "default": fallback,
	})
}

func encodeSubset(subset canary.Subset) map[string]attr.Value {
	policy := attr.Null()
	if subset.TrafficPolicy != nil {
		policy = policyShape.Encode(subset.TrafficPolicy)
	}
	return map[string]attr.Value{"labels": TextMap(subset.Labels), "traffic_policy": policy}
}

func encodeRule(shape *attr.Message, rule canary.Rule) attr.Value {
	http := rule.HTTP
	if http == nil {
		http = &networking.HTTPRoute{}
	}
	attributes := shape.EncodeAttributes(http)
	attributes["subset"] = attr.Null()
	if rule.Subset != "" {
		attributes["subset"] = attr.String(rule.Subset)
	}
	attributes["weights"] = attr.Null()
	if len(rule.Weights) > 0 {
		weights := map[string]attr.Value{}
		for name, w := range rule.Weights {
			weights[name] = encodeWeight(w)
		}
		attributes["weights"] = attr.Map(weights)
	}
	attributes["sticky"] = encodeSticky(rule.Sticky)
	return attr.Object(attributes)
}

// encodeWeight returns a weight, null for one that was left out.
func encodeWeight(weight *int64) attr.Value {
	if weight == nil {
		return attr.Null()
	}
	return attr.Int(*weight)
}

// Complete plans what follows from the placement: no attribute of the rules follows from another.
func (CanaryRoute) Complete(planned, prior map[string]attr.Value, config *attr.Reader, s Defaults, route Route) {
	completePlacement(planned, prior, config, s, route)
}
