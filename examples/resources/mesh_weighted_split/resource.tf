# 90 % of the calls of one gRPC method go to v2, each with 5 seconds at most; all other methods stay on v1.
resource "mesh_weighted_split" "greeter" {
  service   = "k8s-combat-service-istio-mesh"
  namespace = "greeter"

  match = [{ uri = { exact = "/helloworld.Greeter/SayHello" } }]

  subsets = {
    v1 = { labels = { app = "k8s-combat-service-v1" }, weight = 10 }
    v2 = { labels = { app = "k8s-combat-service-v2" }, weight = 90 }
  }

  otherwise = "v1"
  timeout   = "5000ms"
}
