package traffic_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// webGateway is Gateway "edge/web".
const webGateway = `
servers:
- {port: {number: 80, name: http, protocol: HTTP}, hosts: ["shop/*.shop.test", "./*.edge.test", "*/b.test", "A.test"]}
- {port: {number: 81, name: http2, protocol: HTTP2}, hosts: ["*.secure.test", "shop/own.test", "*/all.test"], tls: {httpsRedirect: true}}
- {port: {number: 81, name: plain, protocol: HTTP}, hosts: ["plain.secure.test", "b.test"]}
- {port: {number: 443, name: wide, protocol: HTTPS}, hosts: ["shop/*.shop.test", "*.secure.test"], tls: {mode: SIMPLE, credentialName: a}}
- {port: {number: 443, name: narrow, protocol: HTTPS}, hosts: ["cart/x.shop.test"], tls: {mode: SIMPLE, credentialName: b}}
- {port: {number: 443, name: both, protocol: HTTPS}, hosts: ["*.both.test"], tls: {mode: SIMPLE, credentialName: c, httpsRedirect: true}}
- {port: {number: 444, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: PASSTHROUGH}}
- {port: {number: 90, name: tcp, protocol: TCP}, hosts: ["*"]}
`

// What comes in at a Gateway that is given reaches the rules of those hosts alone that it serves to their namespace.
func TestEvaluate_gateways(t *testing.T) {
	t.Parallel()
	const all = "http: [{directResponse: {status: 200}}]"
	for name, test := range map[string]struct {
		// spec is that of a VirtualService "shop/a", bound to edge/web unless it says otherwise.
		spec    string
		others  map[string]string
		request traffic.Request
		want    traffic.OutcomeKind
		host    string
		say     string
		// depends is what the answer depends on.
		depends []string
	}{
		"a host that is served": {
			spec: "hosts: [x.shop.test]", want: traffic.Respond, host: "x.shop.test",
			say: "rule http[0]: all requests get the answer 200 from the proxy",
		},
		"a wildcard inside": {
			spec: "hosts: ['*.a.shop.test']", request: traffic.Request{Authority: "x.a.shop.test"},
			want: traffic.Respond, host: "*.a.shop.test",
		},
		"a wildcard around": {
			spec: "hosts: ['*.test']", request: traffic.Request{Authority: "x.shop.test"},
			want: traffic.Respond, host: "*.shop.test",
		},
		"a wildcard around, and another name": {
			spec: "hosts: ['*.test']", request: traffic.Request{Authority: "x.else.test"}, want: traffic.Unclaimed,
			say: `Gateway "edge/web" does not serve x.else.test on port 80: it answers 404`,
		},
		"capitals": {
			spec: "hosts: [A.test]", request: traffic.Request{Authority: "a.TEST"}, want: traffic.Respond,
			host: "a.test",
		},
		"capitals of one alone": {
			spec: "hosts: [a.test]", want: traffic.Unclaimed,
			say: `VirtualService "shop/a" claims requests for a.test, and Gateway "edge/web" does not serve ` +
				"that host to namespace shop on port 80: it answers 404",
		},
		"a host for all namespaces": {spec: "hosts: [b.test]", want: traffic.Respond, host: "b.test"},
		"with the port": {
			spec: "hosts: [b.test]", request: traffic.Request{Authority: "b.test:80"}, want: traffic.Respond,
			host: "b.test",
		},
		"a host for another namespace": {
			spec: "hosts: [x.edge.test]", want: traffic.Unclaimed,
			say: `VirtualService "shop/a" claims requests for x.edge.test, and Gateway "edge/web" does not ` +
				`serve that host to namespace shop on port 80: it answers 404`,
		},
		"nobody's host": {
			spec: "hosts: [b.test]", request: traffic.Request{Authority: "y.shop.test"}, want: traffic.Unclaimed,
			say: "no VirtualService claims requests for y.shop.test at gateway edge/web: it answers 404",
		},
		"a host that is not served": {
			spec: "hosts: [zzz.test]", want: traffic.Unclaimed,
			say: `Gateway "edge/web" does not serve zzz.test on port 80: it answers 404`,
		},
		"a gateway that is not known": {
			spec: "hosts: [zzz.test]\ngateways: [edge/other]", request: traffic.Request{Gateway: "edge/other"},
			want: traffic.Respond, host: "zzz.test",
		},
		"the mesh": {
			spec: "hosts: [zzz.test]\ngateways: [mesh, edge/web]", request: traffic.Request{Gateway: "mesh"},
			want: traffic.Respond, host: "zzz.test",
		},
		"a port without a server": {
			spec: "hosts: [b.test]", request: traffic.Request{Port: 8080}, want: traffic.Unclaimed,
			say: `Gateway "edge/web" has no server for plain http on port 8080, so that nothing takes requests for ` +
				`b.test there; it has 80 (HTTP), 81 (HTTP2), 81 (HTTP) and 3 more`,
		},
		"https at a port of http": {
			spec: "hosts: [b.test]", request: traffic.Request{Scheme: "https", Port: 80}, want: traffic.Unclaimed,
			say: `Gateway "edge/web" has no server for https on port 80, so that nothing takes requests for b.test ` +
				`there; it has 80 (HTTP), 81 (HTTP2), 81 (HTTP) and 3 more`,
		},
		"a port that passes TLS on": {
			spec: "hosts: [b.test]", request: traffic.Request{Scheme: "https", Port: 444}, want: traffic.Unclaimed,
			say: `Gateway "edge/web" passes TLS on unread on port 444, so that no rule for HTTP is asked about ` +
				`requests for b.test there`,
		},
		"https": {
			spec: "hosts: [y.shop.test]", request: traffic.Request{Scheme: "https"}, want: traffic.Respond,
			host: "y.shop.test",
		},
		"https of no server": {
			spec: "hosts: [b.test]", request: traffic.Request{Scheme: "https"}, want: traffic.Unclaimed,
			say: `Gateway "edge/web" does not serve b.test on port 443: it closes the connection`,
		},
		"https of the server that fits best": {
			spec: "hosts: [x.shop.test]", request: traffic.Request{Scheme: "https"}, want: traffic.Unclaimed,
			say: `VirtualService "shop/a" claims requests for x.shop.test, and Gateway "edge/web" does not serve ` +
				`that host to namespace shop on port 443: it answers 404`,
		},
		"two of one host there": {
			spec:    "hosts: ['*.test']\nhttp: [{match: [{uri: {exact: /x}}], directResponse: {status: 200}}]",
			others:  map[string]string{"b": "hosts: [b.test]\nhttp: [{redirect: {uri: /b}}]"},
			request: traffic.Request{Authority: "b.test", Path: "/x"},
			want:    traffic.Respond, host: "b.test",
		},
		"a redirect to https": {
			spec: "hosts: [x.secure.test]", request: traffic.Request{Port: 81, Path: "/a?b#c"},
			want: traffic.RedirectTo, host: "x.secure.test",
			say: `Gateway "edge/web" answers requests for x.secure.test over plain http on port 81 with 301, a ` +
				`redirect to https, before it looks at any rule`,
		},
		"a redirect that others may pass": {
			spec: "hosts: [x.secure.test]", request: traffic.Request{
				Port: 81, Headers: map[string][]string{"X-Forwarded-Proto": {"https"}},
			}, want: traffic.RedirectTo, host: "x.secure.test", depends: []string{"x-forwarded-proto"},
			say: `Gateway "edge/web" answers requests for x.secure.test over plain http on port 81 with 301, a ` +
				`redirect to https, before it looks at any rule; this depends on header x-forwarded-proto, which the ` +
				`proxy may set, replace or take away before it routes`,
		},
		"a redirect of what nobody claims": {
			spec: "hosts: [b.test]", request: traffic.Request{Port: 81, Authority: "y.secure.test"},
			want: traffic.RedirectTo, host: "*.secure.test",
		},
		"a redirect for all namespaces": {
			spec: "hosts: [b.test]", request: traffic.Request{Port: 81, Authority: "all.test"},
			want: traffic.RedirectTo, host: "all.test",
		},
		"a redirect for the namespace": {
			spec: "hosts: [own.test]", request: traffic.Request{Port: 81}, want: traffic.RedirectTo, host: "own.test",
		},
		"no redirect for another one": {
			spec: "hosts: [b.test]", request: traffic.Request{Port: 81, Authority: "own.test"}, want: traffic.Unclaimed,
			say: "no VirtualService claims requests for own.test at gateway edge/web: it answers 404",
		},
		"no redirect of a server beside": {
			spec: "hosts: [b.test]", request: traffic.Request{Port: 81}, want: traffic.Respond, host: "b.test",
		},
		"a redirect of both servers": {
			spec: "hosts: [plain.secure.test]", request: traffic.Request{Port: 81}, want: traffic.RedirectTo,
			host: "plain.secure.test",
		},
		"a redirect to a narrower host than the claimed one": {
			spec: "hosts: ['*.test']\ngateways: [edge/web]", request: traffic.Request{Port: 81, Authority: "all.test"},
			want: traffic.RedirectTo, host: "all.test",
		},
		"no redirect of a host that a server beside has alone": {
			spec: "hosts: ['*.secure.test']", request: traffic.Request{Port: 81, Authority: "plain.secure.test"},
			want: traffic.Respond, host: "plain.secure.test",
		},
		"no redirect at a server for https": {
			spec: "hosts: [x.both.test]", request: traffic.Request{Scheme: "https"}, want: traffic.Respond,
			host: "x.both.test",
		},
		"a host of a route that is bound elsewhere": {
			spec:    "hosts: [b.test]",
			others:  map[string]string{"b": "hosts: [x.edge.test]\ngateways: [edge/other]"},
			request: traffic.Request{Authority: "x.edge.test"}, want: traffic.Unclaimed,
			say: "no VirtualService claims requests for x.edge.test at gateway edge/web: it answers 404",
		},
		"no redirect of https": {
			spec: "hosts: [x.secure.test]", request: traffic.Request{Scheme: "https"}, want: traffic.Respond,
			host: "x.secure.test",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects := []*istio.Object{bound(t, "a", test.spec, all)}
			for name, spec := range test.others {
				objects = append(objects, bound(t, name, spec, all))
			}
			table := traffic.NewTable(objects, nil, traffic.Options{
				Gateways: []*istio.Object{istiotest.Object(t, "Gateway", "edge/web", webGateway), objects[0]},
			})
			request := test.request
			if request.Gateway == "" {
				request.Gateway = "edge/web"
			}
			got := table.Evaluate(request)
			if got.Kind != test.want || got.Host != test.host {
				t.Errorf("%s by %q, want %s by %q", got.Kind, got.Host, test.want, test.host)
			}
			if said := table.Explain(got); test.say != "" && said != test.say {
				t.Errorf("says %s\nwant %s", said, test.say)
			}
			if diff := cmp.Diff(test.depends, got.DependsOn); diff != "" {
				t.Errorf("depends on (-want +got):\n%s", diff)
			}
			if got.Kind == traffic.RedirectTo {
				want := &traffic.Redirect{Code: 301, Location: "https://" + got.Request.Authority + got.Request.Path}
				if diff := cmp.Diff(want, got.Redirect); diff != "" {
					t.Errorf("redirect (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// bound returns a VirtualService of namespace shop at gateway edge/web.
func bound(t *testing.T, name, spec, rules string) *istio.Object {
	t.Helper()
	o := istiotest.VirtualService(t, name, spec)
	if len(o.VirtualServiceSpec().Gateways) == 0 {
		o.VirtualServiceSpec().Gateways = []string{"edge/web"}
	}
	if len(o.VirtualServiceSpec().Http) == 0 {
		o.VirtualServiceSpec().Http = istiotest.VirtualService(t, name, rules).VirtualServiceSpec().Http
	}
	return o
}
