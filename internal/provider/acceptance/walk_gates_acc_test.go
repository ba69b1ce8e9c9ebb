package acceptance_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// judge is a webhook that answers by the share of v2 that it is asked about.
type judge struct {
	*httptest.Server
	mutex sync.Mutex
	asked []string
}

func newJudge(t *testing.T, answer func(v2 int64) int) *judge {
	t.Helper()
	j := &judge{}
	j.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var about struct {
			Name        string
			Step, Steps int
			Shares      map[string]map[string]int64
		}
		if err := json.NewDecoder(r.Body).Decode(&about); err != nil || r.URL.Path != "/secret" {
			t.Errorf("the webhook is asked %v at %s", err, r.URL.Path)
		}
		v2 := about.Shares["http[0]"]["v2"]
		j.mutex.Lock()
		defer j.mutex.Unlock()
		j.asked = append(j.asked, fmt.Sprintf("step %d of %d: v2 %d %%", about.Step, about.Steps, v2))
		w.WriteHeader(answer(v2))
	}))
	t.Cleanup(j.Close)
	return j
}

// judged returns the form's configuration with shares, and a walk that the webhook judges.
func (f form) judged(v1, v2, address, more string) string {
	return f.shared(v1, v2, parts{top: fmt.Sprintf(`walk = {
    steps = [10, 50]
    pause = "200ms"
    gates = [{ name = "checks", webhook = %q }]
    %s
  }`, address+"/secret", more)})
}

// TestAccWalk_gates: a step that a gate passes is followed by the next; one that fails ends the way, back to the
// start or at the step, and so does a gate that is out of reach until patience ends.
func TestAccWalk_gates(t *testing.T) {
	t.Parallel()
	failAt := func(share int64, status int) func(int64) int {
		return func(v2 int64) int {
			if v2 == share {
				return status
			}
			return http.StatusNoContent
		}
	}
	for name, test := range map[string]struct {
		answer  func(int64) int
		more    string
		shares  []int64
		summary string
		say     []string
		state   string
	}{
		"all pass": {answer: failAt(-1, 0), shares: []int64{0, 10, 50, 100}, state: `"arrived"`},
		"one fails": {
			answer: failAt(50, http.StatusInternalServerError), shares: []int64{0, 10, 50, 10, 0},
			summary: "Walk went back", say: []string{
				"A gate did not pass at step 2 of 3: v1 50 %, v2 50 %: checks: fail: it answered 500.",
				"The shares are those of the start again: v1 100 %, v2 0 %.", "The next plan shows the same walk again",
			},
			state: `"went back to the start, from step 2 of 3: v1 50 %, v2 50 %: checks: fail: it answered 500"`,
		},
		"the end fails": {
			answer: failAt(100, http.StatusNotFound), shares: []int64{0, 10, 50, 100, 50, 10, 0},
			summary: "Walk went back", say: []string{"at step 3 of 3: v1 0 %, v2 100 %: checks: fail: it answered 404"},
			state: `"went back to the start, from step 3 of 3: v1 0 %, v2 100 %: checks: fail: it answered 404"`,
		},
		"one fails and holds": {
			answer: failAt(50, http.StatusInternalServerError), shares: []int64{0, 10, 50},
			more: `on_failure = "hold"`, summary: "Walk held",
			say:   []string{"A gate did not pass at step 2 of 3", "The shares stay as they are"},
			state: `"stopped at step 2 of 3, 50 % of the way"`,
		},
		"one is out of reach": {
			answer: failAt(10, http.StatusServiceUnavailable), shares: []int64{0, 10, 0},
			more: `patience = "1s"`, summary: "Walk went back",
			say: []string{"at step 1 of 3", "checks: unreachable: it answered 503 (patience, 1s, has ended)."},
			state: `"went back to the start, from step 1 of 3: v1 90 %, v2 10 %: checks: unreachable: it ` +
				`answered 503 ` +
				`(patience, 1s, has ended)"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			f, j := canaryForm, newJudge(t, test.answer)
			w := newWorkspace(t, lab, f, "")
			w.write(f.judged("100", "0", j.URL, test.more))
			w.must("apply")
			w.write(f.judged("0", "100", j.URL, test.more))
			_, r := w.plan()
			r.want(t, "warning", "Traffic walks in "+lab.Namespace+"/"+lab.Service,
				"Each step lasts 200ms, the whole 600ms",
				"these gates have to pass: checks. Where one does not, the shares")
			seen, r := watchShares(t, lab, w.begin("apply", "saved.tfplan"))
			if strings.Contains(r.text, "secret") {
				t.Errorf("the webhook's address is printed:\n%s", r.text)
			}
			wantShares(t, seen, test.shares...)
			w.wantAttribute("walk_state", test.state)
			if test.summary == "" {
				if !r.ok {
					t.Fatalf("the apply fails:\n%s", r.text)
				}
				if diff := cmp.Diff([]string{
					"step 1 of 3: v2 10 %", "step 2 of 3: v2 50 %", "step 3 of 3: v2 100 %",
				}, j.asked); diff != "" {
					t.Errorf("questions (-want +got):\n%s", diff)
				}
				w.unchanged()
				return
			}
			r.want(t, "error", test.summary, test.say...)
			change, r := w.plan()
			if got := of(t, change.Before, "walk_state"); got != test.state {
				t.Errorf("the next plan begins at %s", got)
			}
			more := "step 1 of 3, 10 % of the way: v1 90 %, v2 10 %"
			if test.summary == "Walk held" {
				more = "The walk goes on at step 2 of 3"
			}
			r.want(t, "warning", "Traffic walks in "+lab.Namespace+"/"+lab.Service, more)
		})
	}
}

// TestAccWalk_killedAtEnd: an apply that was killed when the last shares were live has not asked whether they are
// good. The next plan says that it is going to, although the shares are the planned ones.
func TestAccWalk_killedAtEnd(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	f := canaryForm
	var verdict atomic.Int64
	verdict.Store(http.StatusServiceUnavailable)
	j := newJudge(t, func(v2 int64) int {
		if v2 == 100 {
			return int(verdict.Load())
		}
		return http.StatusNoContent
	})
	w := &workspace{cli: newCLI(t), lab: lab, f: f}
	w.write(f.judged("100", "0", j.URL, ""))
	w.must("apply")
	w.write(f.judged("0", "100", j.URL, ""))
	p := newProcess(t)
	w.wrapper = p.wrap()
	done := w.begin("apply")
	awaitShare(t, lab, 100)
	p.killProvider()
	if r := <-done; r.ok {
		t.Fatalf("the apply succeeds:\n%s", r.text)
	}
	w.wrapper = nil
	verdict.Store(http.StatusConflict)
	change, r := w.plan()
	r.want(t, "warning", "Traffic walks in "+lab.Namespace+"/"+lab.Service, "The walk goes on at step 3 of 3")
	if was, is := of(t, change.Before, "walk_state"), of(t, change.After, "walk_state"); is != `"arrived"` {
		t.Errorf("walk_state goes from %s to %s", was, is)
	}
	w.run("apply", "saved.tfplan").want(t, "error", "Walk went back", "at step 3 of 3: v1 0 %, v2 100 %: checks: fail")
	if v2, _ := shares(lab); v2 != 0 {
		t.Errorf("v2 has %d %%, want what it had", v2)
	}
}
