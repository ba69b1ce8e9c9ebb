package walk_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// The next move follows from the clock, the position and the verdicts.
func TestTerms_Next(t *testing.T) {
	t.Parallel()
	terms := walk.Terms{
		Last: 3, Pause: time.Minute, Patience: 10 * time.Minute, Again: 5 * time.Second,
		OnFailure: walk.Back, Gated: true,
	}
	ungated, hold, empty := terms, terms, terms
	ungated.Gated, hold.OnFailure, empty.Last = false, walk.Hold, 0
	stepwise, alone := terms, ungated
	stepwise.ByApply, alone.ByApply = true, true
	taken := func(stage int) walk.Position { return walk.Position{Stage: stage, Since: start, Taken: true} }
	takes := func(after time.Duration, stage int) walk.Move {
		return walk.Move{
			Action: walk.Go, To: walk.Position{Stage: stage, Since: start.Add(after), Taken: true},
		}
	}
	at := func(stage int) walk.Position { return walk.Position{Stage: stage, Since: start} }
	back := func(stage int) walk.Position { return walk.Position{Stage: stage, Back: true, Since: start} }
	goes := func(after time.Duration, stage int, back bool) walk.Move {
		return walk.Move{
			Action: walk.Go, To: walk.Position{Stage: stage, Back: back, Since: start.Add(after)},
		}
	}
	late := func(m walk.Move) walk.Move { m.Late = true; return m }
	waits := func(until time.Duration) walk.Move { return walk.Move{Action: walk.Wait, Until: start.Add(until)} }
	for name, test := range map[string]struct {
		terms    walk.Terms
		after    time.Duration
		at       walk.Position
		verdicts []walk.Verdict
		want     walk.Move
	}{
		"the first step follows at once": {terms, 0, at(0), nil, goes(0, 1, false)},
		"a step lasts for its pause":     {terms, 20 * time.Second, at(1), nil, waits(time.Minute)},
		"nobody is heard before that":    {terms, 0, at(1), []walk.Verdict{walk.Fail}, waits(time.Minute)},
		"then the gates are asked":       {terms, time.Minute, at(1), nil, walk.Move{Action: walk.Ask}},
		"all pass": {
			terms, time.Minute, at(1), []walk.Verdict{walk.Pass, walk.Pass}, goes(time.Minute, 2, false),
		},
		"one fails": {
			terms, time.Minute, at(2), []walk.Verdict{walk.Pass, walk.Fail}, goes(time.Minute, 1, true),
		},
		"one fails, another is not there": {
			terms, time.Minute, at(1), []walk.Verdict{walk.Unreachable, walk.Fail}, goes(time.Minute, 0, true),
		},
		"one fails, and the step is to last": {
			hold, time.Minute, at(2), []walk.Verdict{walk.Fail}, walk.Move{Action: walk.Stay},
		},
		"not yet waits": {
			terms, time.Minute, at(1), []walk.Verdict{walk.Pass, walk.NotYet}, waits(65 * time.Second),
		},
		"unreachable waits": {
			terms, time.Minute, at(1), []walk.Verdict{walk.Unreachable}, waits(65 * time.Second),
		},
		"waits no longer than patience": {
			terms, 11*time.Minute - time.Second, at(1), []walk.Verdict{walk.NotYet}, waits(11 * time.Minute),
		},
		"patience ends": {
			terms, 11 * time.Minute, at(1), []walk.Verdict{walk.NotYet}, late(goes(11*time.Minute, 0, true)),
		},
		"patience ends out of reach": {
			hold, time.Hour, at(1), []walk.Verdict{walk.Unreachable}, late(walk.Move{Action: walk.Stay}),
		},
		"a verdict after patience counts": {
			terms, time.Hour, at(1), []walk.Verdict{walk.Pass}, goes(time.Hour, 2, false),
		},
		"the end is judged too": {terms, time.Minute, at(3), nil, walk.Move{Action: walk.Ask}},
		"the end fails": {
			terms, time.Minute, at(3), []walk.Verdict{walk.Fail}, goes(time.Minute, 2, true),
		},
		"the end passes": {
			terms, time.Minute, at(3), []walk.Verdict{walk.Pass}, walk.Move{Action: walk.Arrive},
		},
		"beyond the end": {
			terms, time.Minute, at(9), []walk.Verdict{walk.Pass}, walk.Move{Action: walk.Arrive},
		},
		"back goes on at once": {terms, 0, back(2), nil, goes(0, 1, true)},
		"back asks nobody": {
			terms, time.Hour, back(1), []walk.Verdict{walk.Pass}, goes(time.Hour, 0, true),
		},
		"back ends at the start":               {terms, 0, back(0), nil, walk.Move{Action: walk.Return}},
		"without gates a step ends by itself":  {ungated, time.Minute, at(1), nil, goes(time.Minute, 2, false)},
		"without gates it has its pause":       {ungated, 0, at(1), nil, waits(time.Minute)},
		"without gates the end is not awaited": {ungated, 0, at(3), nil, walk.Move{Action: walk.Arrive}},
		"an apply takes the first step":        {stepwise, 0, at(0), nil, takes(0, 1)},
		"an apply rests at its step":           {stepwise, time.Hour, taken(1), nil, walk.Move{Action: walk.Rest}},
		"an apply rests at the end that is to be judged": {
			stepwise, 0, taken(3), nil, walk.Move{Action: walk.Rest},
		},
		"an apply judges the step that is live": {stepwise, time.Minute, at(1), nil, walk.Move{Action: walk.Ask}},
		"an apply waits for its pause":          {stepwise, 0, at(1), nil, waits(time.Minute)},
		"an apply takes the next step": {
			stepwise, time.Minute, at(1), []walk.Verdict{walk.Pass}, takes(time.Minute, 2),
		},
		"an apply goes all the way back": {
			stepwise, time.Minute, at(2), []walk.Verdict{walk.Fail}, goes(time.Minute, 1, true),
		},
		"an apply ends where nobody judges the end": {alone, 0, taken(3), nil, walk.Move{Action: walk.Arrive}},
		"without a way there is no step":            {empty, 0, at(0), nil, walk.Move{Action: walk.Arrive}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := test.terms.Next(start.Add(test.after), test.at, test.verdicts)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Next (-want +got):\n%s", diff)
			}
		})
	}
}

// Where an apply ends is known before.
func TestTerms_Goal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		terms   walk.Terms
		at      walk.Position
		stage   int
		arrives bool
	}{
		"in one apply": {walk.Terms{Last: 3}, walk.Position{}, 3, true},
		"the first":    {walk.Terms{Last: 3, ByApply: true}, walk.Position{}, 1, false},
		"the next":     {walk.Terms{Last: 3, ByApply: true}, walk.Position{Stage: 1}, 2, false},
		"the last":     {walk.Terms{Last: 3, ByApply: true}, walk.Position{Stage: 2}, 3, true},
		"the last, which is judged": {
			walk.Terms{Last: 3, ByApply: true, Gated: true}, walk.Position{Stage: 2}, 3, false,
		},
		"the end": {walk.Terms{Last: 3, ByApply: true, Gated: true}, walk.Position{Stage: 3}, 3, true},
		"the way back": {
			walk.Terms{Last: 3, ByApply: true}, walk.Position{Stage: 2, Back: true}, 0, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if stage, arrives := test.terms.Goal(test.at); stage != test.stage || arrives != test.arrives {
				t.Errorf("Goal() = %d, %t; want %d, %t", stage, arrives, test.stage, test.arrives)
			}
		})
	}
}

// A walk takes its pauses, and at most as long again as its gates may hesitate.
func TestTerms_Expected(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		terms             walk.Terms
		expected, longest time.Duration
	}{
		"without gates": {
			walk.Terms{Last: 4, Pause: time.Minute, Patience: time.Hour}, 3 * time.Minute, 3 * time.Minute,
		},
		"with gates": {
			walk.Terms{Last: 4, Pause: time.Minute, Patience: time.Hour, Gated: true},
			4 * time.Minute, 4*time.Hour + 4*time.Minute,
		},
		"no way to go": {walk.Terms{Pause: time.Minute}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if expected, longest := test.terms.Expected(); expected != test.expected || longest != test.longest {
				t.Errorf("Expected() = %s, %s; want %s, %s", expected, longest, test.expected, test.longest)
			}
		})
	}
}

func TestVerdict_String(t *testing.T) {
	t.Parallel()
	for v, want := range map[walk.Verdict]string{
		walk.NotYet: "not yet", walk.Pass: "pass", walk.Fail: "fail", walk.Unreachable: "unreachable", 9: "Verdict(9)",
	} {
		if got := v.String(); got != want {
			t.Errorf("%d is %q, want %q", v, got, want)
		}
	}
}
