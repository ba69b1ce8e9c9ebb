# Needs no cluster: terraform test. What is allowed passes, and what is not stops the plan.
mock_provider "mesh" {}

variables {
  forbidden_hosts = ["login.example.com", "*.internal.example"]
  requests        = { cart = { path = "/cart" } }
  services = {
    reviews = {
      namespace = "shop"
      subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
      stable    = "v1"
      weights   = { v2 = 50 }
      rules     = [{ name = "testers", match = [{ headers = { x-tester = { exact = "yes" } } }], subset = "v2" }]
      hosts     = ["reviews.example.com"]
      gateways  = ["istio-ingress/public"]
      walk      = { steps = [10, 25], pause = "5m" }
    }
  }
}

run "allowed" {
  command = plan

  assert {
    condition     = strcontains(output.answers.reviews["anybody at istio-ingress/public"], "v1 50 %, v2 50 %")
    error_message = "half of all requests go to v2: ${output.answers.reviews["anybody at istio-ingress/public"]}"
  }

  assert {
    condition     = mesh_canary_route.service["reviews"].walk.pause == "5m"
    error_message = "the shares walk"
  }

  assert {
    condition     = mesh_canary_route.service["reviews"].max_weight_step == 25
    error_message = "a step is 25 percent points at most"
  }

  assert {
    condition     = strcontains(output.pictures.reviews, "x-tester=yes")
    error_message = "the picture shows the rules:\n${output.pictures.reviews}"
  }
}

run "share_too_large" {
  command = plan
  variables {
    largest_share = 49
  }
  expect_failures = [mesh_canary_route.service]
}

run "a_rule_takes_all_carts" {
  command = plan
  variables {
    services = {
      reviews = {
        namespace = "shop"
        subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
        stable    = "v1"
        rules     = [{ match = [{ uri = { prefix = "/cart" } }], subset = "v2" }]
      }
    }
  }
  expect_failures = [mesh_canary_route.service]
}

run "a_rule_takes_all_of_another_host" {
  command = plan
  variables {
    services = {
      reviews = {
        namespace = "shop"
        subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
        stable    = "v1"
        hosts     = ["reviews.example.com", "www.example.com"]
        gateways  = ["istio-ingress/public"]
        rules     = [{ match = [{ authority = { exact = "www.example.com" } }], subset = "v2" }]
      }
    }
  }
  expect_failures = [mesh_canary_route.service]
}

run "v2_is_the_version_for_all" {
  command = plan
  variables {
    services = {
      reviews = {
        namespace = "shop"
        subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
        stable    = "v2"
        walk      = { steps = [10, 25, 50, 75], pause = "5m" }
      }
    }
  }

  assert {
    condition     = strcontains(output.answers.reviews.cart, "all requests go to v2")
    error_message = "v2 takes all: ${output.answers.reviews.cart}"
  }
}

run "roll_back" {
  command = plan
  variables {
    roll_back = ["reviews"]
  }

  assert {
    condition     = strcontains(output.answers.reviews["cart at istio-ingress/public"], "go to v1")
    error_message = "v1 takes all: ${output.answers.reviews["cart at istio-ingress/public"]}"
  }

  assert {
    condition     = mesh_canary_route.service["reviews"].rules[0].subset == "v1"
    error_message = "testers go to v1, too"
  }

  assert {
    condition = (mesh_canary_route.service["reviews"].max_weight_step == null
    && mesh_canary_route.service["reviews"].walk == null)
    error_message = "back at once"
  }
}

run "roll_back_of_nobody" {
  command = plan
  variables {
    roll_back = ["review"]
  }
  expect_failures = [output.routes]
}

run "any_step" {
  command = plan
  variables {
    any_step = ["reviews"]
  }

  assert {
    condition = (mesh_canary_route.service["reviews"].max_weight_step == null
    && mesh_canary_route.service["reviews"].walk != null)
    error_message = "any step, and no other change"
  }
}

run "forbidden_host" {
  command = plan
  variables {
    forbidden_hosts = ["*.example.com"]
  }
  expect_failures = [mesh_canary_route.service]
}

run "forbidden_host_with_a_dot" {
  command = plan
  variables {
    forbidden_hosts = ["login.example.com", "login.shop.svc.cluster.local"]
    services = {
      reviews = {
        namespace = "shop"
        subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
        stable    = "v1"
        hosts     = ["LOGIN.example.com."]
      }
    }
  }
  expect_failures = [mesh_canary_route.service]
}

run "forbidden_host_without_its_end" {
  command = plan
  variables {
    forbidden_hosts = ["login.example.com", "login.shop.svc.cluster.local"]
    services = {
      reviews = {
        namespace = "shop"
        subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
        stable    = "v1"
        hosts     = ["login.shop"]
      }
    }
  }
  expect_failures = [mesh_canary_route.service]
}

run "forbidden_host_with_a_port" {
  command = plan
  variables {
    forbidden_hosts = ["login.example.com", "login.shop.svc.cluster.local"]
    services = {
      reviews = {
        namespace = "shop"
        subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
        stable    = "v1"
        rules     = [{ match = [{ uri = { prefix = "/a" } }], subset = "v1", rewrite = { authority = "login.shop:80" } }]
      }
    }
  }
  expect_failures = [mesh_canary_route.service]
}

run "forbidden_host_in_a_header" {
  command = plan
  variables {
    forbidden_hosts = ["login.example.com", "login.shop.svc.cluster.local"]
    services = {
      reviews = {
        namespace = "shop"
        subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
        stable    = "v1"
        rules = [{
          match   = [{ uri = { prefix = "/a" } }]
          subset  = "v1"
          headers = { request = { set = { Host = "login.example.com" } } }
        }]
      }
    }
  }
  expect_failures = [mesh_canary_route.service]
}

run "misspelt_attribute" {
  command = plan
  variables {
    services = {
      reviews = {
        namespace = "shop"
        subsets   = { v1 = { labels = { version = "v1" } } }
        stable    = "v1"
        weight    = {}
      }
    }
  }
  expect_failures = [mesh_canary_route.service]
}

run "no_services" {
  command = plan
  variables {
    services = {}
  }

  assert {
    condition     = length(output.pictures) == 0
    error_message = "nothing is drawn"
  }
}
