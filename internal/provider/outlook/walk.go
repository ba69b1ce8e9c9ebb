// Package outlook says what a change is going to do, from its two sides alone: which requests move, and how shares
// walk. A plan tells it, and so does a page that is made of a plan.
package outlook

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// Arrived is what walk_state says where the shares are the planned ones.
const Arrived = "arrived"

// Walk is how shares are going to walk.
type Walk struct {
	Plan walk.Plan
	// At is where the walk goes on, if it was Resumed.
	At      walk.Position
	Resumed bool
}

// WalkOf returns how shares are going to walk from the objects of a state, of which an annotation said where a walk
// is, to planned ones. It has no way to go where they do not walk.
func WalkOf(life form.Lifecycle, before, after istio.Objects, owner, annotation string) Walk {
	if life.Walk == nil || before.Routing() == nil || after.Routing() == nil {
		return Walk{}
	}
	if annotation != "" {
		before = walk.Marked(before, annotation)
	}
	w := Walk{}
	w.Plan, w.At, w.Resumed = walk.Resume(before, after, life.Walk.Way, owner, time.Time{})
	return w
}

// Goal is what walk_state says where every gate passes.
func (w Walk) Goal(to *form.Walk) string {
	if w.Plan.Last() > 0 {
		if stage, arrives := TermsOf(to, w.Plan).Goal(w.At); !arrives {
			return w.Plan.Place(walk.Position{Stage: stage})
		}
	}
	return Arrived
}

// Lines say a walk, and what an apply does of it.
func (w Walk) Lines(to *form.Walk) []string {
	terms := TermsOf(to, w.Plan)
	switch {
	case w.Resumed && w.At.Back:
		return []string{"An earlier apply was stopped on the way back. This one takes the shares back to the start: " +
			w.Plan.Words(0) + "."}
	case terms.ByApply:
		return w.nextStep(to, terms)
	}
	var lines []string
	if w.Resumed {
		lines = append(lines, fmt.Sprintf("The walk goes on %s, where an earlier apply was stopped.",
			w.Plan.Called(w.At)))
	}
	lines = append(lines, w.stepsFrom(max(w.At.Stage, 1))...)
	terms.Last -= max(w.At.Stage-1, 0)
	copies := ""
	if terms.Mirrored = terms.Mirrored && w.At.Stage <= 1; terms.Mirrored && terms.MirrorPause != terms.Pause {
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
	return append(lines, w.uncompared(to)...)
}

// uncompared says at which steps gates have nothing to compare, and which steps nothing judges.
func (w Walk) uncompared(to *form.Walk) []string {
	var lines, unjudged []string
	judges := map[int]bool{}
	for _, g := range to.Gates {
		var steps []string
		for stage := max(w.At.Stage, 1); stage <= w.Plan.Last(); stage++ {
			if g.SuccessRate == nil || g.SuccessRate.WorseThan == "" ||
				w.Plan.Question(stage).Compares(g.SuccessRate.WorseThan) {
				judges[stage] = true
				continue
			}
			steps = append(steps, strconv.Itoa(stage))
		}
		if len(steps) == 0 {
			continue
		}
		with, why := istio.Shown(g.SuccessRate.WorseThan), "gets no requests there"
		if w.Plan.Question(w.Plan.Last()).HasShare(g.SuccessRate.WorseThan) {
			why = "is the version that gets more requests"
		}
		lines = append(lines, fmt.Sprintf("%s has nothing to compare at %s, and passes: %s %s.", g.Name, stepsOf(steps),
			with, why))
	}
	for stage := max(w.At.Stage, 1); stage <= w.Plan.Last() && len(to.Gates) > 0; stage++ {
		if !judges[stage] {
			unjudged = append(unjudged, strconv.Itoa(stage))
		}
	}
	if len(unjudged) > 0 {
		lines = append(lines, fmt.Sprintf("So nothing judges %s; a gate with min would.", stepsOf(unjudged)))
	}
	return lines
}

// stepsOf names steps: `step 3`, or `steps 2, 3`.
func stepsOf(numbers []string) string {
	if len(numbers) == 1 {
		return "step " + numbers[0]
	}
	return "steps " + strings.Join(numbers, ", ")
}

// nextStep says what an apply does of a walk of which each takes one step.
func (w Walk) nextStep(to *form.Walk, terms walk.Terms) []string {
	goal, arrives := terms.Goal(w.At)
	does := fmt.Sprintf("takes step %d, and ends there", goal)
	switch {
	case arrives && w.At.Stage == w.Plan.Last():
		does = "ends the walk"
	case arrives:
		does = "takes the last step"
	}
	var lines []string
	switch {
	case !w.Resumed || w.At.Stage == 0:
		lines = append(lines, "This apply "+does+":")
	case terms.Gated:
		lines = append(lines, fmt.Sprintf("The walk is %s: %s. When that has lasted %s, this apply asks these gates: "+
			"%s. When they pass, with patience for %s, it %s. %s", w.Plan.Called(w.At), w.Plan.Words(w.At.Stage),
			terms.PauseAt(w.At.Stage), gateNames(to), to.Patience, does, whereOneFails(to)))
	default:
		lines = append(lines, fmt.Sprintf("The walk is %s: %s. When that has lasted %s, this apply %s:",
			w.Plan.Called(w.At), w.Plan.Words(w.At.Stage), terms.PauseAt(w.At.Stage), does))
	}
	steps := w.stepsFrom(w.At.Stage + 1)
	lines = append(lines, steps[:min(1, len(steps))]...)
	if len(steps) > 1 {
		lines = append(append(lines, "Each of the next applies takes one step:"), steps[1:]...)
	}
	return append(lines, w.uncompared(to)...)
}

// stepsFrom says the steps from one on.
func (w Walk) stepsFrom(first int) []string {
	var lines []string
	for i, s := range w.Plan.Stages() {
		if i >= first {
			lines = append(lines, fmt.Sprintf("step %d of %d, %d %% of the way: %s", i, w.Plan.Last(), s.Percent,
				w.Plan.Words(i)))
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

// TermsOf are what a walk keeps to.
func TermsOf(w *form.Walk, plan walk.Plan) walk.Terms {
	return walk.Terms{
		Last: plan.Last(), Pause: w.Pause, Patience: w.Patience, Again: askAgain, OnFailure: w.OnFailure,
		Gated: len(w.Gates) > 0, ByApply: w.ByApply, Mirrored: plan.Mirrored(), MirrorPause: w.MirrorPause,
	}
}

// askAgain is how long after an answer that was no verdict the gates are asked once more.
const askAgain = 5 * time.Second
