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

// Create implements resource.Resource.
func (p *pairResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	plan := attr.FromTerraform(req.Plan.Raw)
	route, life := p.routeOf(plan), p.lifecycleOf(plan)
	ctx, cancel := life.deadline(ctx, "create")
	defer cancel()
	a := adoption{change: cluster.Change{To: route.Render()}, texts: []string{}}
	var identities cluster.Identities
	var err error
	if life.adopt {
		a, identities, err = p.adopt(ctx, plan, route, &resp.Diagnostics)
	} else {
		identities, err = p.change(ctx, life, a.change, &resp.Diagnostics)
	}
	if err != nil {
		p.createStopped(ctx, req, resp, a, identities, err)
		return
	}
	p.created(ctx, req, resp, a, identities, nil)
}

// created puts what a create wrote into the state, beside which it may have left other objects.
func (p *pairResource) created(
	ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse, a adoption, identities, beside cluster.Identities,
) {
	plan := attr.FromTerraform(req.Plan.Raw)
	resp.State.Raw = p.settled(plan, p.lifecycleOf(plan), a.change.To, a.texts).ToTerraform(req.Plan.Raw.Type())
	identify(resp.Identity, p.routeOf(plan).Place())
	p.remember(ctx, resp.Private, a.change.To, p.routeOf(plan).Render(), identities, beside, &resp.Diagnostics)
	if len(a.before.Objects()) > 0 {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, originalsKey, originalsOf(a.before))...)
	}
}

// createStopped reports why a create came to nothing, and decides what is in the state. Terraform deletes and makes anew what is in
// it after an error, so that nothing that requests depend on may be left there with one:
//
//   - what took effect, as in an adoption, is in the state, the failure is a warning, and the next apply goes on;
//   - half a pair that the next create recognises, by the owner's mark or because it adopts, is not in the state;
//   - any other half pair is in the state, and goes.
func (p *pairResource) createStopped(
	ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse, a adoption, identities cluster.Identities, err error,
) {
	plan := attr.FromTerraform(req.Plan.Raw)
	if !p.ours(a.change, identities, err) {
		reportErrors(&resp.Diagnostics, p.routeOf(plan), err)
		return
	}
	life := p.lifecycleOf(plan)
	switch effective := takesEffect(a.change.To, identities); {
	case !effective && (life.adopt || p.settings.owner != ""):
		reportErrors(&resp.Diagnostics, p.routeOf(plan), err)
		return
	case effective:
		var failures diag.Diagnostics
		reportErrors(&failures, p.routeOf(plan), err)
		for _, f := range failures {
			resp.Diagnostics.AddWarning(f.Summary(), f.Detail()+"\n\nThe objects route and are in the state. Apply again: it goes on from here.")
		}
	default:
		reportErrors(&resp.Diagnostics, p.routeOf(plan), err)
	}
	beside := without(identities, a.change.To)
	maps.DeleteFunc(beside, func(at cluster.Address, _ cluster.Identity) bool { _, before := a.change.Identities[at]; return before })
	p.created(ctx, req, resp, a, identities, beside)
	owe(ctx, resp.Private, err, &resp.Diagnostics)
	if life.adopt {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, takeKey, encodeJSON(true))...)
		if now, unread := p.getPair(ctx, p.routeOf(plan).Place(), &resp.Diagnostics); unread == nil {
			resp.Diagnostics.Append(resp.Private.SetKey(ctx, seenKey, seenIn(now, p.routeOf(plan).Render()))...)
		}
	}
}

// takesEffect reports whether requests may depend on a pair by now: its last object exists, which is its VirtualService, or the only
// object that it has.
func takesEffect(pair routing.Pair, identities cluster.Identities) bool {
	objects := pair.Objects()
	if len(objects) == 0 {
		return false
	}
	_, exists := identities[cluster.AddressOf(objects[len(objects)-1])]
	return exists
}

// ours reports whether objects exist that this resource made or took over. Objects whose adoption failed before anything was
// written stay whose they were.
func (p *pairResource) ours(change cluster.Change, identities cluster.Identities, err error) bool {
	if err == nil {
		return true
	}
	for at, is := range identities {
		if change.Identities[at] != is {
			return true
		}
	}
	return false
}

// settled returns the plan with what was known only after apply.
func (p *pairResource) settled(plan attr.Value, life lifecycle, wanted routing.Pair, adopted []string) attr.Value {
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
