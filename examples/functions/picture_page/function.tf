locals {
  old = {
    service   = "greeter"
    namespace = "shop"
    subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
    rules = [
      { name = "testers", match = [{ headers = { x-tester = { exact = "yes" } } }], subset = "v2" },
      { name = "partners", match = [{ uri = { prefix = "/partners/" } }], weights = { v1 = 50, v2 = 50 } },
    ]
    default = { weights = { v1 = 90, v2 = 10 } }
  }
  new = merge(local.old, { default = { weights = { v1 = 75, v2 = 25 } } })
}

# For a browser: terraform output -raw page > change.html
output "page" {
  value = provider::mesh::picture_page(local.old, local.new)
}
