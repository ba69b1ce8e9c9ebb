terraform {
  required_version = ">= 1.8"
  required_providers {
    mesh = {
      source = "meshroute/mesh"
    }
  }
}

resource "mesh_canary_route" "greeter" {
  service   = "greeter"
  namespace = var.namespace

  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" } }
  }

  rules = [
    { name = "testers", match = [{ headers = { x-tester = { exact = "yes" } } }], subset = "v2" },
    { name = "checkout", match = [{ uri = { prefix = "/checkout/" } }], subset = "v1", timeout = "5s" },
  ]

  default = { weights = { v1 = null, v2 = var.canary_percent } }
}

# Looks at the route in every plan and apply, and warns.
check "canary" {
  assert {
    condition     = lookup(provider::mesh::evaluate(mesh_canary_route.greeter, {}).shares, "v2", 0) <= 50
    error_message = "A canary gets at most 50 %: ${provider::mesh::evaluate(mesh_canary_route.greeter, {}).summary}"
  }
}
