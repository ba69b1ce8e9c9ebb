resource "mesh_canary_route" "test" {
  service     = "canary"
  namespace   = "golden-states"
  name        = "canary-route"
  hosts       = ["canary", "shop.example"]
  labels      = { team = "shop" }
  annotations = { note = "golden" }
  export_to   = [".", "istio-system"]
  deletion    = "delete"
  timeouts    = { create = "1m", delete = "30s" }

  traffic_policy = {
    connection_pool = { tcp = { max_connections = 100, connect_timeout = "1500ms" } }
  }

  subsets = {
    stable = { labels = { app = "shop", version = "v1" } }
    canary = {
      labels         = { app = "shop", version = "v2" }
      traffic_policy = { load_balancer = { simple = "LEAST_REQUEST" } }
    }
  }

  rules = [
    {
      name    = "testers"
      match   = [{ headers = { version = { exact = "200" } } }, { uri = { prefix = "/shop.Cart/" } }]
      subset  = "canary"
      timeout = "5000ms"
      retries = { attempts = 2, per_try_timeout = "1s", retry_on = "unavailable,cancelled" }
    },
    {
      match   = [{ headers = { cookie = { regex = ".*beta.*" } } }]
      weights = { stable = 75, canary = 25 }
      headers = { request = { set = { "x-route" = "beta" } } }
    },
  ]

  default = { subset = "stable" }
}
