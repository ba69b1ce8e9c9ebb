package view_test

import (
	"fmt"
	"testing"
)

// What one side calls sensitive is not shown of the other either, as Terraform hides it: a variable that has become
// sensitive since the last apply has its old value in the state, and the summary there has it too.
func TestRun_sensitiveOnOneSide(t *testing.T) {
	t.Parallel()
	const secret = "open-sesame"
	marks := tree{"rules": []any{tree{"match": []any{tree{"headers": tree{"x-tester": tree{"exact": true}}}}}}}
	match := []any{tree{"headers": tree{"x-tester": tree{"exact": secret}}}}
	route := func(subset string) tree {
		version := func(name string) tree { return tree{"labels": tree{"version": name}} }
		return tree{
			"service": "echo", "namespace": "shop", "virtual_service_name": "echo", "destination_rule_name": "echo",
			"subsets": tree{"v1": version("v1"), "v2": version("v2")}, "default": tree{"subset": "v1"},
			"rules":   []any{tree{"subset": subset, "match": match}},
			"summary": []any{fmt.Sprintf("requests with header x-tester=%s go to %s", secret, subset)},
		}
	}
	for _, marked := range []string{"before_sensitive", "after_sensitive"} {
		plan := planOf(t, change("mesh_canary_route.echo", "update", tree{
			"before": route("v1"), "after": route("v2"), marked: marks,
		}))
		for _, args := range [][]string{nil, {"--markdown"}} {
			says(t, drawn(t, plan, args...), "x-tester=(sensitive)", "!"+secret)
		}
	}
}

// Marks of lists of other lengths, of other shapes and of all of a value hold together.
func TestRun_sensitiveOfAll(t *testing.T) {
	t.Parallel()
	const secret = "secret.example"
	manifest := func(hosts ...any) tree {
		return tree{"manifest": manifest("VirtualService", "reviews", tree{"hosts": hosts, "http": []any{tree{
			"route": []any{tree{"destination": tree{"host": "reviews"}}},
		}}})}
	}
	marks := func(hosts any) tree { return tree{"manifest": tree{"spec": tree{"hosts": hosts}}} }
	for fact, sides := range map[string][2]any{
		"a longer list":    {marks([]any{false}), marks([]any{false, true})},
		"a shorter list":   {marks([]any{false, true}), marks([]any{false})},
		"all of it":        {marks(true), marks([]any{false, false})},
		"all of it, after": {marks([]any{false, false}), marks(true)},
		"nothing":          {false, marks([]any{false, true})},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			plan := planOf(t, change("kubernetes_manifest.reviews", "update", tree{
				"before": manifest("reviews", secret), "before_sensitive": sides[0],
				"after": manifest("reviews", secret, "new.example"), "after_sensitive": sides[1],
			}))
			says(t, drawn(t, plan, "--markdown"), "sensitive, and so not shown: manifest.spec.hosts", "!"+secret)
		})
	}
}
