package acceptance_test

import (
	"fmt"
	"strings"
	"testing"
)

// serviceWith makes a Service of the greeter's pods with one port.
func (q *quarter) serviceWith(name, port string) {
	q.t.Helper()
	q.put("services", "apiVersion: v1\nkind: Service\nmetadata: {name: "+name+", namespace: NS}\nspec: {selector: "+
		"{app: "+
		"greeter}, ports: [{"+port+"}]}")
}

// TestAccIneffective_ports: rules for HTTP in front of a port that Istio takes for something else hold for nothing. A
// port without a protocol of its own is sniffed, and nothing is said of it.
func TestAccIneffective_ports(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	for name, port := range map[string]struct{ spec, is string }{
		"tcp":    {"name: tcp-web, port: 80", "tcp-web 80 is TCP"},
		"mysql":  {"name: db, port: 3306", "db 3306 is TCP"},
		"redis":  {"name: redis, port: 80", "redis 80 is Redis"},
		"udp":    {"name: http, port: 80, protocol: UDP", "http 80 is UDP"},
		"tls":    {"name: http, port: 80, appProtocol: tls", "http 80 is TLS"},
		"any":    {"name: web, port: 80", ""},
		"nohint": {"port: 80", ""},
		"h2c":    {"name: tcp, port: 80, appProtocol: kubernetes.io/h2c", ""},
	} {
		q.serviceWith(name, port.spec)
		q.configure(q.admin, strings.Replace(byRules("v2", ""), `"greeter"`, fmt.Sprintf("%q", name), 1))
		r := q.must("plan")
		if port.is == "" {
			q.only(r)
			continue
		}
		r.want(t, "warning", "Port is not HTTP", q.in("service: Istio takes no port of the Service of "+name+
			".NS.svc.cluster.local for HTTP, as their names and protocols say ("+port.is+"), so that sidecars "+
			"follow no "+
			"rule for HTTP there; begin the port's name with http, http2 or grpc, or set its appProtocol."))
	}
}

// TestAccIneffective_subsets: subsets that are the same pods, or all of them, make no canary.
func TestAccIneffective_subsets(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	const differ = "Subsets do not differ"
	q.configure(q.admin, strings.Replace(byRules("v2", ""), `{ version = "v2" }`, `{ version = "v1" }`, 1))
	q.must("plan").want(t, "warning", differ,
		`subsets["v2"]: has the labels version=v1, as the subset v1 has, so that both are the same pods.`)
	q.configure(q.admin, strings.Replace(byShares("v2", ""), `{ version = "v2" }`, `{ app = "greeter" }`, 1))
	q.must("plan").want(t, "warning", differ, q.in(`subsets["v2"]: has the labels app=greeter, which the selector `+
		`of the `+
		`Service of greeter.NS.svc.cluster.local has too, so that the subset is every pod of the service.`))
	q.configure(q.admin, strings.Replace(byRules("v2", `weights_managed_by = "other"`), `{ version = "v2" }`,
		`{ version = "v1" }`, 1))
	q.only(q.must("plan"))
}

// TestAccIneffective_twice: of two resources of one workspace for one host one has no effect, which is told as soon
// as one of them is there.
func TestAccIneffective_twice(t *testing.T) {
	t.Parallel()
	q := newQuarter(t)
	owned := q.admin + "  owner = \"NS\"\n"
	q.configure(q.in(owned), byRules("v2", ""))
	q.must("apply")
	second := strings.NewReplacer(`"test"`, `"second"`, `v1 = 90`, `v1 = 80`, `v2 = 10`, `v2 = 20`).
		Replace(byRules("v2", `name = "second"`))
	q.configure(q.in(owned), byRules("v2", "")+second)
	says := []string{q.in(`service: VirtualService "NS/greeter" routes greeter.NS.svc.cluster.local in the mesh ` +
		`already`),
		q.in(`for every caller the rules of VirtualService "NS/second" have no effect until that one is gone`),
		"unless the same apply changes it."}
	q.must("plan").want(t, "warning", rivalry, says...)
	q.must("apply")
	q.configure(q.in(owned), byRules("v2", "")+strings.Replace(second, "v1 = 80, v2 = 20", "v1 = 70, v2 = 30", 1))
	q.must("plan").want(t, "warning", rivalry, says...)
	q.must("destroy")
}
