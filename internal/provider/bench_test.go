package provider

import (
	"context"
	"strconv"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
)

// BenchmarkNoChange measures what an unchanged canary route of three rules costs at validate and plan. The floor is
// what any typed resource pays: the decoding of the configuration and the encoding of the state.
func BenchmarkNoChange(b *testing.B) {
	server, err := providerserver.NewProtocol6WithError(New("bench")())()
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	state := benchState(b, 3)
	objectType := state.Type()
	config, err := tfprotov6.NewDynamicValue(objectType, configOf(state))
	if err != nil {
		b.Fatal(err)
	}
	prior, err := tfprotov6.NewDynamicValue(objectType, state)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("floor", func(b *testing.B) {
		for b.Loop() {
			v, err := prior.Unmarshal(objectType)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := tfprotov6.NewDynamicValue(objectType, v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("validate", func(b *testing.B) {
		for b.Loop() {
			resp, err := server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: "mesh_canary_route", Config: &config})
			if err != nil || len(resp.Diagnostics) > 0 {
				b.Fatal(err, resp.Diagnostics)
			}
		}
	})
	b.Run("plan", func(b *testing.B) {
		for b.Loop() {
			resp, err := server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
				TypeName: "mesh_canary_route", Config: &config, PriorState: &prior, ProposedNewState: &prior,
			})
			if err != nil {
				b.Fatal(err)
			}
			for _, d := range resp.Diagnostics {
				if d.Severity == tfprotov6.DiagnosticSeverityError {
					b.Fatal(d.Summary, d.Detail)
				}
			}
		}
	})
}

// benchState is the state of a canary route of so many rules.
func benchState(b testing.TB, rules int) tftypes.Value {
	b.Helper()
	p := newPairResource(canaryRoute{})
	p.settings = settings{namespace: defaultNamespace, clusterDomain: defaultClusterDomain}
	rule := func(version, subset string) canary.Rule {
		return canary.Rule{Subset: subset, HTTP: &networking.HTTPRoute{Match: []*networking.HTTPMatchRequest{{
			Headers: map[string]*networking.StringMatch{"version": {MatchType: &networking.StringMatch_Exact{Exact: version}}},
		}}}}
	}
	route := &canary.Route{
		Placement: canary.Placement{
			Namespace: "shop", Host: "reviews.shop.svc.cluster.local", ClusterDomain: defaultClusterDomain,
			VirtualServiceName: "reviews", DestinationRuleName: "reviews",
		},
		Subsets: map[string]canary.Subset{"v1": {Labels: map[string]string{"version": "v1"}}, "v2": {Labels: map[string]string{"version": "v2"}}},
		Default: &canary.Rule{Subset: "v1"},
	}
	for i := range rules {
		route.Rules = append(route.Rules, rule(strconv.Itoa(100+i), []string{"v1", "v2"}[i%2]))
	}
	rendered := route.Render()
	live := livePair{}
	live.VirtualService = liveObject(proto.CloneOf(rendered.VirtualServiceSpec()))
	live.DestinationRule = liveObject(proto.CloneOf(rendered.DestinationRuleSpec()))
	imported := importedState(p, "shop")
	state := p.refresh(imported, p.routeOf(imported), lifecycle{}, live)
	if len(p.routeOf(state).Problems()) > 0 {
		b.Fatal(p.routeOf(state).Problems())
	}
	return state.ToTerraform(p.cached.Type().TerraformType(context.Background()))
}

// configOf is the configuration that leads to a state: without what is only computed.
func configOf(state tftypes.Value) tftypes.Value {
	attributes := terraformAttributesOf(state)
	for _, name := range []string{"host", "foreign_fields", "summary"} {
		attributes[name] = tftypes.NewValue(attributes[name].Type(), nil)
	}
	return tftypes.NewValue(state.Type(), attributes)
}
