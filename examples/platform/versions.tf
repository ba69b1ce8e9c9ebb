terraform {
  required_version = ">= 1.8"
  required_providers {
    mesh = {
      source = "meshroute/mesh"
    }
  }
}
