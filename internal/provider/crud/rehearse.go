package crud

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// rehearse reports what the write that is planned would fail of, while nothing is written yet, and which fields it
// takes from others. The view is what was listed around the objects, nil for nothing.
func (p *objectsResource) rehearse(ctx context.Context, c *call, d draft, view *cluster.View) {
	if c.diagnostics.HasError() || p.settings.Cluster == nil || !p.settings.OwnerKnown ||
		cluster.Unchanged(d.before, d.after) {
		return
	}
	change := cluster.Change{
		From: d.before, To: d.after, SharesLists: d.life.HandedOver, ForceConflicts: d.life.ForceConflicts,
		Force: c.private.forces() || d.life.Adopt && !d.exists,
	}
	rehearsal := p.settings.Cluster.Rehearse(ctx, change)
	live := listedObjects(view, d.before)
	refused := errors.Join(rehearsal.Refused, p.settings.Cluster.RefuseLeftovers(live, change))
	conflicts := func(err error) bool { return cluster.IsReason(err, cluster.FieldConflict) }
	if len(rehearsal.Taken) > 0 || slices.ContainsFunc(cluster.Each(refused), conflicts) {
		now, err := p.getObjects(ctx, d.route.Place(), &c.diagnostics)
		if err != nil {
			c.report(d.route, err)
			return
		}
		// An object that is not as the state has it is another matter than one whose fields are somebody's.
		if _, err := c.private.observed().unchanged(now, d.before, d.life.HandedOver); d.exists && err != nil {
			c.report(d.route, err)
			return
		}
		live = now.LiveObjects
	}
	live.TellOwners(refused)
	if d.exists {
		for _, taken := range rehearsal.Taken {
			live.TellOwners(taken)
			report.WarnOfTaken(&c.diagnostics, d.route, taken)
		}
	}
	for _, err := range cluster.Each(refused) {
		if cluster.IsReason(err, cluster.NamespaceMissing) {
			c.diagnostics.AddWarning(fmt.Sprintf("%s (%s)", noNamespaceYet, d.route.Place().Namespace),
				"Apply fails unless the same run creates it before. Let this resource depend on the one that does, or "+
					"check namespace and the provider's default_namespace.")
			break
		}
	}
	report.Errors(&c.diagnostics, d.route, withoutReason(refused, cluster.NamespaceMissing))
}

// withoutReason returns an error without the failures of a reason.
func withoutReason(err error, reason cluster.Reason) error {
	var kept []error
	for _, e := range cluster.Each(err) {
		if !cluster.IsReason(e, reason) {
			kept = append(kept, e)
		}
	}
	return errors.Join(kept...)
}

// listedObjects returns the live objects of a route as far as they were listed.
func listedObjects(view *cluster.View, objects istio.Objects) cluster.LiveObjects {
	var found cluster.LiveObjects
	if view == nil {
		return found
	}
	for _, o := range objects.All() {
		if n := view.Neighbor(o); n != nil {
			found = found.With(view.Live(n.Object))
		}
	}
	return found
}
