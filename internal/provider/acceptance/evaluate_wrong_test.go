package acceptance_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// What decides and is not known yet makes the answer one that is not known yet.
func TestFunction_evaluateUnknown(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, test := range map[string]struct{ route, request string }{
		"the route":      {`unknown`, `{}`},
		"a route of two": {"[" + canaryObject + ", unknown]", `{}`},
		"the service":    {strings.Replace(canaryObject, `"reviews"`, "unknown", 1), `{}`},
		"the namespace":  {strings.Replace(canaryObject, `"shop"`, "unknown", 1), `{}`},
		"a weight":       {strings.Replace(canaryObject, `90`, "unknown", 1), `{}`},
		"the rules": {`{ service = "reviews", subsets = { v1 = { labels = { a = "b" } } }, rules = unknown,` +
			` default = { subset = "v1" } }`, `{}`},
		"a header's match":  {strings.Replace(canaryObject, `{ present = true }`, "unknown", 1), `{}`},
		"the request":       {canaryObject, `unknown`},
		"the path":          {canaryObject, `{ path = unknown }`},
		"the port":          {canaryObject, `{ port = unknown }`},
		"the headers":       {canaryObject, `{ headers = unknown }`},
		"a header":          {canaryObject, `{ headers = { x-tester = unknown } }`},
		"a value of two":    {canaryObject, `{ headers = { x-tester = ["a", unknown] } }`},
		"a label":           {canaryObject, `{ source_labels = { app = unknown } }`},
		"host of subsets":   {`[` + canaryObject + `, { name = "a", host = unknown }]`, `{}`},
		"everything but it": {`{ name = "a", hosts = unknown, http = unknown }`, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, wrong := s.evaluate(t, anyValue(t, test.route), anyValue(t, test.request))
			if wrong != nil {
				t.Fatal(wrong.Text)
			}
			if got.IsKnown() {
				t.Errorf("the answer is %s", asWritten(t, got))
			}
		})
	}
}

func TestFunction_evaluateWrong(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	text := func(n int) string { return strings.Repeat("a", n) }
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "h%d = \"a\"\n", i)
		}
		return b.String()
	}
	for name, test := range map[string]struct {
		route, request string
		argument       int64
		say            []string
	}{
		"no route":      {`null`, `{}`, 0, []string{"There is no route"}},
		"an empty list": {`[]`, `{}`, 0, []string{"Nothing here claims requests"}},
		"null in a list": {
			`[null]`, `{}`, 0, []string{"[0]: A resource of this provider is needed"},
		},
		"a list in a list": {
			`[[` + canaryObject + `]]`, `{}`, 0, []string{"[0]: A resource of this provider is needed"},
		},
		"a text": {`"reviews"`, `{}`, 0, []string{"A resource of this provider is needed"}},
		"another resource": {
			`{ bucket = "a" }`, `{}`, 0, []string{"Which resource this is cannot be told"},
		},
		"resources of for_each": {`{ a = ` + canaryObject + ` }`, `{}`, 0, []string{"values("}},
		"an attribute too many": {
			strings.Replace(canaryObject, "{", "{ hosst = 1\n", 1), `{}`, 0,
			[]string{"hosst: is no attribute here; the nearest is host"},
		},
		"a DestinationRule alone": {rulesObject, `{}`, 0, []string{"Nothing here claims requests"}},
		"a delegate alone":        {cartObject, `{}`, 0, []string{"Nothing here claims requests"}},
		"no delegate": {
			rootObject, `{}`, 0, []string{"http[2].delegate", `delegate "cart/cart" is not there`, "Give it too"},
		},
		"the same twice": {
			"[" + canaryObject + "," + canaryObject + "]",
			`{}`,
			0,
			[]string{`VirtualService "shop/reviews" is given twice, at [0] too`, `DestinationRule "shop/reviews"`},
		},
		"what a plan refuses": {
			strings.Replace(canaryObject, `"v2" }]`, `"v3" }]`, 1), `{}`, 0, []string{"rules[0].subset"},
		},
		"what a plan refuses, of two": {"[" + splitObject + "," +
			strings.Replace(canaryObject, `"v2" }]`, `"v3" }]`, 1) + "]", `{}`, 0, []string{"[1]: rules[0].subset"}},
		"a route and a request": {
			`{ bucket = 1 }`, `{ port = 0 }`, 0, []string{"Which resource", "port: must be between 1 and 65535, got 0"},
		},
		"no request":        {canaryObject, `null`, 1, []string{"There is no request"}},
		"a request of text": {canaryObject, `"/"`, 1, []string{"A request is an object such as"}},
		"a request of list": {canaryObject, `[]`, 1, []string{"A request is an object such as"}},
		"a header's match of nothing": {
			strings.Replace(canaryObject, `{ present = true }`, `{ exacts = "a" }`, 1), `{}`, 0, []string{
				`rules[0].match[0].headers["x-tester"].exacts: is no attribute here; the nearest is exact`,
			},
		},
		"an empty match of a header": {
			strings.Replace(canaryObject, `{ present = true }`, `{}`, 1), `{}`, 0, []string{
				`rules[0].match[0].headers["x-tester"]: is empty; write present = true if any value will do`,
			},
		},
		"attributes of rules that are not": {
			strings.Replace(canaryObject, `subset = "v2"`, `subset = "v2", time_out = "5s", comment = "a"`, 1), `{}`, 0,
			[]string{
				"rules[0].comment: is no attribute here.",
				"rules[0].time_out: is no attribute here; the nearest is timeout",
			},
		},
		"an attribute that is not": {
			canaryObject, `{ pathh = "/" }`, 1, []string{"pathh: is no attribute here; the nearest is path"},
		},
		"everything wrong": {canaryObject, `{ authority = "https://a", path = "a", method = "G T", scheme = "ftp",` +
			` headers = { "a b" = "c", host = "d" }, port = 65536, gateway = "web", source_namespace = "A", x = 1 }`,
			1, []string{
				"authority: ", "path: ", "method: ", "scheme: ", `headers["a b"]: `,
				`headers["host"]: is no header here: set authority`, "port: ", "gateway: ", "source_namespace: ", "x: ",
			}},
		"empty texts": {
			canaryObject,
			`{ authority = "", path = "", method = "", scheme = "", gateway = "", source_namespace = "" }`,
			1,
			[]string{
				"authority: must not be empty", "path: ", "method: ", "scheme: ", "gateway: ", "source_namespace: ",
			},
		},
		"a port below all": {
			canaryObject, `{ port = -1 }`, 1, []string{"port: must be between 1 and 65535, got -1"},
		},
		"half a port": {
			canaryObject, `{ port = 80.5 }`, 1, []string{"port: must be a whole number"},
		},
		"a port beyond all":        {canaryObject, `{ port = 1e300 }`, 1, []string{"port: must be"}},
		"a port of words":          {canaryObject, `{ port = "http" }`, 1, []string{"port: must be a number"}},
		"a path that is an object": {canaryObject, `{ path = {} }`, 1, []string{"path: must be a string"}},
		"a path with a space": {
			canaryObject, `{ path = "/a b" }`, 1, []string{"path: must be percent-encoded"},
		},
		"a path that moves the cursor": {canaryObject, `{ path = "/a\u001b[31m" }`, 1, []string{"path: "}},
		"a path that is too long": {
			canaryObject, `{ path = "/` + text(70000) + `" }`, 1, []string{"path: must not be longer"},
		},
		"a path beyond all": {
			canaryObject, `{ path = "/` + text(300<<10) + `" }`, 1, []string{"path: must not hold a text"},
		},
		"a header beyond all, of several": {canaryObject, `{ headers = { a = ["b", "` + text(300<<10) +
			`"] } }`, 1, []string{"headers.a[1]: must not hold a text"}},
		"a key that is no name": {canaryObject, `{ headers = { "a b" = "` + text(300<<10) +
			`" } }`, 1, []string{`headers["a b"]: must not hold a text`}},
		"an authority with a user":          {canaryObject, `{ authority = "a@b" }`, 1, []string{"authority: "}},
		"an authority with a port of words": {canaryObject, `{ authority = "a:http" }`, 1, []string{"authority: "}},
		"an authority with port 0":          {canaryObject, `{ authority = "a:0" }`, 1, []string{"authority: "}},
		"an authority with nothing":         {canaryObject, `{ authority = "a:" }`, 1, []string{"authority: "}},
		"an authority of two lines":         {canaryObject, `{ authority = "a\nb" }`, 1, []string{"authority: "}},
		"an authority of stars":             {canaryObject, `{ authority = "*.example" }`, 1, []string{"authority: "}},
		"headers in a list": {
			canaryObject, `{ headers = ["a"] }`, 1, []string{"headers: must be a map"},
		},
		"headers in a text": {
			canaryObject, `{ headers = "a: b" }`, 1, []string{"headers: must be a map"},
		},
		"a header that is an object": {
			canaryObject, `{ headers = { a = {} } }`, 1, []string{`headers["a"]: must be a string`},
		},
		"a header with null inside": {
			canaryObject, `{ headers = { a = ["b", null] } }`, 1, []string{`headers["a"][1]: must not be null`},
		},
		"a header with a list inside": {
			canaryObject, `{ headers = { a = [["b"]] } }`, 1, []string{`headers["a"][0]: must be a string`},
		},
		"a header with an end of line": {
			canaryObject, `{ headers = { a = "b\r\nc: d" } }`, 1, []string{`headers["a"]: must not hold line breaks`},
		},
		"a header that is a number beyond": {
			canaryObject, `{ headers = { a = 1e4000 } }`, 1, []string{`headers["a"]: must be a string`},
		},
		"a pseudo-header": {
			canaryObject,
			`{ headers = { ":path" = "/" } }`,
			1,
			[]string{`headers[":path"]: is no header here: set path`},
		},
		"a header without a name": {
			canaryObject, `{ headers = { "" = "a" } }`, 1, []string{`headers[""]: is no name of a header`},
		},
		"a header that hides": {
			canaryObject, `{ headers = { "a\u202eb" = "a" } }`, 1, []string{"is no name of a header"},
		},
		"a header beyond all": {canaryObject, `{ headers = { a = "` + text(70000) +
			`" } }`, 1, []string{`headers["a"]: must not be longer`}},
		"more headers than are taken": {
			canaryObject, `{ headers = {` + many(6000) + `} }`, 1, []string{"headers: must have at most 5000 elements"},
		},
		"labels in a list": {
			canaryObject, `{ source_labels = ["a"] }`, 1, []string{"source_labels: must be a map"},
		},
		"a label that is null": {
			canaryObject, `{ source_labels = { a = null } }`, 1, []string{`source_labels["a"]: must not be null`},
		},
		"a gateway of three": {
			canaryObject, `{ gateway = "a/b/c" }`, 1, []string{"gateway: must be mesh or the NAMESPACE/NAME"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			route, request := anyValue(t, test.route), anyValue(t, test.request)
			began := time.Now()
			got, wrong := s.evaluate(t, route, request)
			if wrong == nil {
				t.Fatalf("it returns %#v", got)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("it takes %s", took)
			}
			for _, say := range test.say {
				checkFunction(t, "", wrong, "", test.argument, say)
			}
			for range 5 {
				if _, again := s.evaluate(t, route, request); again.Text != wrong.Text {
					t.Fatalf("the same arguments give\n%s\nand then\n%s", wrong.Text, again.Text)
				}
			}
		})
	}
}
