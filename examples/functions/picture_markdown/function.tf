locals {
  live = {
    service   = "greeter"
    namespace = "shop"
    subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
    rules = [
      { name = "testers", match = [{ headers = { x-tester = { exact = "yes" } } }], subset = "v2" },
      { name = "partners", match = [{ uri = { prefix = "/partners/" } }], weights = { v1 = 50, v2 = 50 } },
    ]
    default = { weights = { v1 = 90, v2 = 10 } }
  }
  planned = merge(local.live, { default = { weights = { v1 = 75, v2 = 25 } } })
}

# For a comment in a pull request: terraform output -raw comment | gh pr comment --body-file -
output "comment" {
  value = provider::mesh::picture_markdown(local.live, local.planned)
}
