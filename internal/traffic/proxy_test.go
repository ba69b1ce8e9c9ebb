package traffic_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// What a proxy makes of headers before it routes was looked at in an Envoy, with istiod's settings for a sidecar and
// for a gateway. What is not the same for all of them is said.
func TestEvaluate_proxyHeaders(t *testing.T) {
	t.Parallel()
	const mesh, gateway = "mesh", "shop/front"
	for name, test := range map[string]struct {
		match string
		in    traffic.Request
		hits  bool
		open  []string
	}{
		"the scheme in a sidecar": {
			"headers: {x-forwarded-proto: {exact: http}}", traffic.Request{Gateway: mesh}, true, nil,
		},
		"the scheme at a gateway": {
			"headers: {x-forwarded-proto: {exact: http}}", traffic.Request{Gateway: gateway}, true, nil,
		},
		"the scheme at a gateway with TLS": {
			"headers: {X-Forwarded-Proto: {exact: https}}", traffic.Request{Gateway: gateway, Port: 443}, true, nil,
		},
		"the scheme is there": {
			"withoutHeaders: {x-forwarded-proto: {}}", traffic.Request{Gateway: mesh}, false, nil,
		},
		"a scheme that a caller sends to its sidecar": {
			"headers: {x-forwarded-proto: {exact: https}}",
			traffic.Request{Gateway: mesh, Headers: headers("X-Forwarded-Proto", "https")}, true, nil,
		},
		"the scheme of a caller that has TLS itself": {
			"headers: {x-forwarded-proto: {exact: https}}", traffic.Request{Gateway: mesh, Scheme: "https"}, false,
			[]string{"x-forwarded-proto"},
		},
		"a scheme that a caller sends becomes that of the request": {
			"scheme: {exact: https}",
			traffic.Request{Gateway: mesh, Headers: headers("x-forwarded-proto", "https")}, true, nil,
		},
		"a scheme that a caller sends, and another one that it has": {
			"scheme: {exact: https}",
			traffic.Request{Gateway: mesh, Scheme: "http", Headers: headers("x-forwarded-proto", "https")}, false, nil,
		},
		"a scheme that a caller sends and that is none": {
			"scheme: {exact: http}",
			traffic.Request{Gateway: mesh, Headers: headers("x-forwarded-proto", "ftp")}, true, nil,
		},
		"a scheme that a client sends does not become that of a request at a gateway": {
			"scheme: {exact: https}",
			traffic.Request{Gateway: gateway, Headers: headers("x-forwarded-proto", "https")}, false, nil,
		},
		"a scheme that a client sends to a gateway": {
			"headers: {x-forwarded-proto: {exact: https}}",
			traffic.Request{Gateway: gateway, Headers: headers("x-forwarded-proto", "https")}, false,
			[]string{"x-forwarded-proto"},
		},
		"a scheme that a client sends to a gateway as it is": {
			"headers: {x-forwarded-proto: {exact: https}}",
			traffic.Request{Gateway: gateway, Port: 443, Headers: headers("x-forwarded-proto", "https")}, true, nil,
		},
		"a scheme that none has": {
			"headers: {x-forwarded-proto: {exact: ftp}}",
			traffic.Request{Gateway: gateway, Headers: headers("x-forwarded-proto", "https")}, false, nil,
		},
		"an identifier is there": {
			"headers: {x-request-id: {}}", traffic.Request{Gateway: mesh}, true, nil,
		},
		"an identifier is always there": {
			"withoutHeaders: {x-request-id: {}}", traffic.Request{Gateway: gateway}, false, nil,
		},
		"how every identifier begins": {
			"headers: {x-request-id: {regex: '^[0-9a-f].*'}}", traffic.Request{Gateway: gateway}, true, nil,
		},
		"how no identifier begins": {
			"headers: {x-request-id: {prefix: test-}}", traffic.Request{Gateway: mesh}, false, nil,
		},
		"how no identifier begins, the other way round": {
			"withoutHeaders: {x-request-id: {prefix: test-}}", traffic.Request{Gateway: mesh}, true, nil,
		},
		"how some identifiers begin": {
			"headers: {x-request-id: {regex: '[0-7].*'}}", traffic.Request{Gateway: mesh}, false,
			[]string{"x-request-id"},
		},
		"how some identifiers begin, where something else is not so": {
			"headers: {x-request-id: {regex: '[0-7].*'}, x: {}}", traffic.Request{Gateway: mesh}, false, nil,
		},
		"two that may be": {
			"headers: {x-request-id: {regex: '[0-7].*'}, x-forwarded-for: {prefix: '10.'}}",
			traffic.Request{Gateway: gateway}, false, []string{"x-forwarded-for", "x-request-id"},
		},
		"an identifier that is sent to a sidecar": {
			"headers: {x-request-id: {exact: mine}}",
			traffic.Request{Gateway: mesh, Headers: headers("x-request-id", "mine")}, true, nil,
		},
		"an identifier that is empty is none": {
			"headers: {x-request-id: {exact: ''}}",
			traffic.Request{Gateway: mesh, Headers: headers("x-request-id", "")}, false, nil,
		},
		"an identifier is made up for an empty one": {
			"headers: {x-request-id: {regex: '[0-9a-f-]+'}}",
			traffic.Request{Gateway: mesh, Headers: headers("x-request-id", "")}, true, nil,
		},
		"an identifier that is sent to a gateway": {
			"headers: {x-request-id: {exact: mine}}",
			traffic.Request{Gateway: gateway, Headers: headers("x-request-id", "mine")}, false,
			[]string{"x-request-id"},
		},
		"a pattern that Envoy would refuse": {
			"headers: {x-request-id: {regex: '('}}", traffic.Request{Gateway: gateway}, false, nil,
		},
		"addresses at a gateway": {
			"headers: {x-forwarded-for: {}}", traffic.Request{Gateway: gateway}, true, nil,
		},
		"addresses in a sidecar": {
			"headers: {x-forwarded-for: {}}", traffic.Request{Gateway: mesh}, false, nil,
		},
		"an address that is sent to a gateway": {
			"headers: {x-forwarded-for: {exact: 10.0.0.1}}",
			traffic.Request{Gateway: gateway, Headers: headers("x-forwarded-for", "10.0.0.1")}, false, nil,
		},
		"an address that is sent to a gateway comes first": {
			"headers: {x-forwarded-for: {prefix: '10.0.0.1,'}}",
			traffic.Request{Gateway: gateway, Headers: headers("x-forwarded-for", "10.0.0.1")}, true, nil,
		},
		"so many addresses that nobody compares them": {
			"headers: {x-forwarded-for: {prefix: '10.'}}",
			traffic.Request{Gateway: gateway, Headers: headers("x-forwarded-for", strings.Repeat("10.0.0.1, ", 5000))},
			true, []string{"x-forwarded-for"},
		},
		"the external address at a gateway": {
			"headers: {x-envoy-external-address: {}}", traffic.Request{Gateway: gateway}, true,
			[]string{"x-envoy-external-address"},
		},
		"the external address in a sidecar": {
			"headers: {x-envoy-external-address: {}}", traffic.Request{Gateway: mesh}, false, nil,
		},
		"the external address is no name": {
			"headers: {x-envoy-external-address: {exact: office}}", traffic.Request{Gateway: gateway}, false, nil,
		},
		"retries that a caller asks for": {
			"headers: {x-envoy-retry-on: {}}",
			traffic.Request{Gateway: mesh, Headers: headers("x-envoy-retry-on", "5xx")}, false,
			[]string{"x-envoy-retry-on"},
		},
		"the mark of a network that is not the mesh's": {
			"headers: {x-envoy-internal: {exact: 'yes'}}",
			traffic.Request{Gateway: mesh, Headers: headers("x-envoy-internal", "yes")}, false, nil,
		},
		"the mark of the mesh's networks": {
			"headers: {x-envoy-internal: {exact: 'true'}}", traffic.Request{Gateway: gateway}, false,
			[]string{"x-envoy-internal"},
		},
		"what only a gateway takes away": {
			"headers: {x-envoy-original-path: {}}",
			traffic.Request{Gateway: mesh, Headers: headers("x-envoy-original-path", "/a")}, true, nil,
		},
		"what a gateway takes away": {
			"headers: {x-envoy-original-path: {}}",
			traffic.Request{Gateway: gateway, Headers: headers("x-envoy-original-path", "/a")}, false,
			[]string{"x-envoy-original-path"},
		},
		"without what a gateway takes away": {
			"withoutHeaders: {x-envoy-original-path: {}}",
			traffic.Request{Gateway: gateway, Headers: headers("x-envoy-original-path", "/a")}, true,
			[]string{"x-envoy-original-path"},
		},
		"any other header": {
			"headers: {x-forwarded-host: {}}", traffic.Request{Gateway: gateway}, false, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			object := istiotest.VirtualService(t, "reviews",
				"hosts: [reviews.example]\ngateways: [mesh, front]\n"+matchRules("{"+test.match+"}"))
			table := traffic.NewTable([]*istio.Object{object}, nil, traffic.Options{})
			out := table.Evaluate(test.in)
			if hit := out.Rule.Index == 0; hit != test.hits {
				t.Errorf("hits is %t", hit)
			}
			if diff := cmp.Diff(test.open, out.DependsOn, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("depends on (-want +got):\n%s", diff)
			}
			const words = ", which the proxy may set, replace or take away before it routes"
			said := "; this depends on header " + strings.Join(test.open, " and ") + words
			if got := table.Explain(out); strings.HasSuffix(got, said) != (len(test.open) > 0) ||
				strings.HasSuffix(got, words) != (len(test.open) > 0) {
				t.Errorf("explained as %s", got)
			}
		})
	}
}

// What a caller may ask its Envoy for is no condition of a route: each of these was sent to Envoys of 1.36 to 1.40, a
// sidecar and a gateway, whose rules name it.
func TestEvaluate_takenAway(t *testing.T) {
	t.Parallel()
	const mesh, gateway = "mesh", "shop/front"
	for name, at := range map[string]struct{ mesh, gateway bool }{
		"connection": {}, "keep-alive": {}, "proxy-connection": {}, "te": {}, "transfer-encoding": {}, "upgrade": {},
		"x-envoy-expected-rq-timeout-ms": {}, "x-envoy-force-trace": {}, "x-envoy-hedge-on-per-try-timeout": {},
		"x-envoy-internal": {}, "x-envoy-ip-tags": {}, "x-envoy-max-retries": {}, "x-envoy-original-url": {},
		"x-envoy-retriable-header-names": {}, "x-envoy-retriable-status-codes": {}, "x-envoy-retry-grpc-on": {},
		"x-envoy-retry-on": {}, "x-envoy-upstream-alt-stat-name": {}, "x-envoy-upstream-rq-per-try-timeout-ms": {},
		"x-envoy-upstream-rq-timeout-alt-response": {}, "x-envoy-upstream-rq-timeout-ms": {},
		"x-envoy-upstream-stream-duration-ms": {}, "x-forwarded-client-cert": {},
		"x-envoy-decorator-operation":           {mesh: true},
		"x-envoy-downstream-service-cluster":    {mesh: true},
		"x-envoy-downstream-service-node":       {mesh: true},
		"x-envoy-original-host":                 {mesh: true},
		"x-envoy-original-path":                 {mesh: true},
		"x-envoy-attempt-count":                 {mesh: true, gateway: true},
		"x-envoy-is-timeout-retry":              {mesh: true, gateway: true},
		"x-envoy-original-dst-host":             {mesh: true, gateway: true},
		"x-envoy-upstream-service-time":         {mesh: true, gateway: true},
		"x-envoy-retriable-request-header-name": {mesh: true, gateway: true},
		"grpc-timeout":                          {mesh: true, gateway: true},
		"x-forwarded-host":                      {mesh: true, gateway: true},
		"x-forwarded-port":                      {mesh: true, gateway: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			object := istiotest.VirtualService(t, "reviews",
				"hosts: [reviews.example]\ngateways: [mesh, front]\n"+
					matchRules("{headers: {"+name+": {exact: probe}}}"))
			table := traffic.NewTable([]*istio.Object{object}, nil, traffic.Options{})
			for where, want := range map[string]bool{mesh: at.mesh, gateway: at.gateway} {
				out := table.Evaluate(traffic.Request{Gateway: where, Headers: headers(name, "probe")})
				if got := out.Rule.Index == 0; got != want {
					t.Errorf("at %s hits is %t", where, got)
				}
			}
		})
	}
}

// The headers of a connection stay where it changes to another protocol, and of te what says that trailers may come.
func TestEvaluate_connection(t *testing.T) {
	t.Parallel()
	upgrade := headers("Connection", "keep-alive, Upgrade", "Upgrade", "websocket")
	for name, test := range map[string]struct {
		match string
		in    map[string][]string
		hits  bool
	}{
		"another protocol":             {"{headers: {upgrade: {exact: websocket}}}", upgrade, true},
		"another protocol, not wanted": {"{headers: {upgrade: {}}}", headers("upgrade", "websocket"), false},
		"a connection that stays":      {"{headers: {connection: {}}}", headers("connection", "keep-alive"), false},
		"trailers":                     {"{headers: {te: {exact: trailers}}}", headers("te", "trailers"), true},
		"trailers among others":        {"{headers: {te: {exact: trailers}}}", headers("te", "gzip, trailers"), true},
		"no trailers":                  {"{headers: {te: {}}}", headers("te", "gzip"), false},
		"several lines": {
			"{withoutHeaders: {keep-alive: {}}}", headers("keep-alive", "1", "keep-alive", "2"), true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := istiotest.VirtualService(t, "reviews", matchRules(test.match))
			out := evaluate([]*istio.Object{o}, nil, traffic.Request{Headers: test.in}, traffic.Options{})
			if got := out.Rule.Index == 0; got != test.hits || out.Older != nil {
				t.Errorf("hits is %t, older proxies %v", got, out.Older)
			}
		})
	}
}

// A sidecar has no route for a request that says that its scheme is nothing.
func TestEvaluateNoScheme(t *testing.T) {
	t.Parallel()
	object := istiotest.VirtualService(t, "reviews",
		"hosts: [reviews.example]\ngateways: [mesh, front]\nhttp: [{"+istiotest.To("v1")+"}]")
	table := traffic.NewTable([]*istio.Object{object}, nil, traffic.Options{})
	const proto = "x-forwarded-proto"
	one, two := headers("X-Forwarded-Proto", ""), headers(proto, "", "X-Forwarded-Proto", "")
	for name, test := range map[string]struct {
		in   traffic.Request
		want traffic.OutcomeKind
	}{
		"an empty one":         {traffic.Request{Headers: one}, traffic.NoRoute},
		"two empty ones":       {traffic.Request{Headers: two}, traffic.NoRoute},
		"to no VirtualService": {traffic.Request{Authority: "ratings", Headers: one}, traffic.NoRoute},
		"one of two":           {traffic.Request{Headers: headers(proto, "", proto, "http")}, traffic.Forward},
		"none":                 {traffic.Request{}, traffic.Forward},
		"any other":            {traffic.Request{Headers: headers(proto, "ftp")}, traffic.Forward},
		"at a gateway":         {traffic.Request{Gateway: "shop/front", Headers: one}, traffic.Forward},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := table.Evaluate(test.in)
			if out.Kind != test.want {
				t.Errorf("got %s, want %s", out.Kind, test.want)
			}
			const words = "the header x-forwarded-proto is empty, and a proxy has no route for such a request: it " +
				"answers 404"
			if got := table.Explain(out); (got == words) != (test.want == traffic.NoRoute) {
				t.Errorf("explained as %s", got)
			}
		})
	}
}

// What moves is what a rule describes, whoever may send it to whom.
func TestMoves_proxyHeaders(t *testing.T) {
	t.Parallel()
	at := func(subset string) []*istio.Object {
		return []*istio.Object{istiotest.VirtualService(t, "reviews", "gateways: [front]\n"+
			canaries("{headers: {x-forwarded-proto: {exact: https}}}", istiotest.To(subset), "", istiotest.To("v1")))}
	}
	var got []string
	for _, m := range traffic.Moves(at("v1"), at("v2"), traffic.Options{}) {
		got = append(got, m.String())
	}
	want := []string{"requests with header x-forwarded-proto=https move from v1 to v2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("moves (-want +got):\n%s", diff)
	}
}
