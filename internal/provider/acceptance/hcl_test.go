package acceptance_test

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/meshroute/terraform-provider-mesh/internal/provider"
)

// server is the provider as Terraform talks to it, without Terraform.
type server struct {
	tfprotov6.ProviderServer
	schemas *tfprotov6.GetProviderSchemaResponse
}

func newServer(t testing.TB) server {
	t.Helper()
	s := provider.NewServer("test")()
	schemas, err := s.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range schemas.Diagnostics {
		t.Errorf("schema: %s: %s", d.Summary, d.Detail)
	}
	return server{s, schemas}
}

// validate returns what the provider says about the attributes of a resource, which are HCL. In it, `unknown` is a
// value that is not known yet.
func (s server) validate(t *testing.T, resourceType, attributes string) []*tfprotov6.Diagnostic {
	t.Helper()
	objectType := s.schemas.ResourceSchemas[resourceType].ValueType()
	config, err := tfprotov6.NewDynamicValue(objectType, parseHCL(t, objectType, attributes))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := s.ValidateResourceConfig(t.Context(),
		&tfprotov6.ValidateResourceConfigRequest{TypeName: resourceType, Config: &config})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Diagnostics
}

// parseHCL reads attributes as Terraform does: those that are left out are null, and values are converted.
func parseHCL(t testing.TB, objectType tftypes.Type, attributes string) tftypes.Value {
	t.Helper()
	file, diagnostics := hclsyntax.ParseConfig([]byte(attributes), "test.tf", hcl.InitialPos)
	if diagnostics.HasErrors() {
		t.Fatalf("parse configuration: %s\n%s", diagnostics.Error(), attributes)
	}
	body, diagnostics := file.Body.JustAttributes()
	if diagnostics.HasErrors() {
		t.Fatalf("parse configuration: %s\n%s", diagnostics.Error(), attributes)
	}
	values := map[string]cty.Value{}
	for name, attribute := range body {
		value, diagnostics := attribute.Expr.Value(&hcl.EvalContext{
			Variables: map[string]cty.Value{"unknown": cty.DynamicVal},
		})
		if diagnostics.HasErrors() {
			t.Fatalf("evaluate configuration: %s\n%s", diagnostics.Error(), attributes)
		}
		values[name] = value
	}
	object, err := convertValue(cty.ObjectVal(values), objectType)
	if err != nil {
		t.Fatalf("convert configuration: %v\n%s", err, attributes)
	}
	return object
}

// convertValue converts a value of HCL to a type of the provider's schema.
func convertValue(value cty.Value, to tftypes.Type) (tftypes.Value, error) {
	if !value.IsKnown() {
		return tftypes.NewValue(to, tftypes.UnknownValue), nil
	}
	if value.IsNull() {
		return tftypes.NewValue(to, nil), nil
	}
	switch to := to.(type) {
	case tftypes.Object:
		if !value.Type().IsObjectType() {
			return tftypes.Value{}, fmt.Errorf("want an object, got %s", value.Type().FriendlyName())
		}
		for name := range value.Type().AttributeTypes() {
			if _, ok := to.AttributeTypes[name]; !ok {
				return tftypes.Value{}, fmt.Errorf("there is no attribute %q", name)
			}
		}
		attributes := map[string]tftypes.Value{}
		for name, t := range to.AttributeTypes {
			inner := cty.NullVal(cty.DynamicPseudoType)
			if value.Type().HasAttribute(name) {
				inner = value.GetAttr(name)
			}
			var err error
			if attributes[name], err = convertValue(inner, t); err != nil {
				return tftypes.Value{}, fmt.Errorf("%s: %w", name, err)
			}
		}
		return tftypes.NewValue(to, attributes), nil
	case tftypes.Map:
		elements := map[string]tftypes.Value{}
		for it := value.ElementIterator(); it.Next(); {
			key, inner := it.Element()
			var err error
			if elements[key.AsString()], err = convertValue(inner, to.ElementType); err != nil {
				return tftypes.Value{}, fmt.Errorf("%s: %w", key.AsString(), err)
			}
		}
		return tftypes.NewValue(to, elements), nil
	case tftypes.List:
		elements := []tftypes.Value{}
		for it := value.ElementIterator(); it.Next(); {
			_, inner := it.Element()
			element, err := convertValue(inner, to.ElementType)
			if err != nil {
				return tftypes.Value{}, fmt.Errorf("element %d: %w", len(elements), err)
			}
			elements = append(elements, element)
		}
		return tftypes.NewValue(to, elements), nil
	}
	return convertPrimitive(value, to)
}

func convertPrimitive(value cty.Value, to tftypes.Type) (tftypes.Value, error) {
	want := map[string]cty.Type{
		tftypes.String.String(): cty.String,
		tftypes.Number.String(): cty.Number,
		tftypes.Bool.String():   cty.Bool,
	}[to.String()]
	value, err := convert.Convert(value, want)
	if err != nil {
		return tftypes.Value{}, err
	}
	switch want {
	case cty.String:
		return tftypes.NewValue(to, value.AsString()), nil
	case cty.Number:
		return tftypes.NewValue(to, new(big.Float).Copy(value.AsBigFloat())), nil
	}
	return tftypes.NewValue(to, value.True()), nil
}
