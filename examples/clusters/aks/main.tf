# Routes in an AKS cluster with Entra ID, with the rights of whom the Azure CLI is logged in as.
terraform {
  required_providers {
    azurerm = {
      source = "hashicorp/azurerm"
    }
    mesh = {
      source = "meshroute/mesh"
    }
  }
}

variable "subscription" {
  description = "Id of the cluster's subscription."
  type        = string
}

variable "resource_group" {
  description = "Resource group of the cluster."
  type        = string
}

variable "cluster" {
  description = "Name of the cluster."
  type        = string
}

provider "azurerm" {
  subscription_id = var.subscription
  features {}
}

data "azurerm_kubernetes_cluster" "this" {
  name                = var.cluster
  resource_group_name = var.resource_group
}

provider "mesh" {
  host                   = data.azurerm_kubernetes_cluster.this.kube_config[0].host
  cluster_ca_certificate = base64decode(data.azurerm_kubernetes_cluster.this.kube_config[0].cluster_ca_certificate)

  exec {
    api_version = "client.authentication.k8s.io/v1beta1"
    command     = "kubelogin"
    # The server is AKS itself, and its id the same for all clusters. In a pipeline: --login workloadidentity, or spn.
    args = ["get-token", "--login", "azurecli", "--server-id", "6dae42f8-4368-4678-94ff-3960e28e3630"]
  }
}

resource "mesh_canary_route" "greeter" {
  service   = "greeter"
  namespace = "greeter"

  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" } }
  }

  default = { weights = { v1 = null, v2 = 10 } }
}
