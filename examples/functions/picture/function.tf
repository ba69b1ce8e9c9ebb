locals {
  now = {
    service   = "greeter"
    namespace = "shop"
    subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
    rules = [
      { name = "testers", match = [{ headers = { x-tester = { exact = "yes" } } }], subset = "v2" },
      { name = "partners", match = [{ uri = { prefix = "/partners/" } }], weights = { v1 = 50, v2 = 50 } },
    ]
    default = { weights = { v1 = 90, v2 = 10 } }
  }
  then = merge(local.now, { default = { weights = { v1 = 75, v2 = 25 } } })
}

output "svg" {
  value = provider::mesh::picture(local.now)
}

# Now and then in one picture, for a file: terraform output -raw svg_change > change.svg
output "svg_change" {
  value = provider::mesh::picture(local.now, local.then)
}
