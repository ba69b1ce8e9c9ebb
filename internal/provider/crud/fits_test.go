package crud

import (
	"math"
	"testing"

	fwattr "github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

// A configuration goes around the framework only where the framework would have nothing to say.
func TestFits(t *testing.T) {
	t.Parallel()
	p := newObjectsResource(form.CanaryRoute{})
	valid := attr.Object(map[string]attr.Value{
		"service": attr.String("greeter"),
		"subsets": attr.Map(map[string]attr.Value{"v1": attr.Object(map[string]attr.Value{
			"labels": attr.Map(map[string]attr.Value{"app": attr.String("v1")}),
		})}),
		"default": attr.Object(map[string]attr.Value{"subset": attr.String("v1")}),
	})
	for name, c := range map[string]struct {
		config attr.Value
		fits   bool
	}{
		"valid":                      {valid, true},
		"null":                       {attr.Null(), false},
		"unknown":                    {attr.Unknown(), false},
		"a required one is missing":  {valid.With("default", attr.Null()), false},
		"a required one is unknown":  {valid.With("default", attr.Unknown()), true},
		"a read-only one is set":     {valid.With("owner", attr.String("blue")), false},
		"a read-only one is unknown": {valid.With("summary", attr.Unknown()), false},
		"an optional computed one":   {valid.With("namespace", attr.String("shop")), true},
		"a text that is not allowed": {valid.With("deletion", attr.String("drop")), false},
		"an empty name":              {valid.With("namespace", attr.String("")), false},
		"null in a list of texts":    {valid.With("hosts", attr.List([]attr.Value{attr.Null()})), true},
		"null in a list of objects":  {valid.With("rules", attr.List([]attr.Value{attr.Null()})), false},
		"null in a map": {
			valid.With("subsets", attr.Map(map[string]attr.Value{"v1": attr.Null()})), false,
		},
		"unknown in a map": {
			valid.With("subsets", attr.Map(map[string]attr.Value{"v1": attr.Unknown()})), true,
		},
		"a fraction for a whole number": {valid.With("port", attr.Float(0.5)), false},
		"infinity for a whole number":   {valid.With("port", attr.Float(math.Inf(1))), false},
	} {
		if got := fits(t.Context(), p.cached.Attributes, c.config); got != c.fits {
			t.Errorf("%s: fits: %t, want %t", name, got, c.fits)
		}
	}
}

// What fits looks at is all that the framework would look at: each kind of attribute that there is is one that it
// knows.
func TestFits_schemas(t *testing.T) {
	t.Parallel()
	var walk func(string, map[string]schema.Attribute)
	walk = func(at string, attributes map[string]schema.Attribute) {
		for name, a := range attributes {
			checked := 0
			switch a := a.(type) {
			case schema.StringAttribute, schema.Int64Attribute, schema.Float64Attribute:
			case schema.BoolAttribute:
				checked = len(a.Validators)
			case schema.NumberAttribute:
				checked = len(a.Validators)
			case schema.ListAttribute:
				checked = len(a.Validators) + strictElements(a.ElementType)
			case schema.MapAttribute:
				checked = len(a.Validators) + strictElements(a.ElementType)
			case schema.SingleNestedAttribute:
				checked = len(a.Validators)
				walk(at+"."+name, a.Attributes)
			case schema.ListNestedAttribute:
				checked = len(a.Validators) + len(a.NestedObject.Validators)
				walk(at+"."+name, a.NestedObject.Attributes)
			case schema.MapNestedAttribute:
				checked = len(a.Validators) + len(a.NestedObject.Validators)
				walk(at+"."+name, a.NestedObject.Attributes)
			default:
				t.Errorf("%s.%s is a %T", at, name, a)
			}
			if checked > 0 {
				t.Errorf("%s.%s has checks that do not run", at, name)
			}
		}
	}
	for _, f := range form.All {
		name, s := f.TypeName(), form.SchemaOf(f)
		walk(name, s.Attributes)
	}
}

// strictElements returns 1 for elements of a type that does not take every value that Terraform has for it.
func strictElements(of fwattr.Type) int {
	if inner, ok := of.(types.MapType); ok {
		return strictElements(inner.ElemType)
	}
	if of == types.StringType || of == types.NumberType || of == types.BoolType {
		return 0
	}
	return 1
}
