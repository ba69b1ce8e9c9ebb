# Routes in a GKE cluster, with the rights of whom gcloud is logged in as.
terraform {
  required_providers {
    google = {
      source = "hashicorp/google"
    }
    mesh = {
      source = "meshroute/mesh"
    }
  }
}

variable "project" {
  description = "Project of the cluster."
  type        = string
}

variable "location" {
  description = "Region or zone of the cluster, such as europe-west1."
  type        = string
}

variable "cluster" {
  description = "Name of the cluster."
  type        = string
}

provider "google" {
  project = var.project
}

data "google_container_cluster" "this" {
  name     = var.cluster
  location = var.location
}

provider "mesh" {
  host                   = "https://${data.google_container_cluster.this.endpoint}"
  cluster_ca_certificate = base64decode(data.google_container_cluster.this.master_auth[0].cluster_ca_certificate)

  exec {
    api_version = "client.authentication.k8s.io/v1beta1"
    command     = "gke-gcloud-auth-plugin"
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
