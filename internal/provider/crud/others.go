package crud

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// startFromLive puts the live objects in the place of those of the state, and what becomes of them in the place of
// those of the plan, where another controller sets or has set the weights: what it does is no part of the state. It
// looks only if something changes.
func (p *objectsResource) startFromLive(
	ctx context.Context, d *draft, state attr.Value, diagnostics *diag.Diagnostics,
) {
	was := p.lifecycleOf(state)
	if diagnostics.HasError() || p.settings.Cluster == nil || !was.HandedOver && !d.life.HandedOver ||
		!isKnown(d.config, form.Moving) ||
		d.unchangedBut() {
		return
	}
	live, err := p.getObjects(ctx, p.routeOf(state).Place(), diagnostics)
	if err != nil {
		report.Errors(diagnostics, d.route, err)
		return
	}
	configured, wanted := d.before, d.after
	is := p.Resolve(live.Ours(wanted), p.settings.ClusterDomain)
	is = is.WithSubsetsElsewhere(configured.SubsetsElsewhere())
	if d.before = is; d.life.HandedOver {
		d.after = istio.KeepOthers(wanted, configured, is)
		return
	}
	if others := istio.OthersIn(is, configured, wanted); len(others) > 0 {
		diagnostics.AddWarning(fmt.Sprintf("What others put in goes (%s/%s)", live.All()[0].Namespace,
			live.All()[0].Name), fmt.Sprintf(
			"The weights were left to somebody else, who put in more than the configuration has: %s. This plan takes "+
				"it out.\n\n"+
				"To keep it, write it into the configuration, or leave the weights to them with weights_managed_by = "+
				"\"other\".",
			strings.Join(shortList(others), ", ")))
	}
}
