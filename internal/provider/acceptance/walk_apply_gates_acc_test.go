package acceptance_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccWalkByApply_gates: the step that is live is judged, after its pause, before the next is taken, and the end
// before the walk has arrived. Where a gate fails, the shares go back or stay as they are.
func TestAccWalkByApply_gates(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		more string
		// failsAt is the share of v2 at which the gate fails.
		failsAt       int64
		steps         []string
		shares        []int64
		summary, says string
		state         string
	}{
		"all pass": {
			failsAt: -1, steps: []string{firstStep, secondStep, lastStep, "arrived"}, shares: []int64{10, 50, 100, 100},
		},
		"one fails": {
			failsAt: 50, steps: []string{firstStep, secondStep, lastStep}, shares: []int64{10, 50, 0},
			summary: "Walk went back",
			says:    "A gate did not pass at step 2 of 3: v1 50 %, v2 50 %: checks: fail: it answered 500.",
			state:   "went back to the start, from step 2 of 3: v1 50 %, v2 50 %: checks: fail: it answered 500",
		},
		"one fails and holds": {
			more: `on_failure = "hold"`, failsAt: 50,
			steps: []string{firstStep, secondStep, lastStep}, shares: []int64{10, 50, 50},
			summary: "Walk held", says: "A gate did not pass at step 2 of 3", state: secondStep,
		},
		"the end fails": {
			failsAt: 100, steps: []string{firstStep, secondStep, lastStep, "arrived"}, shares: []int64{10, 50, 100, 0},
			summary: "Walk went back", says: "at step 3 of 3: v1 0 %, v2 100 %",
			state: "went back to the start, from step 3 of 3: v1 0 %, v2 100 %: checks: fail: it answered 500",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			j := newJudge(t, func(v2 int64) int {
				if v2 == test.failsAt {
					return http.StatusInternalServerError
				}
				return http.StatusOK
			})
			f, w := canaryForm, newWorkspace(t, lab, canaryForm, "walker")
			more := fmt.Sprintf("pause = \"500ms\"\ngates = [{ name = \"checks\", webhook = %q }]\n%s", j.URL+"/secret",
				test.more)
			w.write(f.stepping("100", "0", more))
			w.must("apply")
			w.write(f.stepping("0", "100", more))
			before := "arrived"
			for i, step := range test.steps {
				change, r := w.plan()
				want := []string{asJSON(t, before), asJSON(t, step)}
				if got := []string{
					of(t, change.Before, "walk_state"), of(t, change.After, "walk_state"),
				}; !cmp.Equal(got, want) {
					t.Errorf("plan %d goes %v, want %v", i, got, want)
				}
				if i == 1 {
					r.want(t, "warning", "Traffic walks in "+lab.Namespace+"/"+lab.Service,
						"When that has lasted 500ms, this apply asks these gates: checks. When they pass, with "+
							"patience for 10m0s, it takes step 2, and ends there. Where one does not, the shares")
				}
				r = w.run("apply", "saved.tfplan")
				wantShare(t, lab, test.shares[i], step != "arrived" && (test.state == "" || test.shares[i] != 0))
				if last := i == len(test.steps)-1; last && test.summary != "" {
					r.want(t, "error", test.summary, test.says)
					step = test.state
				} else if !r.ok {
					t.Fatalf("apply %d fails:\n%s", i, r.text)
				}
				w.wantAttribute("walk_state", asJSON(t, step))
				before = step
			}
			switch test.summary {
			case "":
				if diff := cmp.Diff([]string{
					"step 1 of 3: v2 10 %", "step 2 of 3: v2 50 %", "step 3 of 3: v2 100 %",
				}, j.asked); diff != "" {
					t.Errorf("questions (-want +got):\n%s", diff)
				}
				w.unchanged()
			case "Walk held":
				w.wantStep(secondStep, lastStep)
			default:
				change, _ := w.plan()
				if got := of(t, change.After, "walk_state"); got != asJSON(t, firstStep) {
					t.Errorf("the next plan goes to %s", got)
				}
			}
		})
	}
}

// TestAccWalkByApply_pause: an apply does not wait at the step that it takes, and before that for what is left of the
// pause of the one that is live.
func TestAccWalkByApply_pause(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	f, w := canaryForm, newWorkspace(t, lab, canaryForm, "walker")
	w.write(f.stepping("100", "0", `pause = "1h"`))
	w.must("apply")
	w.write(f.stepping("0", "100", `pause = "1h"`))
	began := time.Now()
	w.must("apply")
	wantShare(t, lab, 10, true)
	w.write(f.stepping("0", "100", `pause = "4s"`))
	w.must("apply")
	wantShare(t, lab, 50, true)
	if took := time.Since(began); took < 4*time.Second {
		t.Errorf("two steps took %s", took)
	}
}
