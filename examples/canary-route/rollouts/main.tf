# Terraform has the hosts, the rules and the timeouts; Argo Rollouts has the shares, and the labels of the subsets.
resource "mesh_canary_route" "greeter" {
  service            = "greeter"
  namespace          = "greeter"
  weights_managed_by = "other"

  subsets = {
    stable = {}
    canary = {}
  }

  default = {
    name    = "primary"
    weights = { stable = 100, canary = 0 }
    timeout = "5s"
  }
}
