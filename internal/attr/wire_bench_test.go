package attr_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// routeType is as large as the type of mesh_canary_route, and routeOf a route of so many rules.
var routeType = tftypes.Object{AttributeTypes: map[string]tftypes.Type{
	"rules": tftypes.List{ElementType: httpRoute.ValueType()}, "default": httpRoute.ValueType(),
	"service": tftypes.String, "namespace": tftypes.String,
	"subsets": tftypes.Map{ElementType: destinationRule.ValueType()},
	"hosts":   tftypes.List{ElementType: tftypes.String}, "port": tftypes.Number,
	"labels":   tftypes.Map{ElementType: tftypes.String},
	"manage":   tftypes.Bool,
	"host":     tftypes.String,
	"name":     tftypes.String,
	"gateways": tftypes.List{ElementType: tftypes.String},
}}

func routeOf(rules int) attr.Value {
	var list []attr.Value
	for i := range rules {
		list = append(list, httpRoute.Encode(&networking.HTTPRoute{
			Match: []*networking.HTTPMatchRequest{{Headers: map[string]*networking.StringMatch{
				"version": {MatchType: &networking.StringMatch_Exact{Exact: fmt.Sprint(i)}},
			}}},
		}))
	}
	subset := destinationRule.Encode(&networking.DestinationRule{Host: "reviews"})
	return attr.Object(entries{
		"rules": attr.List(list), "default": attr.Object(entries{"name": attr.String("rest")}),
		"service": attr.String("reviews"), "namespace": attr.String("shop"),
		"subsets": attr.Map(entries{"v1": subset, "v2": subset}),
		"hosts":   attr.Strings([]string{"reviews.shop.svc.cluster.local"}), "port": attr.Int(9080),
		"manage":   attr.Bool(true),
		"host":     attr.String("reviews.shop.svc.cluster.local"),
		"name":     attr.String("reviews"),
		"gateways": attr.Strings([]string{"mesh"}),
	})
}

// BenchmarkWire decodes and encodes the state of a route with three rules, and reports how many times as long
// Terraform's libraries take.
func BenchmarkWire(b *testing.B) {
	of, route := attr.TypeOf(routeType), routeOf(3)
	encoded, err := of.Encode(route)
	if err != nil {
		b.Fatal(err)
	}
	limits := attr.Limits{Bytes: 3 << 19, Values: 50_000, Objects: 1000, Elements: 5000, Text: 256 << 10, Depth: 32}
	compare := func(name string, ours, theirs func() error) {
		b.Run(name, func(b *testing.B) {
			there := cost(func() {
				if err := theirs(); err != nil {
					b.Fatal(err)
				}
			})
			b.ReportAllocs()
			for b.Loop() {
				if err := ours(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(there)/float64(b.Elapsed())*float64(b.N), "x-faster")
		})
	}
	value, err := decodeThere(routeType, encoded)
	if err != nil {
		b.Fatal(err)
	}
	compare("decode", func() error {
		_, err := of.Decode(encoded, limits)
		return err
	}, func() error {
		_, err := decodeThere(routeType, encoded)
		return err
	})
	compare("encode", func() error {
		_, err := of.Encode(route)
		return err
	}, func() error {
		_, err := encodeThere(routeType, value)
		return err
	})
	again := routeOf(3)
	compare("equal", func() error {
		if !again.Equal(route) {
			return fmt.Errorf("%v differs", again)
		}
		return nil
	}, func() error {
		if !value.Equal(value.Copy()) {
			return fmt.Errorf("%v differs", value)
		}
		return nil
	})
}
