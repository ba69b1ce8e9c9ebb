package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// foreignPair holds what neither form of two objects can say: where TCP goes, and a policy for the pods of one workload.
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

// TestAccImport_foreign: a pair that is more than a form can say is imported with a warning that names every such field, and the
// resources that have all of them. Those import it without a change.
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
			"VirtualService spec.http[0].route[0].headers,", "VirtualService spec.tcp", "DestinationRule spec.workloadSelector,",
			"terraform import mesh_virtual_service.NAME "+id, "terraform import mesh_destination_rule.NAME "+id)

		w.write(fmt.Sprintf("import {\n  to = mesh_virtual_service.test\n  id = %[1]q\n}\nimport {\n  to = mesh_destination_rule.test\n  id = %[1]q\n}\n", id))
		w.must("plan", "-generate-config-out=generated.tf")
		w.must("apply")
		w.unchanged()
		untouched()
	})
}
