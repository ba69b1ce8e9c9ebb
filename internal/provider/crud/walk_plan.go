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
		before = walk.Marked(before, annotation)
	}
	w := plannedWalk{}
	w.plan, w.at, w.resumed = walk.Resume(before, after, life.Walk.Way, owner, time.Time{})
	return w
}

// walkMoves returns what moves at once, and the moves that are too large at some step.
func (p *objectsResource) walkMoves(
	life form.Lifecycle, is istio.Objects, w plannedWalk,
) (first, jumps []traffic.Move) {
	first = p.movesBetween(is, w.plan.Objects(w.at.Stage))
	for i := w.at.Stage; i < w.plan.Last() && !w.at.Back; i++ {
		jumps = append(jumps, p.jumpsBetween(life, w.plan.Objects(i), w.plan.Objects(i+1))...)
	}
	return first, append(p.jumpsBetween(life, is, w.plan.Objects(w.at.Stage)), jumps...)
}

// warnOfWalk says a walk in words: its steps, and how long it takes.
func (p *objectsResource) warnOfWalk(life form.Lifecycle, o *istio.Object, w plannedWalk, d *diag.Diagnostics) {
	lines := w.lines(life.Walk)
	text := strings.Join(lines, "\n")
	if p.settings.Told.More() {
		d.AddWarning(fmt.Sprintf("%s in %s/%s", trafficWalks, o.Namespace, o.Name), text)
		return
	}
	d.AddWarning(trafficWalks+" in more routes", fmt.Sprintf("In %s/%s: %s\n\nWhat happens to requests is in the "+
		"attribute summary of each route.", o.Namespace, o.Name, text))
}

// lines say a walk, and what an apply does of it.
func (w plannedWalk) lines(to *form.Walk) []string {
	terms := termsOf(to, w.plan)
	switch {
	case w.resumed && w.at.Back:
		return []string{"An earlier apply was stopped on the way back. This one takes the shares back to the start: " +
			w.plan.Words(0) + "."}
	case terms.ByApply:
		return w.nextStep(to, terms)
	}
	var lines []string
	if w.resumed {
		lines = append(lines, fmt.Sprintf("The walk goes on %s, where an earlier apply was stopped.",
			w.plan.Called(w.at)))
	}
	lines = append(lines, w.stepsFrom(max(w.at.Stage, 1))...)
	terms.Last -= max(w.at.Stage-1, 0)
	copies := ""
	if terms.Mirrored = terms.Mirrored && w.at.Stage <= 1; terms.Mirrored && terms.MirrorPause != terms.Pause {
		copies = fmt.Sprintf("That of copies lasts %s. ", terms.MirrorPause)
	}
	expected, longest := terms.Expected()
	lines = append(lines, fmt.Sprintf("%sEach step lasts %s, the whole %s, besides the writes. The state is locked "+
		"until then.", copies, terms.Pause, expected))
	if terms.Gated {
		lines = append(lines, fmt.Sprintf("At the end of each step, the last included, these gates have to pass: %s. "+
			"%s With their patience of %s the walk takes %s at most.", gateNames(to), whereOneFails(to), to.Patience,
			longest))
	}
	return lines
}

// nextStep says what an apply does of a walk of which each takes one step.
func (w plannedWalk) nextStep(to *form.Walk, terms walk.Terms) []string {
	goal, arrives := terms.Goal(w.at)
	does := fmt.Sprintf("takes step %d, and ends there", goal)
	switch {
	case arrives && w.at.Stage == w.plan.Last():
		does = "ends the walk"
	case arrives:
		does = "takes the last step"
	}
	var lines []string
	switch {
	case !w.resumed || w.at.Stage == 0:
		lines = append(lines, "This apply "+does+":")
	case terms.Gated:
		lines = append(lines, fmt.Sprintf("The walk is %s: %s. When that has lasted %s, this apply asks these gates: "+
			"%s. When they pass, with patience for %s, it %s. %s", w.plan.Called(w.at), w.plan.Words(w.at.Stage),
			terms.PauseAt(w.at.Stage), gateNames(to), to.Patience, does, whereOneFails(to)))
	default:
		lines = append(lines, fmt.Sprintf("The walk is %s: %s. When that has lasted %s, this apply %s:",
			w.plan.Called(w.at), w.plan.Words(w.at.Stage), terms.PauseAt(w.at.Stage), does))
	}
	steps := w.stepsFrom(w.at.Stage + 1)
	lines = append(lines, steps[:min(1, len(steps))]...)
	if len(steps) > 1 {
		lines = append(append(lines, "Each of the next applies takes one step:"), steps[1:]...)
	}
	return lines
}

// stepsFrom says the steps from one on.
func (w plannedWalk) stepsFrom(first int) []string {
	var lines []string
	for i, s := range w.plan.Stages() {
		if i >= first {
			lines = append(lines, fmt.Sprintf("step %d of %d, %d %% of the way: %s", i, w.plan.Last(), s.Percent,
				w.plan.Words(i)))
		}
	}
	return lines
}

// gateNames are those of the gates of a walk.
func gateNames(w *form.Walk) string {
	var names []string
	for _, g := range w.Gates {
		names = append(names, g.Name)
	}
	return strings.Join(names, ", ")
}

// whereOneFails says what becomes of a walk of which a gate does not pass.
func whereOneFails(w *form.Walk) string {
	if w.OnFailure == walk.Hold {
		return "Where one does not, the shares stay as they are then and apply fails."
	}
	return "Where one does not, the shares go back to the start by the same steps and apply fails."
}
