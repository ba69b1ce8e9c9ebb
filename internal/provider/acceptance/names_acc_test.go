package acceptance_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// told returns what a plan warns of, by summary, moves of requests apart.
func (r result) told() map[string]string {
	told := map[string]string{}
	for _, d := range r.besidesMoves() {
		told[d.Summary] = d.Detail
	}
	return told
}

// TestAccNames: a destination that is no full name of a Service, and that no ServiceEntry has, is told at the host
// with what may be meant. Nothing is said of one that a ServiceEntry has.
func TestAccNames(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	const (
		nothing    = ", and no ServiceEntry has that name, so that requests fail with 503"
		incomplete = " is not completed by Istio, which completes names without a dot only"
		noEnd      = " does not end with a namespace and svc.cluster.local, as the full name of a Service does"
		write      = "; write greeter.NS.svc.cluster.local"
	)
	var config strings.Builder
	want := map[string]string{}
	for name, test := range map[string]struct{ host, why string }{
		"own": {"greeter.NS", "greeter.NS" + incomplete + nothing + write},
		"typo": {"greeter.NS-c", "greeter.NS-c" + incomplete + nothing + "; there is no Service in a namespace " +
			"NS-c either"},
		"svc":    {"greeter.NS.svc", "greeter.NS.svc" + noEnd + nothing + write},
		"almost": {"greeter.NS.svc.cluster.loca", "greeter.NS.svc.cluster.loca" + noEnd + nothing + write},
		"outside": {"api.NS.example", "there is no ServiceEntry for api.NS.example, so that requests fail with " +
			"503; create " +
			"it, in the same apply at the latest"},
		"namespace": {"greeter.NS-c.svc.cluster.local", "there is no Service, and no ServiceEntry, for " +
			"greeter.NS-c.svc.cluster.local, so that requests fail with 503; create it, in the same apply at the " +
			"latest"},
	} {
		config.WriteString(strings.NewReplacer(`"test"`, `"`+name+`"`, `["greeter"]`, `["`+name+`.NS.example"]`).
			Replace(sendingTo(`host = "`+test.host+`"`, "")))
		want[q.in("Not in the cluster (VirtualService NS/"+name+")")] = q.in("http[0].route[0].destination.host: " +
			"" + test.why + ".")
	}
	q.configure(q.admin, q.in(config.String()))
	if diff := cmp.Diff(want, q.must("plan").told()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	q.configure(q.admin, q.in(strings.Replace(byRules("v2", ""), `"greeter"`, `"greeter.NS.svc.cluster.loca"`, 1)))
	q.must("plan").want(t, "warning", absent, q.in("service: greeter.NS.svc.cluster.loca"+noEnd+", and no "+
		"ServiceEntry "+
		"has that name, so that no request of the mesh follows these rules"+write))
}

// TestAccNames_serviceEntries: what a ServiceEntry has is as good as a Service, spelled as it is there, with subsets
// and with wildcards.
func TestAccNames_serviceEntries(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	entry := func(name, host, more string) {
		q.put("serviceentries", "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: "+name+
			", namespace: NS}\nspec: {hosts: ['"+host+"'], "+more+"}")
	}
	entry("nacos", "gateway.DEFAULT-GROUP.NS.nacos", "location: MESH_INTERNAL, resolution: STATIC, ports: [{name: "+
		"http, "+
		"number: 8848, protocol: HTTP}], endpoints: [{address: 127.77.50.1, labels: {version: v1}}, {address: "+
		"127.77.50.2, "+
		"labels: {version: v2}}]")
	entry("wild", "*.ext.NS.example", "location: MESH_EXTERNAL, resolution: NONE, ports: [{name: tls, number: 443, "+
		"protocol: TLS}, {name: http, number: 80, protocol: HTTP}]")
	entry("legacy", "legacy.NS.example", "location: MESH_INTERNAL, resolution: STATIC, ports: [{name: http, "+
		"number: 80, "+
		"protocol: HTTP}], workloadSelector: {labels: {app: greeter}}")
	q.configure(q.admin, q.in(strings.NewReplacer(`"test"`, `"nacos"`, `"greeter"`, `"gateway.DEFAULT-GROUP.NS.nacos"`).
		Replace(byRules("v2", `name = "nacos"`))+strings.NewReplacer(`"test"`, `"legacy"`, `"greeter"`,
		`"legacy.NS.example"`).Replace(byShares("v2", `name = "legacy"`))+`
resource "mesh_virtual_service" "wild" {
  name  = "wild"
  hosts = ["pubsub.ext.NS.example"]
  tls   = [{ match = [{ port = 443, sni_hosts = ["pubsub.ext.NS.example"] }], route = [{ destination = { host = "*.ext.NS.example", port = { number = 443 } } }] }]
  http  = [{ route = [{ destination = { host = "*.ext.NS.example", port = { number = 80 } } }] }]
}
resource "mesh_virtual_service" "wildtls" {
  name  = "wildtls"
  hosts = ["*.ext.NS.example"]
  tls   = [{ match = [{ port = 443, sni_hosts = ["*.ext.NS.example"] }], route = [{ destination = { host = "*.ext.NS.example", port = { number = 443 } } }] }]
}
`))
	q.only(q.must("plan"))
	q.must("apply")
	q.must("destroy")
}

// TestAccNames_notes: what fails for certain has a summary of its own object's name, so that no note about another
// object hides it.
func TestAccNames_notes(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	q.configure(q.admin, q.in(strings.Replace(sendingTo(`host = "greeter", subset = "v1"`, ""), "http  = [{",
		`http  = [{ fault = { delay = { fixed_delay = "2s", percent = 100 } },`, 1)+
		strings.ReplaceAll(sendingTo(`host = "greeter", port = { number = 80 }`, ""), `"test"`, `"port"`)+
		strings.ReplaceAll(sendingTo(`host = "greeter.NS"`, ""), `"test"`, `"typo"`)))
	r := q.must("plan")
	want := []string{
		"Doubtful route (VirtualService test)", q.in("Not in the cluster (VirtualService NS/port)"),
		q.in("Not in the cluster (VirtualService NS/test)"), q.in("Not in the cluster (VirtualService NS/typo)"),
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(r.told()))); diff != "" {
		t.Errorf("summaries (-want +got):\n%s", diff)
	}
	if said := r.told()["Doubtful route (VirtualService test)"]; said != "http[0].fault.delay.percent: is "+
		"deprecated; write percentage = { "+
		"value = 100 }.\n\nTo accept it, add \"doubtful-route\" to acknowledged." {
		t.Errorf("the note says %q", said)
	}
}
