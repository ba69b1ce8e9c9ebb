# A canary of an HTTP service, for callers in the mesh and for those that come in at a Gateway.
resource "mesh_canary_route" "echo" {
  service   = "echo"
  namespace = "greeter"
  hosts     = ["echo.greeter.svc.cluster.local", "shop.example"]
  gateways  = ["mesh", "edge/web"]

  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" } }
  }

  rules = [
    {
      name   = "testers"
      match  = [{ headers = { x-tester = { exact = "yes" } } }]
      subset = "v2"
    },
    {
      name    = "slow"
      match   = [{ uri = { prefix = "/slow" } }]
      subset  = "v1"
      timeout = "200ms"
    },
    {
      name    = "flaky"
      match   = [{ uri = { prefix = "/flaky" } }]
      subset  = "v1"
      retries = { attempts = 2, retry_on = "5xx" }
    },
    {
      name   = "broken"
      match  = [{ uri = { prefix = "/broken" } }]
      subset = "v2"
      fault  = { abort = { http_status = 418, percentage = { value = 100 } } }
    },
    {
      name   = "late"
      match  = [{ uri = { prefix = "/late" } }]
      subset = "v2"
      fault  = { delay = { fixed_delay = "300ms", percentage = { value = 100 } } }
    },
    {
      name    = "copied"
      match   = [{ uri = { prefix = "/copied" } }]
      subset  = "v1"
      mirrors = [{ destination = { subset = "v2" } }]
    },
    {
      name    = "renamed"
      match   = [{ uri = { prefix = "/old/" } }]
      subset  = "v1"
      rewrite = { uri = "/new/" }
    },
  ]

  default = { weights = { v1 = null, v2 = 25 } }
}
