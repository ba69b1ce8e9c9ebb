package acceptance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// invoke runs an action as a CLI does that knows actions, and returns what it tells on the way and in the end.
func (s server) invoke(t *testing.T, name, attributes string) (progress []string, diagnostics []*tfprotov6.Diagnostic) {
	t.Helper()
	actions, ok := s.ProviderServer.(tfprotov6.ActionServer)
	if !ok || s.schemas.ActionSchemas[name] == nil {
		t.Fatalf("there is no action %s", name)
	}
	of := s.schemas.ActionSchemas[name].Schema.ValueType()
	config, err := tfprotov6.NewDynamicValue(of, parseHCL(t, of, attributes))
	if err != nil {
		t.Fatal(err)
	}
	checked, err := actions.ValidateActionConfig(t.Context(),
		&tfprotov6.ValidateActionConfigRequest{ActionType: name, Config: &config})
	if err != nil || len(checked.Diagnostics) > 0 {
		return nil, checked.Diagnostics
	}
	planned, err := actions.PlanAction(t.Context(), &tfprotov6.PlanActionRequest{ActionType: name, Config: &config})
	if err != nil || len(planned.Diagnostics) > 0 {
		return nil, planned.Diagnostics
	}
	stream, err := actions.InvokeAction(t.Context(), &tfprotov6.InvokeActionRequest{ActionType: name, Config: &config})
	if err != nil {
		t.Fatal(err)
	}
	for event := range stream.Events {
		switch of := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			progress = append(progress, of.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			diagnostics = of.Diagnostics
		}
	}
	return progress, diagnostics
}

// acts returns the provider of a workspace for actions, as another run has it.
func (w *workspace) acts() server {
	return configured(w.t, fmt.Sprintf("config_path = %q\ndefault_namespace = %q\n%s", w.lab.Kubeconfig,
		w.lab.Namespace, w.block))
}

// succeeds invokes an action on the route, and checks what it tells: `at step 1 of 3, 10 % of the way: ...`.
func (w *workspace) succeeds(action, more string, want ...string) {
	w.t.Helper()
	progress, diagnostics := w.acts().invoke(w.t, action, fmt.Sprintf("name = %q\n%s", w.lab.Service, more))
	for _, d := range diagnostics {
		w.t.Errorf("%s: %s: %s", action, d.Summary, d.Detail)
	}
	for i, text := range want {
		want[i] = fmt.Sprintf("VirtualService \"%s/%s\" is %s", w.lab.Namespace, w.lab.Service, text)
	}
	if diff := cmp.Diff(want, progress); diff != "" {
		w.t.Errorf("progress of %s (-want +got):\n%s", action, diff)
	}
}

// refuses invokes an action on the route that comes to nothing.
func (w *workspace) refuses(action, more, summary string, say ...string) {
	w.t.Helper()
	before, _ := shares(w.lab)
	progress, diagnostics := w.acts().invoke(w.t, action, fmt.Sprintf("name = %q\n%s", w.lab.Service, more))
	if len(diagnostics) != 1 || diagnostics[0].Summary != summary || len(progress) > 0 {
		w.t.Fatalf("%s tells %q, and ends with %+v; want %s", action, progress, diagnostics, summary)
	}
	for _, text := range say {
		if !strings.Contains(diagnostics[0].Detail, text) {
			w.t.Errorf("%s does not say %q: %s", action, text, diagnostics[0].Detail)
		}
	}
	if after, _ := shares(w.lab); after != before {
		w.t.Errorf("%s moves v2 from %d %% to %d %%", action, before, after)
	}
}

// TestAccWalkActions: mesh_promote takes the next step or all of them, and mesh_abort goes back. The next plan of the
// resource shows the new place and nothing else, and after an abort the same walk from its start.
func TestAccWalkActions(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "walker")
		w.write(f.stepping("100", "0", `pause = "1h"`))
		w.must("apply")
		w.refuses("mesh_promote", "", "No walk under way", lab.Service, "carries no annotation")
		w.refuses("mesh_abort", "", "No walk under way", lab.Service)
		w.write(f.stepping("0", "100", `pause = "1h"`))
		w.must("apply")
		w.wantStep(firstStep, secondStep)
		w.succeeds("mesh_promote", "", secondStep+": v1 50 %, v2 50 %")
		wantShare(t, lab, 50, true)
		w.wantStep(secondStep, "arrived")

		w.succeeds("mesh_abort", "", "on the way back, "+firstStep+": v1 90 %, v2 10 %",
			"on the way back, at the start: v1 100 %, v2 0 %")
		wantShare(t, lab, 0, true)
		w.refuses("mesh_abort", "", "No walk under way")
		change, r := w.plan()
		if got := of(t, change.Before, "walk_state"); got != `"taken back to the start by mesh_abort"` {
			t.Errorf("after an abort walk_state is %s", got)
		}
		r.want(t, "warning", "Traffic walks in "+lab.Namespace+"/"+lab.Service,
			"This apply takes step 1, and ends there:\nstep 1 of 3, 10 % of the way: v1 90 %, v2 10 %")
		w.must("apply", "saved.tfplan")
		wantShare(t, lab, 10, true)
		w.wantStep(firstStep, secondStep)

		w.succeeds("mesh_promote", `to = "end"`, secondStep+": v1 50 %, v2 50 %", lastStep+": v1 0 %, v2 100 %")
		wantShare(t, lab, 100, true)
		w.succeeds("mesh_promote", "", lastStep+" already: the next apply of the resource ends the walk")
		w.wantStep(lastStep, "arrived")
		w.must("apply", "saved.tfplan")
		wantShare(t, lab, 100, false)
		w.unchanged()
	})
}

// TestAccWalkActions_abandoned: whoever takes a walk back and plans the start has nothing left of it.
func TestAccWalkActions_abandoned(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	f, w := canaryForm, newWorkspace(t, lab, canaryForm, "")
	w.takeFirstStep()
	w.succeeds("mesh_abort", "", "on the way back, at the start: v1 100 %, v2 0 %")
	w.write(f.stepping("100", "0", `pause = "0s"`))
	change, _ := w.plan()
	if got := of(t, change.After, "walk_state"); got != `"arrived"` {
		t.Errorf("the plan goes to %s", got)
	}
	w.must("apply", "saved.tfplan")
	wantShare(t, lab, 0, false)
	w.unchanged()
}

// TestAccWalkActions_refused: an action leaves alone what is somebody else's.
func TestAccWalkActions_refused(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	w := newWorkspace(t, lab, canaryForm, "walker")
	w.takeFirstStep()
	for _, action := range []string{"mesh_promote", "mesh_abort"} {
		w.own("another")
		w.refuses(action, "", "Owned by another workspace", `the owner "walker"`, `is "another"`)
		w.own("walker")
		w.refuses(action, `namespace = "kube-public"`, "No such route", `VirtualService "kube-public/`+lab.Service)
		w.refuses(action, `namespace = "No"`, "Invalid namespace", "lower-case letters")
	}
	w.refuses("mesh_promote", `weights = { "http[0]" = { v1 = 0, v2 = 100 } }`, "Walk of Terraform's",
		"Leave weights out")
	k := newKube(t, lab.Kubeconfig)
	if err := updateAs(t.Context(), k, lab, "impatient", acctest.VirtualService, func(o *unstructured.Unstructured) {
		setWeights(specOf(o), map[string]int64{"v1": 30, "v2": 70})
	}); err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"mesh_promote", "mesh_abort"} {
		w.refuses(action, "", "Walk ended by somebody else", `"impatient" (Update`, "Nothing was written")
	}
}

// TestAccWalkActions_start: what a killed apply has only begun is not taken back, and goes on.
func TestAccWalkActions_start(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	w := newWorkspace(t, lab, canaryForm, "")
	w.takeFirstStep()
	lab.EditObject(acctest.VirtualService, lab.Service, func(o *unstructured.Unstructured) {
		setWeights(specOf(o), map[string]int64{"v1": 100, "v2": 0})
		all := o.GetAnnotations()
		all[walkAnnotation] = strings.Replace(all[walkAnnotation], `"step":1`, `"step":0`, 1)
		o.SetAnnotations(all)
	})
	w.refuses("mesh_abort", "", "Walk is at its start", "v1 100 %, v2 0 %")
	w.refuses("mesh_promote", "", "Fields owned by another manager", "kubectl-edit")
}

// TestActions_hostile: what is too large for an action is not looked at, and what is wrong with it can be printed.
func TestActions_hostile(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, attributes := range map[string]string{
		"escapes":     "name = \"a\\u001b[2J\"",
		"a huge name": fmt.Sprintf("name = %q", strings.Repeat("x", 3<<20)),
		"huge weights": fmt.Sprintf("name = \"a\"\nweights = { %q = { v1 = 1 } }",
			strings.Repeat("x", 3<<20)),
	} {
		_, diagnostics := s.invoke(t, "mesh_promote", attributes)
		if len(diagnostics) == 0 {
			t.Errorf("%s pass", name)
		}
		for _, d := range diagnostics {
			if len(d.Detail) > 5000 || strings.Contains(d.Detail, "\x1b") {
				t.Errorf("%s: %d bytes are told: %.300q", name, len(d.Detail), d.Detail)
			}
		}
	}
}

// TestAccWalkActions_auto: a walk that an apply makes by itself is left alone.
func TestAccWalkActions_auto(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	f, w := canaryForm, newWorkspace(t, lab, canaryForm, "walker")
	w.write(f.walking("100", "0", "[10]", "4s"))
	w.must("apply")
	w.write(f.walking("0", "100", "[10]", "4s"))
	done := w.begin("apply")
	awaitShare(t, lab, 10)
	w.refuses("mesh_promote", "", "Walk goes by itself", "interrupt that apply")
	w.refuses("mesh_abort", "", "Walk goes by itself")
	if r := <-done; !r.ok {
		t.Errorf("the apply fails:\n%s", r.text)
	}
}

// TestAccWalkActions_others: where the weights are not Terraform's, mesh_promote goes to those that it is given, by
// its own steps, and mesh_abort back from there. The resource has nothing to say about that.
func TestAccWalkActions_others(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	f, w := splitForm, newWorkspace(t, lab, splitForm, "")
	w.write(f.shared("100", "0", parts{top: `weights_managed_by = "other"`}))
	w.must("apply")
	to := func(v1, v2 int) string {
		return fmt.Sprintf("steps = [20]\nweights = { \"http[0]\" = { v1 = %d, v2 = %d } }", v1, v2)
	}
	w.refuses("mesh_promote", `weights = { "http[7]" = { v1 = 100 } }`, "Invalid weights", `no rule "http[7]"`)
	w.refuses("mesh_promote", `weights = { "http[0]" = { v9 = 100 } }`, "Invalid weights", `no destination "v9"`)
	w.refuses("mesh_promote", to(50, 60), "Invalid weights", "sum to 110")
	w.refuses("mesh_promote", to(-10, 110), "Invalid weights", "from 0 to 100")
	w.refuses("mesh_promote", "steps = [10]", "Invalid steps", "are those of weights")
	w.refuses("mesh_promote", to(0, 100)+"\nto = \"later\"", "Invalid value", `"later"`)
	w.succeeds("mesh_promote", to(0, 100), "at step 1 of 2, 20 % of the way: v1 80 %, v2 20 %")
	wantShare(t, lab, 20, true)
	w.unchanged()
	w.succeeds("mesh_promote", to(0, 100), "at step 2 of 2, 100 % of the way: v1 0 %, v2 100 %")
	w.succeeds("mesh_abort", "", "on the way back, at step 1 of 2, 20 % of the way: v1 80 %, v2 20 %",
		"on the way back, at the start: v1 100 %, v2 0 %")
	w.unchanged()

	k := newKube(t, lab.Kubeconfig)
	edit := func(manager string, change func(*unstructured.Unstructured)) {
		t.Helper()
		if err := updateAs(t.Context(), k, lab, manager, acctest.VirtualService, change); err != nil {
			t.Fatal(err)
		}
	}
	edit("somebody", func(o *unstructured.Unstructured) { setWeights(specOf(o), map[string]int64{"v1": 50, "v2": 50}) })
	w.succeeds("mesh_promote", to(0, 100), "at step 1 of 2, 20 % of the way: v1 40 %, v2 60 %")
	w.unchanged()
	edit("rollouts-controller", func(o *unstructured.Unstructured) {
		setWeights(specOf(o), map[string]int64{"v1": 50, "v2": 50})
	})
	w.refuses("mesh_promote", to(0, 100), "Weights of another tool", "Argo Rollouts", "Promote with that")
}
