package acceptance_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

const (
	rolloutsManager = "rollouts-controller"
	rolloutsLabel   = "rollouts-pod-template-hash"
)

// weightsOf returns the weights of the first rule by subset. An only destination has no weight.
func weightsOf(spec map[string]any) map[string]int64 {
	weights := map[string]int64{}
	for _, route := range firstRule(spec)["route"].([]any) {
		destination := route.(map[string]any)
		subset := destination["destination"].(map[string]any)["subset"].(string)
		weights[subset], _ = destination["weight"].(int64)
	}
	return weights
}

func setWeights(spec map[string]any, weights map[string]int64) {
	for _, route := range firstRule(spec)["route"].([]any) {
		destination := route.(map[string]any)
		if weight, ok := weights[destination["destination"].(map[string]any)["subset"].(string)]; ok {
			destination["weight"] = weight
		}
	}
}

// rollout is a controller like Argo Rollouts: every 200 ms it updates the weights of the first rule, and puts its
// label on the subsets. It notes when somebody else has set its weights back.
type rollout struct {
	t      *testing.T
	stop   context.CancelFunc
	ended  sync.WaitGroup
	number int64
	reset  []string
}

func startRollout(t *testing.T, lab *acctest.Lab) *rollout {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &rollout{t: t, stop: cancel, number: 10}
	k := newKube(t, lab.Kubeconfig)
	r.ended.Go(func() {
		last := map[string]int64{}
		for ctx.Err() == nil {
			next := map[string]int64{"v1": 100 - r.number, "v2": r.number}
			err := updateAs(ctx, k, lab, rolloutsManager, acctest.VirtualService, func(o *unstructured.Unstructured) {
				if is := weightsOf(specOf(o)); len(last) > 0 && (is["v1"] != last["v1"] || is["v2"] != last["v2"]) {
					r.reset = append(r.reset, fmt.Sprintf("%v became %v", last, is))
				}
				setWeights(specOf(o), next)
			})
			if err == nil {
				last = next
				r.number = r.number%90 + 1
				err = updateAs(ctx, k, lab, rolloutsManager, acctest.DestinationRule, func(
					o *unstructured.Unstructured,
				) {
					for _, subset := range specOf(o)["subsets"].([]any) {
						subset.(map[string]any)["labels"].(map[string]any)[rolloutsLabel] = fmt.Sprint(r.number / 10)
					}
				})
			}
			if err != nil && ctx.Err() == nil {
				t.Errorf("roll out: %v", err)
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	})
	t.Cleanup(r.end)
	return r
}

// end stops the controller.
func (r *rollout) end() {
	r.stop()
	r.ended.Wait()
	if len(r.reset) > 0 {
		r.t.Errorf("weights were set back: %s", strings.Join(r.reset, ", "))
	}
	r.reset = nil
}

// byOthers are the parts of a configuration whose weights somebody else sets.
func byOthers(p parts) parts {
	p.top = "weights_managed_by = \"other\"\n" + p.top
	return p
}

// TestAccHandover_rollout: while a controller moves the weights, Terraform changes everything else, and never a
// weight.
func TestAccHandover_rollout(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "shop/prod")
		declare := func(p parts) { w.write(f.shared("90", "10", byOthers(p))) }
		spec := func(kind string) map[string]any { return specOf(lab.MustGet(kind, lab.Service)) }
		declare(parts{})
		w.must("apply")
		w.wantAttribute("live_weights", `{"http[0]":{"v1":90,"v2":10}}`)
		w.unchanged()
		r := startRollout(t, lab)
		time.Sleep(600 * time.Millisecond)
		w.unchanged()

		declare(parts{rule: `timeout = "3s"`})
		w.must("apply")
		if got := firstRule(spec(acctest.VirtualService))["timeout"]; got != "3s" {
			t.Errorf("timeout is %v", got)
		}
		w.unchanged()
		declare(parts{rule: `timeout = "4s"`, match: `[{ headers = { version = { exact = "300" } } }]`})
		w.must("apply")
		if got := fmt.Sprint(firstRule(spec(acctest.VirtualService))["match"]); !strings.Contains(got, "300") {
			t.Errorf("match is %s", got)
		}
		// Both objects change, with waits in which the weights go on. In a split, every subset is a destination of
		// the rule.
		more := parts{
			top:    `propagation = { mode = "settle", settle = "2s" }`,
			subset: `traffic_policy = { load_balancer = { simple = "RANDOM" } }`,
		}
		if f.address == canaryForm.address {
			more.subset += "\n }\n v3 = {\n labels = { app = \"k8s-combat-service-v3\" }"
		}
		w.write(strings.Replace(f.shared("90", "10", byOthers(more)), `default = { subset = "v1" }`,
			`default = { subset = "v3" }`, 1))
		w.must("apply")
		if got := fmt.Sprint(spec(acctest.DestinationRule)); !strings.Contains(got, "RANDOM") ||
			strings.Contains(got, "v3") != (f.address == canaryForm.address) {
			t.Errorf("the DestinationRule is %s", got)
		}
		w.unchanged()
		declare(parts{top: `propagation = { mode = "settle", settle = "2s" }`})
		w.must("apply")
		w.unchanged()
		w.must("apply", "-refresh-only")
		r.end()
		w.must("apply", "-refresh-only")
		live := weightsOf(spec(acctest.VirtualService))
		w.wantAttribute("live_weights", fmt.Sprintf(`{"http[0]":{"v1":%d,"v2":%d}}`, live["v1"], live["v2"]))
		for _, subset := range spec(acctest.DestinationRule)["subsets"].([]any) {
			if _, ok := subset.(map[string]any)["labels"].(map[string]any)[rolloutsLabel]; !ok {
				t.Errorf("the controller's label is gone from %v", subset)
			}
		}
		w.must("destroy")
		nothingIn(t, lab)
	})
}

// TestAccHandover_person: what a person sets besides weights is drift: shown, and overwritten only after it was
// shown.
func TestAccHandover_person(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		k := newKube(t, lab.Kubeconfig)
		w := newWorkspace(t, lab, f, "")
		edit := func(manager string, change func(spec map[string]any)) {
			t.Helper()
			if err := updateAs(
				t.Context(), k, lab, manager, acctest.VirtualService, func(o *unstructured.Unstructured) {
					change(specOf(o))
				},
			); err != nil {
				t.Fatal(err)
			}
		}
		weigh := func(v1, v2 int64) func(map[string]any) {
			return func(spec map[string]any) { setWeights(spec, map[string]int64{"v1": v1, "v2": v2}) }
		}
		timeout := func(spec map[string]any) { firstRule(spec)["timeout"] = "9s" }
		wantLive := func(v1, v2 int64, timeout any) {
			t.Helper()
			spec := specOf(lab.MustGet(acctest.VirtualService, lab.Service))
			want := map[string]int64{"v1": v1, "v2": v2}
			if got := weightsOf(spec); !maps.Equal(got, want) || firstRule(spec)["timeout"] != timeout {
				t.Errorf("weights %v, timeout %v, want %v, %v", got, firstRule(spec)["timeout"], want, timeout)
			}
		}
		shared := func(v1, v2 string, p parts) string { return f.shared(v1, v2, byOthers(p)) }
		w.write(shared("90", "10", parts{}))
		w.must("apply")
		edit("kubectl-edit", weigh(40, 60))
		w.unchanged()
		w.must("apply")
		w.must("apply", "-refresh-only")
		w.wantAttribute("live_weights", `{"http[0]":{"v1":40,"v2":60}}`)
		// Other weights in the configuration change nothing in the cluster.
		w.write(shared("80", "20", parts{}))
		w.must("apply")
		wantLive(40, 60, nil)
		w.unchanged()

		edit(rolloutsManager, timeout)
		change, _ := w.plan()
		if got := of(t, change.Before, "rules") + of(t, change.Before, "timeout"); !change.Actions.Update() ||
			!strings.Contains(got, `"9s"`) {
			t.Errorf("the plan does not show the timeout: %v, %s", change.Actions, got)
		}
		edit(rolloutsManager, weigh(30, 70))
		w.must("apply", "saved.tfplan")
		wantLive(30, 70, nil)
		w.unchanged()

		w.write(shared("80", "20", parts{rule: `timeout = "2s"`}))
		w.plan()
		edit("kubectl-edit", timeout)
		check := nobodyTouched(t, lab)
		w.fails("Object changed since the plan", []string{"VirtualService", `"kubectl-edit"`}, "apply", "saved.tfplan")
		check()
		w.must("apply")
		wantLive(30, 70, "2s")

		// A destination that is added takes nothing from those that are there, whatever its weight is to be in a new
		// rule.
		third := strings.NewReplacer("weights = { v1 = 50, v2 = 30 }", "weights = { v1 = 50, v2 = 30, v3 = 20 }",
			"THIRD",
			map[bool]string{true: "weight = 20"}[f.address == splitForm.address]).Replace(
			shared("50", "30", parts{subset: "}\n v3 = {\n labels = { app = \"k8s-combat-service-v3\" }\n THIRD"}))
		w.write(third)
		w.must("apply")
		if got, want := weightsOf(specOf(lab.MustGet(acctest.VirtualService, lab.Service))), (map[string]int64{
			"v1": 30,
			"v2": 70,
			"v3": 0,
		}); !maps.Equal(got, want) {
			t.Errorf("weights are %v, want %v", got, want)
		}
		w.wantAttribute("live_weights", `{"http[0]":{"v1":30,"v2":70,"v3":0}}`)
		w.unchanged()

		// Back: the plan shows what the weights were, and the one who set them is asked for.
		edit(rolloutsManager, weigh(10, 70))
		back := strings.Replace(third, `weights_managed_by = "other"`, `weights_managed_by = "terraform"`, 1)
		w.write(back)
		w.fails(conflict, []string{rolloutsManager, ".spec.http", "Argo Rollouts"}, "plan")
		w.block = "field_manager = { force_conflicts = true }"
		w.write(back)
		change, _ = w.plan()
		if got := of(t, change.Before, "live_weights"); got != `{"http[0]":{"v1":10,"v2":70,"v3":0}}` ||
			of(t, change.After, "live_weights") != "null" {
			t.Errorf("live_weights are planned from %s to %s", got, of(t, change.After, "live_weights"))
		}
		w.must("apply", "saved.tfplan")
		if got := weightsOf(specOf(lab.MustGet(acctest.VirtualService, lab.Service))); got["v1"] != 50 ||
			got["v2"] != 30 {
			t.Errorf("weights are %v", got)
		}
		w.unchanged()
		w.wantAttribute("live_weights", "null")
		w.must("destroy")
		nothingIn(t, lab)
	})
}

// TestAccHandover_adopt: objects whose weights a controller is moving are adopted as they are.
func TestAccHandover_adopt(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		w.write(f.shared("90", "10", parts{}))
		w.must("apply")
		w.must("state", "rm", f.address)
		r := startRollout(t, lab)
		time.Sleep(600 * time.Millisecond)
		before := uids(lab)
		w.write(f.shared("90", "10", byOthers(parts{
			top:  "adopt = true\n propagation = { mode = \"settle\", settle = \"1s\" }",
			rule: `timeout = "3s"`,

			subset: `traffic_policy = { load_balancer = { simple = "RANDOM" } }`,
		})))
		change, _ := w.plan()
		if got := of(t, change.After, "adopted"); strings.Contains(got, "weight]") ||
			!strings.Contains(got, "spec.http[0].timeout") || !strings.Contains(got, rolloutsManager) {
			t.Errorf("adopted is planned as %s", got)
		}
		time.Sleep(600 * time.Millisecond)
		w.must("apply", "saved.tfplan")
		w.unchanged()
		r.end()
		wantUIDs(t, lab, before)
		if got := firstRule(specOf(lab.MustGet(acctest.VirtualService, lab.Service)))["timeout"]; got != "3s" {
			t.Errorf("timeout is %v", got)
		}
		// What is no weight must be as the plan showed it here too.
		w.must("state", "rm", f.address)
		w.plan()
		editTimeout(lab)
		check := nobodyTouched(t, lab)
		w.fails("Provider produced inconsistent final plan", []string{"VirtualService", `kubectl-edit`}, "apply",
			"saved.tfplan")
		check()
		w.must("apply")
		w.must("destroy")
		nothingIn(t, lab)
	})
}
