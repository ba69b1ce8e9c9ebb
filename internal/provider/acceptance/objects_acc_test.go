package acceptance_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/acceptance"
)

// leftOutText is where a generated configuration lacks the empty text of an object.
var leftOutText = regexp.MustCompile(`((?:empty|nothing)\s*=\s*{\s*exact\s*=\s*)null`)

// keyToQuote finds the name of something in a map that has to stand in quotes in a configuration, such as `:path`.
var keyToQuote = regexp.MustCompile(`"[^"]*[^"\w-][^"]*":\{`)

var unquoting = regexp.MustCompile(`^(Terraform v1\.[0-8]|OpenTofu v1\.([0-9]|1[0-2]))\.`)

// quotesKeys reports whether the CLI quotes the keys of nested maps in a configuration that it generates. Terraform
// did not before 1.9, and OpenTofu does not in 1.12; they refuse what they wrote.
func (c *cli) quotesKeys() bool {
	c.t.Helper()
	return !unquoting.MatchString(c.must("version").text)
}

// TestAccObjects_import brings the objects of testdata/objects under Terraform with a generated configuration. The
// plan of that is empty, and applying it leaves the cluster as it is. When the provider does write every one of them,
// since they get an owner, they mean what they meant.
func TestAccObjects_import(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	k := newKube(t, lab.Kubeconfig)
	namespace := lab.Service + "-objects"
	k.create("namespaces", "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+namespace+"}\n")
	w := newWorkspace(t, lab.In(namespace), form{}, "")

	var imports strings.Builder
	before := map[string]*unstructured.Unstructured{}
	quotes := w.quotesKeys()
	for i, o := range acceptance.ReadObjects(t, namespace) {
		if !quotes && keyToQuote.MatchString(asJSON(t, o.Object["spec"])) {
			t.Logf("%s is left out: this CLI does not quote the keys of maps", o.GetName())
			continue
		}
		made, err := k.ofKind(o).Create(t.Context(),
			o, metav1.CreateOptions{FieldManager: "kubectl-create", FieldValidation: metav1.FieldValidationStrict})
		if err != nil {
			t.Fatalf("create %s: %v", o.GetName(), err)
		}
		t.Cleanup(func() { k.remove(o.GetAPIVersion(), resourceOf(o), namespace, o.GetName()) })
		address := fmt.Sprintf("%s.o%d", resourceTypes[o.GetKind()], i)
		before[address] = k.get(made)
		fmt.Fprintf(&imports, "import {\n  to = %s\n  id = \"%s/%s\"\n}\n", address, namespace, o.GetName())
	}

	w.write(imports.String())
	r := w.must("plan", "-generate-config-out=generated.tf")
	// Terraform takes an empty text for one that was never set.
	empty := []string{`http[0].match[3].headers["empty"].exact`}
	if quotes {
		empty = append(empty, `http[0].match[0].query_params["nothing"].exact`)
	}
	for _, at := range empty {
		r.want(t, "warning", "Empty texts to write out", at+", which")
	}
	w.cli.write("generated.tf", leftOutText.ReplaceAllString(readFile(t, filepath.Join(w.dir, "generated.tf")),
		`${1}""`))
	w.must("plan", "-out=saved.tfplan")
	plan := &tfjson.Plan{}
	w.show(plan, "saved.tfplan")
	imported := 0
	for _, change := range plan.ResourceChanges {
		if change.Change.Importing == nil || !change.Change.Actions.NoOp() {
			t.Errorf("%s: actions %v (-before +after):\n%s", change.Address, change.Change.Actions,
				cmp.Diff(change.Change.Before, change.Change.After))
			continue
		}
		imported++
	}
	w.must("apply", "saved.tfplan")
	w.unchanged()
	for address, was := range before {
		is := k.get(was)
		if is.GetResourceVersion() != was.GetResourceVersion() {
			t.Errorf("%s was written (-was +is):\n%s", address, cmp.Diff(was.Object, is.Object))
		}
	}

	w.block = "owner = \"shop/prod\"\n field_manager = { force_conflicts = true }"
	w.write(imports.String())
	w.must("apply")
	for address, was := range before {
		wantSame(t, address, was, k.get(was))
	}
	t.Logf("%d of %d objects imported, planned empty, and written without a change", imported, len(before))
}

// wantSame checks that an object means what it meant, and carries the labels and annotations that it carried and an
// owner.
func wantSame(t *testing.T, address string, was, is *unstructured.Unstructured) {
	t.Helper()
	before, after := meaning(t, was), meaning(t, is)
	if before.Annotations == nil {
		before.Annotations = map[string]string{}
	}
	before.Annotations[ownerAnnotation] = "shop/prod"
	if !istio.SameSpec(before.Spec, after.Spec) || !maps.Equal(before.Labels, after.Labels) ||
		!maps.Equal(before.Annotations, after.Annotations) {
		t.Errorf("%s has another meaning (-was +is):\n%s", address, cmp.Diff(was.Object, is.Object))
	}
}

// meaning reads a live object.
func meaning(t *testing.T, o *unstructured.Unstructured) *istio.Object {
	t.Helper()
	raw, err := o.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	object, err := istio.ParseManifest(raw)
	if err != nil || len(object.Unknown) > 0 {
		t.Fatalf("read %s: %v, unknown %q", o.GetName(), err, object.Unknown)
	}
	return object
}
