# What the platform allows. A check block would only warn: these are preconditions of the routes, which stop a plan.
locals {
  # Every name to which a route gives rules, or sends requests or copies of them, and the same in full.
  named = {
    for name, service in local.right : name => distinct(compact(concat(
      try(service.hosts, []),
      [try(service.service, name)],
      [for rule in concat(try(service.rules, []), [local.defaults[name]]) : try(rule.rewrite.authority, null)],
      flatten([
        for rule in concat(try(service.rules, []), [local.defaults[name]]) : [
          for mirror in try(rule.mirrors, []) : try(mirror.destination.host, null)
        ]
      ]),
    )))
  }

  # A wildcard of the platform covers names and wildcards below it, and a wildcard of a service covers the platform's.
  forbidden = {
    for name in keys(local.given) : name => [
      for host in try(local.named[name], []) : host if anytrue([
        for pair in setproduct(
          var.forbidden_hosts,
          distinct([lower(host), lower(try(provider::mesh::fqdn(host, local.right[name].namespace), host))]),
        ) :
        pair[0] == pair[1] ||
        (startswith(pair[0], "*") && endswith(pair[1], trimprefix(pair[0], "*"))) ||
        (startswith(pair[1], "*") && endswith(pair[0], trimprefix(pair[1], "*")))
      ])
    ]
  }

  requests = merge({ anybody = {} }, var.requests)

  # What becomes of the requests, at each gateway of the service. What no Istio takes, evaluate refuses.
  answers = {
    for name, route in local.routes : name => {
      for pair in setproduct(try(route.gateways, ["mesh"]), keys(local.requests)) :
      length(try(route.gateways, ["mesh"])) == 1 ? pair[1] : "${pair[1]} at ${pair[0]}" =>
      provider::mesh::evaluate(route, merge({ gateway = pair[0] }, local.requests[pair[1]]))
    }
  }

  too_much = {
    for name in keys(local.given) : name => [
      for request, answer in try(local.answers[name], {}) : "${request}: ${answer.summary}"
      if sum(concat([0], [
        for subset, share in answer.shares : share if subset != local.right[name].stable
      ])) > var.largest_share
    ]
  }
}
