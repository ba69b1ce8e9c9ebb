package acceptance_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const platformModule = "../../../examples/platform"

// folderIn copies a folder of the examples to the same place below the working directory, with its files changed.
func folderIn(t *testing.T, c *cli, folder string, change func(text string) string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		writeFile(t, filepath.Join(c.dir, name), change(readFile(t, path)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAccPlatform_tests runs the tests that come with the module, where there is no cluster. They pass, and fail when
// the module does not do what they are for.
func TestAccPlatform_tests(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ before, after, say string }{
		"as it is": {},
		"no largest share": {
			"length(try(local.too_much[each.key], [])) == 0", "length(try(local.too_much[each.key], [])) >= 0",
			"share_too_large\"... fail",
		},
		"only for one request": {"merge({ anybody = {} }, var.requests)", "{ anybody = {} }", "carts\"... fail"},
		"no largest step": {
			"contains(setunion(var.roll_back, var.any_step), each.key) ? null : var.largest_step", "null",
			"a step is 25 percent points",
		},
		"no forbidden hosts": {
			"length(try(local.forbidden[each.key], [])) == 0", "length(try(local.forbidden[each.key], [])) >= 0",
			"forbidden_host\"... fail",
		},
		"rules that stay": {`!contains(local.rolled_back[name].without, key) },
            { for subset in local.rolled_back[name].subsets :`, `true },
            { for subset in [] :`, "testers go to v1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, replaced := newCLI(t), test.before == ""
			folderIn(t, c, platformModule, func(text string) string {
				replaced = replaced || strings.Contains(text, test.before)
				return strings.Replace(text, test.before, test.after, 1)
			})
			if !replaced {
				t.Fatalf("the module does not hold %q", test.before)
			}
			r := c.run("test", "-no-color")
			if test.before == "" && (!r.ok || !strings.Contains(r.text, " 0 failed")) {
				t.Errorf("the tests fail:\n%s", r.text)
			}
			if test.before != "" && (r.ok || !strings.Contains(r.text, test.say)) {
				t.Errorf("the tests do not fail with %q:\n%s", test.say, r.text)
			}
		})
	}
}

// refusal is the values of the module's variables, and what a plan says of them.
type refusal struct {
	values string
	say    []string
}

// nowhere is a provider block with which nobody can be asked: what is refused is refused before.
const nowhere = "provider \"mesh\" {\n  host  = \"https://127.0.0.1:1\"\n  owner = \"shop/test\"\n}\n"

// plansWith plans the module by itself with values of its variables, as JSON.
func plansWith(t *testing.T, values string) result {
	t.Helper()
	c := newCLI(t)
	folderIn(t, c, platformModule, strings.Clone)
	writeFile(t, filepath.Join(c.dir, "provider.tf"), nowhere)
	writeFile(t, filepath.Join(c.dir, "terraform.tfvars.json"), values)
	return c.run("plan")
}

// TestAccPlatform_variables: a value that no variable can have is refused, with words that say which there are.
func TestAccPlatform_variables(t *testing.T) {
	t.Parallel()
	const services = "services has to be a map of objects: { reviews = { namespace = \"shop\", … } }."
	const share, step = "largest_share is a whole number of percent, from 0 to 100.",
		"largest_step is a whole number of percent points, from 1 to 100."
	const hosts = "A forbidden host is a name in lower case, *.NAME for all below it, or * for every host."
	const requests = "requests has to be a map of objects: { cart = { path = \"/cart\" } }."
	const back = "roll_back is a set of keys of services, such as [\"reviews\"]."
	const required = "a number is required"
	for name, test := range map[string]refusal{
		"nothing of it is of its kind": {
			`{"services": "all", "largest_share": 101, "largest_step": 0, "forbidden_hosts": [""], "requests": 7,
			"roll_back": [null], "any_step": [null]}`,
			[]string{services, share, step, hosts, requests, back, strings.Replace(back, "roll_back", "any_step", 1)},
		},
		"lists, fractions and capitals": {
			`{"services": ["a"], "largest_share": 0.5, "largest_step": 25.5, "forbidden_hosts": ["Login.example.com"],
			"requests": ["a"]}`,
			[]string{services, share, step, hosts, requests},
		},
		"null, and numbers that are huge": {
			`{"services": null, "largest_share": 1e400, "largest_step": -1e400, "forbidden_hosts": [null],
			"requests": null}`,
			[]string{services, share, step, hosts, requests},
		},
		"members that are none": {
			`{"services": {"a": null}, "requests": {"a": "/cart"},
			"forbidden_hosts": ["a*", "*a", "a b", "a\u001b[31m"]}`,
			[]string{services, requests, hosts},
		},
		"the request that is there already": {
			`{"requests": {"anybody": {"path": "/nowhere"}}}`,
			[]string{"The request anybody is there already: a GET of / without headers. Give yours another name."},
		},
		"texts for numbers": {
			`{"largest_share": "half", "largest_step": "all", "owner_required": "perhaps"}`,
			[]string{required, required, "a bool is required"},
		},
		"names that are none": {
			`{"services": {"": {}, "A": {}, "a.b": {}, "a\u001b[31m\n": {}, "../x": {}, "${x}": {}, "` +
				strings.Repeat("a", 64) + `": {}}}`,
			[]string{
				"A key of services is a name of at most 63 lower-case letters, digits and \"-\". These are not:\n" +
					strings.Join([]string{`""`, `"${x}"`, `"../x"`, `"A"`, `"a\u001b[31m\n"`, `"a.b"`}, "\n") + "\n" +
					`"` + strings.Repeat("a", 64) + `"`,
			},
		},
		"a service that there is not": {
			`{"roll_back": ["reviews"], "any_step": ["ratings"]}`,
			[]string{"roll_back and any_step name what is none of the services: ratings, reviews. " +
				"These are the services: none."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := plansWith(t, test.values)
			if r.ok {
				t.Fatalf("it is planned:\n%s", r)
			}
			var got []string
			for _, d := range r.Diagnostics {
				got = append(got, strings.TrimSpace(strings.Split(d.Detail, "\n\nThis was checked by")[0]))
			}
			for _, want := range test.say {
				i := slices.IndexFunc(got, func(detail string) bool { return strings.Contains(detail, want) })
				if i < 0 {
					t.Errorf("no error says %q:\n%s", want, r)
					continue
				}
				got = slices.Delete(got, i, i+1)
			}
			if len(got) > 0 {
				t.Errorf("more is refused: %q", got)
			}
		})
	}
}

// serviceOf returns a service that is right, as JSON, with attributes changed.
func serviceOf(t *testing.T, changes string) json.RawMessage {
	t.Helper()
	service := map[string]json.RawMessage{
		"namespace": json.RawMessage(`"shop"`), "stable": json.RawMessage(`"v1"`),
		"subsets": json.RawMessage(`{"v1": {"labels": {"version": "v1"}}, "v2": {"labels": {"version": "v2"}}}`),
	}
	changed := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte("{"+changes+"}"), &changed); err != nil {
		t.Fatalf("%s: %v", changes, err)
	}
	maps.Copy(service, changed)
	raw, err := json.Marshal(service)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestAccPlatform_services: what is wrong with a service stops the plan, and is said with its name. All of them stand
// in one plan, next to services that are right.
func TestAccPlatform_services(t *testing.T) {
	t.Parallel()
	const namespace = "namespace has to be the name of the namespace of the service."
	const subsets = `subsets has to name the versions: { v1 = { labels = { version = "v1" } } }.`
	const none = "stable has to be one of the subsets: there is none."
	const advice = "Lower these shares. When the new version is the one for all, name it in stable."
	const hosts = "Take them out of hosts, service, mirrors, rewrite and headers. " +
		"forbidden_hosts is login.example.com, *.internal.example."
	long := strings.Repeat("x", 100_000)
	services, want := map[string]json.RawMessage{}, map[string]string{}
	for name, test := range map[string]struct{ changes, say string }{
		"right":           {"", ""},
		"half":            {`"weights": {"v2": 50}`, ""},
		"v2-for-all":      {`"stable": "v2"`, ""},
		"for-testers":     {`"rules": [{"match": [{"headers": {"x-tester": {"exact": "yes"}}}], "subset": "v2"}]`, ""},
		"nulls":           {`"weights": null, "default": null, "rules": null, "walk": null, "hosts": null`, ""},
		"another-host":    {`"hosts": ["shop.example.com", "example"], "gateways": ["istio-ingress/public"]`, ""},
		"misspelt":        {`"weight": {"v2": 10}`, `"weight" is no attribute. There are acknowledged, adopt,`},
		"hostile-name":    {`"\u001b[31m` + long + `": 1`, `"\u001b[31m` + long[:190]},
		"no-namespace":    {`"namespace": null`, namespace},
		"hostile-place":   {`"namespace": "shop\n\u001b[31m"`, namespace},
		"huge-place":      {`"namespace": "` + long + `"`, namespace},
		"no-subsets":      {`"subsets": {}`, subsets + "\n" + none},
		"subsets-a-text":  {`"subsets": "v1"`, subsets + "\n" + none},
		"no-stable":       {`"stable": null`, "stable has to be one of the subsets: v1, v2."},
		"unknown-stable":  {`"stable": "v3"`, "stable has to be one of the subsets: v1, v2."},
		"both":            {`"weights": {}, "default": {"subset": "v1"}`, "weights and default exclude each other."},
		"weights-a-text":  {`"weights": "10"`, "weights has to be a map: { v2 = 10 }."},
		"rules-a-map":     {`"rules": {"a": 1}`, "rules has to be a list of objects."},
		"default-a-list":  {`"default": ["v1"]`, "default has to be an object."},
		"hosts-a-text":    {`"hosts": "a"`, "hosts has to be a list of names."},
		"hosts-an-object": {`"hosts": [{"a": 1}]`, "hosts has to be a list of names."},
		"gateways-a-text": {`"gateways": "a"`, "gateways has to be a list of names."},
		"no-such-subset":  {`"weights": {"v3": 10}`, `default.weights["v3"]: there is no subset "v3"; subsets`},
		"a-huge-weight":   {`"weights": {"v2": 1e300}`, `default.weights["v2"]: must be between`},
		"weight-a-text":   {`"weights": {"v2": "many"}`, `default.weights["v2"]: must be a number.`},
		"a-misspelt-rule": {
			`"rules": [{"subset": "v1", "time_out": "5s"}]`,
			"rules[0].time_out: is no attribute here; the nearest is timeout.",
		},
		"too-much": {
			`"weights": {"v2": 51}`,
			"services[\"too-much\"] sends more than 50 % to others than its stable subset:\n" +
				"anybody: Rule http[0]: all requests: v1 49 %, v2 51 %.\n" +
				"cart: Rule http[0]: all requests: v1 49 %, v2 51 %.\n" + advice,
		},
		"all-carts": {
			`"rules": [{"name": "carts", "match": [{"uri": {"prefix": "/cart"}}], "subset": "v2"}]`,
			"services[\"all-carts\"] sends more than 50 % to others than its stable subset:\ncart: Rule http[0] " +
				"\"carts\": requests with path starting with /cart go to v2.\n" + advice,
		},
		"at-a-gateway": {
			`"weights": {"v2": 60}, "hosts": ["shop.example.com"], "gateways": ["mesh", "istio-ingress/public"]`,
			"anybody at istio-ingress/public: Rule http[0]: all requests: v1 40 %, v2 60 %.",
		},
		"at-no-gateway": {
			`"weights": {"v2": 60}, "gateways": []`,
			"stable subset:\nanybody: Rule http[0]: all requests: v1 40 %, v2 60 %.",
		},
		"at-one-twice": {
			`"weights": {"v2": 60}, "hosts": ["shop.example.com"], "gateways": ["istio-ingress/a", "istio-ingress/a"]`,
			"stable subset:\nanybody at istio-ingress/a: Rule http[0]: all requests: v1 40 %, v2 60 %.\ncart at",
		},
		"forbidden": {
			`"hosts": ["LOGIN.example.com", "a.b.internal.example", "ok.example.com"],
			"gateways": ["istio-ingress/public"]`,
			"services[\"forbidden\"] is for hosts that the platform forbids: LOGIN.example.com, " +
				"a.b.internal.example.\n" + hosts,
		},
		"covers-forbidden": {
			`"hosts": ["*.example.com"], "gateways": ["istio-ingress/public"]`,
			"the platform forbids: *.example.com.\n" + hosts,
		},
		"forbidden-copies": {
			`"default": {"subset": "v1", "mirrors": [{"destination": {"host": "spy.internal.example"}}]}`,
			"the platform forbids: spy.internal.example.\n" + hosts,
		},
		"forbidden-name": {
			`"default": {"subset": "v1", "rewrite": {"authority": "login.example.com"}}`,
			"the platform forbids: login.example.com.\n" + hosts,
		},
		"forbidden-service": {
			`"service": "api.internal.example"`, "the platform forbids: api.internal.example.\n" + hosts,
		},
	} {
		services[name] = serviceOf(t, test.changes)
		if test.say != "" {
			want[name] = test.say
		}
	}
	values, err := json.Marshal(map[string]any{
		"services": services, "forbidden_hosts": []string{"login.example.com", "*.internal.example"},
		"requests": map[string]any{"cart": map[string]any{"path": "/cart"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := plansWith(t, string(values))
	got := map[string]string{}
	for _, d := range r.Diagnostics {
		name := d.instance()
		say, wrong := want[name]
		switch {
		case wrong && strings.Contains(d.Detail, say):
			got[name] = say
		case wrong && got[name] == "":
			got[name] = d.Detail
		case !wrong && d.Summary != "Cluster not reachable":
			t.Errorf("%s: %s: %s", name, d.Summary, d.Detail)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is refused (-want +got):\n%s", diff)
	}
}

// instance is the key of the instance that a diagnostic is about, by its address or by what its expression read.
func (d diagnostic) instance() string {
	if _, key, ok := strings.Cut(d.Address, `["`); ok {
		return strings.TrimSuffix(key, `"]`)
	}
	if d.Snippet != nil {
		for _, value := range d.Snippet.Values {
			if value.Traversal == "each.key" {
				_, key, _ := strings.Cut(value.Statement, `"`)
				return strings.TrimSuffix(key, `"`)
			}
		}
	}
	return ""
}

// TestAccPlatform_many: a hundred services are planned.
func TestAccPlatform_many(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	folderIn(t, c, platformModule, strings.Clone)
	if err := os.RemoveAll(filepath.Join(c.dir, "tests")); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(c.dir, "tests", "many.tftest.hcl"), `mock_provider "mesh" {}
run "many" {
  command = plan
  variables {
    services = {
      for i in range(100) : "service-${i}" => {
        namespace = "shop"
        subsets   = { v1 = { labels = { version = "v1" } }, v2 = { labels = { version = "v2" } } }
        stable    = "v1"
        weights   = { v2 = i % 51 }
      }
    }
  }
  assert {
    condition     = length(output.answers) == 100
    error_message = "there are ${length(output.answers)}"
  }
}
`)
	if r := c.run("test", "-no-color"); !r.ok {
		t.Errorf("the test fails:\n%s", r.text)
	}
}
