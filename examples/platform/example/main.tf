# The routes of one team: copy this folder, and name the module by where the platform keeps it.
terraform {
  required_providers {
    mesh = {
      source = "meshroute/mesh"
    }
  }
}

# The cluster is that of KUBE_CONFIG_PATH, or of config_path here.
provider "mesh" {
  owner = "shop/${terraform.workspace}"
}

module "routes" {
  source = "../"

  forbidden_hosts = ["login.example.com", "*.internal.example"]
  requests        = { cart = { path = "/cart" } }
  roll_back       = var.roll_back

  services = {
    reviews = {
      namespace = "shop"
      subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
      stable    = "v1"
      weights   = { v2 = var.reviews_v2 }
      rules     = [{ name = "testers", match = [{ headers = { x-tester = { exact = "yes" } } }], subset = "v2" }]
    }
    ratings = {
      namespace = "shop"
      subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
      stable    = "v1"
      walk      = { steps = [10, 25, 50, 75], pause = "5m" }
    }
  }
}

variable "reviews_v2" {
  description = "Share of the requests for reviews that v2 answers, in percent."
  type        = number
  default     = 10
}

variable "roll_back" {
  description = "Services whose requests all go to their stable subset at once."
  type        = set(string)
  default     = []
}

output "pictures" {
  value = join("\n", values(module.routes.pictures))
}
