# OpenTofu makes values up for what a mocked provider would compute, and cannot call a function in an assert.
mock_provider "mesh" {
  mock_resource "mesh_canary_route" {
    defaults = {
      host                    = "greeter.greeter.svc.cluster.local"
      hosts                   = ["greeter.greeter.svc.cluster.local"]
      gateways                = ["mesh"]
      name                    = "greeter"
      virtual_service_name    = "greeter"
      destination_rule_name   = "greeter"
      manage_destination_rule = true
    }
  }
}

variables {
  requests = {
    tester   = { headers = { x-tester = "yes" } }
    checkout = { path = "/checkout/cart" }
    others   = {}
  }
}

run "routes" {
  command = plan

  assert {
    condition     = output.answers.tester.subset == "v2"
    error_message = "testers get the new version"
  }

  assert {
    condition     = output.answers.checkout.rule == "checkout"
    error_message = "a checkout has a rule of its own"
  }

  assert {
    condition     = output.answers.others.shares["v2"] == 10
    error_message = "one in ten of the others gets the new version"
  }
}
