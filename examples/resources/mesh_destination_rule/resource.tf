# Two versions of a service, and what every proxy does about endpoints that fail.
resource "mesh_destination_rule" "greeter" {
  name      = "k8s-combat-service-istio-mesh"
  namespace = "greeter"
  host      = "k8s-combat-service-istio-mesh.greeter.svc.cluster.local"

  subsets = [
    { name = "v1", labels = { app = "k8s-combat-service-v1" } },
    { name = "v2", labels = { app = "k8s-combat-service-v2" } },
  ]

  traffic_policy = {
    connection_pool   = { http = { http2_max_requests = 1000 } }
    outlier_detection = { consecutive_5xx_errors = 7, interval = "5s", base_ejection_time = "1m" }
  }
}
