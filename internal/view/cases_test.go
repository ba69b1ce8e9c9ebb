package view_test

import (
	"strings"
	"testing"
)

// says checks that a text has other texts, and has not those that begin with an exclamation mark.
func says(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		not, isNot := strings.CutPrefix(want, "!")
		if isNot == strings.Contains(text, not) {
			t.Errorf("it does not hold that %q is said in\n%s", want, text)
		}
	}
}

// with is a plan as the given one, whose first resource is changed.
func with(t *testing.T, name string, edit func(plan, resource, change map[string]any)) string {
	t.Helper()
	return edited(t, name, func(plan map[string]any) {
		resource, change := first(plan)
		edit(plan, resource, change)
	})
}

type tree = map[string]any

// What a plan says besides what changes.
func TestRun_said(t *testing.T) {
	t.Parallel()
	const (
		greeter = "mesh_canary_route.greeter"
		gone    = "requests with header version=100 move from v1 to the service itself (no rule)"
	)
	for fact, test := range map[string]struct {
		plan string
		edit func(plan, resource, change tree)
		want []string
	}{
		"a plan with an error": {
			"demo_create", func(plan, _, _ tree) { plan["errored"] = true },
			[]string{"This plan ended with an error: it has not all that would change, and cannot be applied."},
		},
		"a plan that another one follows": {
			"demo_create", func(plan, _, _ tree) { plan["complete"] = false },
			[]string{"This plan is not complete: another one has to follow it."},
		},
		"changes that are put off": {
			"demo_create", func(plan, resource, _ tree) {
				plan["deferred_changes"] = []any{tree{"reason": "provider_config_unknown", "resource_change": resource}}
			},
			[]string{"1 change is put off to a later plan."},
		},
		"a check that passes": {
			"mixed", func(plan, _, _ tree) { plan["checks"].([]any)[0].(tree)["status"] = "pass" },
			[]string{"!The key is still"},
		},
		"no route": {
			"demo_create", func(plan, _, _ tree) { plan["resource_changes"] = []any{} },
			[]string{"The plan changes no route."},
		},
		"nothing changes": {
			"demo_create", func(_, _, change tree) {
				change["actions"], change["before"] = []any{"no-op"}, change["after"]
			},
			[]string{"The plan changes no route. 1 other resource stays as it is.", "!" + greeter},
		},
		"a data source": {
			"demo_create", func(_, resource, _ tree) { resource["mode"] = "data" }, []string{"!" + greeter},
		},
		"a resource of another provider": {
			"demo_create", func(_, resource, _ tree) { resource["type"] = "null_resource" },
			[]string{"The plan changes no route."},
		},
		"an import that changes nothing": {
			"demo_create", func(_, _, change tree) {
				change["actions"], change["before"] = []any{"no-op"}, change["after"]
				change["importing"] = tree{"id": "greeter/greeter"}
			},
			[]string{greeter + " ` is imported\n", "requests with header version=100", "!then"},
		},
		"an import with changes": {
			"walk", func(_, _, change tree) { change["importing"] = tree{"id": "greeter/greeter"} },
			[]string{greeter + " ` is imported and changed\n"},
		},
		"a replacement": {
			"walk", func(_, _, change tree) { change["actions"] = []any{"delete", "create"} },
			[]string{greeter + " ` is replaced\n"},
		},
		"another address": {
			"walk", func(_, resource, _ tree) { resource["previous_address"] = "mesh_canary_route.old" },
			[]string{greeter + " ` is changed, moved from ` mesh_canary_route.old `\n"},
		},
		"a deposed object": {
			"demo_destroy", func(_, resource, _ tree) { resource["deposed"] = "0a1b2c3d" },
			[]string{greeter + " (deposed) ` is destroyed\n"},
		},
		"objects are deleted": {"demo_destroy", func(_, _, _ tree) {}, []string{gone, "gone: v1"}},
		"objects stay": {
			"demo_destroy", func(_, _, change tree) { change["before"].(tree)["deletion"] = "abandon" },
			[]string{greeter + " ` is destroyed, and its objects stay: deletion is abandon\n", "!" + gone, "!gone"},
		},
		"objects get back what they had": {
			"demo_destroy", func(_, _, change tree) { change["before"].(tree)["deletion"] = "restore" },
			[]string{
				greeter + " ` is destroyed: deletion is restore, which gives adopted objects back what they had\n",
			},
		},
		"somebody has changed it": {
			"demo_change", func(plan, resource, _ tree) {
				plan["resource_drift"] = []any{tree{
					"address": greeter, "type": resource["type"], "change": tree{"actions": []any{"update"}},
				}}
			},
			[]string{greeter + ": somebody has changed it since the last apply; what is shown as now is what is live"},
		},
		"somebody else sets the weights": {
			"walk", func(_, _, change tree) {
				change["after"].(tree)["weights_managed_by"], change["after"].(tree)["walk"] = "other", nil
			},
			[]string{greeter + ": somebody else sets the weights; those that are drawn hold for what is new"},
		},
		"a walk that was stopped": {
			"walk", func(_, _, change tree) {
				change["before"].(tree)["walk_state"] = "stopped at step 2 of 3, 50 % of the way"
			},
			[]string{
				"now: stopped at step 2 of 3, 50 % of the way\nafter this apply, if every gate passes: arrived\n",
				"!step 1 of 3",
			},
		},
		"a walk whose next step is not known": {
			"walk", func(_, _, change tree) {
				change["before"].(tree)["walk_state"] = "at step 1 of 3, 20 % of the way"
				delete(change["after"].(tree), "walk_state")
				change["after_unknown"].(tree)["walk_state"] = true
			},
			[]string{"now: at step 1 of 3, 20 % of the way\n", "!after this apply"},
		},
		"a walk by apply": {
			"walk", func(_, _, change tree) { change["after"].(tree)["walk"].(tree)["advance"] = "apply" },
			[]string{"This apply takes step 1, and ends there:\nstep 1 of 3, 20 % of the way: v1 80 %, v2 20 %\n"},
		},
		"nothing is known": {
			"walk", func(_, _, change tree) { change["after"], change["after_unknown"] = tree{}, unknownAll },
			[]string{
				"not known until apply: ", "The picture shows what is there now.", "v1 100 %", "!What moves",
				"!How the shares",
			},
		},
		"a create of which something is not known": {
			"demo_create", func(_, _, change tree) {
				delete(change["after"].(tree), "rules")
				change["after_unknown"].(tree)["rules"] = true
			},
			[]string{greeter + ": not known until apply: rules", "!The picture", "!new: v1"},
		},
		"labels are not known": {
			"demo_create", func(_, _, change tree) {
				delete(change["after"].(tree)["subsets"].(tree)["v1"].(tree), "labels")
				change["after_unknown"].(tree)["subsets"] = tree{"v1": tree{"labels": true}}
			},
			[]string{
				"new: v1: requests with header version=100", ", new: (not known until apply)\n",
				"!not known until apply: ",
			},
		},
		"a label is not known": {
			"demo_create", func(_, _, change tree) {
				change["after"].(tree)["subsets"].(tree)["v1"].(tree)["labels"] = tree{"track": "a"}
				change["after_unknown"].(tree)["subsets"] = tree{"v1": tree{"labels": tree{"app": true}}}
			},
			[]string{"v1 of ", ", new: app=(not known until apply), track=a\n"},
		},
		"a label is not known any more": {
			"walk", func(_, _, change tree) {
				delete(change["after"].(tree)["subsets"].(tree)["v1"].(tree), "labels")
				change["after_unknown"].(tree)["subsets"] = tree{"v1": tree{"labels": true}}
			},
			[]string{", changed: app=k8s-combat-service-v1 → (not\n", "!What moves"},
		},
		"a number that is sensitive": {
			"walk", func(_, _, change tree) {
				change["after_sensitive"] = tree{"default": tree{"weights": tree{"v2": true}}}
			},
			[]string{
				greeter + ": cannot be drawn without what is sensitive: default.weights",
				greeter + ": sensitive, and so not shown: default.weights", "!The picture", "!100 %",
				"!not known until apply",
			},
		},
		"a duration that is sensitive": {
			"demo_create", func(_, _, change tree) {
				change["after"].(tree)["default"].(tree)["timeout"] = "1234ms"
				change["after_sensitive"] = tree{"default": tree{"timeout": true}}
			},
			[]string{
				greeter + ": cannot be drawn without what is sensitive: default.timeout",
				greeter + ": sensitive, and so not shown: default.timeout", "!1234", "!not known until apply",
			},
		},
		"a duration that is sensitive beside one that is not known": {
			"demo_create", func(_, _, change tree) {
				rules := change["after"].(tree)["rules"].([]any)
				rules[0].(tree)["timeout"] = "1234ms"
				change["after_sensitive"] = tree{"rules": []any{tree{"timeout": true}}}
				change["after_unknown"] = tree{"default": tree{"timeout": true}}
			},
			[]string{
				greeter + ": not known until apply: default.timeout\n",
				greeter + ": cannot be drawn without what is sensitive: rules[0].timeout\n", "!1234",
			},
		},
		"labels that are sensitive": {
			"demo_create", func(_, _, change tree) {
				change["after_sensitive"] = tree{"subsets": tree{"v1": tree{"labels": true}}}
			},
			[]string{"v1 of ", ", new: (sensitive)\n", "!not known until apply", "!without what is sensitive"},
		},
		"a label that is sensitive": {
			"demo_create", func(_, _, change tree) {
				change["after"].(tree)["subsets"].(tree)["v1"].(tree)["labels"] = tree{"app": "secret", "track": "a"}
				change["after_sensitive"] = tree{"subsets": tree{"v1": tree{"labels": tree{"app": true}}}}
			},
			[]string{"v1 of ", ", new: app=(sensitive), track=a\n", "!secret", "!not known until apply"},
		},
		"what another version wrote": {
			"demo_create", func(_, _, change tree) { change["after"].(tree)["default"] = tree{"subset": "none"} },
			[]string{greeter + ": cannot be drawn: "},
		},
		"an attribute that there is not": {
			"demo_create", func(_, _, change tree) { change["after"].(tree)["colour"] = "red" },
			[]string{greeter + ": cannot be drawn: colour: is no attribute here."},
		},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			says(t, drawn(t, with(t, test.plan+".json", test.edit), "--markdown"), test.want...)
		})
	}
}

// unknownAll are the attributes of a mesh_canary_route of which the plan does not say what they will be.
var unknownAll = tree{"service": true, "default": true, "rules": true, "subsets": true, "summary": true}
