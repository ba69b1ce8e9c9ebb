package acceptance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccCanaryRoute_capitals: gRPC's own client never finds a header whose name a match writes with capitals. A plan
// says so, and requests that are counted show it.
func TestAccCanaryRoute_capitals(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	w := newWorkspace(t, lab, form{address: "mesh_canary_route.test"}, "")
	config := func(name string) string {
		return fmt.Sprintf(`
resource "mesh_canary_route" "test" {
  service = local.service
  subsets = { v1 = { labels = { app = "k8s-combat-service-v1" } }, v2 = { labels = { app = "k8s-combat-service-v2" } } }
  rules   = [{ match = [{ headers = { %s = { exact = "200" } } }], subset = "v2" }]
  default = { subset = "v1" }
}
`, name)
	}
	const warning = `gRPC clients that route by themselves (xds:///) with case, so that theirs never have this one; ` +
		`write "version"`
	w.write(config("Version"))
	if r := w.must("apply"); !strings.Contains(r.String(), warning) {
		t.Errorf("the plan does not warn of capitals:\n%s", r)
	}
	lab.Eventually(acctest.Request{Headers: version("200")}, acctest.Only("v1"))
	w.write(config("version"))
	if r := w.must("apply"); strings.Contains(r.String(), warning) {
		t.Errorf("the plan warns of lower case:\n%s", r)
	}
	lab.Eventually(acctest.Request{Headers: version("200")}, acctest.Only("v2"))
	w.must("destroy")
}
