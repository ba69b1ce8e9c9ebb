package acceptance_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// TestAccWrite_drawn: whatever people have in a namespace, what write prints imports all of it that write does not
// name, plans no change and says what the objects say; and a change of an annotation changes nothing else. What lists
// find, and what is imported without a word, a configuration can say. MESH_TEST_WRITTEN is how many whole namespaces
// are drawn, instead of a small one, and MESH_TEST_SEED draws the same ones again.
func TestAccWrite_drawn(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	seed, rounds, services := loadSeed(t), numberIn(t, "MESH_TEST_WRITTEN", 0), 60
	if rounds == 0 {
		rounds, services = 1, 12
	}
	for i := range rounds {
		t.Run(fmt.Sprintf("MESH_TEST_SEED=%d", seed+i), func(t *testing.T) {
			t.Parallel()
			d := &drawnNamespace{
				t: t, kubeconfig: lab.Kubeconfig, kube: newKube(t, lab.Kubeconfig),
				name: fmt.Sprintf("%s-drawn-%d", lab.Service, i),
			}
			d.fill(seed+i, services)
			d.checkWritten()
			d.checkLists()
			d.checkImports()
		})
	}
}

// drawnNamespace is a namespace with objects of people.
type drawnNamespace struct {
	// server plans what write has written.
	server
	t          *testing.T
	kubeconfig string
	kube       *kube
	name       string
	// live are the objects, by kind and name.
	live map[string]*unstructured.Unstructured
	// said is what write says of them.
	said string
}

func keyOf(kind, name string) string { return kind + " " + name }

// fill makes the objects, without those that the API server refuses.
func (d *drawnNamespace) fill(seed uint64, services int) {
	t := d.t
	t.Helper()
	d.kube.create("namespaces", "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+d.name+"}\n")
	t.Cleanup(func() {
		for _, resource := range []string{"virtualservices", "destinationrules"} {
			err := d.kube.objects(istio.APIVersion, resource, d.name).DeleteCollection(contextOf(t),
				metav1.DeleteOptions{}, metav1.ListOptions{})
			if err != nil {
				t.Errorf("delete %s: %v", resource, err)
			}
		}
	})
	d.live = map[string]*unstructured.Unstructured{}
	a := &author{t: t, Rand: rand.New(rand.NewPCG(seed, 0)), namespace: d.name}
	drawn := a.draw(services)
	for _, o := range drawn {
		made, err := d.kube.ofKind(o).Create(t.Context(), o, metav1.CreateOptions{FieldManager: a.one(
			"kubectl-client-side-apply", "argocd-controller", "helm", "kubectl-create",
		)})
		if err != nil {
			continue
		}
		if a.IntN(20) == 0 {
			made.SetLabels(map[string]string{"changed": "later"})
			made, err = d.kube.ofKind(o).Update(t.Context(), made, metav1.UpdateOptions{FieldManager: "kubectl-edit"})
			if err != nil {
				t.Fatal(err)
			}
		}
		d.live[keyOf(o.GetKind(), o.GetName())] = d.kube.get(made)
	}
	if len(d.live) < len(drawn)/2 {
		t.Errorf("of %d objects %d are taken", len(drawn), len(d.live))
	}
}

// checkWritten checks what write prints and says.
func (d *drawnNamespace) checkWritten() {
	t := d.t
	t.Helper()
	configuration, said, code := writeAny("--kubeconfig", d.kubeconfig, d.name)
	d.said = said
	if code > 1 || (code == 1) != strings.Contains("\n"+said, "\nError: ") {
		t.Fatalf("write ends with %d:\n%s", code, said)
	}
	if diff := cmp.Diff(string(hclwrite.Format([]byte(configuration))), configuration); diff != "" {
		t.Errorf("the configuration (-formatted +written):\n%s", diff)
	}
	file, wrong := hclsyntax.ParseConfig([]byte(configuration), "written.tf", hcl.InitialPos)
	if wrong.HasErrors() {
		t.Fatalf("%v\n%s", wrong, configuration)
	}
	d.server = configured(t, fmt.Sprintf("config_path = %q\n", d.kubeconfig))
	owners, counts, id := map[string]string{}, map[string]int{}, ""
	for _, block := range file.Body.(*hclsyntax.Body).Blocks {
		if block.Type == "import" {
			value, wrong := block.Body.Attributes["id"].Expr.Value(nil)
			if id = value.AsString(); wrong.HasErrors() {
				t.Fatal(wrong)
			}
			continue
		}
		counts[block.Labels[0]]++
		text := configuration[block.OpenBraceRange.End.Byte:block.CloseBraceRange.Start.Byte]
		for _, key := range d.checkResource(block.Labels[0], id, text) {
			if owners[key] != "" {
				t.Errorf("%s and %v have %s", owners[key], block.Labels, key)
			}
			owners[key] = block.Labels[0]
		}
	}
	t.Logf("%d objects: %v", len(d.live), counts)
	for key, o := range d.live {
		if d.leftOut(o) == (owners[key] != "") {
			t.Errorf("%s is in %q, and left out: %t\n%s", key, owners[key], d.leftOut(o), asYAML(t, o))
		}
		if owners[key] == "mesh_virtual_service" && choosesSubsets(o) && !d.isSaid(o, "is not written as") {
			t.Errorf("%s is no canary, and nobody knows why\n%s", key, asYAML(t, o))
		}
	}
}

func (d *drawnNamespace) leftOut(o *unstructured.Unstructured) bool {
	return d.isSaid(o, "is left out: ")
}

// isSaid reports whether write says something of an object that begins with a text.
func (d *drawnNamespace) isSaid(o *unstructured.Unstructured, text string) bool {
	return strings.Contains(d.said, fmt.Sprintf(": %s \"%s/%s\" %s", o.GetKind(), d.name, o.GetName(), text))
}

// choosesSubsets reports whether an object is a VirtualService with hosts that sends to subsets.
func choosesSubsets(o *unstructured.Unstructured) bool {
	hosts, _, _ := unstructured.NestedSlice(o.Object, "spec", "hosts")
	http, _, _ := unstructured.NestedSlice(o.Object, "spec", "http")
	return len(hosts) > 0 && slices.ContainsFunc(http, func(rule any) bool {
		to, _, _ := unstructured.NestedSlice(rule.(map[string]any), "route")
		return slices.ContainsFunc(to, func(to any) bool {
			subset, _, _ := unstructured.NestedString(to.(map[string]any), "destination", "subset")
			return subset != ""
		})
	})
}

// checkLists checks that what lists find is as a configuration can have it, unless write says why not.
func (d *drawnNamespace) checkLists() {
	for resourceType := range formsByType {
		for _, result := range d.list(d.t, query{resourceType, fmt.Sprintf("namespace = %q", d.name), 0, true}) {
			for _, said := range result.Diagnostics {
				d.t.Errorf("list %s: %s: %s: %s", resourceType, result.DisplayName, said.Summary, said.Detail)
			}
			refused := fmt.Sprintf("%q is left out: a plan refuses what it says.", result.DisplayName)
			if result.Resource != nil && !strings.Contains(d.said, refused) {
				d.plansEmpty(d.t, resourceType, result)
			}
		}
	}
}

// asYAML is an object as people look at it.
func asYAML(t *testing.T, o *unstructured.Unstructured) string {
	t.Helper()
	shown := o.DeepCopy()
	shown.SetManagedFields(nil)
	raw, err := istio.EncodeManifest(shown.Object)
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.JSONToYAML(raw)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
