package acceptance_test

import (
	"strings"
	"testing"
)

// An error in a rule shows the rule and its line, and one in a subset the subset.
func TestAccLines(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	c.configure(`config_path = "none"`, `
resource "mesh_canary_route" "test" {
  service = "greeter"
  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v 2" } }
  }
  rules = [
    { match = [{ headers = { version = { exact = "200" } } }], subset = "v2" },
    { match = [{ headers = { version = { exact = "300" } } }], subset = "v9" },
  ]
  default = { weights = { v1 = 90, v2 = 20 } }
}
`)
	r := c.run("plan")
	for text, code := range map[string]string{
		`subsets["v2"].labels["version"]: `: "v2 = ",
		"rules[1].subset: ":                 `exact = "300"`,
		"default.weights: ":                 "default = ",
	} {
		found := false
		for _, d := range r.Diagnostics {
			if strings.HasPrefix(d.Detail, text) {
				found = d.Snippet != nil && strings.Contains(d.Snippet.Code, code)
			}
		}
		if !found {
			t.Errorf("what begins with %q is not shown at %q:\n%s", text, code, r.text)
		}
	}
}
