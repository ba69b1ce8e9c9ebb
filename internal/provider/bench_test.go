package provider

import (
	"maps"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/provider/form/formtest"
)

// BenchmarkNoChange measures what Terraform asks of an unchanged canary route of three rules, validate, read and
// plan, as the provider answers and through the framework, in turns, and reports how many times as much the framework
// takes. No cluster is asked. The floor is what any typed resource pays: the decoding of the configuration and the
// encoding of the state.
func BenchmarkNoChange(b *testing.B) {
	state := formtest.CanaryRouteValue(3)
	objectType := state.Type()
	config, prior := encoded(b, configOf(state)), encoded(b, state)
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
	servers := [2]tfprotov6.ProviderServer{NewServer("bench")(), providerserver.NewProtocol6(New("bench")())()}
	calls := map[string]func(tfprotov6.ProviderServer) ([]*tfprotov6.Diagnostic, error){
		"validate": func(s tfprotov6.ProviderServer) ([]*tfprotov6.Diagnostic, error) {
			resp, err := s.ValidateResourceConfig(b.Context(),
				&tfprotov6.ValidateResourceConfigRequest{TypeName: "mesh_canary_route", Config: config})
			return resp.Diagnostics, err
		},
		"read": func(s tfprotov6.ProviderServer) ([]*tfprotov6.Diagnostic, error) {
			resp, err := s.ReadResource(b.Context(),
				&tfprotov6.ReadResourceRequest{TypeName: "mesh_canary_route", CurrentState: prior})
			return resp.Diagnostics, err
		},
		"plan": func(s tfprotov6.ProviderServer) ([]*tfprotov6.Diagnostic, error) {
			resp, err := s.PlanResourceChange(b.Context(), &tfprotov6.PlanResourceChangeRequest{
				TypeName: "mesh_canary_route", Config: config, PriorState: prior, ProposedNewState: prior,
			})
			return resp.Diagnostics, err
		},
	}
	inTurns := func(calls ...func(tfprotov6.ProviderServer) ([]*tfprotov6.Diagnostic, error)) func(*testing.B) {
		return func(b *testing.B) {
			var took [2]time.Duration
			for b.Loop() {
				for i, s := range servers {
					begun := time.Now()
					for _, call := range calls {
						diagnostics, err := call(s)
						must(b, diagnostics, err)
					}
					took[i] += time.Since(begun)
				}
			}
			b.ReportMetric(float64(took[0].Microseconds())/float64(b.N), "µs-provider")
			b.ReportMetric(float64(took[1].Microseconds())/float64(b.N), "µs-framework")
			b.ReportMetric(float64(took[1])/float64(took[0]), "x-framework")
		}
	}
	b.Run("all", inTurns(calls["validate"], calls["read"], calls["plan"]))
	for _, name := range []string{"validate", "read", "plan"} {
		b.Run(name, inTurns(calls[name]))
	}
}

// configOf is the configuration that leads to a state: without what is only computed.
func configOf(state tftypes.Value) tftypes.Value {
	attributes := terraformAttributesOf(state)
	for _, name := range []string{"host", "foreign_fields", "summary"} {
		attributes[name] = tftypes.NewValue(attributes[name].Type(), nil)
	}
	return tftypes.NewValue(state.Type(), attributes)
}

// terraformAttributesOf returns the attributes of an object, none of a null one.
func terraformAttributesOf(object tftypes.Value) map[string]tftypes.Value {
	attributes := map[string]tftypes.Value{}
	if object.IsNull() || !object.IsKnown() || object.As(&attributes) != nil {
		return map[string]tftypes.Value{}
	}
	return maps.Clone(attributes)
}
