package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// A pair that somebody tainted is made anew under the same names. Where the new one is to come before the old one goes,
// its own objects are in the way, which is said, and they stay as they are.
func TestAcc_replaced(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]form{"route": canaryForm, "split": splitForm} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			config := f.with(parts{})
			before := f.with(parts{top: "lifecycle {\n    create_before_destroy = true\n  }"})
			var check func()
			run(t, lab,
				resource.TestStep{Config: lab.Config(config), Check: f.routed(lab)},
				resource.TestStep{
					Taint: []string{f.address}, Config: lab.Config(config),
					ConfigPlanChecks: f.action(plancheck.ResourceActionDestroyBeforeCreate), Check: f.routed(lab),
				},
				resource.TestStep{Config: lab.Config(before)},
				resource.TestStep{
					PreConfig: func() { check = untouched(t, lab, acctest.VirtualService, lab.Service) },
					Taint:     []string{f.address}, Config: lab.Config(before),
					ExpectError: saying("Object exists already"),
				},
				resource.TestStep{
					PreConfig: func() { check() },
					Config:    lab.Config(config), Check: f.routed(lab),
				},
			)
		})
	}
}

// A split has two rules at most: another rule that somebody puts before them is shown, and taken out.
func TestAccWeightedSplit_foreignRule(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	run(t, lab,
		resource.TestStep{Config: lab.Config(splitForm.with(parts{})), Check: splitForm.routed(lab)},
		resource.TestStep{
			PreConfig: func() {
				lab.Edit(acctest.VirtualService, lab.Service, func(spec map[string]any) {
					destination := map[string]any{"destination": map[string]any{"host": lab.Host, "subset": "v1"}}
					rule := map[string]any{
						"match": []any{map[string]any{"headers": map[string]any{"x-own": map[string]any{}}}},
						"route": []any{destination},
					}
					spec["http"] = append([]any{rule}, spec["http"].([]any)...)
				})
			},
			Config: lab.ConfigForced(splitForm.with(parts{})),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(splitForm.address, plancheck.ResourceActionUpdate),
				planBefore{splitForm.address, "foreign_fields", `["VirtualService spec.http[0].route[0].weight",` +
					`"VirtualService spec.http[0].route[1]","VirtualService spec.http[1].match","VirtualService spec.http[1].route[0].weight",` +
					`"VirtualService spec.http[1].route[1]","VirtualService spec.http[2]"]`},
			}},
			Check: splitForm.routed(lab),
		},
	)
}
