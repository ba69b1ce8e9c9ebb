# Everything that a plan may do with a route, after mixed_before.tf was applied.
locals {
  host = "k8s-combat-service-istio-mesh"
}

module "shop" {
  source   = "./shop"
  for_each = toset(["blue", "green", "new"])

  name    = each.key
  percent = each.key == "blue" ? 25 : 10
}

resource "mesh_virtual_service" "root" {
  name      = "view-root"
  namespace = "greeter"
  hosts     = ["shop.example"]
  gateways  = ["greeter/web"]

  http = [
    { name = "reviews", match = [{ uri = { prefix = "/reviews" } }], delegate = { name = "view-reviews", namespace = "greeter" } },
    { name = "rest", route = [{ destination = { host = local.host } }] },
  ]
}

resource "mesh_virtual_service" "reviews" {
  name      = "view-reviews"
  namespace = "greeter"

  http = [{ name = "all", route = [
    { destination = { host = local.host, subset = "v1" }, weight = 70 },
    { destination = { host = local.host, subset = "v2" }, weight = 30 },
  ] }]
}

resource "mesh_destination_rule" "greeter" {
  name      = "greeter"
  namespace = "greeter"
  host      = local.host

  subsets = [
    { name = "v1", labels = { app = "k8s-combat-service-v1" } },
    { name = "v2", labels = { app = "k8s-combat-service-v2" }, traffic_policy = { load_balancer = { simple = "RANDOM" } } },
  ]
}

resource "mesh_virtual_service" "renamed" {
  name      = "renamed-2"
  namespace = "greeter"
  hosts     = ["renamed.example"]
  gateways  = ["greeter/web"]
  http      = [{ direct_response = { status = 404 } }]
}

resource "mesh_virtual_service" "kept" {
  name      = "kept"
  namespace = "greeter"
  hosts     = ["kept.example"]
  gateways  = ["greeter/web"]
  http      = [{ direct_response = { status = 404 } }]
}

resource "mesh_virtual_service" "second" {
  name      = "moved"
  namespace = "greeter"
  hosts     = ["moved.example"]
  gateways  = ["greeter/web"]
  http      = [{ direct_response = { status = 404 } }]
}

resource "mesh_virtual_service" "late" {
  name      = "late"
  namespace = "greeter"
  hosts     = ["late.example"]
  gateways  = ["greeter/web"]
  http      = [{ direct_response = { status = 404, body = { string = terraform_data.later.output } } }]
}

removed {
  from = mesh_virtual_service.forgotten

  lifecycle {
    destroy = false
  }
}

moved {
  from = mesh_virtual_service.first
  to   = mesh_virtual_service.second
}

resource "terraform_data" "later" {
  input = timestamp()
}

variable "key" {
  type      = string
  sensitive = true
  default   = "open-sesame"
}

resource "mesh_virtual_service" "secret" {
  name      = "secret"
  namespace = "greeter"
  hosts     = ["secret.example"]
  gateways  = ["greeter/web"]

  http = [
    { name = "known", match = [{ headers = { x-key = { exact = var.key } } }], direct_response = { status = 200 } },
    { name = "others", direct_response = { status = 403 } },
  ]
}

resource "mesh_virtual_service" "doubtful" {
  name      = "doubtful"
  namespace = "greeter"
  hosts     = ["doubtful.example"]
  gateways  = ["greeter/web"]

  http = [
    { name = "all", direct_response = { status = 200 } },
    { name = "never", match = [{ uri = { prefix = "/never" } }], direct_response = { status = 403 } },
  ]
}

import {
  to = mesh_virtual_service.imported
  id = "greeter/imported"
}

resource "mesh_virtual_service" "imported" {
  name      = "imported"
  namespace = "greeter"
  hosts     = ["imported.example"]
  gateways  = ["greeter/web"]
  http      = [{ direct_response = { status = 404 } }]
}

check "percent" {
  assert {
    condition     = var.key == ""
    error_message = "The key is still the one of the example."
  }
}
