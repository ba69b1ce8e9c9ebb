package traffic_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// evaluate says what happens to one request.
func evaluate(
	virtualServices, destinationRules []*istio.Object, request traffic.Request, options traffic.Options,
) traffic.Outcome {
	return traffic.NewTable(virtualServices, destinationRules, options).Evaluate(request)
}

// matchRules has a rule with the given match, and a last rule that takes the rest.
func matchRules(match string) string {
	return "http:\n- match: [" + match + "]\n  " + istiotest.To("hit") + "\n- " + istiotest.To("rest")
}

func headers(pairs ...string) map[string][]string {
	all := map[string][]string{}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = append(all[pairs[i]], pairs[i+1])
	}
	return all
}

// A match takes a request or leaves it to the next rule.
func TestEvaluateMatches(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		match string
		in    traffic.Request
		hits  bool
	}{
		"an empty match takes everything": {"{}", traffic.Request{}, true},
		"exact path": {
			"{uri: {exact: /a}}", traffic.Request{Path: "/a"}, true,
		},
		"exact path has no more": {
			"{uri: {exact: /a}}", traffic.Request{Path: "/a/"}, false,
		},
		"the path goes without its query": {
			"{uri: {exact: /a}}", traffic.Request{Path: "/a?b=c"}, true,
		},
		"and without a fragment": {
			"{uri: {exact: /a}}", traffic.Request{Path: "/a#b"}, true,
		},
		"a prefix is of text": {
			"{uri: {prefix: /foo}}", traffic.Request{Path: "/foobar"}, true,
		},
		"a prefix with a question mark takes nothing": {
			`{uri: {prefix: "/a?b"}}`, traffic.Request{Path: "/a?b"}, false,
		},
		"an empty prefix takes everything": {
			`{uri: {prefix: ""}}`, traffic.Request{Path: "*", Method: "OPTIONS"}, true,
		},
		"no rule takes what is no path": {
			"{}", traffic.Request{Path: "*", Method: "OPTIONS"}, false,
		},
		"a regex is of the whole path": {
			"{uri: {regex: /a}}", traffic.Request{Path: "/ab"}, false,
		},
		"a regex of alternatives is of the whole path": {
			"{uri: {regex: /a|/b}}", traffic.Request{Path: "/ab"}, false,
		},
		"a regex takes the longer alternative": {
			`{uri: {regex: "/a|/ab[0-9]"}}`, traffic.Request{Path: "/ab1"}, true,
		},
		"paths differ by case": {
			"{uri: {exact: /A}}", traffic.Request{Path: "/a"}, false,
		},
		"unless it is ignored": {
			"{uri: {exact: /A}, ignoreUriCase: true}", traffic.Request{Path: "/a"}, true,
		},
		"in prefixes too": {
			"{uri: {prefix: /a}, ignoreUriCase: true}", traffic.Request{Path: "/ABC"}, true,
		},
		"not in a regex": {
			"{uri: {regex: /a}, ignoreUriCase: true}", traffic.Request{Path: "/A"}, false,
		},
		"only letters of ASCII have a case": {
			"{uri: {prefix: /k}, ignoreUriCase: true}", traffic.Request{Path: "/\u212a"}, false,
		},
		"header": {
			"{headers: {v: {exact: '1'}}}", traffic.Request{Headers: headers("v", "1")}, true,
		},
		"header names have no case": {
			"{headers: {V: {exact: '1'}}}", traffic.Request{Headers: headers("v", "1")}, true,
		},
		"not in the request either": {
			"{headers: {v: {exact: '1'}}}", traffic.Request{Headers: headers("V", "1")}, true,
		},
		"header values have": {
			"{headers: {v: {exact: a}}}", traffic.Request{Headers: headers("v", "A")}, false,
		},
		"cookies are joined by a semicolon": {
			"{headers: {cookie: {exact: 'a=1; b=2'}}}",
			traffic.Request{Headers: headers("cookie", "a=1", "cookie", "b=2")},
			true,
		},
		"an empty match of a header is presence": {
			"{headers: {v: {}}}", traffic.Request{Headers: headers("v", "")}, true,
		},
		"presence of a header that is not there": {"{headers: {v: {}}}", traffic.Request{}, false},
		"a missing header is not empty": {
			"{headers: {v: {exact: ''}}}", traffic.Request{}, false,
		},
		"a regex of a missing header": {
			"{headers: {v: {regex: '.*'}}}", traffic.Request{}, false,
		},
		"a regex of a header": {
			"{headers: {v: {regex: '[0-9]+'}}}", traffic.Request{Headers: headers("v", "200")}, true,
		},
		"without a header": {"{withoutHeaders: {v: {}}}", traffic.Request{}, true},
		"without a header that is there": {
			"{withoutHeaders: {v: {}}}", traffic.Request{Headers: headers("v", "1")}, false,
		},
		"the regex * is presence": {
			"{withoutHeaders: {v: {regex: '*'}}}", traffic.Request{Headers: headers("v", "1")}, false,
		},
		"without a value that another has": {
			"{withoutHeaders: {v: {exact: '1'}}}", traffic.Request{Headers: headers("v", "2")}, true,
		},
		"without a value, and no header": {
			"{withoutHeaders: {v: {exact: '1'}}}", traffic.Request{}, true,
		},
		"without a value, and it is there": {
			"{withoutHeaders: {v: {exact: '1'}}}", traffic.Request{Headers: headers("v", "1")}, false,
		},
		"without any value never matches": {
			"{withoutHeaders: {v: {regex: '.*'}}}", traffic.Request{}, false,
		},
		"a missing header counts as empty when it must not be": {
			"{withoutHeaders: {v: {exact: ''}}}", traffic.Request{}, false,
		},
		"the method is a header": {
			"{headers: {':method': {exact: POST}}}", traffic.Request{Method: "POST"}, true,
		},
		"host is the authority": {
			"{headers: {Host: {prefix: reviews}}}", traffic.Request{Authority: "reviews.shop"}, true,
		},
		"method": {
			"{method: {exact: POST}}", traffic.Request{Method: "POST"}, true,
		},
		"methods have a case": {
			"{method: {exact: POST}}", traffic.Request{Method: "post"}, false,
		},
		"scheme": {
			"{scheme: {exact: https}}", traffic.Request{Scheme: "https"}, true,
		},
		"authority with its port": {
			"{authority: {exact: 'reviews:80'}}", traffic.Request{Authority: "reviews:80"}, true,
		},
		"authority as the client writes it": {
			"{authority: {exact: reviews}}", traffic.Request{Authority: "reviews:80"}, false,
		},
		"query parameter": {
			"{queryParams: {a: {exact: '1'}}}", traffic.Request{Path: "/?b=2&a=1"}, true,
		},
		"the first of several query parameters": {
			"{queryParams: {a: {exact: '2'}}}", traffic.Request{Path: "/?a=1&a=2"}, false,
		},
		"query parameters are not decoded": {
			"{queryParams: {a: {exact: ' '}}}", traffic.Request{Path: "/?a=%20"}, false,
		},
		"a query parameter without value is empty": {
			"{queryParams: {a: {exact: ''}}}", traffic.Request{Path: "/?a"}, true,
		},
		"presence of a query parameter": {
			"{queryParams: {a: {}}}", traffic.Request{Path: "/?a=1"}, true,
		},
		"a query parameter that is not there": {
			"{queryParams: {a: {exact: ''}}}", traffic.Request{Path: "/?b"}, false,
		},
		"port":                      {"{port: 80}", traffic.Request{}, true},
		"another port":              {"{port: 80}", traffic.Request{Port: 81}, false},
		"the port of the authority": {"{port: 50051}", traffic.Request{Authority: "reviews:50051"}, true},
		"labels of the caller": {
			"{sourceLabels: {app: web}}", traffic.Request{SourceLabels: map[string]string{"app": "web", "v": "1"}},
			true,
		},
		"other labels": {
			"{sourceLabels: {app: web}}", traffic.Request{SourceLabels: map[string]string{"app": "cart"}}, false,
		},
		"namespace of the caller": {"{sourceNamespace: shop}", traffic.Request{SourceNamespace: "shop"}, true},
		"a caller from nowhere":   {"{sourceNamespace: shop}", traffic.Request{}, false},
		"a gateway in a match makes it ignore labels": {
			"{gateways: [mesh], sourceLabels: {app: web}}", traffic.Request{}, true,
		},
		"another gateway": {"{gateways: [front]}", traffic.Request{}, false},
		"claims hold one of several values": {
			"{headers: {'@request.auth.claims.group': {exact: b}}}",
			traffic.Request{Headers: headers("@request.auth.claims[group]", "a", "@request.auth.claims[group]", "b")},
			true,
		},
		"without a claim": {"{withoutHeaders: {'@request.auth.claims.group': {exact: b}}}", traffic.Request{}, true},
		"an expression that cannot be read takes nothing": {
			"{headers: {v: {regex: '('}}}", traffic.Request{Headers: headers("v", "(")}, false,
		},
		"without an expression that cannot be read is the same": {
			"{withoutHeaders: {v: {regex: '('}}}", traffic.Request{}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := evaluate([]*istio.Object{istiotest.VirtualService(t, "reviews", matchRules(test.match))},
				nil, test.in, traffic.Options{})
			if hits := out.Kind == traffic.Forward && out.Destinations[0].Subset == "hit"; hits != test.hits {
				t.Errorf("hits: %v, want %v: %+v", hits, test.hits, out)
			}
		})
	}
}

// Which VirtualService holds, and which of its rules.
func TestEvaluateChooses(t *testing.T) {
	t.Parallel()
	older, newer := "http: [{name: older, "+istiotest.To("v1")+"}]", "http: [{name: newer, "+istiotest.To("v2")+"}]"
	with := func(spec, more string) string { return spec + "\n" + more }
	full := "reviews.shop.svc.cluster.local"
	for name, test := range map[string]struct {
		routes []string // specs; created in this order
		in     traffic.Request
		want   string
	}{
		"the oldest on sidecars": {[]string{older, newer}, traffic.Request{}, "older"},
		"the full name is the same": {
			[]string{older, with(newer, "hosts: ["+full+"]")}, traffic.Request{Authority: full}, "older",
		},
		"a short name of another namespace": {
			[]string{older}, traffic.Request{Authority: "reviews.shop", SourceNamespace: "other"}, "older",
		},
		"a short name is read at home": {
			[]string{older}, traffic.Request{Authority: "reviews", SourceNamespace: "other"}, "unclaimed",
		},
		"a port and a last dot are nothing": {
			[]string{older}, traffic.Request{Authority: "REVIEWS.shop.svc.cluster.local.:81"}, "older",
		},
		"a short name has no last dot": {
			[]string{older}, traffic.Request{Authority: "reviews.shop."}, "unclaimed",
		},
		"another host": {[]string{older}, traffic.Request{Authority: "ratings"}, "unclaimed"},
		"a name beats a wildcard": {
			[]string{with(older, "hosts: ['*.shop.svc.cluster.local']"), newer},
			traffic.Request{Authority: "reviews"},
			"newer",
		},
		"a longer wildcard beats a shorter": {
			[]string{with(older, "hosts: ['*.com']"), with(newer, "hosts: ['*.shop.com']")},
			traffic.Request{Authority: "a.shop.com"},
			"newer",
		},
		"a wildcard is not its own parent": {
			[]string{with(older, "hosts: ['*.shop.com']")}, traffic.Request{Authority: "shop.com"}, "unclaimed",
		},
		"not for sidecars": {[]string{with(older, "gateways: [front]"), newer}, traffic.Request{}, "newer"},
		"not exported": {
			[]string{with(older, "exportTo: [elsewhere]"), newer},
			traffic.Request{Authority: full, SourceNamespace: "shop"},
			"newer",
		},
		"private before older": {
			[]string{older, with(newer, "exportTo: ['.']")}, traffic.Request{SourceNamespace: "shop"}, "newer",
		},
		"without rules for the port it is not there": {
			[]string{"http: [{name: older, match: [{port: 81}], " + istiotest.To("v1") + "}]", newer},
			traffic.Request{}, "newer"},
		"no rule takes the request": {
			[]string{"http: [{name: older, match: [{uri: {prefix: /a}}], " + istiotest.To("v1") + "}]", newer},
			traffic.Request{}, "no_route"},
		"nothing behind a rule for all": {
			[]string{"http: [{name: older, " + istiotest.To("v1") + "}, {name: newer, match: [{uri: {exact: '*'}}], " +
				istiotest.To("v2") + "}]"}, traffic.Request{Path: "*"}, "no_route"},
		"first rule first": {
			[]string{"http: [{name: older, match: [{uri: {prefix: /a}}], " + istiotest.To("v1") + "}, {name: newer, " +
				istiotest.To("v2") + "}]"}, traffic.Request{Path: "/ab"}, "older"},
		"merged at a gateway, rules for all last": {
			[]string{with(older, "gateways: [front]"), with("http: [{name: newer, match: [{uri: {prefix: /a}}], "+
				istiotest.To("v2")+"}]", "gateways: [front]")},
			traffic.Request{Gateway: "shop/front", Path: "/a"}, "newer"},
		"merged at a gateway, older first": {
			[]string{with("http: [{name: older, match: [{uri: {prefix: /}, method: {prefix: G}}], "+istiotest.To("v1")+
				"}]", "gateways: [front]"),
				with("http: [{name: newer, match: [{uri: {prefix: /a}}], "+istiotest.To("v2")+
					"}]", "gateways: [front]")},
			traffic.Request{Gateway: "shop/front", Path: "/a"}, "older"},
		"of two rules for all the older's": {
			[]string{with(older, "gateways: [front]"), with(newer, "gateways: [shop/front]")},
			traffic.Request{Gateway: "shop/front"}, "older"},
		"of two rules for all the one that is for what is no path too": {
			[]string{with(older, "gateways: [front]"), with("http: [{name: newer, match: [{uri: {regex: '.*'}}], "+
				istiotest.To("v2")+"}]", "gateways: [front]")},
			traffic.Request{Gateway: "shop/front", Path: "*", Method: "OPTIONS"}, "newer"},
		"a last dot is another host at a gateway": {
			[]string{with(older, "gateways: [front]")}, traffic.Request{Gateway: "shop/front", Authority: full + "."},
			"unclaimed"},
		"another gateway": {
			[]string{with(older, "gateways: [front]")}, traffic.Request{Gateway: "shop/back"}, "unclaimed",
		},
		"at a gateway a name without rules for the port leaves it to a wildcard": {
			[]string{with("http: [{name: older, match: [{port: 81}], "+istiotest.To("v1")+
				"}]", "hosts: [a.example]\ngateways: [front]"), with(newer, "hosts: ['*.example']\ngateways: [front]")},
			traffic.Request{Gateway: "shop/front", Authority: "a.example"}, "newer"},
		"on a sidecar too": {
			[]string{
				with("http: [{name: older, match: [{port: 81}], "+istiotest.To("v1")+"}]", "hosts: [a.example]"),
				with(newer, "hosts: ['*.example']"),
			},
			traffic.Request{Authority: "a.example"}, "newer"},
		"but that of a Service does not": {
			[]string{
				"http: [{name: older, match: [{port: 81}], " + istiotest.To("v1") + "}]",
				with(newer, "hosts: ['*.shop.svc.cluster.local']"),
			}, traffic.Request{Authority: full}, "unclaimed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var routes []*istio.Object
			created := map[*istio.Object]time.Time{}
			for i, spec := range test.routes {
				o := istiotest.VirtualService(t, fmt.Sprintf("vs%d", 9-i), spec)
				created[o] = time.Unix(int64(i), 0)
				routes = append([]*istio.Object{o}, routes...)
			}
			got := evaluate(routes, nil, test.in, traffic.Options{Created: created})
			if name := got.Rule.Name; name != test.want && (name != "" || string(got.Kind) != test.want) {
				t.Errorf("got %q by rule %q, want %q", got.Kind, name, test.want)
			}
		})
	}
}

// Callers follow the VirtualServices of their own namespace that say to whom they are exported, then those that name
// it, then those for all, and only then the older ones.
func TestEvaluateExported(t *testing.T) {
	t.Parallel()
	spec := func(exportTo string) string {
		return "hosts: [reviews.shop.svc.cluster.local]\nexportTo: [" + exportTo +
			"]\nhttp: [{route: [{destination: {host: reviews.shop.svc.cluster.local}}]}]"
	}
	for name, test := range map[string]struct{ shop, web, caller, want string }{
		"both name the caller's":       {"., web", "., shop", "web", "web/newer"},
		"both name the other caller's": {"., web", "., shop", "shop", "shop/older"},
		"named, and for all":           {"., web", "'*'", "web", "shop/older"},
		"for all, and named":           {"'*'", "., shop", "shop", "web/newer"},
		"named in a third one":         {"third", "third, web", "third", "shop/older"},
		"for all":                      {"'*'", "'*'", "web", "shop/older"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			routes := []*istio.Object{
				istiotest.VirtualService(t, "shop/older", spec(test.shop)),
				istiotest.VirtualService(t, "web/newer", spec(test.web)),
			}
			out := evaluate(routes, nil, traffic.Request{SourceNamespace: test.caller}, traffic.Options{})
			if got := out.VirtualService; got == nil || got.Namespace+"/"+got.Name != test.want {
				t.Errorf("got %s by %v, want %s", out.Kind, got, test.want)
			}
		})
	}
}
