package acceptance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// foreignPair holds what neither form of two objects can say: where TCP goes, and a policy for the pods of one
// workload.
const foreignPair = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: SERVICE, namespace: NAMESPACE}
spec:
  hosts: [HOST]
  http:
  - match: [{headers: {version: {exact: "200"}}}]
    route: [{destination: {host: HOST, subset: v2}, headers: {request: {set: {x-a: b}}}}]
  - route: [{destination: {host: HOST, subset: v1}}]
  tcp:
  - route: [{destination: {host: HOST, subset: v1}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: SERVICE, namespace: NAMESPACE}
spec:
  host: HOST
  exportTo: [.]
  workloadSelector: {matchLabels: {app: web}}
  subsets:
  - {name: v1, labels: {app: k8s-combat-service-v1}}
  - {name: v2, labels: {app: k8s-combat-service-v2}}
`

// TestAccImport_foreign: a pair that is more than a form can say is imported with a warning that names every such
// field, and the resources that have all of them. Those import it without a change.
func TestAccImport_foreign(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		for document := range strings.SplitSeq(foreignPair, "---\n") {
			lab.Create(document)
		}
		untouched := nobodyTouched(t, lab)
		w := newWorkspace(t, lab, f, "")
		id := lab.Namespace + "/" + lab.Service
		w.write(f.with(parts{}) + fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", f.address, id))
		w.must("plan").want(t, "warning", "More than this resource expresses",
			"VirtualService spec.http[0].route[0].headers,", "VirtualService spec.tcp",
			"DestinationRule spec.workloadSelector,",
			"terraform import mesh_virtual_service.NAME "+id, "terraform import mesh_destination_rule.NAME "+id)

		w.write(fmt.Sprintf("import {\n  to = mesh_virtual_service.test\n  id = %[1]q\n}\nimport {\n  to = "+
			"mesh_destination_rule.test\n  id = %[1]q\n}\n", id))
		w.must("plan", "-generate-config-out=generated.tf")
		w.must("apply")
		w.unchanged()
		untouched()
	})
}

// TestAccImport_replaced: what a tutorial writes in fields that Istio has replaced is imported as what replaced them.
// The plan is empty, nothing is written, and requests are copied as before, until something else changes.
func TestAccImport_replaced(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	lab.Create(canaryForm.handMade(handMadeDestinationRule))
	lab.Create(fmt.Sprintf("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: %[1]s}\n"+
		"spec: {hosts: [%[1]s], http: [{route: [{destination: {host: %[1]s, subset: v1}, weight: 100}], "+
		"mirror: {host: %[1]s, subset: v2}, mirrorPercentage: {value: 100}, "+
		"fault: {delay: {fixedDelay: 1ms, percent: 10}}}]}", lab.Service))
	check := nobodyTouched(t, lab)
	w := newWorkspace(t, lab, canaryForm, "")
	config := func(more string) string {
		return fmt.Sprintf(`
resource "mesh_canary_route" "test" {
  service = local.service
  subsets = {
    v1 = { labels = { app = "k8s-combat-service-v1" } }
    v2 = { labels = { app = "k8s-combat-service-v2" } }
  }
  default = {
    subset  = "v1"
    fault   = { delay = { fixed_delay = "1ms", percentage = { value = 10 } } }
    mirrors = [{ destination = { host = %q, subset = "v2" }, percentage = { value = 100 } }]
    %s
  }
}
`, lab.Host, more)
	}
	w.write(config(""))
	w.must("import", w.f.address, lab.Namespace+"/"+lab.Service)
	w.wantAttribute("foreign_fields", "[]")
	w.unchanged()
	check()
	w.write(config(`timeout = "3s"`))
	w.must("apply")
	w.unchanged()
	http := firstRule(specOf(lab.MustGet(acctest.VirtualService, lab.Service)))
	if http["mirror"] != nil || http["mirrors"] == nil || http["timeout"] != "3s" {
		t.Errorf("the rule is %v", http)
	}
	w.must("destroy")
	nothingIn(t, lab)
}

// TestAccImport_withoutDefault: a VirtualService whose every rule has conditions is no canary, whose default would
// take requests that have no route today. The error says what imports it, and that is so: the plan is empty.
func TestAccImport_withoutDefault(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rules string
		split bool
	}{
		"one rule": {
			`[{match: [{headers: {version: {exact: "200"}}}], route: [{destination: {host: HOST, subset: v1}, ` +
				`weight: 90}, {destination: {host: HOST, subset: v2}, weight: 10}]}]`, true,
		},
		"two rules": {
			`[{match: [{headers: {version: {exact: "200"}}}], route: [{destination: {host: HOST, subset: v2}}]}, ` +
				`{match: [{uri: {prefix: /}}], route: [{destination: {host: HOST, subset: v1}}]}]`, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			lab.Create(canaryForm.handMade(handMadeDestinationRule))
			lab.Create("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: SERVICE, " +
				"namespace: NAMESPACE, labels: {team: SERVICE}}\nspec:\n  hosts: [HOST]\n  http: " + test.rules + "\n")
			untouched := nobodyTouched(t, lab)
			id := lab.Namespace + "/" + lab.Service
			w := newWorkspace(t, lab, canaryForm, "")
			instead := "import the objects one by one, into resources that have every field:\n  terraform import " +
				"mesh_destination_rule.NAME " + id + "\n  terraform import mesh_virtual_service.NAME " + id
			if test.split {
				instead = "import it as what it is, shares of the requests that match:\n  terraform import " +
					"mesh_weighted_split.NAME " + id + "\nOr " + instead
			}
			w.write(fmt.Sprintf("import {\n  to = mesh_canary_route.test\n  id = %q\n}\n", id))
			w.fails("No rule for other requests", []string{
				"VirtualService \"" + id + "\" has no rule for the requests that its matches leave, and a " +
					"mesh_canary_route always has one, default: its first apply would route them.\n\n" +
					"Instead of this import, " + instead,
			}, "plan", "-generate-config-out=canary.tf")
			q := query{"mesh_canary_route", fmt.Sprintf("label_selector = \"team=%s\"", lab.Service), 0, true}
			if found := configured(t, fmt.Sprintf("config_path = %q\n", lab.Kubeconfig)).names(t, q); len(found) > 0 {
				t.Errorf("query finds %v", found)
			}
			types := []string{"mesh_virtual_service", "mesh_destination_rule"}
			if test.split {
				types = []string{"mesh_weighted_split"}
			}
			imports := ""
			for _, resourceType := range types {
				imports += fmt.Sprintf("import {\n  to = %s.test\n  id = %q\n}\n", resourceType, id)
			}
			w.write(imports)
			w.must("plan", "-generate-config-out=generated.tf")
			w.must("apply")
			w.unchanged()
			untouched()
		})
	}
}

// TestAccImport_labels: a label that was imported and is then left out goes, as the plan says: the first change takes
// over what was imported.
func TestAccImport_labels(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	lab.ApplyAs("other-team", fmt.Sprintf(`{apiVersion: networking.istio.io/v1, kind: DestinationRule,
  metadata: {name: %s, namespace: %s, labels: {team: shop, tier: edge}}, spec: {host: %s}}`, lab.Service, lab.Namespace,
		lab.Service))
	c := newCLI(t)
	rule := func(labels string) string {
		return fmt.Sprintf("import {\n  to = mesh_destination_rule.test\n  id = \"%[1]s/%[2]s\"\n}\n\nresource "+
			"\"mesh_destination_rule\" \"test\" {\n"+
			"name = %[2]q\n namespace = %[1]q\n host = %[2]q\n labels = %[3]s\n}\n", lab.Namespace, lab.Service, labels)
	}
	provider := fmt.Sprintf("config_path = %q\n", lab.Kubeconfig)
	c.configure(provider, rule(`{ team = "shop", tier = "edge" }`))
	c.must("apply")
	c.configure(provider, rule(`{ team = "shop" }`))
	c.must("apply")
	if diff := cmp.Diff(
		map[string]string{"team": "shop"}, lab.MustGet(acctest.DestinationRule, lab.Service).GetLabels(),
	); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	c.must("plan", "-detailed-exitcode")
}
