package acceptance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/provider"
)

var factories = acctest.Factories(provider.NewServer("test"))

// version returns the headers of a request that asks for a version.
func version(v string) map[string]string { return map[string]string{"version": v} }

// form is one of the two resources, in a configuration that sends what matches to v2 and everything else to v1.
type form struct {
	address  string
	template string
	// route is what a rule that sends everything to v2 looks like in the live VirtualService.
	route string
}

var canaryForm = form{
	address: "mesh_canary_route.test",
	route:   `[{destination: {host: HOST, subset: v2}}]`,
	template: `
resource "mesh_canary_route" "test" {
  service = local.service
  TOP

  subsets = {
    v1 = {
      labels = { app = "k8s-combat-service-v1" }
    }
    v2 = {
      labels = { app = "k8s-combat-service-v2" }
      SUBSET
    }
  }

  rules = [{
    match  = MATCH
    subset = "v2"
    RULE
  }]

  default = { subset = "v1" }
}
`,
}

var splitForm = form{
	address: "mesh_weighted_split.test",
	route: `[{destination: {host: HOST, subset: v1}, weight: 0}, {destination: {host: HOST, subset: v2},` +
		` weight: 100}]`,
	template: `
resource "mesh_weighted_split" "test" {
  service = local.service
  TOP

  subsets = {
    v1 = {
      labels = { app = "k8s-combat-service-v1" }
      weight = 0
    }
    v2 = {
      labels = { app = "k8s-combat-service-v2" }
      weight = 100
      SUBSET
    }
  }

  match     = MATCH
  otherwise = "v1"
  RULE
}
`,
}

// parts are what a test changes of a form's configuration.
type parts struct {
	// top are further attributes of the resource, rule of the rule, subset of v2.
	top, rule, subset string
	// match replaces the match for the header `version: 200`.
	match string
}

const (
	byVersion     = `[{ headers = { version = { exact = "200" } } }]`
	byVersionYAML = `[{headers: {version: {exact: "200"}}}]`
)

// with returns the form's configuration with changed parts.
func (f form) with(p parts) string {
	if p.match == "" {
		p.match = byVersion
	}
	return strings.NewReplacer("TOP", p.top, "RULE", p.rule, "SUBSET", p.subset, "MATCH", p.match).Replace(f.template)
}

// virtualService returns the spec of the live VirtualService for a form's configuration: match is YAML, and rule are
// further lines of the rule.
func (f form) virtualService(match, rule string) string {
	lines := strings.ReplaceAll(strings.TrimSpace(rule), "\n", "\n  ")
	return fmt.Sprintf(
		"hosts: [HOST]\nhttp:\n- match: %s\n  %s\n  route: %s\n- route: [{destination: {host: HOST, subset: v1}}]\n",
		match, lines, f.route,
	)
}

// destinationRule is the spec of the live DestinationRule for a form's configuration.
const destinationRule = `
host: HOST
subsets:
- {name: v1, labels: {app: k8s-combat-service-v1}}
- {name: v2, labels: {app: k8s-combat-service-v2}}
`

// routed checks live objects and traffic of a form's configuration without changed parts.
func (f form) routed(lab *acctest.Lab) resource.TestCheckFunc {
	return resource.ComposeTestCheckFunc(
		lab.Spec(acctest.VirtualService, lab.Service, f.virtualService(byVersionYAML, "")),
		lab.Spec(acctest.DestinationRule, lab.Service, destinationRule),
		lab.Traffic(acctest.Request{Headers: version("200")}, acctest.Only("v2")),
		lab.Traffic(acctest.Request{}, acctest.Only("v1")),
	)
}

// action expects what a plan does with the form's resource.
func (f form) action(want plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(f.address, want)}}
}

// run runs steps against the lab and looks that nothing is left.
func run(t *testing.T, lab *acctest.Lab, steps ...resource.TestStep) {
	t.Helper()
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories, CheckDestroy: lab.Destroyed, Steps: steps})
}

// planBefore expects what a plan says an attribute was before, as JSON.
type planBefore struct{ address, attribute, want string }

// CheckPlan implements plancheck.PlanCheck.
func (c planBefore) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, change := range req.Plan.ResourceChanges {
		if change.Address != c.address {
			continue
		}
		before, _ := change.Change.Before.(map[string]any)
		got, err := json.Marshal(before[c.attribute])
		if err != nil {
			resp.Error = err
			return
		}
		if diff := cmp.Diff(c.want, string(got)); diff != "" {
			resp.Error = fmt.Errorf("%s before (-want +got):\n%s", c.attribute, diff)
		}
		return
	}
	resp.Error = fmt.Errorf("%s is not in the plan", c.address)
}

// whilePlanned does something between plan and apply.
type whilePlanned func(*tfjson.Plan)

// CheckPlan implements plancheck.PlanCheck.
func (do whilePlanned) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, _ *plancheck.CheckPlanResponse) {
	do(req.Plan)
}

// saying matches Terraform's output, which breaks lines where it likes and draws a border.
func saying(words string) *regexp.Regexp {
	fields := strings.Fields(words)
	for i, field := range fields {
		fields[i] = regexp.QuoteMeta(field)
	}
	return regexp.MustCompile(strings.Join(fields, `[\s│]+`))
}
