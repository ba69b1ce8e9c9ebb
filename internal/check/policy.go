package check

import (
	"slices"
	"strings"
	"time"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

func (c *checker) portLevelSettings(m *networking.TrafficPolicy) {
	first := map[uint32]int{}
	for i, settings := range m.PortLevelSettings {
		if settings.GetPort() == nil {
			continue
		}
		number := settings.Port.Number
		if number == 0 || number > largestPort {
			c.void(istio.Path{"port_level_settings", i, "port", "number"}, "must be between 1 and %d, got %d",
				largestPort, number)
		}
		if j, taken := first[number]; taken {
			c.doubt(istio.Path{"port_level_settings", i}, "has no effect: port_level_settings[%d] is for port %d "+
				"already, and the first one counts; merge the two", j, number)
			continue
		}
		first[number] = i
	}
}

func (c *checker) retryBudget(m *networking.TrafficPolicy) {
	budget := m.RetryBudget
	if budget == nil {
		return
	}
	c.percentage(istio.Path{"retry_budget", "percent"}, budget.Percent.GetValue())
	if budget.BudgetInterval != nil && budget.BudgetInterval.AsDuration() < 0 {
		c.refuse(istio.Path{"retry_budget", "budget_interval"}, "must not be negative, got %s",
			budget.BudgetInterval.AsDuration())
	}
	if m.ConnectionPool.GetHttp().GetMaxRetries() > 0 {
		c.doubt(istio.Path{"connection_pool", "http", "max_retries"},
			"has no effect beside retry_budget, which limits retries by itself; leave one of the two out")
	}
}

// percentage checks what the API server checks.
func (c *checker) percentage(at istio.Path, value float64) {
	if value < 0 || value > wholeFault {
		c.refuse(at, "must be between 0 and %d, got %g", wholeFault, value)
	}
}

// httpSettings looks for options of HTTP/2 that go with the client's protocol.
// Source: istio.io/istio pilot/pkg/networking/core setUseDownstreamProtocol.
func (c *checker) httpSettings(m *networking.ConnectionPoolSettings_HTTPSettings) {
	if !m.UseClientProtocol {
		return
	}
	const reason = "has no effect beside use_client_protocol, for which Istio takes Envoy's own settings of HTTP/2; " +
		"leave one of the two out"
	if m.MaxConcurrentStreams > 0 {
		c.doubt(istio.Path{"max_concurrent_streams"}, reason)
	}
	if m.Http2KeepAlive != nil {
		c.doubt(istio.Path{"http2_keep_alive"}, reason)
	}
}

func (c *checker) loadBalancer(m *networking.LoadBalancerSettings) {
	simple, isSimple := m.LbPolicy.(*networking.LoadBalancerSettings_Simple)
	if isSimple && simple.Simple == networking.LoadBalancerSettings_LEAST_CONN {
		c.doubt(istio.Path{"simple"}, "LEAST_CONN is deprecated; write LEAST_REQUEST, which is the same")
	}
	old := m.WarmupDurationSecs //nolint:staticcheck // deprecated, and still accepted
	if old != nil && old.AsDuration() < time.Millisecond {
		c.refuse(istio.Path{"warmup_duration_secs"}, "must not be below 1ms, got %s", old.AsDuration())
	}
	switch {
	case old != nil && m.Warmup != nil:
		c.void(istio.Path{"warmup_duration_secs"},
			"cannot be set together with warmup, which replaces it; leave it out")
	case old != nil:
		c.doubt(istio.Path{"warmup_duration_secs"}, "is deprecated")
		c.mendWith(istio.NewWarmup, old.AsDuration().String())
	}
	field := "warmup"
	if m.Warmup == nil {
		field = "warmup_duration_secs"
	}
	switch {
	case old == nil && m.Warmup == nil:
	case m.GetConsistentHash() != nil:
		c.doubt(istio.Path{field}, "has no effect beside consistent_hash: only ROUND_ROBIN and LEAST_REQUEST warm "+
			"up; leave one of the two out")
	case isSimple && (simple.Simple == networking.LoadBalancerSettings_RANDOM ||
		simple.Simple == networking.LoadBalancerSettings_PASSTHROUGH):
		c.doubt(
			istio.Path{field},
			"has no effect with %s: only ROUND_ROBIN and LEAST_REQUEST warm up; leave one of the two out",
			simple.Simple,
		)
	}
}

func (c *checker) consistentHash(m *networking.LoadBalancerSettings_ConsistentHashLB) {
	source, bySource := m.HashKey.(*networking.LoadBalancerSettings_ConsistentHashLB_UseSourceIp)
	switch {
	case m.HashKey == nil:
		c.void(nil, "has nothing to hash, so that every request goes anywhere; write http_header_name, http_cookie, "+
			"use_source_ip or http_query_parameter_name")
	case bySource && !source.UseSourceIp:
		c.void(istio.Path{"use_source_ip"},
			"is false, so that there is nothing to hash and every request goes anywhere; write true, or another key")
	}
	if ttl := m.GetHttpCookie().GetTtl(); ttl != nil && ttl.AsDuration() < 0 {
		c.refuse(istio.Path{"http_cookie", "ttl"}, "must not be negative, got %s", ttl.AsDuration())
	}
	if strings.ContainsAny(m.GetHttpHeaderName(), "\x00\r\n") {
		c.refuse(istio.Path{"http_header_name"}, "must not hold line breaks or NUL characters")
	}
	for i, attribute := range m.GetHttpCookie().GetAttributes() {
		for _, f := range []struct {
			name, value string
		}{{"name", attribute.GetName()}, {"value", attribute.GetValue()}} {
			at := istio.Path{"http_cookie", "attributes", i, f.name}
			switch {
			case strings.ContainsAny(f.value, "\x00\r\n"):
				c.refuse(at, "must not hold line breaks or NUL characters")
			case len(f.value) > longestHeader:
				c.refuse(at, "must not be longer than %d bytes, got %d; Envoy refuses the whole route table",
					longestHeader, len(f.value))
			}
		}
	}
}

func (c *checker) warmup(m *networking.WarmupConfiguration) {
	if m.MinimumPercent.GetValue() < 0 {
		c.refuse(istio.Path{"minimum_percent"}, "must be between 0 and %d, got %g", wholeFault,
			m.MinimumPercent.GetValue())
	}
}

func (c *checker) locality(m *networking.LocalityLoadBalancerSetting) {
	if m.Enabled == nil || m.Enabled.Value {
		return
	}
	const reason = "has no effect: enabled is false; write true, or leave this out"
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"distribute", len(m.Distribute) > 0},
		{"failover", len(m.Failover) > 0},
		{"failover_priority", len(m.FailoverPriority) > 0},
	} {
		if f.set {
			c.doubt(istio.Path{f.name}, reason)
		}
	}
}

func (c *checker) zoneAware(m *networking.ZoneAwareLoadBalancerSetting) {
	if m.MinClusterSize != nil && m.MinClusterSize.Value == 0 {
		c.refuse(istio.Path{"min_cluster_size"}, "must be at least 1, got 0")
	}
}

// ejectedBefore is after how many 5xx in a row Envoy ejects where nothing else is said.
const ejectedBefore = 5

func (c *checker) outliers(m *networking.OutlierDetection) {
	for i, code := range m.OutlierDetectionHttpErrorCodes {
		if code < 100 || code > 599 {
			c.refuse(istio.Path{"outlier_detection_http_error_codes", i}, "must be between 100 and 599, got %d", code)
		}
	}
	if len(m.OutlierDetectionHttpErrorCodes) > 0 {
		c.doubt(istio.Path{"outlier_detection_http_error_codes"}, "is not read by the Istio whose checks are built "+
			"in here; whether the one in the cluster reads it is not known")
	}
	errors := uint32(ejectedBefore)
	if m.Consecutive_5XxErrors != nil {
		errors = m.Consecutive_5XxErrors.Value
	}
	if gateway := m.ConsecutiveGatewayErrors.GetValue(); errors > 0 && gateway > errors {
		c.doubt(istio.Path{"consecutive_gateway_errors"},
			"%d has no effect: gateway errors are 5xx too, and %d of those in a row eject already",
			gateway, errors)
		c.mend(istio.IgnoreServerErrors)
	}
}

// tls looks for settings that a mode does not use.
// Source: istio.io/istio pilot/pkg/networking/core buildUpstreamClusterTLSContext.
func (c *checker) tls(m *networking.ClientTLSSettings) {
	files := []setting{{"client_certificate", m.ClientCertificate != ""}, {"private_key", m.PrivateKey != ""}}
	authority := []setting{
		{"ca_certificates", m.CaCertificates != ""},
		{"credential_name", m.CredentialName != ""},
		{"ca_crl", m.CaCrl != ""},
	}
	var idle []setting
	switch m.Mode {
	case networking.ClientTLSSettings_DISABLE:
		idle = slices.Concat(files, authority, []setting{
			{"subject_alt_names", len(m.SubjectAltNames) > 0}, {"sni", m.Sni != ""},
			{"insecure_skip_verify", m.InsecureSkipVerify.GetValue()},
		})
	case networking.ClientTLSSettings_ISTIO_MUTUAL:
		idle = slices.Concat(files, authority)
	case networking.ClientTLSSettings_SIMPLE:
		if m.CredentialName == "" {
			idle = files
		}
	case networking.ClientTLSSettings_MUTUAL:
	}
	for _, f := range idle {
		if f.set {
			c.doubt(istio.Path{f.name}, "has no effect with mode %s; choose the mode that uses it, or leave it out",
				m.Mode)
		}
	}
}

// setting is a field and whether it is set.
type setting struct {
	name string
	set  bool
}
