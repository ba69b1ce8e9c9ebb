# Needs no cluster: nobody is asked, and what the provider would compute stays unknown.
mock_provider "mesh" {}

run "routes" {
  command = plan

  assert {
    condition     = provider::mesh::evaluate(mesh_canary_route.greeter, { headers = { x-tester = "yes" } }).subset == "v2"
    error_message = "testers get the new version"
  }

  assert {
    condition     = provider::mesh::evaluate(mesh_canary_route.greeter, { path = "/checkout/cart" }).rule == "checkout"
    error_message = "a checkout has a rule of its own"
  }

  assert {
    condition     = provider::mesh::evaluate(mesh_canary_route.greeter, {}).shares["v2"] == 10
    error_message = "one in ten of the others gets the new version"
  }
}

run "paused" {
  command = plan

  variables {
    canary_percent = 0
  }

  assert {
    condition     = provider::mesh::evaluate(mesh_canary_route.greeter, {}).subset == "v1"
    error_message = "without a canary everybody else stays where they are"
  }
}
