package crud

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

var _ resource.ResourceWithUpgradeState = (*objectsResource)(nil)

// UpgradeState implements resource.ResourceWithUpgradeState. Attributes have come since the earlier versions, which
// their states do not have, and none has gone.
func (p *objectsResource) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	upgraders := map[int64]resource.StateUpgrader{}
	for version := range p.cached.Version {
		upgraders[version] = resource.StateUpgrader{StateUpgrader: p.upgradeState}
	}
	return upgraders
}

func (p *objectsResource) upgradeState(
	ctx context.Context, req resource.UpgradeStateRequest, resp *resource.UpgradeStateResponse,
) {
	of := p.cached.Type().TerraformType(ctx)
	state, err := req.RawState.UnmarshalWithOpts(of, tfprotov6.UnmarshalOpts{
		ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true},
	})
	if err != nil {
		resp.Diagnostics.AddError("State cannot be read",
			report.Sentence("read a state of an earlier version: "+err.Error()))
		return
	}
	resp.State.Raw = form.Upgraded(p.cached, attr.FromTerraform(state)).ToTerraform(of)
}
