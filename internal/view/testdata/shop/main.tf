terraform {
  required_providers {
    mesh = {
      source = "meshroute/mesh"
    }
  }
}

variable "name" { type = string }
variable "percent" { type = number }

resource "mesh_virtual_service" "this" {
  name      = var.name
  namespace = "greeter"
  hosts     = ["${var.name}.example"]

  http = [{ name = "shares", route = [
    { destination = { host = "echo" }, weight = 100 - var.percent },
    { destination = { host = "k8s-combat-service-istio-mesh" }, weight = var.percent },
  ] }]
}
