package acceptance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// quarter is a namespace of one test's own, in which a Service greeter has workloads in versions v1 and v2, and a
// second one, empty, beside it. NS stands for the name of the first in every text, and NS-b for that of the second.
type quarter struct {
	*cli
	k    *kube
	lab  *acctest.Lab
	name string
	// admin is the provider block of somebody who may do everything.
	admin string
}

func newQuarter(t *testing.T) *quarter {
	t.Helper()
	lab := acctest.Start(t)
	q := &quarter{cli: newCLI(t, reattach(t)), k: newKube(t, lab.Kubeconfig), name: lab.Service}
	q.lab = lab.In(q.name)
	q.admin = fmt.Sprintf("  config_path = %q\n  default_namespace = %q\n  propagation = { mode = \"none\" }\n",
		lab.Kubeconfig, q.name)
	q.put("namespaces", "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS}")
	q.put("namespaces", "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS-b}")
	q.put("services", "apiVersion: v1\nkind: Service\nmetadata: {name: greeter, namespace: NS}\nspec: {selector: "+
		"{app: greeter}, ports: [{name: grpc, port: 50051}]}")
	q.workload("v1", "", "")
	q.workload("v2", "", "")
	return q
}

func (q *quarter) in(text string) string { return strings.ReplaceAll(text, "NS", q.name) }

// put makes an object of YAML, and removes it after the test.
func (q *quarter) put(resource, text string) *unstructured.Unstructured {
	q.t.Helper()
	return q.k.create(resource, q.in(text))
}

func (q *quarter) virtualService(metadata, spec string) {
	q.t.Helper()
	q.put("virtualservices",
		"apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {"+metadata+"}\nspec: {"+spec+"}")
}

func (q *quarter) destinationRule(metadata, spec string) {
	q.t.Helper()
	q.put("destinationrules",
		"apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {"+metadata+"}\nspec: {"+spec+"}")
}

// workload makes a WorkloadEntry of a version; health is the status of its condition, empty for none.
func (q *quarter) workload(version, name, health string) {
	q.t.Helper()
	if name == "" {
		name = version
	}
	o := q.put("workloadentries",
		"apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: "+name+", namespace: NS}\n"+
			"spec: {address: 127.0.0.1, labels: {app: greeter, version: "+version+"}}")
	if health != "" {
		q.status("workloadentries", o,
			map[string]any{"conditions": []any{map[string]any{"type": "Healthy", "status": health}}})
	}
}

// pod makes a pod of a version that no scheduler sees, and says of it that it runs.
func (q *quarter) pod(version, name, ready string) *unstructured.Unstructured {
	q.t.Helper()
	o := q.put("pods", "apiVersion: v1\nkind: Pod\nmetadata: {name: "+name+
		", namespace: NS, labels: {app: greeter, version: "+version+"}}\n"+
		"spec: {serviceAccountName: runner, schedulerName: none, containers: [{name: greeter, image: none}]}")
	q.status("pods", o, map[string]any{
		"phase":      "Running",
		"conditions": []any{map[string]any{"type": "Ready", "status": ready}},
	})
	return o
}

func (q *quarter) status(resource string, o *unstructured.Unstructured, status map[string]any) {
	q.t.Helper()
	o.Object["status"] = status
	if _, err := q.k.objects(o.GetAPIVersion(), resource, o.GetNamespace()).UpdateStatus(
		q.t.Context(), o, metav1.UpdateOptions{},
	); err != nil {
		q.t.Fatalf("set the status of %s: %v", o.GetName(), err)
	}
}

// without is the provider block of somebody who has the rights of the shipped Role in both namespaces, but for one.
func (q *quarter) without(missing right) string {
	q.t.Helper()
	account := strings.TrimSuffix("reader-without-"+missing.resource, "-")
	q.put("serviceaccounts", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: "+account+", namespace: NS}")
	role := readRole(q.t, routesRole)
	for _, namespace := range []string{q.name, q.name + "-b"} {
		q.k.grant(role, namespace, account, q.name, missing)
	}
	return fmt.Sprintf("  host = %q\n  cluster_ca_certificate = %q\n  token = %q\n  default_namespace = %q\n  "+
		"propagation = { mode = \"none\" }\n",
		q.k.config.Host, q.k.authority, q.k.login(q.name, account), q.name)
}

// byRules is a route of the Service greeter, with 10 percent for the second of two subsets.
func byRules(second, more string) string {
	return fmt.Sprintf(`
resource "mesh_canary_route" "test" {
  service = "greeter"
  subsets = {
    v1 = { labels = { version = "v1" } }
    %[1]s = { labels = { version = %[1]q } }
  }
  default = { weights = { v1 = 90, %[1]s = 10 } }
  %[2]s
}
`, second, more)
}

// byShares is the same as a split.
func byShares(second, more string) string {
	return fmt.Sprintf(`
resource "mesh_weighted_split" "test" {
  service = "greeter"
  subsets = {
    v1 = { labels = { version = "v1" }, weight = 90 }
    %[1]s = { labels = { version = %[1]q }, weight = 10 }
  }
  %[2]s
}
`, second, more)
}

// sendingTo is a VirtualService that sends everything to a destination.
func sendingTo(destination, more string) string {
	return fmt.Sprintf(`
resource "mesh_virtual_service" "test" {
  name  = "test"
  hosts = ["greeter"]
  http  = [{ route = [{ destination = { %s } }] }]
  %s
}
`, destination, more)
}

// only checks that a plan goes on, and has no diagnostics but these warnings. That requests move is looked at only
// where it is expected: a first route takes them from every pod.
func (q *quarter) only(r result, summaries ...string) {
	q.t.Helper()
	said := r.Diagnostics
	if !slices.ContainsFunc(summaries, func(s string) bool { return strings.HasPrefix(s, "Traffic moves in ") }) {
		said = r.besidesMoves()
	}
	var got []string
	for _, d := range said {
		got = append(got, d.Summary)
	}
	// A plan within an apply says it once more.
	got = slices.Compact(got)
	if !slices.Equal(got, summaries) {
		q.t.Errorf("the plan says %q, want %q:\n%s", got, summaries, r)
	}
}
