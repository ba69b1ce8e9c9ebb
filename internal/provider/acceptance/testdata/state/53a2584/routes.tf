# What the two compact resources could say.

locals {
  # What has to be present, with any value. Since then this is { present = true }.
  any = {}
}

resource "mesh_canary_route" "wide" {
  service               = "shop"
  namespace             = "golden-states"
  virtual_service_name  = "wide-rules"
  destination_rule_name = "wide-subsets"
  hosts                 = ["shop", "shop.example", "*.shop.example"]
  gateways              = ["mesh", "golden-states/public"]
  port                  = 8080
  export_to             = ["."]
  labels                = { team = "shop" }
  annotations           = { note = "wide" }
  allow_empty_subsets   = true
  max_weight_step       = 100
  timeouts              = { create = "1m", update = "90s", delete = "30s" }
  propagation           = { mode = "settle", settle = "0s", timeout = "30s" }

  traffic_policy = {
    connection_pool = {
      tcp = {
        max_connections = 100, connect_timeout = "1500ms", max_connection_duration = "1h", idle_timeout = "1h"
        tcp_keepalive   = { probes = 3, time = "7200s", interval = "75s" }
      }
      http = {
        http1_max_pending_requests = 100, http2_max_requests = 1000, max_requests_per_connection = 10, max_retries = 3
        idle_timeout               = "1h", h2_upgrade_policy = "UPGRADE", use_client_protocol = false
        max_concurrent_streams     = 100, http2_keep_alive = { interval = "10s", timeout = "2s" }
      }
    }
    outlier_detection = {
      consecutive_5xx_errors             = 5, consecutive_gateway_errors = 0, interval = "10s", base_ejection_time = "90s"
      split_external_local_origin_errors = true, consecutive_local_origin_failures = 5, max_ejection_percent = 50
      min_health_percent                 = 30
    }
    port_level_settings = [{ port = { number = 9090 }, tls = { mode = "DISABLE" } }]
    retry_budget        = { percent = 25.5, min_retry_concurrency = 5 }
  }

  subsets = {
    stable = { labels = { app = "shop", version = "v1" } }
    canary = {
      labels         = { app = "shop", version = "v2" }
      traffic_policy = { load_balancer = { simple = "LEAST_REQUEST" } }
    }
    sticky = {
      labels = { version = "v4" }
      traffic_policy = {
        load_balancer = { consistent_hash = { http_cookie = { name = "user", path = "/", ttl = "0s" } } }
        tls           = { mode = "ISTIO_MUTUAL" }
      }
    }
  }

  rules = [
    {
      name = "testers"
      match = [
        {
          name            = "by-header", headers = { version = { exact = "200" }, x-any = local.any, user-agent = { prefix = "Mozilla" } }
          without_headers = { x-internal = { regex = "yes|no" }, x-none = local.any }
          query_params    = { debug = { exact = "1" }, any = local.any }
        },
        { uri = { prefix = "/Shop.Cart/" }, ignore_uri_case = true, method = { exact = "POST" } },
        { scheme = { exact = "https" }, authority = { regex = ".*\\.example" }, port = 8080, gateways = ["mesh"] },
        { source_labels = { app = "web" }, source_namespace = "web", stat_prefix = "web" },
      ]
      subset  = "canary"
      timeout = "5000ms"
      retries = {
        attempts = 2, per_try_timeout = "1s", retry_on = "unavailable,cancelled", retry_remote_localities = true
        backoff  = "25ms", retry_ignore_previous_hosts = false
      }
      headers = {
        request  = { set = { "x-route" = "beta" }, add = { "x-more" = "100%%" }, remove = ["x-debug"] }
        response = { set = { "x-version" = "canary" } }
      }
    },
    {
      match   = [{ headers = { cookie = { regex = ".*beta.*" } } }]
      weights = { stable = 75, canary = null, sticky = 5 }
      fault = {
        delay = { fixed_delay = "300ms", percentage = { value = 0.5 } }
        abort = { grpc_status = "UNAVAILABLE", percentage = { value = 10 } }
      }
      mirrors = [{ destination = { host = "audit.golden-states.svc.cluster.local", port = { number = 80 } }, percentage = { value = 12.5 } }]
    },
    {
      match   = [{ uri = { exact = "/old" } }]
      subset  = "stable"
      rewrite = { uri = "/new", authority = "new.example" }
      cors_policy = {
        allow_origins        = [{ exact = "https://a.example" }, { regex = "https://[a-z]+\\.example" }], allow_methods = ["GET", "POST"]
        allow_headers        = ["x-foo"], expose_headers = ["x-bar"], max_age = "24h", allow_credentials = true
        unmatched_preflights = "IGNORE"
      }
    },
    {
      match   = [{ uri = { regex = "/users/[0-9]+" } }]
      subset  = "sticky"
      timeout = "1h"
      retries = { attempts = 0 }
      rewrite = { uri_regex_rewrite = { match = "/users/([0-9]+)", rewrite = "/u/\\1" } }
    },
  ]

  default = { name = "others", weights = { stable = 90, canary = null }, timeout = "15s" }
}

# Somebody else declares the subsets.
resource "mesh_canary_route" "declared_elsewhere" {
  service                 = "cart.golden-states.svc.cluster.local"
  namespace               = "golden-states"
  name                    = "declared-elsewhere"
  manage_destination_rule = false
  deletion                = "delete"

  subsets = { v1 = {}, v2 = {} }
  rules   = [{ match = [{ headers = { version = { exact = "v2" } } }], subset = "v2" }]
  default = { subset = "v1" }
}

# Argo Rollouts sets the weights of one rule.
resource "mesh_canary_route" "weights_of_others" {
  service            = "rollout"
  namespace          = "golden-states"
  weights_managed_by = "other"

  subsets = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
  rules   = [{ name = "primary", match = [{ uri = { prefix = "/api" } }], weights = { v1 = 100, v2 = 0 } }]
  default = { subset = "v1" }
}

# It stood there before, made by hand, and gets back what it was.
resource "mesh_canary_route" "adopted" {
  service   = "adopted"
  namespace = "golden-states"
  adopt     = true
  deletion  = "restore"

  subsets = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
  default = { weights = { v1 = 95, v2 = 5 } }
}

resource "mesh_weighted_split" "wide" {
  service   = "split"
  namespace = "golden-states"
  port      = 50051
  gateways  = ["golden-states/public"]
  hosts     = ["split.example"]
  labels    = { team = "split" }

  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" }, weight = 10, traffic_policy = { load_balancer = { simple = "ROUND_ROBIN" } } }
  }

  match     = [{ headers = { version = { exact = "200" } } }, { uri = { prefix = "/beta" } }]
  otherwise = "v1"
  timeout   = "3s"
  retries   = { attempts = 1 }
  mirrors   = [{ destination = { host = "split.golden-states.svc.cluster.local", subset = "v2" } }]
}

resource "mesh_weighted_split" "plain" {
  service   = "plain"
  namespace = "golden-states"
  subsets   = { v1 = { labels = { version = "v1" }, weight = 50 }, v2 = { labels = { version = "v2" }, weight = 50 } }
}
