# What the platform allows. A check block would only warn: these are preconditions of the routes, which stop a plan.
locals {
  # Every name to which a route gives rules, or sends requests or copies of them, and the same in full.
  named = {
    for name, service in local.right : name => distinct(compact(concat(
      try(service.hosts, []),
      [try(tostring(service.service), name)],
      [for rule in concat(try(service.rules, []), [local.defaults[name]]) : try(tostring(rule.rewrite.authority), null)],
      flatten([
        for rule in concat(try(service.rules, []), [local.defaults[name]]) : [
          for mirror in try(rule.mirrors, []) : try(tostring(mirror.destination.host), null)
        ]
      ]),
    )))
  }

  # A wildcard of the platform covers names and wildcards below it, and a wildcard of a service covers the platform's.
  forbidden = {
    for name, hosts in local.named : name => [
      for host in hosts : host if anytrue([
        for pair in setproduct(
          var.forbidden_hosts,
          [lower(host), lower(try(provider::mesh::fqdn(host, local.right[name].namespace), host))],
        ) :
        pair[0] == pair[1] ||
        (startswith(pair[0], "*") && endswith(pair[1], trimprefix(pair[0], "*"))) ||
        (startswith(pair[1], "*") && endswith(pair[0], trimprefix(pair[1], "*")))
      ])
    ]
  }

  # The requests for which largest_share holds, at each gateway of the service.
  asked = {
    for name, route in local.routes : name => {
      for pair in setproduct(
        try(distinct(coalescelist(route.gateways, ["mesh"])), ["mesh"]),
        keys(merge({ anybody = {} }, var.requests)),
      ) :
      pair[0] == "mesh" ? pair[1] : "${pair[1]} at ${pair[0]}" =>
      merge({ gateway = pair[0] }, try(var.requests[pair[1]], {}))
    }
  }

  # What becomes of them. What evaluate refuses is left to a precondition, whose error names the service.
  answers = {
    for name, requests in local.asked : name => {
      for request, value in requests : request => try(provider::mesh::evaluate(local.routes[name], value), null)
    }
  }

  too_much = {
    for name, answers in local.answers : name => [
      for request, answer in answers : "${request}: ${answer.summary}"
      if sum(concat([0], [
        for subset, share in try(answer.shares, {}) : share if subset != local.right[name].stable
      ])) > var.largest_share
    ]
  }
}
