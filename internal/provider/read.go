package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// Read implements resource.Resource.
func (p *pairResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	state := attr.FromTerraform(req.State.Raw)
	route, life := p.routeOf(state), p.lifecycleOf(state)
	identify(resp.Identity, route.Place())
	if p.settings.cluster == nil {
		resp.Diagnostics.AddWarning("Cluster not known yet",
			"The provider block holds values that are known only after apply. The state was not compared with the cluster.")
		return
	}
	ctx, cancel := life.deadline(ctx, "read")
	defer cancel()
	live, err := p.getPair(ctx, route.Place(), &resp.Diagnostics)
	if err != nil {
		reportErrors(&resp.Diagnostics, route, err)
		return
	}
	if len(live.Objects()) == 0 {
		resp.State.RemoveResource(ctx)
		return
	}
	warnOfUnknown(live.whole(), &resp.Diagnostics)
	keepOrigins(ctx, req.Private, resp.Private, live.whole(), &resp.Diagnostics)
	beside, err := p.besides(ctx, req, live, &resp.Diagnostics)
	if err != nil {
		reportErrors(&resp.Diagnostics, route, err)
		return
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, besideKey, encodeJSON(beside))...)
	next := withLeftOver(p.refresh(state, route, life, live), beside)
	resp.State.Raw = next.ToTerraform(req.State.Raw.Type())
	if isFirstRead(state) {
		warnOfEmpty(next, &resp.Diagnostics)
		p.warnOfForeign(next, live, &resp.Diagnostics)
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, seenKey, seenIn(live, p.routeOf(next).Render()))...)
}

// besides returns which objects that are ours and not those of the state still exist: those that an earlier change knew of, and what
// one that was killed left behind. That can only be where the DestinationRule is not as it was last seen, or
// nothing is known of that: Terraform forgets the private state when a provider is killed.
func (p *pairResource) besides(ctx context.Context, req resource.ReadRequest, live livePair, diagnostics *diag.Diagnostics) (cluster.Identities, error) {
	kept, beside := p.recall(ctx, req.Private, diagnostics)
	ctx = withWarnings(ctx, diagnostics)
	if rule := live.DestinationRule; rule != nil {
		if kept[cluster.AddressOf(&rule.Object)].Spec != routing.Fingerprint(rule.Spec) {
			other, err := p.settings.cluster.StandIn(ctx, rule)
			if err != nil {
				return nil, err
			}
			maps.Copy(beside, other)
		}
	}
	return p.settings.cluster.Remaining(ctx, beside)
}
