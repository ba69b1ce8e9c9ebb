package canary_test

import (
	"testing"

	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
)

func TestRouteProblemsOfTrafficPolicies(t *testing.T) {
	t.Parallel()
	policy := func(p *networking.TrafficPolicy) func(*canary.Route) {
		return func(r *canary.Route) { r.TrafficPolicy = p }
	}
	maglev := &networking.TrafficPolicy{
		LoadBalancer: &networking.LoadBalancerSettings{LbPolicy: &networking.LoadBalancerSettings_ConsistentHash{
			ConsistentHash: &networking.LoadBalancerSettings_ConsistentHashLB{
				HashKey: &networking.LoadBalancerSettings_ConsistentHashLB_HttpHeaderName{HttpHeaderName: "x-user"},
				HashAlgorithm: &networking.LoadBalancerSettings_ConsistentHashLB_Maglev{
					Maglev: &networking.LoadBalancerSettings_ConsistentHashLB_MagLev{TableSize: 65536},
				},
			},
		}},
	}
	checkRoutes(t, map[string]routeCase{
		"maglev table whose size is no prime": {
			change: policy(maglev),
			want:   []string{`traffic_policy.load_balancer.consistent_hash.maglev: tableSize must be a prime number`},
		},
		"maglev table of a subset": {
			change: inSubset(func(s *canary.Subset) { s.TrafficPolicy = maglev }),
			want: []string{
				`subsets["v2"].traffic_policy.load_balancer.consistent_hash.maglev: tableSize must be a prime number`,
			},
		},
		"connection pool of nothing": {
			change: policy(&networking.TrafficPolicy{ConnectionPool: &networking.ConnectionPoolSettings{}}),
			want:   []string{`traffic_policy.connection_pool: connection pool must have at least one field`},
		},
		"connections below zero": {
			change: policy(&networking.TrafficPolicy{ConnectionPool: &networking.ConnectionPoolSettings{
				Tcp: &networking.ConnectionPoolSettings_TCPSettings{MaxConnections: -1},
			}}),
			want: []string{`traffic_policy.connection_pool.tcp.max_connections: `},
		},
		"more than everything ejected": {
			change: policy(&networking.TrafficPolicy{
				OutlierDetection: &networking.OutlierDetection{MaxEjectionPercent: 101},
			}),
			want: []string{`traffic_policy.outlier_detection.max_ejection_percent: `},
		},
		"mutual TLS without certificates": {
			change: policy(&networking.TrafficPolicy{
				Tls: &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_MUTUAL},
			}),
			want: []string{
				`traffic_policy.tls.mode: client certificate required for mutual tls`,
				`traffic_policy.tls.mode: private key required for mutual tls`,
			},
		},
		"policy of no port": {
			change: policy(&networking.TrafficPolicy{PortLevelSettings: []*networking.TrafficPolicy_PortTrafficPolicy{{
				Tls: &networking.ClientTLSSettings{},
			}}}),
			want: []string{`traffic_policy.port_level_settings[0]: portTrafficPolicy must have valid port`},
		},
		"policy of nothing": {
			change: policy(&networking.TrafficPolicy{}),
			want:   []string{`traffic_policy: traffic policy must have at least one field`},
		},
		"deprecated count of errors": {
			//nolint:staticcheck // its deprecation is what is tested
			change: policy(&networking.TrafficPolicy{
				OutlierDetection: &networking.OutlierDetection{ConsecutiveErrors: 3},
			}),
			want: []string{`? traffic_policy.outlier_detection.consecutive_errors: outlier detection consecutive ` +
				`errors is deprecated`},
		},
	})
}

func TestRouteHasNoProblems(t *testing.T) {
	t.Parallel()
	checkRoutes(t, map[string]routeCase{
		"as it is":        {change: func(*canary.Route) {}},
		"without default": {change: func(r *canary.Route) { r.Default = nil }},
		"default alone":   {change: func(r *canary.Route) { r.Rules = nil }},
		"all to one by weight": {change: func(r *canary.Route) {
			r.Default = &canary.Rule{Weights: weights(map[string]int64{"v2": 100})}
		}},
		"one weight left out": {change: func(r *canary.Route) {
			r.Default = &canary.Rule{Weights: map[string]*int64{"v1": nil, "v2": new(int64)}}
		}},
		"nothing for the rest": {change: func(r *canary.Route) {
			r.Default = &canary.Rule{Weights: map[string]*int64{"v1": nil, "v2": new(int64(100))}}
		}},
		"short host": {change: func(r *canary.Route) { r.Hosts = []string{"greeter"} }},
		"wildcard at a gateway": {change: func(r *canary.Route) {
			r.Hosts, r.Gateways = []string{"*"}, []string{"ingress/public"}
		}},
		"exported to own": {change: func(r *canary.Route) { r.ExportTo = []string{"."} }},
		"present header": {change: inMatch(func(m *networking.HTTPMatchRequest) {
			m.Headers["x"] = &networking.StringMatch{}
		})},
		"empty uri prefix": {change: inMatch(func(m *networking.HTTPMatchRequest) { m.Uri = prefix("") })},
		"empty query parameter": {change: inMatch(func(m *networking.HTTPMatchRequest) {
			m.QueryParams = map[string]*networking.StringMatch{"q": exact("")}
		})},
		"pseudo header matched": {change: inMatch(func(m *networking.HTTPMatchRequest) {
			m.Headers[":method"] = exact("POST")
		})},
		"retries off": {change: inRule(func(h *networking.HTTPRoute) { h.Retries = &networking.HTTPRetry{} })},
		"mirror to own subset": {change: inRule(func(h *networking.HTTPRoute) {
			h.Mirrors = []*networking.HTTPMirrorPolicy{{Destination: &networking.Destination{Subset: "v1"}}}
		})},
		"mirror to other subset": {change: inRule(func(h *networking.HTTPRoute) {
			h.Mirrors = []*networking.HTTPMirrorPolicy{{
				Destination: &networking.Destination{Host: "recorder", Subset: "v9"},
			}}
		})},
		"unnamed rules": {change: func(r *canary.Route) { r.Rules[0].HTTP.Name, r.Rules[1].HTTP.Name = "", "" }},
		"subsets elsewhere": {change: func(r *canary.Route) {
			r.SubsetsElsewhere, r.Subsets = true, map[string]canary.Subset{"v1": {}, "v2": {}}
		}},
	})
}

func TestSplitProblems(t *testing.T) {
	t.Parallel()
	matched := func(s *canary.Split) { s.HTTP.Match = []*networking.HTTPMatchRequest{{Uri: exact("/")}} }
	weight := func(v1, v2 *int64) func(*canary.Split) {
		return func(s *canary.Split) {
			for name, w := range map[string]*int64{"v1": v1, "v2": v2} {
				subset := s.Subsets[name]
				subset.Weight = w
				s.Subsets[name] = subset
			}
		}
	}
	both := func(changes ...func(*canary.Split)) func(*canary.Split) {
		return func(s *canary.Split) {
			for _, change := range changes {
				change(s)
			}
		}
	}
	tests := map[string]struct {
		change func(*canary.Split)
		want   []string
	}{
		"as it is":             {change: func(*canary.Split) {}},
		"one weight left out":  {change: weight(nil, new(int64(90)))},
		"all to one":           {change: weight(new(int64(100)), new(int64))},
		"match with otherwise": {change: both(matched, func(s *canary.Split) { s.Otherwise = "v1" })},
		"match alone": {
			change: matched,
			want:   []string{`? match: requests that do not match have no route at all`},
		},
		"match of callers alone": {
			change: func(s *canary.Split) {
				s.HTTP.Match = []*networking.HTTPMatchRequest{
					{SourceLabels: map[string]string{"app": "web"}}, {SourceNamespace: "test"}, {Port: 80},
				}
			},
			want: []string{`? match: requests that do not match have no route at all: 503 inside the mesh, 404 at a ` +
				`gateway, but for callers in the mesh that no match is for, whose requests go to the service itself; ` +
				`name their subset in otherwise`},
		},
		"match of callers and of requests": {
			change: func(s *canary.Split) {
				s.HTTP.Match = []*networking.HTTPMatchRequest{{SourceNamespace: "test"}, {Uri: exact("/")}}
			},
			want: []string{`? match: requests that do not match have no route at all: 503 inside the mesh, 404 at a ` +
				`gateway; name their subset in otherwise`},
		},
		"otherwise alone": {
			change: func(s *canary.Split) { s.Otherwise = "v1" },
			want:   []string{`otherwise: is for the requests that match does not cover`},
		},
		"otherwise an undeclared subset": {
			change: both(matched, func(s *canary.Split) { s.Otherwise = "v9" }),
			want:   []string{`otherwise: there is no subset "v9"`},
		},
		"weights below 100": {
			change: weight(new(int64(10)), new(int64(10))),
			want:   []string{`subsets: must sum to 100 percent, got 20`},
		},
		"weight over 100": {
			change: weight(new(int64(101)), new(int64(0))),
			want:   []string{`subsets["v1"].weight: must be between 0 and 100 percent, got 101`},
		},
		"weight over 100 with a match": {
			change: both(matched, weight(new(int64(101)), new(int64(0)))),
			want: []string{
				`subsets["v1"].weight: must be between 0 and 100 percent, got 101`,
				`? match: requests that do not match`,
			},
		},
		"weights of zero only": {
			change: weight(new(int64(0)), new(int64(0))),
			want:   []string{`subsets: must sum to 100 percent, got 0`},
		},
		"two weights left out": {
			change: weight(nil, nil),
			want:   []string{`subsets: only one weight may be left out to take the rest, got v1, v2`},
		},
		"no subsets": {
			change: func(s *canary.Split) { s.Subsets = nil },
			want:   []string{`subsets: at least one subset is needed to route to`},
		},
		"subset without labels": {
			change: func(s *canary.Split) { s.Subsets["v1"] = canary.WeightedSubset{Weight: new(int64(10))} },
			want:   []string{`subsets["v1"].labels: a subset without labels is every pod`},
		},
		"timeout of zero": {
			change: func(s *canary.Split) { s.HTTP.Timeout = &durationpb.Duration{} },
			want:   []string{`timeout: must be at least 1ms; leave it out for no limit, which is Istio's default`},
		},
		"regex that does not compile": {
			change: func(s *canary.Split) {
				s.HTTP.Match, s.Otherwise = []*networking.HTTPMatchRequest{{Uri: pattern("[")}}, "v1"
			},
			want: []string{`match[0].uri.regex: missing closing ]`},
		},
		"host with a space": {
			change: func(s *canary.Split) { s.Hosts = []string{"a b.example.com"} },
			want:   []string{`hosts[0]: domain name`},
		},
		"subset's name with a dot": {
			change: func(s *canary.Split) {
				s.Subsets["v1.0"] = canary.WeightedSubset{
					Subset: canary.Subset{Labels: map[string]string{"app": "greeter"}}, Weight: new(int64),
				}
			},
			want: []string{`subsets["v1.0"]: subset name is invalid`},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkProblems(t, splitWith(test.change).Problems(), test.want...)
		})
	}
}
