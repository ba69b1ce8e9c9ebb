package provider

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"

	fwattr "github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

var (
	_ resource.Resource                   = (*pairResource)(nil)
	_ resource.ResourceWithConfigure      = (*pairResource)(nil)
	_ resource.ResourceWithValidateConfig = (*pairResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*pairResource)(nil)
	_ resource.ResourceWithImportState    = (*pairResource)(nil)
)

type attrType = fwattr.Type

// compactRoute is what both resources describe: see the package canary.
type compactRoute interface {
	Render() routing.Pair
	Problems() []routing.Problem
	Place() *canary.Placement
}

// form is what tells the two resources apart.
type form interface {
	// typeName is the resource's name without the provider's prefix.
	typeName() string
	schema() schema.Schema
	// read makes a route of a configuration, plan or state.
	read(r *attr.Reader, place canary.Placement) compactRoute
	// recognize makes a route of live objects, and the attributes that only this form has.
	recognize(live routing.Pair, clusterDomain string) (compactRoute, map[string]tftypes.Value)
	// complete fills in the values that follow from others, in the planned attributes that only this form has.
	complete(planned map[string]tftypes.Value, config *attr.Reader, route compactRoute)
}

// forms are the two resources.
var forms = []form{canaryRoute{}, weightedSplit{}}

// pairResource owns a VirtualService and a DestinationRule.
type pairResource struct {
	form
	settings settings
	// cached is the schema, which is the same for every call.
	cached schema.Schema
}

func newPairResource(f form) *pairResource {
	return &pairResource{form: f, settings: unconfigured(), cached: f.schema()}
}

// Metadata implements resource.Resource.
func (p *pairResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + p.typeName()
}

// Schema implements resource.Resource.
func (p *pairResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = p.cached
}

// Configure implements resource.ResourceWithConfigure.
func (p *pairResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if s, ok := req.ProviderData.(settings); ok {
		p.settings = s
	}
}

// ValidateConfig implements resource.ResourceWithValidateConfig.
func (p *pairResource) ValidateConfig(_ context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	r := attr.Read(req.Config.Raw)
	route := p.read(r, readPlacement(r, p.settings))
	_, problems := readLifecycle(r, p.settings)
	reportProblems(&resp.Diagnostics, r, append(route.Problems(), problems...))
}

// Create implements resource.Resource.
func (p *pairResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	route, life := p.routeOf(req.Plan.Raw), p.lifecycleOf(req.Plan.Raw)
	ctx, cancel := life.deadline(ctx, "create")
	defer cancel()
	a := adoption{change: cluster.Change{To: route.Render()}, texts: []string{}}
	var identities cluster.Identities
	var err error
	if life.adopt {
		a, identities, err = p.adopt(ctx, req.Plan.Raw, route, &resp.Diagnostics)
	} else {
		identities, err = p.change(ctx, life, a.change, &resp.Diagnostics)
	}
	if err != nil {
		p.createStopped(ctx, req, resp, a, identities, err)
		return
	}
	resp.State.Raw = settled(req.Plan.Raw, life, a.change.To, a.texts)
	p.remember(ctx, resp.Private, a.change.To, identities, nil, &resp.Diagnostics)
	p.keepOriginals(ctx, resp, a)
}

// keepOriginals keeps adopted objects as they were.
func (p *pairResource) keepOriginals(ctx context.Context, resp *resource.CreateResponse, a adoption) {
	if len(a.before.Objects()) > 0 {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, originalsKey, originalsOf(a.before))...)
	}
}

// createStopped reports why a create came to nothing, and decides what is in the state. Terraform deletes and makes anew what is in
// it after an error, so that nothing that routes may be left there with one:
//
//   - a pair whose VirtualService routes, as in an adoption, is in the state, the failure is a warning, and the next apply goes on;
//   - half a pair that the next create recognises, by the owner's mark or because it adopts, is not in the state;
//   - any other half pair is in the state, and goes.
func (p *pairResource) createStopped(
	ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse, a adoption, identities cluster.Identities, err error,
) {
	if !p.ours(a.change, identities, err) {
		reportErrors(&resp.Diagnostics, err)
		return
	}
	life := p.lifecycleOf(req.Plan.Raw)
	_, routes := identities[cluster.AddressOf(a.change.To.VirtualService)]
	switch {
	case !routes && (life.adopt || p.settings.owner != ""):
		reportErrors(&resp.Diagnostics, err)
		return
	case routes:
		var failures diag.Diagnostics
		reportErrors(&failures, err)
		for _, f := range failures {
			resp.Diagnostics.AddWarning(f.Summary(), f.Detail()+"\n\nThe objects route and are in the state. Apply again: it goes on from here.")
		}
	default:
		reportErrors(&resp.Diagnostics, err)
	}
	resp.State.Raw = settled(req.Plan.Raw, life, a.change.To, a.texts)
	beside := without(identities, a.change.To)
	maps.DeleteFunc(beside, func(at cluster.Address, _ cluster.Identity) bool { _, before := a.change.Identities[at]; return before })
	p.remember(ctx, resp.Private, a.change.To, identities, beside, &resp.Diagnostics)
	p.keepOriginals(ctx, resp, a)
	if life.adopt {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, takeKey, encodeJSON(true))...)
		if now, unread := p.getPair(ctx, p.routeOf(req.Plan.Raw).Place(), &resp.Diagnostics); unread == nil {
			resp.Diagnostics.Append(resp.Private.SetKey(ctx, seenKey, seenIn(now))...)
		}
	}
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
func settled(plan tftypes.Value, life lifecycle, wanted routing.Pair, adopted []string) tftypes.Value {
	attributes := attributesOf(plan)
	if adopted != nil {
		attributes["adopted"] = tftypes.NewValue(stringList, stringValues(adopted))
	}
	attributes["live_weights"] = encodeLiveWeights(life, wanted)
	return tftypes.NewValue(plan.Type(), attributes)
}

// Read implements resource.Resource.
func (p *pairResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	if p.settings.cluster == nil {
		resp.Diagnostics.AddWarning("Cluster not known yet",
			"The provider block holds values that are known only after apply. The state was not compared with the cluster.")
		return
	}
	route, life := p.routeOf(req.State.Raw), p.lifecycleOf(req.State.Raw)
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
	_, beside := p.recall(ctx, req.Private, &resp.Diagnostics)
	if len(beside) > 0 {
		if beside, err = p.settings.cluster.Remaining(withWarnings(ctx, &resp.Diagnostics), beside); err != nil {
			reportErrors(&resp.Diagnostics, err)
			return
		}
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, besideKey, encodeJSON(beside))...)
	}
	resp.State.Raw = withLeftOver(p.refresh(req.State.Raw, route, life, live), beside)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, seenKey, seenIn(live))...)
}

// mostAttempts is how often an update begins anew because somebody else set weights meanwhile.
const mostAttempts = 5

// Update implements resource.Resource.
func (p *pairResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	prior, route := p.routeOf(req.State.Raw), p.routeOf(req.Plan.Raw)
	was, life := p.lifecycleOf(req.State.Raw), p.lifecycleOf(req.Plan.Raw)
	ctx, cancel := life.deadline(ctx, "update")
	defer cancel()
	seen, beside := p.recall(ctx, req.Private, &resp.Diagnostics)
	take, originals := stopped(ctx, req.Private, &resp.Diagnostics), p.originals(ctx, req.Private, &resp.Diagnostics)
	var live livePair
	var wanted routing.Pair
	var change cluster.Change
	var identities cluster.Identities
	var err error
	for range mostAttempts {
		live, err = p.getPair(ctx, prior.Place(), &resp.Diagnostics)
		if err == nil {
			seen.accept(live, change, identities)
			live, err = seen.unchanged(live, was.handedOver || life.handedOver)
		}
		if wanted = route.Render(); err == nil && life.handedOver {
			wanted = routing.KeepWeights(wanted, canary.Resolve(live.Ours(wanted), p.settings.clusterDomain))
		}
		marked := withOriginals(wanted, originals)
		if life.deletion == deletionRestore {
			wanted = marked
		}
		if err == nil && !take {
			err = p.settings.cluster.RefuseLeftovers(live.LivePair, wanted)
		}
		if err != nil {
			reportErrors(&resp.Diagnostics, err)
			return
		}
		change = cluster.Change{
			From: canary.Resolve(live.Ours(marked), p.settings.clusterDomain), To: wanted, Identities: live.Identities(),
			Begun: beside, Take: take,
		}
		identities, err = p.change(ctx, life, change, &resp.Diagnostics)
		if !life.handedOver || !cluster.IsReason(err, cluster.Stale) {
			break
		}
	}
	if err != nil && !replaced(live, wanted, identities) {
		// What was written before it failed is ours and no surprise at the next apply.
		if now, unread := p.getPair(ctx, prior.Place(), &resp.Diagnostics); unread == nil {
			now.TellOwners(err)
			seen.accept(now, change, identities)
		}
		maps.Copy(beside, without(identities, change.From))
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, seenKey, encodeJSON(seen))...)
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, besideKey, encodeJSON(beside))...)
		reportErrors(&resp.Diagnostics, err)
		return
	}
	reportErrors(&resp.Diagnostics, err)
	maps.Copy(beside, identities)
	beside = without(without(beside, wanted), released(change))
	if err == nil && len(beside) > 0 {
		beside, err = p.settings.cluster.Remove(withWarnings(ctx, &resp.Diagnostics), beside)
		reportErrors(&resp.Diagnostics, err)
	}
	if len(beside) > 0 {
		resp.Diagnostics.AddWarning("Objects left over", "The new objects route already, and are what the state says from now on. The next apply removes what is left: "+
			strings.Join(leftOverTexts(beside), ", ")+".")
	}
	resp.State.Raw = withLeftOver(settled(req.Plan.Raw, life, wanted, nil), beside)
	p.remember(ctx, resp.Private, wanted, identities, beside, &resp.Diagnostics)
}

// withLeftOver returns a state that says what is left over, so that the next plan has something to do.
func withLeftOver(state tftypes.Value, beside cluster.Identities) tftypes.Value {
	if len(beside) == 0 {
		return state
	}
	attributes := attributesOf(state)
	foreign := attr.Read(state).Strings("foreign_fields")
	attributes["foreign_fields"] = tftypes.NewValue(stringList, stringValues(append(foreign, leftOverTexts(beside)...)))
	return tftypes.NewValue(state.Type(), attributes)
}

// Delete implements resource.Resource.
func (p *pairResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	route, life := p.routeOf(req.State.Raw), p.lifecycleOf(req.State.Raw)
	if life.deletion == deletionAbandon {
		return
	}
	ctx, cancel := life.deadline(ctx, "delete")
	defer cancel()
	change, err := p.removal(ctx, req, route, life, &resp.Diagnostics)
	if err == nil {
		_, err = p.change(ctx, life, change, &resp.Diagnostics)
	}
	if _, beside := p.recall(ctx, req.Private, &resp.Diagnostics); err == nil && len(beside) > 0 {
		_, err = p.settings.cluster.Remove(withWarnings(ctx, &resp.Diagnostics), beside)
	}
	reportErrors(&resp.Diagnostics, err)
}

// removal returns the change that deletes the objects, or gives adopted ones back what they were.
func (p *pairResource) removal(
	ctx context.Context, req resource.DeleteRequest, route compactRoute, life lifecycle, diagnostics *diag.Diagnostics,
) (cluster.Change, error) {
	if before := p.originals(ctx, req.Private, diagnostics); life.deletion == deletionRestore && len(before.Objects()) > 0 {
		return p.restoration(ctx, req, route, life, before, diagnostics)
	}
	identities, err := p.identitiesOf(ctx, req, route, diagnostics)
	return cluster.Change{From: identities.Existing(route.Render()), Identities: identities}, err
}

// replaced reports whether a VirtualService of another name has taken the place of the live one, which is gone.
func replaced(live livePair, wanted routing.Pair, identities cluster.Identities) bool {
	if live.VirtualService == nil {
		return false
	}
	_, old := identities[cluster.AddressOf(&live.VirtualService.Object)]
	_, taken := identities[cluster.AddressOf(wanted.VirtualService)]
	return !old && taken
}

// identitiesOf returns those of the objects to delete: as last seen, or as they are now where nothing was kept.
func (p *pairResource) identitiesOf(
	ctx context.Context, req resource.DeleteRequest, route compactRoute, diagnostics *diag.Diagnostics,
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

// routeOf reads the route of a plan or a state, in which everything is known.
func (p *pairResource) routeOf(object tftypes.Value) compactRoute {
	r := attr.Read(object)
	return p.read(r, readPlacement(r, p.settings))
}

// errNotConnected is what a request comes to while the provider block holds unknown values, which is only at plan.
var errNotConnected = errors.New("connect to the cluster: the provider block holds values that are not known yet")

// getPair reads the objects of a route, and passes the API server's warnings on.
func (p *pairResource) getPair(ctx context.Context, place *canary.Placement, diagnostics *diag.Diagnostics) (livePair, error) {
	rule := place.DestinationRuleName
	if place.SubsetsElsewhere {
		rule = ""
	}
	if p.settings.cluster == nil {
		return livePair{}, errNotConnected
	}
	pair, err := p.settings.cluster.GetPair(withWarnings(ctx, diagnostics), place.Namespace, place.VirtualServiceName, rule)
	return livePair{pair}, err
}

// change applies a change of the pair.
func (p *pairResource) change(
	ctx context.Context, life lifecycle, c cluster.Change, diagnostics *diag.Diagnostics,
) (cluster.Identities, error) {
	if p.settings.cluster == nil {
		return nil, errNotConnected
	}
	c.Propagation, c.SharesLists = life.propagation, life.handedOver
	c.Progress = func(what string) { tflog.Info(ctx, what) }
	return p.settings.cluster.Apply(withWarnings(ctx, diagnostics), c)
}

// withWarnings turns the API server's warnings into Terraform's.
func withWarnings(ctx context.Context, diagnostics *diag.Diagnostics) context.Context {
	// Two objects may be read at the same time.
	var lock sync.Mutex
	return cluster.CollectWarnings(ctx, func(text string) {
		lock.Lock()
		defer lock.Unlock()
		diagnostics.AddWarning("Warning from the cluster", sentence(text))
	})
}
