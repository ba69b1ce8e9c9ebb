package action

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

var (
	_ action.ActionWithConfigure      = (*abort)(nil)
	_ action.ActionWithValidateConfig = (*abort)(nil)
)

// abort is mesh_abort.
type abort struct{ configured }

// Metadata implements action.Action.
func (*abort) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_abort"
}

// Schema implements action.Action.
func (*abort) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Takes the shares of a walk back to its start, by the steps by which they came and " +
			"without a pause. The `walk_state` of the resource says so then, and the next plan shows the same walk " +
			"from its start again; to give it up, plan the shares of the start.\n\nThe route is that of a resource " +
			"whose `walk` has `advance = \"apply\"`, or one that `mesh_promote` moves to `weights`, and of the same " +
			"workspace, by the `owner` of the provider block. A walk that an apply makes by itself is left alone, " +
			"and so are weights that somebody else has set since.\n\nOpenTofu, and Terraform before 1.14, have no " +
			"actions: there a plan of the shares of the start goes back.",
		Attributes: routeAttributes(nil),
	}
}

// ValidateConfig implements action.ActionWithValidateConfig.
func (*abort) ValidateConfig(
	_ context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse,
) {
	checkRoute(attr.Read(attr.FromTerraform(req.Config.Raw)), &resp.Diagnostics)
}

// Invoke implements action.Action.
func (a *abort) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	to := a.open(ctx, attr.Read(attr.FromTerraform(req.Config.Raw)), resp)
	if to == nil {
		return
	}
	switch p, m, at, ok := to.told(); {
	case !ok:
	case at.Stage == 0:
		to.refuse("Walk is at its start", "The walk of %s is at the start: %s. There is nothing to take back.", to.at,
			p.Words(0))
	default:
		at.Back = true
		to.move(ctx, p, m, at, walk.Terms{Last: p.Last(), Mirrored: p.Mirrored()})
	}
}
