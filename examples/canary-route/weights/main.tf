# One request in ten goes to v2. The weight that is null takes the rest.
resource "mesh_canary_route" "greeter" {
  service   = "greeter"
  namespace = "greeter"

  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" } }
  }

  default = { weights = { v1 = null, v2 = 10 } }
}
