package crud

import (
	"context"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// remove deletes the objects of the state, or does with them what deletion says.
func (p *objectsResource) remove(ctx context.Context, c *call) {
	route, life := p.routeOf(c.prior), p.lifecycleOf(c.prior)
	if life.Deletion == form.DeletionAbandon {
		return
	}
	before := c.givenBack(life)
	if len(before.All()) == 0 {
		defer p.settings.Going.Begin(addressesOf(route.Place()))()
	}
	ctx, cancel := life.Deadline(ctx, "delete")
	defer cancel()
	change, err := p.removal(ctx, c, route, life, before)
	change.Owed = c.private.owed()
	if err == nil && !p.awaitUses(ctx, route, change.From, change.To, &c.diagnostics) {
		return
	}
	if err == nil {
		_, err = p.change(ctx, life, change, &c.diagnostics)
	}
	if leftOver := c.private.leftOver(); err == nil && len(leftOver) > 0 {
		_, err = p.settings.Cluster.Remove(p.heard(ctx, &c.diagnostics, route.Render().All()), leftOver)
	}
	c.private.owe(err)
	c.report(route, err)
}

// givenBack returns what adopted objects become instead of being deleted, none where they are deleted.
func (c *call) givenBack(life form.Lifecycle) istio.Objects {
	if life.Deletion != form.DeletionRestore {
		return istio.Objects{}
	}
	return c.private.backup()
}

// removal returns the change that deletes the objects, or gives adopted ones back what they were before.
func (p *objectsResource) removal(
	ctx context.Context, c *call, route form.Route, life form.Lifecycle, before istio.Objects,
) (cluster.Change, error) {
	if len(before.All()) > 0 {
		return p.restoration(ctx, c, route, life, before)
	}
	identities, err := p.identitiesOf(ctx, c, route)
	return cluster.Change{From: identities.Existing(route.Render()), Identities: identities}, err
}

// identitiesOf returns those of the objects to delete: as last seen, or as they are now where nothing was kept.
func (p *objectsResource) identitiesOf(ctx context.Context, c *call, route form.Route) (cluster.Identities, error) {
	if kept := c.private.observed(); len(kept) > 0 {
		return kept.identities(), nil
	}
	if p.settings.Cluster == nil {
		return cluster.Identities{}, nil
	}
	live, _, err := p.settings.Cluster.GetServed(report.WithWarnings(ctx, &c.diagnostics),
		addressesOf(route.Place())...)
	return live.Identities(), err
}
