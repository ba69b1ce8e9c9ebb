# The routes of one service, in a workspace of its own on HCP Terraform.
terraform {
  required_providers {
    mesh = {
      source = "meshroute/mesh"
    }
  }
}

variable "cluster_host" {
  description = "URL of the API server. For an agent inside the cluster: https://kubernetes.default.svc."
  type        = string
}

variable "cluster_ca" {
  description = "Certificates of the authorities that sign the API server's certificate, in base64 as clouds have it."
  type        = string
}

# The token of each run comes from HCP Terraform as KUBE_TOKEN, and the owner of the routes is the workspace.
provider "mesh" {
  host                   = var.cluster_host
  cluster_ca_certificate = base64decode(var.cluster_ca)
}

module "routes" {
  source = "../platform"

  services = {
    greeter = {
      namespace = "greeter"
      subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
      stable    = "v1"
      weights   = { v2 = var.v2 }
    }
  }
}

variable "v2" {
  description = "Share of the requests that v2 answers, in percent."
  type        = number
  default     = 10
}
