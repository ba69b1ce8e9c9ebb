# Callers choose a version with the gRPC metadata (header) "version"; everybody else stays on v1.
resource "mesh_canary_route" "greeter" {
  service   = "k8s-combat-service-istio-mesh"
  namespace = "greeter"

  subsets = {
    v1 = { labels = { app = "k8s-combat-service-v1" } }
    v2 = { labels = { app = "k8s-combat-service-v2" } }
  }

  rules = [
    { name = "v1", match = [{ headers = { version = { exact = "100" } } }], subset = "v1" },
    { name = "v2", match = [{ headers = { version = { exact = "200" } } }], subset = "v2" },
  ]

  default = { subset = "v1" }
}
