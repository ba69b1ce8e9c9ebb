package acceptance_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// matchKind is one way to match a request. A rule tries all kinds of a test, so each also asks for a header `kind`
// with its own name.
type matchKind struct {
	// hcl and yaml are the match without its headers.
	hcl, yaml string
	// headersHCL and headersYAML are headers besides `kind`.
	headersHCL, headersYAML string
	// hits are requests that it matches, misses those that it does not.
	hits, misses []acctest.Request
}

func headers(pairs ...string) acctest.Request {
	r := acctest.Request{Headers: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		r.Headers[pairs[i]] = pairs[i+1]
	}
	return r
}

func method(path string) acctest.Request { return acctest.Request{Method: path} }

const (
	greeterPath = "/helloworld.Greeter/SayHello"
	againPath   = "/helloworld.Greeter/SayHelloAgain"
)

// headerKinds are matches of headers.
var headerKinds = map[string]matchKind{
	"header-exact": {
		headersHCL: `version = { exact = "200" }`, headersYAML: `version: {exact: "200"}`,
		hits: []acctest.Request{headers("version", "200"), headers("VERSION", "200")},
		// A proxy compares values with their case, and headers that are absent never match.
		misses: []acctest.Request{headers("version", "100"), headers("version", "2000"), {}},
	},
	"header-prefix": {
		headersHCL: `version = { prefix = "2." }`, headersYAML: `version: {prefix: "2."}`,
		hits:   []acctest.Request{headers("version", "2.1"), headers("version", "2.")},
		misses: []acctest.Request{headers("version", "22"), {}},
	},
	"header-regex": {
		headersHCL: `version = { regex = "2\\.[0-9]+" }`, headersYAML: `version: {regex: '2\.[0-9]+'}`,
		hits:   []acctest.Request{headers("version", "2.15")},
		misses: []acctest.Request{headers("version", "2.x"), headers("version", "12.1"), {}},
	},
	"header-present": {
		headersHCL: `version = { present = true }`, headersYAML: `version: {}`,
		hits:   []acctest.Request{headers("version", "1"), headers("version", "anything")},
		misses: []acctest.Request{{}},
	},
	"header-absent": {
		hcl: `without_headers = { version = { present = true } }`, yaml: `withoutHeaders: {version: {}}`,
		hits:   []acctest.Request{{}, headers("other", "1")},
		misses: []acctest.Request{headers("version", "1")},
	},
	"header-without-exact": {
		hcl: `without_headers = { version = { exact = "100" } }`, yaml: `withoutHeaders: {version: {exact: "100"}}`,
		hits:   []acctest.Request{headers("version", "200")},
		misses: []acctest.Request{headers("version", "100")},
	},
	"headers-all": {
		headersHCL: `version = { exact = "200" }, tenant = { prefix = ` +
			`"eu-" }`, headersYAML: `version: {exact: "200"}, tenant: {prefix: eu-}`,
		hits: []acctest.Request{headers("version", "200", "tenant", "eu-1")},
		misses: []acctest.Request{
			headers("version", "200"), headers("tenant", "eu-1"), headers("version", "200", "tenant", "us-1"),
		},
	},
	"header-with-dashes": {
		headersHCL: `"x-canary" = { exact = "Yes" }`, headersYAML: `x-canary: {exact: "Yes"}`,
		hits:   []acctest.Request{headers("x-canary", "Yes"), headers("X-Canary", "Yes")},
		misses: []acctest.Request{headers("x-canary", "yes"), headers("x-canary", "")},
	},
}

// otherKinds are matches of everything else that a gRPC client in the mesh acts on.
var otherKinds = map[string]matchKind{
	"uri-exact": {
		hcl: `uri = { exact = "/helloworld.Greeter/SayHello" }`, yaml: `uri: {exact: /helloworld.Greeter/SayHello}`,
		hits: []acctest.Request{method(greeterPath)}, misses: []acctest.Request{method(againPath)},
	},
	"uri-prefix": {
		hcl: `uri = { prefix = "/helloworld.Greeter/SayHelloA" }`, yaml: `uri: {prefix: /helloworld.Greeter/SayHelloA}`,
		hits: []acctest.Request{method(againPath)}, misses: []acctest.Request{method(greeterPath)},
	},
	"uri-regex": {
		hcl: `uri = { regex = "/helloworld\\..*/Say.*Again" }`, yaml: `uri: {regex: '/helloworld\..*/Say.*Again'}`,
		hits: []acctest.Request{method(againPath)}, misses: []acctest.Request{method(greeterPath)},
	},
	"uri-case": {
		hcl:  "uri = { exact = \"/HELLOWORLD.greeter/sayhello\" }\n ignore_uri_case = true",
		yaml: `uri: {exact: /HELLOWORLD.greeter/sayhello}, ignoreUriCase: true`,
		hits: []acctest.Request{method(greeterPath)}, misses: []acctest.Request{method(againPath)},
	},
	"port": {
		hcl: `port = 50051`, yaml: `port: 50051`,
		hits: []acctest.Request{{}},
	},
	"port-other": {
		hcl: `port = 50052`, yaml: `port: 50052`,
		misses: []acctest.Request{{}},
	},
	"source-labels": {
		hcl: `source_labels = { app = "tester" }`, yaml: `sourceLabels: {app: tester}`,
		hits:   []acctest.Request{{Labels: "app=tester,version=v1"}, {Labels: "app=tester"}},
		misses: []acctest.Request{{Labels: "app=other"}, {}},
	},
	"source-namespace": {
		hcl: `source_namespace = "shop"`, yaml: `sourceNamespace: shop`,
		hits:   []acctest.Request{{Namespace: "shop"}},
		misses: []acctest.Request{{Namespace: "other"}, {}},
	},
	"gateways-mesh": {
		hcl: `gateways = ["mesh"]`, yaml: `gateways: [mesh]`,
		hits: []acctest.Request{{}},
	},
}

// unseenKinds are matches that no gRPC client in the mesh acts on: only a proxy sees what they are about.
var unseenKinds = map[string]matchKind{
	"method":    {hcl: `method = { exact = "POST" }`, yaml: `method: {exact: POST}`},
	"authority": {hcl: `authority = { prefix = "greeter." }`, yaml: `authority: {prefix: greeter.}`},
	"scheme":    {hcl: `scheme = { regex = "https?" }`, yaml: `scheme: {regex: "https?"}`},
	"query-params": {
		hcl:  `query_params = { debug = { exact = "1" }, any = { present = true } }`,
		yaml: `queryParams: {debug: {exact: "1"}, any: {}}`,
	},
	"stat-prefix": {hcl: `stat_prefix = "canary"`, yaml: `statPrefix: canary`},
	"name":        {hcl: `name = "internal"`, yaml: `name: internal`},
}

// render returns the match of all kinds, any of which is enough, as HCL and as YAML.
func render(kinds map[string]matchKind) (hcl, yaml string) {
	var h, y strings.Builder
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		kind := kinds[name]
		h.WriteString("{\n headers = { kind = { exact = \"" + name + "\" }, " + kind.headersHCL + " }\n " + kind.hcl +
			"\n},\n")
		y.WriteString("{headers: {kind: {exact: " + name + "}, " + kind.headersYAML + "}, " + kind.yaml + "},\n")
	}
	return "[\n" + h.String() + "]", "[" + strings.ReplaceAll(y.String(), ", }", "}") + "]"
}

// testMatches applies one rule with all kinds and sends every kind's requests.
func testMatches(lab *acctest.Lab, f form, kinds map[string]matchKind) resource.TestStep {
	hcl, yaml := render(kinds)
	checks := []resource.TestCheckFunc{
		lab.Spec(acctest.VirtualService, lab.Service, f.virtualService(strings.ReplaceAll(yaml, "\n", "\n  "), "")),
	}
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		of := func(r acctest.Request) acctest.Request {
			r.Headers = maps.Clone(r.Headers)
			if r.Headers == nil {
				r.Headers = map[string]string{}
			}
			r.Headers["kind"], r.Count = name, 100
			return r
		}
		for _, hit := range kinds[name].hits {
			checks = append(checks, lab.Traffic(of(hit), acctest.Only("v2")))
		}
		for _, miss := range kinds[name].misses {
			checks = append(checks, lab.Traffic(of(miss), acctest.Only("v1")))
		}
	}
	return resource.TestStep{
		Config: lab.Config(f.with(parts{match: hcl})),
		Check:  resource.ComposeTestCheckFunc(checks...),
	}
}

func testHeaders(t *testing.T, f form) {
	t.Parallel()
	lab := acctest.Start(t)
	run(t, lab, testMatches(lab, f, headerKinds))
}

func testMatchKinds(t *testing.T, f form) {
	t.Parallel()
	lab := acctest.Start(t)
	run(t, lab, testMatches(lab, f, otherKinds), testMatches(lab, f, unseenKinds))
}
