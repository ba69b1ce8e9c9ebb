resource "mesh_canary_route" "test" {
  service            = "rollout"
  namespace          = "golden-states"
  name               = "weights-of-others"
  weights_managed_by = "other"

  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" } }
  }

  default = { weights = { v1 = 100, v2 = 0 } }
}
