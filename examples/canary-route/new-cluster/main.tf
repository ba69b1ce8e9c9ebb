# The cluster, Istio and the service come from the same apply. What plan cannot look at yet, apply does.
module "cluster" {
  source = "./cluster" # whatever makes yours
}

provider "mesh" {
  host                   = module.cluster.endpoint
  cluster_ca_certificate = module.cluster.ca_certificate
  token                  = module.cluster.token # or an exec block, as for hashicorp/kubernetes
}

resource "mesh_canary_route" "greeter" {
  service   = "greeter"
  namespace = "greeter"

  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" } }
  }

  default = { weights = { v1 = null, v2 = 10 } }

  # Istio's API and the namespace have to be there first; the pods may come later.
  allow_empty_subsets = true
  depends_on          = [module.cluster]
}
