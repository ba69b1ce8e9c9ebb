package acceptance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// around are the looks of a plan in which something changes, at what is around the objects: one list each, which all
// resources of a provider block share for ten seconds. WorkloadEntries are only asked for where no pod is ready, as
// on the embedded lab.
func around(lab *acctest.Lab) []string {
	namespaced := "/namespaces/" + lab.Namespace + "/"
	looks := []string{"GET /api/v1" + namespaced +
		"pods", "GET /api/v1" + namespaced + "services", "LIST destinationrules", "LIST virtualservices"}
	if lab.Dir != "" {
		looks = append(looks, "GET /apis/networking.istio.io/v1"+namespaced+"workloadentries")
	}
	return looks
}

// TestAccRequests counts what the API server is asked: one write for each object that changes, and reads of no other.
func TestAccRequests(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	proxy := lab.StartProxy(t)
	config := func(resources string) string {
		return lab.ConfigWith(
			fmt.Sprintf("host = %q\n  config_path = \"\"\n  propagation = { settle = \"0s\" }", proxy.URL), resources,
		)
	}
	const (
		readVS, readDR     = "GET virtualservices", "GET destinationrules"
		listVS, listDR     = "LIST virtualservices", "LIST destinationrules"
		writeVS, writeDR   = "PATCH virtualservices", "PATCH destinationrules"
		tryVS, tryDR       = "PATCH virtualservices, dry run", "PATCH destinationrules, dry run"
		deleteVS, deleteDR = "DELETE virtualservices", "DELETE destinationrules"
	)
	looking := func(requests ...string) []string {
		return slices.Sorted(slices.Values(append(requests, around(lab)...)))
	}
	var planned []string
	// step expects requests of the plan, with its refresh, and of the apply.
	step := func(name, resources string, plan, apply []string) resource.TestStep {
		return resource.TestStep{
			PreConfig: func() { proxy.Take() },
			Config:    config(resources),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{whilePlanned(func(*tfjson.Plan) {
					planned = proxy.Take()
				})},
			},
			Check: lab.Live(func() error {
				applied := proxy.Take()
				t.Logf("%s: plan asks %s; apply asks %s", name, strings.Join(planned, ", "),
					strings.Join(applied, ", "))
				if diff := cmp.Diff(plan, planned); diff != "" {
					t.Errorf("%s: requests of the plan (-want +got):\n%s", name, diff)
				}
				if diff := cmp.Diff(apply, applied); diff != "" {
					t.Errorf("%s: requests of the apply (-want +got):\n%s", name, diff)
				}
				return nil
			}),
		}
	}
	run(t, lab,
		// The plan looks whether the names are free and what is around, and rehearses the writes. Terraform plans
		// once more when it applies. Which objects exist, and in which versions, is one list of a kind for all
		// resources of the namespace.
		step("create", routeByShare("{ v1 = 90, v2 = 10 }"), looking(listDR, listVS, tryDR, tryVS),
			looking(listDR, listVS, writeDR, tryDR, writeVS, tryVS)),
		step("no change", routeByShare("{ v1 = 90, v2 = 10 }"), []string{listDR, listVS}, nil),
		step("weights", routeByShare("{ v1 = 50, v2 = 50 }"), looking(listDR, listVS, tryVS),
			looking(readDR, readVS, writeVS, tryVS)),
		resource.TestStep{
			PreConfig: func() { proxy.Take() },
			Config:    config(routeByShare("{ v1 = 50, v2 = 50 }")), Destroy: true,
			Check: lab.Live(func() error {
				asked := proxy.Take()
				t.Logf("destroy asks %s", strings.Join(asked, ", "))
				var writes []string
				for _, r := range asked {
					if !strings.HasPrefix(r, "GET ") && !strings.HasPrefix(r, "LIST ") {
						writes = append(writes, r)
					}
				}
				if diff := cmp.Diff([]string{deleteDR, deleteVS}, writes); diff != "" {
					t.Errorf("writes of the destroy (-want +got):\n%s", diff)
				}
				return nil
			}),
		},
	)
}
