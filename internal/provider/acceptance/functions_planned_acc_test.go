package acceptance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccFunctions_planned asks about routes that are not created yet: what the plan knows already says where
// requests go, and after the apply the answers are the same. A weight that is known only after apply makes its
// answers so, and no others.
func TestAccFunctions_planned(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	c := newCLI(t, reattach(t))
	const resources = `
resource "terraform_data" "share" { input = 25 }

resource "mesh_canary_route" "known" {
  service = "known"
  subsets = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
  rules   = [{ name = "testers", match = [{ headers = { x-tester = { present = true } } }], subset = "v2" }]
  default = { weights = { v1 = null, v2 = 10 } }
  hosts   = ["known.%[1]s.example"]
  name    = "%[1]s-known"
  annotations = { made-by = terraform_data.share.id }
}

resource "mesh_weighted_split" "later" {
  service = "later"
  name    = "%[1]s-later"
  hosts   = ["later.%[1]s.example"]
  subsets = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" }, weight = terraform_data.share.output } }
}

resource "mesh_virtual_service" "root" {
  name  = "%[1]s-root"
  hosts = ["root.%[1]s.example"]
  http  = [{ name = "cart", match = [{ uri = { prefix = "/cart" } }], delegate = { name = "%[1]s-cart" } }]
}

resource "mesh_virtual_service" "cart" {
  name = "%[1]s-cart"
  http = [{ name = "all", timeout = "3s", route = [{ destination = { host = "cart.%[1]s.example", subset = "v1" } }] }]
}

resource "mesh_destination_rule" "cart" {
  name    = "%[1]s-cart"
  host    = "cart.%[1]s.example"
  subsets = [{ name = "v1", labels = { version = "v1" } }]
}

locals {
  cart   = [mesh_virtual_service.root, mesh_virtual_service.cart, mesh_destination_rule.cart]
  answer = provider::mesh::evaluate(local.cart, { path = "/cart/1", source_namespace = "%[2]s" })
}

output "testers" {
  value = provider::mesh::evaluate(mesh_canary_route.known, { headers = { x-tester = "yes" } }).subset
}
output "others" { value = provider::mesh::evaluate(mesh_canary_route.known, {}).shares["v2"] }
output "cart" {
  value = join(" ", [local.answer.rule, local.answer.timeout, local.answer.subset, local.answer.destinations[0].declared])
}
output "several" {
  value = provider::mesh::evaluate(
    concat(local.cart, [mesh_canary_route.known]), { authority = "known.%[1]s.example" },
  ).summary
}
output "picture" { value = provider::mesh::diagram(mesh_canary_route.known) }
output "later" { value = provider::mesh::evaluate(mesh_weighted_split.later, {}).shares["v2"] }
output "later_picture" { value = provider::mesh::diagram(mesh_weighted_split.later) }

check "half" {
  assert {
    condition     = provider::mesh::evaluate(mesh_canary_route.known, {}).shares["v2"] >= 50
    error_message = provider::mesh::evaluate(mesh_canary_route.known, {}).summary
  }
}
`
	c.configure(fmt.Sprintf("config_path = %q\n default_namespace = %q\n propagation = { settle = \"0s\" }",
		lab.Kubeconfig, lab.Namespace), fmt.Sprintf(resources, lab.Service, lab.Namespace))
	said := c.must("plan", "-out=saved.tfplan")
	if !slices.ContainsFunc(said.Diagnostics, func(d diagnostic) bool {
		return d.Severity == "warning" &&
			strings.Contains(d.Detail, "Rule http[1]: all other requests: v1 90 %, v2 10 %.")
	}) {
		t.Errorf("the check says nothing: %v", said.Diagnostics)
	}
	plan := &tfjson.Plan{}
	c.show(plan, "saved.tfplan")
	c.must("apply", "saved.tfplan")
	defer c.must("destroy")
	state := &tfjson.State{}
	c.show(state)
	for name, want := range map[string]any{
		"testers":       "v2",
		"others":        "10",
		"cart":          "cart-all 3s v1 true",
		"several":       nil,
		"picture":       nil,
		"later":         "25",
		"later_picture": nil,
	} {
		planned, unknown := plan.OutputChanges[name].After, plan.OutputChanges[name].AfterUnknown == true
		is := fmt.Sprint(state.Values.Outputs[name].Value)
		if want != nil && is != want {
			t.Errorf("%s is %s, want %s", name, is, want)
		}
		if late := strings.HasPrefix(name, "later"); unknown != late {
			t.Errorf("at plan %s is known: %t, want %t", name, !unknown, !late)
		}
		if !unknown && fmt.Sprint(planned) != is {
			t.Errorf("%s was planned as %v and is %s", name, planned, is)
		}
	}
	if r := c.run("plan", "-detailed-exitcode"); !r.ok {
		t.Errorf("a second plan is not empty:\n%s", r.text)
	}
}
