# What the two resources of one object could say.

resource "mesh_virtual_service" "wide" {
  name        = "objects-wide"
  namespace   = "golden-states"
  hosts       = ["objects-wide", "objects.example"]
  gateways    = ["mesh", "public"]
  export_to   = ["*"]
  labels      = { team = "shop" }
  annotations = { note = "wide" }

  http = [
    {
      name = "matches"
      match = [
        { headers = { x-any = {}, empty = { exact = "" } }, without_headers = { x-none = {} }, query_params = { any = {} } },
        { uri = { prefix = "/" }, ignore_uri_case = true, method = { regex = "GET|PUT" }, port = 80 },
      ]
      route = [
        {
          destination = { host = "objects-wide", subset = "v1", port = { number = 80 } }, weight = 75
          headers     = { request = { set = { version = "v2" } } }
        },
        { destination = { host = "objects-wide.golden-states.svc.cluster.local" }, weight = 25 },
      ]
      timeout = "5000ms"
      retries = { attempts = 3, per_try_timeout = "1.5s", retry_on = "5xx,reset,503" }
      fault   = { delay = { fixed_delay = "1h1m1s1ms", percentage = { value = 33.333333 } } }
      mirror  = { host = "audit", subset = "v1" }

      mirror_percentage = { value = 12.5 }
    },
    { match = [{ uri = { exact = "/old" } }], redirect = { uri = "/new", authority = "new.example", scheme = "https", redirect_code = 308 } },
    { match = [{ uri = { exact = "/gone" } }], direct_response = { status = 410, body = { string = "gone\n" } } },
    { match = [{ uri = { prefix = "/team" } }], delegate = { name = "objects-delegate", namespace = "golden-states" } },
    {
      route       = [{ destination = { host = "objects-wide" } }]
      cors_policy = { allow_origins = [{ prefix = "https://b" }], max_age = "60s" }
    },
  ]
  tls = [{
    match = [{ sni_hosts = ["objects.example"], port = 443, destination_subnets = ["10.1.0.0/16"], source_labels = { app = "web" } }]
    route = [{ destination = { host = "objects-wide", port = { number = 443 } } }]
  }]
  tcp = [{
    match = [{ port = 27017, source_subnet = "10.3.0.0/16", source_namespace = "web", gateways = ["mesh"] }]
    route = [{ destination = { host = "mongo" }, weight = 20 }, { destination = { host = "mongo-next" }, weight = 80 }]
  }]
}

# Another object's rule leads here.
resource "mesh_virtual_service" "delegate" {
  name      = "objects-delegate"
  namespace = "golden-states"
  http      = [{ match = [{ uri = { prefix = "/team/a" } }], route = [{ destination = { host = "team-a" } }] }]
}

resource "mesh_destination_rule" "wide" {
  name      = "objects-wide"
  namespace = "golden-states"
  host      = "objects-wide"
  export_to = ["."]

  workload_selector = { match_labels = { app = "web" } }

  traffic_policy = {
    load_balancer = {
      locality_lb_setting = { failover = [{ from = "us-east", to = "eu-west" }], failover_priority = ["topology.istio.io/network"] }
      warmup              = { duration = "60s", minimum_percent = 0, aggression = 1.5 }
    }
    connection_pool     = { tcp = { max_connections = 0, tcp_keepalive = { probes = 0 } }, http = { max_retries = 0, h2_upgrade_policy = "DEFAULT" } }
    outlier_detection   = {}
    tls                 = { mode = "SIMPLE", credential_name = "ratings", subject_alt_names = ["a.example"], sni = "a.example" }
    port_level_settings = [{ port = { number = 2 }, load_balancer = { consistent_hash = { http_header_name = "x-user", ring_hash = { minimum_ring_size = 1024 } } } }]
    tunnel              = { protocol = "CONNECT", target_host = "target.example", target_port = 443 }
    retry_budget        = { percent = 0, min_retry_concurrency = 5 }
  }

  subsets = [
    { name = "v1", labels = { version = "v1" } },
    { name = "v2", labels = { version = "v2" }, traffic_policy = { load_balancer = { simple = "RANDOM" }, proxy_protocol = { version = "V2" } } },
    { name = "all" },
  ]
}
