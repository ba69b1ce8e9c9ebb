package acceptance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccRestart_stale: what was changed after Terraform last looked is not overwritten, neither without a refresh
// nor from a saved plan; and an apply that changes nothing writes nothing.
func TestAccRestart_stale(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	block := fmt.Sprintf("  config_path = %q\n  propagation = { settle = \"0s\" }\n", lab.Kubeconfig)
	terraform := newCLI(t)
	terraform.configure(block, routeTo(lab.Service, lab.Namespace, ""))
	terraform.must("apply")
	versions := func() string {
		return lab.MustGet(acctest.VirtualService, lab.Service).GetResourceVersion() +
			lab.MustGet(acctest.DestinationRule, lab.Service).GetResourceVersion()
	}
	before := versions()
	terraform.must("apply")
	terraform.must("apply", "-refresh=false")
	if after := versions(); after != before {
		t.Errorf("an apply that changes nothing wrote: %s, then %s", before, after)
	}

	terraform.configure(block, routeTo(lab.Service, lab.Namespace, `hosts = ["shop.example"]`))
	terraform.must("plan", "-out=saved.tfplan")
	lab.Edit(acctest.VirtualService, lab.Service, func(spec map[string]any) { firstRule(spec)["timeout"] = "9s" })
	check := untouched(t, lab, acctest.VirtualService, lab.Service)
	for _, arguments := range [][]string{{"apply", "saved.tfplan"}, {"apply", "-refresh=false"}} {
		terraform.fails("Object changed since the plan", []string{"kubectl-edit", "Nothing was overwritten"},
			arguments...)
		check()
	}
}

// manyRules is how many rules a large route has.
const manyRules = 500

// TestAccRestart_large: a route of many rules and one of a megabyte are applied as any other; one that is larger than
// what etcd keeps is refused in words, and leaves nothing.
func TestAccRestart_large(t *testing.T) {
	t.Parallel()
	block := "propagation = { settle = \"0s\" }\n  config_path = "
	// large is a route of that many bytes.
	large := func(lab *acctest.Lab, size int) string {
		return routeTo(lab.Service, lab.Namespace, fmt.Sprintf(
			"rules = [for i in range(%d) : { match = [{ headers = { version = { exact = \"%s${i}\" } } }], subset = "+
				"\"v1\" }]",
			manyRules, strings.Repeat("x", size/manyRules)))
	}
	for name, size := range map[string]int{"many rules": 0, "a megabyte": megabyte} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			terraform := newCLI(t)
			terraform.configure(block+quote(lab.Kubeconfig), large(lab, size))
			terraform.must("apply")
			terraform.must("plan", "-detailed-exitcode")
			terraform.must("destroy")
			nothingIn(t, lab)
		})
	}
	t.Run("more than etcd keeps", func(t *testing.T) {
		t.Parallel()
		lab := acctest.Start(t)
		terraform := newCLI(t)
		terraform.configure(block+quote(lab.Kubeconfig), large(lab, 2*megabyte))
		r := terraform.run("apply")
		if r.ok || len(r.Diagnostics) == 0 || !strings.Contains(r.String(), "too large") || len(r.String()) > 4096 {
			t.Errorf("two megabytes of rules, want a short error that says so:\n%.2000s", r)
		}
		nothingIn(t, lab)
	})
}
