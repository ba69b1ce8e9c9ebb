package acceptance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccList_query: terraform query finds a pair that is in no state, and what it writes, configuration and import
// blocks, takes the pair into one without a change, as two objects or as one form.
func TestAccList_query(t *testing.T) {
	t.Parallel()
	for name, resourceTypes := range map[string][]string{
		"objects": {"mesh_virtual_service", "mesh_destination_rule"},
		"form":    {"mesh_canary_route"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			w := newWorkspace(t, lab, form{}, "")
			w.needQuery()
			canaryForm.handMadePair(lab)
			for _, kind := range bothKinds {
				lab.EditObject(kind, lab.Service, func(o *unstructured.Unstructured) {
					o.SetLabels(map[string]string{"team": lab.Service})
				})
			}
			untouched := nobodyTouched(t, lab)
			w.write("")
			generated := w.queryAll(fmt.Sprintf("label_selector = \"team=%s\"", lab.Service), resourceTypes...)
			if imports := strings.Count(generated, "\nimport {"); imports != len(resourceTypes) {
				t.Fatalf("%d import blocks were written, want %d:\n%s", imports, len(resourceTypes), generated)
			}
			w.must("apply")
			w.unchanged()
			untouched()
		})
	}
}

// needQuery skips the test where the CLI has no command query, as Terraform has since 1.14 and OpenTofu has not.
func (c *cli) needQuery() {
	c.t.Helper()
	if said := c.run("query", "-help").text; !strings.Contains(said, "-generate-config-out") {
		c.t.Skip("this CLI has no command query")
	}
}

// queryAll writes what lists of these resources find into the configuration, which it returns.
func (w *workspace) queryAll(config string, resourceTypes ...string) string {
	w.t.Helper()
	var lists strings.Builder
	for _, resourceType := range resourceTypes {
		fmt.Fprintf(&lists, "list %q \"all\" {\n  provider = mesh\n  config {\n    %s\n  }\n}\n", resourceType, config)
	}
	w.cli.write("search.tfquery.hcl", lists.String())
	w.must("query", "-no-color", "-generate-config-out=generated.tf")
	// Nothing is looked for any more; it would not change what is planned.
	if err := os.Remove(filepath.Join(w.dir, "search.tfquery.hcl")); err != nil {
		w.t.Fatal(err)
	}
	return readFile(w.t, filepath.Join(w.dir, "generated.tf"))
}
