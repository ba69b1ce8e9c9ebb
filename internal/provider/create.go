package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// create makes the planned objects, or takes over those that are there.
func (p *pairResource) create(ctx context.Context, c *call) {
	route, life := p.routeOf(c.planned), p.lifecycleOf(c.planned)
	ctx, cancel := life.deadline(ctx, "create")
	defer cancel()
	a := adoption{wanted: route.Render(), texts: []string{}}
	var err error
	if life.adopt {
		a, err = p.adopt(ctx, c, route)
	} else {
		a.applied, err = p.change(ctx, life, cluster.Change{To: a.wanted}, &c.diagnostics)
	}
	if err != nil {
		p.createStopped(ctx, c, route, a, err)
		return
	}
	p.created(c, route, a, nil)
	p.settle(c, p.isSettled(livePair{}, a.wanted, a.applied))
}

// created puts what a create wrote into the state, beside which it may have left other objects.
func (p *pairResource) created(c *call, route described, a adoption, leftOver cluster.Identities) {
	c.state, c.place = p.settled(c.planned, p.lifecycleOf(c.planned), a.wanted, a.texts), route.Place()
	p.remember(c, a.wanted, route.Render(), a.applied, leftOver)
	if len(a.before.All()) > 0 {
		c.private.set(backupKey, manifestsOf(a.before))
	}
}

// createStopped reports why a create came to nothing, and decides what is in the state. Terraform deletes and makes anew what is in
// it after an error, so that nothing that requests depend on may be left there with one:
//
//   - what took effect, as in an adoption, is in the state, the failure is a warning, and the next apply goes on;
//   - half a pair that the next create recognises, by the owner's mark or because it adopts, is not in the state;
//   - any other half pair is in the state, and goes.
func (p *pairResource) createStopped(ctx context.Context, c *call, route described, a adoption, err error) {
	// Objects whose adoption failed before anything was written stay whose they were.
	if !a.applied.Changed() {
		c.report(route, err)
		return
	}
	life := p.lifecycleOf(c.planned)
	switch effective := a.applied.TookEffect(a.wanted); {
	case !effective && (life.adopt || p.settings.owner != ""):
		c.report(route, err)
		return
	case effective:
		var failures diag.Diagnostics
		reportErrors(&failures, route, err)
		for _, f := range failures {
			c.diagnostics.AddWarning(f.Summary(), f.Detail()+"\n\nThe objects route and are in the state. Apply again: it goes on from here.")
		}
	default:
		c.report(route, err)
	}
	p.created(c, route, a, a.applied.Identities.Without(a.wanted).Without(a.found))
	c.private.owe(err)
	if life.adopt {
		c.private.set(forceKey, true)
		if now, unread := p.getPair(ctx, route.Place(), &c.diagnostics); unread == nil {
			c.private.set(observedKey, observedIn(now, route.Render()))
		}
	}
}

// settled returns the plan with what was known only after apply.
func (p *pairResource) settled(plan attr.Value, life lifecycle, wanted istio.Objects, adopted []string) attr.Value {
	attributes := plan.Attributes()
	if adopted != nil {
		attributes["adopted"] = attr.Strings(adopted)
	}
	if p.has("live_weights") {
		attributes["live_weights"] = encodeLiveWeights(life, wanted)
	}
	if !attributes["summary"].IsKnown() {
		attributes["summary"] = p.words(life, p.routeOf(plan).Render())
	}
	return attr.Object(attributes)
}

// isSettled reports whether every object is just as it was wanted: as the API server answered where it was written, and otherwise as it
// was found. Admission control may have made something else of it.
func (p *pairResource) isSettled(found livePair, wanted istio.Objects, applied cluster.Applied) bool {
	for _, o := range wanted.All() {
		is := applied.Wrote(cluster.AddressOf(o))
		if is == nil {
			is = found.At(cluster.AddressOf(o))
		}
		if is == nil || len(is.Unknown) > 0 || !is.As(o) {
			return false
		}
	}
	return true
}
