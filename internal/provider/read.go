package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Read implements resource.Resource.
func (p *pairResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	route, life := p.routeOf(req.State.Raw), p.lifecycleOf(req.State.Raw)
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
		reportErrors(&resp.Diagnostics, err)
		return
	}
	if len(live.Objects()) == 0 {
		resp.State.RemoveResource(ctx)
		return
	}
	warnOfUnknown(live.whole(), &resp.Diagnostics)
	keepOrigins(ctx, req.Private, resp.Private, live.whole(), &resp.Diagnostics)
	_, beside := p.recall(ctx, req.Private, &resp.Diagnostics)
	if len(beside) > 0 {
		if beside, err = p.settings.cluster.Remaining(withWarnings(ctx, &resp.Diagnostics), beside); err != nil {
			reportErrors(&resp.Diagnostics, err)
			return
		}
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, besideKey, encodeJSON(beside))...)
	}
	resp.State.Raw = withLeftOver(p.refresh(req.State.Raw, route, life, live), beside)
	if isFirstRead(attributesOf(req.State.Raw)) {
		warnOfEmpty(resp.State.Raw, &resp.Diagnostics)
		p.warnOfForeign(resp.State.Raw, live, &resp.Diagnostics)
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, seenKey, seenIn(live))...)
}
