terraform {
  required_providers {
    mesh = {
      source = "meshroute/mesh"
    }
  }
}

provider "mesh" {
  config_path       = "~/.kube/config"
  default_namespace = "greeter"
}
