package acceptance_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// effects plans and applies what a plan warns of, and sends the requests that it speaks of through the lab's Envoys.
type effects struct {
	*cli
	lab     *acctest.Lab
	k       *kube
	gateway acctest.Gateway
}

func newEffects(t *testing.T) *effects {
	t.Helper()
	lab := acctest.StartProxied(t)
	return &effects{newCLI(t, reattach(t)), lab, newKube(t, lab.Kubeconfig), lab.Gateway()}
}

// declare writes a configuration of the test's own names, EDGE among them, which is its Gateway.
func (e *effects) declare(resources string) {
	e.t.Helper()
	e.configure(fmt.Sprintf("  config_path = %q\n  default_namespace = %q\n  propagation = { mode = \"none\" }\n",
		e.lab.Kubeconfig, e.lab.Namespace), e.in(resources))
}

func (e *effects) in(text string) string {
	return e.lab.Expand(strings.ReplaceAll(text, "EDGE", "NAMESPACE/SERVICE"))
}

// edge makes a Gateway at the lab's gateway, for a list of hosts.
func (e *effects) edge(hosts, more string) {
	e.t.Helper()
	host, _, _ := strings.Cut(e.gateway.Address, ":")
	e.k.create("gateways", e.in(fmt.Sprintf("apiVersion: networking.istio.io/v1\nkind: Gateway\n"+
		"metadata: {name: SERVICE, namespace: NAMESPACE}\nspec: {selector: {%s}, servers: [{bind: %s, "+
		"port: {number: %d, name: http, protocol: HTTP}, hosts: [%s]%s}]}",
		strings.Replace(e.gateway.Labels, "=", ": ", 1),
		host, e.gateway.Port, hosts, more)))
}

// await waits until requests through an Envoy are answered as wanted: by versions, or by the Envoy itself.
func (e *effects) await(via, host, path string, headers map[string]string, want acctest.Want) {
	e.t.Helper()
	request := acctest.Request{Via: via, Protocol: "http1", Host: e.in(host), Path: path, Headers: headers}
	e.lab.Eventually(request, want)
}

// every wants every version to answer.
func every(a acctest.Answers) error {
	for _, v := range versions {
		if a.Versions[v] == 0 || len(a.Errors) > 0 {
			return fmt.Errorf("want answers of every version")
		}
	}
	return nil
}

// answeredWith wants the Envoy to answer every request with a status by itself.
func answeredWith(status string) acctest.Want {
	return func(a acctest.Answers) error {
		count := 0
		for _, all := range []map[string]int{a.Versions, a.Errors} {
			for text, n := range all {
				if strings.HasPrefix(text, status) {
					count += n
				}
			}
		}
		if count != a.Total {
			return fmt.Errorf("want only %s", status)
		}
		return nil
	}
}

// effectsCanary is a route of two versions with some attributes more.
func effectsCanary(name, fallback, more string) string {
	return fmt.Sprintf(`
resource "mesh_canary_route" %q {
  name    = %q
  service = "SERVICE"
  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" } }
  }
  rules   = [{ name = "testers", match = [{ headers = { x-tester = { exact = "yes" } } }], subset = "v2" }]
  default = { %s }
  %s
}
`, name, name, fallback, more)
}

var asTester = map[string]string{"x-tester": "yes"}

// TestAccEffects_first: to create a route moves requests, as its plan says.
func TestAccEffects_first(t *testing.T) {
	t.Parallel()
	e := newEffects(t)
	e.await("sidecar", "HOST", "/", nil, every)
	e.declare(effectsCanary("SERVICE", `subset = "v1"`, ""))
	e.must("plan").want(t, "warning", "Traffic moves in "+e.in("NAMESPACE/SERVICE"),
		"all other requests move from the service itself (no rule) to v1")
	e.must("apply")
	e.await("sidecar", "HOST", "/", nil, acctest.Only("v1"))
	e.await("sidecar", "HOST", "/", asTester, acctest.Only("v2"))
	e.must("destroy")
	e.await("sidecar", "HOST", "/", asTester, every)
}

// TestAccEffects_twice: of two routes of a host the second has no effect, as its plan says.
func TestAccEffects_twice(t *testing.T) {
	t.Parallel()
	e := newEffects(t)
	first := effectsCanary("SERVICE", `subset = "v1"`, "")
	e.declare(first)
	e.must("apply")
	e.await("sidecar", "HOST", "/", nil, acctest.Only("v1"))
	e.declare(first + effectsCanary("SERVICE-x", `subset = "v2"`, ""))
	e.must("plan").want(t, "warning", rivalry, e.in(`for every caller the rules of VirtualService `+
		`"NAMESPACE/SERVICE-x" have no effect until that one is gone`))
	e.must("apply")
	e.await("sidecar", "HOST", "/", nil, acctest.Only("v1"))
	e.declare(effectsCanary("SERVICE-x", `subset = "v2"`, ""))
	e.must("apply")
	e.await("sidecar", "HOST", "/", nil, acctest.Only("v2"))
}

// TestAccEffects_alike: a canary of the same pods as the rest gets its share and is nowhere to be seen.
func TestAccEffects_alike(t *testing.T) {
	t.Parallel()
	e := newEffects(t)
	e.declare(strings.Replace(effectsCanary("SERVICE", `weights = { v1 = 10, v2 = 90 }`, ""), `version = "v2"`,
		`version = "v1"`, 1))
	e.must("plan").want(t, "warning", "Subsets do not differ",
		`subsets["v2"]: has the labels version=v1, as the subset v1 has, so that both are the same pods.`)
	e.must("apply")
	e.await("sidecar", "HOST", "/", nil, acctest.Only("v1"))
}

// TestAccEffects_delegates: the requests of a rule that istiod leaves out fall to the next one, as the plan says.
func TestAccEffects_delegates(t *testing.T) {
	t.Parallel()
	e := newEffects(t)
	part := func(exportTo string) string {
		return `
resource "mesh_virtual_service" "part" {
  name      = "SERVICE-part"
  namespace = "` + acctest.ClientNamespace + `"
  export_to = ["` + exportTo + `"]
  http      = [{ route = [{ destination = { host = "HOST", subset = "v2" } }] }]
}
`
	}
	root := `
resource "mesh_destination_rule" "test" {
  name    = "SERVICE"
  host    = "HOST"
  subsets = [for v in ["v1", "v2"] : { name = v, labels = { version = v } }]
}

resource "mesh_virtual_service" "root" {
  name  = "SERVICE"
  hosts = ["HOST"]
  http = [
    {
      match    = [{ uri = { prefix = "/part" } }]
      delegate = { name = "SERVICE-part", namespace = "` + acctest.ClientNamespace + `" }
    },
    { route = [{ destination = { host = "HOST", subset = "v1" } }] },
  ]
  depends_on = [mesh_destination_rule.test, mesh_virtual_service.part]
}
`
	e.declare(part("."))
	e.must("apply")
	e.declare(part(".") + root)
	e.must("plan").want(t, "warning", "Rule is left out", e.in(`http[0].delegate: delegate "`+acctest.ClientNamespace+
		`/SERVICE-part" is not exported to namespace "NAMESPACE", so istiod leaves this rule out`))
	e.await("sidecar", "HOST", "/part", nil, every)
	e.must("apply")
	e.await("sidecar", "HOST", "/part", nil, acctest.Only("v1"))
	e.declare(part("*") + root)
	e.must("apply")
	e.await("sidecar", "HOST", "/part", nil, acctest.Only("v2"))
	e.await("sidecar", "HOST", "/", nil, acctest.Only("v1"))
}

// TestAccEffects_hosts: at a gateway that does not serve the host nobody follows the rules, as the plan says.
func TestAccEffects_hosts(t *testing.T) {
	t.Parallel()
	e := newEffects(t)
	e.edge("SERVICE.served.example", "")
	at := func(host string) string {
		return effectsCanary("SERVICE", `subset = "v1"`, `hosts = ["`+host+`"]
  gateways = ["EDGE"]`)
	}
	e.declare(at("SERVICE.other.example"))
	e.must("plan").want(t, "warning", "Host is not served at the gateway", e.in(`hosts[0]: is not served by Gateway `+
		`"EDGE", so that no request for SERVICE.other.example follows these rules; EDGE serves `+
		`SERVICE.served.example.`))
	e.await("gateway", "SERVICE.served.example", "/", nil, answeredWith("404"))
	e.must("apply")
	e.await("gateway", "SERVICE.other.example", "/", nil, answeredWith("404"))
	e.declare(at("SERVICE.served.example"))
	e.must("apply")
	e.await("gateway", "SERVICE.served.example", "/", nil, acctest.Only("v1"))
}

// TestAccEffects_redirect: a gateway that redirects plain HTTP answers it, and no rule does, as the plan says.
func TestAccEffects_redirect(t *testing.T) {
	t.Parallel()
	e := newEffects(t)
	e.edge("SERVICE.plain.example", ", tls: {httpsRedirect: true}")
	e.declare(effectsCanary("SERVICE", `subset = "v1"`, `hosts = ["SERVICE.plain.example"]
  gateways = ["EDGE"]`))
	e.must("plan").want(t, "warning", "Gateway redirects plain http", e.in(`hosts[0]: Gateway "EDGE" answers requests `+
		`of plain http for SERVICE.plain.example on port `+fmt.Sprint(e.gateway.Port)+` with 301`))
	e.must("apply")
	e.await("gateway", "SERVICE.plain.example", "/", nil, answeredWith("301 https://"))
}

// TestAccEffects_bypass: requests from a gateway go past a canary of the mesh, as the plan says.
func TestAccEffects_bypass(t *testing.T) {
	t.Parallel()
	e := newEffects(t)
	e.edge("SERVICE.public.example", "")
	e.lab.Create(e.in("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: SERVICE-public}\n" +
		"spec: {hosts: [SERVICE.public.example], gateways: [EDGE], http: [{route: [{destination: {host: HOST}}]}]}"))
	e.await("gateway", "SERVICE.public.example", "/", asTester, every)
	e.declare(effectsCanary("SERVICE", `subset = "v1"`, ""))
	e.must("plan").want(t, "warning", "Gateway goes past the route", e.in(`service: VirtualService `+
		`"NAMESPACE/SERVICE-public" sends requests from the gateway EDGE straight to HOST (http[0])`))
	e.must("apply")
	e.await("sidecar", "HOST", "/", asTester, acctest.Only("v2"))
	e.await("gateway", "SERVICE.public.example", "/", asTester, every)
}

// tcpPort is where the lab's sidecar listens for what is not HTTP.
const tcpPort = 9000

// TestAccEffects_port: no rule holds on a port that Istio does not take for HTTP, as the plan says.
func TestAccEffects_port(t *testing.T) {
	t.Parallel()
	e := newEffects(t)
	twin := e.lab.Twin("-tcp")
	all := e.k.objects("v1", "services", e.lab.Namespace)
	service, err := all.Get(t.Context(), twin.Service, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	spec, _ := service.Object["spec"].(map[string]any)
	ports, _ := spec["ports"].([]any)
	port, _ := ports[0].(map[string]any)
	target := port["targetPort"]
	if target == nil {
		target = port["port"]
	}
	spec["ports"] = []any{map[string]any{"name": "tcp-web", "port": int64(tcpPort), "targetPort": target}}
	if _, err := all.Update(t.Context(), service, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	e.declare(strings.ReplaceAll(effectsCanary("SERVICE-tcp", `subset = "v1"`, ""), `service = "SERVICE"`,
		`service = "SERVICE-tcp"`))
	e.must("plan").want(t, "warning", "Port is not HTTP", "service: Istio takes no port of the Service of "+twin.Host+
		" for HTTP, as their names and protocols say (tcp-web 9000 is TCP)")
	e.must("apply")
	time.Sleep(2 * acctest.Pushed)
	e.lab.Eventually(acctest.Request{Via: "sidecar", Protocol: "http1", Host: twin.Host, Port: tcpPort}, every)
}
