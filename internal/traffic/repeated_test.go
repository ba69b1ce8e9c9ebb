package traffic_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// Newer proxies compare each line of a header by itself, older ones all of them joined. Each row was answered so by
// Envoy 1.40, with and without envoy.reloadable_features.match_headers_individually.
func TestEvaluateRepeated(t *testing.T) {
	t.Parallel()
	ab := headers("v", "a", "v", "b")
	for name, test := range map[string]struct {
		match        string
		in           map[string][]string
		hits, before bool
	}{
		"one of the values":            {"{headers: {v: {exact: b}}}", ab, true, false},
		"all of them":                  {"{headers: {v: {exact: 'a,b'}}}", ab, false, true},
		"the start of the first":       {"{headers: {v: {prefix: a}}}", ab, true, true},
		"the start of the second":      {"{headers: {v: {prefix: b}}}", ab, true, false},
		"a regex of the first":         {"{headers: {v: {regex: a}}}", ab, true, false},
		"there":                        {"{headers: {v: {}}}", ab, true, true},
		"not one of the values":        {"{withoutHeaders: {v: {exact: b}}}", ab, false, true},
		"not a value that no line has": {"{withoutHeaders: {v: {exact: z}}}", ab, true, true},
		"not all of them":              {"{withoutHeaders: {v: {exact: 'a,b'}}}", ab, true, false},
		"not there":                    {"{withoutHeaders: {v: {}}}", ab, false, false},
		"an empty line":                {"{headers: {v: {exact: ''}}}", headers("v", "", "v", "b"), true, false},
		"not an empty line": {
			"{withoutHeaders: {v: {exact: ''}}}", headers("v", "", "v", "b"), false, true,
		},
		"cookies are one line": {
			"{headers: {cookie: {exact: 'a=1; b=2'}}}", headers("cookie", "a=1", "cookie", "b=2"), true, true,
		},
		"one of the cookies": {
			"{headers: {cookie: {exact: 'b=2'}}}", headers("cookie", "a=1", "cookie", "b=2"), false, false,
		},
		"one that every proxy joins": {
			"{headers: {user-agent: {exact: b}}}", headers("user-agent", "a", "User-Agent", "b"), false, false,
		},
		"all of one that is joined": {
			"{headers: {x-forwarded-proto: {exact: 'a,b'}}}",
			headers("x-forwarded-proto", "a", "x-forwarded-proto", "b"), true, true,
		},
		"one that is joined, without its empty lines": {
			"{headers: {user-agent: {exact: b}}}", headers("user-agent", "", "user-agent", "b"), true, true,
		},
		"one that is joined, of empty lines": {
			"{headers: {origin: {exact: ''}}}", headers("origin", "", "origin", ""), true, true,
		},
		"names in two spellings":           {"{headers: {v: {exact: b}}}", headers("v", "a", "V", "b"), true, false},
		"what no regex can be is nowhere":  {"{withoutHeaders: {v: {regex: '('}}}", ab, false, false},
		"a single line is read in one way": {"{headers: {v: {exact: 'a,b'}}}", headers("v", "a,b"), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := istiotest.VirtualService(t, "reviews", matchRules(test.match))
			out := evaluate([]*istio.Object{o}, nil, traffic.Request{Headers: test.in}, traffic.Options{})
			older := out
			if out.Older != nil {
				older = *out.Older
			}
			if hits, before := out.Rule.Index == 0, older.Rule.Index == 0; hits != test.hits || before != test.before {
				t.Errorf("newer proxies %t, older %t, want %t and %t", hits, before, test.hits, test.before)
			}
		})
	}
}

// Where proxies differ, the answer says which do what.
func TestExplainRepeated(t *testing.T) {
	t.Parallel()
	o := istiotest.VirtualService(t, "reviews", matchRules("{headers: {v: {exact: b}}}"))
	table := traffic.NewTable([]*istio.Object{o}, nil, traffic.Options{})
	got := table.Explain(table.Evaluate(traffic.Request{Headers: headers("v", "a", "v", "b")}))
	const want = "rule http[0]: requests with header v=b go to hit; proxies up to Istio 1.30 and gRPC clients " +
		"without a proxy join the values of a header that comes several times with commas, and with them: rule " +
		"http[1]: all other requests go to rest"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// What no request reaches with headers of one line each can have requests in newer proxies, and says which.
func TestNeverTakenUnlessRepeated(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rules, want string
		request     map[string][]string
	}{
		"behind two that are for all but one value": {
			"{match: [{withoutHeaders: {v: {exact: a}}}], " + istiotest.To("v1") + "}, {match: [{withoutHeaders: {v: " +
				"{exact: b}}}], " + istiotest.To("v2") + "}, {" + istiotest.To("v3") + "}",
			"http[2]: together take all of its requests first, but for requests that send header v several times to " +
				"proxies since Istio 1.31",
			headers("v", "a", "v", "b"),
		},
		"two spellings of a name": {
			"{match: [{headers: {v: {exact: a}, V: {exact: b}}}], " + istiotest.To("v1") + "}",
			`http[0].match[0].headers["v"]: no request can have header v=b and header v=a, so that this match never ` +
				"holds, but for requests that send header v several times to proxies since Istio 1.31; leave one of " +
				"the two out, or write a match for each",
			headers("v", "a", "v", "b"),
		},
		"a header that every proxy joins": {
			"{match: [{headers: {accept: {exact: a}, Accept: {exact: b}}}], " + istiotest.To("v1") + "}",
			`http[0].match[0].headers["accept"]: no request can have header accept=b and header accept=a, so that ` +
				"this match never holds; leave one of the two out, or write a match for each",
			nil,
		},
		"beside a claim that nobody can ask for": {
			"{match: [{headers: {v: {exact: a}, V: {exact: b}}, withoutHeaders: {'@request.auth.claims.g': {}}}], " +
				istiotest.To("v1") + "}",
			`http[0].match[0].headers["v"]: no request can have header v=b and header v=a, so that this match never ` +
				"holds, but for requests that send header v several times to proxies since Istio 1.31; leave one of " +
				"the two out, or write a match for each",
			headers("v", "a", "v", "b"),
		},
		"no line can be both": {
			"{match: [{headers: {v: {exact: a}, V: {exact: b}}, withoutHeaders: {v: {prefix: a}}}], " +
				istiotest.To("v1") + "}",
			`http[0].match[0].headers["v"]: no request can have header v=b and header v=a, so that this match never ` +
				"holds; leave one of the two out, or write a match for each",
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := istiotest.VirtualService(t, "reviews", "http: ["+test.rules+"]")
			var got []string
			for _, p := range traffic.NeverTaken(o) {
				got = append(got, fmt.Sprintf("%s: %s", p.At, p.Reason))
			}
			if diff := cmp.Diff([]string{test.want}, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			verdicts := traffic.FindDead([]*istio.Object{o}, traffic.Options{})
			var request map[string][]string
			if r := verdicts[len(verdicts)-1].Repeated; r != nil {
				request = r.Headers
			}
			if diff := cmp.Diff(test.request, request); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}
