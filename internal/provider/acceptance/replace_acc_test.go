package acceptance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// A pair that somebody tainted is made anew under the same names. Where the new one is to come before the old one
// goes, it takes the objects up, which are just what it wants, and they stay as they are.
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
					Taint:     []string{f.address}, Config: lab.Config(before), Check: f.routed(lab),
				},
				resource.TestStep{
					PreConfig: func() { check() },
					Config:    lab.Config(config), Check: f.routed(lab),
				},
			)
		})
	}
}

// TestAcc_recreated: an object that somebody deleted and made anew is somebody else's, also where it says the same.
// An update stops before it, whenever that happened after the plan; a destroy takes away what is Terraform's and
// leaves it.
func TestAcc_recreated(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		for _, kind := range bothKinds {
			// anew lets somebody else make the object anew, and returns a check that nothing happens to that one.
			anew := func(t *testing.T, lab *acctest.Lab) func() {
				t.Helper()
				text := lab.ManifestYAML(kind, lab.Service)
				lab.Delete(kind, lab.Service)
				lab.Create(text)
				return untouched(t, lab, kind, lab.Service)
			}
			start := func(t *testing.T) (*acctest.Lab, *acctest.Proxy, *workspace) {
				t.Helper()
				t.Parallel()
				lab := acctest.Start(t)
				proxy := lab.StartProxy(t)
				w := newWorkspace(t, lab, f, "")
				w.block = fmt.Sprintf("host = %q", proxy.URL)
				w.apply(parts{})
				return lab, proxy, w
			}
			changed := parts{
				rule:   `timeout = "3s"`,
				subset: `traffic_policy = { load_balancer = { simple = "RANDOM" } }`,
			}
			stale := []string{kind, "Nothing was overwritten"}
			t.Run(kind+" before an update", func(t *testing.T) {
				lab, _, w := start(t)
				w.declare(changed)
				w.plan()
				check := anew(t, lab)
				w.fails("Object changed since the plan", stale, "apply", "saved.tfplan")
				check()
				w.fails("Object changed since the plan", stale, "apply", "-refresh=false")
				check()
			})
			t.Run(kind+" during an update", func(t *testing.T) {
				lab, proxy, w := start(t)
				// Otherwise the maker's fields would be in the way before anybody asks which object it is.
				w.block += "\n  field_manager = { force_conflicts = true }"
				w.declare(changed)
				w.plan()
				var check func()
				// After the looks around, two dry runs and two reads the DestinationRule is written, then the
				// VirtualService.
				call := len(around(lab)) + map[string]int{acctest.DestinationRule: 5, acctest.VirtualService: 6}[kind]
				proxy.Arm(acctest.Trap{Call: call, Meanwhile: func() { check = anew(t, lab) }})
				w.fails("Object changed since the plan", stale, "apply", "saved.tfplan")
				if calls := proxy.Disarm(); calls[call-1] != "PATCH "+strings.ToLower(kind)+"s" {
					t.Fatalf("the calls are %q", calls)
				}
				check()
			})
			t.Run(kind+" before a destroy", func(t *testing.T) {
				lab, _, w := start(t)
				w.must("plan", "-destroy", "-out=saved.tfplan")
				check := anew(t, lab)
				w.must("apply", "saved.tfplan")
				check()
				if n := len(uids(lab)); n != 1 || w.inState(f.address) {
					t.Errorf("%d objects are left, want the one that is somebody else's, and nothing in the state", n)
				}
				lab.Delete(kind, lab.Service)
			})
			t.Run(kind+" during a destroy", func(t *testing.T) {
				lab, proxy, w := start(t)
				w.must("plan", "-destroy", "-out=saved.tfplan")
				var check func()
				// The VirtualService goes first, after two looks for others who use the subsets.
				call := map[string]int{acctest.VirtualService: 3, acctest.DestinationRule: 4}[kind]
				proxy.Arm(acctest.Trap{Call: call, Meanwhile: func() { check = anew(t, lab) }})
				w.must("apply", "saved.tfplan")
				if calls := proxy.Disarm(); calls[call-1] != "DELETE "+strings.ToLower(kind)+"s" {
					t.Fatalf("the calls are %q", calls)
				}
				check()
				lab.Delete(kind, lab.Service)
			})
		}
	})
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
					`"VirtualService spec.http[0].route[1]","VirtualService spec.http[1].match","VirtualService ` +
					`spec.http[1].route[0].weight",` +
					`"VirtualService spec.http[1].route[1]","VirtualService spec.http[2]"]`},
			}},
			Check: splitForm.routed(lab),
		},
	)
}

// What comes in the way of a create is reported where it is still there when the create looks at it. Otherwise nothing
// is in the way any more.
func TestAcc_obstacleGoes(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		for _, kind := range bothKinds {
			t.Run(kind, func(t *testing.T) {
				t.Parallel()
				lab := acctest.Start(t)
				proxy := lab.StartProxy(t)
				w := newWorkspace(t, lab, f, "")
				w.block = fmt.Sprintf("host = %q", proxy.URL)
				w.declare(parts{})
				w.plan()
				proxy.Arm(acctest.Trap{})
				w.must("apply", "saved.tfplan")
				resources := strings.ToLower(kind) + "s"
				write := 1 + slices.Index(proxy.Disarm(), "PATCH "+resources)
				manifest := lab.ManifestYAML(kind, lab.Service)
				// comes lets the obstacle come just before the write, and go before the look at it, or stay.
				comes := func(stays bool) {
					w.must("destroy")
					w.plan()
					proxy.Arm(acctest.Trap{Call: write, Meanwhile: func() {
						lab.Create(manifest)
						look := acctest.Trap{Call: 1, Meanwhile: func() { lab.Delete(kind, lab.Service) }}
						if stays {
							look = acctest.Trap{}
						}
						proxy.Arm(look)
					}})
				}
				comes(false)
				w.must("apply", "saved.tfplan")
				calls := proxy.Disarm()
				if len(calls) < 2 || calls[0] != "GET "+resources || calls[1] != "PATCH "+resources {
					t.Errorf("after the refused write the calls are %q", calls)
				}
				w.unchanged()
				comes(true)
				w.fails("Object exists already", []string{kind + ` "`, "was left as it is"}, "apply", "saved.tfplan")
				proxy.Disarm()
				lab.Delete(kind, lab.Service)
			})
		}
	})
}
