package crud

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// plannedWalk is how shares are going to walk.
type plannedWalk struct {
	plan walk.Plan
	// at is where the walk goes on, if it was resumed.
	at      walk.Position
	resumed bool
}

// walkOf returns how shares are going to walk from the objects of a state, of which an annotation said where a walk
// is, to planned ones. It has no way to go where they do not walk.
func walkOf(life form.Lifecycle, before, after istio.Objects, owner, annotation string) plannedWalk {
	if life.Walk == nil || before.Routing() == nil || after.Routing() == nil {
		return plannedWalk{}
	}
	if annotation != "" {
		before = withWalk(before, annotation)
	}
	w := plannedWalk{}
	w.plan, w.at, w.resumed = walk.Resume(before, after, life.Walk.Steps, owner, time.Time{})
	return w
}

// walkMoves returns what moves at once, and the moves that are too large at some step.
func (p *objectsResource) walkMoves(
	life form.Lifecycle, is istio.Objects, w plannedWalk,
) (first, jumps []traffic.Move) {
	first = p.movesBetween(is, w.plan.Objects(w.at.Stage))
	for i := w.at.Stage; i < w.plan.Last() && !w.at.Back; i++ {
		jumps = append(jumps, jumpsOf(life, p.movesBetween(w.plan.Objects(i), w.plan.Objects(i+1)))...)
	}
	return first, append(jumpsOf(life, first), jumps...)
}

// warnOfWalk says a walk in words: its steps, and how long it takes.
func (p *objectsResource) warnOfWalk(life form.Lifecycle, o *istio.Object, w plannedWalk, d *diag.Diagnostics) {
	terms := termsOf(life.Walk, w.plan)
	var lines []string
	switch {
	case w.resumed && w.at.Back:
		lines = append(lines, "An earlier apply was stopped on the way back. This one takes the shares back to the "+
			"start: "+w.plan.Words(0)+".")
	case w.resumed:
		lines = append(lines, fmt.Sprintf("The walk goes on %s, where an earlier apply was stopped.",
			w.plan.Called(w.at)))
	}
	if !w.at.Back {
		for i, s := range w.plan.Stages() {
			if i >= max(w.at.Stage, 1) {
				lines = append(lines, fmt.Sprintf("step %d of %d, %d %% of the way: %s", i, w.plan.Last(), s.Percent,
					w.plan.Words(i)))
			}
		}
		terms.Last -= max(w.at.Stage-1, 0)
		expected, longest := terms.Expected()
		lines = append(lines, fmt.Sprintf("Each step lasts %s, the whole %s, besides the writes. The state is locked "+
			"until then.", terms.Pause, expected))
		if terms.Gated {
			lines = append(lines, judgedBy(life.Walk, longest))
		}
	}
	text := strings.Join(lines, "\n")
	if p.settings.Told.More() {
		d.AddWarning(fmt.Sprintf("%s in %s/%s", trafficWalks, o.Namespace, o.Name), text)
		return
	}
	d.AddWarning(trafficWalks+" in more routes", fmt.Sprintf("In %s/%s: %s\n\nWhat happens to requests is in the "+
		"attribute summary of each route.", o.Namespace, o.Name, text))
}

// judgedBy says who judges the steps of a walk.
func judgedBy(w *form.Walk, longest time.Duration) string {
	var names []string
	for _, g := range w.Gates {
		names = append(names, g.Name)
	}
	what := "the shares go back to the start by the same steps"
	if w.OnFailure == walk.Hold {
		what = "the shares stay as they are then"
	}
	return fmt.Sprintf(
		"At the end of each step, the last included, these gates have to pass: %s. Where one does not, %s and apply "+
			"fails. With their patience of %s the walk takes %s at most.", strings.Join(names, ", "), what,
		w.Patience, longest,
	)
}
