package provider

import (
	"math"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// A configuration goes around the framework only where the framework would have nothing to say.
func TestFits(t *testing.T) {
	t.Parallel()
	p := newPairResource(canaryRoute{})
	valid := attr.Object(map[string]attr.Value{
		"service": attr.String("greeter"),
		"subsets": attr.Map(map[string]attr.Value{"v1": attr.Object(map[string]attr.Value{"labels": attr.Map(map[string]attr.Value{"app": attr.String("v1")})})}),
		"default": attr.Object(map[string]attr.Value{"subset": attr.String("v1")}),
	})
	for name, c := range map[string]struct {
		config attr.Value
		fits   bool
	}{
		"valid":                         {valid, true},
		"null":                          {attr.Null(), false},
		"unknown":                       {attr.Unknown(), false},
		"a required one is missing":     {valid.With("default", attr.Null()), false},
		"a required one is unknown":     {valid.With("default", attr.Unknown()), true},
		"a read-only one is set":        {valid.With("owner", attr.String("blue")), false},
		"a read-only one is unknown":    {valid.With("summary", attr.Unknown()), false},
		"an optional computed one":      {valid.With("namespace", attr.String("shop")), true},
		"a text that is not allowed":    {valid.With("deletion", attr.String("drop")), false},
		"an empty name":                 {valid.With("namespace", attr.String("")), false},
		"null in a list":                {valid.With("hosts", attr.List([]attr.Value{attr.Null()})), false},
		"null in a map":                 {valid.With("subsets", attr.Map(map[string]attr.Value{"v1": attr.Null()})), false},
		"unknown in a map":              {valid.With("subsets", attr.Map(map[string]attr.Value{"v1": attr.Unknown()})), true},
		"a fraction for a whole number": {valid.With("port", attr.Float(0.5)), false},
		"infinity for a whole number":   {valid.With("port", attr.Float(math.Inf(1))), false},
	} {
		if got := fits(p.cached.Attributes, c.config); got != c.fits {
			t.Errorf("%s: fits: %t, want %t", name, got, c.fits)
		}
	}
}
