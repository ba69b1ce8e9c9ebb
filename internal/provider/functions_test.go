package provider

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// value makes an argument of strings, maps (objects) and lists (tuples).
func value(in any) attr.Value {
	switch v := in.(type) {
	case map[string]any:
		kinds, values := map[string]attr.Type{}, map[string]attr.Value{}
		for name, inner := range v {
			values[name] = value(inner)
			kinds[name] = values[name].Type(context.Background())
		}
		return types.ObjectValueMust(kinds, values)
	case []any:
		var kinds []attr.Type
		var values []attr.Value
		for _, inner := range v {
			values = append(values, value(inner))
			kinds = append(kinds, values[len(values)-1].Type(context.Background()))
		}
		return types.TupleValueMust(kinds, values)
	}
	return types.StringValue(in.(string))
}

// A route that does nothing has a manifest if the API server takes it as it is, and none if only Terraform writes it.
func TestManifest_ofWhatHasNoEffect(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	nothing := []any{object{"uri": object{"exact": "no-path"}}}
	for name, c := range map[string]struct {
		route       object
		text, error string
	}{
		"a VirtualService": {
			object{"name": "a", "hosts": []any{"a"}, "http": []any{
				object{"match": nothing, "route": []any{object{"destination": object{"host": "a"}}}},
			}},
			"exact: no-path", "",
		},
		"a canary route": {
			object{
				"service": "a", "subsets": object{"v1": object{"labels": object{"app": "v1"}}}, "default": object{"subset": "v1"},
				"rules": []any{object{"match": nothing, "subset": "v1"}},
			},
			"", "rules[0].match[0].uri: no request can have path no-path",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := function.RunResponse{Result: function.NewResultData(types.StringUnknown())}
			newManifestFunction().Run(t.Context(), function.RunRequest{
				Arguments: function.NewArgumentsData([]attr.Value{types.DynamicValue(value(c.route))}),
			}, &resp)
			text := resp.Result.Value().String()
			if c.error == "" && (resp.Error != nil || !strings.Contains(text, c.text)) {
				t.Errorf("got %s, %v", text, resp.Error)
			}
			if c.error != "" && (resp.Error == nil || !strings.Contains(resp.Error.Text, c.error)) {
				t.Errorf("got %s, %v; want the error %q", text, resp.Error, c.error)
			}
		})
	}
}
