package acceptance_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// validate checks a configuration without a cluster.
func (c *cli) validate(configuration string) result {
	c.t.Helper()
	c.configure("", configuration)
	var validated struct{ Diagnostics []diagnostic }
	r := c.run("validate", "-json")
	if err := json.Unmarshal([]byte(r.text), &validated); err != nil {
		c.t.Fatalf("%v in\n%s", err, r.text)
	}
	r.Diagnostics = validated.Diagnostics
	return r
}

// TestAccMisspelt: what is empty without the names that Terraform drops is an error that asks for them, and where it
// says something, there is another way to say that.
func TestAccMisspelt(t *testing.T) {
	t.Parallel()
	const misspelt = "; is a name misspelt? Terraform drops those that it does not know."
	for name, test := range map[string]struct {
		before, after string
		says          string
	}{
		"a match": {
			`headers =`, `header =`, "rules[1].match[0]: has no condition, and takes every request" + misspelt,
		},
		"a header's match": {
			`exact = "200"`, `exacts = "200"`,
			`rules[1].match[0].headers["version"]: is empty; write present = true if ` +
				`any value will do, and else look for a misspelt name: Terraform drops those that it does not know.`,
		},
		"a match of the path": {
			`headers = {`, `uri = { prefixes = "/" }, headers = {`,
			"rules[1].match[0].uri: needs one of exact, prefix and regex" + misspelt,
		},
		"the matches of a rule": {
			`match = [{ headers = { version = { exact = "200"`, `matches = [{ headers = { version = { exact = "200"`,
			"rules[1].match: needs an entry: what takes every request is default" + misspelt,
		},
		"the subset of a rule": {
			`subset = "v2"`, `subsets = "v2"`, "rules[1]: needs a subset, or weights for several of them" + misspelt,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, rule, _ := strings.Cut(validRoute, ruleOneStart)
			changed := strings.Replace(ruleOneStart+rule, test.before, test.after, 1)
			r := newCLI(t).validate("resource \"mesh_canary_route\" \"test\" {\n" + before + changed + "}\n")
			var errors []string
			for _, d := range r.Diagnostics {
				if d.Severity == "error" {
					errors = append(errors, d.Detail)
				}
			}
			if diff := cmp.Diff([]string{test.says}, errors); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

// ruleOneStart is where the second rule of validRoute begins.
const ruleOneStart = `  { match = [{ headers = { version = { exact = "200"`

// TestAccImport_presence: a match that asks for no value, and one without conditions, import as the form says them
// and change nothing.
func TestAccImport_presence(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		lab.Create(strings.NewReplacer(
			`version: {exact: "200"}`, "version: {}", "  - route: [", "  - match: [{}]\n    route: [",
		).Replace(f.handMade(handMadeVirtualService)))
		lab.Create(handMadeDestinationRule)
		untouched := nobodyTouched(t, lab)
		w := newWorkspace(t, lab, f, "")
		present := parts{match: `[{ headers = { version = { present = true } } }]`}
		w.write(f.with(present) + fmt.Sprintf("import {\n  to = %s\n  id = \"%s/%s\"\n}\n", f.address,
			lab.Namespace, lab.Service))
		if change, r := w.plan(); !change.Actions.NoOp() {
			t.Errorf("the plan is not empty: %v\n%s", change, r)
		}
		w.must("apply", "saved.tfplan")
		w.declare(present)
		w.unchanged()
		untouched()
	})
}

// TestAccPresence_kept: what an earlier version has kept of a match that asks for no value is an empty object. The
// state changes, and no object does.
func TestAccPresence_kept(t *testing.T) {
	bothForms(t, func(t *testing.T, f form) {
		lab := acctest.Start(t)
		w := newWorkspace(t, lab, f, "")
		w.apply(parts{match: `[{ headers = { version = { present = true } } }]`})
		untouched := nobodyTouched(t, lab)

		state := filepath.Join(w.dir, "terraform.tfstate")
		kept := strings.ReplaceAll(readFile(t, state), `"present": true,`, "")
		if strings.Contains(kept, `"present": true`) || os.WriteFile(state, []byte(kept), 0o600) != nil {
			t.Fatalf("the state is not that of an earlier version:\n%s", kept)
		}
		if change, r := w.plan(); !change.Actions.Update() {
			t.Errorf("the plan does not write down how it is said now: %v\n%s", change, r)
		}
		w.must("apply", "saved.tfplan")
		w.unchanged()
		untouched()
	})
}
