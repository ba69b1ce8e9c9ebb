resource "mesh_canary_route" "greeter" {
  service   = "greeter"
  namespace = "greeter"

  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" } }
  }

  default = { weights = { v1 = 0, v2 = 100 } }
  walk    = { steps = [10, 50], advance = "apply" }
}

# terraform apply -invoke=action.mesh_abort.greeter
action "mesh_abort" "greeter" {
  config {
    name      = mesh_canary_route.greeter.name
    namespace = mesh_canary_route.greeter.namespace
  }
}
