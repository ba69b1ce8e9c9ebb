// Package formtest makes states for the tests of several packages.
package formtest

import (
	"context"
	"strconv"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// CanaryRoute is the state of a canary route of so many rules.
func CanaryRoute(rules int) attr.Value {
	rule := func(version, subset string) canary.Rule {
		return canary.Rule{Subset: subset, HTTP: &networking.HTTPRoute{Match: []*networking.HTTPMatchRequest{{
			Headers: map[string]*networking.StringMatch{
				"version": {MatchType: &networking.StringMatch_Exact{Exact: version}},
			},
		}}}}
	}
	route := &canary.Route{
		Placement: canary.Placement{
			Namespace: "shop", Host: "reviews.shop.svc.cluster.local", ClusterDomain: form.DefaultClusterDomain,
			VirtualServiceName: "reviews", DestinationRuleName: "reviews",
		},
		Subsets: map[string]canary.Subset{
			"v1": {Labels: map[string]string{"version": "v1"}},
			"v2": {Labels: map[string]string{"version": "v2"}},
		},
		Default: &canary.Rule{Subset: "v1"},
	}
	for i := range rules {
		route.Rules = append(route.Rules, rule(strconv.Itoa(100+i), []string{"v1", "v2"}[i%2]))
	}
	rendered := route.Render()
	_, attributes := form.CanaryRoute{}.Recognize(rendered, &route.Placement,
		form.Defaults{Namespace: form.DefaultNamespace, ClusterDomain: form.DefaultClusterDomain})
	attributes["foreign_fields"] = attr.Strings(nil)
	attributes["summary"] = attr.Strings(traffic.Summary(rendered.All()[:1],
		traffic.Options{ClusterDomain: form.DefaultClusterDomain}))
	return attr.Object(attributes)
}

// CanaryRouteValue is that state as Terraform has it.
func CanaryRouteValue(rules int) tftypes.Value {
	return CanaryRoute(rules).ToTerraform(form.SchemaOf(form.CanaryRoute{}).Type().TerraformType(context.Background()))
}

// State returns the state that an object of that spec is read into: reviews in the namespace shop.
func State(f form.Object, spec proto.Message) attr.Value {
	_, attributes := f.Recognize(istio.ObjectsOf(&istio.Object{Namespace: "shop", Name: "reviews", Spec: spec}),
		&canary.Placement{}, form.Defaults{})
	return attr.Object(attributes)
}
