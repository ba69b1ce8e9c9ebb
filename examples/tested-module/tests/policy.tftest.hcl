# Holds for every route of this shape: no rule sends more than half of what customers ask for to a canary.
mock_provider "mesh" {
  # For OpenTofu, which makes values up where Terraform leaves them unknown.
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
    start    = {}
    checkout = { path = "/checkout/cart", method = "POST" }
    orders   = { path = "/orders?page=2", headers = { accept = ["text/html", "application/json"] } }
    no_one   = { headers = { x-tester = "no" } }
  }
}

run "policy" {
  command = plan

  assert {
    condition     = alltrue([for answer in output.answers : lookup(answer.shares, "v2", 0) <= 50])
    error_message = join("\n", [for name, answer in output.answers : "${name}: ${answer.summary}" if lookup(answer.shares, "v2", 0) > 50])
  }

  assert {
    condition     = alltrue([for answer in output.answers : contains(["forward", "redirect"], answer.kind)])
    error_message = join("\n", [for name, answer in output.answers : "${name}: ${answer.summary}"])
  }
}

# A share that the policy forbids is caught by the module's own check, too.
run "too_much" {
  command = plan

  variables {
    canary_percent = 60
  }

  expect_failures = [check.canary]
}
