package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"

	"github.com/meshroute/terraform-provider-mesh/internal/provider"
)

// providerSchema returns what the provider tells Terraform of itself, in the form in which Terraform tells others.
func providerSchema(ctx context.Context) (*tfjson.ProviderSchema, error) {
	told, err := provider.NewServer("docs")().GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	for _, d := range told.Diagnostics {
		return nil, fmt.Errorf("%s: %s", d.Summary, d.Detail)
	}
	var c converter
	schema := &tfjson.ProviderSchema{
		ConfigSchema: c.schema(told.Provider), ResourceSchemas: c.schemas(told.ResourceSchemas),
		DataSourceSchemas: c.schemas(told.DataSourceSchemas), ListResourceSchemas: c.schemas(told.ListResourceSchemas),
		ActionSchemas: map[string]*tfjson.ActionSchema{}, Functions: map[string]*tfjson.FunctionSignature{},
	}
	for name, action := range told.ActionSchemas {
		schema.ActionSchemas[name] = &tfjson.ActionSchema{Block: c.block(action.Schema.Block)}
	}
	for name, function := range told.Functions {
		schema.Functions[name] = c.function(function)
	}
	return schema, errors.Join(c.errs...)
}

// converter translates what is said in the protocol. It remembers what it cannot translate.
type converter struct{ errs []error }

func (c *converter) schemas(told map[string]*tfprotov6.Schema) map[string]*tfjson.Schema {
	schemas := map[string]*tfjson.Schema{}
	for name, schema := range told {
		schemas[name] = c.schema(schema)
	}
	return schemas
}

func (c *converter) schema(told *tfprotov6.Schema) *tfjson.Schema {
	return &tfjson.Schema{Block: c.block(told.Block)}
}

func (c *converter) block(told *tfprotov6.SchemaBlock) *tfjson.SchemaBlock {
	block := &tfjson.SchemaBlock{
		Attributes: c.attributes(told.Attributes), Description: told.Description, Deprecated: told.Deprecated,
		DescriptionKind: tfjson.SchemaDescriptionKindMarkdown, NestedBlocks: map[string]*tfjson.SchemaBlockType{},
	}
	for _, nested := range told.BlockTypes {
		mode := map[tfprotov6.SchemaNestedBlockNestingMode]tfjson.SchemaNestingMode{
			tfprotov6.SchemaNestedBlockNestingModeSingle: tfjson.SchemaNestingModeSingle,
			tfprotov6.SchemaNestedBlockNestingModeList:   tfjson.SchemaNestingModeList,
		}[nested.Nesting]
		if mode == "" {
			c.errs = append(c.errs, fmt.Errorf("block %s: nesting %s is not known", nested.TypeName, nested.Nesting))
		}
		block.NestedBlocks[nested.TypeName] = &tfjson.SchemaBlockType{NestingMode: mode, Block: c.block(nested.Block)}
	}
	return block
}

func (c *converter) attributes(told []*tfprotov6.SchemaAttribute) map[string]*tfjson.SchemaAttribute {
	attributes := map[string]*tfjson.SchemaAttribute{}
	for _, a := range told {
		attribute := &tfjson.SchemaAttribute{
			Description: a.Description, DescriptionKind: tfjson.SchemaDescriptionKindMarkdown,
			Required: a.Required, Optional: a.Optional, Computed: a.Computed,
			Sensitive: a.Sensitive, WriteOnly: a.WriteOnly, Deprecated: a.Deprecated,
		}
		if a.NestedType == nil {
			attribute.AttributeType = c.valueType(a.Type)
		} else {
			mode := map[tfprotov6.SchemaObjectNestingMode]tfjson.SchemaNestingMode{
				tfprotov6.SchemaObjectNestingModeSingle: tfjson.SchemaNestingModeSingle,
				tfprotov6.SchemaObjectNestingModeList:   tfjson.SchemaNestingModeList,
				tfprotov6.SchemaObjectNestingModeSet:    tfjson.SchemaNestingModeSet,
				tfprotov6.SchemaObjectNestingModeMap:    tfjson.SchemaNestingModeMap,
			}[a.NestedType.Nesting]
			attribute.AttributeNestedType = &tfjson.SchemaNestedAttributeType{
				NestingMode: mode, Attributes: c.attributes(a.NestedType.Attributes),
			}
		}
		attributes[a.Name] = attribute
	}
	return attributes
}

func (c *converter) function(told *tfprotov6.Function) *tfjson.FunctionSignature {
	signature := &tfjson.FunctionSignature{
		Description: told.Description, Summary: told.Summary, DeprecationMessage: told.DeprecationMessage,
		ReturnType: c.valueType(told.Return.Type),
	}
	for _, p := range told.Parameters {
		signature.Parameters = append(signature.Parameters, c.parameter(p))
	}
	if told.VariadicParameter != nil {
		signature.VariadicParameter = c.parameter(told.VariadicParameter)
	}
	return signature
}

func (c *converter) parameter(told *tfprotov6.FunctionParameter) *tfjson.FunctionParameter {
	return &tfjson.FunctionParameter{
		Name: told.Name, Description: told.Description, IsNullable: told.AllowNullValue, Type: c.valueType(told.Type),
	}
}

// valueType goes by the form in which both are written.
func (c *converter) valueType(told tftypes.Type) cty.Type {
	var translated cty.Type
	text, err := told.MarshalJSON() //nolint:staticcheck // it is deprecated for those who are not Terraform
	if err == nil {
		err = json.Unmarshal(text, &translated)
	}
	if err != nil {
		c.errs = append(c.errs, err)
	}
	return translated
}
