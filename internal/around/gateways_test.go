package around_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// A gateway has to serve a host to the namespace of the route; one that answers plain http itself, and one from which
// requests go past the route, are told.
func TestInspectGateways(t *testing.T) {
	t.Parallel()
	const catchAll = "\nhttp: [{route: [{destination: {host: ratings}}]}]"
	ratings := func(f *around.Facts) { f.Services["shop"]["ratings"] = around.Service{} }
	teams := func(f *around.Facts) {
		ratings(f)
		f.Gateways["istio-system"] = map[string]around.Gateway{
			"teams": {Servers: []istio.Server{
				{Port: 80, Hosts: []string{"shop/*.shop.test", "./*.sys.test", "*/b.example"}},
				{Port: 443, Hosts: []string{"client/only.client.test", "b.example"}},
			}},
			"client": {Servers: []istio.Server{{Port: 80, Hosts: []string{"client/*"}}}},
			"none":   {},
			"secure": {Servers: []istio.Server{
				{Port: 80, Hosts: []string{"*.shop.test"}, Redirects: true},
				{Port: 443, Hosts: []string{"*.shop.test"}},
			}},
		}
	}
	const serves = "istio-system/teams serves *.shop.test and b.example"
	for name, test := range map[string]struct {
		spec string
		// theirs is a VirtualService at shop/theirs.
		theirs string
		// asBefore says that the route is as it was.
		asBefore bool
		want     []string
	}{
		"served by a wildcard":         {spec: "hosts: [A.shop.test]\ngateways: [istio-system/teams]"},
		"by a name for all namespaces": {spec: "hosts: [b.example]\ngateways: [istio-system/teams]"},
		"in capitals that it does not have": {
			spec: "hosts: [B.example]\ngateways: [istio-system/teams]", want: []string{
				`hosts[0]: is not served by Gateway "istio-system/teams", so that no request for B.example ` +
					`follows these rules; ` + serves,
			},
		},
		"a wildcard of a part":     {spec: "hosts: ['*.a.shop.test']\ngateways: [istio-system/teams]"},
		"a wildcard around a part": {spec: "hosts: ['*.example']\ngateways: [istio-system/teams]"},
		"the name of a gateway as a host": {spec: "hosts: [a.shop.test]\ngateways: " +
			"[teams.istio-system.svc.cluster.local]"},
		"another host": {spec: "hosts: [zzz.test]\ngateways: [istio-system/teams]", want: []string{
			`hosts[0]: is not served by Gateway "istio-system/teams", so that no request for zzz.test follows these ` +
				`rules; ` + serves}},
		"for the namespace of the gateway": {spec: "hosts: [x.sys.test]\ngateways: " +
			"[istio-system/teams]", want: []string{
			`hosts[0]: is not served by Gateway "istio-system/teams", so that no request for x.sys.test follows ` +
				`these ` +
				`rules; ` + serves}},
		"for another namespace": {
			spec: "hosts: [b.example, only.client.test]\ngateways: [istio-system/teams]",
			want: []string{`hosts[1]: is not served by Gateway "istio-system/teams", so that no request for ` +
				`only.client.test follows these rules; ` + serves},
		},
		"by several gateways": {
			spec: "hosts: [zzz.test]\ngateways: [istio-system/teams, istio-system/client, istio-system/none]",
			want: []string{`hosts[0]: is not served by Gateway "istio-system/teams", Gateway ` +
				`"istio-system/client" or ` +
				`Gateway "istio-system/none", so that no request for zzz.test follows these rules; ` + serves +
				`; istio-system/client serves nothing to namespace shop, and has client/*; istio-system/none serves ` +
				`nothing to namespace shop, and has no hosts`},
		},
		"one gateway of two": {
			spec: "hosts: [b.example]\ngateways: [istio-system/client, istio-system/teams]",
			want: []string{`gateways[0]: Gateway "istio-system/client" serves none of the hosts, so that no request ` +
				`that arrives there follows these rules; istio-system/client serves nothing to namespace shop, ` +
				`and has ` +
				`client/*`},
		},
		"each gateway for one host": {
			spec: "hosts: [b.example, z.example]\ngateways: [istio-system/teams, shop/edge]",
		},
		"a host of the mesh": {spec: "hosts: [reviews, b.example]\ngateways: [mesh, istio-system/teams]"},
		"no host of a gateway beside the mesh": {
			spec: "hosts: [reviews]\ngateways: [mesh, istio-system/teams]",
			want: []string{`gateways[1]: Gateway "istio-system/teams" serves none of the hosts, so that no ` +
				`request that ` +
				`arrives there follows these rules; ` + serves},
		},
		"a gateway that is not there": {spec: "hosts: [zzz.test]\ngateways: [istio-system/teams, istio-system/gone]",
			want: []string{
				`gateways[1]: there is no Gateway "istio-system/gone", so that no request arrives there; create it, ` +
					`together with the route at the latest`,
				`gateways[0]: Gateway "istio-system/teams" serves none of the hosts, so that no request that arrives ` +
					`there follows these rules; ` + serves,
			}},
		"a redirect to https": {spec: "hosts: [a.shop.test, b.example]\ngateways: [istio-system/secure, " +
			"istio-system/teams]",
			want: []string{`hosts[0]: Gateway "istio-system/secure" answers requests of plain http for ` +
				`a.shop.test on ` +
				`port 80 with 301, a redirect to https, so that only those of https follow these rules`}},
		"a redirect as before": {spec: "hosts: [a.shop.test]\ngateways: [istio-system/secure]", asBefore: true},
		"past the route": {
			spec:   "hosts: [reviews]",
			theirs: "hosts: [a.example]\ngateways: [mesh, edge]\nhttp: [{name: all, " + istiotest.To("") + "}]",
			want: []string{`hosts[0]: VirtualService "shop/theirs" sends requests from the gateway shop/edge ` +
				`straight to ` +
				`reviews.shop.svc.cluster.local (http[0]), where these rules do not hold: they are those of the ` +
				`mesh; bind ` +
				`them to that gateway too, with the hosts that are asked for there`},
		},
		"at the same gateway": {
			spec:   "hosts: [reviews]\ngateways: [mesh, edge]",
			theirs: "hosts: [a.example]\ngateways: [edge]\nhttp: [{" + istiotest.To("") + "}]",
		},
		"a copy, and a weight of zero": {spec: "hosts: [reviews]", theirs: "hosts: [a.example]\ngateways: [edge]\n" +
			"http: [{route: [{destination: {host: ratings}, weight: 100}, {destination: {host: reviews}, weight: " +
			"0}], " +
			"mirrors: [{destination: {host: reviews}}]}]"},
		"another rule of the mesh": {spec: "hosts: [reviews]", theirs: "hosts: [a.example]\nhttp: [{" +
			istiotest.To("") + "}]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newNeighborhood(t)
			teams(a.facts)
			if test.theirs != "" {
				a.has(istiotest.VirtualService(t, "theirs", test.theirs))
			}
			before := istio.Objects{}
			if test.asBefore {
				before = ours(t, test.spec+catchAll)
			}
			found, _ := a.ask(before, ours(t, test.spec+catchAll))
			if diff := cmp.Diff(test.want, found); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

// What goes past a host's rules is told of the host, whoever owns it.
func TestInspectHost_bypassed(t *testing.T) {
	t.Parallel()
	a := newNeighborhood(t)
	const all = "http: [{route: [{destination: {host: reviews}}]}]"
	a.has(istiotest.VirtualService(t, "canary", "hosts: [reviews, ratings]\n"+all))
	a.has(istiotest.VirtualService(t, "public", "hosts: [a.example]\ngateways: [edge]\n"+all))
	a.ask(istio.Objects{}, istio.Objects{})
	findings, _ := around.InspectHost("reviews.shop.svc.cluster.local", a.facts)
	if len(findings) != 1 || findings[0].Kind != around.Bypassed || findings[0].Other.Name != "public" {
		t.Errorf("found %v", findings)
	}
	_, wanted := around.Inspect(istio.Objects{}, ours(t, all), &around.Facts{})
	if wanted[0] != (around.Query{Resource: around.VirtualServices}) {
		t.Errorf("wants %v", wanted)
	}
}
