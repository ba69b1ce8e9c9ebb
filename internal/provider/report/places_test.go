package report

import (
	"errors"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// placed are routes of each form, of the service reviews in the namespace shop: with a rule that has weights.
func placed() map[string]Origin {
	ninety, ten := int64(90), int64(10)
	place := canary.Placement{
		Namespace:           "shop",
		VirtualServiceName:  "reviews",
		DestinationRuleName: "reviews",
		Host:                "reviews.shop.svc.cluster.local",
		ClusterDomain:       "cluster.local",
	}
	subset := func(version string) canary.Subset {
		return canary.Subset{Labels: map[string]string{"version": version}}
	}
	rule := canary.Rule{HTTP: &networking.HTTPRoute{}, Weights: map[string]*int64{"v1": &ninety, "v2": &ten}}
	spec := &networking.VirtualService{Hosts: []string{"reviews"}, Http: []*networking.HTTPRoute{{}}}
	return map[string]Origin{
		"canary": &canary.Route{
			Placement: place,
			Subsets:   map[string]canary.Subset{"v1": subset("v1"), "v2": subset("v2")},
			Rules:     []canary.Rule{rule},
			Default:   &canary.Rule{Subset: "v1"},
		},
		"only the default": &canary.Route{
			Placement: place,
			Subsets:   map[string]canary.Subset{"v1": subset("v1"), "v2": subset("v2")},
			Default:   &rule,
		},
		"split": &canary.Split{
			Placement: place,
			HTTP:      &networking.HTTPRoute{},
			Subsets: map[string]canary.WeightedSubset{
				"v1": {Subset: subset("v1"), Weight: &ninety}, "v2": {Subset: subset("v2"), Weight: &ten},
			},
		},
		"object": whole{&istio.Object{Namespace: "shop", Name: "reviews", Spec: spec}},
	}
}

// A field that an answer names is told at the attribute from which it follows, whichever way it is named.
func TestReportErrors_places(t *testing.T) {
	t.Parallel()
	const service, rule = `VirtualService "shop/reviews"`, `DestinationRule "shop/reviews"`
	for name, test := range map[string]struct {
		form, object, field, want string
	}{
		"rules of a canary":         {"canary", service, ".spec.http", "rules"},
		"a timeout":                 {"canary", service, "spec.http[0].timeout", "rules[0].timeout"},
		"a timeout of the default":  {"canary", service, "spec.http[1].timeout", "default.timeout"},
		"a rule of somebody else":   {"canary", service, "spec.http[7].timeout", "default.timeout"},
		"a weight":                  {"canary", service, "spec.http[0].route[1].weight", `rules[0].weights["v2"]`},
		"a weight of somebody else": {"canary", service, "spec.http[0].route[9].weight", `rules[0].weights`},
		"a host of a route":         {"canary", service, "spec.hosts[0]", "service"},
		"labels of a subset": {
			"canary", rule, "spec.subsets[1].labels.version", `subsets["v2"].labels["version"]`,
		},
		"a subset of somebody else": {"canary", rule, "spec.subsets[9].labels.version", `subsets`},
		"all subsets":               {"canary", rule, ".spec.subsets", "subsets"},
		"a policy":                  {"canary", rule, ".spec.trafficPolicy.tls", "traffic_policy.tls"},
		"a label":                   {"canary", rule, ".metadata.labels.team", `labels["team"]`},
		"rules without a rule":      {"only the default", service, ".spec.http", "default"},
		"rules of a split":          {"split", service, ".spec.http", "subsets"},
		"a weight of a split":       {"split", service, "spec.http[0].route[1].weight", `subsets["v2"].weight`},
		"retries of a split":        {"split", service, "spec.http[0].retries.attempts", "retries.attempts"},
		"a field of an object": {
			"object", service, "spec.http[0].corsPolicy.maxAge", "http[0].cors_policy.max_age",
		},
		"an annotation of an object":  {"object", service, ".metadata.annotations.a.b/c", `annotations["a.b/c"]`},
		"a name":                      {"canary", service, "metadata.name", "virtual_service_name"},
		"another name":                {"split", rule, ".metadata.name", "destination_rule_name"},
		"a name of an object":         {"object", service, "metadata.name", "name"},
		"a namespace":                 {"canary", rule, "metadata.namespace", "namespace"},
		"no field that has an origin": {"object", service, "metadata.generation", ""},
		"another object":              {"canary", `VirtualService "shop/other"`, "spec.http[0].timeout", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cause := errors.New("no")
			for how, failure := range map[string]*cluster.Error{
				"conflict": {
					Reason:    cluster.FieldConflict,
					Conflicts: []cluster.Conflict{{Field: test.field, Owner: "kubectl"}},
					Err:       cause,
				},
				"schema": {Reason: cluster.Invalid, Fields: []string{"elsewhere", test.field}, Err: cause},
				"webhook": {
					Reason: cluster.Denied,
					Err:    errors.New("admission webhook denied: " + test.field + " is not wanted"),
				},
				"unknown": {
					Reason: cluster.Invalid,
					Err:    errors.New("strict decoding error: unknown field \"" + test.field + "\""),
				},
			} {
				failure.Verb, failure.Object = "apply", test.object
				var diagnostics diag.Diagnostics
				Errors(&diagnostics, placed()[test.form], failure)
				got := ""
				if at, ok := diagnostics[0].(diag.DiagnosticWithPath); ok {
					got = at.Path().String()
				}
				if got != test.want {
					t.Errorf("%s: told at %q, want %q", how, got, test.want)
				}
			}
		})
	}
}

// whole is an object whose attributes have the names of its fields.
type whole struct{ of *istio.Object }

func (w whole) Render() istio.Objects { return istio.ObjectsOf(w.of) }

func (whole) PathOf(_ *istio.Object, at istio.Path) istio.Path { return at }
