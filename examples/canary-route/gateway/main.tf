# The same shares for callers in the mesh and for those that come in at a Gateway. Testers outside ask for v2.
resource "mesh_canary_route" "greeter" {
  service   = "greeter"
  namespace = "greeter"
  hosts     = ["greeter.greeter.svc.cluster.local", "shop.example.com"]
  gateways  = ["mesh", "istio-ingress/public"]

  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" } }
  }

  rules = [
    {
      name   = "testers"
      match  = [{ gateways = ["istio-ingress/public"], headers = { x-tester = { exact = "yes" } } }]
      subset = "v2"
    },
  ]

  default = { weights = { v1 = null, v2 = 10 } }
}
