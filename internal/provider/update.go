package provider

import (
	"context"
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// mostAttempts is how often an update begins anew because somebody else set weights meanwhile.
const mostAttempts = 5

// updateRun is an update under way.
type updateRun struct {
	prior, route described
	was, life    lifecycle
	// seen, beside, owed and originals are what the private state keeps; take says that it goes on with a change that takes fields.
	seen      seen
	beside    cluster.Identities
	take      bool
	owed      map[cluster.Address]cluster.Written
	originals routing.Pair
	// live is what the last try found, wanted what it was to become, change how, and identities are those of the objects afterwards.
	live       livePair
	wanted     routing.Pair
	change     cluster.Change
	identities cluster.Identities
}

// Update implements resource.Resource.
func (p *pairResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	state, plan := attr.FromTerraform(req.State.Raw), attr.FromTerraform(req.Plan.Raw)
	u := &updateRun{
		prior: p.routeOf(state), route: p.routeOf(plan), was: p.lifecycleOf(state), life: p.lifecycleOf(plan),
		take: takes(ctx, req.Private, &resp.Diagnostics), originals: p.originals(ctx, req.Private, &resp.Diagnostics),
	}
	u.seen, u.beside = p.recall(ctx, req.Private, &resp.Diagnostics)
	u.owed = owed(ctx, req.Private, &resp.Diagnostics)
	ctx, cancel := u.life.deadline(ctx, "update")
	defer cancel()
	var err error
	for range mostAttempts {
		if err = p.prepare(ctx, u, &resp.Diagnostics); err != nil {
			reportErrors(&resp.Diagnostics, u.route, err)
			return
		}
		u.identities, err = p.change(ctx, u.life, u.change, &resp.Diagnostics)
		if !u.life.handedOver || !cluster.IsReason(err, cluster.Stale) {
			break
		}
	}
	if err != nil && !replaced(u.live, u.wanted, u.identities) {
		p.updateStopped(ctx, u, resp, err)
		return
	}
	p.updated(ctx, u, req, resp, err)
}

// prepare looks at the live objects and decides how they are to change.
func (p *pairResource) prepare(ctx context.Context, u *updateRun, diagnostics *diag.Diagnostics) (err error) {
	if u.live, err = p.getPair(ctx, u.prior.Place(), diagnostics); err != nil {
		return err
	}
	configured := u.prior.Render()
	u.seen.accept(u.live, configured, u.change, u.identities)
	if u.live, err = u.seen.unchanged(u.live, configured, u.was.handedOver || u.life.handedOver); err != nil {
		return err
	}
	u.wanted = u.route.Render()
	if u.life.handedOver {
		u.wanted = routing.KeepOthers(u.wanted, configured, p.resolve(u.live.Ours(u.wanted), p.settings.clusterDomain))
	}
	marked := withOriginals(u.wanted, u.originals)
	if u.life.deletion == deletionRestore {
		u.wanted = marked
	}
	u.change = cluster.Change{
		From: p.resolve(u.live.Ours(withMetadata(marked, configured)), p.settings.clusterDomain), To: u.wanted, Identities: u.live.Identities(),
		Begun: u.beside, Take: u.take, Owed: u.owed,
	}
	if u.take {
		return nil
	}
	return p.settings.cluster.RefuseLeftovers(u.live.LivePair, u.change.From, u.wanted)
}

// withMetadata returns the pair with the labels and annotations of an earlier one too.
func withMetadata(pair, earlier routing.Pair) routing.Pair {
	union := func(a, b map[string]string) map[string]string {
		all := map[string]string{}
		maps.Copy(all, a)
		maps.Copy(all, b)
		return all
	}
	return pair.Map(func(o *routing.Object) *routing.Object {
		was := earlier.Counterpart(o)
		if was == nil {
			return o
		}
		object := *o
		object.Labels, object.Annotations = union(was.Labels, o.Labels), union(was.Annotations, o.Annotations)
		return &object
	})
}

// updateStopped reports why an update came to nothing, and leaves the state as it was. What was written before it failed is ours and no surprise at the next apply.
func (p *pairResource) updateStopped(ctx context.Context, u *updateRun, resp *resource.UpdateResponse, err error) {
	if now, unread := p.getPair(ctx, u.prior.Place(), &resp.Diagnostics); unread == nil {
		now.TellOwners(err)
		u.seen.accept(now, u.prior.Render(), u.change, u.identities)
	}
	maps.Copy(u.beside, without(u.identities, u.change.From))
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, seenKey, encodeJSON(u.seen))...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, besideKey, encodeJSON(u.beside))...)
	owe(ctx, resp.Private, err, &resp.Diagnostics)
	reportErrors(&resp.Diagnostics, u.route, err)
}

// updated puts what was written into the state, and removes what other changes left beside it, unless the change itself failed.
func (p *pairResource) updated(ctx context.Context, u *updateRun, req resource.UpdateRequest, resp *resource.UpdateResponse, err error) {
	reportErrors(&resp.Diagnostics, u.route, err)
	changed := err
	beside := maps.Clone(u.beside)
	maps.Copy(beside, u.identities)
	beside = without(without(beside, u.wanted), released(u.change))
	if err == nil && len(beside) > 0 {
		beside, err = p.settings.cluster.Remove(withWarnings(ctx, &resp.Diagnostics), beside)
		reportErrors(&resp.Diagnostics, u.route, err)
	}
	if len(beside) > 0 {
		resp.Diagnostics.AddWarning("Objects left over", "The new objects route already, and are what the state says from now on. The next apply removes what is left: "+
			strings.Join(leftOverTexts(beside), ", ")+".")
	}
	resp.State.Raw = withLeftOver(p.settled(attr.FromTerraform(req.Plan.Raw), u.life, u.wanted, nil), beside).ToTerraform(req.Plan.Raw.Type())
	identify(resp.Identity, u.route.Place())
	p.remember(ctx, resp.Private, u.wanted, u.route.Render(), u.identities, beside, &resp.Diagnostics)
	owe(ctx, resp.Private, changed, &resp.Diagnostics)
}

// withLeftOver returns a state that says what is left over, so that the next plan has something to do.
func withLeftOver(state attr.Value, beside cluster.Identities) attr.Value {
	if len(beside) == 0 && state.Get("left_over").IsNull() {
		return state
	}
	return state.With("left_over", attr.Strings(leftOverTexts(beside)))
}

// replaced reports whether a VirtualService of another name has taken the place of the live one, which is gone.
func replaced(live livePair, wanted routing.Pair, identities cluster.Identities) bool {
	if live.VirtualService == nil || wanted.VirtualService == nil {
		return false
	}
	_, old := identities[cluster.AddressOf(&live.VirtualService.Object)]
	_, taken := identities[cluster.AddressOf(wanted.VirtualService)]
	return !old && taken
}
