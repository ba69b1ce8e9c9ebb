package acceptance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/acctest/envoy"
)

// servedManifests are a Gateway with hosts for several namespaces, and VirtualServices of one of them.
var servedManifests = map[string]string{"gateways": `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: SERVICE, namespace: NAMESPACE}
spec:
  selector: {gateway: SERVICE}
  servers:
  - port: {name: http, number: 8080, protocol: HTTP}
    hosts: ["NAMESPACE/*.ours.SERVICE.test", "./own.SERVICE.test", "elsewhere/theirs.SERVICE.test", "*/any.SERVICE.test", "CAPITAL.SERVICE.test"]
  - port: {name: secure, number: 8081, protocol: HTTP2}
    hosts: ["*.secure.SERVICE.test", "NAMESPACE/own.SERVICE.test", "*/all.SERVICE.test"]
    tls: {httpsRedirect: true}
  - port: {name: plain, number: 8081, protocol: HTTP}
    hosts: ["plain.secure.SERVICE.test", "bare.secure.SERVICE.test", "any.SERVICE.test"]
  - port: {name: wide, number: 8443, protocol: HTTPS}
    hosts: ["NAMESPACE/*.ours.SERVICE.test", "*.secure.SERVICE.test"]
    tls: {mode: SIMPLE, credentialName: SERVICE}
  - port: {name: narrow, number: 8443, protocol: HTTPS}
    hosts: ["elsewhere/x.ours.SERVICE.test"]
    tls: {mode: SIMPLE, credentialName: SERVICE}
`, "first": `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: SERVICE-a, namespace: NAMESPACE}
spec:
  hosts: [x.ours.SERVICE.test, "*.deep.ours.SERVICE.test", own.SERVICE.test, theirs.SERVICE.test, any.SERVICE.test, capital.SERVICE.test,
    x.secure.SERVICE.test, plain.secure.SERVICE.test, unserved.SERVICE.test]
  gateways: [SERVICE]
  http: [{match: [{uri: {prefix: /a}}], directResponse: {status: 200, body: {string: "by a"}}}]
`, "second": `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: SERVICE-b, namespace: NAMESPACE}
spec:
  hosts: ["*.SERVICE.test"]
  gateways: [SERVICE]
  http: [{match: [{uri: {prefix: /b}}], directResponse: {status: 200, body: {string: "by b"}}}]
`}

// servedHosts are asked for at each port, in the place of HOST.
var servedHosts = []string{
	"x.ours", "y.ours", "x.deep.ours", "own", "theirs", "any", "capital", "Capital", "x.secure", "y.secure",
	"plain.secure", "bare.secure", "all", "unserved", "else",
}

// TestAccEvaluate_gateways: what becomes of requests at a Gateway that is given as YAML is what istiod's routes for
// it do.
func TestAccEvaluate_gateways(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	acctest.NeedEmbedded(t)
	kube := newKube(t, lab.Kubeconfig)
	var all []string
	for _, name := range []string{"gateways", "first", "second"} {
		text := lab.Expand(servedManifests[name])
		resource := "virtualservices"
		if name == "gateways" {
			resource = name
		}
		kube.create(resource, text)
		all = append(all, text)
	}
	s := newServer(t)
	route := anyValue(t, quotedYAML(strings.Join(all, "---")))
	want := map[string]string{}
	for _, host := range servedHosts {
		for _, port := range []int{8080, 8081, 8443} {
			for _, path := range []string{"/a", "/b", "/c?d"} {
				asked := askedOf{host + "." + lab.Service + ".test", port, path}
				scheme := map[bool]string{true: "https", false: "http"}[port == 8443]
				got, wrong := s.evaluate(t, route, anyValue(t, fmt.Sprintf(
					"{ gateway = %q, authority = %q, port = %d, path = %q, scheme = %q }",
					lab.Namespace+"/"+lab.Service, asked.host, port, path, scheme,
				)))
				if wrong != nil {
					t.Fatal(wrong.Text)
				}
				want[asked.String()] = clientGets(got)
			}
		}
	}
	for deadline := time.Now().Add(acctest.Patience); ; time.Sleep(100 * time.Millisecond) {
		diff := cmp.Diff(servedByRoutes(t, lab), want)
		if diff == "" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("evaluate differs from istiod's routes (-routes +evaluate):\n%s", diff)
		}
	}
	for _, answer := range []string{"by a", "by b", "404", "301 https://x.secure." + lab.Service + ".test/a"} {
		if !slices.Contains(slices.Collect(maps.Values(want)), answer) {
			t.Errorf("no request is answered %s: %v", answer, want)
		}
	}
}

// askedOf is a request at a port.
type askedOf struct {
	host string
	port int
	path string
}

func (a askedOf) String() string { return fmt.Sprintf("%s:%d%s", a.host, a.port, a.path) }

// clientGets returns what an outcome is for a client.
func clientGets(outcome cty.Value) string {
	switch {
	case !outcome.GetAttr("redirect").IsNull():
		return "301 " + outcome.GetAttr("redirect").GetAttr("location").AsString()
	case !outcome.GetAttr("direct_response").IsNull():
		return outcome.GetAttr("direct_response").GetAttr("body").AsString()
	}
	return "404"
}

// servedByRoutes returns what istiod's routes do with the requests. Of servers for https the one that has the name of
// a request, whoever it is for, is asked: that is what the client sends when it begins TLS.
func servedByRoutes(t *testing.T, lab *acctest.Lab) map[string]string {
	t.Helper()
	found, err := envoy.Parse(lab.RouteTables(acctest.Envoy{
		Namespace: lab.Namespace, Labels: "gateway=" + lab.Service, Gateway: true,
	}))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, name := range servedHosts {
		for _, port := range []int{8080, 8081, 8443} {
			for _, path := range []string{"/a", "/b", "/c?d"} {
				asked := askedOf{name + "." + lab.Service + ".test", port, path}
				table := fmt.Sprintf("http.%d", port)
				if port == 8443 {
					server := "wide"
					if name == "x.ours" {
						server = "narrow"
					}
					table = fmt.Sprintf("https.8443.%s.%s.%s", server, lab.Service, lab.Namespace)
				}
				answer := envoy.Answer{}
				if found[table] != nil {
					answer, err = found[table].Evaluate(envoy.Request{
						Authority: asked.host, Path: path, TLS: port == 8443,
					})
				}
				if err != nil {
					t.Fatal(err)
				}
				got[asked.String()] = answer.Body + answer.Redirect
				if got[asked.String()] == "" {
					got[asked.String()] = "404"
				}
			}
		}
	}
	return got
}
