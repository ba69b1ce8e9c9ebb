package walk

import (
	"fmt"
	"slices"
	"time"
)

// Verdict is what a gate says of a step.
type Verdict int

// The verdicts.
const (
	// NotYet says that too little is known to judge.
	NotYet Verdict = iota
	// Pass says that nothing speaks against the next step.
	Pass
	// Fail says that the step is not to last.
	Fail
	// Unreachable says that the gate could not be asked.
	Unreachable
)

// OnFailure is what becomes of a walk whose step failed.
type OnFailure string

// What on_failure may be.
const (
	// Back goes back to the start, by the steps by which it came.
	Back OnFailure = "back"
	// Hold stays at the step.
	Hold OnFailure = "hold"
)

// Terms are what a walk keeps to.
type Terms struct {
	// Last is the last stage, [Plan.Last].
	Last int
	// Pause is how long a step lasts before it is judged.
	Pause time.Duration
	// Mirrored says that the first stage is a phase of copies, which lasts for MirrorPause.
	Mirrored    bool
	MirrorPause time.Duration
	// Patience is how long after the pause a step waits for a verdict, which is a failure then.
	Patience time.Duration
	// Again is how long after an answer that was no verdict the gates are asked once more.
	Again     time.Duration
	OnFailure OnFailure
	// Gated says that there is somebody to ask. Without gates a step ends with its pause, and the end is reached with
	// its shares.
	Gated bool
	// ByApply says that an apply takes one step and ends well there: the step that is live is judged by the next one.
	ByApply bool
}

// Position is where a walk is.
type Position struct {
	// Stage is the stage whose shares are live.
	Stage int
	// Back says that the walk goes back to its start.
	Back bool
	// Since is when the stage began, for whoever makes this apply.
	Since time.Time
	// Taken says that this apply has taken the step, and is not to take another one.
	Taken bool
}

// Action is what to do next.
type Action int

// The actions.
const (
	// Wait does nothing until [Move.Until].
	Wait Action = iota
	// Ask asks the gates.
	Ask
	// Go makes the shares those of [Move.To].
	Go
	// Arrive ends the walk: what is wanted is to be live, and nothing else.
	Arrive
	// Return ends the walk at its start.
	Return
	// Stay ends the walk at the step where it is.
	Stay
	// Rest ends the apply well at its step: the next one goes on from there.
	Rest
)

// Move is what to do next.
type Move struct {
	Action Action
	Until  time.Time
	To     Position
	// Late says that patience has ended.
	Late bool
}

// Next returns the next move of a walk that is at a position. The verdicts are what the gates said when they were
// last asked at this stage, nil before that.
//
//   - From the start the first step follows at once.
//   - A step lasts for its pause, and then the gates are asked. One that fails ends the way forward, and so does one
//     that has no verdict, or is out of reach, when patience ends. Until then it is asked again.
//   - Where each apply takes one step, it asks about the one that is live before that, and does not wait at the next.
//   - On the way back nobody is asked and nothing is waited for: every stage follows at once, down to the start, but
//     for the phase of copies, which is left out.
func (t Terms) Next(now time.Time, at Position, verdicts []Verdict) Move {
	judged := at.Since.Add(t.PauseAt(at.Stage))
	switch {
	case at.Back && at.Stage <= 0:
		return Move{Action: Return}
	case at.Back:
		return t.to(now, at.Stage-1, true)
	case at.Stage <= 0 && t.Last > 0:
		return t.to(now, 1, false)
	case at.Stage >= t.Last && (!t.Gated || t.Last <= 0):
		return Move{Action: Arrive}
	case at.Taken:
		return Move{Action: Rest}
	case now.Before(judged):
		return Move{Action: Wait, Until: judged}
	case !t.Gated:
		return t.to(now, at.Stage+1, false)
	case slices.Contains(verdicts, Fail):
		return t.fail(now, at, false)
	case len(verdicts) == 0:
		return Move{Action: Ask}
	case slices.Contains(verdicts, NotYet) || slices.Contains(verdicts, Unreachable):
		end := judged.Add(t.Patience)
		if !now.Before(end) {
			return t.fail(now, at, true)
		}
		return Move{Action: Wait, Until: earlier(now.Add(max(t.Again, time.Second)), end)}
	case at.Stage >= t.Last:
		return Move{Action: Arrive}
	}
	return t.to(now, at.Stage+1, false)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (t Terms) to(now time.Time, stage int, back bool) Move {
	if back && t.Mirrored && stage == 1 {
		stage = 0
	}
	return Move{Action: Go, To: Position{
		Stage: min(stage, max(t.Last, 0)), Back: back, Since: now, Taken: t.ByApply && !back,
	}}
}

// Goal returns at which stage an apply ends that begins at a position, where every gate passes, and whether that is
// the end of the walk.
func (t Terms) Goal(at Position) (stage int, arrives bool) {
	next := at.Stage + 1
	switch {
	case at.Back:
		return 0, false
	case !t.ByApply || next > t.Last || next == t.Last && !t.Gated:
		return t.Last, true
	}
	return next, false
}

func (t Terms) fail(now time.Time, at Position, late bool) Move {
	if t.OnFailure == Hold {
		return Move{Action: Stay, Late: late}
	}
	m := t.to(now, at.Stage-1, true)
	m.Late = late
	return m
}

// PauseAt returns how long a stage lasts before it is judged.
func (t Terms) PauseAt(stage int) time.Duration {
	if t.Mirrored && stage == 1 {
		return t.MirrorPause
	}
	return t.Pause
}

// Expected returns how long a walk takes in which every gate passes when it is first asked, and at most, without what
// the writes take.
func (t Terms) Expected() (expected, longest time.Duration) {
	steps := t.Last
	if !t.Gated {
		// The end is not waited for.
		steps--
	}
	for i := range steps {
		expected += t.PauseAt(i + 1)
	}
	longest = expected
	if t.Gated {
		longest += time.Duration(t.Last) * t.Patience
	}
	return expected, longest
}

// String says the verdict.
func (v Verdict) String() string {
	switch v {
	case NotYet:
		return "not yet"
	case Pass:
		return "pass"
	case Fail:
		return "fail"
	case Unreachable:
		return "unreachable"
	}
	return fmt.Sprintf("Verdict(%d)", int(v))
}
