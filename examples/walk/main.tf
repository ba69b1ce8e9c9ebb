# A new version that gets its requests step by step, judged by Prometheus at each, and goes back by itself if it is
# worse: terraform apply -var v2_percent=100
terraform {
  required_providers {
    mesh = {
      source = "meshroute/mesh"
    }
  }
}

# The cluster is that of KUBE_CONFIG_PATH, or of config_path here.
provider "mesh" {
  prometheus = { service = "istio-system/prometheus:9090" }
}

variable "v2_percent" {
  description = "Share of the requests that v2 is to answer, in percent. Apply walks there from the share that is live."
  type        = number
  default     = 0
}

resource "mesh_canary_route" "greeter" {
  service   = "k8s-combat-service-istio-mesh"
  namespace = "greeter"

  subsets = {
    v1 = { labels = { app = "k8s-combat-service-v1" } }
    v2 = { labels = { app = "k8s-combat-service-v2" } }
  }

  default = { weights = { v1 = null, v2 = var.v2_percent } }

  walk = {
    steps    = [20, 50]
    pause    = "5m"
    patience = "30m"

    gates = [
      { name = "errors", success_rate = { worse_than = "v1", by = 0.5 } },
      { name = "latency", latency = { quantile = 0.99, max = "500ms" } },
    ]
  }
}
