package acceptance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// everyGroupHCL and everyGroupYAML hold every group of a traffic policy that can stand together, with all fields.
const (
	everyGroupHCL = `traffic_policy = {
    load_balancer = {
      consistent_hash = {
        http_header_name = "x-user"
        ring_hash        = { minimum_ring_size = 2048 }
      }
      locality_lb_setting = {
        enabled           = true
        failover_priority = ["topology.kubernetes.io/region"]
      }
      warmup = { duration = "90s", minimum_percent = 10, aggression = 1.5 }
    }
    connection_pool = {
      tcp = {
        max_connections         = 100
        connect_timeout         = "5s"
        tcp_keepalive           = { probes = 3, time = "7200s", interval = "75s" }
        max_connection_duration = "1h"
        idle_timeout            = "0s"
      }
      http = {
        http1_max_pending_requests  = 1024
        http2_max_requests          = 1000
        max_requests_per_connection = 10
        max_retries                 = 3
        idle_timeout                = "15m"
        h2_upgrade_policy           = "DO_NOT_UPGRADE"
        use_client_protocol         = true
        max_concurrent_streams      = 100
        http2_keep_alive            = { interval = "30s", timeout = "5s" }
      }
    }
    outlier_detection = {
      split_external_local_origin_errors = true
      consecutive_local_origin_failures  = 5
      consecutive_gateway_errors         = 0
      consecutive_5xx_errors             = 7
      interval                           = "10s"
      base_ejection_time                 = "30s"
      max_ejection_percent               = 50
      min_health_percent                 = 20
    }
    tls = { mode = "SIMPLE", sni = "greeter.example.com", subject_alt_names = ["greeter.example.com"], ca_certificates = "/etc/ca.pem" }
    port_level_settings = [{
      port              = { number = 50051 }
      load_balancer     = { simple = "ROUND_ROBIN" }
      connection_pool   = { http = { max_retries = 1 } }
      outlier_detection = { consecutive_gateway_errors = 3 }
      tls               = { mode = "DISABLE" }
    }]
    tunnel       = { protocol = "CONNECT", target_host = "greeter.example.com", target_port = 443 }
    retry_budget = { percent = 12.5, min_retry_concurrency = 5, budget_interval = "10s" }
  }`
	everyGroupYAML = `
loadBalancer:
  consistentHash: {httpHeaderName: x-user, ringHash: {minimumRingSize: 2048}}
  localityLbSetting: {enabled: true, failoverPriority: [topology.kubernetes.io/region]}
  warmup: {duration: 90s, minimumPercent: 10, aggression: 1.5}
connectionPool:
  tcp: {maxConnections: 100, connectTimeout: 5s, tcpKeepalive: {probes: 3, time: 7200s, interval: 75s}, maxConnectionDuration: 3600s, idleTimeout: 0s}
  http: {http1MaxPendingRequests: 1024, http2MaxRequests: 1000, maxRequestsPerConnection: 10, maxRetries: 3, idleTimeout: 900s,
    h2UpgradePolicy: DO_NOT_UPGRADE, useClientProtocol: true, maxConcurrentStreams: 100,
    http2KeepAlive: {interval: 30s, timeout: 5s}}
outlierDetection: {splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 5, consecutiveGatewayErrors: 0, consecutive5xxErrors: 7,
  interval: 10s, baseEjectionTime: 30s, maxEjectionPercent: 50, minHealthPercent: 20}
tls: {mode: SIMPLE, sni: greeter.example.com, subjectAltNames: [greeter.example.com], caCertificates: /etc/ca.pem}
portLevelSettings:
- port: {number: 50051}
  loadBalancer: {simple: ROUND_ROBIN}
  connectionPool: {http: {maxRetries: 1}}
  outlierDetection: {consecutiveGatewayErrors: 3}
  tls: {mode: DISABLE}
tunnel: {protocol: CONNECT, targetHost: greeter.example.com, targetPort: 443}
retryBudget: {percent: 12.5, minRetryConcurrency: 5, budgetInterval: 10s}
`
	otherChoicesHCL = `traffic_policy = {
    load_balancer = {
      consistent_hash = {
        http_cookie = { name = "user", path = "/", ttl = "0s", attributes = [{ name = "SameSite", value = "Strict" }] }
        maglev      = { table_size = 65537 }
      }
      locality_lb_setting = {
        distribute = [{ from = "eu/*", to = { "eu/*" = 80, "us/*" = 20 } }]
      }
    }
    outlier_detection = { interval = "1s" }
    tls               = { mode = "MUTUAL", client_certificate = "/etc/cert.pem", private_key = "/etc/key.pem" }
    proxy_protocol    = { version = "V1" }
    retry_budget      = { percent = 0 }
  }`
	otherChoicesYAML = `
loadBalancer:
  consistentHash: {httpCookie: {name: user, path: /, ttl: 0s, attributes: [{name: SameSite, value: Strict}]}, maglev: {tableSize: 65537}}
  localityLbSetting: {distribute: [{from: eu/*, to: {eu/*: 80, us/*: 20}}]}
outlierDetection: {interval: 1s}
tls: {mode: MUTUAL, clientCertificate: /etc/cert.pem, privateKey: /etc/key.pem}
proxyProtocol: {version: V1}
retryBudget: {percent: 0}
`
	byUserHCL  = `traffic_policy = { load_balancer = { consistent_hash = { http_header_name = "x-user" } } }`
	byUserYAML = `loadBalancer: {consistentHash: {httpHeaderName: x-user}}`
)

// ruleWithPolicies is the spec of a form's DestinationRule with policies as YAML, for the service and for the subset
// v2.
func ruleWithPolicies(service, subset string) string {
	indent := func(by, text string) string {
		return strings.ReplaceAll("\n"+strings.TrimSpace(text), "\n", "\n"+by)
	}
	spec := "host: HOST\nsubsets:\n- {name: v1, labels: {app: k8s-combat-service-v1}}\n- name: v2\n  labels: {app: " +
		"k8s-combat-service-v2}\n"
	if subset != "" {
		spec += "  trafficPolicy:" + indent("    ", subset) + "\n"
	}
	if service != "" {
		spec += "trafficPolicy:" + indent("  ", service) + "\n"
	}
	return spec
}

// testTrafficPolicy writes every group of a traffic policy, for the service and for a subset. That the balancer acts
// is seen by traffic; no gRPC client acts on the others.
func testTrafficPolicy(t *testing.T, f form) {
	t.Parallel()
	lab := acctest.Start(t)
	step := func(p parts, service, subset string, checks ...resource.TestCheckFunc) resource.TestStep {
		live := lab.Spec(acctest.DestinationRule, lab.Service, ruleWithPolicies(service, subset))
		return resource.TestStep{
			Config: lab.Config(f.with(p)),
			Check:  resource.ComposeTestCheckFunc(append([]resource.TestCheckFunc{live}, checks...)...),
		}
	}
	run(t, lab,
		step(parts{top: byUserHCL}, byUserYAML, "",
			lab.Traffic(canary(200, "x-user", "ada"), endpoints(1)),
			lab.Traffic(canary(200, "x-user", "bob"), endpoints(1))),
		step(parts{subset: `traffic_policy = { load_balancer = { simple = "ROUND_ROBIN" } }`}, "",
			`loadBalancer: {simple: ROUND_ROBIN}`,
			lab.Traffic(canary(200, "x-user", "ada"), endpoints(2))),
		step(parts{top: everyGroupHCL, subset: otherChoicesHCL}, everyGroupYAML, otherChoicesYAML),
		step(parts{top: otherChoicesHCL, subset: everyGroupHCL}, otherChoicesYAML, everyGroupYAML),
		step(parts{subset: byUserHCL}, "", byUserYAML,
			lab.Traffic(canary(200, "x-user", "ada"), endpoints(1)),
			lab.Traffic(canary(200, "x-user", "ada"), acctest.Only("v2"))),
		resource.TestStep{Config: lab.Config(f.with(parts{})), Check: f.routed(lab)},
	)
}

// endpoints wants so many endpoints to have answered.
func endpoints(n int) acctest.Want {
	return func(a acctest.Answers) error {
		if len(a.Endpoints) != n || len(a.Errors) > 0 {
			return fmt.Errorf("want answers of %d endpoints, got %v", n, a.Endpoints)
		}
		return nil
	}
}
