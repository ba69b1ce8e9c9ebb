package provider

import (
	"context"
	"errors"
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

// described is what a resource describes.
type described interface {
	Render() routing.Pair
	Problems() []routing.Problem
	Place() *canary.Placement
}

// form is what tells the resources apart.
type form interface {
	// typeName is the resource's name without the provider's prefix.
	typeName() string
	schema() schema.Schema
	// read makes what is described of a configuration, plan or state.
	read(r *attr.Reader, s settings) described
	// resolve returns live objects in the spelling in which this form describes them.
	resolve(live routing.Pair, clusterDomain string) routing.Pair
	// recognize makes what is described of live objects, and the attributes that say so. What the cluster cannot tell is as
	// before.
	recognize(live routing.Pair, before *canary.Placement, s settings) (described, map[string]tftypes.Value)
	// complete fills the values that follow from others into the planned attributes.
	complete(planned, prior map[string]tftypes.Value, config *attr.Reader, s settings, route described)
	// nameAttribute is the attribute that names the object of a kind.
	nameAttribute(kind routing.Kind) string
	// find returns where the objects are that an import id names; nil after a diagnostic.
	find(ctx context.Context, p *pairResource, id string, diagnostics *diag.Diagnostics) *canary.Placement
	// seed returns the attributes from which a first read can begin.
	seed(place *canary.Placement) map[string]tftypes.Value
}

// forms are the resources: the two compact ones first.
var forms = []form{canaryRoute{}, weightedSplit{}, virtualService, destinationRule}

// pairResource owns a VirtualService, a DestinationRule or one of each.
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
	// Another name or namespace is an update in place.
	resp.ResourceBehavior.MutableIdentity = true
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
	if refuseHuge(&resp.Diagnostics, req.Config.Raw) {
		return
	}
	r := attr.Read(req.Config.Raw)
	route := p.read(r, p.settings)
	_, problems := readLifecycle(r, p.settings)
	reportProblems(&resp.Diagnostics, r, append(route.Problems(), problems...))
}

// Create implements resource.Resource.
func (p *pairResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	route, life := p.routeOf(req.Plan.Raw), p.lifecycleOf(req.Plan.Raw)
	ctx, cancel := life.deadline(ctx, "create")
	defer cancel()
	wanted := route.Render()
	change, adopted := cluster.Change{To: wanted}, []string{}
	if life.adopt {
		var err error
		if change, adopted, err = p.adopt(ctx, req.Plan.Raw, route, &resp.Diagnostics); err != nil {
			reportErrors(&resp.Diagnostics, err)
			return
		}
	}
	identities, err := p.change(ctx, life, change, &resp.Diagnostics)
	reportErrors(&resp.Diagnostics, err)
	if !p.ours(change, identities, err) {
		return
	}
	resp.State.Raw = settled(req.Plan.Raw, life, wanted, adopted)
	identify(resp.Identity, route.Place())
	p.remember(ctx, resp.Private, wanted, identities, nil, &resp.Diagnostics)
	if objects := change.From.Objects(); len(objects) > 0 {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, originalsKey, originalsOf(change.From))...)
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
	if _, ok := attributes["live_weights"]; ok {
		attributes["live_weights"] = encodeLiveWeights(life, wanted)
	}
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
	resp.State.Raw = p.refresh(req.State.Raw, route, life, live)
	identify(resp.Identity, route.Place())
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
	seen, begun := p.recall(ctx, req.Private, &resp.Diagnostics)
	moved := wasMoved(ctx, req.Private, &resp.Diagnostics)
	var live livePair
	var wanted routing.Pair
	var identities cluster.Identities
	var err error
	for range mostAttempts {
		live, err = p.getPair(ctx, prior.Place(), &resp.Diagnostics)
		if err == nil {
			seen.accept(live, identities)
			live, err = seen.unchanged(live, was.handedOver || life.handedOver)
		}
		if wanted = route.Render(); err == nil && life.handedOver {
			wanted = routing.KeepWeights(wanted, p.resolve(live.Ours(wanted), p.settings.clusterDomain))
		}
		if err == nil && !moved {
			err = p.settings.cluster.RefuseLeftovers(live.LivePair, wanted)
		}
		if err != nil {
			reportErrors(&resp.Diagnostics, err)
			return
		}
		identities, err = p.change(ctx, life, cluster.Change{
			From: p.resolve(live.Ours(wanted), p.settings.clusterDomain), To: wanted, Identities: live.Identities(), Begun: begun,
			Take: moved,
		}, &resp.Diagnostics)
		if !life.handedOver || !cluster.IsReason(err, cluster.Stale) {
			break
		}
	}
	live.TellOwners(err)
	reportErrors(&resp.Diagnostics, err)
	if err != nil && !replaced(live, wanted, identities) {
		// What was written before it failed is ours and no surprise at the next apply.
		if now, err := p.getPair(ctx, prior.Place(), &resp.Diagnostics); err == nil {
			resp.Diagnostics.Append(resp.Private.SetKey(ctx, seenKey, seenIn(now))...)
			resp.Diagnostics.Append(resp.Private.SetKey(ctx, begunKey, begunBeside(now, identities))...)
		}
		return
	}
	if err != nil {
		resp.Diagnostics.AddWarning("Objects left behind",
			"The new objects route already, and are what the state says from now on. The object of the error above is left over: remove it by hand.")
	}
	resp.State.Raw = settled(req.Plan.Raw, life, wanted, nil)
	identify(resp.Identity, route.Place())
	p.remember(ctx, resp.Private, wanted, identities, begun, &resp.Diagnostics)
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
	reportErrors(&resp.Diagnostics, err)
}

// removal returns the change that deletes the objects, or gives adopted ones back what they were.
func (p *pairResource) removal(
	ctx context.Context, req resource.DeleteRequest, route described, life lifecycle, diagnostics *diag.Diagnostics,
) (cluster.Change, error) {
	raw, problems := req.Private.GetKey(ctx, originalsKey)
	diagnostics.Append(problems...)
	if before := readOriginals(raw); life.deletion == deletionRestore && len(before.Objects()) > 0 {
		live, err := p.getPair(ctx, route.Place(), diagnostics)
		return cluster.Change{From: live.Ours(route.Render()), To: before, Identities: live.Identities(), Take: true}, err
	}
	identities, err := p.identitiesOf(ctx, req, route, diagnostics)
	return cluster.Change{From: identities.Existing(route.Render()), Identities: identities}, err
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

// routeOf reads the route of a plan or a state, in which everything is known.
func (p *pairResource) routeOf(object tftypes.Value) described {
	r := attr.Read(object)
	return p.read(r, p.settings)
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
