package traffic_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// Names of ServiceEntries are told, and what a wildcard is for in the mesh depends on them.
func TestEvaluate_serviceEntries(t *testing.T) {
	t.Parallel()
	const (
		forV1 = "http: [{match: [{sourceLabels: {version: v1}}], directResponse: {status: 200}}]"
		all   = "http: [{directResponse: {status: 201}}]"
		noVS  = "no VirtualService claims requests for "
	)
	for name, test := range map[string]struct {
		// routes are VirtualServices, entries ServiceEntries on port 80, in their order.
		routes, entries []string
		request         traffic.Request
		want            traffic.OutcomeKind
		host            string
		say             string
	}{
		"a name that only an entry has": {
			entries: []string{"hosts: [api.test]"}, request: traffic.Request{Authority: "api.test"},
			want: traffic.Unclaimed,
			say:  noVS + `api.test in the mesh: they go where ServiceEntry "shop/e0" leads, which alone has that name`,
		},
		"a name under a wildcard": {
			entries: []string{"hosts: ['*.test']", "hosts: ['*.api.test']"},
			request: traffic.Request{Authority: "x.api.test"}, want: traffic.Unclaimed,
			say: noVS + `x.api.test in the mesh: they go where ServiceEntry "shop/e1" leads, which alone has that name`,
		},
		"another port": {
			entries: []string{"hosts: [api.test]"}, request: traffic.Request{Authority: "api.test:8080"},
			want: traffic.Unclaimed,
			say: noVS + `api.test:8080 in the mesh: only ServiceEntry "shop/e0" has that name, and no port ` +
				`8080 for HTTP`,
		},
		"a port that is not for HTTP": {
			entries: []string{"hosts: [api.test]"}, request: traffic.Request{Authority: "api.test", Port: 81},
			want: traffic.Unclaimed,
			say:  noVS + `api.test in the mesh: only ServiceEntry "shop/e0" has that name, and no port 81 for HTTP`,
		},
		"a port that the second entry of the name has": {
			entries: []string{
				"hosts: [api.test]", "hosts: [api.test]\nports: [{number: 90, name: http, protocol: HTTP}]",
			},
			request: traffic.Request{Authority: "api.test", Port: 90}, want: traffic.Unclaimed,
			say: noVS + `api.test in the mesh: they go where ServiceEntry "shop/e1" leads, which alone has that name`,
		},
		"a wildcard at a gateway": {
			routes: []string{"hosts: ['*.test']\ngateways: [edge]\n" + all}, entries: []string{"hosts: [api.test]"},
			request: traffic.Request{Authority: "x.test"}, want: traffic.Unclaimed,
			say: noVS + "x.test in the mesh: they go to the service of that name, whatever its version",
		},
		"a port of a Service that an entry lacks": {
			routes:  []string{"hosts: [a.shop.svc.cluster.local]\n" + all},
			entries: []string{"hosts: [a.shop.svc.cluster.local]"},
			request: traffic.Request{Authority: "a", Port: 90}, want: traffic.Respond, host: "a.shop.svc.cluster.local",
		},
		"an entry for others": {
			entries: []string{"hosts: [api.test]\nexportTo: ['.']"},
			request: traffic.Request{Authority: "api.test", SourceNamespace: "other"}, want: traffic.Unclaimed,
			say: noVS + "api.test in the mesh: they go to the service of that name, whatever its version",
		},
		"a name of a Service": {
			entries: []string{"hosts: [a.shop.svc.cluster.local]"}, request: traffic.Request{Authority: "a"},
			want: traffic.Unclaimed, say: noVS + "a in the mesh: they go to the service of that name, whatever " +
				"its version",
		},
		"at a gateway": {
			entries: []string{"hosts: [api.test]"}, request: traffic.Request{
				Authority: "api.test",
				Gateway:   "edge/web",
			},
			want: traffic.Unclaimed, say: noVS + "api.test at gateway edge/web: it answers 404",
		},
		"a name without routes keeps a wildcard away": {
			routes:  []string{"hosts: [api.test]\n" + forV1, "hosts: ['*.test']\n" + all},
			entries: []string{"hosts: [api.test]"}, request: traffic.Request{Authority: "api.test"},
			want: traffic.Unclaimed,
			say: `VirtualService "shop/r0" claims requests for api.test and has no rule for this caller, so ` +
				"that they go to the service of that name, whatever its version, as if there were no VirtualService",
		},
		"a name that nobody has does not": {
			routes:  []string{"hosts: [api.test]\n" + forV1, "hosts: ['*.test']\n" + all},
			request: traffic.Request{Authority: "api.test"}, want: traffic.Respond, host: "*.test",
		},
		"nor one under a wildcard of an entry": {
			routes:  []string{"hosts: [api.test]\n" + forV1, "hosts: ['*.test']\n" + all},
			entries: []string{"hosts: ['*.test']"}, request: traffic.Request{Authority: "api.test"},
			want: traffic.Respond, host: "*.test",
		},
		"a port that the entry of the name lacks": {
			routes: []string{"hosts: [api.test]\n" + all}, entries: []string{"hosts: [api.test]"},
			request: traffic.Request{Authority: "api.test", Port: 8080}, want: traffic.Unclaimed,
			say: `VirtualService "shop/r0" has api.test, for which no ServiceEntry has port 8080, so that no ` +
				`VirtualService claims requests for api.test in the mesh: only ServiceEntry "shop/e0" has that name, ` +
				"and no port 8080 for HTTP",
		},
		"port 80, also where the entry lacks it": {
			routes: []string{"hosts: [api.test]\n" + all}, entries: []string{"hosts: [api.test]\nports: []"},
			request: traffic.Request{Authority: "api.test"}, want: traffic.Respond, host: "api.test",
		},
		"beside a host that is known on the port": {
			routes: []string{"hosts: [api.test, reviews]\n" + all}, entries: []string{"hosts: [api.test]"},
			request: traffic.Request{Authority: "api.test", Port: 8080}, want: traffic.Respond, host: "api.test",
		},
		"a port that an entry for others lacks": {
			routes: []string{"hosts: [api.test]\n" + all}, entries: []string{"hosts: [api.test]\nexportTo: ['.']"},
			request: traffic.Request{Authority: "api.test", Port: 8080, SourceNamespace: "other"},
			want:    traffic.Respond, host: "api.test",
		},
		"a wildcard over an entry": {
			routes: []string{"hosts: ['*.test']\n" + all}, entries: []string{"hosts: [api.test]"},
			request: traffic.Request{Authority: "api.test"}, want: traffic.Respond, host: "*.test",
		},
		"a wildcard is for entries alone": {
			routes: []string{"hosts: ['*.test']\n" + all}, entries: []string{"hosts: [api.test]"},
			request: traffic.Request{Authority: "x.test"}, want: traffic.Unclaimed,
			say: `VirtualService "shop/r0" has *.test, which in the mesh stands for the hosts of ServiceEntries ` +
				"alone where it covers any, so that no VirtualService claims requests for x.test: they go to the " +
				"service of that name, whatever its version",
		},
		"a port that none of them has": {
			routes: []string{"hosts: ['*.test']\n" + all}, entries: []string{"hosts: [api.test]"},
			request: traffic.Request{Authority: "x.test", Port: 90}, want: traffic.Unclaimed,
			say: `VirtualService "shop/r0" has *.test, for which no ServiceEntry has port 90, so that no ` +
				"VirtualService claims requests for x.test in the mesh: they go to the service of that name, " +
				"whatever its version",
		},
		"a wildcard over a wildcard": {
			routes: []string{"hosts: ['*.test']\n" + all}, entries: []string{"hosts: ['*.a.test']"},
			request: traffic.Request{Authority: "x.a.test"}, want: traffic.Respond, host: "*.test",
		},
		"a wildcard inside a wildcard": {
			routes:  []string{"hosts: ['*.a.test']\n" + all, "hosts: ['*.test']\n" + all},
			entries: []string{"hosts: ['*.test']"}, request: traffic.Request{Authority: "x.a.test"},
			want: traffic.Respond, host: "*.test",
		},
		"a name inside a wildcard": {
			routes: []string{"hosts: [api.test]\n" + all}, entries: []string{"hosts: ['*.test']"},
			request: traffic.Request{Authority: "api.test"}, want: traffic.Respond, host: "api.test",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var routes, entries []*istio.Object
			for i, spec := range test.routes {
				routes = append(routes, istiotest.VirtualService(t, fmt.Sprintf("r%d", i), spec))
			}
			for i, spec := range test.entries {
				if !strings.Contains(spec, "ports") {
					spec += "\nports: [{number: 80, name: http, protocol: HTTP}, " +
						"{number: 81, name: tcp, protocol: TCP}]"
				}
				entries = append(entries, istiotest.Object(t, "ServiceEntry", fmt.Sprintf("e%d", i), spec))
			}
			table := traffic.NewTable(routes, nil, traffic.Options{
				ServiceEntries: append(entries, istiotest.VirtualService(t, "other", all)),
			})
			got := table.Evaluate(test.request)
			if got.Kind != test.want || got.Host != test.host {
				t.Errorf("%s by %q, want %s by %q", got.Kind, got.Host, test.want, test.host)
			}
			if said := table.Explain(got); test.say != "" && said != test.say {
				t.Errorf("says %s\nwant %s", said, test.say)
			}
		})
	}
}
