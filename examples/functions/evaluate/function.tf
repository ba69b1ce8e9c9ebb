# Which version do testers get, and what does a rollout to 25 % change for the others?
locals {
  greeter = {
    service   = "greeter"
    namespace = "shop"
    subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
    rules     = [{ name = "testers", match = [{ headers = { x-tester = { exact = "yes" } } }], subset = "v2" }]
    default   = { weights = { v1 = 75, v2 = 25 } }
  }
}

# v2
output "testers" {
  value = provider::mesh::evaluate(local.greeter, { headers = { x-tester = "yes" } }).subset
}

# { v1 = 75, v2 = 25 }
output "others" {
  value = provider::mesh::evaluate(local.greeter, { path = "/orders?page=2", method = "POST" }).shares
}

# Warns in every plan and apply while it does not hold.
check "canary" {
  assert {
    condition     = lookup(provider::mesh::evaluate(local.greeter, {}).shares, "v2", 0) <= 50
    error_message = provider::mesh::evaluate(local.greeter, {}).summary
  }
}
