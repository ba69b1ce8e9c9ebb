package crud

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// mostLooks is how often what was seen may call for another look: the services, then who stands behind them, pods
// first.
const mostLooks = 5

// lookAround tells what the cluster has against objects that are about to change, and returns what it listed, nil for
// nothing. It looks at plan only, and again in
// the plan that Terraform makes anew when it applies.
func (p *objectsResource) lookAround(
	ctx context.Context, d draft, diagnostics *diag.Diagnostics,
) *cluster.View {
	// A subset gets no more requests because somebody keeps it.
	before, after := p.withoutSticky(d.before), p.withoutSticky(d.after)
	if diagnostics.HasError() || p.settings.Surroundings == nil || cluster.Unchanged(d.before, d.after) {
		return nil
	}
	view := p.settings.View(d.route.Place().Namespace, p.settings.Owner)
	var own []around.Query
	for _, o := range after.All() {
		own = append(own, around.Query{Resource: resourceOf(o.Kind())})
	}
	view.List(report.WithWarnings(ctx, diagnostics), own)
	find := func() ([]around.Finding, []around.Query) { return around.Inspect(before, after, &view.Facts) }
	findings := Look(report.WithWarnings(ctx, diagnostics), view, find)
	refused := func(f around.Finding) bool { return f.Severity == istio.Refused }
	if slices.ContainsFunc(findings, refused) && view.Renew(report.WithWarnings(ctx, diagnostics)) {
		findings = Look(report.WithWarnings(ctx, diagnostics), view, find)
	}
	p.tellFindings(diagnostics, view, d, findings)
	p.tellFirstMoves(d, &view.Facts, diagnostics)
	if len(d.prior) > 0 {
		p.warnOfTools(diagnostics, view, after, d.life)
	}
	p.warnOfUnseen(diagnostics, view, d.life)
	return view
}

func resourceOf(kind istio.Kind) around.Resource {
	if kind == istio.KindDestinationRule {
		return around.DestinationRules
	}
	return around.VirtualServices
}

// Look asks what is found, and looks where that wants to, until there is nothing more to see.
func Look(ctx context.Context, view *cluster.View, find func() ([]around.Finding, []around.Query)) []around.Finding {
	findings, wanted := find()
	for range mostLooks {
		if len(wanted) == 0 {
			break
		}
		view.List(ctx, wanted)
		findings, wanted = find()
	}
	return findings
}

// tellFindings tells of findings, each at the attribute that it is about. Terraform shows one of several warnings
// that have the same summary, so those of one kind are one, under the name of the object.
func (p *objectsResource) tellFindings(
	diagnostics *diag.Diagnostics, view *cluster.View, d draft, findings []around.Finding,
) {
	warnings, to := report.Warnings{}, p.audience(d.life)
	for _, f := range findings {
		if f.Kind == around.Idle && d.life.AllowEmpty {
			continue
		}
		// Another controller of weights sets labels too, and between two rollouts the same ones.
		if f.Kind == around.Alike && d.life.HandedOver {
			continue
		}
		// The same callers are those of many routes.
		if f.Kind == around.Unmeshed && !to.Accepts(tellingOf(f.Kind).id) && !to.Told.Once(f.Reason) {
			continue
		}
		if f.Kind.Removes() {
			p.tellUse(diagnostics, view, d.route, f, !f.Own)
			continue
		}
		at := report.Path(d.route.PathOf(f.Of, f.At))
		text := report.Located(at, report.Text(f.Problem))
		if live := view.Live(f.Other); live != nil {
			text += report.Printable(report.Owners(live), report.LongestPath)
		}
		if f.Severity == istio.Refused {
			text += "\n\nStart its pods first, or give it no requests. Where the same apply starts them, or they run " +
				"in another cluster of the mesh, set allow_empty_subsets = true."
			// Whoever sets the weights may know better.
			if !d.life.HandedOver {
				diagnostics.AddAttributeError(at, tellingOf(f.Kind).summary, text)
				continue
			}
		}
		warnings.Add(to, report.Warning{
			At: at, Kind: tellingOf(f.Kind).summary, Of: p.called(f.Of), Names: namesOf(d.route), Text: text,
			ID: tellingOf(f.Kind).id, Fails: f.Fails,
		})
	}
	warnings.Tell(diagnostics, to)
}

// warnOfTools tells of other tools that write objects which are about to change. Who leaves the weights to a tool
// that sets only those has nothing to fear from it.
func (p *objectsResource) warnOfTools(
	diagnostics *diag.Diagnostics, view *cluster.View, objects istio.Objects, life form.Lifecycle,
) {
	warnings, to := report.Warnings{}, p.audience(life)
	for _, o := range objects.All() {
		neighbor := view.Neighbor(o)
		if neighbor == nil {
			continue
		}
		for _, tool := range view.Live(neighbor.Object).Tools() {
			if life.HandedOver && tool.OnlyWeights {
				continue
			}
			warnings.Add(to, report.ToolWarning(path.Root(p.NameAttribute(o.Kind())), neighbor.Object, tool))
		}
	}
	warnings.Tell(diagnostics, to)
}

// called is what an object is called in a summary: two resources may write one of each kind of the same name.
func (p *objectsResource) called(o *istio.Object) string {
	name := o.Namespace + "/" + o.Name
	if _, ok := p.Form.(form.Object); ok {
		return string(o.Kind()) + " " + name
	}
	return name
}

// namesOf are the names of a route's own: what is told of two routes may differ in them and be the same.
func namesOf(route form.Route) []string {
	names := []string{route.Place().Namespace}
	for _, o := range route.Render().All() {
		names = append(append(names, o.Name, o.DestinationRuleSpec().GetHost()), o.VirtualServiceSpec().GetHosts()...)
	}
	return names
}

// warnOfUnseen tells, once for a namespace, what could not be looked at, why, and which right would change that. A
// cluster without
// Istio's API has none of its objects, which the plan says anyway.
func (p *objectsResource) warnOfUnseen(diagnostics *diag.Diagnostics, view *cluster.View, life form.Lifecycle) {
	lines, missing := report.UnseenLines(view)
	if len(lines) == 0 {
		return
	}
	lines = append(lines, report.NarrowLines(view)...)
	text := report.UnseenText("The plan goes on, and does not know:", lines, missing)
	warnings, to := report.Warnings{}, p.audience(life)
	warnings.Add(to, report.Warning{Kind: notChecked, Of: view.Namespace, Text: text, ID: report.DoubtOfRights})
	if len(warnings) > 0 && to.Told.Once(view.Namespace+" "+text) {
		warnings.Tell(diagnostics, to)
	}
}
