package acceptance_test

import (
	"context"
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// importedUnchanged expects a plan that imports a resource and changes nothing.
type importedUnchanged struct{ address string }

// CheckPlan implements plancheck.PlanCheck.
func (c importedUnchanged) CheckPlan(
	_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse,
) {
	for _, change := range req.Plan.ResourceChanges {
		if change.Address == c.address && change.Change.Importing != nil && change.Change.Actions.NoOp() {
			return
		}
		resp.Error = fmt.Errorf("%s: importing %v, actions %v, before %v, after %v", change.Address,
			change.Change.Importing,
			change.Change.Actions, change.Change.Before, change.Change.After)
	}
}

// testImport brings existing pairs under Terraform: its own, and some that people made with kubectl.
func testImport(t *testing.T, f form) {
	t.Parallel()
	lab := acctest.Start(t)
	config := lab.Config(f.with(parts{}))
	verify := func(id string) resource.TestStep {
		return resource.TestStep{
			ResourceName: f.address, ImportState: true, ImportStateVerify: true,
			ImportStateId: lab.Expand(id), ImportStateVerifyIdentifierAttribute: "host",
		}
	}
	refuse := func(id, words string) resource.TestStep {
		return resource.TestStep{
			ResourceName:  f.address,
			ImportState:   true,
			ImportStateId: lab.Expand(id),
			ExpectError:   saying(words),
		}
	}
	const twoNames = "virtual_service_name = \"${local.service}-vs\"\n destination_rule_name = \"${local.service}-dr\""
	named := func(names string) string { return f.with(parts{top: names}) }
	imported := func(id, names string, before func()) resource.TestStep {
		return resource.TestStep{
			PreConfig: before,
			Config: lab.Config(named(names) +
				fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", f.address, lab.Expand(id))),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply:             []plancheck.PlanCheck{importedUnchanged{f.address}},
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
			Check: resource.ComposeTestCheckFunc(
				lab.Traffic(acctest.Request{Headers: version("200")}, acctest.Only("v2")),
				lab.Traffic(acctest.Request{}, acctest.Only("v1")),
			),
		}
	}
	rename := func(manifest, name string) string {
		return regexp.MustCompile(`name: SERVICE,`).ReplaceAllString(f.handMade(manifest), "name: SERVICE-"+name+",")
	}
	run(t, lab,
		resource.TestStep{Config: config, Check: f.routed(lab)},
		verify("NAMESPACE/SERVICE"),
		verify("NAMESPACE/SERVICE/SERVICE"),
		verify("apiVersion=networking.istio.io/v1,kind=VirtualService,namespace=NAMESPACE,name=SERVICE"),
		refuse("NAMESPACE/SERVICE-none", "Object does not exist"),
		refuse("NAMESPACE/SERVICE-none/SERVICE-none", "Cannot import non-existent remote object"),
		refuse("SERVICE", "Invalid import id"),
		refuse("NAMESPACE/", "Invalid import id"),
		refuse("/SERVICE", "Invalid import id"),
		refuse("a/b/c/d", "Invalid import id"),
		resource.TestStep{Config: config, Destroy: true},
		// A pair of one name, made by hand with short host names.
		imported("NAMESPACE/SERVICE", "", func() {
			lab.Create(f.handMade(handMadeVirtualService))
			lab.Create(handMadeDestinationRule)
		}),
		resource.TestStep{Config: config, Destroy: true},
		// A pair of two names: the rule for the same host is found, or named.
		imported("NAMESPACE/SERVICE-vs", twoNames, func() {
			lab.Create(rename(handMadeVirtualService, "vs"))
			lab.Create(rename(handMadeDestinationRule, "dr"))
		}),
		verify("NAMESPACE/SERVICE-vs/SERVICE-dr"),
		// Whoever made the objects owns their fields: a first change takes them over, and the next ones are as any.
		resource.TestStep{
			Config: lab.Config(f.with(parts{top: twoNames, rule: `timeout = "3s"`})),
			Check:  lab.Spec(acctest.VirtualService, lab.Service+"-vs", f.virtualService(byVersionYAML, "timeout: 3s")),
		},
		resource.TestStep{
			Config: lab.Config(f.with(parts{top: twoNames, rule: `timeout = "4s"`})),
			Check:  lab.Spec(acctest.VirtualService, lab.Service+"-vs", f.virtualService(byVersionYAML, "timeout: 4s")),
		},
	)
}
