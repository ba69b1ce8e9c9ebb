package acceptance_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// kindOf is the kind of object that a resource owns.
var kindOf = map[string]string{
	"mesh_virtual_service":  acctest.VirtualService,
	"mesh_destination_rule": acctest.DestinationRule,
}

// objectsOf returns the live objects of the test's name.
func objectsOf(lab *acctest.Lab) map[string]*unstructured.Unstructured {
	objects := map[string]*unstructured.Unstructured{}
	for _, kind := range bothKinds {
		objects[kind] = lab.MustGet(kind, lab.Service)
	}
	return objects
}

// standIn lets Terraform start a plugin for another provider too, which it does for the schema of a resource that is
// in the state. What answers is the provider of the test: nobody asks it for that resource.
func (c *cli) standIn(address string) {
	c.t.Helper()
	executable, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	folder := filepath.Join(c.dir, "other")
	plugin := filepath.Join(folder, "terraform-provider-"+address[strings.LastIndex(address, "/")+1:])
	if err := errors.Join(os.Mkdir(folder, 0o700), os.Symlink(executable, plugin)); err != nil {
		c.t.Fatal(err)
	}
	c.write("cli.tfrc",
		fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n    %q = %q\n  }\n  direct {}\n}\n",
			sourceAddress, filepath.Join(c.dir, "plugins"), address, folder))
}

// withEmptyHeaders returns a manifest as kubernetes_manifest writes it where the configuration has headers = null, as
// in a list of which other elements have some.
func withEmptyHeaders(t *testing.T, manifest string) string {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), &o.Object); err != nil {
		t.Fatal(err)
	}
	rules, _, _ := unstructured.NestedSlice(o.Object, "spec", "http")
	for _, rule := range rules {
		rule := rule.(map[string]any)
		rule["headers"] = map[string]any{}
		for _, destination := range rule["route"].([]any) {
			destination.(map[string]any)["headers"] = map[string]any{"request": map[string]any{}}
		}
	}
	if len(rules) > 0 {
		o.Object["spec"].(map[string]any)["http"] = rules
	}
	return asJSON(t, o.Object)
}

// TestAccMove_manifests takes the state file of another provider over, with the command line: the plan only moves,
// the apply writes nothing to the cluster, and the next plan is empty. The first change after that takes the fields
// from the other provider.
func TestAccMove_manifests(t *testing.T) {
	t.Parallel()
	manifests := map[string]string{}
	for _, source := range readOtherStates(t)["gavinbunney-kubectl-1.19.0"] {
		var attributes struct {
			YAML string `json:"yaml_body"`
		}
		if err := json.Unmarshal(source.Instances[0].Attributes, &attributes); err != nil {
			t.Fatal(err)
		}
		manifests[source.becomes()] = attributes.YAML
	}
	for name, sources := range readOtherStates(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			ours := strings.NewReplacer("reviews", lab.Service, "greeter", lab.Namespace)
			c := newCLI(t, reattach(t))
			c.standIn(sources[0].address())
			c.write("terraform.tfstate", ours.Replace(readFile(t, "testdata/moved/"+name+".tfstate")))
			configuration := ""
			for _, source := range sources {
				to := source.becomes()
				manifest := ours.Replace(manifests[to])
				if source.Type == "kubernetes_manifest" {
					manifest = withEmptyHeaders(t, manifest)
				}
				lab.ApplyAs("other-provider", manifest)
				configuration += fmt.Sprintf(
					"resource %q \"test\" {\n%s\n}\n\nmoved {\n  from = %s.%s\n  to   = %s.test\n}\n\n",
					to, ours.Replace(wantMoved[to]), source.Type, source.Name, to,
				)
			}
			unwritten := nobodyTouched(t, lab)
			provider := fmt.Sprintf("config_path = %q\n propagation = { settle = \"0s\" }", lab.Kubeconfig)
			c.configure(provider, configuration)

			c.must("plan", "-out=saved.tfplan")
			plan := &tfjson.Plan{}
			c.show(plan, "saved.tfplan")
			moved := map[string]string{}
			for _, change := range plan.ResourceChanges {
				if !change.Change.Actions.NoOp() {
					t.Errorf("the plan has %v for %s: %s", change.Change.Actions, change.Address,
						asJSON(t, change.Change))
				}
				moved[change.PreviousAddress] = change.Address
			}
			want := map[string]string{}
			for _, source := range sources {
				want[source.Type+"."+source.Name] = source.becomes() + ".test"
			}
			if diff := cmp.Diff(want, moved); diff != "" {
				t.Errorf("moves (-want +got):\n%s", diff)
			}
			c.must("apply", "saved.tfplan")
			unwritten()
			if r := c.run("plan", "-detailed-exitcode"); !r.ok {
				t.Errorf("the second plan is not empty:\n%s", r.text)
			}

			// The first change takes over what the other provider wrote, or removes it.
			was := objectsOf(lab)
			c.configure(provider, strings.NewReplacer("{ team = \"shop\" }", "{ team = \"web\" }", "annotations = ",
				"# ").Replace(configuration))
			c.must("apply")
			for kind, before := range was {
				live := lab.MustGet(kind, lab.Service)
				// The spelling is the only thing that may change: Terraform writes durations in seconds.
				spelled := strings.NewReplacer("5000ms", "5s", `"headers":{},`, "", `,"headers":{"request":{}}`, "")
				if diff := cmp.Diff(spelled.Replace(asJSON(t, specOf(before))), asJSON(t, specOf(live))); diff != "" {
					t.Errorf("spec of the %s (-before +after):\n%s", kind, diff)
				}
				if diff := cmp.Diff(map[string]string{"team": "web"}, live.GetLabels()); diff != "" {
					t.Errorf("labels of the %s (-want +got):\n%s", kind, diff)
				}
				if len(live.GetAnnotations()) > 0 {
					t.Errorf("annotations of the %s are %v, want none", kind, live.GetAnnotations())
				}
			}
			if r := c.run("plan", "-detailed-exitcode"); !r.ok {
				t.Errorf("the plan after the change is not empty:\n%s", r.text)
			}
			c.configure(provider, strings.NewReplacer("weight = 90", "weight = 50", "weight = 10", "weight = 50",
				"= 100 }", "= 200 }").Replace(configuration))
			c.must("apply")
			for kind, before := range was {
				live := lab.MustGet(kind, lab.Service)
				if live.GetLabels()["team"] != "shop" || live.GetGeneration() == before.GetGeneration() {
					t.Errorf("the %s has not changed: %v", kind, live.Object)
				}
			}
			c.must("destroy")
			nothingIn(t, lab)
		})
	}
}
