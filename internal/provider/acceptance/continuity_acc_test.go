package acceptance_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// lostRace is what grpc-go answers now and then to a call that is under way when a cluster goes: a race of that
// client, whatever the order of the objects.
const lostRace = "unknown cluster selected for RPC"

// TestAcc_noRequestDropped sends requests all the time while subsets come, get other names and go.
func TestAcc_noRequestDropped(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	stop := func() acctest.Answers { return acctest.Answers{} }
	step := func(subsets, fallback string, want map[string]float64) resource.TestStep {
		return resource.TestStep{
			Config: lab.ConfigWith(`propagation = { settle = "1s" }`,
				"resource \"mesh_canary_route\" \"test\" {\n  service = local.service\n  subsets = {\n"+subsets+
					"  }\n  default = { "+fallback+" }\n}"),
			Check: lab.Traffic(acctest.Request{Count: 1000}, acctest.Shares(want)),
		}
	}
	const (
		v1      = "v1 = { labels = { app = \"k8s-combat-service-v1\" } }\n"
		v2      = "v2 = { labels = { app = \"k8s-combat-service-v2\" } }\n"
		renamed = "canary = { labels = { app = \"k8s-combat-service-v2\" } }\n"
	)
	first := step(v1, `subset = "v1"`, map[string]float64{"v1": 100})
	second := step(v1+v2, `weights = { v1 = 50, v2 = 50 }`, map[string]float64{"v1": 50, "v2": 50})
	second.PreConfig = func() { stop = lab.Background(acctest.Request{Rate: 300}) }
	run(t, lab, first, second,
		step(v1+renamed, `weights = { v1 = 50, canary = 50 }`, map[string]float64{"v1": 50, "v2": 50}),
		step(renamed, `subset = "canary"`, map[string]float64{"v2": 100}),
		resource.TestStep{
			PreConfig: func() {
				answers := stop()
				t.Logf("while subsets came and went: %d calls, errors %v", answers.Total, answers.Errors)
				maps.DeleteFunc(answers.Errors, func(text string, _ int) bool {
					return strings.Contains(text, lostRace)
				})
				if answers.Total < 500 || len(answers.Errors) > 0 {
					t.Errorf("want hundreds of calls without error, got %s", answers)
				}
			},
			Config: lab.Config(
				"resource \"mesh_canary_route\" \"test\" {\n  service = local.service\n  subsets = {\n" + renamed +
					"  }\n  default = { subset = \"canary\" }\n}",
			),
		},
	)
}
