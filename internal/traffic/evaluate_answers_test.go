package traffic_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/cors"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// Header operations on the authority rewrite it, for one of several destinations alone where the rule does not for
// all of them.
func TestEvaluateAuthority(t *testing.T) {
	t.Parallel()
	one := "{destination: {host: reviews, subset: v1}, headers: {request: {set: {Host: v1.example}}}}"
	other := "{destination: {host: reviews, subset: v2}, weight: 50," +
		" headers: {request: {add: {':authority': v2.example}}}}"
	plain := "{destination: {host: reviews, subset: v2}, weight: 50}"
	for name, test := range map[string]struct{ rule, want string }{
		"the only destination's":    {"route: [" + one + "]", "v1.example v1="},
		"that of the only one left": {"route: [" + one + ", " + other + "]", "v2=v2.example"},
		"the rule's": {
			"headers: {request: {set: {host: all.example}}}, route: [" + other + "]", "all.example v2=",
		},
		"the rule's for all": {
			"rewrite: {authority: all.example}, route: [" + other + ", " + strings.ReplaceAll(plain, "v2", "v3") + "]",
			"all.example v2= v3=",
		},
		"of one of two": {
			"route: [" + other + ", " + strings.ReplaceAll(plain, "v2", "v3") + "]", "v2=v2.example v3=",
		},
		"twice the same, not at once": {"route: [" + other + ", " + plain + "]", "v2=v2.example v2="},
		"nobody's":                    {"route: [" + plain + "]", "v2="},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := evaluate([]*istio.Object{istiotest.VirtualService(t, "reviews", "http: [{"+test.rule+"}]")},
				nil, traffic.Request{}, traffic.Options{})
			var got []string
			if out.Rewrite != nil {
				got = append(got, out.Rewrite.Authority)
			}
			for _, share := range out.Destinations {
				got = append(got, share.Subset+"="+share.Authority)
			}
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Answers that come from the proxy, and what it makes of paths.
func TestEvaluateAnswers(t *testing.T) {
	t.Parallel()
	rewrite := func(match, rewrite string) string {
		return "http: [{match: [" + match + "], rewrite: " + rewrite + ", " + istiotest.To("v1") + "}]"
	}
	redirect := func(redirect string) string {
		return "http: [{match: [{uri: {prefix: /a}}], redirect: " + redirect + "}]"
	}
	in := traffic.Request{Authority: "reviews:8080", Path: "/a/b?c=d"}
	for name, test := range map[string]struct{ spec, want string }{
		"prefix":             {rewrite("{uri: {prefix: /a}}", "{uri: /x}"), "/x/b?c=d"},
		"prefix in any case": {rewrite("{uri: {prefix: /A}, ignoreUriCase: true}", "{uri: /x}"), "/x/b?c=d"},
		"exact":              {rewrite("{uri: {exact: /a/b}}", "{uri: /x}"), "/x?c=d"},
		"regex":              {rewrite("{uri: {regex: '/a.*'}}", "{uri: /x}"), "/x?c=d"},
		"groups": {
			rewrite("{uri: {prefix: /a}}", `{uriRegexRewrite: {match: '/(\w)/(\w)', rewrite: '/\2/\1$'}}`), "/b/a$?c=d",
		},
		"a group that is not there": {
			rewrite("{uri: {prefix: /a}}", `{uriRegexRewrite: {match: '/(a)', rewrite: '/x\1\2'}}`), "/a/b?c=d",
		},
		"a group that matches nothing": {
			rewrite("{uri: {prefix: /a}}", `{uriRegexRewrite: {match: '(x)?/a', rewrite: '/y\1'}}`), "/y/b?c=d",
		},
		"a backslash before anything else": {
			rewrite("{uri: {prefix: /a}}", `{uriRegexRewrite: {match: '/a', rewrite: '/y\x/z'}}`), "/y/b?c=d",
		},
		"a backslash at the end": {
			rewrite("{uri: {prefix: /a}}", `{uriRegexRewrite: {match: '/a', rewrite: '/y\'}}`), "/y/b?c=d",
		},
		"two backslashes": {
			rewrite("{uri: {prefix: /a}}", `{uriRegexRewrite: {match: '/a', rewrite: '/y\\'}}`), `/y\/b?c=d`,
		},
		"a path without anything left": {
			rewrite("{uri: {prefix: /a}}", `{uriRegexRewrite: {match: '^(x)?.*$', rewrite: '\1'}}`), "/a/b?c=d",
		},
		"a rewrite without a slash": {rewrite("{uri: {prefix: /a/}}", "{uri: new}"), "newb?c=d"},
		"redirect without a slash":  {redirect("{uri: new/x}"), "301 http://reviews:8080/new/x?c=d"},
		"redirect to a URL": {
			redirect("{uri: 'https://other.test/x'}"), "301 http://reviews:8080/https://other.test/x?c=d",
		},
		"redirect to what is no variable": {
			redirect("{uri: '%PREFIX()%/new/'}"), "301 http://reviews:8080/%PREFIX()%/new/?c=d",
		},
		"redirect to a fragment": {redirect("{uri: '/x#top'}"), "301 http://reviews:8080/x#top?c=d"},
		"redirect of a prefix without a slash": {
			redirect("{prefixRewrite: x}"), "301 http://reviews:8080/x/b?c=d",
		},
		"everything":              {"http: [{rewrite: {uri: /x/}, " + istiotest.To("v1") + "}]", "/x/a/b?c=d"},
		"redirect keeps the rest": {redirect("{scheme: https}"), "301 https://reviews:8080/a/b?c=d"},
		"redirect elsewhere": {
			redirect("{authority: example.com, uri: /x, redirectCode: 302}"), "302 http://example.com/x?c=d",
		},
		"redirect with its own query": {redirect("{uri: '/x?y'}"), "301 http://reviews:8080/x?y"},
		"redirect of a prefix":        {redirect("{prefixRewrite: /x}"), "301 http://reviews:8080/x/b?c=d"},
		"redirect to a port":          {redirect("{port: 81}"), "301 http://reviews:81/a/b?c=d"},
		"redirect to the usual port": {
			redirect("{port: 443, scheme: https, authority: example.com}"), "301 https://example.com/a/b?c=d",
		},
		"redirect to the request's own": {
			redirect("{derivePort: FROM_REQUEST_PORT, authority: example.com}"), "301 http://example.com:8080/a/b?c=d",
		},
		"direct response to where a client was": {
			"http: [{directResponse: {status: 302}}]", "302 http://reviews:8080/a/b?c=d",
		},
		"direct response of something new": {
			"http: [{directResponse: {status: 201, body: {string: made}}}]", "201 made http://reviews:8080/a/b?c=d",
		},
		"direct response": {"http: [{directResponse: {status: 418, body: {string: tea}}}]", "418 tea"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := evaluate([]*istio.Object{istiotest.VirtualService(t, "reviews", test.spec)}, nil, in,
				traffic.Options{})
			got := string(out.Kind)
			switch {
			case out.Rewrite != nil:
				got = out.Rewrite.Path
			case out.Redirect != nil:
				got = fmt.Sprint(out.Redirect.Code, " ", out.Redirect.Location)
			case out.Response != nil:
				got = strings.Join(slices.DeleteFunc([]string{
					fmt.Sprint(out.Response.Status), out.Response.Body, out.Response.Location,
				}, func(part string) bool { return part == "" }), " ")
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A query that is empty stays, as everything behind the path does.
func TestEvaluateEmptyQuery(t *testing.T) {
	t.Parallel()
	for does, want := range map[string]string{
		"rewrite: {uri: /x}, " + istiotest.To("v1"):                                     "/x?",
		"rewrite: {uriRegexRewrite: {match: '/a', rewrite: /y}}, " + istiotest.To("v1"): "/y?",
		"redirect: {uri: /z}":       "http://reviews/z?",
		"redirect: {uri: '/z?a=b'}": "http://reviews/z?a=b",
	} {
		route := istiotest.VirtualService(t, "reviews", "http: [{match: [{uri: {prefix: /a}}], "+does+"}]")
		out := evaluate([]*istio.Object{route}, nil, traffic.Request{Authority: "reviews", Path: "/a?"},
			traffic.Options{})
		got := ""
		if out.Rewrite != nil {
			got = out.Rewrite.Path
		}
		if out.Redirect != nil {
			got = out.Redirect.Location
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", does, got, want)
		}
	}
}

// A fragment is not sent on, whatever becomes of the request.
func TestEvaluateFragment(t *testing.T) {
	t.Parallel()
	for does, want := range map[string]string{
		"rewrite: {uri: /x}, " + istiotest.To("v1"): "/x?b",
		"redirect: {authority: a.example}":          "http://a.example/a?b",
		"redirect: {uri: /z}":                       "http://reviews/z?b",
		"redirect: {prefixRewrite: /z}":             "http://reviews/z?b",
	} {
		route := istiotest.VirtualService(t, "reviews", "http: [{match: [{uri: {prefix: /a}}], "+does+"}]")
		out := evaluate([]*istio.Object{route}, nil, traffic.Request{Authority: "reviews", Path: "/a?b#c"},
			traffic.Options{})
		got := ""
		if out.Rewrite != nil {
			got = out.Rewrite.Path
		}
		if out.Redirect != nil {
			got = out.Redirect.Location
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", does, got, want)
		}
	}
}

// A port of a redirect is not written where the scheme implies it, which istiod takes from the listener, not from the
// request.
func TestEvaluateRedirectPort(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		gateway, scheme, redirect, want string
	}{
		"plain":                    {"", "http", "{port: 80}", "http://a.example/"},
		"plain, of TLS":            {"", "http", "{port: 443}", "http://a.example:443/"},
		"says to be TLS":           {"", "https", "{port: 80}", "https://a.example/"},
		"says to be TLS, of TLS":   {"", "https", "{port: 443}", "https://a.example:443/"},
		"gateway":                  {"shop/front", "http", "{port: 80}", "http://a.example/"},
		"gateway with TLS":         {"shop/front", "https", "{port: 80}", "https://a.example:80/"},
		"gateway with TLS, of TLS": {"shop/front", "https", "{port: 443}", "https://a.example/"},
		"own scheme":               {"", "https", "{port: 80, scheme: https}", "https://a.example:80/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			object := istiotest.VirtualService(t, "reviews",
				"hosts: [a.example]\ngateways: [mesh, front]\nhttp: [{redirect: "+test.redirect+"}]")
			in := traffic.Request{Authority: "a.example", Scheme: test.scheme, Gateway: test.gateway}
			out := evaluate([]*istio.Object{object}, nil, in, traffic.Options{})
			if out.Redirect == nil || out.Redirect.Location != test.want {
				t.Errorf("got %s %+v, want %q", out.Kind, out.Redirect, test.want)
			}
		})
	}
}

// A CORS policy answers preflights before anything is done with them, and does nothing where a rule answers by
// itself.
func TestEvaluateCORS(t *testing.T) {
	t.Parallel()
	const all = "timeout: 5s, rewrite: {uri: /b}, mirrors: [{destination: {host: shadow}}], " +
		"headers: {request: {set: {a: b}}, response: {set: {a: b}}}, "
	preflight := traffic.Request{
		Method: "OPTIONS", Headers: headers("Origin", "https://a.example", "Access-Control-Request-Method", "PUT"),
	}
	for name, test := range map[string]struct {
		rule string
		want traffic.Outcome
	}{
		"before everything else": {all + istiotest.To("v1"), traffic.Outcome{
			Kind: traffic.Respond, Response: &traffic.DirectResponse{Status: 200},
			CORS: &cors.Verdict{Preflight: true, Answered: true, Allowed: true, Headers: map[string]string{
				"access-control-allow-origin": "https://a.example",
			}},
		}},
		"behind a fault": {
			"fault: {abort: {httpStatus: 503, percentage: {value: 100}}}, " + istiotest.To("v1"), traffic.Outcome{
				Kind: traffic.Respond, Response: &traffic.DirectResponse{Status: 200},
				Fault: &traffic.Fault{AbortHTTPStatus: 503, AbortPercent: 100},
				CORS: &cors.Verdict{Preflight: true, Answered: true, Allowed: true, Headers: map[string]string{
					"access-control-allow-origin": "https://a.example",
				}},
			},
		},
		"in a rule that answers": {"directResponse: {status: 418}", traffic.Outcome{
			Kind: traffic.Respond, Response: &traffic.DirectResponse{Status: 418},
		}},
		"in a rule that redirects": {"redirect: {uri: /b}", traffic.Outcome{
			Kind: traffic.RedirectTo, Redirect: &traffic.Redirect{
				Code: 301, Location: "http://reviews.shop.svc.cluster.local/b",
			},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := istiotest.VirtualService(t, "reviews",
				"http: [{corsPolicy: {allowOrigins: [{exact: 'https://a.example'}]}, "+test.rule+"}]")
			out := evaluate([]*istio.Object{o}, nil, preflight, traffic.Options{})
			out.Request, out.VirtualService, out.Host = traffic.Request{}, nil, ""
			out.Rule, out.Match = traffic.RuleRef{}, traffic.MatchRef{}
			if diff := cmp.Diff(test.want, out); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}
