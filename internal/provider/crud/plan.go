package crud

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/outlook"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// plan answers with what the configuration makes of the state: c.planned is what is proposed, and what is planned
// afterwards.
func (p *objectsResource) plan(ctx context.Context, c *call) {
	if c.planned.IsNull() {
		p.planRemoval(ctx, c)
		return
	}
	config := attr.Read(c.config)
	d := draft{
		config: config, route: p.Route(config, p.settings.Defaults), exists: !c.prior.IsNull(),
		prior: c.prior.Attributes(), planned: c.planned.Attributes(),
	}
	d.route.Place().Owner = p.settings.Owner
	var problems []istio.Problem
	d.life, problems = form.ReadLifecycle(config, p.settings.Defaults)
	d.problems = append(d.route.Problems(), problems...)
	p.reportAtPlan(&c.diagnostics, c.config, config, d.problems)
	ctx, cancel := d.life.Deadline(ctx, "read")
	defer cancel()

	p.Complete(d.planned, d.prior, config, p.settings.Defaults, d.route)
	d.completeOwnership(p.settings)
	switch {
	case c.diagnostics.HasError():
	case p.settings.Cluster == nil:
		c.diagnostics.AddWarning("Cluster not known yet",
			"The provider block holds values that are known only after apply. The configuration itself was checked; "+
				"whether objects of these names exist already, and who owns them, will be checked at apply.")
	case d.exists:
		p.refuseOtherOwner(c, attr.Read(c.prior).String("owner"), d.life.AdoptFrom)
		if unknown := c.private.unknownFields(); len(unknown.All()) > 0 {
			p.warnOfLost(d.route.Render(), unknown, &c.diagnostics)
		}
	case len(config.Unknown()) == 0:
		p.settings.Planned.Make(p.siblingOf(d.route, d.life)).Tell(p.audience(d.life), &c.diagnostics)
		p.planExisting(ctx, d, &c.diagnostics)
	}
	p.planClaims(c, d)
	if d.exists && d.unchangedBut(form.With(form.Told)...) && p.isSettledState(c) && !d.walksOn() {
		return
	}
	if d.exists {
		prior := p.routeOf(c.prior)
		before := addressesOf(prior.Place())
		p.settings.Read.Add(before...)
		if p.settings.Cluster != nil && len(config.Unknown()) == 0 && !c.diagnostics.HasError() {
			ours := slices.AppendSeq(slices.Clone(before), maps.Keys(c.private.leftOver()))
			p.planRenamed(ctx, d, ours, &c.diagnostics)
		}
		d.before = c.private.observed().declared(prior.Render())
		if live := c.private.stepped(); live.Routing() != nil {
			d.before = live
		}
	}
	r := attr.Read(attr.Object(d.planned))
	d.after = p.Route(r, p.settings.Defaults).Render()
	if d.exists && isKnown(d.config, form.Moving) {
		d.walk = outlook.WalkOf(d.life, d.before, d.after, d.route.Place().Owner, c.private.walkText())
	}
	p.completeSummary(&d, r)
	if p.has("live_weights") {
		d.completeWeights()
	}
	if p.has("walk_state") {
		d.completeWalk()
	}
	c.planned = attr.Object(d.planned)
	if d.exists {
		p.startFromLive(ctx, &d, c.prior, &c.diagnostics)
	}
	p.refuseGates(d, &c.diagnostics)
	d.applying = c.isApply != nil && c.isApply(ctx)
	p.planMoves(d, &c.diagnostics)
	var view *cluster.View
	if isKnown(d.config, form.Facing) {
		view = p.lookAround(ctx, d, &c.diagnostics)
		p.tellVersions(ctx, c, d)
	}
	// Terraform plans once more when it applies, and there the write follows at once: to ask before it again would
	// only be one more request.
	if len(config.Unknown()) == 0 && !d.applying {
		p.rehearse(ctx, c, d, view)
	}
}

// isSettledState reports whether there is nothing to do for a plan that changes nothing which is configured or
// completed: the state describes what is live, its words included, under the settings that hold now.
func (p *objectsResource) isSettledState(c *call) bool {
	return !c.diagnostics.HasError() && p.settings.Cluster != nil &&
		bytes.Equal(c.private[settledKey], encodeJSON(p.settings.Stamp)) &&
		c.planned.Equal(c.prior) && (!p.has("summary") || !c.prior.Get("summary").IsNull())
}

// reportAtPlan reports what is wrong now that the provider block is known. What was doubtful without it was said at
// validate already.
func (p *objectsResource) reportAtPlan(
	diagnostics *diag.Diagnostics, raw attr.Value, config *attr.Reader, problems []istio.Problem,
) {
	now, before := diag.Diagnostics{}, diag.Diagnostics{}
	naming := p.naming(raw)
	report.Problems(&now, naming, config, problems)
	diagnostics.Append(now.Errors()...)
	if now.WarningsCount() == 0 {
		return
	}
	r := attr.Read(raw)
	report.Problems(&before, naming, r, p.Route(r, Unconfigured().Defaults).Problems())
	for _, warning := range now.Warnings() {
		if !before.Contains(warning) {
			diagnostics.Append(warning)
		}
	}
}

// planRemoval reports objects that another workspace has taken over, and which are not ours to delete any more, and
// others who would lose requests. Terraform plans the removal of a resource that is gone from the configuration
// before it refreshes its state, so this looks for itself.
func (p *objectsResource) planRemoval(ctx context.Context, c *call) {
	route, life := p.routeOf(c.prior), p.lifecycleOf(c.prior)
	if life.Deletion == form.DeletionAbandon || p.settings.Cluster == nil {
		return
	}
	if p.settings.Owner != "" || route.Place().Owner != "" {
		live, err := p.getObjects(ctx, route.Place(), &c.diagnostics)
		c.report(route, err)
		for _, o := range live.All() {
			if p.refuseOtherOwner(c, o.Annotations[istio.OwnerAnnotation], "") {
				return
			}
		}
	}
	after := c.givenBack(life)
	if len(after.All()) == 0 {
		p.settings.Planned.Destroy(p.siblingOf(route, life)).Tell(p.audience(life), &c.diagnostics)
	}
	p.planUses(ctx, route, route.Render(), after, &c.diagnostics)
}

// refuseOtherOwner reports objects that another workspace, the given owner, has marked as its own since this one
// wrote them. What is to be taken from just that one passes.
func (p *objectsResource) refuseOtherOwner(c *call, owner, from string) bool {
	if owner == "" || !p.settings.OwnerKnown || owner == p.settings.Owner {
		return false
	}
	if c.private.owner() == owner || from == owner {
		// The provider block has another name for this workspace now, or takes over.
		return false
	}
	c.diagnostics.AddError(otherWorkspace, fmt.Sprintf(
		"The objects of this resource carry the owner %q in their annotation %s, and the owner of this provider "+
			"block is %q. Two workspaces that write the same objects undo each other's changes.\n\n%s",
		owner, istio.OwnerAnnotation, p.settings.Owner, report.TakeOver(owner)))
	return true
}

// validateConfig reports what is wrong with a configuration, whatever the provider block says.
func (p *objectsResource) validateConfig(c *call) {
	r := attr.Read(c.config)
	route := p.Route(r, p.settings.Defaults)
	_, problems := form.ReadLifecycle(r, p.settings.Defaults)
	report.Problems(&c.diagnostics, p.naming(c.config), r, append(route.Problems(), problems...))
}

// naming is what problems of a configuration are told with: the same at validate and at plan.
func (p *objectsResource) naming(config attr.Value) report.Naming {
	life, _ := form.ReadLifecycle(attr.Read(config), p.settings.Defaults)
	return report.Naming{
		Of: form.Called(p.Form, config), Void: p.Void(), To: p.audience(life),
		Names: func() []string { return namesOf(p.Route(attr.Read(config), p.settings.Defaults)) },
	}
}

// audience is who is told of a resource's doubts.
func (p *objectsResource) audience(life form.Lifecycle) report.Audience {
	return report.Audience{Told: p.settings.Told, Accepted: life.Acknowledged}
}
