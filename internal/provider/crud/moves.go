package crud

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/outlook"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// mostMoves is how many moves a plan lists.
const mostMoves = 20

// planMoves tells what moves between a state and the plan for it. Terraform plans once more when it applies: what was
// told is not told again then, as far as a provider can know that it is asked for that, and steps that are too large
// are refused once more.
func (p *objectsResource) planMoves(d draft, diagnostics *diag.Diagnostics) {
	if !p.has("summary") || !d.planned["summary"].IsKnown() || diagnostics.HasError() ||
		!isKnown(d.config, form.Moving) {
		return
	}
	var told diag.Diagnostics
	p.tellMoves(d.life, d.before, d.after, d.walk, &told)
	if d.applying {
		told = told.Errors()
	}
	diagnostics.Append(told...)
}

// tellMoves warns of the requests that a change sends elsewhere, and refuses larger steps than are allowed. It is
// about what is live, whoever made it so: a change back to what is configured moves requests like any other.
//
// Where shares walk, every step is a change of its own, and what else moves does so before the first one.
func (p *objectsResource) tellMoves(
	life form.Lifecycle, is, wanted istio.Objects, walks outlook.Walk, diagnostics *diag.Diagnostics,
) {
	moves := p.movesBetween(is, wanted)
	jumps := p.jumpsBetween(life, is, wanted)
	if walks.Plan.Last() > 0 {
		moves, jumps = p.walkMoves(life, is, walks)
	}
	if len(jumps) > 0 {
		refuseJumps(life.Step, jumps, diagnostics)
		return
	}
	// A route that gets another name is told of under the one that people know.
	if len(moves) > 0 {
		p.warnOfMoves(is.Routing(), moves, diagnostics)
	}
	if walks.Plan.Last() > 0 {
		p.warnOfWalk(life, is.Routing(), walks, diagnostics)
	}
}

// movesBetween returns the requests that a change sends elsewhere.
func (p *objectsResource) movesBetween(is, wanted istio.Objects) []traffic.Move {
	return outlook.Moves(is, wanted, traffic.Options{ClusterDomain: p.settings.ClusterDomain})
}

// jumpsBetween returns the moves that are larger than is allowed. What clients keep by a cookie is none of them:
// where its subset has no share any more they go back at once, which is what a step back is for.
func (p *objectsResource) jumpsBetween(life form.Lifecycle, is, wanted istio.Objects) []traffic.Move {
	if life.Step == 0 {
		return nil
	}
	moves := p.movesBetween(p.withoutSticky(is), p.withoutSticky(wanted))
	return slices.DeleteFunc(moves, func(m traffic.Move) bool { return !m.Jumps(float64(life.Step)) })
}

// withoutSticky returns the objects of a compact form without the rules that follow from another one's sticky.
func (p *objectsResource) withoutSticky(objects istio.Objects) istio.Objects {
	if !p.has("walk") {
		return objects
	}
	return istio.WithoutSticky(objects)
}

// warnOfMoves warns of the requests that go elsewhere. Terraform shows one of several warnings that have the same
// summary, and reads the whole file of a resource again for each that it shows.
func (p *objectsResource) warnOfMoves(o *istio.Object, moves []traffic.Move, diagnostics *diag.Diagnostics) {
	text := lines(moves, traffic.Move.String)
	if p.settings.Told.More() {
		diagnostics.AddWarning(fmt.Sprintf("%s in %s/%s", trafficMoves, o.Namespace, o.Name), text)
		return
	}
	diagnostics.AddWarning(trafficMoves+" in more routes",
		fmt.Sprintf("In %s/%s: %s\n\nWhat happens to requests is in the attribute summary of each route.",
			o.Namespace, o.Name, text))
}

// tellFirstMoves warns of the requests that a new route takes from a service which no rule held for: they went to
// every pod.
func (p *objectsResource) tellFirstMoves(d draft, facts *around.Facts, diagnostics *diag.Diagnostics) {
	o := p.withoutSticky(d.after).Routing()
	if d.exists || d.life.Adopt || d.applying || !p.has("summary") || !facts.Unrouted(o) {
		return
	}
	moves := traffic.FirstMoves(o, traffic.Options{ClusterDomain: p.settings.ClusterDomain})
	if len(moves) > 0 {
		p.warnOfMoves(o, moves, diagnostics)
	}
}

func refuseJumps(most int64, jumps []traffic.Move, diagnostics *diag.Diagnostics) {
	needed := 0.0
	for _, m := range jumps {
		_, before, after := m.Gain()
		needed = max(needed, after-before)
	}
	at := path.Root("max_weight_step")
	diagnostics.AddAttributeError(at, stepTooLarge, report.Located(at, fmt.Sprintf(
		"allows a destination to gain at most %d percent points of the requests of a rule in one change", most,
	))+
		" This plan moves more:\n"+lines(jumps, jumpText)+fmt.Sprintf(
		"\n\nGo in steps from the shares that are live now, or set max_weight_step = %d for this change.",
		int(math.Ceil(needed-1e-9))))
}

func jumpText(m traffic.Move) string {
	to, before, after := m.Gain()
	return fmt.Sprintf("%s gains %s percent points: %s", to, traffic.Points(after-before), m)
}

// lines says moves, a line for each.
func lines(moves []traffic.Move, say func(traffic.Move) string) string {
	var b strings.Builder
	for i, m := range moves {
		if i == mostMoves {
			fmt.Fprintf(&b, "\nand %d more", len(moves)-i)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(say(m))
	}
	return b.String()
}
