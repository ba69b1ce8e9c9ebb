# What the services say, in the form of mesh_canary_route, and what is wrong with it.
locals {
  attributes = [
    "acknowledged", "adopt", "annotations", "default", "gateways", "hosts", "labels", "namespace", "port", "rules",
    "service", "stable", "subsets", "traffic_policy", "walk", "weights",
  ]

  # An attribute that is null is as one that is left out.
  given = { for name, service in var.services : name => { for key, value in service : key => value if value != null } }

  wrong = {
    for name, service in local.given : name => concat(
      [
        for key in setsubtract(keys(service), local.attributes) :
        "${format("%.200q", key)} is no attribute. There are ${join(", ", local.attributes)}."
      ],
      can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", service.namespace)) ? [] : [
        "namespace has to be the name of the namespace of the service."
      ],
      try(length(keys(service.subsets)) > 0, false) ? [] : [
        "subsets has to name the versions: { v1 = { labels = { version = \"v1\" } } }."
      ],
      try(contains(keys(service.subsets), service.stable), false) ? [] : [
        "stable has to be one of the subsets: ${try(coalesce(join(", ", keys(service.subsets))), "there is none")}."
      ],
      can(service.weights) && can(service.default) ? ["weights and default exclude each other."] : [],
      can(service.weights) && !can(keys(service.weights)) ? ["weights has to be a map: { v2 = 10 }."] : [],
      can(service.rules) && !can([for rule in service.rules : keys(rule)]) ? ["rules has to be a list of objects."] : [],
      can(service.default) && !can(keys(service.default)) ? ["default has to be an object."] : [],
      can(service.hosts) && !can(compact(concat(service.hosts, [""]))) ? ["hosts has to be a list of names."] : [],
      can(service.gateways) && !can(compact(concat(service.gateways, [""]))) ? ["gateways has to be a list of names."] : [],
    )
  }

  right = { for name, service in local.given : name => service if length(local.wrong[name]) == 0 }

  defaults = {
    for name, service in local.right : name => try(
      service.default,
      { weights = merge({ (service.stable) = null }, service.weights) },
      { subset = service.stable },
    )
  }

  # What takes the place of attributes of every rule, and which these are, where a service is rolled back.
  rolled_back = {
    for name, service in local.right : name => {
      subsets = contains(var.roll_back, name) ? [service.stable] : []
      without = contains(var.roll_back, name) ? ["subset", "weights", "sticky", "walk"] : []
    }
  }

  # As mesh_canary_route and the functions take it.
  routes = {
    for name, service in local.right : name => merge(
      {
        for key, value in service : key => value
        if !contains(concat(["stable", "weights"], local.rolled_back[name].without), key)
      },
      {
        service = try(service.service, name)
        rules = [
          for rule in try(service.rules, []) : merge(
            { for key, value in rule : key => value if !contains(local.rolled_back[name].without, key) },
            { for subset in local.rolled_back[name].subsets : "subset" => subset },
          )
        ]
        default = merge(
          { for key, value in local.defaults[name] : key => value if !contains(local.rolled_back[name].without, key) },
          { for subset in local.rolled_back[name].subsets : "subset" => subset },
        )
      },
    )
  }
}

resource "mesh_canary_route" "service" {
  for_each = local.given

  service        = try(local.routes[each.key].service, each.key)
  namespace      = try(local.routes[each.key].namespace, null)
  subsets        = try(local.routes[each.key].subsets, null)
  rules          = try(local.routes[each.key].rules, null)
  default        = try(local.routes[each.key].default, null)
  walk           = try(local.routes[each.key].walk, null)
  hosts          = try(local.routes[each.key].hosts, null)
  gateways       = try(local.routes[each.key].gateways, null)
  port           = try(local.routes[each.key].port, null)
  traffic_policy = try(local.routes[each.key].traffic_policy, null)
  labels         = try(local.routes[each.key].labels, null)
  annotations    = try(local.routes[each.key].annotations, null)
  acknowledged   = try(local.routes[each.key].acknowledged, null)
  adopt          = try(local.routes[each.key].adopt, null)

  # The provider counts from the shares that are live, and each step of a walk by itself.
  max_weight_step = contains(setunion(var.roll_back, var.any_step), each.key) ? null : var.largest_step

  lifecycle {
    precondition {
      condition     = length(local.wrong[each.key]) == 0
      error_message = "services[\"${each.key}\"]:\n${join("\n", local.wrong[each.key])}"
    }

    # Fails only by what evaluate says: of what a plan would refuse, of misspelt names, and of the requests.
    precondition {
      condition = alltrue([
        for request in values(try(local.asked[each.key], {})) :
        provider::mesh::evaluate(local.routes[each.key], request).kind != ""
      ])
      error_message = "services[\"${each.key}\"] is no route."
    }

    precondition {
      condition     = length(try(local.forbidden[each.key], [])) == 0
      error_message = <<-EOT
        services["${each.key}"] is for hosts that the platform forbids: ${join(", ", try(local.forbidden[each.key], []))}.
        Take them out of hosts, service, mirrors, rewrite and headers. forbidden_hosts is ${join(", ", var.forbidden_hosts)}.
      EOT
    }

    precondition {
      condition     = length(try(local.too_much[each.key], [])) == 0
      error_message = <<-EOT
        services["${each.key}"] sends more than ${var.largest_share} % to others than its stable subset:
        ${join("\n", try(local.too_much[each.key], []))}
        Lower these shares. When the new version is the one for all, name it in stable.
      EOT
    }

    postcondition {
      condition     = !var.owner_required || try(length(self.owner) > 0, false)
      error_message = <<-EOT
        Nobody owns the route of services["${each.key}"]. Name this workspace in the provider block:
        owner = "shop/$${terraform.workspace}". On HCP Terraform, Spacelift and env0 that is the default.
      EOT
    }
  }
}
