# Each rule has timeouts, retries and faults of its own.
resource "mesh_canary_route" "greeter" {
  service   = "greeter"
  namespace = "greeter"

  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" } }
  }

  rules = [
    {
      name   = "broken"
      match  = [{ headers = { try = { exact = "broken" } } }]
      subset = "v2"
      fault  = { abort = { grpc_status = "UNAVAILABLE", percentage = { value = 100 } } }
    },
    {
      name    = "greetings"
      match   = [{ uri = { prefix = "/helloworld.Greeter/" } }]
      weights = { v1 = null, v2 = 10 }
      timeout = "2s"
      retries = { attempts = 3, retry_on = "unavailable" }
    },
  ]

  default = { subset = "v1" }
}
