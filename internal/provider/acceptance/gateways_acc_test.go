package acceptance_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// gateway makes a Gateway.
func (q *quarter) gateway(metadata, servers string) {
	q.t.Helper()
	q.put("gateways", "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {"+metadata+"}\n"+
		"spec: {selector: {app: none}, servers: ["+servers+"]}")
}

// atGateway is a VirtualService in a namespace for a host at a gateway.
func atGateway(name, namespace, host, gateway string) string {
	return `
resource "mesh_virtual_service" "` + name + `" {
  name      = "` + name + `"
  namespace = "` + namespace + `"
  hosts     = ["` + host + `"]
  gateways  = ["` + gateway + `"]
  http      = [{ route = [{ destination = { host = "greeter.NS.svc.cluster.local" } }] }]
}
`
}

// TestAccGateways_hosts: a host that the gateway does not serve, or not to the namespace of the VirtualService, is
// told at the host, with those that it does serve, under a summary of each VirtualService's own.
func TestAccGateways_hosts(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.gateway("name: teams, namespace: NS-b", "{port: {number: 80, name: http, protocol: HTTP}, hosts: "+
		"[NS/*.shop.test, ./*.sys.test, NS-b/only.client.test]}")
	q.configure(q.admin, q.in(atGateway("ok", "NS", "a.shop.test", "NS-b/teams")+
		atGateway("cli", "NS-b", "only.client.test", "teams")+
		atGateway("short", "NS-b", "s.sys.test", "teams")))
	q.only(q.must("plan"))
	q.configure(q.admin, q.in(atGateway("legacy", "NS", "l.shop.test", "teams.NS-b.svc.cluster.local")))
	about := q.in("Doubtful route (VirtualService NS/legacy)") // the form of the gateway's name
	if told := q.must("plan").told(); len(told) != 1 || told[about] == "" {
		t.Errorf("told of a gateway by its legacy name: %q", told)
	}
	q.configure(q.admin, q.in(atGateway("wrongns", "NS-b", "b.shop.test", "NS-b/teams")+
		atGateway("sys", "NS", "x.sys.test", "NS-b/teams")+atGateway("other", "NS", "zzz.test", "NS-b/teams")+`
resource "mesh_virtual_service" "mesh" {
  name      = "mesh"
  hosts     = ["greeter"]
  gateways  = ["mesh", "NS-b/teams"]
  http      = [{ route = [{ destination = { host = "greeter" } }] }]
}
`))
	const (
		unserved = "Host is not served at the gateway"
		toShop   = "follows these rules; NS-b/teams serves *.shop.test."
	)
	got := q.must("plan").told()
	notServed := func(host string) string {
		return `hosts[0]: is not served by Gateway "NS-b/teams", so that no request for ` + host + " "
	}
	want := map[string]string{}
	for name, text := range map[string]string{
		"NS-b/wrongns": notServed("b.shop.test") + "follows these rules; NS-b/teams serves *.sys.test and " +
			"only.client.test.",
		"NS/sys":   notServed("x.sys.test") + toShop,
		"NS/other": notServed("zzz.test") + toShop,
		"NS/mesh": `gateways[1]: Gateway "NS-b/teams" serves none of the hosts, so that no request that arrives ` +
			`there ` +
			toShop,
	} {
		want[q.in(unserved+" (VirtualService "+name+")")] = q.in(text) + "\n\nTo accept it, add " +
			"\"host-not-served\" to acknowledged."
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// TestAccGateways_compact: a route at a gateway without hosts is for a name that nobody there asks for.
func TestAccGateways_compact(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.gateway("name: edge, namespace: NS", "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}")
	for _, config := range []string{byRules("v2", `gateways = ["NS/edge"]`), byShares("v2", `gateways = ["NS/edge"]`)} {
		q.configure(q.admin, q.in(config))
		q.must("plan").want(t, "warning", "Doubtful route", q.in("gateways: no hosts are given, so that the rules are "+
			"for greeter.NS.svc.cluster.local, a name that no client outside the cluster asks a gateway for; "+
			"write the "+
			"hosts that it asks for."))
	}
	q.configure(q.admin, q.in(byRules("v2", "hosts = [\"NS.example\"]\n gateways = [\"NS/edge\"]")))
	q.only(q.must("plan"))
}

// TestAccGateways_redirect: plain http that the gateway answers itself is told when the route is made, and not again.
func TestAccGateways_redirect(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.gateway("name: edge, namespace: NS", "{port: {number: 80, name: http, protocol: HTTP}, hosts: [NS.example], "+
		"tls: "+
		"{httpsRedirect: true}}, {port: {number: 443, name: https, protocol: HTTPS}, hosts: [NS.example], tls: {mode: "+
		"SIMPLE, credentialName: none}}")
	more := "hosts = [\"NS.example\"]\n gateways = [\"NS/edge\"]"
	q.configure(q.admin, q.in(byRules("v2", more)))
	r := q.must("plan")
	r.want(t, "warning", "Gateway redirects plain http", q.in(`hosts[0]: Gateway "NS/edge" answers requests of plain `+
		`http for NS.example on port 80 with 301, a redirect to https, so that only those of https follow these `+
		`rules.`))
	q.must("apply")
	q.configure(q.admin, q.in(byRules("v2", more+"\n labels = { team = \"shop\" }")))
	q.only(q.must("plan"))
	q.must("destroy")
}

// TestAccGateways_bypass: a gateway from which somebody else sends requests straight to the service is told to the
// route that holds in the mesh only, and not where it holds there too.
func TestAccGateways_bypass(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.gateway("name: edge, namespace: NS-b", "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}")
	q.virtualService("name: public, namespace: NS-b", "hosts: [NS.example], gateways: [edge], http: [{match: [{uri: "+
		"{prefix: /greet}}], route: [{destination: {host: "+greeterHost+"}}]}]")
	q.configure(q.admin, byRules("v2", ""))
	r := q.must("plan")
	r.want(t, "warning", "Gateway goes past the route", q.in(`service: VirtualService "NS-b/public" sends `+
		`requests from `+
		`the gateway NS-b/edge straight to greeter.NS.svc.cluster.local (http[0]), where these rules do not hold: `+
		`they `+
		`are those of the mesh; bind them to that gateway too, with the hosts that are asked for there.`))
	q.configure(q.admin, q.in(byRules("v2", "hosts = [\"greeter\", \"NS.example\"]\n gateways = [\"mesh\", "+
		"\"NS-b/edge\"]")))
	if told := q.must("plan").told()[q.in("Gateway goes past the route (NS/greeter)")]; told != "" {
		t.Errorf("told where the route holds at the gateway: %s", told)
	}
}
