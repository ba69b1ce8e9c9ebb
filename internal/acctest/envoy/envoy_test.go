package envoy

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// One table as istiod writes it, shortened.
const shop = `{"name": "80", "ignorePortInHostMatching": true, "virtualHosts": [
{"name": "shop", "domains": ["shop.example", "shop"], "routes": [
  {"name": "old", "match": {"prefix": "/old"}, "redirect": {"pathRedirect": "/new", "portRedirect": 8080, "responseCode": "FOUND"}, METADATA},
  {"name": "closed", "match": {"safeRegex": {"regex": "/c.*"}, "caseSensitive": false}, "directResponse": {"status": 404, "body": {"inlineString": "no"}}, METADATA},
  {"name": "users", "match": {"path": "/User", "caseSensitive": false, "queryParameters": [{"name": "q", "stringMatch": {"exact": "1"}}]},
   "route": {"weightedClusters": {"clusters": [{"name": "a", "weight": 1}, {"name": "b", "weight": 3}]}, "timeout": "1.5s"}, METADATA},
  {"name": "testers", "match": {"prefix": "/", "headers": [
     {"name": "X-Team", "stringMatch": {"exact": "blue"}}, {"name": "x-old", "presentMatch": true, "invertMatch": true},
     {"name": "x-level", "stringMatch": {"prefix": "1"}, "invertMatch": true, "treatMissingHeaderAsEmpty": true}]},
   "route": {"cluster": "a", "prefixRewrite": "/inner/", "hostRewriteLiteral": "inner.example"}, METADATA},
  {"name": "default", "match": {"path": "/service"}, "route": {"cluster": "all"}}]},
{"name": "secure", "domains": ["secure.example"], "requireTls": "ALL"},
{"name": "rest", "domains": ["*.example"], "routes": [{"name": "rest", "match": {"prefix": "/"}, "route": {"cluster": "rest"}, METADATA}]}]}`

func TestEvaluate(t *testing.T) {
	t.Parallel()
	metadata := `"metadata": {"filterMetadata": {"istio": {"config": ` +
		`"/apis/networking.istio.io/v1/namespaces/n/virtual-service/v"}}}`
	found, err := Parse([]byte(strings.ReplaceAll(shop, "METADATA", metadata)))
	if err != nil {
		t.Fatal(err)
	}
	team := func(more ...string) map[string][]string {
		headers := map[string][]string{"X-TEAM": {"red", "blue"}}
		for i := 0; i < len(more); i += 2 {
			headers[more[i]] = []string{more[i+1]}
		}
		return headers
	}
	tester := Answer{
		VirtualService: "n/v",
		Route:          "testers",
		Clusters:       map[string]float64{"a": 100},
		Path:           "/inner/x",
		Authority:      "inner.example",
	}
	for name, c := range map[string]struct {
		request Request
		want    Answer
	}{
		"a redirect keeps the query": {
			Request{Authority: "shop.example:80", Path: "/old/x?y=1", Scheme: "http"},
			Answer{VirtualService: "n/v", Route: "old", Redirect: "302 http://shop.example:8080/new?y=1"},
		},
		"a regex has no case of its own": {
			Request{Authority: "shop", Path: "/closed"},
			Answer{VirtualService: "n/v", Route: "closed", Response: "404 no"},
		},
		"case counts in a regex": {Request{Authority: "shop", Path: "/Closed"}, Answer{NoRoute: true}},
		"shares and a query": {Request{Authority: "SHOP", Path: "/uSER?p&q=1"}, Answer{
			VirtualService: "n/v",
			Route:          "users",
			Clusters:       map[string]float64{"a": 25, "b": 75},
			Timeout:        1500e6,
		}},
		"another query": {Request{Authority: "shop", Path: "/user?q=1&q=2&q=12"}, Answer{
			VirtualService: "n/v",
			Route:          "users",
			Clusters:       map[string]float64{"a": 25, "b": 75},
			Timeout:        1500e6,
		}},
		"one of the values": {Request{Authority: "shop", Path: "/x", Headers: team()}, tester},
		"a header that must be away": {
			Request{Authority: "shop", Path: "/x", Headers: team("x-old", "")}, Answer{NoRoute: true},
		},
		"a header that must be different": {
			Request{Authority: "shop", Path: "/x", Headers: team("x-level", "12")}, Answer{NoRoute: true},
		},
		"a route of istiod's own": {Request{Authority: "shop", Path: "/service"}, Answer{}},
		"a wildcard": {
			Request{Authority: "x.example", Path: "/"},
			Answer{VirtualService: "n/v", Route: "rest", Clusters: map[string]float64{"rest": 100}},
		},
		"no host": {Request{Authority: "elsewhere", Path: "/"}, Answer{}},
		"TLS alone": {
			Request{Authority: "secure.example:80", Path: "/a?b#c"},
			Answer{Redirect: "301 https://secure.example:80/a?b"},
		},
		"over TLS": {Request{Authority: "secure.example", Path: "/a", TLS: true}, Answer{NoRoute: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := found["80"].Evaluate(c.request)
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("error %v, answer (-want +got):\n%s", err, diff)
			}
		})
	}
}

// A kind of match that this package does not know is an error: it must not take what an Envoy would not.
func TestParse_unknown(t *testing.T) {
	t.Parallel()
	for _, match := range []string{
		`{"pathSeparatedPrefix": "/a"}`, `{"prefix": "/", "headers": [{"name": "a", "rangeMatch": {"start": 1}}]}`,
		`{"prefix": "/", "dynamicMetadata": [{"filter": "other"}]}`,
		`{"prefix": "/", "queryParameters": [{"name": "a"}]}`, `{"safeRegex": {"regex": "("}}`,
	} {
		if _, err := Parse([]byte(`{"virtualHosts": [{"routes": [{"match": ` + match + `}]}]}`)); err == nil {
			t.Errorf("%s is taken", match)
		}
	}
}

func TestSubstitute(t *testing.T) {
	t.Parallel()
	for _, c := range [][4]string{
		{"/a/b", "^/a/(.*)$", `/new/\1`, "/new/b"}, {"/aa", "a", `x\0`, "/xaxa"}, {"/a", "a", `\\`, `/\`},
		{"/b", "a", "c", "/b"}, {"/a/b", "(/a)", `\1\2`, "/a/b"}, {"/a/b", "/a", `/c\x/d`, "/c/b"},
		{"/a/b", "/a", `/c\`, "/c/b"}, {"/a", ".*", `\1`, "/a"}, {"/a/b", "(x)?/a", `/c\1`, "/c/b"},
		{"/a", "^/(.*)", `\0`, "/a"}, {"/", "(x)?/", `\1`, "/"},
	} {
		if got, err := substitute(c[0], c[1], c[2]); err != nil || got != c[3] {
			t.Errorf("%q: got %q, want %q, error %v", c[:3], got, c[3], err)
		}
	}
}

// An Envoy sets what the caller does not send, and a gateway what it sends too.
func TestRequest_header(t *testing.T) {
	t.Parallel()
	sent := map[string][]string{"X-Forwarded-Proto": {"ftp"}}
	for name, c := range map[string]struct {
		request Request
		want    string
	}{
		"plain":                  {Request{}, "http"},
		"over TLS":               {Request{TLS: true}, "https"},
		"sent to a sidecar":      {Request{Headers: sent}, "ftp"},
		"sent to a gateway":      {Request{Headers: sent, Gateway: true}, "http"},
		"sent to one over TLS":   {Request{Headers: sent, Gateway: true, TLS: true}, "https"},
		"nothing at the gateway": {Request{Gateway: true}, "http"},
	} {
		if got := c.request.header("x-forwarded-proto"); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	if got := (&Request{}).header("X-Request-Id"); len(got) != 1 || len(got[0]) != 36 {
		t.Errorf("the identifier is %q", got)
	}
	if got := (&Request{}).header("x-other"); len(got) > 0 {
		t.Errorf("another header is %q", got)
	}
}
