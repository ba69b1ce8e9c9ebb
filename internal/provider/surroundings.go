package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// mostLooks is how often what was seen may call for another look: the services, then who stands behind them, pods first.
const mostLooks = 5

// lookAround tells what the cluster has against objects that are about to change. It looks at plan only, and again in the
// plan that Terraform makes anew when it applies.
func (p *pairResource) lookAround(ctx context.Context, d draft, diagnostics *diag.Diagnostics) {
	if diagnostics.HasError() || p.settings.surroundings == nil {
		return
	}
	before, pair := d.before, d.after
	if cluster.Unchanged(before, pair) {
		return
	}
	view := p.settings.view(d.route.Place().Namespace, p.settings.owner)
	var own []around.Query
	for _, o := range pair.All() {
		own = append(own, around.Query{Resource: resourceOf(o.Kind())})
	}
	view.List(withWarnings(ctx, diagnostics), own)
	find := func() ([]around.Finding, []around.Query) { return around.Inspect(before, pair, &view.Facts) }
	findings := look(withWarnings(ctx, diagnostics), view, find)
	refused := func(f around.Finding) bool { return f.Severity == istio.Refused }
	if slices.ContainsFunc(findings, refused) && view.Renew(withWarnings(ctx, diagnostics)) {
		findings = look(withWarnings(ctx, diagnostics), view, find)
	}
	tellFindings(diagnostics, view, d, findings)
	if len(d.prior) > 0 {
		p.warnOfTools(diagnostics, view, pair, d.life)
	}
	warnOfUnseen(diagnostics, view)
}

// view begins to look from a namespace, for an owner who is not told of what else it applied.
func (s settings) view(namespace, owner string) *cluster.View {
	return s.surroundings.View(namespace, traffic.Options{RootNamespace: s.propagation.IstiodNamespace}, owner)
}

func resourceOf(kind istio.Kind) around.Resource {
	if kind == istio.KindDestinationRule {
		return around.DestinationRules
	}
	return around.VirtualServices
}

// look asks what is found, and looks where that wants to, until there is nothing more to see.
func look(ctx context.Context, view *cluster.View, find func() ([]around.Finding, []around.Query)) []around.Finding {
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

// tellFindings tells of findings, each at the attribute that it is about. Terraform shows one of several warnings that have the same summary,
// so those of one kind are one, under the name of the object.
func tellFindings(diagnostics *diag.Diagnostics, view *cluster.View, d draft, findings []around.Finding) {
	type warning struct {
		at            path.Path
		summary, text string
	}
	var warnings []warning
	for _, f := range findings {
		if f.Kind == around.Idle && d.life.allowEmpty {
			continue
		}
		at := attributePath(d.route.PathOf(f.Of, f.At))
		text := located(at, problemText(f.Problem))
		if live := view.Live(f.Other); live != nil {
			text += printableIn(ownersText(live), longestPath)
		}
		if f.Severity == istio.Refused {
			text += "\n\nStart its pods first, or give it no requests. Where the same apply starts them, or they run in another cluster of the mesh, set allow_empty_subsets = true."
			// Whoever sets the weights may know better.
			if !d.life.handedOver {
				diagnostics.AddAttributeError(at, summaryOf(f.Kind), text)
				continue
			}
		}
		summary := fmt.Sprintf("%s (%s/%s)", summaryOf(f.Kind), f.Of.Namespace, f.Of.Name)
		if i := slices.IndexFunc(warnings, func(w warning) bool { return w.summary == summary }); i >= 0 {
			warnings[i].text += "\n\n" + text
			continue
		}
		warnings = append(warnings, warning{at, summary, text})
	}
	for _, w := range warnings {
		diagnostics.AddAttributeWarning(w.at, w.summary, w.text)
	}
}

func summaryOf(kind around.FindingKind) string {
	switch kind {
	case around.Rivalry:
		return "Host is routed already"
	case around.Overlap:
		return "Subsets are declared elsewhere too"
	case around.Idle:
		return "Nobody answers in a subset"
	case around.Absent:
	}
	return "Not in the cluster"
}

// warnOfTools tells of other tools that write objects which are about to change. Who leaves the weights to a tool that sets only
// those has nothing to fear from it.
func (p *pairResource) warnOfTools(diagnostics *diag.Diagnostics, view *cluster.View, pair istio.Objects, life lifecycle) {
	for _, o := range pair.All() {
		neighbor := view.VirtualServices.Named(o)
		if o.Kind() == istio.KindDestinationRule {
			neighbor = view.DestinationRules.Named(o)
		}
		if neighbor == nil {
			continue
		}
		for _, tool := range view.Live(neighbor.Object).Tools() {
			if life.handedOver && tool.OnlyWeights {
				continue
			}
			warnOfTool(diagnostics, path.Root(p.nameAttribute(o.Kind())), neighbor.Object, tool)
		}
	}
}

// questions are what is not known without a look.
var questions = map[around.Resource]string{
	around.VirtualServices:  "whether another VirtualService routes these hosts already, and whose these objects are",
	around.DestinationRules: "whether another DestinationRule hides or doubles the subsets, and whose these objects are",
	around.Services:         "whether the services and ports exist, and somebody answers in the subsets",
	around.ServiceEntries:   "whether a ServiceEntry has a host that no Service has",
	around.Gateways:         "whether the gateways exist",
	around.Pods:             "whether pods are ready in the subsets",
	around.WorkloadEntries:  "whether WorkloadEntries stand in subsets without ready pods",
}

// warnOfUnseen tells once what could not be looked at, why, and which right would change that. A cluster without Istio's API has none of
// its objects, which the plan says anyway.
func warnOfUnseen(diagnostics *diag.Diagnostics, view *cluster.View) {
	lines, missing := unseenLines(view)
	if len(lines) > 0 {
		diagnostics.AddWarning("Not checked against the cluster", unseenText("The plan goes on, and does not know:", append(lines, narrowLines(view)...), missing))
	}
}

// unseenLines are what could not be looked at, a line for each resource, and the resources that the user may not list.
func unseenLines(view *cluster.View) (lines, missing []string) {
	said := map[around.Resource]bool{}
	for _, unseen := range view.Unlisted {
		if cluster.IsReason(unseen.Err, cluster.CRDMissing) && (unseen.Resource == around.VirtualServices || unseen.Resource == around.DestinationRules) {
			continue
		}
		// More namespaces of one resource say no more.
		if said[unseen.Resource] {
			continue
		}
		said[unseen.Resource] = true
		lines = append(lines, fmt.Sprintf("  - %s: %s", questions[unseen.Resource], printableIn(unseen.Err.Error(), longestPath)))
		if cluster.IsReason(unseen.Err, cluster.Forbidden) {
			missing = append(missing, string(unseen.Resource))
		}
	}
	return lines, missing
}

// narrowLines says what was seen of one namespace only. A plan tells of it along with other things that it could not look at, and for
// no reason alone: a developer's rights end there.
func narrowLines(view *cluster.View) []string {
	if len(view.Narrow) == 0 {
		return nil
	}
	var narrow []string
	for _, resource := range slices.Sorted(maps.Keys(view.Narrow)) {
		narrow = append(narrow, string(resource))
	}
	return []string{"  - what other namespaces than " + view.Namespace + " have: list in all of them is not allowed on " + strings.Join(narrow, ", ")}
}

func unseenText(begin string, lines, missing []string) string {
	text := begin + "\n" + strings.Join(lines, "\n")
	if len(missing) > 0 {
		slices.Sort(missing)
		text += "\n\nThe verb list on " + strings.Join(slices.Compact(missing), ", ") + " lets it look."
	}
	return text
}
