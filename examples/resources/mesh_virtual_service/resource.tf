# One method gets five seconds and no retries; all others stay as they are.
resource "mesh_virtual_service" "greeter" {
  name      = "k8s-combat-service-istio-mesh"
  namespace = "greeter"
  hosts     = ["k8s-combat-service-istio-mesh.greeter.svc.cluster.local"]

  http = [
    {
      name    = "say-hello"
      match   = [{ uri = { exact = "/helloworld.Greeter/SayHello" } }]
      route   = [{ destination = { host = "k8s-combat-service-istio-mesh.greeter.svc.cluster.local" } }]
      timeout = "5s"
      retries = { attempts = 0 }
    },
    {
      route = [{ destination = { host = "k8s-combat-service-istio-mesh.greeter.svc.cluster.local" } }]
    },
  ]
}
