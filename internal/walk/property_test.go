package walk_test

import (
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	networking "istio.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// history is a walk that is being made, and what it did.
type history struct {
	*rapid.T
	terms  walk.Terms
	plan   walk.Plan
	wanted istio.Objects
	way    walk.Way
	now    time.Time
	at     walk.Position
	failed bool
	// goal and arrives are where an apply ends if every gate passes.
	goal    int
	arrives bool
}

// Over random verdicts a walk moves by one stage at a time, judges each step after its pause, arrives only where
// every gate passed, always gets back to its start, and ends in a time that its terms bound. Wherever it is stopped,
// it goes on from there, and the objects alone tell of it. Where each apply takes one step, it ends where it was said
// before, or on the way back.
func TestPropertyWalk(t *testing.T) {
	t.Parallel()
	n := 300
	if all, err := strconv.Atoi(os.Getenv("MESH_TEST_WALKS")); err == nil {
		n = all
	}
	for range (n + 99) / 100 {
		rapid.Check(t, func(t *rapid.T) {
			h := newHistory(t)
			for i := 0; !h.move(); i++ {
				if i > 10_000 {
					t.Fatalf("the walk does not end: %+v at %+v", h.terms, h.at)
				}
			}
			_, longest := h.terms.Expected()
			if took := h.now.Sub(start); took > longest+time.Duration(h.terms.Last)*time.Second {
				t.Errorf("the walk took %s, at most %s was said", took, longest)
			}
		})
	}
}

func newHistory(t *rapid.T) *history {
	rules := rapid.IntRange(1, 3).Draw(t, "rules")
	var from, to []string
	for range rules {
		from, to = append(from, randomRule(t, "from")), append(to, randomRule(t, "to"))
	}
	h := &history{
		T: t, wanted: sticky(objects(to...), randomSubsets(t)), now: start,
		way: walk.Way{
			Steps:  rapid.SliceOfN(rapid.Int64Range(1, 99), 0, 6).Draw(t, "steps"),
			Mirror: rapid.SampledFrom([]int64{0, 0, 10, 100}).Draw(t, "mirror"),
		},
	}
	h.plan = walk.NewPlan(sticky(objects(from...), randomSubsets(t)), h.wanted, h.way)
	h.terms = walk.Terms{
		Last:      h.plan.Last(),
		Pause:     time.Duration(rapid.IntRange(0, 100).Draw(t, "pause")) * time.Second,
		Patience:  time.Duration(rapid.IntRange(0, 300).Draw(t, "patience")) * time.Second,
		Again:     time.Duration(rapid.IntRange(0, 10).Draw(t, "again")) * time.Second,
		OnFailure: rapid.SampledFrom([]walk.OnFailure{walk.Back, walk.Hold}).Draw(t, "on_failure"),
		Gated:     rapid.Bool().Draw(t, "gated"),
		ByApply:   rapid.Bool().Draw(t, "by_apply"),
		Mirrored:  h.plan.Mirrored(),

		MirrorPause: time.Duration(rapid.IntRange(0, 100).Draw(t, "mirror pause")) * time.Second,
	}
	h.at.Since = h.now
	h.goal, h.arrives = h.terms.Goal(h.at)
	h.checkShares()
	h.checkSticky()
	return h
}

func randomRule(t *rapid.T, label string) string {
	text := ""
	for _, name := range []string{"v1", "v2", "v3"}[:rapid.IntRange(1, 3).Draw(t, label)] {
		text += " " + name + "=" + strconv.Itoa(rapid.IntRange(1, 100).Draw(t, name))
	}
	return text
}

// checkShares fails unless the shares of each stage sum to 100, and lie between those of the start and of the end.
func (h *history) checkShares() {
	stages := h.plan.Stages()
	for i, s := range stages {
		if copies := i == 1 && h.way.Mirror > 0; copies != (s.Mirror > 0) || copies != (i > 0 && s.Percent == 0) {
			h.Errorf("stage %d has copies of %d %%: %+v", i, s.Mirror, stages)
		}
		if i > 0 && s.Percent < stages[i-1].Percent || i > 1 && s.Percent == stages[i-1].Percent {
			h.Errorf("stage %d is at %d %%, after %d %%", i, s.Percent, stages[i-1].Percent)
		}
		for r, shares := range s.Shares {
			sum := int64(0)
			for d, share := range shares {
				first, last := stages[0].Shares[r][d], stages[len(stages)-1].Shares[r][d]
				if share < min(first, last)-1 || share > max(first, last)+1 || share < 0 {
					h.Errorf("the share %d is not between %d and %d: %+v", share, first, last, stages)
				}
				if share == 0 && s.Percent > 0 && s.Percent < 100 && max(first, last) > 0 {
					h.Errorf("the share of %d to %d is 0 at %d %%", first, last, s.Percent)
				}
				sum += share
			}
			if sum != 100 {
				h.Errorf("the shares of %v sum to %d", shares, sum)
			}
		}
	}
}

func randomSubsets(t *rapid.T) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"v1", "v2", "v3"}), 0, 3, rapid.ID).Draw(t, "kept")
}

// checkSticky fails unless at each stage the same is kept as in the end, and a rule honours the cookie of just those
// subsets that have a share there.
func (h *history) checkSticky() {
	wanted := istio.Unstick(h.wanted.Routing().VirtualServiceSpec().Http)
	for i := range h.plan.Stages() {
		rules := h.plan.Objects(i).Routing().VirtualServiceSpec().Http
		found := istio.Unstick(rules)
		if diff := cmp.Diff(wanted.Sticky, found.Sticky); diff != "" {
			h.Fatalf("stage %d keeps (-want +got):\n%s", i, diff)
		}
		honoured := 0
		for j, rule := range found.Rules {
			for _, d := range rule.Route {
				if s := found.Sticky[j]; s != nil && slices.Contains(s.Subsets, d.Destination.Subset) &&
					(d.Weight > 0 || len(rule.Route) == 1) {
					honoured++
				}
			}
		}
		if len(rules) != len(found.Rules)+honoured {
			h.Errorf("%d rules at stage %d, of which %d should honour a cookie: %v", len(rules), i, honoured, rules)
		}
	}
}

// move makes the next move, and reports whether it was the last.
func (h *history) move() bool {
	m := h.terms.Next(h.now, h.at, nil)
	if m.Action == walk.Ask {
		verdicts := rapid.SliceOfN(rapid.SampledFrom([]walk.Verdict{
			walk.Pass, walk.Pass, walk.Pass, walk.NotYet, walk.Unreachable, walk.Fail,
		}), 1, 3).Draw(h.T, "verdicts")
		m = h.terms.Next(h.now, h.at, verdicts)
		h.checkJudgement(m, verdicts)
	}
	switch m.Action {
	case walk.Wait:
		if !m.Until.After(h.now) {
			h.Fatalf("a wait until %s at %s", m.Until, h.now)
		}
		h.now = m.Until
	case walk.Go:
		h.step(m.To)
	case walk.Arrive:
		if h.at.Stage != h.terms.Last || h.failed || !h.arrives {
			h.Errorf("arrived at %+v of %d", h.at, h.terms.Last)
		}
	case walk.Rest:
		return h.rest()
	case walk.Return:
		if h.at.Stage != 0 || !h.failed {
			h.Errorf("returned at %+v", h.at)
		}
	case walk.Stay:
		if !h.failed || h.terms.OnFailure != walk.Hold {
			h.Errorf("stayed at %+v", h.at)
		}
	case walk.Ask:
		h.Fatalf("asked, and asked again: %+v", m)
	}
	return m.Action != walk.Wait && m.Action != walk.Go
}

// rest ends an apply at its step, and begins the next one, after some time.
func (h *history) rest() bool {
	if !h.terms.ByApply || h.failed || h.arrives || h.at.Stage != h.goal {
		h.Fatalf("rests at %+v, to go to %d, %t", h.at, h.goal, h.arrives)
	}
	text := h.plan.Remember("prod", h.at, "").Encode()
	live := walking(h.plan, h.at.Stage, text)
	h.checkEnded(live)
	m, _ := walk.Recall(live.Routing())
	// Nothing is waited for between two applies: what a walk takes by itself stays bounded.
	if h.at = (walk.Position{Stage: h.at.Stage, Since: m.Began(h.now)}); !h.at.Since.Equal(h.now) {
		h.Errorf("the step began at %s, and is said to have at %s", h.now, h.at.Since)
	}
	h.goal, h.arrives = h.terms.Goal(h.at)
	return false
}

// checkEnded looks that live objects of a stage are said to be the wanted ones, but for what somebody else changed.
func (h *history) checkEnded(live istio.Objects) {
	for i, o := range h.plan.Ended(live).All() {
		if want := h.wanted.All()[i]; !istio.SameSpec(want.Spec, o.Spec) {
			h.Errorf("at the end (-wanted +said):\n%s", cmp.Diff(want.Spec, o.Spec, protocmp.Transform()))
		}
	}
	edited := *live.Routing()
	spec := proto.CloneOf(edited.VirtualServiceSpec())
	want := proto.CloneOf(h.wanted.Routing().VirtualServiceSpec())
	sticks := len(want.Http) > len(istio.Unstick(want.Http).Rules)
	for _, of := range []*networking.VirtualService{spec, want} {
		if of.Hosts = append(of.Hosts, "edited.example"); !sticks {
			// Of two rules that belong together, one that is changed is found no more.
			of.Http[0].Retries = &networking.HTTPRetry{Attempts: 7}
		}
	}
	edited.Spec = spec
	if got := h.plan.Ended(live.With(&edited)).Routing().Spec; !istio.SameSpec(want, got) {
		h.Errorf("with an edit (-wanted +said):\n%s", cmp.Diff(want, got, protocmp.Transform()))
	}
}

func (h *history) checkJudgement(m walk.Move, verdicts []walk.Verdict) {
	pause := h.terms.Pause
	if h.terms.Mirrored && h.at.Stage == 1 {
		pause = h.terms.MirrorPause
	}
	if h.now.Before(h.at.Since.Add(pause)) {
		h.Errorf("judged at %s a step that began at %s", h.now, h.at.Since)
	}
	worst := walk.Pass
	for _, v := range verdicts {
		if v == walk.Fail || worst == walk.Pass && v != walk.Pass {
			worst = v
		}
	}
	forward := m.Action == walk.Arrive || m.Action == walk.Go && !m.To.Back
	if forward != (worst == walk.Pass) {
		h.Errorf("verdicts %v came to %+v", verdicts, m)
	}
	h.failed = m.Action == walk.Stay || m.Action == walk.Go && m.To.Back
}

// step goes to a stage, and looks whether an apply that begins there goes on from it.
func (h *history) step(to walk.Position) {
	want := h.at.Stage + 1
	if to.Back {
		want = h.at.Stage - 1
		if want == 1 && h.terms.Mirrored {
			want = 0
		}
	}
	if to.Stage != want || to.Stage < 0 || to.Stage > h.terms.Last || h.at.Back && !to.Back {
		h.Fatalf("from %+v to %+v of %d", h.at, to, h.terms.Last)
	}
	h.at = to
	text := h.plan.Remember("prod", h.at, "").Encode()
	live := walking(h.plan, to.Stage, text)
	resumed, at, ok := walk.Resume(live, h.wanted, h.way, "prod", h.now)
	at.Taken = h.at.Taken
	if !ok || at != h.at || to.Taken != (h.terms.ByApply && !to.Back) {
		h.Fatalf("stopped at %+v, resumed at %+v, %t; annotation %s", h.at, at, ok, text)
	}
	told, _, at, err := walk.Told(live, h.now)
	if err != nil || at.Stage != to.Stage || at.Back != to.Back {
		h.Fatalf("stopped at %+v, told at %+v, %v; annotation %s", h.at, at, err, text)
	}
	if diff := cmp.Diff(h.plan.Stages(), told.Stages()); diff != "" {
		h.Errorf("told with other stages (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(h.plan.Stages(), resumed.Stages()); diff != "" {
		h.Errorf("resumed with other stages (-before +after):\n%s", diff)
	}
	for i, o := range h.plan.Objects(0).All() {
		if is := resumed.Objects(0).All()[i]; !istio.SameSpec(o.Spec, is.Spec) {
			h.Errorf("the start (-before +after):\n%s", cmp.Diff(o.Spec, is.Spec, protocmp.Transform()))
		}
	}
}
