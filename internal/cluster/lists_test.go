package cluster

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestLists_get: how long what was listed is kept, and who gets what while it is being made.
func TestLists_get(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	// asked lists, which takes a second, and counts how often.
	type asked struct {
		lists[int]
		made int
		err  error
	}
	list := func(a *asked) func(context.Context) (int, error) {
		return func(ctx context.Context) (int, error) {
			a.made++
			warn(ctx, "slow")
			pause(ctx, time.Second)
			return a.made, errors.Join(a.err, ctx.Err())
		}
	}
	for name, test := range map[string]func(t *testing.T, a *asked){
		"a list is kept for a while": func(t *testing.T, a *asked) {
			for _, want := range []int{1, 1, 2} {
				if got := a.get(t.Context(), "", time.Time{}, list(a)); got.list != want || got.err != nil {
					t.Errorf("list %d, %v, want %d", got.list, got.err, want)
				}
				time.Sleep(freshness * 2 / 3)
			}
		},
		"a failure is kept for longer": func(t *testing.T, a *asked) {
			a.err = broken
			for _, want := range []int{1, 1, 2} {
				if got := a.get(t.Context(), "", time.Time{}, list(a)); !errors.Is(got.err, broken) || a.made != want {
					t.Errorf("%v, listed %d times, want %d", got.err, a.made, want)
				}
				time.Sleep(failureKept * 2 / 3)
			}
		},
		"a list that began before it may": func(t *testing.T, a *asked) {
			a.get(t.Context(), "", time.Time{}, list(a))
			if got := a.get(t.Context(), "", time.Now(), list(a)); got.list != 2 {
				t.Errorf("list %d", got.list)
			}
		},
		"the first who asks gives up": func(t *testing.T, a *asked) {
			ctx, cancel := context.WithCancel(CollectWarnings(t.Context(), func(string) {
				t.Error("somebody who has gone is warned")
			}))
			time.AfterFunc(time.Second/2, cancel)
			if got := a.get(ctx, "", time.Time{}, list(a)); got != nil {
				t.Errorf("list %d, %v", got.list, got.err)
			}
			if got := a.get(t.Context(), "", time.Time{}, list(a)); got.list != 1 || got.err != nil {
				t.Errorf("list %d, %v", got.list, got.err)
			}
		},
		"a list that takes too long ends": func(t *testing.T, a *asked) {
			got := a.get(t.Context(), "", time.Time{}, func(ctx context.Context) (int, error) {
				<-ctx.Done()
				return 0, ctx.Err()
			})
			if !errors.Is(got.err, context.DeadlineExceeded) {
				t.Errorf("error %v", got.err)
			}
		},
		"only who makes it is warned": func(t *testing.T, a *asked) {
			var said []string
			ctx := CollectWarnings(t.Context(), func(text string) { said = append(said, text) })
			a.get(ctx, "", time.Time{}, list(a))
			a.get(ctx, "", time.Time{}, list(a))
			if len(said) != 1 {
				t.Errorf("warnings %q", said)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, &asked{}) })
		})
	}
}
