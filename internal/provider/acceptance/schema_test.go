package acceptance_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	fwprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/meshroute/terraform-provider-mesh/internal/provider"
)

func TestProvider_schema(t *testing.T) {
	t.Parallel()
	p := provider.New("test")()
	response := &fwprovider.SchemaResponse{}
	p.Schema(t.Context(), fwprovider.SchemaRequest{}, response)
	if diagnostics := response.Schema.ValidateImplementation(t.Context()); diagnostics.HasError() {
		t.Errorf("provider: %v", diagnostics)
	}
	for _, newResource := range p.Resources(t.Context()) {
		response := &resource.SchemaResponse{}
		newResource().Schema(t.Context(), resource.SchemaRequest{}, response)
		if diagnostics := response.Schema.ValidateImplementation(t.Context()); diagnostics.HasError() {
			t.Errorf("%T: %v", newResource(), diagnostics)
		}
	}
	for _, newDataSource := range p.DataSources(t.Context()) {
		response := &datasource.SchemaResponse{}
		newDataSource().Schema(t.Context(), datasource.SchemaRequest{}, response)
		if diagnostics := response.Schema.ValidateImplementation(t.Context()); diagnostics.HasError() {
			t.Errorf("%T: %v", newDataSource(), diagnostics)
		}
	}
	for _, newAction := range p.(fwprovider.ProviderWithActions).Actions(t.Context()) {
		response := &action.SchemaResponse{}
		newAction().Schema(t.Context(), action.SchemaRequest{}, response)
		if diagnostics := response.Schema.ValidateImplementation(t.Context()); diagnostics.HasError() {
			t.Errorf("%T: %v", newAction(), diagnostics)
		}
	}
}

// Every attribute says what it decides, in sentences.
func TestProvider_descriptions(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	seen := 0
	judge := func(at, text string, kind tfprotov6.StringKind) {
		seen++
		sentence := strings.TrimSpace(text)
		switch {
		case sentence == "":
			t.Errorf("%s has no description", at)
		case kind != tfprotov6.StringKindMarkdown:
			t.Errorf("%s: the description is not Markdown", at)
		case sentence != text || !strings.HasSuffix(text, "."):
			t.Errorf("%s: the description does not end with a full stop: %s", at, text)
		case strings.ToUpper(text[:1]) != text[:1]:
			t.Errorf("%s: the description does not begin in upper case: %s", at, text)
		}
	}
	var attributes func(at string, list []*tfprotov6.SchemaAttribute)
	attributes = func(at string, list []*tfprotov6.SchemaAttribute) {
		for _, a := range list {
			judge(at+"."+a.Name, a.Description, a.DescriptionKind)
			if a.NestedType != nil {
				attributes(at+"."+a.Name, a.NestedType.Attributes)
			}
		}
	}
	schemas := map[string]*tfprotov6.Schema{"provider": s.schemas.Provider}
	for name, schema := range s.schemas.ResourceSchemas {
		schemas[name] = schema
	}
	for name, schema := range s.schemas.DataSourceSchemas {
		schemas["data."+name] = schema
	}
	for name, action := range s.schemas.ActionSchemas {
		schemas["action."+name] = action.Schema
	}
	for name, schema := range schemas {
		judge(name, schema.Block.Description, schema.Block.DescriptionKind)
		attributes(name, schema.Block.Attributes)
		for _, block := range schema.Block.BlockTypes {
			judge(name+"."+block.TypeName, block.Block.Description, block.Block.DescriptionKind)
			attributes(name+"."+block.TypeName, block.Block.Attributes)
		}
	}
	if seen < 500 {
		t.Errorf("only %d descriptions were looked at", seen)
	}
}
