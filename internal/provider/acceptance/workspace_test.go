package acceptance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

var bothKinds = []string{acctest.DestinationRule, acctest.VirtualService}

// bothForms runs a test with either resource.
func bothForms(t *testing.T, test func(*testing.T, form)) {
	t.Helper()
	t.Parallel()
	for _, f := range []form{canaryForm, splitForm} {
		t.Run(strings.TrimSuffix(f.address, ".test"), func(t *testing.T) {
			t.Parallel()
			test(t, f)
		})
	}
}

// workspace is a Terraform working directory for one resource of a lab.
type workspace struct {
	*cli
	lab *acctest.Lab
	f   form
	// block are further attributes of the provider block.
	block string
}

func newWorkspace(t *testing.T, lab *acctest.Lab, f form, owner string) *workspace {
	t.Helper()
	w := &workspace{cli: newCLI(t, reattach(t)), lab: lab, f: f}
	w.own(owner)
	return w
}

// own gives the workspace an owner; an empty one is none.
func (w *workspace) own(owner string) {
	if w.block = ""; owner != "" {
		w.block = fmt.Sprintf("owner = %q", owner)
	}
}

// declare writes a configuration of the form's resource.
func (w *workspace) declare(p parts) { w.write(w.f.with(p)) }

// write writes a configuration with these resources.
func (w *workspace) write(resources string) {
	w.t.Helper()
	connection := fmt.Sprintf("  config_path = %q\n", w.lab.Kubeconfig)
	if strings.Contains(w.block, "host =") || strings.Contains(w.block, "config_path =") {
		connection = ""
	}
	w.configure(fmt.Sprintf("%s  default_namespace = %q\n  propagation = { settle = \"0s\" }\n  %s\n", connection,
		w.lab.Namespace, w.block),
		fmt.Sprintf("locals {\n  service   = %q\n  namespace = %q\n  host      = %q\n}\n%s", w.lab.Service,
			w.lab.Namespace, w.lab.Host, resources))
}

// apply applies the form's configuration with changed parts.
func (w *workspace) apply(p parts) result {
	w.t.Helper()
	w.declare(p)
	return w.must("apply")
}

// plan plans, keeps the plan for an apply of saved.tfplan, and returns what it does with the resource.
func (w *workspace) plan() (*tfjson.Change, result) {
	w.t.Helper()
	r := w.must("plan", "-out=saved.tfplan")
	plan := &tfjson.Plan{}
	w.show(plan, "saved.tfplan")
	for _, change := range plan.ResourceChanges {
		if change.Address == w.f.address {
			return change.Change, r
		}
	}
	w.t.Fatalf("%s is not in the plan:\n%s", w.f.address, r)
	return nil, r
}

// show reads the state, or a saved plan.
func (c *cli) show(into json.Unmarshaler, plan ...string) {
	c.t.Helper()
	shown := c.must(append([]string{"show", "-json"}, plan...)...).text
	// The command may have warned of something before.
	_, object, _ := strings.Cut(shown, "{")
	if err := json.Unmarshal([]byte("{"+object), into); err != nil {
		c.t.Fatalf("read what terraform shows: %v\n%s", err, shown)
	}
}

// unchanged checks that there is nothing to do.
func (w *workspace) unchanged() {
	w.t.Helper()
	if r := w.run("plan", "-detailed-exitcode"); !r.ok {
		w.t.Errorf("the plan is not empty:\n%s", r.text)
	}
}

// attribute returns an attribute of the resource in the state, as JSON.
func (w *workspace) attribute(name string) string {
	w.t.Helper()
	state := &tfjson.State{}
	w.show(state)
	if state.Values != nil {
		for _, r := range state.Values.RootModule.Resources {
			if r.Address == w.f.address {
				return asJSON(w.t, r.AttributeValues[name])
			}
		}
	}
	w.t.Fatalf("%s is not in the state", w.f.address)
	return ""
}

// wantAttribute checks an attribute of the resource in the state, given as JSON.
func (w *workspace) wantAttribute(name, want string) {
	w.t.Helper()
	if got := w.attribute(name); got != want {
		w.t.Errorf("%s is %s, want %s", name, got, want)
	}
}

// of returns an attribute of one side of a planned change, as JSON.
func of(t *testing.T, side any, name string) string {
	t.Helper()
	attributes, _ := side.(map[string]any)
	return asJSON(t, attributes[name])
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// nobodyTouched returns a check that not a byte of either object has changed.
func nobodyTouched(t *testing.T, lab *acctest.Lab) func() {
	t.Helper()
	first, second := untouched(t, lab, bothKinds[0], lab.Service), untouched(t, lab, bothKinds[1], lab.Service)
	return func() {
		t.Helper()
		first()
		second()
	}
}

// uids returns which objects of the test's name are there.
func uids(lab *acctest.Lab) map[string]types.UID {
	all := map[string]types.UID{}
	for _, kind := range bothKinds {
		if o := lab.Get(kind, lab.Service); o != nil {
			all[kind] = o.GetUID()
		}
	}
	return all
}

// wantUIDs checks that the objects are the same ones as before.
func wantUIDs(t *testing.T, lab *acctest.Lab, want map[string]types.UID) {
	t.Helper()
	if diff := cmp.Diff(want, uids(lab)); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

// updateAs changes an object as another client does: it reads, changes and updates until nobody was faster.
func updateAs(
	ctx context.Context, k *kube, lab *acctest.Lab, manager, kind string, change func(*unstructured.Unstructured),
) error {
	objects := k.objects("networking.istio.io/v1", strings.ToLower(kind)+"s", lab.Namespace)
	for {
		o, err := objects.Get(ctx, lab.Service, metav1.GetOptions{})
		if err != nil {
			return err
		}
		change(o)
		if _, err = objects.Update(ctx, o, metav1.UpdateOptions{FieldManager: manager}); !apierrors.IsConflict(err) {
			return err
		}
	}
}

// specOf returns the spec of an object.
func specOf(o *unstructured.Unstructured) map[string]any { return o.Object["spec"].(map[string]any) }

// handMadePair makes both objects with kubectl as the form's configuration wants them, with short host names, labels
// and annotations of its maker's, and a timeout that the configuration does not have.
func (f form) handMadePair(lab *acctest.Lab) {
	for _, manifest := range []string{handMadeDestinationRule, handMadeVirtualService} {
		lab.Create(f.handMade(manifest))
	}
	for _, kind := range bothKinds {
		lab.EditObject(kind, lab.Service, func(o *unstructured.Unstructured) {
			o.SetLabels(map[string]string{"cost": "42", "team": "web"})
			o.SetAnnotations(map[string]string{"note": "by hand"})
		})
	}
	lab.Edit(acctest.VirtualService, lab.Service, func(spec map[string]any) { firstRule(spec)["timeout"] = "9s" })
}
