package acceptance_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// fewRoutes is how many routes there are by default: three rounds of the ten that Terraform works on at the same
// time.
const fewRoutes = 30

// TestAccScale makes, plans, changes and destroys many routes, ten at a time: each is written just as often as if it
// were the only one. MESH_TEST_SCALE says how many; `make scale` makes a thousand.
func TestAccScale(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	k := newKube(t, lab.Kubeconfig)
	k.create("namespaces", "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+lab.Service+"}\n")
	count := int(numberIn(t, "MESH_TEST_SCALE", fewRoutes))
	k.shops(lab.Service, count)
	terraform := newCLI(t)
	block := fmt.Sprintf("  config_path = %q\n  owner = %q\n  propagation = { settle = \"0s\" }\n", lab.Kubeconfig,
		restartOwner)
	timed := func(what string, arguments ...string) {
		t.Helper()
		began := time.Now()
		if r := terraform.must(arguments...); len(r.besidesMoves()) > 0 {
			t.Errorf("terraform %s says:\n%.2000s", what, r)
		}
		t.Logf("%d routes, %s: %.1f s", count, what, time.Since(began).Seconds())
	}
	wantWritten := func(virtualServices, destinationRules int64) {
		t.Helper()
		k.each("virtualservices", lab.Service, count, writtenTimes(virtualServices), lookWritten)
		k.each("destinationrules", lab.Service, count, writtenTimes(destinationRules), lookWritten)
	}
	terraform.configure(block, manyRoutes(count, lab.Service, "v1", ""))
	timed("create", "apply")
	wantWritten(1, 1)
	timed("a plan without a change", "plan", "-detailed-exitcode")
	terraform.configure(block, manyRoutes(count, lab.Service, "v1", `hosts = [each.key, "${each.key}.example"]`))
	timed("change", "apply")
	wantWritten(2, 1)
	timed("destroy", "destroy")
	k.each("virtualservices", lab.Service, 0, nil, nil)
	k.each("destinationrules", lab.Service, 0, nil, nil)
}

// shops makes the Services that [manyRoutes] routes, and somebody who answers for all of them.
func (k *kube) shops(namespace string, count int) {
	k.t.Helper()
	k.create("workloadentries",
		"apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: shops, namespace: "+namespace+"}\n"+
			"spec: {address: 127.0.0.1, labels: {tier: shop, app: k8s-combat-service-v1}}")
	for i := range count {
		k.create("services", fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata: {name: shop-%02d, namespace: %s}\n"+
			"spec: {selector: {tier: shop}, ports: [{name: grpc, port: 50051}]}", i, namespace))
	}
}
