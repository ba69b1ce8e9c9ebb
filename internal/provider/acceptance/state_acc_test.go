package acceptance_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// update writes what is missing in testdata/state. What is there is what some version of the provider wrote, and is
// never written again: a change of the schema comes with a folder of its own.
var update = flag.Bool("update-states", false, "write missing golden states")

const goldenNamespace = "golden-states"

// golden is a state that an older version of the provider wrote, and the objects that it is about.
type golden struct {
	t *testing.T
	// name is the path of the files without their ends, which are .tf, .tfstate and .yaml. The objects are called as
	// the files are.
	name string
	lab  *acctest.Lab
}

// uid stands in a golden state for that of a live object.
func uid(kind string) string { return "UID-OF-" + kind }

// write keeps the state of a workspace, with its private parts readable, and the live objects.
func (g golden) write(w *workspace) {
	g.t.Helper()
	object := filepath.Base(g.name)
	var state map[string]any
	g.decode([]byte(readFile(g.t, filepath.Join(w.dir, "terraform.tfstate"))), &state)
	g.private(state, func(private any) any {
		var raw []byte
		var keys map[string][]byte
		g.decode([]byte(asJSON(g.t, private)), &raw)
		g.decode(raw, &keys)
		readable := map[string]json.RawMessage{}
		for key, value := range keys {
			readable[key] = value
		}
		return readable
	})
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		g.t.Fatal(err)
	}
	var manifests, names []string
	for _, kind := range bothKinds {
		names = append(names, string(g.lab.MustGet(kind, object).GetUID()), uid(kind))
		manifests = append(manifests, g.lab.ManifestYAML(kind, object))
	}
	writeFile(g.t, g.name+".tfstate", strings.NewReplacer(names...).Replace(string(text))+"\n")
	writeFile(g.t, g.name+".yaml", strings.Join(manifests, "---\n"))
}

// restore makes the objects as the older version did, and gives its state to a workspace.
func (g golden) restore(w *workspace) {
	g.t.Helper()
	object := filepath.Base(g.name)
	for _, manifest := range strings.Split(readFile(g.t, g.name+".yaml"), "---\n") {
		g.lab.ApplyAs("terraform-provider-mesh", manifest)
	}
	var names []string
	for _, kind := range bothKinds {
		names = append(names, uid(kind), string(g.lab.MustGet(kind, object).GetUID()))
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

// TestAccState_golden: this version has nothing to do where an older one was, reads its state with and without a
// refresh, and can change and delete what it made.
func TestAccState_golden(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	newKube(t, lab.Kubeconfig).create("namespaces",
		"apiVersion: v1\nkind: Namespace\nmetadata: {name: "+goldenNamespace+"}\n")
	configurations, err := filepath.Glob("testdata/state/*/*.tf")
	if err != nil || len(configurations) == 0 {
		t.Fatalf("find golden states: %v", err)
	}
	for _, file := range configurations {
		name := strings.TrimSuffix(file, ".tf")
		object := filepath.Base(name)
		t.Run(filepath.Base(filepath.Dir(name))+" "+object, func(t *testing.T) {
			t.Parallel()
			g := golden{t, name, lab.In(goldenNamespace)}
			w := newWorkspace(t, lab, canaryForm, "")
			w.write(readFile(t, file))
			if _, err := os.Stat(name + ".tfstate"); *update && os.IsNotExist(err) {
				w.must("apply")
				g.write(w)
				w.must("destroy")
			}
			g.restore(w)
			var checks []func()
			for _, kind := range bothKinds {
				checks = append(checks, untouched(t, g.lab, kind, object))
			}
			for _, arguments := range [][]string{{"plan", "-refresh=false"}, {"plan"}} {
				if r := w.run(append(arguments, "-detailed-exitcode")...); !r.ok {
					t.Errorf("terraform %s is not empty:\n%s", strings.Join(arguments, " "), r.text)
				}
			}
			w.must("apply")
			for _, check := range checks {
				check()
			}
			w.write(strings.Replace(readFile(t, file), "version = \"v2\"", "version = \"v3\"", 1))
			w.must("apply", "-refresh=false")
			w.unchanged()
			w.must("destroy")
			for _, kind := range bothKinds {
				if g.lab.Get(kind, object) != nil {
					t.Errorf("the %s is left", kind)
				}
			}
		})
	}
}
