# One request in ten goes to v2. The weight that is left out takes the rest.
resource "mesh_weighted_split" "greeter" {
  service   = "greeter"
  namespace = "greeter"

  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" }, weight = 10 }
  }
}
