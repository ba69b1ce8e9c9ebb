package form_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// fullRoutes are routes of both compact forms that have something in every part, by the form.
func fullRoutes() map[form.Form]report.Origin {
	place := canary.Placement{
		Namespace: "shop", Host: "reviews.shop.svc.cluster.local", ClusterDomain: form.DefaultClusterDomain,
		VirtualServiceName: "reviews", DestinationRuleName: "reviews", Owner: "payments",
		Labels: map[string]string{"team": "payments"}, Annotations: map[string]string{"example.org/a": "b"},
	}
	subset := func(version string) canary.Subset {
		return canary.Subset{
			Labels: map[string]string{"version": version},
			TrafficPolicy: &networking.TrafficPolicy{
				LoadBalancer: &networking.LoadBalancerSettings{LbPolicy: &networking.LoadBalancerSettings_Simple{
					Simple: networking.LoadBalancerSettings_LEAST_REQUEST,
				}},
			},
		}
	}
	settings := func() *networking.HTTPRoute {
		rule := istiotest.ValidRule(1)
		rule.Route = nil
		return rule
	}
	ninety, ten := int64(90), int64(10)
	weights := map[string]*int64{"v1": &ninety, "v2": &ten}
	sticky := &istio.Sticky{Cookie: "canary", MaxAge: time.Hour, Subsets: []string{"v2"}}
	plain := settings()
	plain.Match = nil
	return map[form.Form]report.Origin{
		form.CanaryRoute{}: &canary.Route{
			Placement: place,
			Subsets:   map[string]canary.Subset{"v1": subset("v1"), "v2": subset("v2")},
			Rules: []canary.Rule{
				{HTTP: settings(), Subset: "v2"}, {HTTP: settings(), Weights: weights, Sticky: sticky},
			},
			Default: &canary.Rule{HTTP: plain, Subset: "v1"},
		},
		form.WeightedSplit{}: &canary.Split{
			Placement: place,
			HTTP:      settings(),
			Sticky:    sticky,
			Subsets: map[string]canary.WeightedSubset{
				"v1": {Subset: subset("v1"), Weight: &ninety}, "v2": {Subset: subset("v2"), Weight: &ten},
			},
		},
	}
}

// Nine of ten fields that the API server, a webhook or a conflict can name are told at an attribute of the schema.
func TestReportErrors_everyField(t *testing.T) {
	t.Parallel()
	refusals := map[string]func(field string) *cluster.Error{
		"conflict": func(field string) *cluster.Error {
			return &cluster.Error{
				Reason: cluster.FieldConflict, Conflicts: []cluster.Conflict{{Field: field, Owner: "kubectl"}},
			}
		},
		"API server": func(field string) *cluster.Error {
			return &cluster.Error{Reason: cluster.Invalid, Fields: []string{field}}
		},
		"webhook": func(field string) *cluster.Error {
			return &cluster.Error{Reason: cluster.Denied, Err: errors.New("denied: " + field + " is not wanted")}
		},
	}
	for f, route := range fullRoutes() {
		attributes := form.SchemaOf(f).Attributes
		for how, refusal := range refusals {
			t.Run(f.TypeName()+"/"+how, func(t *testing.T) {
				t.Parallel()
				fields, lost := 0, []string(nil)
				for _, o := range route.Render().All() {
					manifest, err := istio.Manifest(o)
					if err != nil {
						t.Fatal(err)
					}
					for _, field := range leaves("", map[string]any{
						"spec": manifest["spec"], "metadata": manifest["metadata"],
					}) {
						fields++
						failure := refusal(field)
						failure.Verb, failure.Object = "apply", o.String()
						if failure.Err == nil {
							failure.Err = errors.New("no")
						}
						var told diag.Diagnostics
						report.Errors(&told, route, failure)
						at, ok := told[0].(diag.DiagnosticWithPath)
						if !ok {
							lost = append(lost, field)
							continue
						}
						if top := at.Path().Steps()[0].String(); attributes[top] == nil {
							t.Errorf("%s is told at %s, which the schema has not", field, at.Path())
						}
					}
				}
				if fields < 40 || len(lost)*10 > fields {
					t.Errorf("%d of %d fields are told at no attribute: %q", len(lost), fields, lost)
				}
			})
		}
	}
}

// leaves returns the paths of all that has no parts, as the API server writes them.
func leaves(at string, value any) []string {
	var all []string
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			all = append(all, leaves(at+"."+key, v[key])...)
		}
	case []any:
		for i, element := range v {
			all = append(all, leaves(fmt.Sprintf("%s[%d]", at, i), element)...)
		}
	default:
		all = append(all, at)
	}
	return all
}
