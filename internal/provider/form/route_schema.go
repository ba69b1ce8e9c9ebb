package form

import (
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"google.golang.org/protobuf/reflect/protoreflect"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// leftOut are fields that Istio deprecated or always refuses: the compact resources do not offer them. An object that
// has one set shows it in foreign_fields.
var leftOut = map[protoreflect.FullName]bool{
	"istio.networking.v1alpha3.HTTPFaultInjection.Delay.percent":                        true,
	"istio.networking.v1alpha3.HTTPFaultInjection.Delay.exponential_delay":              true,
	"istio.networking.v1alpha3.HTTPFaultInjection.Abort.http2_error":                    true,
	"istio.networking.v1alpha3.CorsPolicy.allow_origin":                                 true,
	"istio.networking.v1alpha3.OutlierDetection.consecutive_errors":                     true,
	"istio.networking.v1alpha3.LoadBalancerSettings.warmup_duration_secs":               true,
	"istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.minimum_ring_size": true,
}

// actions are the fields of a rule besides its name, its match and its destinations.
var actions = []protoreflect.Name{"timeout", "retries", "fault", "mirrors", "headers", "rewrite", "cors_policy"}

// The shapes that both resources are made of. They are derived once.
var (
	ruleShape = shapeOf(&networking.HTTPRoute{}, append([]protoreflect.Name{"name", "match"}, actions...)...)
	// defaultShape is a rule for every request, which has nothing to match.
	defaultShape = shapeOf(&networking.HTTPRoute{}, append([]protoreflect.Name{"name"}, actions...)...)
	// splitShape is the one rule of a split, which needs no name.
	splitShape  = shapeOf(&networking.HTTPRoute{}, append([]protoreflect.Name{"match"}, actions...)...)
	policyShape = shapeOf(&networking.TrafficPolicy{})
)

func shapeOf(message protoreflect.ProtoMessage, only ...protoreflect.Name) *attr.Message {
	return attr.New(message.ProtoReflect().Descriptor(), attr.Options{
		Docs: describePresence, Only: only, Omit: leftOut, KeepZero: istio.DecisiveZero,
		Optional: map[protoreflect.FullName]bool{"istio.networking.v1alpha3.Destination.host": true}, Present: presence,
	})
}

// presence are the conditions that may ask for no value. In the compact resources they say so: what Terraform makes
// of `{ exacts = "v2" }` is {}.
var presence = map[protoreflect.FullName]string{
	istioAPI + "HTTPMatchRequest.headers":         present,
	istioAPI + "HTTPMatchRequest.query_params":    present,
	istioAPI + "HTTPMatchRequest.without_headers": present,
}

const present = "With `true` any value will do. Excludes `exact`, `prefix`, `regex`."

// describePresence is [describe] where {} is written as it is here.
func describePresence(name protoreflect.FullName) string {
	if presence[name] == "" {
		return describe(name)
	}
	return strings.ReplaceAll(describe(name), "{}", "{ present = true }")
}

// NotEmpty refuses "" where leaving the attribute out is meant.
var NotEmpty = []validator.String{stringvalidator.LengthAtLeast(1)}

// placementAttributes are what both resources say about where their objects are and for whom.
func placementAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"service": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "Service that is routed to. A name without a dot is a service of the resource's " +
				"namespace and is resolved to its full name, which the plan shows as `host`. Every name with a dot " +
				"is taken as it is, as Istio does.",
		},
		"host": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Full name of the service, such as `greeter.shop.svc.cluster.local`.",
		},
		"port": schema.Int64Attribute{
			Optional: true,
			MarkdownDescription: "Port of the service that requests are sent to, `1` to `65535`. Needed at a gateway " +
				"for a service with several ports; by default Istio takes the port that the request came for, or the " +
				"only one.",
		},
		"namespace": schema.StringAttribute{
			Optional: true, Computed: true, Validators: NotEmpty,
			MarkdownDescription: "Namespace of both objects. Defaults to the provider's `default_namespace`.",
		},
		"name": schema.StringAttribute{
			Optional: true, Computed: true, Validators: NotEmpty,
			MarkdownDescription: "Name of both objects. Defaults to the first label of `host`.",
		},
		"virtual_service_name": schema.StringAttribute{
			Optional: true, Computed: true, Validators: NotEmpty,
			MarkdownDescription: "Name of the VirtualService, where it is not `name`.",
		},
		"destination_rule_name": schema.StringAttribute{
			Optional: true, Computed: true, Validators: NotEmpty,
			MarkdownDescription: "Name of the DestinationRule, where it is not `name`.",
		},
		"manage_destination_rule": schema.BoolAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Whether this resource owns the DestinationRule. With `false` somebody else " +
				"declares the subsets: name them in `subsets` without labels. Defaults to `true`.",
		},
		"hosts": schema.ListAttribute{
			ElementType: types.StringType, Optional: true, Computed: true,
			MarkdownDescription: "Hosts that requests are sent to, for which the rules hold. Names without a dot are " +
				"services of the namespace; `*.shop.example` is allowed at a gateway. Defaults to `host` alone.",
		},
		"gateways": schema.ListAttribute{
			ElementType: types.StringType, Optional: true, Computed: true,
			MarkdownDescription: "Gateways at which the rules hold, as `namespace/name`; `mesh` is every sidecar. " +
				"Defaults to `[\"mesh\"]`.",
		},
		"export_to": schema.ListAttribute{
			ElementType: types.StringType, Optional: true,
			MarkdownDescription: "Namespaces that see both objects; `.` is the resource's own. Defaults to all " +
				"namespaces.",
		},
		"labels": schema.MapAttribute{
			ElementType: types.StringType, Optional: true,
			MarkdownDescription: "Labels of both objects, besides `app.kubernetes.io/managed-by`. Labels that others " +
				"put there are left alone.",
		},
		"annotations": schema.MapAttribute{
			ElementType: types.StringType, Optional: true,
			MarkdownDescription: "Annotations of both objects. Annotations that others put there are left alone.",
		},
		"traffic_policy": schema.SingleNestedAttribute{
			Optional: true, CustomType: policyShape.ObjectType(), Attributes: policyShape.Attributes(),
			MarkdownDescription: "How connections to the service are made: load balancing, pools, outlier detection, " +
				"TLS. A subset's own policy replaces it field by field.",
		},
		"foreign_fields": foreignFields(),
	}
}

// foreignFields is what a resource says of live objects that hold more than its form can express.
func foreignFields() schema.Attribute {
	return schema.ListAttribute{
		ElementType: types.StringType, Computed: true,
		MarkdownDescription: "What the live objects hold that this resource cannot express, by object and field. The " +
			"next apply takes it out, which the plan shows as a change of this list to empty; what another field " +
			"manager owns stays, with an error, unless `force_conflicts` is set. Fields that this version of the " +
			"provider does not know are not among them: they stay, and a warning names them.",
	}
}

// subsetAttributes are those of one subset.
func subsetAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"labels": schema.MapAttribute{
			ElementType: types.StringType, Optional: true,
			MarkdownDescription: "Labels that tell the subset's pods from the service's others. Required unless " +
				"`manage_destination_rule` is `false`, or `weights_managed_by` is `other`: Argo Rollouts brings them.",
		},
		"traffic_policy": schema.SingleNestedAttribute{
			Optional: true, CustomType: policyShape.ObjectType(), Attributes: policyShape.Attributes(),
			MarkdownDescription: "How connections to the subset are made. What it leaves out comes from the " +
				"service's `traffic_policy`.",
		},
	}
}

// ruleAttributes are those of a rule of the given shape: what Istio's HTTPRoute says, and where the requests go.
func ruleAttributes(shape *attr.Message) map[string]schema.Attribute {
	attributes := shape.Attributes()
	attributes["subset"] = schema.StringAttribute{
		Optional:            true,
		MarkdownDescription: "Subset that takes every request of the rule. Excludes `weights`.",
	}
	attributes["weights"] = schema.MapAttribute{
		ElementType: types.NumberType, Optional: true,
		MarkdownDescription: "Share of each subset in whole percent, `0` to `100`, summing to 100. One of them may " +
			"be `null` and takes the rest: `{ v1 = null, v2 = 10 }`. Excludes `subset`.",
	}
	attributes["sticky"] = stickyAttribute()
	return attributes
}

// merge returns one map of several.
func merge(parts ...map[string]schema.Attribute) map[string]schema.Attribute {
	merged := map[string]schema.Attribute{}
	for _, part := range parts {
		maps.Copy(merged, part)
	}
	return merged
}

// nestedObject returns a nested object whose type is computed once.
func nestedObject(attributes map[string]schema.Attribute) schema.NestedAttributeObject {
	attributeTypes := make(map[string]attrType, len(attributes))
	for name, a := range attributes {
		attributeTypes[name] = a.GetType()
	}
	return schema.NestedAttributeObject{Attributes: attributes, CustomType: types.ObjectType{AttrTypes: attributeTypes}}
}
