package crud

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// create makes the planned objects, or takes over those that are there.
func (p *objectsResource) create(ctx context.Context, c *call) {
	p.settings.Planned.Apply()
	route, life := p.routeOf(c.planned), p.lifecycleOf(c.planned)
	ctx, cancel := life.Deadline(ctx, "create")
	defer cancel()
	a := adoption{wanted: route.Render(), texts: []string{}}
	var err error
	if life.Adopt {
		a, err = p.adopt(ctx, c, route)
	} else {
		a.applied, err = p.changeAnew(ctx, nil, func() (cluster.Applied, error) {
			return p.change(ctx, life, cluster.Change{To: a.wanted}, &c.diagnostics)
		})
	}
	if err != nil {
		p.createStopped(ctx, c, route, a, err)
		return
	}
	p.created(c, route, a, nil)
	p.settle(c, p.isSettled(liveObjects{}, a.wanted, a.applied))
}

// created puts what a create wrote into the state, beside which it may have left other objects.
func (p *objectsResource) created(c *call, route form.Route, a adoption, leftOver cluster.Identities) {
	c.state, c.place = p.settled(c.planned, p.lifecycleOf(c.planned), a.wanted, a.texts, nil), route.Place()
	p.remember(c, a.wanted, route.Render(), a.applied, leftOver)
	if len(a.before.All()) > 0 {
		c.private.set(backupKey, manifestsOf(a.before))
	}
}

// createStopped reports why a create came to nothing, and decides what is in the state. Terraform deletes and makes
// anew what is in it after an error, so that nothing that requests depend on may be left there with one:
//
//   - what took effect, as in an adoption, is in the state, the failure is a warning, and the next apply goes on;
//   - one of two objects that the next create recognises, by the owner's mark or because it adopts, is not in the
//     state;
//   - any other one of two is in the state, and goes.
func (p *objectsResource) createStopped(ctx context.Context, c *call, route form.Route, a adoption, err error) {
	// Objects whose adoption failed before anything was written stay whose they were.
	if !a.applied.Changed() {
		c.report(route, err)
		return
	}
	life := p.lifecycleOf(c.planned)
	switch effective := a.applied.TookEffect(a.wanted); {
	case !effective && (life.Adopt || p.settings.Owner != ""):
		c.report(route, err)
		return
	case effective:
		var failures diag.Diagnostics
		report.Errors(&failures, route, err)
		for _, f := range failures {
			c.diagnostics.AddWarning(f.Summary(),
				f.Detail()+"\n\nThe objects route and are in the state. Apply again: it goes on from here.")
		}
	default:
		c.report(route, err)
	}
	p.created(c, route, a, a.applied.Identities.Without(a.wanted).Without(a.found))
	c.private.owe(err)
	if life.Adopt {
		c.private.set(forceKey, true)
		if now, unread := p.getObjects(ctx, route.Place(), &c.diagnostics); unread == nil {
			c.private.set(observedKey, observedIn(now, route.Render()))
		}
	}
}
