# A client that got v2 keeps it for a day, by a cookie, also while the shares grow.
resource "mesh_canary_route" "greeter" {
  service   = "greeter"
  namespace = "greeter"

  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" } }
  }

  default = {
    weights = { v1 = null, v2 = 10 }
    sticky  = { cookie = "canary", max_age = "24h", subsets = ["v2"] }
  }
}
