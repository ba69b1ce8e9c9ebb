# Everybody is answered by v1. v2 gets a copy of one request in five, and nobody sees what it answers.
resource "mesh_canary_route" "greeter" {
  service   = "greeter"
  namespace = "greeter"

  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" } }
  }

  default = {
    subset  = "v1"
    mirrors = [{ destination = { subset = "v2" }, percentage = { value = 20 } }]
  }
}
