package acceptance_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

const (
	validRoute = `
service = "greeter"
subsets = {
  v1 = { labels = { app = "v1" } }
  v2 = { labels = { app = "v2" } }
}
rules = [
  { match = [{ headers = { version = { exact = "100" } } }], subset = "v1" },
  { match = [{ headers = { version = { exact = "200" } } }], subset = "v2" },
]
default = { subset = "v1" }
`
	validSplit = `
service = "greeter"
match   = [{ uri = { exact = "/a.B/C" } }]
subsets = {
  v1 = { labels = { app = "v1" }, weight = 10 }
  v2 = { labels = { app = "v2" }, weight = 90 }
}
otherwise = "v1"
`
)

// change replaces a piece of a valid configuration.
type change struct{ old, new string }

// invalid is a wrong configuration: a valid one with one change. The provider says what is wrong with it, at the
// attribute at, in words that contain says.
type invalid struct {
	change change
	at     string
	says   string
	// also is where there are further errors that follow from it.
	also []string
}

var (
	ruleOne = `exact = "200" } } }], subset = "v2" }`
	// inRuleOne adds to the second rule of validRoute.
	inRuleOne = func(more string) change {
		return change{ruleOne, `exact = "200" } } }], subset = "v2", ` + more + ` }`}
	}
	// matchOne replaces the match of the second rule of validRoute.
	matchOne = func(match string) change { return change{`[{ headers = { version = { exact = "200" } } }]`, match} }
	// inSubset adds to the subset v2 of validRoute.
	inSubset = func(more string) change {
		return change{`v2 = { labels = { app = "v2" }`, `v2 = { labels = { app = "v2" }, ` + more}
	}
	top = func(more string) change { return change{`service = "greeter"`, "service = \"greeter\"\n" + more} }
)

func TestValidate_refused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	test := func(resourceType, valid string, cases map[string]invalid) {
		for name, c := range cases {
			t.Run(resourceType+"/"+name, func(t *testing.T) {
				t.Parallel()
				changed := strings.Replace(valid, c.change.old, c.change.new, 1)
				if changed == valid {
					t.Fatalf("the change does not apply: %q", c.change.old)
				}
				refused(t, s.validate(t, resourceType, changed), c)
			})
		}
	}
	test("mesh_canary_route", validRoute, invalidRoutes)
	test("mesh_weighted_split", validSplit, invalidSplits)
}

// refused checks that the errors are where they should be, and no more.
func refused(t *testing.T, diagnostics []*tfprotov6.Diagnostic, want invalid) {
	t.Helper()
	var at, texts []string
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			at = append(at, placeOf(d))
			texts = append(texts, d.Detail)
		}
	}
	if diff := cmp.Diff(append([]string{want.at}, want.also...), at); diff != "" ||
		!strings.Contains(texts[0], want.says) {
		t.Errorf("errors at (-want +got):\n%s\nof which the first contains %q:\n%s", diff, want.says,
			strings.Join(texts, "\n"))
	}
}

// placeOf returns the whole path that a diagnostic's text begins with, without quotes. What is sent beside it is as
// much of it as Terraform finds.
func placeOf(d *tfprotov6.Diagnostic) string {
	sent := pathText(d.Attribute)
	if whole, _, ok := strings.Cut(strings.ReplaceAll(d.Detail, `"`, ""), ": "); ok && sent != "" &&
		strings.HasPrefix(whole, sent) {
		return whole
	}
	return sent
}

// pathText writes an attribute's path without quotes.
func pathText(p *tftypes.AttributePath) string {
	var b strings.Builder
	for _, step := range p.Steps() {
		switch s := step.(type) {
		case tftypes.AttributeName:
			if b.Len() > 0 {
				b.WriteString(".")
			}
			b.WriteString(string(s))
		case tftypes.ElementKeyString:
			b.WriteString("[" + string(s) + "]")
		case tftypes.ElementKeyInt:
			b.WriteString("[" + string(rune('0'+int(s))) + "]")
		}
	}
	return b.String()
}

// table is a mesh_virtual_service with two rules, of which the second has a match.
func table(match string) string {
	return `
name  = "greeter"
hosts = ["greeter"]
http = [
  { match = [{ uri = { prefix = "/a" } }], route = [{ destination = { host = "greeter", subset = "v1" } }] },
  { match = [` + match + `], route = [{ destination = { host = "greeter", subset = "v2" } }] },
]
`
}

func TestValidate_accepted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	unknownTop := strings.Replace(table(`{ uri = { exact = "/a/b" } }, { gateways = ["front"] }`),
		"name  =", "%s = unknown\nname =", 1)
	for name, c := range map[string]struct {
		resourceType, config string
		warnings             []string
	}{
		"a route": {resourceType: "mesh_canary_route", config: validRoute},
		"a split": {resourceType: "mesh_weighted_split", config: validSplit},
		"an unknown service": {
			resourceType: "mesh_canary_route",
			config:       strings.Replace(validRoute, `"greeter"`, "unknown", 1),
		},
		"unknown subsets": {
			resourceType: "mesh_canary_route",
			config:       "service = \"a\"\nsubsets = unknown\ndefault = { subset = \"v1\" }",
		},
		"an unknown weight": {
			resourceType: "mesh_weighted_split",
			config:       strings.Replace(validSplit, "weight = 90", "weight = unknown", 1),
		},
		"an unknown match": {
			resourceType: "mesh_weighted_split",
			config:       strings.Replace(validSplit, `[{ uri = { exact = "/a.B/C" } }]`, "unknown", 1),
		},
		"an unknown header value": {
			resourceType: "mesh_canary_route",
			config:       strings.Replace(validRoute, `"200"`, "unknown", 1),
		},
		"a match of which only what is unknown is set": {
			resourceType: "mesh_weighted_split",
			config:       strings.Replace(validSplit, `{ exact = "/a.B/C" }`, "unknown", 1),
		},
		"a header's match of which only what is unknown is set": {
			resourceType: "mesh_canary_route",
			config: strings.Replace(validRoute, `version = { exact = "200" }`,
				`a = unknown, b = { prefix = unknown }, c = { present = unknown }`, 1),
		},
		"any value of a header": {
			resourceType: "mesh_canary_route",
			config:       strings.Replace(validRoute, `{ exact = "200" }`, "{ present = true }", 1),
		},
		"unknown rules": {resourceType: "mesh_canary_route", config: "service = \"a\"\nsubsets = { v1 " +
			"= { labels = { a = \"b\" } } }\nrules = unknown\ndefault = { subset = \"v1\" }"},
		"an unknown default": {
			resourceType: "mesh_canary_route",
			config:       "service = \"a\"\nsubsets = { v1 = { labels = { a = \"b\" } } }\ndefault = unknown",
		},
		"everything unknown": {resourceType: "mesh_canary_route", config: "service = unknown\nsubsets = " +
			"unknown\nrules = unknown\ndefault = unknown\nnamespace = unknown\nhosts = unknown"},
		"a subset with unknown labels": {
			resourceType: "mesh_canary_route",
			config:       strings.Replace(validRoute, `{ app = "v2" }`, "unknown", 1),
		},
		"an unknown rule among others": {
			resourceType: "mesh_canary_route",
			config:       strings.Replace(validRoute, "rules = [", "rules = [ unknown, ", 1),
		},
		"rules that take nothing warn": {
			resourceType: "mesh_virtual_service",
			config:       table(`{ uri = { exact = "/a/b" } }`),
			warnings:     []string{"http[1]"},
		},
		"matches that never hold warn": {
			resourceType: "mesh_virtual_service",
			config: table(`{ uri = { exact = "a" } }, { uri = { exact = "/a/b" } }, { uri = { exact = "/b" },` +
				` method = { exact = "" } }`),
			warnings: []string{"http[1].match[0].uri", "http[1].match[1]", "http[1].match[2].method"},
		},
		"settings for no port warn": {
			resourceType: "mesh_destination_rule",
			config: `
name = "greeter"
host = "greeter"
traffic_policy = { port_level_settings = [{ port = { number = 0 }, load_balancer = { simple = "RANDOM" } }] }`,
			warnings: []string{"traffic_policy.port_level_settings[0].port.number"},
		},
		"an unknown path may be another": {
			resourceType: "mesh_virtual_service",
			config:       table(`{ uri = { exact = unknown } }`),
		},
		"an unknown header may be another": {
			resourceType: "mesh_virtual_service",
			config:       table(`{ headers = { a = { exact = unknown }, b = { exact = "1" } } }`),
		},
		"an unknown gateway may be another": {
			resourceType: "mesh_virtual_service",
			config:       fmt.Sprintf(unknownTop, "gateways"),
		},
		"a split without otherwise warns": {
			resourceType: "mesh_weighted_split",
			config:       strings.Replace(validSplit, `otherwise = "v1"`, "", 1),
			warnings:     []string{"match"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var warnings []string
			for _, d := range s.validate(t, c.resourceType, c.config) {
				if d.Severity == tfprotov6.DiagnosticSeverityError {
					t.Errorf("at %s: %s", placeOf(d), d.Detail)
					continue
				}
				// One warning tells all of them, each with its attribute.
				for _, said := range strings.Split(strings.Split(d.Detail, "\n\nTo accept it")[0], "\n\n") {
					at, _, _ := strings.Cut(said, ": ")
					warnings = append(warnings, at)
				}
				if len(warnings) > 0 && placeOf(d) != warnings[0] {
					t.Errorf("the warning is at %s, not at the first of %q", placeOf(d), warnings)
				}
			}
			if diff := cmp.Diff(c.warnings, warnings); diff != "" {
				t.Errorf("warnings at (-want +got):\n%s", diff)
			}
		})
	}
}

// Terraform itself says where in the file an error is: at the line of an attribute of the resource, or of one element
// of it; the text has the whole path.
func TestAccInvalid(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	refuse := func(resources, line, words string) resource.TestStep {
		return resource.TestStep{
			Config: lab.Config(resources),
			ExpectError: regexp.MustCompile(`(?s)on terraform_plugin_test\.tf line \d+, in resource.*\d+: ` +
				regexp.QuoteMeta(line) + `.*` + saying(words).String()),
		}
	}
	run(t, lab,
		refuse(routeByShare("{ v1 = 30, v2 = 80 }"), `  default = { weights =`,
			"default.weights: must sum to 100 percent, got 110"),
		refuse(splitByShare("30", "170"), `    v2 = {`,
			`subsets["v2"].weight: must be between 0 and 100 percent, got 170`),
		refuse(splitForm.with(parts{rule: `timeout = "0s"`}), `  timeout = "0s"`, "timeout: "),
		refuse(canaryForm.with(parts{match: `[{ headers = { version = { regex = "*" } } }]`}),
			`  rules`,
			`rules[0].match[0].headers["version"].regex`),
		refuse(splitForm.with(parts{top: `traffic_policy = { load_balancer = { simple = "FASTEST" } }`}),
			`  traffic_policy = {`,
			`traffic_policy.load_balancer.simple: must be one of`),
		refuse(strings.Replace(splitForm.with(parts{}), `otherwise = "v1"`, `otherwise = "v9"`, 1),
			`  otherwise = "v9"`, `there is no subset "v9"`),
		resource.TestStep{
			Config:      lab.Config(splitForm.with(parts{rule: `colour = "blue"`})),
			ExpectError: regexp.MustCompile(`Unsupported argument`),
		},
	)
}
