resource "mesh_weighted_split" "test" {
  service   = "split.golden-states.svc.cluster.local"
  namespace = "golden-states"
  name      = "weighted-split"

  subsets = {
    v1 = { labels = { version = "v1" }, weight = 90 }
    v2 = { labels = { version = "v2" }, weight = 10 }
  }

  match     = [{ headers = { version = { exact = "200" } } }]
  otherwise = "v1"
}
