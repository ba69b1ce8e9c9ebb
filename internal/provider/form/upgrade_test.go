package form_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

// conditions are what a match asks of headers: of one that there is any value, and of another which.
func conditions(anyValue attr.Value) attr.Value {
	exact := attr.Object(map[string]attr.Value{"exact": attr.String("v2")})
	return attr.Map(map[string]attr.Value{"version": exact, "x-any": anyValue})
}

// TestUpgraded: a condition that asks for no value says so in the state, everywhere where it can be; what else is
// empty stays as it is.
func TestUpgraded(t *testing.T) {
	t.Parallel()
	nothing := attr.Object(map[string]attr.Value{})
	present := attr.Object(map[string]attr.Value{"present": attr.Bool(true)})
	match := func(headers string, anyValue attr.Value) attr.Value {
		return attr.List([]attr.Value{attr.Object(map[string]attr.Value{
			headers: conditions(anyValue), "uri": nothing, "name": attr.String("first"),
		})})
	}
	rules := func(headers string) func(attr.Value) attr.Value {
		return func(anyValue attr.Value) attr.Value {
			rule := attr.Object(map[string]attr.Value{
				"match": match(headers, anyValue), "cors_policy": nothing, "subset": attr.String("v2"),
			})
			return attr.Object(map[string]attr.Value{
				"service": attr.String("shop"), "rules": attr.List([]attr.Value{nothing, rule}), "default": nothing,
			})
		}
	}
	for fact, c := range map[string]struct {
		form  form.Form
		state func(anyValue attr.Value) attr.Value
	}{
		"headers of a rule":          {form.CanaryRoute{}, rules("headers")},
		"absent headers of a rule":   {form.CanaryRoute{}, rules("without_headers")},
		"query parameters of a rule": {form.CanaryRoute{}, rules("query_params")},
		"headers of a split": {form.WeightedSplit{}, func(anyValue attr.Value) attr.Value {
			return attr.Object(map[string]attr.Value{"match": match("headers", anyValue)})
		}},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			schema := form.SchemaOf(c.form)
			want := c.state(present)
			for _, earlier := range []attr.Value{nothing, present} {
				got := form.Upgraded(schema, c.state(earlier))
				if diff := cmp.Diff(want.String(), got.String()); diff != "" {
					t.Errorf("from %s (-want +got):\n%s", earlier, diff)
				}
			}
		})
	}
	if got := form.Upgraded(form.SchemaOf(form.CanaryRoute{}), attr.Null()); !got.IsNull() {
		t.Errorf("no state becomes %s", got)
	}
	object := attr.Object(map[string]attr.Value{"http": attr.List([]attr.Value{attr.Object(map[string]attr.Value{
		"match": match("headers", nothing),
	})})})
	if got := form.Upgraded(form.SchemaOf(form.VirtualService), object); !got.Equal(object) {
		t.Errorf("where {} is written, it became %s", got)
	}
}
