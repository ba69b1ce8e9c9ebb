locals {
  canary = {
    service   = "greeter"
    namespace = "shop"
    subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
    rules     = [{ name = "testers", match = [{ headers = { x-tester = { exact = "yes" } } }], subset = "v2" }]
    default   = { weights = { v1 = 90, v2 = 10 } }
  }
}

output "picture" {
  value = provider::mesh::diagram(local.canary)
}

# Before and after in one picture.
output "change" {
  value = provider::mesh::diagram(local.canary, merge(local.canary, { default = { weights = { v1 = 75, v2 = 25 } } }))
}
