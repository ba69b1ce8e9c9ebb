package acceptance_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// walkAnnotation is where a walk keeps its place.
const walkAnnotation = "terraform-provider-mesh/walk"

// walking returns the form's configuration with shares, and a walk in steps with a pause.
func (f form) walking(v1, v2, steps, pause string) string {
	return f.shared(v1, v2, parts{top: fmt.Sprintf("walk = { steps = %s, pause = %q }", steps, pause)})
}

// begin runs a command and goes on at once. The result comes when the command has ended.
func (w *workspace) begin(arguments ...string) <-chan result {
	done := make(chan result, 1)
	go func() { done <- w.run(arguments...) }()
	return done
}

// shares returns the live share of v2 in the first rule, and what the annotation says; -1 without the object.
func shares(lab *acctest.Lab) (v2 int64, annotation string) {
	o := lab.Get(acctest.VirtualService, lab.Service)
	if o == nil {
		return -1, ""
	}
	return shareIn(o), o.GetAnnotations()[walkAnnotation]
}

// shareIn returns the share of v2 in the first rule.
func shareIn(o *unstructured.Unstructured) int64 {
	weights := weightsOf(specOf(o))
	v2, is := weights["v2"]
	if is && len(weights) == 1 && v2 == 0 {
		return 100
	}
	return v2
}

// watchShares notes the shares of v2 until the command has ended, and returns each that differs from the one before.
func watchShares(t *testing.T, lab *acctest.Lab, done <-chan result) ([]int64, result) {
	t.Helper()
	return watched(t, lab, done, shareIn)
}

// watched notes what a VirtualService says until the command has ended, and returns each that differs from the one
// before: all of them, however short they were.
func watched[T comparable](
	t *testing.T, lab *acctest.Lab, done <-chan result, look func(*unstructured.Unstructured) T,
) ([]T, result) {
	t.Helper()
	watch, err := newKube(t, lab.Kubeconfig).objects(istio.APIVersion, "virtualservices", lab.Namespace).Watch(
		t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + lab.Service})
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Stop()
	var seen []T
	// version is that of the object that was seen last, and last the one with which the command ended.
	version, last := "", "not ended"
	var r result
	for version != last {
		select {
		case event, open := <-watch.ResultChan():
			o, is := event.Object.(*unstructured.Unstructured)
			if !open || !is {
				t.Fatalf("the watch ends after %v: %v", seen, event)
			}
			version = o.GetResourceVersion()
			if now := look(o); len(seen) == 0 || seen[len(seen)-1] != now {
				seen = append(seen, now)
			}
		case r = <-done:
			done = nil
			last = lab.MustGet(acctest.VirtualService, lab.Service).GetResourceVersion()
		}
	}
	return seen, r
}

// awaitShare waits until v2 has a share.
func awaitShare(t *testing.T, lab *acctest.Lab, want int64) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		v2, _ := shares(lab)
		if v2 == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("v2 has %d %%, and never %d %%", v2, want)
		}
	}
}

// awaitEvent waits until an Event tells of a step: then its write has ended, and not only become visible.
func awaitEvent(t *testing.T, lab *acctest.Lab, step string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		all := eventsOf(t, lab)
		if slices.ContainsFunc(all, func(e string) bool { return strings.HasPrefix(e, "Normal WalkStep: "+step) }) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no Event tells of the walk %s: %q", step, all)
		}
	}
}

// wantShares checks the shares of v2 that were seen.
func wantShares(t *testing.T, got []int64, want ...int64) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("shares of v2 (-want +got):\n%s", diff)
	}
}

// TestAccWalk: shares go to the planned ones in steps; everything else of the plan comes first, and what only the
// start needs goes last.
func TestAccWalk(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		w.write(f.walking("100", "0", "[10, 50]", "1s"))
		w.must("apply")
		w.wantAttribute("walk_state", `"arrived"`)
		w.unchanged()

		w.write(f.walking("0", "100", "[10, 50]", "1s"))
		change, r := w.plan()
		r.want(t, "warning", "Traffic walks in "+lab.Namespace+"/"+lab.Service,
			"step 1 of 3, 10 % of the way: v1 90 %, v2 10 %\nstep 2 of 3, 50 % of the way: v1 50 %, v2 50 %\n"+
				"step 3 of 3, 100 % of the way: v1 0 %, v2 100 %\n"+
				"Each step lasts 1s, the whole 2s, besides the writes. The state is locked until then.")
		if moved := r.moved(); len(moved) > 0 {
			t.Errorf("besides the walk the plan moves %v", moved)
		}
		if got := of(t, change.After, "walk_state"); got != `"arrived"` {
			t.Errorf("the plan says walk_state = %s", got)
		}
		began := time.Now()
		seen, r := watchShares(t, lab, w.begin("apply", "saved.tfplan"))
		if !r.ok {
			t.Fatalf("the apply fails:\n%s", r.text)
		}
		wantShares(t, seen, 0, 10, 50, 100)
		if took := time.Since(began); took < 2*time.Second {
			t.Errorf("two steps of a second took %s", took)
		}
		if _, annotation := shares(lab); annotation != "" {
			t.Errorf("the annotation stays: %s", annotation)
		}
		w.wantAttribute("walk_state", `"arrived"`)
		w.unchanged()
		w.must("destroy")
		nothingIn(t, lab)
	})
}

// TestAccWalk_everythingElse: a subset that comes is there before the first step, one that goes after the last, and a
// timeout that changes holds at once.
func TestAccWalk_everythingElse(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	w := newWorkspace(t, lab, canaryForm, "")
	route := func(subsets, fallback string) string {
		return `
resource "mesh_canary_route" "test" {
  service = local.service
  subsets = { ` + subsets + ` }
  default = { ` + fallback + ` }
  walk    = { steps = [20], pause = "2s" }
}
`
	}
	const (
		v1 = `v1 = { labels = { app = "k8s-combat-service-v1" } }`
		v2 = `v2 = { labels = { app = "k8s-combat-service-v2" } }`
	)
	w.write(route(v1, `subset = "v1"`))
	w.must("apply")
	w.write(route(v2, `subset = "v2", timeout = "7s"`))
	done := w.begin("apply")
	awaitShare(t, lab, 20)
	rule := firstRule(specOf(lab.MustGet(acctest.VirtualService, lab.Service)))
	if rule["timeout"] != "7s" {
		t.Errorf("at the first step the rule is %v", rule)
	}
	if subsets := specOf(lab.MustGet(acctest.DestinationRule, lab.Service))["subsets"].([]any); len(subsets) != 2 {
		t.Errorf("at the first step the subsets are %v", subsets)
	}
	if r := <-done; !r.ok {
		t.Fatalf("the apply fails:\n%s", r.text)
	}
	if err := lab.Spec(acctest.DestinationRule, lab.Service, `
host: HOST
subsets:
- {name: v2, labels: {app: k8s-combat-service-v2}}
`)(nil); err != nil {
		t.Error(err)
	}
	if err := lab.Spec(acctest.VirtualService, lab.Service, `
hosts: [HOST]
http:
- timeout: 7s
  route: [{destination: {host: HOST, subset: v2}}]
`)(nil); err != nil {
		t.Error(err)
	}
	w.unchanged()
}

// TestAccWalk_step: max_weight_step counts each step of a walk.
func TestAccWalk_step(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		limited := func(v1, v2, steps string) string {
			return f.shared(v1, v2, parts{
				top: "max_weight_step = 50\nwalk = { steps = " + steps + ", pause = \"0s\" }",
			})
		}
		w.write(limited("100", "0", "[10, 50]"))
		w.must("apply")
		w.write(limited("0", "100", "[10, 40]"))
		w.fails("Step too large", []string{
			"v2 gains 60 percent points", "40 % → 100 %", "max_weight_step = 60",
		}, "plan")
		w.write(limited("0", "100", "[10, 50]"))
		seen, r := watchShares(t, lab, w.begin("apply"))
		if !r.ok || seen[len(seen)-1] != 100 {
			t.Fatalf("v2 got %v:\n%s", seen, r.text)
		}
		w.unchanged()
	})
}

// TestAccWalk_interrupted: Ctrl-C holds a walk at its step. The state says so, and the next apply goes on from there.
func TestAccWalk_interrupted(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "walker")
		w.write(f.walking("100", "0", "[10, 50]", "1s"))
		w.must("apply")
		w.write(f.walking("0", "100", "[10, 50]", "1m"))
		p := newProcess(t)
		w.wrapper = p.wrap()
		done := w.begin("apply")
		awaitEvent(t, lab, "at step 1 of 3")
		p.interrupt()
		r := <-done
		r.want(t, "error", "Walk stopped", "The apply was interrupted at step 1 of 3: v1 90 %, v2 10 %.",
			"The next apply goes on from there.")
		w.wrapper = nil
		w.wantAttribute("walk_state", `"stopped at step 1 of 3, 10 % of the way"`)

		w.write(f.walking("0", "100", "[10, 50]", "1s"))
		change, r := w.plan()
		r.want(t, "warning", "Traffic walks in "+lab.Namespace+"/"+lab.Service,
			"The walk goes on at step 1 of 3, where an earlier apply was stopped.\n"+
				"step 1 of 3, 10 % of the way: v1 90 %, v2 10 %")
		if got := of(t, change.Before, "walk_state"); !strings.Contains(got, "step 1 of 3") {
			t.Errorf("the plan changes walk_state from %s", got)
		}
		seen, r := watchShares(t, lab, w.begin("apply", "saved.tfplan"))
		if !r.ok {
			t.Fatalf("the apply fails:\n%s", r.text)
		}
		wantShares(t, seen, 10, 50, 100)
		w.wantAttribute("walk_state", `"arrived"`)
		w.unchanged()
	})
}

// TestAccWalk_killed: what a killed apply left at a step the next one takes up, on to the same target; to another
// one it starts from the shares that are live.
func TestAccWalk_killed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		v1, v2 string
		want   []int64
		say    string
	}{
		"the same target":   {"0", "100", []int64{10, 50, 100}, "The walk goes on at step 1 of 3"},
		"another target":    {"50", "50", []int64{10, 14, 30, 50}, "step 1 of 3, 10 % of the way: v1 86 %, v2 14 %"},
		"back to the start": {"100", "0", []int64{10, 9, 5, 0}, "step 1 of 3, 10 % of the way: v1 91 %, v2 9 %"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			f := canaryForm
			w := &workspace{cli: newCLI(t), lab: lab, f: f}
			w.write(f.walking("100", "0", "[10, 50]", "1s"))
			w.must("apply")
			w.write(f.walking("0", "100", "[10, 50]", "1m"))
			p := newProcess(t)
			w.wrapper = p.wrap()
			done := w.begin("apply")
			awaitShare(t, lab, 10)
			p.killProvider()
			if r := <-done; r.ok {
				t.Fatalf("the apply succeeds:\n%s", r.text)
			}
			w.wrapper = nil
			w.write(f.walking(test.v1, test.v2, "[10, 50]", "1s"))
			_, r := w.plan()
			r.want(t, "warning", "Traffic walks in "+lab.Namespace+"/"+lab.Service, test.say)
			seen, r := watchShares(t, lab, w.begin("apply", "saved.tfplan"))
			if !r.ok {
				t.Fatalf("the apply fails:\n%s", r.text)
			}
			wantShares(t, seen, test.want...)
			w.unchanged()
		})
	}
}

// TestAccWalk_foreign: a walk whose shares somebody else changes ends, with his name, and overwrites nothing. A label
// that somebody puts there is no reason to end.
func TestAccWalk_foreign(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	f := canaryForm
	w := newWorkspace(t, lab, f, "")
	k := newKube(t, lab.Kubeconfig)
	// Each step lasts until the other one has done what he does at it.
	var seen atomic.Int64
	j := newJudge(t, func(v2 int64) int {
		for range 500 {
			if v2 <= seen.Load() {
				return http.StatusNoContent
			}
			time.Sleep(10 * time.Millisecond)
		}
		return http.StatusServiceUnavailable
	})
	w.write(f.judged("100", "0", j.URL, ""))
	w.must("apply")
	w.write(f.judged("0", "100", j.URL, ""))
	done := w.begin("apply")
	awaitShare(t, lab, 10)
	if err := updateAs(t.Context(), k, lab, "labeller", acctest.VirtualService, func(o *unstructured.Unstructured) {
		labels := o.GetLabels()
		labels["seen"] = "yes"
		o.SetLabels(labels)
	}); err != nil {
		t.Fatal(err)
	}
	seen.Store(10)
	awaitShare(t, lab, 50)
	if err := updateAs(t.Context(), k, lab, "impatient", acctest.VirtualService, func(o *unstructured.Unstructured) {
		setWeights(specOf(o), map[string]int64{"v1": 30, "v2": 70})
	}); err != nil {
		t.Fatal(err)
	}
	seen.Store(50)
	r := <-done
	r.want(t, "error", "Walk ended by somebody else", "The walk was at step 2 of 3: v1 50 %, v2 50 %",
		`"impatient" (Update`, "weights_managed_by")
	if v2, _ := shares(lab); v2 != 70 {
		t.Errorf("v2 has %d %%, want what the other one gave it", v2)
	}
	w.wantAttribute("walk_state", `"ended: somebody else has set the shares since"`)
	w.fails("Fields owned by another manager", []string{`conflict with "impatient"`}, "plan")

	// Who takes the rules back walks from where they are.
	w.write(strings.Replace(f.walking("0", "100", "[10, 50]", "0s"), "walk =", "force_conflicts = true\n  walk =", 1))
	_, r = w.plan()
	r.want(t, "warning", "Traffic walks in "+lab.Namespace+"/"+lab.Service,
		"step 1 of 3, 10 % of the way: v1 27 %, v2 73 %")
	w.must("apply", "saved.tfplan")
	w.wantAttribute("walk_state", `"arrived"`)
	w.unchanged()
}
