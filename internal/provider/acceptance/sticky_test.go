package acceptance_test

import (
	"fmt"
	"strings"
	"testing"
)

// stickyForms are configurations whose rule with weights says more, and where in them that stands.
var stickyForms = map[string]struct{ config, at string }{
	"mesh_canary_route": {`
service = "greeter"
subsets = { v1 = { labels = { app = "v1" } }, v2 = { labels = { app = "v2" } } }
default = {
  weights = { v1 = null, v2 = 10 }
  MORE
}
`, "default."},
	"mesh_weighted_split": {`
service = "greeter"
subsets = { v1 = { labels = { app = "v1" } }, v2 = { labels = { app = "v2" }, weight = 10 } }
MORE
`, ""},
}

// withSticky returns what a rule says more to keep subsets.
func withSticky(cookie, maxAge, subsets string) string {
	return fmt.Sprintf("sticky = { cookie = %s, max_age = %s, subsets = %s }", cookie, maxAge, subsets)
}

func TestValidateSticky_refused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const (
		name = "must be the name of a cookie"
		age  = "must be a duration in whole seconds from 1s to 9600h"
	)
	cookie := func(c string) string { return withSticky(c, `"24h"`, `["v2"]`) }
	kept := func(d string) string { return withSticky(`"canary"`, d, `["v2"]`) }
	subsets := func(list string) string { return withSticky(`"canary"`, `"24h"`, list) }
	for what, test := range map[string]struct{ more, at, says string }{
		"no name":                      {cookie(`""`), "sticky.cookie", name},
		"a name with a semicolon":      {cookie(`"a;b"`), "sticky.cookie", name},
		"a name with a space":          {cookie(`"a b"`), "sticky.cookie", name},
		"a name that is an expression": {cookie(`"a.*|(b"`), "sticky.cookie", name},
		"a name that draws":            {cookie(`"a\u001b[2J"`), "sticky.cookie", name},
		"a name of another header":     {cookie(`"a\r\nx: y"`), "sticky.cookie", name},
		"a huge name":                  {cookie(`"` + strings.Repeat("x", 10_000) + `"`), "sticky.cookie", "got 10000"},
		"a name that demands more":     {cookie(`"__Secure-a"`), "sticky.cookie", "must not begin with __Secure-"},
		"kept for no time":             {kept(`"0s"`), "sticky.max_age", age},
		"kept for nothing":             {kept(`""`), "sticky.max_age", age},
		"kept for a negative":          {kept(`"-24h"`), "sticky.max_age", age},
		"kept for a century":           {kept(`"876000h"`), "sticky.max_age", age},
		"kept for a number":            {kept(`86400`), "sticky.max_age", age},
		"kept for half a second":       {kept(`"500ms"`), "sticky.max_age", age},
		"kept for more than there is":  {kept(`"9999999999h"`), "sticky.max_age", age},
		"nothing is kept":              {subsets(`[]`), "sticky.subsets", "must name the subset"},
		"a subset of null":             {subsets(`[null]`), "sticky.subsets[0]", "must not be null"},
		"a subset that is none":        {subsets(`["v2", "v3"]`), "sticky.subsets[1]", "v3 has no weight in this rule"},
		"a subset twice":               {subsets(`["v2", "v2"]`), "sticky.subsets[1]", "names v2 twice"},
		"cookies are removed": {
			subsets(`["v2"]`) + "\nheaders = { response = { remove = [\"set-cookie\"] } }",
			"headers.response.remove[0]", "removes the cookie",
		},
	} {
		for resourceType, form := range stickyForms {
			t.Run(resourceType+"/"+what, func(t *testing.T) {
				t.Parallel()
				refused(t, s.validate(t, resourceType, strings.Replace(form.config, "MORE", test.more, 1)),
					invalid{at: form.at + test.at, says: test.says})
			})
		}
	}
}

func TestValidateSticky_accepted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for what, more := range map[string]string{
		"null is said":                "sticky = null",
		"who got v2 keeps it":         withSticky(`"canary"`, `"24h"`, `["v2"]`),
		"everybody keeps what he got": withSticky(`"my.canary-1"`, `"1s"`, `["v2", "v1"]`),
		"as long as browsers do":      withSticky(`"canary"`, `"9600h"`, `["v2"]`),
		"all of it is not known yet":  "sticky = unknown",
		"no part is known yet":        withSticky("unknown", "unknown", "unknown"),
		"a subset is not known yet":   withSticky(`"canary"`, `"24h"`, `["v2", unknown]`),
		"in a walk":                   withSticky(`"canary"`, `"24h"`, `["v2"]`),
	} {
		for resourceType, form := range stickyForms {
			t.Run(resourceType+"/"+what, func(t *testing.T) {
				t.Parallel()
				for _, d := range s.validate(t, resourceType, strings.Replace(form.config, "MORE", more, 1)) {
					t.Errorf("at %s: %s", placeOf(d), d.Detail)
				}
			})
		}
	}
	unknown := strings.NewReplacer("{ v1 = null, v2 = 10 }", "unknown", "MORE", withSticky(`"a"`, `"1h"`, `["v2"]`)).
		Replace(stickyForms["mesh_canary_route"].config)
	for _, d := range s.validate(t, "mesh_canary_route", unknown) {
		t.Errorf("of weights that are not known yet, at %s: %s", placeOf(d), d.Detail)
	}
}

// What is refused only because of something else that the configuration says.
func TestValidateSticky_beside(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	sticky := withSticky(`"canary"`, `"24h"`, `["v2"]`)
	for what, test := range map[string]struct {
		resourceType, config string
		want                 invalid
	}{
		"one subset takes all": {
			"mesh_canary_route", strings.Replace(validRoute, `default = { subset = "v1" }`,
				`default = { subset = "v1", `+sticky+` }`, 1),
			invalid{at: "default.sticky", says: "cannot be set together with subset"},
		},
		"weights that others set": {
			"mesh_weighted_split", validSplit + "weights_managed_by = \"other\"\n" + sticky,
			invalid{at: "sticky", says: `with the shares, and weights_managed_by = "other" leaves those to somebody`},
		},
		"a name of null": {
			"mesh_weighted_split", validSplit + withSticky("null", `"24h"`, `["v2"]`),
			invalid{at: "sticky", says: "Must set a configuration value for the sticky.cookie attribute"},
		},
		"kept for null": {
			"mesh_weighted_split", validSplit + withSticky(`"canary"`, "null", `["v2"]`),
			invalid{at: "sticky", says: "Must set a configuration value for the sticky.max_age attribute"},
		},
		"a match of cookies": {
			"mesh_weighted_split", strings.Replace(validSplit, `[{ uri = { exact = "/a.B/C" } }]`,
				`[{ headers = { cookie = { regex = ".*a=b.*" } } }]`, 1) + sticky,
			invalid{at: "sticky", says: `the rule asks for cookies itself, in match[0].headers["cookie"]`},
		},
		"an earlier rule takes the cookie": {
			"mesh_canary_route", strings.NewReplacer(`version = { exact = "100" }`,
				`cookie = { regex = ".*canary=.*" }`, `default = { subset = "v1" }`,
				`default = { weights = { v1 = 90, v2 = 10 }, `+sticky+` }`).Replace(validRoute),
			invalid{at: "default.sticky", says: "rules[0].match[0] takes all of its requests first"},
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			refused(t, s.validate(t, test.resourceType, test.config), test.want)
		})
	}
}

// stickyObject is a route that keeps v2.
func stickyObject(weights string) string {
	return `{ service = "reviews", namespace = "shop", subsets = { v1 = { labels = { version = "v1" } },` +
		` v2 = { labels = { version = "v2" } } }, default = { weights = ` + weights + `, ` +
		withSticky(`"canary"`, `"24h"`, `["v2"]`) + ` } }`
}

// evaluate knows who keeps what.
func TestFunction_evaluateSticky(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	route := stickyObject
	for what, test := range map[string]struct{ route, request, want string }{
		"a client of the new version": {
			route("{ v1 = 90, v2 = 10 }"), `{ headers = { Cookie = "a=b; canary=v2; c=d" } }`,
			`{ shares = { v2 = 100 }, subset = "v2", rule = "sticky-v2", rule_index = 0 }`,
		},
		"a client without a cookie": {
			route("{ v1 = 90, v2 = 10 }"), `{}`, `{ shares = { v1 = 90, v2 = 10 }, rule_index = 1 }`,
		},
		"a client with another cookie": {
			route("{ v1 = 90, v2 = 10 }"), `{ headers = { Cookie = "canary=v1; xcanary=v2" } }`,
			`{ shares = { v1 = 90, v2 = 10 } }`,
		},
		"nobody is held at what is left": {
			route("{ v1 = 100, v2 = 0 }"), `{ headers = { Cookie = "canary=v2" } }`,
			`{ shares = { v1 = 100 }, rule_index = 0 }`,
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			got, wrong := s.evaluate(t, anyValue(t, test.route), anyValue(t, test.request))
			if wrong != nil {
				t.Fatal(wrong.Text)
			}
			wantOutcome(t, got, test.want)
		})
	}
}
