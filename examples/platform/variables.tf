variable "services" {
  description = <<-EOT
    What is routed, by name. Each service is an object:

    namespace       Namespace of the service and of its routes.
    service         Name of the service, where it is not the key of the map.
    subsets         Versions by name: { v1 = { labels = { version = "v1" } } }.
    stable          Subset that takes what nothing else takes.
    weights         Shares of the other subsets in percent, such as { v2 = 10 }. Default: none has any.
    default         In place of weights: the attribute of mesh_canary_route in full.
    rules, walk, hosts, gateways, port, traffic_policy, labels, annotations, acknowledged, adopt
                    The attributes of mesh_canary_route.
  EOT
  type        = any
  default     = {}

  validation {
    condition     = can(keys(var.services)) && can([for service in var.services : keys(service)])
    error_message = "services has to be a map of objects: { reviews = { namespace = \"shop\", … } }."
  }

  validation {
    condition = try(alltrue([
      for name in keys(var.services) : can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", name))
    ]), true)
    error_message = <<-EOT
      A key of services is a name of at most 63 lower-case letters, digits and "-". These are not:
      ${try(join("\n", [
    for name in keys(var.services) : format("%.200q", name)
    if !can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", name))
]), "")}
    EOT
}
}

variable "largest_share" {
  description = "Largest share of the requests that all subsets but the stable one may have together, in percent."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = var.largest_share >= 0 && var.largest_share <= 100 && floor(var.largest_share) == var.largest_share
    error_message = "largest_share is a whole number of percent, from 0 to 100."
  }
}

variable "largest_step" {
  description = "Most percent points of the requests that a subset may gain in one change, or in one step of a walk."
  type        = number
  default     = 25
  nullable    = false

  validation {
    condition     = var.largest_step >= 1 && var.largest_step <= 100 && floor(var.largest_step) == var.largest_step
    error_message = "largest_step is a whole number of percent points, from 1 to 100."
  }
}

variable "forbidden_hosts" {
  description = "Hosts that no route may be for or send copies to, such as login.example.com or *.internal.example."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition = alltrue([
      for host in var.forbidden_hosts : can(regex("^([*]|([*][.])?[a-z0-9]([-a-z0-9.]{0,250}[a-z0-9])?)$", host))
    ])
    error_message = "A forbidden host is a name in lower case, *.NAME for all below it, or * for every host."
  }
}

variable "requests" {
  description = <<-EOT
    Requests by name, as provider::mesh::evaluate takes them, for which largest_share holds as well. It always holds
    for a GET of / without headers, at every gateway and for every host of a service.
  EOT
  type        = any
  default     = {}

  validation {
    condition     = can(keys(var.requests)) && can([for request in var.requests : keys(request)])
    error_message = "requests has to be a map of objects: { cart = { path = \"/cart\" } }."
  }

  validation {
    condition     = !can(var.requests["anybody"])
    error_message = "The request anybody is there already: a GET of / without headers. Give yours another name."
  }
}

variable "roll_back" {
  description = <<-EOT
    Services whose requests all go to their stable subset at once, whatever their weights, rules and walk say, and
    however large that step is: terraform apply -var 'roll_back=["reviews"]'.
  EOT
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.roll_back : name != null])
    error_message = "roll_back is a set of keys of services, such as [\"reviews\"]."
  }
}

variable "any_step" {
  description = <<-EOT
    Services for which largest_step does not hold, for one change that somebody has looked at: rules that sent
    everything to another subset come back so after a roll_back.
  EOT
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.any_step : name != null])
    error_message = "any_step is a set of keys of services, such as [\"reviews\"]."
  }
}

variable "owner_required" {
  description = "Whether the provider block has to name the workspace that owns the routes."
  type        = bool
  default     = true
  nullable    = false
}
