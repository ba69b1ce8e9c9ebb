package acceptance_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/acctest/tables"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/acceptance"
	"github.com/meshroute/terraform-provider-mesh/internal/write"
)

// mixedObjects is how many objects the namespace has whose configuration is written.
const mixedObjects = 50

// resourceBlock is the first line of a resource.
var resourceBlock = regexp.MustCompile(`(?m)^resource "(mesh_[a-z_]+)" "([^"]+)" \{$`)

// TestAccWrite: the configuration that write prints for a namespace of many kinds of objects imports all of them, and
// plans nothing else. MESH_TEST_SEED draws the same objects again.
func TestAccWrite(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	seed := loadSeed(t)
	t.Logf("to draw the same objects again: MESH_TEST_SEED=%d", seed)
	k := newKube(t, lab.Kubeconfig)
	namespace := lab.Service + "-written"
	k.create("namespaces", "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+namespace+"}\n")
	var before []*unstructured.Unstructured
	for _, o := range mixed(t, seed, namespace) {
		made, err := k.ofKind(o).Create(t.Context(), o, metav1.CreateOptions{FieldManager: "kubectl-create"})
		if err != nil {
			t.Fatalf("create %s %s: %v", o.GetKind(), o.GetName(), err)
		}
		t.Cleanup(func() { k.remove(o.GetAPIVersion(), resourceOf(o), namespace, o.GetName()) })
		before = append(before, k.get(made))
	}

	configuration, said := runWrite(t, 0, "--kubeconfig", lab.Kubeconfig, namespace)
	if strings.Contains(configuration, "= null") {
		t.Error("what is not set is written")
	}
	wantWritten(t, namespace, configuration, said)
	again, _ := runWrite(t, 0, "--kubeconfig", lab.Kubeconfig, namespace)
	if diff := cmp.Diff(configuration, again); diff != "" {
		t.Errorf("the second time something else is written (-first +second):\n%s", diff)
	}
	w := newWorkspace(t, lab.In(namespace), form{}, "")
	w.write("")
	path := w.cli.write("written.tf", configuration)
	w.must("fmt", "-check", path)
	w.must("plan", "-out=saved.tfplan")
	plan := &tfjson.Plan{}
	w.show(plan, "saved.tfplan")
	for _, change := range plan.ResourceChanges {
		if change.Change.Importing == nil || !change.Change.Actions.NoOp() {
			t.Errorf("%s: actions %v (-before +after):\n%s", change.Address, change.Change.Actions,
				cmp.Diff(change.Change.Before, change.Change.After))
		}
	}
	if blocks := len(resourceBlock.FindAllString(configuration, -1)); blocks != len(plan.ResourceChanges) {
		t.Errorf("%d resources are written, and %d planned", blocks, len(plan.ResourceChanges))
	}
	w.must("apply", "saved.tfplan")
	w.unchanged()
	for _, was := range before {
		if diff := cmp.Diff(was.Object, k.get(was).Object); diff != "" {
			t.Errorf("%s %s (-was +is):\n%s", was.GetKind(), was.GetName(), diff)
		}
	}
	t.Logf("%d objects, %d resources: %s", len(before), len(plan.ResourceChanges), said[len(said)-1])
}

// runWrite runs the command, and returns what it prints and the lines that it says on standard error.
func runWrite(t *testing.T, code int, arguments ...string) (configuration string, said []string) {
	t.Helper()
	var out, errors bytes.Buffer
	if got := write.Run(arguments, provider.OpenWrite("test"), &out, &errors); got != code {
		t.Fatalf("write %s ends with %d, want %d:\n%s", strings.Join(arguments, " "), got, code, errors.String())
	}
	return out.String(), strings.Split(strings.TrimSpace(errors.String()), "\n")
}

// mixed returns objects of many kinds: those of testdata/written.yaml, random tables as tests of requests have them,
// and random objects.
func mixed(t *testing.T, seed uint64, namespace string) (all []*unstructured.Unstructured) {
	t.Helper()
	text, err := os.ReadFile("testdata/written.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for document := range strings.SplitSeq(strings.ReplaceAll(string(text), "NAMESPACE", namespace), "\n---\n") {
		o := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict([]byte(document), &o.Object); err != nil {
			t.Fatalf("%v\n%s", err, document)
		}
		o.SetAPIVersion(istio.APIVersion)
		o.SetNamespace(namespace)
		all = append(all, o)
	}
	var drawn []*istio.Object
	// Every eighth seed draws what a mesh_canary_route says.
	for i, draw := range []uint64{0, 2, 4, 5, 6, 7, 15, 23, 31} {
		table := tables.Draw(seed-seed%8+draw, tables.Options{
			Service: fmt.Sprintf("table-%d", i), Namespace: namespace, Elsewhere: "default", Port: 80, OtherPort: 81,
			Gateway: namespace + "/web", GatewayPort: 80,
			Callers: []tables.Caller{{Namespace: namespace, Labels: map[string]string{"app": "a"}}},
		})
		for _, o := range slices.Concat(table.Services, table.Rules) {
			if o.Namespace == namespace {
				drawn = append(drawn, o)
			}
		}
	}
	drawn = append(drawn, acceptance.RandomObjects(t, seed, namespace, 5000, mixedObjects-len(all)-len(drawn))...)
	for _, o := range drawn {
		manifest, err := istio.Manifest(o)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, &unstructured.Unstructured{Object: manifest})
	}
	return all
}

// wantWritten checks what becomes of the objects of testdata/written.yaml, and what is said of them.
func wantWritten(t *testing.T, namespace, configuration string, said []string) {
	t.Helper()
	types := map[string][]string{}
	for _, block := range resourceBlock.FindAllStringSubmatch(configuration, -1) {
		types[block[2]] = append(types[block[2]], strings.TrimPrefix(block[1], "mesh_"))
	}
	maps.DeleteFunc(types, func(name string, _ []string) bool {
		return strings.HasPrefix(name, "table_") || strings.HasPrefix(name, "random_")
	})
	canary, both := []string{"canary_route"}, []string{"virtual_service", "destination_rule"}
	rule, service := []string{"destination_rule"}, []string{"virtual_service"}
	if diff := cmp.Diff(map[string][]string{
		"older_mirror": canary, "older_delay": canary, "two": canary, "some_requests": {"weighted_split"},
		"declared_elsewhere": canary, "empty_text": service,
		"one_namespace": both, "no_default": both, "dead_rules": both, "a_second": service, "a_third": service,
		"_0_for_each": rule, "for": rule, "same_name": rule,
		strings.ReplaceAll(namespace, "-", "_") + "_same_name": rule,
	}, types); diff != "" {
		t.Errorf("resources (-want +got):\n%s\n%s", diff, strings.Join(said, "\n"))
	}
	not := func(name, reason string) string {
		return fmt.Sprintf("VirtualService \"%s/%s\" is not written as a mesh_canary_route: %s", namespace, name,
			reason)
	}
	for _, want := range []string{
		not("a-second", `its DestinationRule "two" is that of "two".`),
		not("one-namespace", "The objects hold what a mesh_canary_route cannot express, and what the next apply would "+
			"take away or change: DestinationRule spec.exportTo."),
		not("empty-text", "The objects hold what a mesh_canary_route cannot express, and what the next apply would "+
			"take away or change: VirtualService spec.tcp."),
		not("dead-rules", fmt.Sprintf("In VirtualService \"%s/dead-rules\" http[0] takes every request, so that none "+
			"reaches the rules after it, and a mesh_canary_route ends with such a rule, default.", namespace)),
		fmt.Sprintf("DestinationRule \"%s/taken\" is left out: the workspace \"shop/prod\" has it already. --all "+
			"writes it.", namespace),
		fmt.Sprintf("DestinationRule \"%s/for\" belongs to Helm (annotation \"meta.helm.sh/release-name\"), which "+
			"does not know of Terraform: the next upgrade of its release writes the object again; take it out of the "+
			"chart first.", namespace),
	} {
		if !slices.Contains(said, "Warning: "+want) {
			t.Errorf("it is not said that %s\n%s", want, strings.Join(said, "\n"))
		}
	}
}
