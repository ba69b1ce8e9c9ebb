package acceptance_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccCanaryRoute_proxied: an HTTP service is routed by Envoys as the configuration says, in the mesh and at a
// Gateway, in each version of HTTP, and moves with the weights.
func TestAccCanaryRoute_proxied(t *testing.T) {
	t.Parallel()
	lab := acctest.StartProxied(t)
	gateway, outside := lab.Gateway(), lab.Service+".example"
	config := func(weight int) string {
		return lab.Config(fmt.Sprintf(`
resource "mesh_canary_route" "test" {
  service  = local.service
  hosts    = [local.host, %q]
  gateways = ["mesh", "%s/%s"]

  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" } }
  }

  rules = [
    { name = "testers", match = [{ headers = { x-tester = { exact = "yes" } } }], subset = "v2" },
    {
      name    = "copied", match = [{ uri = { prefix = "/copied" } }], subset = "v1"
      rewrite = { uri = "/original" }, mirrors = [{ destination = { subset = "v2" } }]
    },
  ]

  default = { weights = { v1 = null, v2 = %d } }
}
`, outside, gateway.Namespace, gateway.Name, weight))
	}
	ways := []acctest.Request{
		{Via: "sidecar", Protocol: "http1", Host: lab.Host},
		{Via: "sidecar", Protocol: "http2", Host: lab.Host},
		{Via: "gateway", Protocol: "http1", Host: outside},
		{Via: "gateway", Protocol: "http2", Host: outside, TLS: true},
	}
	answer := func(change func(*acctest.Request), want acctest.Want) resource.TestCheckFunc {
		var checks []resource.TestCheckFunc
		for _, way := range ways {
			change(&way)
			checks = append(checks, lab.Traffic(way, want))
		}
		return resource.ComposeTestCheckFunc(checks...)
	}
	run(t, lab,
		resource.TestStep{
			Config: config(25),
			Check: resource.ComposeTestCheckFunc(
				answer(func(r *acctest.Request) { r.Headers = map[string]string{"x-tester": "yes"} },
					acctest.Only("v2")),
				answer(func(r *acctest.Request) { r.Count = 2000 },
					acctest.Shares(map[string]float64{"v1": 75, "v2": 25})),
				answer(func(r *acctest.Request) { r.Path, r.Count, r.Seen = "/copied/x?y", 20, true }, copied),
			),
		},
		resource.TestStep{
			Config: config(100),
			Check:  answer(func(*acctest.Request) {}, acctest.Only("v2")),
		},
	)
}

// copied wants answers of v1, a copy of each request at v2, and the rewritten path.
func copied(a acctest.Answers) error {
	if err := acctest.Only("v1")(a); err != nil {
		return err
	}
	if diff := cmp.Diff(map[string]int{"v1": a.Total, "v2": a.Total}, a.Seen); diff != "" {
		return fmt.Errorf("received by (-want +got):\n%s", diff)
	}
	if want := "/original/x?y"; a.Sample.Path != want {
		return fmt.Errorf("the service was asked for %s instead of %s", a.Sample.Path, want)
	}
	return nil
}
