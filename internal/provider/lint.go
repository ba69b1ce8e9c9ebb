package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/lint"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

// LintSchema returns what the blocks of this provider hold.
func LintSchema() lint.Schema {
	resources := map[string]tftypes.Type{}
	for _, f := range form.All {
		resources["mesh_"+f.TypeName()] = form.SchemaOf(f).Type().TerraformType(context.Background())
	}
	return lint.Schema{Provider: "mesh", Block: terraformTypes().block, Resources: resources}
}
