package acceptance_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccManifests looks at what `kubectl get vs,dr -o yaml` shows, without what only the API server writes: it reads
// as a person would have written it.
func TestAccManifests(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	const config = `
resource "mesh_canary_route" "test" {
  service = local.service
  labels  = { team = "shop" }

  subsets = {
    v1 = { labels = { app = "k8s-combat-service-v1" } }
    v2 = {
      labels         = { app = "k8s-combat-service-v2" }
      traffic_policy = { outlier_detection = { consecutive_gateway_errors = 0 }, tls = { mode = "DISABLE" } }
    }
  }

  rules = [{
    name    = "testers"
    match   = [{ headers = { x-tester = { present = true } } }, { uri = { prefix = "/helloworld.Greeter/" }, port = 50051 }]
    weights = { v1 = 100, v2 = 0 }
    timeout = "5000ms"
    retries = { attempts = 0 }
  }]

  default = { subset = "v1" }
}
`
	want := map[string]string{
		acctest.VirtualService: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  labels:
    app.kubernetes.io/managed-by: terraform-provider-mesh
    team: shop
  name: SERVICE
  namespace: NAMESPACE
spec:
  hosts:
  - HOST
  http:
  - match:
    - headers:
        x-tester: {}
    - port: 50051
      uri:
        prefix: /helloworld.Greeter/
    name: testers
    retries:
      attempts: 0
    route:
    - destination:
        host: HOST
        subset: v1
      weight: 100
    - destination:
        host: HOST
        subset: v2
      weight: 0
    timeout: 5s
  - route:
    - destination:
        host: HOST
        subset: v1
`,
		acctest.DestinationRule: `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  labels:
    app.kubernetes.io/managed-by: terraform-provider-mesh
    team: shop
  name: SERVICE
  namespace: NAMESPACE
spec:
  host: HOST
  subsets:
  - labels:
      app: k8s-combat-service-v1
    name: v1
  - labels:
      app: k8s-combat-service-v2
    name: v2
    trafficPolicy:
      outlierDetection:
        consecutiveGatewayErrors: 0
      tls:
        mode: DISABLE
`,
	}
	run(t, lab, resource.TestStep{
		Config: lab.Config(config),
		Check: lab.Live(func() error {
			for kind, text := range want {
				if diff := cmp.Diff(lab.Expand(text), lab.ManifestYAML(kind, lab.Service)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", kind, diff)
				}
			}
			return nil
		}),
	})
}
