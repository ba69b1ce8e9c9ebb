package provider

import (
	"bytes"
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// draft is a plan in the making.
type draft struct {
	config         *attr.Reader
	route          described
	life           lifecycle
	prior, planned map[string]attr.Value
	// exists says that there is a state.
	exists bool
	// before and after are the objects of the state, none without one, and of the plan. Where somebody else sets the weights they are
	// the live objects, and what those become.
	before, after istio.Pair
}

// plan answers with what the configuration makes of the state: c.planned is what is proposed, and what is planned afterwards.
func (p *pairResource) plan(ctx context.Context, c *call) {
	if c.planned.IsNull() {
		p.planRemoval(ctx, c)
		return
	}
	config := attr.Read(c.config)
	d := draft{
		config: config, route: p.read(config, p.settings), exists: !c.prior.IsNull(),
		prior: c.prior.Attributes(), planned: c.planned.Attributes(),
	}
	d.route.Place().Owner = p.settings.owner
	var problems []istio.Problem
	d.life, problems = readLifecycle(config, p.settings)
	p.reportAtPlan(&c.diagnostics, c.config, config, append(d.route.Problems(), problems...))
	ctx, cancel := d.life.deadline(ctx, "read")
	defer cancel()

	p.complete(d.planned, d.prior, config, p.settings, d.route)
	d.completeOwnership(p.settings)
	switch {
	case c.diagnostics.HasError():
	case p.settings.cluster == nil:
		c.diagnostics.AddWarning("Cluster not known yet",
			"The provider block holds values that are known only after apply. The configuration itself was checked; whether objects "+
				"of these names exist already, and who owns them, will be checked at apply.")
	case d.exists:
		p.refuseOtherOwner(c, attr.Read(c.prior).String("owner"), d.life.adopt)
		if unknown := c.private.unknownFields(); len(unknown.Objects()) > 0 {
			warnOfLost(d.route.Render(), unknown, &c.diagnostics)
		}
	case len(config.Unknown()) == 0:
		p.planExisting(ctx, d, &c.diagnostics)
	}
	if d.exists && d.unchangedBut("summary", "live_weights") && p.isSettledState(c) {
		return
	}
	if d.exists {
		d.before = p.routeOf(c.prior).Render()
	}
	r := attr.Read(attr.Object(d.planned))
	d.after = p.read(r, p.settings).Render()
	p.completeSummary(d, r)
	if p.has("live_weights") {
		d.completeWeights()
	}
	c.planned = attr.Object(d.planned)
	if d.exists {
		p.startFromLive(ctx, &d, c.prior, &c.diagnostics)
	}
	p.planMoves(d, c.applying, &c.diagnostics)
	if d.decided(unseen) {
		p.lookAround(ctx, d, &c.diagnostics)
	}
	// Terraform plans once more when it applies, and there the write follows at once: to ask before it again would only be one more request.
	if len(config.Unknown()) == 0 && !c.applying {
		p.rehearse(ctx, d, &c.diagnostics)
	}
}

// isSettledState reports whether there is nothing to do for a plan that changes nothing which is configured or completed: the state
// describes what is live, its words included, under the settings that hold now.
func (p *pairResource) isSettledState(c *call) bool {
	return !c.diagnostics.HasError() && p.settings.cluster != nil && bytes.Equal(c.private[settledKey], encodeJSON(p.settings.stamp)) &&
		c.planned.Equal(c.prior) && (!p.has("summary") || !c.prior.Get("summary").IsNull())
}

// rehearse reports what the cluster's admission control would refuse, while nothing is written yet.
func (p *pairResource) rehearse(ctx context.Context, d draft, diagnostics *diag.Diagnostics) {
	if diagnostics.HasError() || p.settings.cluster == nil || !p.settings.ownerKnown {
		return
	}
	reportErrors(diagnostics, d.route, p.settings.cluster.Rehearse(ctx, d.before, d.after))
}

// reportAtPlan reports what is wrong now that the provider block is known. What was doubtful without it was said at
// validate already.
func (p *pairResource) reportAtPlan(diagnostics *diag.Diagnostics, raw attr.Value, config *attr.Reader, problems []istio.Problem) {
	now, before := diag.Diagnostics{}, diag.Diagnostics{}
	reportProblems(&now, p.form, config, problems)
	diagnostics.Append(now.Errors()...)
	if now.WarningsCount() == 0 {
		return
	}
	r := attr.Read(raw)
	reportProblems(&before, p.form, r, p.read(r, unconfigured()).Problems())
	for _, warning := range now.Warnings() {
		if !before.Contains(warning) {
			diagnostics.Append(warning)
		}
	}
}

// completeOwnership plans who writes the objects, what was taken over when they came under Terraform, and that nothing is left over.
func (d *draft) completeOwnership(s settings) {
	switch {
	case !s.ownerKnown:
		d.planned["owner"] = attr.Unknown()
	case s.owner == "":
		d.planned["owner"] = attr.Null()
	default:
		d.planned["owner"] = attr.String(s.owner)
	}
	// A state of an earlier version says nothing of it, which is no change.
	if before := d.prior["left_over"]; d.exists && before.IsNull() {
		d.planned["left_over"] = before
	} else {
		d.planned["left_over"] = attr.Strings(nil)
	}
	switch {
	case d.exists:
		d.planned["adopted"] = d.prior["adopted"]
	case d.life.adopt || d.undecided("adopt"):
		d.planned["adopted"] = attr.Unknown()
	default:
		d.planned["adopted"] = attr.Strings(nil)
	}
}

// undecided reports whether an attribute is set to a value that is not known yet.
func (d *draft) undecided(attribute string) bool {
	return d.config.Has(attribute) && !d.config.Known(attribute)
}

// completeWeights plans the live weights: what they are after a change is known only then.
func (d *draft) completeWeights() {
	if !d.life.handedOver && !d.undecided("weights_managed_by") {
		d.planned["live_weights"] = attr.Null()
		return
	}
	before := d.prior["live_weights"]
	d.planned["live_weights"] = before
	if !before.IsNull() && d.life.handedOver && d.unchangedBut() {
		return
	}
	d.planned["live_weights"] = attr.Unknown()
}

// planRemoval reports objects that another workspace has taken over, and which are not ours to delete any more. Terraform plans the
// removal of a resource that is gone from the configuration before it refreshes its state, so this looks for itself.
func (p *pairResource) planRemoval(ctx context.Context, c *call) {
	route, life := p.routeOf(c.prior), p.lifecycleOf(c.prior)
	if life.deletion == deletionAbandon || p.settings.cluster == nil || p.settings.owner == "" && route.Place().Owner == "" {
		return
	}
	live, err := p.getPair(ctx, route.Place(), &c.diagnostics)
	c.report(route, err)
	for _, o := range live.Objects() {
		if p.refuseOtherOwner(c, o.Annotations[istio.OwnerAnnotation], false) {
			return
		}
	}
}

// refuseOtherOwner reports objects that another workspace, the given owner, has marked as its own since this one wrote them. With
// adopt it lets pass what this workspace has never written, which is what an import brings.
func (p *pairResource) refuseOtherOwner(c *call, owner string, adopt bool) bool {
	if owner == "" || !p.settings.ownerKnown || owner == p.settings.owner {
		return false
	}
	if c.private.owner() == owner || adopt && len(c.private[ownerKey]) == 0 && p.settings.owner != "" {
		// The provider block has another name for this workspace now, or takes over.
		return false
	}
	c.diagnostics.AddError("Owned by another workspace", fmt.Sprintf(
		"The objects of this resource carry the owner %q in their annotation %s, and the owner of this provider block is %q. Two workspaces "+
			"that write the same objects undo each other's changes.\n\nLet one of them go: terraform state rm here, or there and then adopt = true here, with an owner in the provider block.",
		owner, istio.OwnerAnnotation, p.settings.owner))
	return true
}

// planExisting reports objects of others that a create would find in its way, or shows what adopting them changes.
func (p *pairResource) planExisting(ctx context.Context, d draft, diagnostics *diag.Diagnostics) {
	live, err := p.findPair(ctx, d.route.Place(), diagnostics)
	if cluster.IsReason(err, cluster.CRDMissing) {
		diagnostics.AddWarning("Istio API not served yet", "The API server does not know "+istio.APIVersion+". Apply needs it: Istio has to be "+
			"installed by then, earlier in the same run at the latest.")
		return
	}
	if err != nil {
		reportErrors(diagnostics, d.route, err)
		return
	}
	if d.life.adopt {
		p.planAdoption(d, live, diagnostics)
		return
	}
	for _, o := range live.Objects() {
		// What this provider applied may be about to go in the same run, as when a resource is replaced: create looks again.
		if owner := o.Annotations[istio.OwnerAnnotation]; !o.Applied || owner != "" && owner != p.settings.owner {
			diagnostics.AddAttributeError(path.Root(p.nameAttribute(o.Kind())), "Object exists already", fmt.Sprintf(
				"%s exists in the cluster and is not in Terraform's state.%s\n\nTo bring it under Terraform, set adopt = true, or import it:\n"+
					"  terraform import mesh_%s.NAME %s/%s\nTo leave it alone, choose another name.",
				o.String(), ownersText(o), p.typeName(), o.Namespace, o.Name))
		}
	}
}
