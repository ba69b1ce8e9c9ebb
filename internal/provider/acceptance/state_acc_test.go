package acceptance_test

import (
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// update writes what is missing in testdata/state. What is there is what some version of the provider wrote, and is
// never written again: a change of the schema comes with a folder of its own.
var update = flag.Bool("update-states", false, "write missing golden states")

// writer is a provider that was built before: go test -update-states -states-by=/path/to/terraform-provider-mesh
// writes what users of that version have.
var writer = flag.String("states-by", "", "the provider that writes missing golden states, in place of this one")

const goldenNamespace = "golden-states"

// goldenOwners are the owners of the workspaces in each folder of testdata/state.
var goldenOwners = map[string]string{"v0": "", "53a2584": "shop/prod"}

// golden is a state that an older version of the provider wrote, and the objects that it is about.
type golden struct {
	t *testing.T
	// name is the path of the files without their ends: the configuration, .tf, what it made of a cluster, .tfstate
	// and .yaml, and, in .before.yaml, objects that kubectl had made there.
	name string
	lab  *acctest.Lab
}

// goldenObject is what the tests look at by kind and name.
type goldenObject struct{ kind, name string }

// uid stands in a golden state for that of a live object.
func (o goldenObject) uid() string { return "UID-OF-" + o.kind + "/" + goldenNamespace + "/" + o.name }

// objects returns the objects of a file, each with its manifest.
func (g golden) objects(file string) map[goldenObject]string {
	g.t.Helper()
	all := map[goldenObject]string{}
	for manifest := range strings.SplitSeq(readFileOrNone(file), "---\n") {
		var o struct {
			Kind     string
			Metadata struct{ Name string }
		}
		if err := yaml.Unmarshal([]byte(manifest), &o); err != nil {
			g.t.Fatalf("read %s: %v", file, err)
		}
		if o.Kind != "" {
			all[goldenObject{o.Kind, o.Metadata.Name}] = manifest
		}
	}
	return all
}

// before makes the objects that were there before the provider came, and returns what they were.
func (g golden) before() map[goldenObject]any {
	g.t.Helper()
	specs := map[goldenObject]any{}
	for o, manifest := range g.objects(g.name + ".before.yaml") {
		specs[o] = g.lab.Create(manifest).Object["spec"]
	}
	return specs
}

// write keeps the state of a workspace, with its private parts readable, and the live objects.
func (g golden) write(w *workspace) {
	g.t.Helper()
	var state map[string]any
	g.decode([]byte(readFile(g.t, filepath.Join(w.dir, "terraform.tfstate"))), &state)
	var names, manifests []string
	g.private(state, func(private any) any {
		var raw []byte
		var keys map[string][]byte
		g.decode([]byte(asJSON(g.t, private)), &raw)
		g.decode(raw, &keys)
		readable := map[string]json.RawMessage{}
		for key, value := range keys {
			readable[key] = value
		}
		var seen map[string]any
		g.decode(keys["seen"], &seen)
		for _, at := range slices.Sorted(maps.Keys(seen)) {
			kind, name, _ := strings.Cut(at, "/"+goldenNamespace+"/")
			o := goldenObject{kind, name}
			names = append(names, string(g.lab.MustGet(kind, name).GetUID()), o.uid())
			manifests = append(manifests, g.lab.ManifestYAML(kind, name))
		}
		return readable
	})
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		g.t.Fatal(err)
	}
	writeFile(g.t, g.name+".tfstate", strings.NewReplacer(names...).Replace(string(text))+"\n")
	writeFile(g.t, g.name+".yaml", strings.Join(manifests, "---\n"))
}

// restore makes the objects as the older version did, and gives its state to a workspace.
func (g golden) restore(w *workspace) {
	g.t.Helper()
	var names []string
	for o, manifest := range g.objects(g.name + ".yaml") {
		g.lab.ApplyAs("terraform-provider-mesh", manifest)
		names = append(names, o.uid()+"\"", string(g.lab.MustGet(o.kind, o.name).GetUID())+"\"")
	}
	var state map[string]any
	g.decode([]byte(strings.NewReplacer(names...).Replace(readFile(g.t, g.name+".tfstate"))), &state)
	g.private(state, func(private any) any {
		keys := map[string][]byte{}
		for key, value := range private.(map[string]any) {
			keys[key] = []byte(asJSON(g.t, value))
		}
		return []byte(asJSON(g.t, keys))
	})
	w.cli.write("terraform.tfstate", asJSON(g.t, state))
}

// managers returns who wrote which fields of each object, and how, but not when.
func (g golden) managers() map[goldenObject][]metav1.ManagedFieldsEntry {
	g.t.Helper()
	all := map[goldenObject][]metav1.ManagedFieldsEntry{}
	for o := range g.objects(g.name + ".yaml") {
		for _, entry := range g.lab.MustGet(o.kind, o.name).GetManagedFields() {
			entry.Time = nil
			all[o] = append(all[o], entry)
		}
	}
	return all
}

// private changes the private part of every resource in a state.
func (g golden) private(state map[string]any, change func(any) any) {
	g.t.Helper()
	for _, resource := range state["resources"].([]any) {
		for _, one := range resource.(map[string]any)["instances"].([]any) {
			instance := one.(map[string]any)
			instance["private"] = change(instance["private"])
		}
	}
}

func (g golden) decode(raw []byte, into any) {
	g.t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		g.t.Fatalf("read golden state: %v", err)
	}
}

// make lets the provider of -states-by, or this one, apply the configuration, and keeps what that made. Restored, it
// has to be just that, down to who owns which field.
func (g golden) make(configuration, owner string) {
	g.t.Helper()
	w := newWorkspace(g.t, g.lab, canaryForm, owner)
	if *writer != "" {
		w.cli = newCLI(g.t)
		plugin := filepath.Join(w.dir, "plugins", "terraform-provider-mesh")
		if err := errors.Join(os.Remove(plugin), os.Symlink(*writer, plugin)); err != nil {
			g.t.Fatal(err)
		}
	}
	g.t.Cleanup(g.clear)
	g.before()
	w.write(configuration)
	w.must("apply")
	w.unchanged()
	g.write(w)
	wrote := g.managers()
	w.must("destroy")
	g.clear()
	g.before()
	g.restore(w)
	if diff := cmp.Diff(wrote, g.managers()); diff != "" {
		g.t.Errorf("who owns what (-by the older version +restored):\n%s", diff)
	}
	g.clear()
}

// clear removes what is left of the objects.
func (g golden) clear() {
	g.t.Helper()
	for _, file := range []string{".yaml", ".before.yaml"} {
		for o := range g.objects(g.name + file) {
			if g.lab.Get(o.kind, o.name) != nil {
				g.lab.Delete(o.kind, o.name)
			}
		}
	}
}

// TestAccState_golden: this version has nothing to do where an older one was, reads its state with and without a
// refresh, and can change and delete what it made.
func TestAccState_golden(t *testing.T) { //nolint:tparallel // one version after the other
	t.Parallel()
	lab := acctest.Start(t)
	newKube(t, lab.Kubeconfig).create("namespaces",
		"apiVersion: v1\nkind: Namespace\nmetadata: {name: "+goldenNamespace+"}\n")
	folders, err := filepath.Glob("testdata/state/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("find golden states: %v", err)
	}
	for _, folder := range folders {
		// Routes of two versions are for the same services.
		t.Run(filepath.Base(folder), func(t *testing.T) {
			owner, known := goldenOwners[filepath.Base(folder)]
			configurations, err := filepath.Glob(filepath.Join(folder, "*.tf"))
			if !known || err != nil || len(configurations) == 0 {
				t.Fatalf("%s has %d configurations, and is in goldenOwners: %t", folder, len(configurations), known)
			}
			for _, file := range configurations {
				name := strings.TrimSuffix(file, ".tf")
				t.Run(filepath.Base(name), func(t *testing.T) {
					t.Parallel()
					g := golden{t, name, lab.In(goldenNamespace)}
					if _, err := os.Stat(name + ".tfstate"); *update && os.IsNotExist(err) {
						g.make(readFile(t, file), owner)
					}
					g.upgrade(readFile(t, file), owner)
				})
			}
		})
	}
}

// upgrade puts an older version's state and objects in place, and goes on with them.
func (g golden) upgrade(configuration, owner string) {
	g.t.Helper()
	w := newWorkspace(g.t, g.lab, canaryForm, owner)
	g.t.Cleanup(g.clear)
	// The one thing that has to be written in another way since then.
	configuration = strings.Replace(configuration, "any = {}", "any = { present = true }", 1)
	w.write(configuration)
	before := g.before()
	g.restore(w)
	var checks []func()
	for o := range g.objects(g.name + ".yaml") {
		checks = append(checks, untouched(g.t, g.lab, o.kind, o.name))
	}
	for _, arguments := range [][]string{{"plan", "-refresh=false"}, {"plan"}} {
		if r := w.run(append(arguments, "-detailed-exitcode")...); !r.ok {
			g.t.Errorf("terraform %s is not empty:\n%s", strings.Join(arguments, " "), r.text)
		}
	}
	w.must("apply")
	for _, check := range checks {
		check()
	}
	w.write(strings.ReplaceAll(configuration, "version = \"v2\"", "version = \"v3\""))
	w.must("apply", "-refresh=false")
	w.unchanged()
	w.must("destroy")
	for o := range g.objects(g.name + ".yaml") {
		is := g.lab.Get(o.kind, o.name)
		was, stood := before[o]
		switch {
		case is != nil && !stood:
			g.t.Errorf("the %s %s is left", o.kind, o.name)
		case is == nil && stood:
			g.t.Errorf("the %s %s, which was there before, is gone", o.kind, o.name)
		case is != nil:
			if diff := cmp.Diff(was, is.Object["spec"]); diff != "" {
				g.t.Errorf("the %s %s (-as it was before +now):\n%s", o.kind, o.name, diff)
			}
		}
	}
}
