# Routes in an EKS cluster, with the rights of whom the AWS CLI is logged in as.
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
    mesh = {
      source = "meshroute/mesh"
    }
  }
}

variable "region" {
  description = "Region of the cluster, such as eu-central-1."
  type        = string
}

variable "cluster" {
  description = "Name of the cluster."
  type        = string
}

provider "aws" {
  region = var.region
}

data "aws_eks_cluster" "this" {
  name = var.cluster
}

provider "mesh" {
  host                   = data.aws_eks_cluster.this.endpoint
  cluster_ca_certificate = base64decode(data.aws_eks_cluster.this.certificate_authority[0].data)

  exec {
    api_version = "client.authentication.k8s.io/v1beta1"
    command     = "aws"
    args        = ["eks", "get-token", "--cluster-name", var.cluster, "--region", var.region, "--output", "json"]
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
