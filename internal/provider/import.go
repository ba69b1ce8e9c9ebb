package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// ImportState implements resource.ResourceWithImportState. What an id is depends on the form.
func (p *pairResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	if p.settings.cluster == nil {
		resp.Diagnostics.AddError("Cluster not known yet",
			"An import reads from the cluster, and the provider block holds values that are known only after apply.")
		return
	}
	place := p.find(ctx, p, importID(req), &resp.Diagnostics)
	if place == nil {
		return
	}
	state := attributesOf(resp.State.Raw)
	if len(state) == 0 {
		for name, t := range resp.State.Raw.Type().(tftypes.Object).AttributeTypes {
			state[name] = tftypes.NewValue(t, nil)
		}
	}
	maps.Copy(state, p.seed(place))
	resp.State.Raw = tftypes.NewValue(resp.State.Raw.Type(), state)
}
