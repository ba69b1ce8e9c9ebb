package acceptance_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccHostile_megabyte validates a configuration of 1 MB with the real command: it is refused at the attribute,
// and soon.
func TestAccHostile_megabyte(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	terraform := newCLI(t)
	// One long text: of a megabyte of rules Terraform itself makes nothing in a minute, before it asks any provider.
	terraform.configure("",
		routeTo(lab.Service, lab.Namespace, fmt.Sprintf("hosts = [%q]", strings.Repeat("a", megabyte))))
	began := time.Now()
	result := terraform.run("validate", "-no-color")
	t.Logf("terraform validate took %s", time.Since(began).Round(time.Millisecond))
	// Terraform wraps lines where it likes.
	said := strings.Join(strings.Fields(strings.ReplaceAll(result.text, "│", "")), " ")
	if result.ok || !strings.Contains(said, "Configuration too large") ||
		!strings.Contains(said, "hosts[0]: must not hold a text of more than 262144 bytes") {
		t.Errorf("terraform validate says %.2000s", said)
	}
}

// TestAccHostile_manyRules applies a route of 500 rules, changes one of them, plans nothing more, imports it, and
// deletes it.
func TestAccHostile_manyRules(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	w := newWorkspace(t, lab, canaryForm, "")
	rules := func(last int) string {
		var b strings.Builder
		for i := range 500 {
			version := i
			if i == 499 {
				version = last
			}
			fmt.Fprintf(&b, "    { match = [{ headers = { version = { exact = %q } } }], subset = \"v1\" },\n",
				fmt.Sprint(version))
		}
		return routeTo(lab.Service, lab.Namespace, "rules = [\n"+b.String()+"  ]")
	}
	step := func(arguments ...string) {
		t.Helper()
		began := time.Now()
		w.must(arguments...)
		t.Logf("terraform %s took %s", arguments[0], time.Since(began).Round(10*time.Millisecond))
	}
	for _, last := range []int{499, 1000} {
		w.write(rules(last))
		step("apply")
		http, _, err := unstructured.NestedSlice(lab.MustGet(acctest.VirtualService, lab.Service).Object, "spec",
			"http")
		if err != nil || len(http) != 501 || !strings.Contains(fmt.Sprint(http[499]), fmt.Sprint(last)) {
			t.Fatalf("the VirtualService has %d rules: %v", len(http), err)
		}
		step("plan", "-detailed-exitcode")
	}
	w.must("state", "rm", "mesh_canary_route.test")
	step("import", "mesh_canary_route.test", lab.Namespace+"/"+lab.Service)
	step("plan", "-detailed-exitcode")
	step("destroy")
	nothingIn(t, lab)
}
