package lint_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folder writes files into a new folder, and returns its name.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const header = `rules[0].match[0] of mesh_canary_route.greeter has no attribute "header"; ` +
	`did you mean "headers"?` + "\n"

// Each body is one line of a file, so that the column tells the place.
func TestRun_found(t *testing.T) {
	t.Parallel()
	canary := func(body string) string { return `resource "mesh_canary_route" "greeter" {` + "\n" + body + "\n}\n" }
	for fact, test := range map[string]struct{ body, want string }{
		"an attribute of the resource": {
			canary(`services = "a"`),
			`2:1: mesh_canary_route.greeter has no attribute "services"; did you mean "service"?`,
		},
		"an attribute of a rule": {
			canary(`rules = [{ name = "a" }, { time_out = "5s" }]`),
			`2:28: rules[1] of mesh_canary_route.greeter has no attribute "time_out"; did you mean "timeout"?`,
		},
		"a key in quotes, in Istio's spelling": {
			canary(`default = { "corsPolicy" = {} }`),
			`2:13: default of mesh_canary_route.greeter has no attribute "corsPolicy"; did you mean "cors_policy"?`,
		},
		"in an entry of a map": {
			canary(`default = { headers = { request = { sets = {} } } }`),
			`2:37: default.headers.request of mesh_canary_route.greeter has no attribute "sets"; did you mean "set"?`,
		},
		"in a map with keys that are computed": {
			canary(`subsets = { (var.a) = { label = {} } }`),
			`2:25: subsets[*] of mesh_canary_route.greeter has no attribute "label"; did you mean "labels"?`,
		},
		"nothing near, few names": {
			canary(`rules = [{ match = [{ uri = { glob = "/*" } }] }]`),
			`2:31: rules[0].match[0].uri of mesh_canary_route.greeter has no attribute "glob"; ` +
				`it has exact, prefix and regex`,
		},
		"nothing near, many names": {
			canary(`rules = [{ comment = "for ops" }]`),
			`2:12: rules[0] of mesh_canary_route.greeter has no attribute "comment"`,
		},
		"in both branches of a condition": {
			canary(`default = var.a ? { timeouts = "5s" } : ({ mirror = [] })`),
			`2:21: default of mesh_canary_route.greeter has no attribute "timeouts"; did you mean "timeout"?
main.tf:2:44: default of mesh_canary_route.greeter has no attribute "mirror"; did you mean "mirrors"?`,
		},
		"in every argument of merge": {
			canary(`default = merge({ subset = "v1" }, { retry = {} }, [{ fualt = {} }]...)`),
			`2:38: default of mesh_canary_route.greeter has no attribute "retry"; did you mean "retries"?
main.tf:2:55: default of mesh_canary_route.greeter has no attribute "fualt"; did you mean "fault"?`,
		},
		"in a list that is put together": {
			canary(`rules = concat(var.rules, flatten([[{ matches = [] }], [[{ mach = [] }]]]))`),
			`2:39: rules[*] of mesh_canary_route.greeter has no attribute "matches"; did you mean "match"?
main.tf:2:60: rules[*] of mesh_canary_route.greeter has no attribute "mach"; did you mean "match"?`,
		},
		"in what a loop makes": {
			canary(`rules = [for v in var.versions : { weight = {} }]`),
			`2:36: rules[*] of mesh_canary_route.greeter has no attribute "weight"; did you mean "weights"?`,
		},
		"in what a loop makes of a map": {
			canary(`subsets = { for v in var.versions : v => { lables = {} } }`),
			`2:44: subsets[*] of mesh_canary_route.greeter has no attribute "lables"; did you mean "labels"?`,
		},
		"in a value that is looked up": {
			canary(`default = { a = { mirror = [] }, b = { faults = {} } }[var.a]`),
			`2:19: default of mesh_canary_route.greeter has no attribute "mirror"; did you mean "mirrors"?
main.tf:2:40: default of mesh_canary_route.greeter has no attribute "faults"; did you mean "fault"?`,
		},
		"in a value that is named": {
			canary(`default = { a = { mirror = [] }, b = { faults = {} } }.b`),
			`2:40: default of mesh_canary_route.greeter has no attribute "faults"; did you mean "fault"?`,
		},
		"in the fallback of lookup": {
			canary(`default = lookup({ a = { mirror = [] } }, var.a, { faults = {} })`),
			`2:26: default of mesh_canary_route.greeter has no attribute "mirror"; did you mean "mirrors"?
main.tf:2:52: default of mesh_canary_route.greeter has no attribute "faults"; did you mean "fault"?`,
		},
		"in a local": {
			canary(`rules = local.rules`) + `locals { rules = [{ match = [{ header = {} }] }] }`,
			"4:32: " + header,
		},
		"in a part of a local of another local": {
			canary(`rules = local.all.greeter["rules"]`) +
				`locals { all = { greeter = local.one, other = { rules = [{ x = 1 }] } } }` + "\n" +
				`locals { one = { rules = [{ match = [{ header = {} }] }] } }`,
			"5:40: " + header,
		},
		"in a local with two users, once": {
			canary(`rules = local.rules`) + strings.Replace(canary(`rules = local.rules`), "greeter", "other", 1) +
				`locals { rules = [{ match = [{ header = {} }] }] }`,
			"7:32: " + header,
		},
		"in the default of a variable": {
			canary(`rules = var.rules`) + `variable "rules" { default = [{ match = [{ header = {} }] }] }`,
			"4:44: " + header,
		},
		"in what a resource is made for": {
			canary("for_each = { a = { rules = [{ match = [{ header = {} }] }] } }\nrules = each.value.rules"),
			"2:42: " + header,
		},
		"in a nested value that an expression wraps": {
			canary(`default = "${{ mirror = [] }}"`),
			`2:16: default of mesh_canary_route.greeter has no attribute "mirror"; did you mean "mirrors"?`,
		},
		"in the other resources": {
			`resource "mesh_weighted_split" "a" { subsets = { v1 = { wieght = 1 } } }
resource "mesh_virtual_service" "b" { http = [{ route = [{ destinations = {} }] }] }
resource "mesh_destination_rule" "c" { traffic_policy = { outlier_detection = { consecutive5xxErrors = 1 } } }`,
			`1:57: subsets["v1"] of mesh_weighted_split.a has no attribute "wieght"; did you mean "weight"?
main.tf:2:60: http[0].route[0] of mesh_virtual_service.b has no attribute "destinations"; did you mean "destination"?
main.tf:3:81: traffic_policy.outlier_detection of mesh_destination_rule.c has no attribute "consecutive5xxErrors"; ` +
				`did you mean "consecutive_5xx_errors"?`,
		},
		"in the provider block": {
			`provider "mesh" { propagation = { time_out = "3s" } }`,
			`1:35: propagation of provider.mesh has no attribute "time_out"; did you mean "timeout"?`,
		},
		"a name that a terminal would obey": {
			`resource "mesh_canary_route" "a\u001b[2J" { default = { "x\u202ey" = 1 } }`,
			`1:57: default of mesh_canary_route."a\x1b[2J" has no attribute "x\u202ey"`,
		},
		"a name of half a megabyte": {
			canary(`default = { ` + strings.Repeat("a", 1<<19) + ` = 1 }`),
			`2:13: default of mesh_canary_route.greeter has no attribute "` + strings.Repeat("a", 64) + `…"`,
		},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			got := run(folder(t, map[string]string{"main.tf": test.body}))
			check(t, got, answer{Code: 1, Stdout: "main.tf:" + strings.TrimSuffix(test.want, "\n") + "\n"})
		})
	}
}

// What is no name of an attribute, what cannot be told, and what is not ours.
func TestRun_clean(t *testing.T) {
	t.Parallel()
	for fact, body := range map[string]string{
		"keys of maps":             `subsets = { anything = { labels = { anything = "x" } } }`,
		"weights by subset":        `default = { weights = { anything = 10 } }`,
		"headers by name":          `rules = [{ match = [{ headers = { anything = { exact = "a" } } }] }]`,
		"what Terraform adds":      "count = 1\ndepends_on = []\nprovider = mesh.b\nlifecycle {\n}",
		"a computed key":           `default = { (var.a) = 1, "${var.b}" = 2 }`,
		"a loop over names":        `default = { for k, v in var.a : k => v }`,
		"what is not written here": `default = var.a` + "\n" + `rules = module.a.rules`,
		"a function that makes it": `rules = jsondecode("[{\"header\": 1}]")`,
		"the keys of what is left": `rules = [for k, v in { header = 1 } : { name = k }]`,
		"a condition":              `default = { header = 1 }.header == 1 ? null : null`,
		"locals in a circle":       "default = local.a\n}\nlocals {\na = local.b\nb = local.a\n",
		"locals that grow":         "default = local.a\n}\nlocals {\na = local.a.b\n",
		"a local that is not here": "default = local.a\nrules = local.b.c[0][*].d",
		"another local part":       "default = local.a.b\n}\nlocals {\na = { c = { header = 1 } }\n",
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, map[string]string{
				"main.tf": "resource \"mesh_canary_route\" \"greeter\" {\n" + body + "\n}\n" +
					"resource \"other\" \"a\" {\nheader = { header = {} }\n}\nprovider \"other\" {\nheader = {}\n}\n",
			})
			check(t, run(dir), answer{})
		})
	}
}

func TestRun_json(t *testing.T) {
	t.Parallel()
	for fact, test := range map[string]struct{ body, want string }{
		"an attribute of a rule": {
			`"rules": [{"name": "a", "time_out": "5s"}]`,
			`2:25: rules[0] of mesh_canary_route.greeter has no attribute "time_out"; did you mean "timeout"?`,
		},
		"an attribute of the resource": {
			`"services": "a"`, `2:1: mesh_canary_route.greeter has no attribute "services"; did you mean "service"?`,
		},
		"an expression": {
			`"default": "${var.a ? { header = {} } : { mirror = [] }}"`,
			`2:12: default of mesh_canary_route.greeter has no attribute "header"; did you mean "headers"?`,
		},
		"a local": {
			`"rules": "${local.rules}"`, "4:34: " + strings.TrimSuffix(header, "\n"),
		},
		"comments, and what Terraform adds": {
			`"//": "a", "lifecycle": {"ignore_changes": []}, "default": {"//": "b", "subset": "v1", "${var.a}": 1}`, "",
		},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, map[string]string{
				"main.tf.json": `{"resource": {"mesh_canary_route": {"greeter": {` + "\n" + test.body + "}}},\n" +
					`"locals": {` + "\n" + `"rules": [{"match": [{"name": 1, "header": {}}]}]` + "\n}}",
			})
			want := answer{}
			if test.want != "" {
				want = answer{Code: 1, Stdout: "main.tf.json:" + test.want + "\n"}
			}
			check(t, run(dir), want)
		})
	}
}
