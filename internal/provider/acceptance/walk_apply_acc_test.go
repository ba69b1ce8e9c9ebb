package acceptance_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// stepping returns the form's configuration with shares, and a walk of which each apply takes one step.
func (f form) stepping(v1, v2, more string) string {
	return f.shared(v1, v2, parts{top: `walk = {
    steps   = [10, 50]
    advance = "apply"
    ` + more + `
  }`})
}

// takeFirstStep sends everything to v1, and then takes the first step of the way to v2.
func (w *workspace) takeFirstStep() {
	w.t.Helper()
	w.write(w.f.stepping("100", "0", `pause = "0s"`))
	w.must("apply")
	w.write(w.f.stepping("0", "100", `pause = "0s"`))
	w.must("apply")
}

// wantStep plans the next step of a walk, and checks that nothing but the words for it change. It returns what was
// said.
func (w *workspace) wantStep(from, to string) result {
	w.t.Helper()
	change, r := w.plan()
	before, after := change.Before.(map[string]any), change.After.(map[string]any)
	changed := map[string]bool{}
	for name := range after {
		changed[name] = !cmp.Equal(before[name], after[name])
	}
	for name, is := range changed {
		if is && name != "walk_state" && name != "summary" {
			w.t.Errorf("the plan changes %s from %v to %v", name, before[name], after[name])
		}
	}
	if got := []any{before["walk_state"], after["walk_state"]}; !cmp.Equal(got, []any{from, to}) {
		w.t.Errorf("the plan goes from %s to %s, want from %s to %s", got[0], got[1], from, to)
	}
	return r
}

// wantShare checks the live share of v2, and whether the annotation is there.
func wantShare(t *testing.T, lab *acctest.Lab, want int64, walks bool) {
	t.Helper()
	if v2, annotation := shares(lab); v2 != want || walks != (annotation != "") {
		t.Errorf("v2 has %d %%, want %d %%; the annotation is %q", v2, want, annotation)
	}
}

const (
	firstStep  = "at step 1 of 3, 10 % of the way"
	secondStep = "at step 2 of 3, 50 % of the way"
	lastStep   = "at step 3 of 3, 100 % of the way"
)

// TestAccWalkByApply: each apply takes one step and ends well there; the next plan shows the next step and nothing
// else, until the shares are the planned ones.
func TestAccWalkByApply(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		walks := "Traffic walks in " + lab.Namespace + "/" + lab.Service
		w.write(f.stepping("100", "0", `pause = "0s"`))
		w.must("apply")
		w.wantAttribute("walk_state", `"arrived"`)
		w.unchanged()

		w.write(f.stepping("0", "100", `pause = "0s"`))
		change, r := w.plan()
		r.want(t, "warning", walks, "This apply takes step 1, and ends there:\n"+
			"step 1 of 3, 10 % of the way: v1 90 %, v2 10 %\nEach of the next applies takes one step:\n"+
			"step 2 of 3, 50 % of the way: v1 50 %, v2 50 %\nstep 3 of 3, 100 % of the way: v1 0 %, v2 100 %")
		if got := of(t, change.After, "walk_state"); got != `"`+firstStep+`"` {
			t.Errorf("the plan says walk_state = %s", got)
		}
		wantShare(t, lab, 0, false)
		w.must("apply", "saved.tfplan")
		wantShare(t, lab, 10, true)
		w.wantAttribute("walk_state", `"`+firstStep+`"`)
		w.must("refresh")
		w.wantAttribute("walk_state", `"`+firstStep+`"`)

		r = w.wantStep(firstStep, secondStep)
		r.want(t, "warning", walks, "The walk is at step 1 of 3: v1 90 %, v2 10 %. When that has lasted 0s, this "+
			"apply takes step 2, and ends there:\nstep 2 of 3, 50 % of the way: v1 50 %, v2 50 %\n"+
			"Each of the next applies takes one step:\nstep 3 of 3, 100 % of the way: v1 0 %, v2 100 %")
		wantShare(t, lab, 10, true)
		w.must("apply", "saved.tfplan")
		wantShare(t, lab, 50, true)

		r = w.wantStep(secondStep, "arrived")
		r.want(t, "warning", walks, "this apply takes the last step:\nstep 3 of 3, 100 % of the way")
		w.must("apply", "saved.tfplan")
		wantShare(t, lab, 100, false)
		w.wantAttribute("walk_state", `"arrived"`)
		w.unchanged()
		w.unchanged()
		w.must("destroy")
		nothingIn(t, lab)
	})
}

// TestAccWalkByApply_changed: between two steps a plan for something else than the next step does that.
func TestAccWalkByApply_changed(t *testing.T) {
	t.Parallel()
	f := canaryForm
	for name, test := range map[string]struct {
		config string
		// says is what the plan says, and state and share are where the apply ends.
		summary, says, state string
		share                int64
		then                 []int64
	}{
		"without a walk": {
			f.shared("0", "100", parts{}), "Traffic moves", "10 % → 100 %", "null", 100, nil,
		},
		"in one apply": {
			f.walking("0", "100", "[10, 50]", "0s"), "Traffic walks",
			"The walk goes on at step 1 of 3, where an earlier apply was stopped.", `"arrived"`, 100, nil,
		},
		"to other shares": {
			f.stepping("50", "50", `pause = "0s"`), "Traffic walks", "step 1 of 3, 10 % of the way: v1 86 %, v2 14 %",
			`"at step 1 of 3, 10 % of the way"`, 14, []int64{30, 50},
		},
		"by other steps": {
			strings.Replace(f.stepping("0", "100", `pause = "0s"`), "[10, 50]", "[20]", 1), "Traffic walks",
			"step 1 of 2, 20 % of the way: v1 72 %, v2 28 %", `"at step 1 of 2, 20 % of the way"`, 28, []int64{100},
		},
		"back to the start": {
			f.shared("100", "0", parts{}), "Traffic moves", "10 % → 0 %", "null", 0, nil,
		},
		"with a timeout": {
			strings.Replace(f.stepping("0", "100", `pause = "0s"`), "walk =", "labels = { a = \"b\" }\n  walk =", 1),
			"Traffic walks", "this apply takes step 2", `"` + secondStep + `"`, 50, []int64{100},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			w := newWorkspace(t, lab, f, "walker")
			w.takeFirstStep()
			w.write(test.config)
			_, r := w.plan()
			r.want(t, "warning", test.summary+" in "+lab.Namespace+"/"+lab.Service, test.says)
			w.must("apply", "saved.tfplan")
			wantShare(t, lab, test.share, strings.HasPrefix(test.state, `"at`))
			w.wantAttribute("walk_state", test.state)
			for _, share := range test.then {
				w.must("apply")
				wantShare(t, lab, share, share != test.then[len(test.then)-1])
			}
			w.unchanged()
		})
	}
}

// TestAccWalkByApply_everything: a subset that only the start needs stays until the end, and is no difference
// meanwhile.
func TestAccWalkByApply_everything(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	w := newWorkspace(t, lab, canaryForm, "")
	route := func(subsets, fallback string) string {
		return `
resource "mesh_canary_route" "test" {
  service = local.service
  subsets = { ` + subsets + ` }
  default = { ` + fallback + ` }
  walk    = { steps = [20], pause = "0s", advance = "apply" }
}
`
	}
	w.write(route(`v1 = { labels = { app = "k8s-combat-service-v1" } }`, `subset = "v1"`))
	w.must("apply")
	w.write(route(`v2 = { labels = { app = "k8s-combat-service-v2" } }`, `subset = "v2", timeout = "7s"`))
	w.must("apply")
	wantShare(t, lab, 20, true)
	if subsets := specOf(lab.MustGet(acctest.DestinationRule, lab.Service))["subsets"].([]any); len(subsets) != 2 {
		t.Errorf("at the first step the subsets are %v", subsets)
	}
	w.wantStep("at step 1 of 2, 20 % of the way", "arrived")
	w.must("apply", "saved.tfplan")
	if err := lab.Spec(acctest.DestinationRule, lab.Service, `
host: HOST
subsets:
- {name: v2, labels: {app: k8s-combat-service-v2}}
`)(nil); err != nil {
		t.Error(err)
	}
	w.unchanged()
}

// TestAccWalkByApply_stopped: what a killed or interrupted apply leaves is where the next plan goes on, and so is a
// route that was imported. It can be destroyed.
func TestAccWalkByApply_stopped(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	f, w := canaryForm, newWorkspace(t, lab, canaryForm, "walker")
	w.takeFirstStep()
	w.wantStep(firstStep, secondStep)

	w.write(f.stepping("0", "100", `pause = "1h"`))
	p := newProcess(t)
	w.wrapper = p.wrap()
	log, env := filepath.Join(w.dir, "terraform.log"), w.env
	w.env = []string{"TF_LOG_PROVIDER=INFO", "TF_LOG_PATH=" + log}
	done := w.begin("apply")
	for deadline := time.Now().Add(time.Minute); !strings.Contains(readFileOrNone(log), "walk: at step 1 of 3"); {
		if time.Now().After(deadline) {
			t.Fatalf("the apply does not come to its walk:\n%s", readFileOrNone(log))
		}
		time.Sleep(20 * time.Millisecond)
	}
	p.interrupt()
	r := <-done
	r.want(t, "error", "Walk stopped", "The apply was interrupted at step 1 of 3: v1 90 %, v2 10 %.")
	w.wrapper, w.env = nil, env
	w.wantAttribute("walk_state", `"`+firstStep+`"`)
	w.write(f.stepping("0", "100", `pause = "0s"`))

	w.must("state", "rm", f.address)
	w.must("import", f.address, lab.Namespace+"/"+lab.Service)
	w.wantAttribute("walk_state", "null")
	if got, want := w.attribute("rules"), `"weights":{"v1":90,"v2":10}`; !strings.Contains(got, want) {
		t.Errorf("the import has the rules %s, want %s", got, want)
	}
	w.write(f.stepping("0", "100", `pause = "0s"`) + `
data "mesh_service_routing" "live" { service = local.service }
output "live" { value = data.mesh_service_routing.live.virtual_services[0].weights["http[0]"].v2 }
`)
	change, _ := w.plan()
	if got := of(t, change.After, "walk_state"); got != `"`+secondStep+`"` {
		t.Errorf("after an import the plan goes to %s", got)
	}
	w.must("apply", "saved.tfplan")
	wantShare(t, lab, 50, true)
	w.wantOutput("live", float64(10))
	w.wantStep(secondStep, "arrived")
	w.must("destroy")
	nothingIn(t, lab)
}

// TestAccWalkByApply_killed: an apply that was killed after its step has a state of before; the next plan goes on
// from what is live.
func TestAccWalkByApply_killed(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	f, w := canaryForm, newWorkspace(t, lab, canaryForm, "")
	state := filepath.Join(w.dir, "terraform.tfstate")
	w.write(f.stepping("100", "0", `pause = "0s"`))
	w.must("apply")
	before := readFile(t, state)
	w.write(f.stepping("0", "100", `pause = "0s"`))
	w.must("apply")
	wantShare(t, lab, 10, true)
	first := readFile(t, state)

	w.cli.write("terraform.tfstate", before)
	change, _ := w.plan()
	if got, want := of(t, change.Before, "walk_state"), `"stopped at step 1 of 3, 10 % of the way"`; got != want {
		t.Errorf("the plan begins at %s, want %s", got, want)
	}
	w.must("apply", "saved.tfplan")
	wantShare(t, lab, 50, true)
	w.wantStep(secondStep, "arrived")

	w.cli.write("terraform.tfstate", first)
	w.wantStep(secondStep, "arrived")
	w.must("apply", "saved.tfplan")
	wantShare(t, lab, 100, false)
	w.cli.write("terraform.tfstate", first)
	w.unchanged()
}

// TestAccWalkByApply_foreign: weights that somebody else writes between two steps end the walk, with his name; an
// annotation that somebody takes away does, too. What else he changes is shown beside the walk.
func TestAccWalkByApply_foreign(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*unstructured.Unstructured)
		state  string
		check  func(*testing.T, *workspace)
	}{
		"weights": {
			func(o *unstructured.Unstructured) { setWeights(specOf(o), map[string]int64{"v1": 30, "v2": 70}) },
			"ended: somebody else has set the shares since",
			func(_ *testing.T, w *workspace) {
				w.fails("Fields owned by another manager", []string{`conflict with "impatient"`}, "plan")
			},
		},
		"the annotation": {
			withoutWalk, "ended: the annotation that said where it was is gone",
			func(t *testing.T, w *workspace) {
				t.Helper()
				change, _ := w.plan()
				if got := of(t, change.After, "walk_state"); got != asJSON(t, firstStep) {
					t.Errorf("the plan goes to %s", got)
				}
			},
		},
		"a timeout": {
			func(o *unstructured.Unstructured) { firstRule(specOf(o))["timeout"] = "9s" }, firstStep,
			func(_ *testing.T, w *workspace) {
				w.fails("Fields owned by another manager", []string{`conflict with "impatient"`}, "plan")
			},
		},
		"a label": {
			func(o *unstructured.Unstructured) { o.SetLabels(map[string]string{"seen": "yes"}) }, firstStep,
			func(_ *testing.T, w *workspace) { w.wantStep(firstStep, secondStep) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			w := newWorkspace(t, lab, canaryForm, "")
			k := newKube(t, lab.Kubeconfig)
			w.takeFirstStep()
			if err := updateAs(t.Context(), k, lab, "impatient", acctest.VirtualService, test.change); err != nil {
				t.Fatal(err)
			}
			w.must("apply", "-refresh-only")
			w.wantAttribute("walk_state", asJSON(t, test.state))
			test.check(t, w)
		})
	}
}

// TestAccWalkByApply_unknown: where the shares are known only at apply, so is the step.
func TestAccWalkByApply_unknown(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	f, w := canaryForm, newWorkspace(t, lab, canaryForm, "")
	w.write(f.stepping("100", "0", `pause = "0s"`))
	w.must("apply")
	const out = "terraform_data.late.output."
	w.write(late(`v1 = 0, v2 = 100`) + f.stepping(out+"v1", out+"v2", `pause = "0s"`))
	change, _ := w.plan()
	if unknown := change.AfterUnknown.(map[string]any); unknown["walk_state"] != true || unknown["summary"] != true {
		t.Errorf("the plan does not know %v", unknown)
	}
	w.must("apply", "saved.tfplan")
	w.wantAttribute("walk_state", asJSON(t, firstStep))
	w.wantStep(firstStep, secondStep)
}

// withoutWalk takes the annotation of a walk away.
func withoutWalk(o *unstructured.Unstructured) {
	all := o.GetAnnotations()
	delete(all, walkAnnotation)
	o.SetAnnotations(all)
}

// TestAccWalkByApply_late: a plan whose walk has gone on since is refused.
func TestAccWalkByApply_late(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	w := newWorkspace(t, lab, canaryForm, "")
	k := newKube(t, lab.Kubeconfig)
	w.takeFirstStep()
	w.wantStep(firstStep, secondStep)
	if err := updateAs(t.Context(), k, lab, "impatient", acctest.VirtualService, withoutWalk); err != nil {
		t.Fatal(err)
	}
	w.fails("Object changed since the plan", []string{"its walk is not where it was when the plan was made"}, "apply",
		"saved.tfplan")
	wantShare(t, lab, 10, false)
}
