package guard

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// The first plan of a process does not wait. The others wait for what follows on it: a change, or nothing.
func TestPhase(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		follows time.Duration
		want    bool
	}{
		"a change at once":           {time.Millisecond, true},
		"a change after the pause":   {2 * pause, false},
		"nothing, and then a change": {time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPhase()
				first, second := &plan{phase: p}, &plan{phase: p}
				if first.isApply(t.Context()) {
					t.Error("the first plan is taken for one of an apply")
				}
				got := make(chan bool)
				go func() { got <- second.isApply(t.Context()) }()
				first.answered()
				time.AfterFunc(test.follows, func() { p.decide(true) })
				if is := <-got; is != test.want {
					t.Errorf("the second plan is taken for one of an apply: %v, want %v", is, test.want)
				}
				time.Sleep(2 * time.Hour)
				if third := (&plan{phase: p}); !third.isApply(t.Context()) {
					t.Error("after a change a plan is not taken for one of an apply")
				}
			})
		})
	}
}

// A plan that is cancelled does not wait for the first one.
func TestPhase_cancelled(t *testing.T) {
	t.Parallel()
	p := newPhase()
	(&plan{phase: p}).isApply(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if (&plan{phase: p}).isApply(ctx) {
		t.Error("taken for a plan of an apply, and nothing was changed")
	}
}
