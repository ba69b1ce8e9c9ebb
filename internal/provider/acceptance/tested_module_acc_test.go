package acceptance_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// testedModuleIn copies the module of the guide into a working directory, with parts of its files replaced.
func testedModuleIn(t *testing.T, c *cli, change func(text string) string) {
	t.Helper()
	folderIn(t, c, "../../../examples/tested-module", change)
}

// TestAccTestedModule runs the tests of the module of the guide where there is no cluster. They pass, and they fail
// when the module is broken, each break in the way that it should.
func TestAccTestedModule(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	testedModuleIn(t, c, strings.Clone)
	if r := c.run("test", "-no-color"); !r.ok || !strings.Contains(r.text, " 0 failed") {
		t.Fatalf("the tests fail:\n%s", r.text)
	}
	for name, test := range map[string]struct{ before, after, say string }{
		"the weights are the wrong way round": {
			"v1 = null, v2 = var.canary_percent",
			"v1 = var.canary_percent, v2 = null",
			"A canary gets at most 50 %: Rule http[2]: all other requests: v1 10 %, v2 90 %.",
		},
		"checkouts get the new version": {
			`"/checkout/" } }], subset = "v1"`,
			`"/checkout/" } }], subset = "v2"`,
			`checkout: Rule http[1] "checkout": requests with path starting with /checkout/ go to v2, timeout 5s.`,
		},
		"testers get the old version": {`subset = "v2" }`, `subset = "v1" }`, "testers get the new version"},
		"the header has another name": {"x-tester", "x-test", "testers get the new version"},
		"the checkout is the last": {
			`{ name = "checkout", match = [{ uri = { prefix = "/checkout/" } }], subset = "v1", timeout = "5s" },`,
			"",
			"a checkout has a rule of its own",
		},
		"the check lets everything pass": {`<= 50`, "<= 100", "check.canary"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCLI(t)
			replaced := false
			testedModuleIn(t, c, func(text string) string {
				if strings.Contains(text, "\nresource ") && strings.Contains(text, test.before) {
					replaced = true
					return strings.Replace(text, test.before, test.after, 1)
				}
				return text
			})
			if !replaced {
				t.Fatalf("the module does not hold %q", test.before)
			}
			r := c.run("test", "-no-color")
			if r.ok || !strings.Contains(strings.Join(strings.Fields(r.text), " "), test.say) {
				t.Errorf("the tests do not fail with %q:\n%s", test.say, r.text)
			}
		})
	}
}

var mock = regexp.MustCompile(`(?s)mock_provider "mesh" \{(\}|.*?\n\})\n`)

// TestAccTestedModule_cluster runs the same tests with the provider itself, which plans against a cluster.
func TestAccTestedModule_cluster(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	c := newCLI(t, "KUBE_CONFIG_PATH="+lab.Kubeconfig)
	mocks := 0
	testedModuleIn(t, c, func(text string) string {
		mocks += len(mock.FindAllString(text, -1))
		text = strings.NewReplacer(`service   = "greeter"`, `service = "`+lab.Service+`"`, `"greeter"`,
			`"`+lab.Namespace+`"`).Replace(text)
		return mock.ReplaceAllString(text, "")
	})
	if mocks != 3 {
		t.Fatalf("%d mocks were taken out, want 3", mocks)
	}
	if r := c.run("test", "-no-color"); !r.ok || !strings.Contains(r.text, " 0 failed") {
		t.Errorf("the tests fail:\n%s", r.text)
	}
	if left := lab.Get(acctest.VirtualService, lab.Service); left != nil {
		t.Error("a test with command = plan made an object")
	}
}
