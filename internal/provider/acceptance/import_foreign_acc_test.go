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
