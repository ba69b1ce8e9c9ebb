# What mixed.tf changes.
locals {
  host = "k8s-combat-service-istio-mesh"
}

module "shop" {
  source   = "./shop"
  for_each = toset(["blue", "green"])

  name    = each.key
  percent = 10
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
    { destination = { host = local.host, subset = "v1" }, weight = 90 },
    { destination = { host = local.host, subset = "v2" }, weight = 10 },
  ] }]
}

resource "mesh_destination_rule" "greeter" {
  name      = "greeter"
  namespace = "greeter"
  host      = local.host

  subsets = [
    { name = "v1", labels = { app = "k8s-combat-service-v1" } },
    { name = "v2", labels = { app = "k8s-combat-service-v2" } },
  ]
}

resource "mesh_virtual_service" "old" {
  name      = "old"
  namespace = "greeter"
  hosts     = ["old.example"]
  gateways  = ["greeter/web"]
  http      = [{ redirect = { authority = "new.example" } }]
}

resource "mesh_virtual_service" "renamed" {
  name      = "renamed-1"
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

resource "mesh_virtual_service" "forgotten" {
  name      = "forgotten"
  namespace = "greeter"
  hosts     = ["forgotten.example"]
  gateways  = ["greeter/web"]
  http      = [{ direct_response = { status = 404 } }]
}

resource "mesh_virtual_service" "first" {
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
  http      = [{ direct_response = { status = 404, body = { string = "soon" } } }]
}
