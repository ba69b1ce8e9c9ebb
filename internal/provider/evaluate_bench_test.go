package provider

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form/formtest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// BenchmarkEvaluateFunction asks where one request goes under 200 rules: through the server as Terraform does, with a
// route that is new, with the same one again, and without the server. Nearly all of a first call is the reading and
// checking of the route.
func BenchmarkEvaluateFunction(b *testing.B) {
	ctx, server := context.Background(), NewServer("bench")()
	state := formtest.CanaryRouteValue(199)
	request := anObject("headers", anObject("version", tftypes.NewValue(tftypes.String, "298")))
	arguments := []*tfprotov6.DynamicValue{anything(b, state), anything(b, request)}
	call := func(b *testing.B, server tfprotov6.ProviderServer) {
		resp, err := server.CallFunction(ctx, &tfprotov6.CallFunctionRequest{Name: "evaluate", Arguments: arguments})
		if err != nil || resp.Error != nil {
			b.Fatal(err, resp)
		}
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			call(b, NewServer("bench")())
		}
	})
	b.Run("again", func(b *testing.B) {
		call(b, server)
		for b.Loop() {
			call(b, server)
		}
	})
	pair := form.CanaryRoute{}.Route(attr.Read(formtest.CanaryRoute(199)), form.Defaults{}).Render()
	b.Run("table", func(b *testing.B) {
		for b.Loop() {
			table := traffic.NewTable([]*istio.Object{pair.Routing()}, []*istio.Object{pair.Declaring()},
				traffic.Options{})
			out := table.Evaluate(traffic.Request{Headers: map[string][]string{"version": {"298"}}})
			if out.Rule.Index != 198 {
				b.Fatal(out.Rule)
			}
		}
	})
}

// anything encodes a value for a parameter of any type.
func anything(b *testing.B, v tftypes.Value) *tfprotov6.DynamicValue {
	b.Helper()
	d, err := tfprotov6.NewDynamicValue(tftypes.DynamicPseudoType, v)
	if err != nil {
		b.Fatal(err)
	}
	return &d
}

// anObject returns an object of one attribute.
func anObject(name string, v tftypes.Value) tftypes.Value {
	return tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{name: v.Type()}},
		map[string]tftypes.Value{name: v})
}
