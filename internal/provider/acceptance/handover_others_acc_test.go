package acceptance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// rolledOut lets the controller set the weights of the first rule.
func rolledOut(t *testing.T, lab *acctest.Lab, weights map[string]int64) {
	t.Helper()
	err := updateAs(t.Context(), newKube(t, lab.Kubeconfig), lab, rolloutsManager, acctest.VirtualService,
		func(o *unstructured.Unstructured) { setWeights(specOf(o), weights) })
	if err != nil {
		t.Fatal(err)
	}
}

// third returns the form's configuration with weights of others and a third destination, which has a weight of its
// own.
func (f form) third(v1, v2, v3 string, p parts) string {
	subset := "}\n v3 = {\n labels = { app = \"k8s-combat-service-v3\" }"
	if f.address == splitForm.address {
		subset += "\n weight = THIRD"
	}
	p.subset += subset
	return strings.NewReplacer("THIRD", v3, fmt.Sprintf("weights = { v1 = %s, v2 = %s }", v1, v2),
		fmt.Sprintf("weights = { v1 = %s, v2 = %s, v3 = %s }", v1, v2, v3)).
		Replace(f.shared(v1, v2, byOthers(p)))
}

// TestAccHandover_destinations: destinations come and go beside those that a controller moves weight between. No
// request goes elsewhere without a word.
func TestAccHandover_destinations(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		canary := acctest.Request{Headers: version("200"), Count: 1000}
		wantLive := func(want map[string]int64) {
			t.Helper()
			if got := weightsOf(specOf(lab.MustGet(acctest.VirtualService, lab.Service))); !maps.Equal(got, want) {
				t.Errorf("weights are %v, want %v", got, want)
			}
		}
		w.write(f.shared("100", "0", byOthers(parts{})))
		w.must("apply")
		rolledOut(t, lab, map[string]int64{"v1": 20, "v2": 80})
		lab.Eventually(canary, acctest.Shares(map[string]float64{"v1": 20, "v2": 80}))

		w.write(f.third("100", "0", "0", parts{}))
		if _, r := w.plan(); len(r.moved()) > 0 {
			t.Errorf("the plan moves %v", r.moved())
		}
		w.must("apply", "saved.tfplan")
		wantLive(map[string]int64{"v1": 20, "v2": 80, "v3": 0})
		lab.Eventually(canary, acctest.Shares(map[string]float64{"v1": 20, "v2": 80}))
		w.unchanged()
		// Neither does a weight that the configuration gives it.
		w.write(f.third("60", "0", "40", parts{}))
		w.must("apply")
		wantLive(map[string]int64{"v1": 20, "v2": 80, "v3": 0})

		// One that goes leaves its share to the others, in proportion: the plan says it in numbers, and it is a step.
		rolledOut(t, lab, map[string]int64{"v1": 20, "v2": 60, "v3": 20})
		w.write(f.shared("100", "0", byOthers(parts{top: "max_weight_step = 10"})))
		w.fails("Step too large", []string{
			"v2 gains 15 percent points", "20 % → 25 %", "60 % → 75 %", "max_weight_step = 15",
		}, "plan")
		w.write(f.shared("100", "0", byOthers(parts{top: "max_weight_step = 15"})))
		_, r := w.plan()
		if got := strings.Join(r.moved(), "\n"); !strings.Contains(got, "20 % → 25 %") ||
			!strings.Contains(got, "60 % → 75 %") || !strings.Contains(got, "20 % → 0 %") {
			t.Errorf("the plan moves %s", got)
		}
		w.must("apply", "saved.tfplan")
		wantLive(map[string]int64{"v1": 25, "v2": 75})
		lab.Eventually(canary, acctest.Shares(map[string]float64{"v1": 25, "v2": 75}))
		w.unchanged()
		w.must("destroy")
		nothingIn(t, lab)
	})
}

// TestAccHandover_renamed: a subset keeps the share of its pods under another name.
func TestAccHandover_renamed(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		w.write(f.shared("100", "0", byOthers(parts{})))
		w.must("apply")
		rolledOut(t, lab, map[string]int64{"v1": 20, "v2": 80})
		w.write(strings.NewReplacer("v2 =", "next =", `"v2"`, `"next"`).Replace(f.shared("100", "0",
			byOthers(parts{}))))
		if _, r := w.plan(); len(r.moved()) > 0 {
			t.Errorf("the plan moves %v", r.moved())
		}
		w.must("apply", "saved.tfplan")
		if got, want := weightsOf(specOf(lab.MustGet(acctest.VirtualService, lab.Service))), (map[string]int64{
			"v1":   20,
			"next": 80,
		}); !maps.Equal(got, want) {
			t.Errorf("weights are %v, want %v", got, want)
		}
		lab.Eventually(acctest.Request{Headers: version("200"), Count: 1000},
			acctest.Shares(map[string]float64{"v1": 20, "v2": 80}))
		w.unchanged()
		w.must("destroy")
	})
}

// experiment lets the controller put in what Argo Rollouts does during an Experiment with a step setHeaderRoute: a
// rule in front, a destination in the first rule, and the subset of it.
func experiment(t *testing.T, lab *acctest.Lab) {
	t.Helper()
	k := newKube(t, lab.Kubeconfig)
	if err := updateAs(t.Context(), k, lab, rolloutsManager, acctest.DestinationRule, func(
		o *unstructured.Unstructured,
	) {
		spec := specOf(o)
		spec["subsets"] = append(spec["subsets"].([]any),
			map[string]any{"name": "experiment", "labels": map[string]any{"app": "k8s-combat-service-v3"}})
	}); err != nil {
		t.Fatal(err)
	}
	destination := func(subset string) map[string]any {
		return map[string]any{"destination": map[string]any{"host": lab.Host, "subset": subset}}
	}
	if err := updateAs(
		t.Context(), k, lab, rolloutsManager, acctest.VirtualService, func(o *unstructured.Unstructured) {
			spec := specOf(o)
			setWeights(spec, map[string]int64{"v1": 80, "v2": 10})
			more := destination("experiment")
			more["weight"] = int64(10)
			firstRule(spec)["route"] = append(firstRule(spec)["route"].([]any), more)
			header := map[string]any{
				"name": "set-header", "route": []any{destination("experiment")},
				"match": []any{map[string]any{"headers": map[string]any{"experiment": map[string]any{"exact": "yes"}}}},
			}
			spec["http"] = append([]any{header}, spec["http"].([]any)...)
		},
	); err != nil {
		t.Fatal(err)
	}
}

// TestAccHandover_inserted: rules, destinations and subsets that the controller puts in are no drift, stay through
// every apply, and do not go without a word when Terraform takes the weights back.
func TestAccHandover_inserted(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		canary, header := acctest.Request{
			Headers: version("200"),
			Count:   1000,
		}, acctest.Request{Headers: map[string]string{"experiment": "yes"}}
		wantRules := func(timeout any) {
			t.Helper()
			rules := specOf(lab.MustGet(acctest.VirtualService, lab.Service))["http"].([]any)
			first, second := rules[0].(map[string]any), rules[1].(map[string]any)
			weights := weightsOf(map[string]any{"http": []any{second}})
			if first["name"] != "set-header" || second["timeout"] != timeout ||
				!maps.Equal(weights, map[string]int64{"v1": 80, "v2": 10, "experiment": 10}) {
				t.Errorf("rules are %v", rules)
			}
			lab.Eventually(canary, acctest.Shares(map[string]float64{"v1": 80, "v2": 10, "v3": 10}))
			lab.Eventually(header, acctest.Only("v3"))
		}
		w.write(f.shared("100", "0", byOthers(parts{})))
		w.must("apply")
		experiment(t, lab)
		wantRules(nil)
		w.unchanged()
		w.must("apply", "-refresh-only")
		w.wantAttribute("live_weights", `{"http[1]":{"experiment":10,"v1":80,"v2":10}}`)
		w.wantAttribute("foreign_fields", `[]`)

		w.write(f.shared("100", "0", byOthers(parts{
			rule:   `timeout = "3s"`,
			subset: `traffic_policy = { load_balancer = { simple = "RANDOM" } }`,
		})))
		if _, r := w.plan(); len(r.moved()) > 0 {
			t.Errorf("the plan moves %v", r.moved())
		}
		w.must("apply", "saved.tfplan")
		wantRules("3s")
		w.unchanged()

		back := strings.Replace(f.shared("100", "0", byOthers(parts{rule: `timeout = "3s"`})),
			`weights_managed_by = "other"`, "", 1)
		w.block = "field_manager = { force_conflicts = true }"
		w.write(back)
		_, r := w.plan()
		r.want(t, "warning", "What others put in goes",
			`the rule "set-header"`, "the destination experiment with the weight 10 of the rule http[1]",
			"the subset experiment", `weights_managed_by = "other"`)
		moved := r.moved()
		if !slices.ContainsFunc(moved, func(m string) bool { return strings.Contains(m, "80 % → 100 %") }) ||
			!slices.ContainsFunc(moved, func(m string) bool {
				return strings.Contains(m, "experiment=yes move from experiment to")
			}) {
			t.Errorf("the plan moves %v", moved)
		}
		w.must("apply", "saved.tfplan")
		lab.Eventually(canary, acctest.Only("v1"))
		lab.Eventually(header, acctest.Only("v1"))
		w.unchanged()
		w.must("destroy")
		nothingIn(t, lab)
	})
}
