package acceptance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// newerAPI adds fields to the cluster's definitions, as a newer Istio does: one at the top of each spec, and some in
// lists.
func newerAPI(t *testing.T, k *kube) {
	t.Helper()
	field := map[string]any{"type": "string"}
	k.define(t, "virtualservices", func(spec map[string]any) {
		spec["newAtTheTop"] = field
		properties(spec, "http")["newInARule"] = field
		properties(spec, "http", "route")["newInADestination"] = field
	})
	k.define(t, "destinationrules", func(spec map[string]any) {
		spec["newAtTheTop"] = field
		properties(spec, "trafficPolicy", "connectionPool", "http")["newInAPool"] = field
		properties(spec, "subsets")["newInASubset"] = field
	})
}

// properties returns the schema of what is inside a field, through lists.
func properties(schema map[string]any, path ...string) map[string]any {
	for _, name := range path {
		schema = schema[name].(map[string]any)
		if items, ok := schema["items"].(map[string]any); ok {
			schema = items
		}
		schema = schema["properties"].(map[string]any)
	}
	return schema
}

// define changes the spec's schema of a definition in all of its versions, until the test is over. It returns when the
// API server goes by the changed one, and the test ends when it goes by the one of before: it serves the old one for
// some time after each change.
func (k *kube) define(t *testing.T, resource string, change func(spec map[string]any)) {
	t.Helper()
	definitions := k.objects("apiextensions.k8s.io/v1", "customresourcedefinitions", "")
	name := resource + ".networking.istio.io"
	set := func(change func(*unstructured.Unstructured)) {
		t.Helper()
		err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
			definition, err := definitions.Get(contextOf(t), name, metav1.GetOptions{})
			if err == nil {
				change(definition)
				_, err = definitions.Update(contextOf(t), definition, metav1.UpdateOptions{})
			}
			return err
		})
		if err != nil {
			t.Fatalf("define %s: %v", name, err)
		}
	}
	var before map[string]any
	set(func(definition *unstructured.Unstructured) {
		before = definition.DeepCopy().Object["spec"].(map[string]any)
		for _, version := range specOf(definition)["versions"].([]any) {
			schema := version.(map[string]any)["schema"].(map[string]any)["openAPIV3Schema"].(map[string]any)
			spec := properties(schema["properties"].(map[string]any), "spec")
			change(spec)
			spec[redefined] = map[string]any{"type": "string"}
		}
	})
	like := map[string]string{
		"virtualservices": rehearsedVirtualService, "destinationrules": rehearsedDestinationRule,
	}[resource]
	rehearsal := k.rehearsal("default", strings.Replace(like, "spec: {", "spec: {"+redefined+": here, ", 1))
	t.Cleanup(func() {
		set(func(definition *unstructured.Unstructured) { definition.Object["spec"] = before })
		k.awaitAnswer("have an unknown field in "+resource, rehearsal, func(err error) bool {
			return err != nil && strings.Contains(err.Error(), "unknown field")
		})
	})
	k.awaitAnswer("have a new field in "+resource, rehearsal, func(err error) bool { return err == nil })
}

// redefined is a field that a definition has while a test changes it, so that it is known which one is served.
const redefined = "redefined"

const (
	newerVirtualService = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: SERVICE, namespace: NAMESPACE}
spec:
  hosts: [HOST]
  newAtTheTop: a
  http:
  - match: [{headers: {version: {exact: "200"}}}]
    newInARule: b
    route: [{destination: {host: HOST, subset: v2}, newInADestination: c}]
  - route: [{destination: {host: HOST, subset: v1}, newInADestination: d}]
`
	newerDestinationRule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: SERVICE, namespace: NAMESPACE}
spec:
  host: HOST
  newAtTheTop: e
  trafficPolicy: {connectionPool: {http: {maxRetries: 3, newInAPool: f}}}
  subsets:
  - {name: v1, labels: {app: k8s-combat-service-v1}, newInASubset: g}
  - {name: v2, labels: {app: k8s-combat-service-v2}, newInASubset: h}
`
)

// TestAccUnknownFields: fields that the cluster has and this version does not know are named at import and at plan,
// stay where they are when objects are written, and are named once more before they go with the rule or the subset
// that they are in. The definitions are those of all tests, so that no other runs meanwhile.
func TestAccUnknownFields(t *testing.T) { // changes what the whole cluster knows
	lab := acctest.Start(t)
	k := newKube(t, lab.Kubeconfig)
	newerAPI(t, k)
	const summary = "Fields this version does not know"
	inService := []string{
		"spec.http[0].newInARule", "spec.http[0].route[0].newInADestination", "spec.http[1].route[0].newInADestination",
		"spec.newAtTheTop",
	}
	inRule := []string{
		"spec.newAtTheTop", "spec.subsets[0].newInASubset", "spec.subsets[1].newInASubset",
		"spec.trafficPolicy.connectionPool.http.newInAPool",
	}
	for name, f := range map[string]form{
		"virtual_service":  objectForms[acctest.VirtualService],
		"destination_rule": objectForms[acctest.DestinationRule],
		"canary_route":     canaryForm,
	} {
		t.Run(name, func(t *testing.T) {
			owned := map[string]bool{
				acctest.VirtualService:  name != "destination_rule",
				acctest.DestinationRule: name != "virtual_service",
			}
			createNewer(t, k, lab)
			t.Cleanup(func() {
				lab.Delete(acctest.VirtualService, lab.Service)
				lab.Delete(acctest.DestinationRule, lab.Service)
			})
			named := func(r result) {
				t.Helper()
				if owned[acctest.VirtualService] {
					r.want(t, "warning", summary, append(inService, "VirtualService")...)
				}
				if owned[acctest.DestinationRule] {
					r.want(t, "warning", summary, append(inRule, "DestinationRule")...)
				}
			}
			policy := "traffic_policy = { connection_pool = { http = { max_retries = 3 } } }\n "
			if name == "virtual_service" {
				policy = ""
			}
			w := newWorkspace(t, lab, f, "")
			w.block = "field_manager = { force_conflicts = true }"
			w.write(f.with(parts{top: policy}) +
				fmt.Sprintf("import {\n  to = %s\n  id = \"%s/%s\"\n}\n", f.address, lab.Namespace, lab.Service))
			named(w.must("plan"))
			named(w.must("apply"))
			w.wantAttribute("foreign_fields", "[]")
			w.unchanged()
			wantNewer(t, lab, "a", "b", "c", "d", "e", "f", "g", "h")

			// A change beside them.
			export := policy + "export_to = [\"*\"]\n "
			w.declare(parts{top: export, rule: `timeout = "3s"`})
			named(w.must("apply"))
			w.unchanged()
			wantNewer(t, lab, "a", "b", "c", "d", "e", "f", "g", "h")
			if name == "destination_rule" {
				// What they are in goes.
				w.declare(parts{top: "export_to = [\"*\"]\n "})
				r := w.must("apply")
				r.want(t, "warning", "Apply removes unknown fields",
					"spec.trafficPolicy.connectionPool.http.newInAPool. They go with it")
				wantNewer(t, lab, "a", "b", "c", "d", "e", "g", "h")
				w.unchanged()
			}
			w.must("state", "rm", f.address)

			// An adoption keeps them too, and names them.
			w.declare(parts{top: "adopt = true\n deletion = \"restore\"\n labels = { team = \"shop\" }\n " +
				map[bool]string{true: policy}[name != "destination_rule"]})
			named = func(r result) { t.Helper(); r.want(t, "warning", summary, "spec.newAtTheTop") }
			named(w.must("apply"))
			w.unchanged()
			w.must("destroy")
			if name != "destination_rule" {
				wantNewer(t, lab, "a", "b", "c", "d", "e", "f", "g", "h")
			}
		})
	}
}

// createNewer makes the pair with the new fields.
func createNewer(t *testing.T, k *kube, lab *acctest.Lab) {
	t.Helper()
	for _, text := range []string{newerDestinationRule, newerVirtualService} {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(lab.Expand(text)), &o.Object); err != nil {
			t.Fatal(err)
		}
		_, err := k.ofKind(o).Create(t.Context(),
			o, metav1.CreateOptions{FieldManager: "kubectl-create", FieldValidation: metav1.FieldValidationStrict})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// wantNewer checks which values new fields hold, in both objects together.
func wantNewer(t *testing.T, lab *acctest.Lab, want ...string) {
	t.Helper()
	found := map[string]bool{}
	for _, kind := range bothKinds {
		newValues(specOf(lab.MustGet(kind, lab.Service)), found)
	}
	wanted := map[string]bool{}
	for _, value := range want {
		wanted[value] = true
	}
	if diff := cmp.Diff(wanted, found); diff != "" {
		t.Errorf("values of new fields (-want +got):\n%s", diff)
	}
}

func newValues(value any, found map[string]bool) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			if text, ok := inner.(string); ok && strings.HasPrefix(key, "new") {
				found[text] = true
			}
			newValues(inner, found)
		}
	case []any:
		for _, inner := range v {
			newValues(inner, found)
		}
	}
}

// TestAccOlderFields: a field that the cluster's definitions do not have yet is said at plan, and again at apply
// where the plan could not know; nothing is written.
func TestAccOlderFields(t *testing.T) { // changes what the whole cluster knows
	lab := acctest.Start(t)
	k := newKube(t, lab.Kubeconfig)
	k.define(t, "virtualservices", func(spec map[string]any) { delete(properties(spec, "http", "retries"), "backoff") })
	for name, f := range map[string]form{
		"virtual_service": objectForms[acctest.VirtualService],
		"canary_route":    canaryForm,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t, lab, f, "")
			w.declare(parts{rule: `retries = { attempts = 2, backoff = "1s" }`})
			at := map[bool]string{true: "rules[0]", false: "http[0]"}[name == "canary_route"] + ".retries.backoff: "
			older := []string{at, "VirtualService", "spec.http", "backoff", "older than the fields"}
			w.fails("Refused by API server", older, "plan")
			w.fails("Refused by API server", older, "apply")
			nothingIn(t, lab)
		})
	}
}
