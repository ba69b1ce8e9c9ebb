package provider

import (
	"context"
	"errors"
	"fmt"
	"sync"

	fwattr "github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
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
	reportProblems(&resp.Diagnostics, r, route.Problems())
}

// ModifyPlan implements resource.ResourceWithModifyPlan.
func (p *pairResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	config := attr.Read(req.Config.Raw)
	route := p.read(config, readPlacement(config, p.settings))
	p.reportAtPlan(&resp.Diagnostics, req.Config.Raw, config, route)

	planned := attributesOf(req.Plan.Raw)
	completePlacement(planned, attributesOf(req.State.Raw), config, p.settings, route)
	p.complete(planned, config, route)
	resp.Plan.Raw = tftypes.NewValue(req.Plan.Raw.Type(), planned)
	if resp.Diagnostics.HasError() {
		return
	}
	switch {
	case p.settings.cluster == nil:
		resp.Diagnostics.AddWarning("Cluster not known yet",
			"The provider block holds values that are known only after apply. The configuration itself was checked; whether objects "+
				"of these names exist already, and who owns them, will be checked at apply.")
	case !req.State.Raw.IsNull():
		p.warnOfNewHost(p.routeOf(req.State.Raw).Place(), route.Place(), config, &resp.Diagnostics)
	case len(config.Unknown()) == 0:
		p.refuseCollisions(ctx, route, &resp.Diagnostics)
	}
}

// reportAtPlan reports what is wrong now that the provider block is known. What was doubtful without it was said at
// validate already.
func (p *pairResource) reportAtPlan(diagnostics *diag.Diagnostics, raw tftypes.Value, config *attr.Reader, route compactRoute) {
	now, before := diag.Diagnostics{}, diag.Diagnostics{}
	reportProblems(&now, config, route.Problems())
	diagnostics.Append(now.Errors()...)
	if now.WarningsCount() == 0 {
		return
	}
	r := attr.Read(raw)
	reportProblems(&before, r, p.read(r, readPlacement(r, unconfigured())).Problems())
	for _, warning := range now.Warnings() {
		if !before.Contains(warning) {
			diagnostics.Append(warning)
		}
	}
}

// warnOfNewHost warns of the one change that cannot be made without a gap: a DestinationRule of one name changes from
// one service to another, while rules name subsets of both.
func (p *pairResource) warnOfNewHost(before, after *canary.Placement, config *attr.Reader, diagnostics *diag.Diagnostics) {
	sameRule := !after.SubsetsElsewhere && before.Namespace == after.Namespace && before.DestinationRuleName == after.DestinationRuleName
	if !sameRule || before.Host == after.Host || len(config.Unknown()) > 0 {
		return
	}
	diagnostics.AddAttributeWarning(path.Root("service"), "Requests may fail for a moment", fmt.Sprintf(
		"The service changes from %s to %s while the objects keep their names, so that the subsets of one go when those of the other "+
			"come. Leave name out, or change it too, and the new objects take over from the old ones without a gap.", before.Host, after.Host))
}

// refuseCollisions reports objects of others that a create would find in its way. Objects that this provider applied may
// be about to go in the same run, as when a resource is replaced; create looks at those itself.
func (p *pairResource) refuseCollisions(ctx context.Context, route compactRoute, diagnostics *diag.Diagnostics) {
	wanted := route.Render()
	live, err := p.getPair(ctx, route.Place(), diagnostics)
	if cluster.IsReason(err, cluster.CRDMissing) {
		diagnostics.AddWarning("Istio API not served yet", "The API server does not know "+routing.APIVersion+". Apply needs it: Istio has to be "+
			"installed by then, earlier in the same run at the latest.")
		return
	}
	if err != nil {
		reportErrors(diagnostics, err)
		return
	}
	for _, o := range live.Objects() {
		if o.Applied {
			continue
		}
		at := "virtual_service_name"
		if o.Kind() == routing.KindDestinationRule {
			at = "destination_rule_name"
		}
		place := route.Place()
		diagnostics.AddAttributeError(path.Root(at), "Object exists already", fmt.Sprintf(
			"%s exists in the cluster and is not in Terraform's state.%s\n\nTo bring it under Terraform, import it:\n"+
				"  terraform import mesh_%s.NAME %s/%s\nTo leave it alone, choose another name.",
			o.String(), ownersText(o), p.typeName(), place.Namespace, wanted.VirtualService.Name))
	}
}

// ownersText says who wrote an object.
func ownersText(o *cluster.Live) string {
	if len(o.Others) == 0 {
		return ""
	}
	text := " It was written by"
	for i, m := range o.Others {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf(" %q (%s, %s)", m.Name, m.Operation, m.Time.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	return text + "."
}

// Create implements resource.Resource.
func (p *pairResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	route := p.routeOf(req.Plan.Raw)
	wanted := route.Render()
	identities, err := p.change(ctx, cluster.Change{To: wanted}, &resp.Diagnostics)
	reportErrors(&resp.Diagnostics, err)
	if len(identities) == 0 {
		return
	}
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, seenKey, seenAfter(wanted, identities))...)
}

// Read implements resource.Resource.
func (p *pairResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	if p.settings.cluster == nil {
		resp.Diagnostics.AddWarning("Cluster not known yet",
			"The provider block holds values that are known only after apply. The state was not compared with the cluster.")
		return
	}
	route := p.routeOf(req.State.Raw)
	live, err := p.getPair(ctx, route.Place(), &resp.Diagnostics)
	if err != nil {
		reportErrors(&resp.Diagnostics, err)
		return
	}
	if len(live.Objects()) == 0 {
		resp.State.RemoveResource(ctx)
		return
	}
	resp.State.Raw = p.refresh(req.State.Raw, route, live)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, seenKey, seenIn(live))...)
}

// Update implements resource.Resource.
func (p *pairResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	prior, route := p.routeOf(req.State.Raw), p.routeOf(req.Plan.Raw)
	live, err := p.getPair(ctx, prior.Place(), &resp.Diagnostics)
	if err == nil {
		raw, diagnostics := req.Private.GetKey(ctx, seenKey)
		resp.Diagnostics.Append(diagnostics...)
		live, err = readSeen(raw).unchanged(live)
	}
	wanted := route.Render()
	if err == nil {
		err = p.settings.cluster.RefuseLeftovers(live.LivePair, wanted)
	}
	if err != nil {
		reportErrors(&resp.Diagnostics, err)
		return
	}
	identities, err := p.change(ctx, cluster.Change{
		From: live.Ours(wanted), To: wanted, Identities: live.Identities(),
	}, &resp.Diagnostics)
	live.TellTimes(err)
	reportErrors(&resp.Diagnostics, err)
	if err != nil && !replaced(live, wanted, identities) {
		// What was written before it failed is ours and no surprise at the next apply.
		if now, err := p.getPair(ctx, prior.Place(), &resp.Diagnostics); err == nil {
			resp.Diagnostics.Append(resp.Private.SetKey(ctx, seenKey, seenIn(now))...)
		}
		return
	}
	if err != nil {
		resp.Diagnostics.AddWarning("Objects left behind",
			"The new objects route already, and are what the state says from now on. The object of the error above is left over: remove it by hand.")
	}
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, seenKey, seenAfter(wanted, identities))...)
}

// Delete implements resource.Resource.
func (p *pairResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	route := p.routeOf(req.State.Raw)
	from := route.Render()
	identities, err := p.identitiesOf(ctx, req, route, &resp.Diagnostics)
	if err != nil {
		reportErrors(&resp.Diagnostics, err)
		return
	}
	_, err = p.change(ctx, cluster.Change{From: identities.Existing(from), Identities: identities}, &resp.Diagnostics)
	reportErrors(&resp.Diagnostics, err)
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
	raw, problems := req.Private.GetKey(ctx, seenKey)
	diagnostics.Append(problems...)
	if kept := readSeen(raw); len(kept) > 0 {
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
func (p *pairResource) change(ctx context.Context, c cluster.Change, diagnostics *diag.Diagnostics) (cluster.Identities, error) {
	if p.settings.cluster == nil {
		return nil, errNotConnected
	}
	c.Settle = p.settings.settle
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
