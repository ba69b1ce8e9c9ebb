package acceptance_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

const routeByHeader = `
resource "mesh_canary_route" "test" {
  service = local.service

  subsets = {
    v1 = { labels = { app = "k8s-combat-service-v1" } }
    v2 = { labels = { app = "k8s-combat-service-v2" } }
  }

  rules = [
    { name = "v1", match = [{ headers = { version = { exact = "100" } } }], subset = "v1" },
    { name = "v2", match = [{ headers = { version = { exact = "200" } } }], subset = "v2" },
  ]

  default = { subset = "v1" }
}
`

func TestAccCanaryRoute_basic(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	run(t, lab,
		resource.TestStep{
			Config:           lab.Config(routeByHeader),
			ConfigPlanChecks: canaryForm.action(plancheck.ResourceActionCreate),
			Check: resource.ComposeTestCheckFunc(
				lab.Spec(acctest.VirtualService, lab.Service, `
hosts: [HOST]
http:
- name: v1
  match: [{headers: {version: {exact: "100"}}}]
  route: [{destination: {host: HOST, subset: v1}}]
- name: v2
  match: [{headers: {version: {exact: "200"}}}]
  route: [{destination: {host: HOST, subset: v2}}]
- route: [{destination: {host: HOST, subset: v1}}]
`),
				lab.Spec(acctest.DestinationRule, lab.Service, destinationRule),
				lab.Traffic(acctest.Request{Headers: version("200"), Count: 1000}, acctest.Only("v2")),
				lab.Traffic(acctest.Request{Headers: version("100"), Count: 1000}, acctest.Only("v1")),
				lab.Traffic(acctest.Request{Count: 1000}, acctest.Only("v1")),
			),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("mesh_canary_route.test", tfjsonpath.New("service"),
					knownvalue.StringExact(lab.Service)),
				statecheck.ExpectKnownValue("mesh_canary_route.test", tfjsonpath.New("host"),
					knownvalue.StringExact(lab.Host)),
				statecheck.ExpectKnownValue("mesh_canary_route.test", tfjsonpath.New("namespace"),
					knownvalue.StringExact(lab.Namespace)),
				statecheck.ExpectKnownValue("mesh_canary_route.test", tfjsonpath.New("name"),
					knownvalue.StringExact(lab.Service)),
				statecheck.ExpectKnownValue("mesh_canary_route.test", tfjsonpath.New("foreign_fields"),
					knownvalue.ListExact(nil)),
			},
		},
		resource.TestStep{
			Config:           lab.Config(routeByHeader),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{
			ResourceName: "mesh_canary_route.test", ImportState: true, ImportStateVerify: true,
			ImportStateId: lab.Namespace + "/" + lab.Service, ImportStateVerifyIdentifierAttribute: "host",
		},
	)
}

func routeByShare(weights string) string {
	return `
resource "mesh_canary_route" "test" {
  service = local.service
  subsets = {
    v1 = { labels = { app = "k8s-combat-service-v1" } }
    v2 = { labels = { app = "k8s-combat-service-v2" } }
  }
  default = { weights = ` + weights + ` }
}
`
}

func TestAccCanaryRoute_weightShift(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	testWeightShift(t, lab, canaryForm,
		func(v1, v2 string) string { return routeByShare("{ v1 = " + v1 + ", v2 = " + v2 + " }") })
}

// The words are true to what a person calls the subsets: rules keep their order, and the default stays last.
func TestAccCanaryRoute_subsets(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	step := func(subsets, rules string, check ...resource.TestCheckFunc) resource.TestStep {
		return resource.TestStep{
			Config: lab.Config(`
resource "mesh_canary_route" "test" {
  service = local.service
  subsets = {` + subsets + `}
  rules   = [` + rules + `]
  default = { subset = "v1" }
}`),
			Check: resource.ComposeTestCheckFunc(check...),
		}
	}
	const (
		v1      = "v1 = { labels = { app = \"k8s-combat-service-v1\" } }\n"
		v2      = "v2 = { labels = { app = \"k8s-combat-service-v2\" } }\n"
		v3      = "v3 = { labels = { app = \"k8s-combat-service-v3\" } }\n"
		renamed = "canary = { labels = { app = \"k8s-combat-service-v2\" } }\n"
		ruleFor = `match = [{ headers = { version = { exact = `
	)
	two, three := acctest.Request{Headers: version("200")}, acctest.Request{Headers: version("300")}
	run(t, lab,
		step(v1+v2, `{ `+ruleFor+`"200" } } }], subset = "v2" }`,
			lab.Traffic(two, acctest.Only("v2")), lab.Traffic(three, acctest.Only("v1"))),
		step(v1+v2+v3, `{ `+ruleFor+`"200" } } }], subset = "v2" }, { `+ruleFor+`"300" } } }], subset = "v3" }`,
			lab.Traffic(two, acctest.Only("v2")), lab.Traffic(three, acctest.Only("v3"))),
		step(v1+renamed+v3,
			`{ `+ruleFor+`"200" } } }], subset = "canary" }, { `+ruleFor+`"300" } } }], subset = "v3" }`,
			lab.Spec(acctest.DestinationRule, lab.Service, `
host: HOST
subsets:
- {name: canary, labels: {app: k8s-combat-service-v2}}
- {name: v1, labels: {app: k8s-combat-service-v1}}
- {name: v3, labels: {app: k8s-combat-service-v3}}
`),
			lab.Traffic(two, acctest.Only("v2")), lab.Traffic(three, acctest.Only("v3"))),
		step(v1, ``,
			lab.Spec(acctest.DestinationRule, lab.Service,
				"host: HOST\nsubsets: [{name: v1, labels: {app: k8s-combat-service-v1}}]"),
			lab.Spec(acctest.VirtualService, lab.Service,
				"hosts: [HOST]\nhttp: [{route: [{destination: {host: HOST, subset: v1}}]}]"),
			lab.Traffic(two, acctest.Only("v1")), lab.Traffic(three, acctest.Only("v1"))),
	)
}

func TestAccCanaryRoute_headers(t *testing.T)       { testHeaders(t, canaryForm) }
func TestAccCanaryRoute_matchKinds(t *testing.T)    { testMatchKinds(t, canaryForm) }
func TestAccCanaryRoute_policies(t *testing.T)      { testPolicies(t, canaryForm) }
func TestAccCanaryRoute_trafficPolicy(t *testing.T) { testTrafficPolicy(t, canaryForm) }
func TestAccCanaryRoute_drift(t *testing.T)         { testDrift(t, canaryForm) }
func TestAccCanaryRoute_foreignFields(t *testing.T) { testForeignFields(t, canaryForm) }
func TestAccCanaryRoute_disappears(t *testing.T)    { testDisappears(t, canaryForm) }
func TestAccCanaryRoute_import(t *testing.T)        { testImport(t, canaryForm) }
func TestAccCanaryRoute_conflict(t *testing.T)      { testConflict(t, canaryForm) }
func TestAccCanaryRoute_collision(t *testing.T)     { testCollision(t, canaryForm) }
func TestAccCanaryRoute_unknown(t *testing.T)       { testUnknown(t, canaryForm) }
func TestAccCanaryRoute_rename(t *testing.T)        { testRename(t, canaryForm) }
func TestAccCanaryRoute_unmanagedDestinationRule(t *testing.T) {
	testUnmanagedDestinationRule(t, canaryForm)
}
