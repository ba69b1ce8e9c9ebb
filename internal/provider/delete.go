package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

// Delete implements resource.Resource.
func (p *pairResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	state := attr.FromTerraform(req.State.Raw)
	route, life := p.routeOf(state), p.lifecycleOf(state)
	if life.deletion == deletionAbandon {
		return
	}
	ctx, cancel := life.deadline(ctx, "delete")
	defer cancel()
	change, err := p.removal(ctx, req, route, life, &resp.Diagnostics)
	change.Owed = owed(ctx, req.Private, &resp.Diagnostics)
	if err == nil {
		_, err = p.change(ctx, life, change, &resp.Diagnostics)
	}
	if _, beside := p.recall(ctx, req.Private, &resp.Diagnostics); err == nil && len(beside) > 0 {
		_, err = p.settings.cluster.Remove(withWarnings(ctx, &resp.Diagnostics), beside)
	}
	owe(ctx, resp.Private, err, &resp.Diagnostics)
	reportErrors(&resp.Diagnostics, route, err)
}

// removal returns the change that deletes the objects, or gives adopted ones back what they were.
func (p *pairResource) removal(
	ctx context.Context, req resource.DeleteRequest, route described, life lifecycle, diagnostics *diag.Diagnostics,
) (cluster.Change, error) {
	if before := p.originals(ctx, req.Private, diagnostics); life.deletion == deletionRestore && len(before.Objects()) > 0 {
		return p.restoration(ctx, req, route, life, before, diagnostics)
	}
	identities, err := p.identitiesOf(ctx, req, route, diagnostics)
	return cluster.Change{From: identities.Existing(route.Render()), Identities: identities}, err
}

// identitiesOf returns those of the objects to delete: as last seen, or as they are now where nothing was kept.
func (p *pairResource) identitiesOf(
	ctx context.Context, req resource.DeleteRequest, route described, diagnostics *diag.Diagnostics,
) (cluster.Identities, error) {
	if kept, _ := p.recall(ctx, req.Private, diagnostics); len(kept) > 0 {
		return kept.identities(), nil
	}
	if p.settings.cluster == nil {
		return cluster.Identities{}, nil
	}
	live, err := p.getPair(ctx, route.Place(), diagnostics)
	return live.Identities(), err
}
