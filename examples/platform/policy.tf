# What the platform allows. A check block would only warn: these are preconditions of the routes, which stop a plan.
locals {
  # Every name to which a route gives rules, or sends requests or copies of them; a header can rewrite the host too.
  named = {
    for name, service in local.right : name => distinct(compact(concat(
      try(service.hosts, []),
      [try(tostring(service.service), name)],
      flatten([
        for rule in concat(try(service.rules, []), [local.defaults[name]]) : concat(
          [try(tostring(rule.rewrite.authority), null)],
          [for mirror in try(rule.mirrors, []) : try(tostring(mirror.destination.host), null)],
          try([
            for header, value in merge(try(rule.headers.request.add, null), try(rule.headers.request.set, null)) :
            tostring(value) if contains([":authority", "host"], lower(header))
          ], []),
        )
      ]),
    )))
  }

  # The same without a port and the dot of the root, in full, and as login.shop and login.shop.svc.
  plain = {
    for name, hosts in local.named : name => {
      for host in hosts : host => trimsuffix(replace(lower(host), "/:[0-9]+$/", ""), ".")
    }
  }
  full = {
    for name, hosts in local.plain : name => {
      for host, plain in hosts : host => lower(try(provider::mesh::fqdn(plain, local.right[name].namespace), plain))
    }
  }
  in_cluster = "^(([^.]+[.][^.]+)[.]svc)[.]"
  forms = {
    for name, hosts in local.plain : name => {
      for host, plain in hosts : host => concat(
        [plain, local.full[name][host]], try(regex(local.in_cluster, local.full[name][host]), []),
      )
    }
  }
  forbidden_forms = concat(
    var.forbidden_hosts, flatten([for host in var.forbidden_hosts : try(regex(local.in_cluster, host), [])]),
  )

  # A wildcard of the platform covers names and wildcards below it, and a wildcard of a service covers the platform's.
  forbidden = {
    for name, hosts in local.forms : name => [
      for host, forms in hosts : host if anytrue([
        for pair in setproduct(local.forbidden_forms, forms) :
        pair[0] == pair[1] ||
        (startswith(pair[0], "*") && endswith(pair[1], trimprefix(pair[0], "*"))) ||
        (startswith(pair[1], "*") && endswith(pair[0], trimprefix(pair[1], "*")))
      ])
    ]
  }

  # The requests for which largest_share holds, at each gateway of the service, and there for each of its hosts.
  asked = {
    for name, route in local.routes : name => merge([
      for gateway in try(distinct(coalescelist(route.gateways, ["mesh"])), ["mesh"]) : merge([
        for host in concat([""], try(distinct(compact(route.hosts)), [])) : {
          for request, value in merge({ anybody = {} }, var.requests) :
          join("", compact([request, host == "" ? "" : " for ${host}", gateway == "mesh" ? "" : " at ${gateway}"])) =>
          merge({ gateway = gateway }, host == "" ? {} : { authority = replace(host, "*", "any") }, value)
        }
      ]...)
    ]...)
  }

  # What becomes of them. What evaluate refuses is left to a precondition, whose error names the service.
  answers = {
    for name, requests in local.asked : name => {
      for request, value in requests : request => try(provider::mesh::evaluate(local.routes[name], value), null)
    }
  }

  # A host is told of where it is another rule that takes its requests.
  too_much = {
    for name, answers in local.answers : name => [
      for request, answer in answers : "${request}: ${answer.summary}"
      if sum(concat([0], [
        for subset, share in try(answer.shares, {}) : share if subset != local.right[name].stable
      ])) > var.largest_share &&
      (replace(request, "/ for [^ ]+/", "") == request ||
      try(answer.summary, "") != try(answers[replace(request, "/ for [^ ]+/", "")].summary, ""))
    ]
  }
}
