package acceptance_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/acctest/envoy"
)

// enteredManifests are ServiceEntries, and VirtualServices for names that some of them have, in namespace NAMESPACE
// alone.
var enteredManifests = []struct{ resource, kind, name, spec string }{
	{"serviceentries", "ServiceEntry", "api", `{hosts: [api.SERVICE.test], exportTo: ["."],
  location: MESH_EXTERNAL, resolution: DNS,
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 8080, name: http2, protocol: HTTP}, {number: 8082, name: tcp, protocol: TCP}]}`},
	{"serviceentries", "ServiceEntry", "wide", `{hosts: ["*.wide.SERVICE.test"], exportTo: ["."],
  location: MESH_EXTERNAL, resolution: NONE,
  ports: [{number: 80, name: http, protocol: HTTP}]}`},
	{"virtualservices", "VirtualService", "api", `{hosts: [api.SERVICE.test], exportTo: ["."],
  http: [{match: [{sourceLabels: {version: v1}}], directResponse: {status: 200, body: {string: by api}}}]}`},
	{"virtualservices", "VirtualService", "all", `{hosts: ["*.SERVICE.test"], exportTo: ["."],
  http: [{directResponse: {status: 200, body: {string: by all}}}]}`},
	{"virtualservices", "VirtualService", "name", `{hosts: [name.wide.SERVICE.test], exportTo: ["."],
  http: [{directResponse: {status: 200, body: {string: by name}}}]}`},
	{"virtualservices", "VirtualService", "deep", `{hosts: ["*.deep.wide.SERVICE.test"], exportTo: ["."],
  http: [{directResponse: {status: 200, body: {string: by deep}}}]}`},
}

// TestAccEvaluate_serviceEntries: what becomes of requests of a sidecar, with ServiceEntries that are given as YAML,
// is what istiod's routes for it do.
func TestAccEvaluate_serviceEntries(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	acctest.NeedEmbedded(t)
	kube := newKube(t, lab.Kubeconfig)
	var all []string
	for _, m := range enteredManifests {
		text := lab.Expand(fmt.Sprintf("apiVersion: networking.istio.io/v1\nkind: %s\n"+
			"metadata: {name: SERVICE-%s, namespace: NAMESPACE}\nspec: %s\n", m.kind, m.name, m.spec))
		kube.create(m.resource, text)
		all = append(all, text)
	}
	s, route := newServer(t), anyValue(t, quotedYAML(strings.Join(all, "---\n")))
	want := map[enteredBy]string{}
	for asked, expected := range map[enteredBy]string{
		{"api", 80, "v1"}: "by api", {"api", 80, "v2"}: "", {"other", 80, "v2"}: "", {"x.wide", 80, "v2"}: "by all",
		{"name.wide", 80, "v2"}: "by name", {"x.deep.wide", 80, "v2"}: "by all", {"wide", 80, "v2"}: "",
		{"api", 8081, "v1"}: "", {"name.wide", 8081, "v1"}: "", {"name.wide", 8080, "v1"}: "",
		{"api", 8080, "v1"}: "by api", {"api", 8080, "v2"}: "", {"other", 8080, "v2"}: "",
	} {
		got, wrong := s.evaluate(t, route, anyValue(t, fmt.Sprintf(
			"{ authority = %q, port = %d, source_namespace = %q, source_labels = { version = %q } }",
			asked.host+"."+lab.Service+".test", asked.port, lab.Namespace, asked.version,
		)))
		if wrong != nil {
			t.Fatal(wrong.Text)
		}
		answer := strings.TrimPrefix(clientGets(got), "404")
		if answer != expected {
			t.Errorf("evaluate says %q of %v, want %q", answer, asked, expected)
		}
		want[asked] = expected
	}
	for deadline := time.Now().Add(acctest.Patience); ; time.Sleep(100 * time.Millisecond) {
		diff := cmp.Diff(enteredByRoutes(t, lab, want), want)
		if diff == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("evaluate differs from istiod's routes (-routes +evaluate):\n%s", diff)
		}
	}
}

// enteredBy is a request for a host, in the place of HOST, on a port, from a caller of a version.
type enteredBy struct {
	host    string
	port    int
	version string
}

// enteredByRoutes returns what the VirtualServices in istiod's routes for sidecars answer to the requests.
func enteredByRoutes(t *testing.T, lab *acctest.Lab, requests map[enteredBy]string) map[enteredBy]string {
	t.Helper()
	tables := map[string]map[string]*envoy.Table{}
	for _, version := range []string{"v1", "v2"} {
		lines := lab.RouteTables(acctest.Envoy{Namespace: lab.Namespace, Labels: "version=" + version})
		found, err := envoy.Parse(lines)
		if err != nil {
			t.Fatal(err)
		}
		tables[version] = found
	}
	got := map[enteredBy]string{}
	for r := range requests {
		got[r] = ""
		if table := tables[r.version][fmt.Sprint(r.port)]; table != nil {
			answer, err := table.Evaluate(envoy.Request{Authority: r.host + "." + lab.Service + ".test"})
			if err != nil {
				t.Fatal(err)
			}
			got[r] = answer.Body
		}
	}
	return got
}
