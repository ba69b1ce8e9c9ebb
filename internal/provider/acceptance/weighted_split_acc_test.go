package acceptance_test

import (
	"strconv"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

func TestAccWeightedSplit_basic(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	const config = `
resource "mesh_weighted_split" "test" {
  service = local.service
  match   = [{ uri = { exact = "/helloworld.Greeter/SayHello" } }]
  subsets = {
    v1 = { labels = { app = "k8s-combat-service-v1" }, weight = 10 }
    v2 = { labels = { app = "k8s-combat-service-v2" } }
  }
  otherwise = "v1"
  timeout   = "5000ms"
}
`
	v2 := tfjsonpath.New("subsets").AtMapKey("v2").AtMapKey("weight")
	run(t, lab,
		resource.TestStep{
			Config: lab.Config(config),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectKnownValue("mesh_weighted_split.test", v2, knownvalue.Int64Exact(90)),
			}},
			Check: resource.ComposeTestCheckFunc(
				lab.Spec(acctest.VirtualService, lab.Service, `
hosts: [HOST]
http:
- match: [{uri: {exact: /helloworld.Greeter/SayHello}}]
  timeout: 5s
  route:
  - {destination: {host: HOST, subset: v1}, weight: 10}
  - {destination: {host: HOST, subset: v2}, weight: 90}
- route: [{destination: {host: HOST, subset: v1}}]
`),
				lab.Spec(acctest.DestinationRule, lab.Service, destinationRule),
				lab.Traffic(acctest.Request{Count: 5000}, acctest.Shares(map[string]float64{"v1": 10, "v2": 90})),
				lab.Traffic(acctest.Request{Method: "/helloworld.Greeter/SayHelloAgain", Count: 1000},
					acctest.Only("v1")),
			),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("mesh_weighted_split.test", v2, knownvalue.Int64Exact(90)),
				statecheck.ExpectKnownValue("mesh_weighted_split.test", tfjsonpath.New("timeout"),
					knownvalue.StringExact("5000ms")),
			},
		},
		resource.TestStep{
			Config:           lab.Config(config),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{
			ResourceName: "mesh_weighted_split.test", ImportState: true, ImportStateVerify: true,
			ImportStateId: lab.Namespace + "/" + lab.Service, ImportStateVerifyIdentifierAttribute: "host",
			// An import writes a duration as Go does, "5s".
			ImportStateVerifyIgnore: []string{"timeout"},
		},
	)
}

func splitByShare(v1, v2 string) string {
	return `
resource "mesh_weighted_split" "test" {
  service = local.service
  subsets = {
    v1 = { labels = { app = "k8s-combat-service-v1" }, weight = ` + v1 + ` }
    v2 = { labels = { app = "k8s-combat-service-v2" }, weight = ` + v2 + ` }
  }
}
`
}

func TestAccWeightedSplit_weightShift(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	testWeightShift(t, lab, splitForm, splitByShare)
}

// testWeightShift moves traffic from one version to the other and back. Nothing but the VirtualService is written,
// and it stays the same object.
func testWeightShift(t *testing.T, lab *acctest.Lab, f form, config func(v1, v2 string) string) {
	var uid types.UID
	remember := func() error {
		uid = lab.MustGet(acctest.VirtualService, lab.Service).GetUID()
		return nil
	}
	var steps []resource.TestStep
	for _, v1 := range []int{100, 90, 50, 0, 35} {
		shares := map[string]float64{"v1": float64(v1), "v2": float64(100 - v1)}
		step := resource.TestStep{
			Config: lab.Config(config(strconv.Itoa(v1), strconv.Itoa(100-v1))),
			Check: resource.ComposeTestCheckFunc(
				lab.Live(func() error {
					if generation := lab.MustGet(
						acctest.DestinationRule, lab.Service,
					).GetGeneration(); generation != 1 {
						t.Errorf("the DestinationRule was written %d times, want once", generation)
					}
					if got := lab.MustGet(acctest.VirtualService, lab.Service).GetUID(); uid != "" && got != uid {
						t.Errorf("the VirtualService was made anew")
					}
					return remember()
				}),
				lab.Traffic(acctest.Request{Count: 3000}, acctest.Shares(shares)),
			),
		}
		if len(steps) > 0 {
			step.ConfigPlanChecks = f.action(plancheck.ResourceActionUpdate)
		}
		steps = append(steps, step)
	}
	// One weight may be left out and takes the rest.
	steps = append(steps, resource.TestStep{
		Config: lab.Config(config("35", "null")),
		Check: resource.ComposeTestCheckFunc(
			lab.Live(func() error {
				if generation := lab.MustGet(acctest.VirtualService, lab.Service).GetGeneration(); generation != 5 {
					t.Errorf("the VirtualService was written %d times, want 5 times", generation)
				}
				return nil
			}),
			lab.Traffic(acctest.Request{Count: 3000}, acctest.Shares(map[string]float64{"v1": 35, "v2": 65})),
		),
	})
	run(t, lab, steps...)
}

func TestAccWeightedSplit_subsets(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	step := func(subsets string, shares map[string]float64, check ...resource.TestCheckFunc) resource.TestStep {
		return resource.TestStep{
			Config: lab.Config("resource \"mesh_weighted_split\" \"test\" {\n  service = local.service\n  " +
				"subsets = {\n" + subsets + "  }\n}"),
			Check: resource.ComposeTestCheckFunc(append(check,
				lab.Traffic(acctest.Request{Count: 3000}, acctest.Shares(shares)))...),
		}
	}
	const (
		v1 = "v1 = { labels = { app = \"k8s-combat-service-v1\" }, weight = "
		v2 = "v2 = { labels = { app = \"k8s-combat-service-v2\" }, weight = "
		v3 = "v3 = { labels = { app = \"k8s-combat-service-v3\" }, weight = "
	)
	run(t, lab,
		step(v1+"100 }\n", map[string]float64{"v1": 100},
			lab.Spec(acctest.VirtualService, lab.Service,
				"hosts: [HOST]\nhttp: [{route: [{destination: {host: HOST, subset: v1}}]}]")),
		step(v1+"70 }\n"+v2+"20 }\n"+v3+"10 }\n", map[string]float64{"v1": 70, "v2": 20, "v3": 10}),
		step(v1+"70 }\n"+"canary = { labels = { app = \"k8s-combat-service-v2\" }, weight = 30 }\n",
			map[string]float64{"v1": 70, "v2": 30},
			lab.Spec(acctest.DestinationRule, lab.Service, `
host: HOST
subsets:
- {name: canary, labels: {app: k8s-combat-service-v2}}
- {name: v1, labels: {app: k8s-combat-service-v1}}
`)),
		step(v2+"100 }\n", map[string]float64{"v2": 100},
			lab.Spec(acctest.DestinationRule, lab.Service,
				"host: HOST\nsubsets: [{name: v2, labels: {app: k8s-combat-service-v2}}]")),
	)
}

func TestAccWeightedSplit_headers(t *testing.T)       { testHeaders(t, splitForm) }
func TestAccWeightedSplit_matchKinds(t *testing.T)    { testMatchKinds(t, splitForm) }
func TestAccWeightedSplit_policies(t *testing.T)      { testPolicies(t, splitForm) }
func TestAccWeightedSplit_trafficPolicy(t *testing.T) { testTrafficPolicy(t, splitForm) }
func TestAccWeightedSplit_drift(t *testing.T)         { testDrift(t, splitForm) }
func TestAccWeightedSplit_foreignFields(t *testing.T) { testForeignFields(t, splitForm) }
func TestAccWeightedSplit_disappears(t *testing.T)    { testDisappears(t, splitForm) }
func TestAccWeightedSplit_import(t *testing.T)        { testImport(t, splitForm) }
func TestAccWeightedSplit_conflict(t *testing.T)      { testConflict(t, splitForm) }
func TestAccWeightedSplit_collision(t *testing.T)     { testCollision(t, splitForm) }
func TestAccWeightedSplit_unknown(t *testing.T)       { testUnknown(t, splitForm) }
func TestAccWeightedSplit_rename(t *testing.T)        { testRename(t, splitForm) }
func TestAccWeightedSplit_unmanagedDestinationRule(t *testing.T) {
	testUnmanagedDestinationRule(t, splitForm)
}
