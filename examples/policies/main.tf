# Timeouts, retries and faults are set per rule. Each rule here is chosen by the header "try".
resource "mesh_canary_route" "greeter" {
  service   = "k8s-combat-service-istio-mesh"
  namespace = "greeter"

  subsets = {
    v1 = { labels = { app = "k8s-combat-service-v1" } }
    v2 = { labels = { app = "k8s-combat-service-v2" } }
  }

  rules = [
    {
      name    = "timeout"
      match   = [{ headers = { try = { exact = "timeout" } } }]
      subset  = "v1"
      timeout = "200ms"
    },
    {
      name    = "retries"
      match   = [{ headers = { try = { exact = "retries" } } }]
      subset  = "v1"
      retries = { attempts = 3, retry_on = "unavailable" }
    },
    {
      name    = "no-retries"
      match   = [{ headers = { try = { exact = "no-retries" } } }]
      subset  = "v1"
      retries = { attempts = 0 }
    },
    {
      name   = "abort"
      match  = [{ headers = { try = { exact = "abort" } } }]
      subset = "v2"
      fault  = { abort = { grpc_status = "PERMISSION_DENIED", percentage = { value = 100 } } }
    },
    {
      name   = "delay"
      match  = [{ headers = { try = { exact = "delay" } } }]
      subset = "v2"
      fault  = { delay = { fixed_delay = "300ms", percentage = { value = 100 } } }
    },
  ]

  default = { weights = { v1 = null, v2 = 25 } }
}
