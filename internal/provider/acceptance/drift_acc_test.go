package acceptance_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// firstRule returns the first HTTP rule of a live VirtualService.
func firstRule(spec map[string]any) map[string]any { return spec["http"].([]any)[0].(map[string]any) }

// testDrift edits both objects behind Terraform's back: the plan shows what is there now, and apply heals it.
func testDrift(t *testing.T, f form) {
	t.Parallel()
	lab := acctest.Start(t)
	config := parts{rule: `timeout = "5000ms"`, top: "export_to = [\"*\"]\n annotations = { team = \"shop\" }"}
	plan := func(attribute, before string) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectResourceAction(f.address, plancheck.ResourceActionUpdate),
			planBefore{f.address, attribute, before},
		}}
	}
	healed := resource.ComposeTestCheckFunc(
		lab.Spec(acctest.VirtualService, lab.Service,
			f.virtualService(byVersionYAML, "timeout: 5s")+"exportTo: ['*']\n"),
		lab.Spec(acctest.DestinationRule, lab.Service, destinationRule+"exportTo: ['*']\n"),
		lab.Traffic(acctest.Request{Headers: version("200")}, acctest.Only("v2")),
		lab.Live(func() error {
			got := lab.MustGet(acctest.VirtualService, lab.Service).GetAnnotations()
			if diff := cmp.Diff(map[string]string{"team": "shop"}, got); diff != "" {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
			return nil
		}),
	)
	match := `[{"authority":null,"gateways":null,` +
		`"headers":{"version":{"exact":"300","prefix":null,"present":null,"regex":null}},` +
		`"ignore_uri_case":null,` +
		`"method":null,"name":null,"port":null,"query_params":null,"scheme":null,"source_labels":null,` +
		`"source_namespace":null,` +
		`"stat_prefix":null,"uri":null,"without_headers":null}]`
	rules := `[{"cors_policy":null,"fault":null,"headers":null,"match":` + match +
		`,"mirrors":null,"name":null,"retries":null,"rewrite":null,"sticky":null,"subset":"v2","timeout":"5000ms",` +
		`"weights":null}]`
	changedMatch := plan("match", match)
	if f.address == canaryForm.address {
		changedMatch = plan("rules", rules)
	}
	run(t, lab,
		resource.TestStep{Config: lab.Config(f.with(config)), Check: healed},
		// The rules are edited: the plan shows what they are now. They belong to the editor, so healing needs force.
		resource.TestStep{
			PreConfig: func() {
				lab.Edit(acctest.VirtualService, lab.Service, func(spec map[string]any) {
					firstRule(spec)["match"] = []any{map[string]any{
						"headers": map[string]any{"version": map[string]any{"exact": "300"}},
					}}
				})
				lab.Eventually(acctest.Request{Headers: version("200")}, acctest.Only("v1"))
			},
			Config: lab.ConfigForced(f.with(config)), ConfigPlanChecks: changedMatch, Check: healed,
		},
		// A subset is taken away.
		resource.TestStep{
			PreConfig: func() {
				lab.Edit(acctest.DestinationRule, lab.Service, func(spec map[string]any) {
					spec["subsets"] = spec["subsets"].([]any)[:1]
				})
				lab.Eventually(acctest.Request{Headers: version("200")}, acctest.Failing("Unavailable"))
			},
			Config:           lab.ConfigForced(f.with(config)),
			ConfigPlanChecks: f.action(plancheck.ResourceActionUpdate),
			Check:            healed,
		},
		// What was removed belongs to nobody, and heals without force.
		resource.TestStep{
			PreConfig: func() {
				for _, kind := range []string{acctest.VirtualService, acctest.DestinationRule} {
					lab.EditObject(kind, lab.Service, func(o *unstructured.Unstructured) {
						delete(o.Object["spec"].(map[string]any), "exportTo")
						o.SetAnnotations(nil)
					})
				}
			},
			Config: lab.Config(f.with(config)), ConfigPlanChecks: plan("export_to", "null"), Check: healed,
		},
		// Labels and annotations of others are left alone.
		resource.TestStep{
			PreConfig: func() {
				lab.EditObject(acctest.DestinationRule, lab.Service, func(o *unstructured.Unstructured) {
					o.SetAnnotations(map[string]string{"team": "shop", "other": "1"})
					o.SetLabels(map[string]string{
						"app.kubernetes.io/managed-by": "terraform-provider-mesh",
						"other":                        "1",
					})
				})
			},
			Config:           lab.Config(f.with(config)),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
	)
}

// testForeignFields puts things into the objects that the resource has no words for: the plan lists them, and apply
// takes them out.
func testForeignFields(t *testing.T, f form) {
	t.Parallel()
	lab := acctest.Start(t)
	config := f.with(parts{})
	redirect := `["VirtualService spec.http[1].redirect","VirtualService spec.http[1].route"]`
	if f.address == splitForm.address {
		// Without a subset that takes the other requests, a split has no second rule at all.
		redirect = `["VirtualService spec.http[1]"]`
	}
	step := func(foreign string, edit func()) resource.TestStep {
		return resource.TestStep{
			PreConfig: edit,
			Config:    lab.ConfigForced(config),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(f.address, plancheck.ResourceActionUpdate),
				planBefore{f.address, "foreign_fields", foreign},
			}},
			Check: f.routed(lab),
		}
	}
	run(t, lab,
		resource.TestStep{Config: lab.Config(config), Check: f.routed(lab)},
		step(`["VirtualService spec.http[1].route[0].destination.port"]`, func() {
			lab.Edit(acctest.VirtualService, lab.Service, func(spec map[string]any) {
				last := spec["http"].([]any)[1].(map[string]any)
				destination := last["route"].([]any)[0].(map[string]any)["destination"].(map[string]any)
				destination["port"] = map[string]any{"number": int64(50051)}
			})
		}),
		step(redirect, func() {
			lab.Edit(acctest.VirtualService, lab.Service, func(spec map[string]any) {
				spec["http"].([]any)[1] = map[string]any{"redirect": map[string]any{"uri": "/gone"}}
			})
		}),
		step(`["DestinationRule spec.workloadSelector"]`, func() {
			lab.Edit(acctest.DestinationRule, lab.Service, func(spec map[string]any) {
				spec["workloadSelector"] = map[string]any{"matchLabels": map[string]any{"app": "tester"}}
			})
		}),
	)
}

// testDisappears deletes one object, the other and both: the plan is not empty, and apply makes them anew. An object
// that is still there stays the same one.
func testDisappears(t *testing.T, f form) {
	t.Parallel()
	lab := acctest.Start(t)
	config := lab.Config(f.with(parts{}))
	kept := map[string]string{}
	remember := lab.Live(func() error {
		for _, kind := range []string{acctest.VirtualService, acctest.DestinationRule} {
			uid := string(lab.MustGet(kind, lab.Service).GetUID())
			if want, ok := kept[kind]; ok && want != uid {
				t.Errorf("the %s was made anew, although it was there", kind)
			}
			kept[kind] = uid
		}
		return nil
	})
	step := func(action plancheck.ResourceActionType, gone ...string) resource.TestStep {
		return resource.TestStep{
			PreConfig: func() {
				for _, kind := range gone {
					lab.Delete(kind, lab.Service)
					delete(kept, kind)
				}
			},
			Config:           config,
			ConfigPlanChecks: f.action(action),
			Check:            resource.ComposeTestCheckFunc(f.routed(lab), remember),
		}
	}
	run(t, lab,
		step(plancheck.ResourceActionCreate),
		step(plancheck.ResourceActionUpdate, acctest.VirtualService),
		step(plancheck.ResourceActionUpdate, acctest.DestinationRule),
		step(plancheck.ResourceActionCreate, acctest.VirtualService, acctest.DestinationRule),
	)
}

// A label that differs on one of the two objects only is drift like any other: shown, and healed.
func TestAcc_labelOfOneObject(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	config := canaryForm.with(parts{top: `labels = { team = "a" }`})
	relabel := func(team string) func() {
		return func() {
			lab.EditObject(acctest.DestinationRule, lab.Service, func(o *unstructured.Unstructured) {
				labels := o.GetLabels()
				if labels["team"] = team; team == "" {
					delete(labels, "team")
				}
				o.SetLabels(labels)
			})
		}
	}
	shown := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectResourceAction(canaryForm.address, plancheck.ResourceActionUpdate),
		planBefore{canaryForm.address, "foreign_fields", `["DestinationRule metadata.labels[\"team\"]"]`},
	}}
	healed := lab.Live(func() error {
		if got := lab.MustGet(acctest.DestinationRule, lab.Service).GetLabels()["team"]; got != "a" {
			t.Errorf("label team of the DestinationRule is %q, want a", got)
		}
		return nil
	})
	run(t, lab,
		resource.TestStep{Config: lab.Config(config), Check: healed},
		resource.TestStep{PreConfig: relabel(""), Config: lab.Config(config), ConfigPlanChecks: shown, Check: healed},
		resource.TestStep{
			PreConfig:        relabel("b"),
			Config:           lab.ConfigForced(config),
			ConfigPlanChecks: shown,
			Check:            healed,
		},
	)
}

// One drifted weight shows as one drifted weight: what else the state says keeps its spelling.
func TestAcc_driftOfOneWeight(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	config := `
resource "mesh_canary_route" "test" {
  service = local.service
  subsets = {
    v1 = { labels = { app = "k8s-combat-service-v1" } }
    v2 = { labels = { app = "k8s-combat-service-v2" } }
  }
  rules = [{
    match   = [{ headers = { version = { exact = "200" } }, ignore_uri_case = false }]
    weights = { v1 = null, v2 = 10 }
    timeout = "5000ms"
  }]
  default = { weights = { v1 = null, v2 = 20 } }
}
`
	match := `[{"authority":null,"gateways":null,` +
		`"headers":{"version":{"exact":"200","prefix":null,"present":null,"regex":null}},` +
		`"ignore_uri_case":false,` +
		`"method":null,"name":null,"port":null,"query_params":null,"scheme":null,"source_labels":null,` +
		`"source_namespace":null,` +
		`"stat_prefix":null,"uri":null,"without_headers":null}]`
	run(t, lab,
		resource.TestStep{Config: lab.Config(config)},
		resource.TestStep{
			PreConfig: func() {
				lab.Edit(acctest.VirtualService, lab.Service, func(spec map[string]any) {
					route := firstRule(spec)["route"].([]any)
					route[0].(map[string]any)["weight"] = int64(60)
					route[1].(map[string]any)["weight"] = int64(40)
				})
			},
			Config: lab.ConfigForced(config),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				planBefore{canaryForm.address, "rules", `[{"cors_policy":null,"fault":null,"headers":null,"match":` +
					match +
					`,"mirrors":null,"name":null,"retries":null,"rewrite":null,"sticky":null,"subset":null,` +
					`"timeout":"5000ms",` +
					`"weights":{"v1":null,"v2":40}}]`},
				planBefore{canaryForm.address, "default", `{"cors_policy":null,"fault":null,"headers":null,` +
					`"mirrors":null,"name":null,` +
					`"retries":null,"rewrite":null,"sticky":null,"subset":null,"timeout":null,` +
					`"weights":{"v1":null,"v2":20}}`},
			}},
		},
	)
}
