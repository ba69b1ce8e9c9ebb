package acceptance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/meshroute/terraform-provider-mesh/internal/docs/docstest"
)

// TestDocs_configuration: each block of configuration on each page can be parsed, holds only names that there are,
// and is valid as far as it says what it is. Attributes without a resource are those of a place that they fit into.
func TestDocs_configuration(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	seen := map[string]int{}
	docstest.EachBlock(t, "../../..", func(b docstest.Block) {
		at := fmt.Sprintf("%s:%d", b.Page, b.Line)
		if strings.HasPrefix(b.Text, "provider_installation {\n") {
			return // an older HCL, of the CLI's own configuration, which the test of a guide uses
		}
		parsed, diagnostics := hclsyntax.ParseConfig([]byte(b.Text), b.Page, hcl.Pos{Line: b.Line})
		if diagnostics.HasErrors() {
			t.Errorf("%s: %v", at, diagnostics)
			return
		}
		body := parsed.Body.(*hclsyntax.Body)
		if err := s.fits(body.Attributes); err != nil {
			t.Errorf("%s: %v", at, err)
		}
		for _, block := range body.Blocks {
			seen[block.Type]++
			if err := s.judge(t, block); err != nil {
				t.Errorf("%s: %s %v: %v", at, block.Type, block.Labels, err)
			}
		}
		if strings.HasPrefix(b.Text, "list ") {
			s.checkQueries(t, b.Text)
		}
		calls(body, func(name string) {
			if ours, ok := strings.CutPrefix(name, "provider::mesh::"); ok && s.schemas.Functions[ours] == nil {
				t.Errorf("%s: there is no function %s", at, name)
			}
		})
	}, "terraform", "hcl")
	for _, kind := range []string{"resource", "data", "provider", "list", "action"} {
		if seen[kind] == 0 {
			t.Errorf("no block of %s was looked at: %v", kind, seen)
		}
	}
}

// judge says what is wrong with a block of ours.
func (s server) judge(t *testing.T, block *hclsyntax.Block) error {
	t.Helper()
	if len(block.Labels) == 0 || !strings.HasPrefix(block.Labels[0], "mesh") {
		return nil
	}
	name := block.Labels[0]
	switch block.Type {
	case "resource":
		return s.judgeResource(t, name, block.Body)
	case "data":
		if schema := s.schemas.DataSourceSchemas[name]; schema != nil {
			_, err := convertValue(evaluate(block.Body.Attributes), schema.ValueType())
			return err
		}
	case "list", "action":
		schema := s.schemas.ListResourceSchemas[name]
		if action := s.schemas.ActionSchemas[name]; action != nil {
			schema = action.Schema
		}
		if schema != nil {
			for _, config := range block.Body.Blocks {
				if _, err := convertValue(evaluate(config.Body.Attributes), schema.ValueType()); err != nil {
					return err
				}
			}
			return nil
		}
	case "provider":
		schema := s.schemas.Provider.ValueType().(tftypes.Object)
		for name := range block.Body.Attributes {
			if schema.AttributeTypes[name] == nil && name != "alias" {
				return fmt.Errorf("there is no attribute %q", name)
			}
		}
		for _, inner := range block.Body.Blocks {
			if schema.AttributeTypes[inner.Type] == nil {
				return fmt.Errorf("there is no block %q", inner.Type)
			}
		}
		return nil
	default: // run and check of a test, which others read
		return nil
	}
	return fmt.Errorf("there is no such %s", block.Type)
}

// metaArguments are those of a resource that are Terraform's.
var metaArguments = []string{"count", "depends_on", "for_each", "provider"}

// judgeResource validates a resource as Terraform does. What refers to something else is not known.
func (s server) judgeResource(t *testing.T, name string, body *hclsyntax.Body) error {
	t.Helper()
	schema := s.schemas.ResourceSchemas[name]
	if schema == nil {
		return fmt.Errorf("there is no resource %s", name)
	}
	attributes := maps.Clone(body.Attributes)
	maps.DeleteFunc(attributes, func(name string, _ *hclsyntax.Attribute) bool {
		return slices.Contains(metaArguments, name)
	})
	value, err := convertValue(evaluate(attributes), schema.ValueType())
	if err != nil {
		return err
	}
	config, err := tfprotov6.NewDynamicValue(schema.ValueType(), value)
	if err != nil {
		return err
	}
	answer, err := s.ValidateResourceConfig(t.Context(),
		&tfprotov6.ValidateResourceConfigRequest{TypeName: name, Config: &config})
	if err != nil {
		return err
	}
	for _, d := range answer.Diagnostics {
		err = fmt.Errorf("%s: %s", d.Summary, d.Detail)
	}
	return err
}

// fits returns an error unless the attributes are those of the provider block, of a resource, of a rule or of a walk.
func (s server) fits(attributes hclsyntax.Attributes) error {
	if len(attributes) == 0 {
		return nil
	}
	value := evaluate(attributes)
	if _, err := convertValue(value, s.schemas.Provider.ValueType()); err == nil {
		return nil
	}
	var last error
	for _, name := range slices.Sorted(maps.Keys(s.schemas.ResourceSchemas)) {
		whole := s.schemas.ResourceSchemas[name].ValueType().(tftypes.Object)
		places := []tftypes.Type{whole}
		for _, inner := range []string{"default", "walk"} {
			if place, ok := whole.AttributeTypes[inner]; ok {
				places = append(places, place)
			}
		}
		for _, place := range places {
			if _, err := convertValue(value, place); err == nil {
				return nil
			} else if last == nil {
				last = err
			}
		}
	}
	return fmt.Errorf("the attributes %v fit nowhere: %w", value.Type().FriendlyName(), last)
}

// evaluate returns attributes as an object. What refers to something, or calls a function, is not known.
func evaluate(attributes hclsyntax.Attributes) cty.Value {
	values := map[string]cty.Value{}
	for name, attribute := range attributes {
		context := &hcl.EvalContext{Variables: map[string]cty.Value{}, Functions: map[string]function.Function{}}
		for _, reference := range attribute.Expr.Variables() {
			context.Variables[reference.RootName()] = cty.DynamicVal
		}
		calls(attribute.Expr, func(name string) { context.Functions[name] = unknownFunction })
		value, diagnostics := attribute.Expr.Value(context)
		if diagnostics.HasErrors() {
			value = cty.DynamicVal
		}
		values[name] = value
	}
	return cty.ObjectVal(values)
}

// unknownFunction takes anything, and its result is not known.
var unknownFunction = function.New(&function.Spec{
	VarParam: &function.Parameter{
		Type: cty.DynamicPseudoType, AllowUnknown: true, AllowNull: true, AllowDynamicType: true,
	},
	Type: function.StaticReturnType(cty.DynamicPseudoType),
	Impl: func([]cty.Value, cty.Type) (cty.Value, error) { return cty.DynamicVal, nil },
})

// calls calls a function with the name of each function that is called.
func calls(node hclsyntax.Node, look func(name string)) {
	_ = hclsyntax.VisitAll(node, func(n hclsyntax.Node) hcl.Diagnostics {
		if call, ok := n.(*hclsyntax.FunctionCallExpr); ok {
			look(call.Name)
		}
		return nil
	})
}
