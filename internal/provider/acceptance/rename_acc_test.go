package acceptance_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// testRename changes where the objects are and what people put on them: always in place, and old objects go.
func testRename(t *testing.T, f form) {
	t.Parallel()
	lab := acctest.Start(t)
	elsewhere := lab.In("default")
	traffic := resource.ComposeTestCheckFunc(
		lab.Traffic(acctest.Request{Headers: version("200")}, acctest.Only("v2")),
		lab.Traffic(acctest.Request{}, acctest.Only("v1")),
	)
	missing := func(lab *acctest.Lab, name string) resource.TestCheckFunc {
		return resource.ComposeTestCheckFunc(lab.Missing(acctest.VirtualService, name),
			lab.Missing(acctest.DestinationRule, name))
	}
	spec := func(lab *acctest.Lab, name, more string) resource.TestCheckFunc {
		return resource.ComposeTestCheckFunc(
			lab.Spec(acctest.VirtualService, name, f.virtualService(byVersionYAML, "")+more),
			lab.Spec(acctest.DestinationRule, name, destinationRule),
		)
	}
	metadata := func(labels, annotations map[string]string) resource.TestCheckFunc {
		return lab.Live(func() error {
			for _, kind := range []string{acctest.VirtualService, acctest.DestinationRule} {
				object := lab.MustGet(kind, lab.Service)
				if diff := cmp.Diff(labels, object.GetLabels()); diff != "" {
					t.Errorf("labels of the %s (-want +got):\n%s", kind, diff)
				}
				if diff := cmp.Diff(annotations, object.GetAnnotations()); diff != "" {
					t.Errorf("annotations of the %s (-want +got):\n%s", kind, diff)
				}
			}
			return nil
		})
	}
	step := func(top string, checks ...resource.TestCheckFunc) resource.TestStep {
		return resource.TestStep{
			Config:           lab.Config(f.with(parts{top: "\n  " + top})),
			ConfigPlanChecks: f.action(plancheck.ResourceActionUpdate),
			Check:            resource.ComposeTestCheckFunc(append(checks, traffic)...),
		}
	}
	const ours = "app.kubernetes.io/managed-by"
	first := step("", spec(lab, lab.Service, ""))
	first.ConfigPlanChecks = f.action(plancheck.ResourceActionCreate)
	run(t, lab, first,
		step(`name = "${local.service}-b"`, spec(lab, lab.Service+"-b", ""), missing(lab, lab.Service)),
		step("virtual_service_name = \"${local.service}-vs\"\n destination_rule_name = \"${local.service}-dr\"",
			missing(lab, lab.Service+"-b"), lab.Missing(acctest.VirtualService, lab.Service+"-dr"),
			lab.Spec(acctest.VirtualService, lab.Service+"-vs", f.virtualService(byVersionYAML, "")),
			lab.Spec(acctest.DestinationRule, lab.Service+"-dr", destinationRule)),
		step("labels = { team = \"shop\" }\n annotations = { note = \"a canary\" }", spec(lab, lab.Service, ""),
			metadata(map[string]string{ours: "terraform-provider-mesh", "team": "shop"},
				map[string]string{"note": "a canary"})),
		step(`labels = { team = "web", tier = "edge" }`, spec(lab, lab.Service, ""),
			metadata(map[string]string{ours: "terraform-provider-mesh", "team": "web", "tier": "edge"}, nil)),
		step("hosts = [local.service, \"greeter.example.com\"]\n gateways = [\"istio-system/edge\", \"mesh\"]\n "+
			"export_to = [\"*\"]",
			lab.Spec(acctest.VirtualService, lab.Service, "exportTo: ['*']\ngateways: [istio-system/edge, mesh]\n"+
				"hosts: [HOST, greeter.example.com]\n"+f.virtualService(byVersionYAML, "")[len("hosts: [HOST]\n"):]),
			lab.Spec(acctest.DestinationRule, lab.Service, destinationRule+"exportTo: ['*']\n")),
		resource.TestStep{
			Config:           lab.Config(f.in("default")),
			ConfigPlanChecks: f.action(plancheck.ResourceActionUpdate),
			Check: resource.ComposeTestCheckFunc(
				spec(elsewhere, lab.Service, ""), missing(lab, lab.Service), traffic),
		},
	)
}

// in is the form's configuration with its objects in another namespace than the service.
func (f form) in(namespace string) string {
	config := f.with(parts{top: "namespace = \"" + namespace + "\""})
	return strings.Replace(config, "service = local.service", "service = local.host", 1)
}

// A resource becomes one of the other type: the objects stay the same.
func TestAcc_moved(t *testing.T) {
	t.Parallel()
	for name, forms := range map[string][2]form{
		"a route becomes a split": {canaryForm, splitForm},
		"a split becomes a route": {splitForm, canaryForm},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := forms[0], forms[1]
			lab := acctest.Start(t)
			uids := map[string]types.UID{}
			seen := func(report func(kind string, uid types.UID)) resource.TestCheckFunc {
				return lab.Live(func() error {
					for _, kind := range []string{acctest.VirtualService, acctest.DestinationRule} {
						report(kind, lab.MustGet(kind, lab.Service).GetUID())
					}
					return nil
				})
			}
			moved := "moved {\n  from = " + from.address + "\n  to   = " + to.address + "\n}\n"
			run(t, lab,
				resource.TestStep{
					Config: lab.Config(from.with(parts{})),
					Check: resource.ComposeTestCheckFunc(from.routed(lab), seen(func(kind string, uid types.UID) {
						uids[kind] = uid
					})),
				},
				resource.TestStep{
					Config: lab.Config(to.with(parts{}) + moved),
					Check: resource.ComposeTestCheckFunc(to.routed(lab), seen(func(kind string, uid types.UID) {
						if uid != uids[kind] {
							t.Errorf("the %s was made anew", kind)
						}
					})),
				},
			)
		})
	}
}
