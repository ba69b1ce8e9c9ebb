package envoy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// One table as istiod writes it, shortened.
const shop = `{"name": "80", "ignorePortInHostMatching": true, "virtualHosts": [
{"domains": ["shop.example", "shop"], "routes": [
  {"match": {"prefix": "/a", "caseSensitive": true}, "directResponse": {"status": 200, "body": {"inlineString": "by a"}}},
  {"match": {"path": "/b"}, "directResponse": {"status": 200, "body": {"inlineString": "by b"}}},
  {"match": {"prefix": "/on"}, "route": {"cluster": "all"}},
  {"match": {"prefix": "/h", "headers": [{"name": "a"}]}, "route": {"cluster": "all"}}]},
{"domains": ["secure.example"], "requireTls": "ALL"},
{"domains": ["*.example"], "routes": [{"match": {"prefix": "/"}, "directResponse": {"body": {"inlineString": "by rest"}}}]},
{"domains": ["*.deep.example"], "routes": [{"match": {"prefix": "/"}, "directResponse": {"body": {"inlineString": "by deep"}}}]},
{"domains": ["front.*"], "routes": [{"match": {"prefix": "/"}, "directResponse": {"body": {"inlineString": "by front"}}}]}]}
{"name": "81", "virtualHosts": [
{"domains": ["*"], "routes": [{"match": {"prefix": "/"}, "directResponse": {"body": {"inlineString": "by any"}}}]}]}`

func TestEvaluate(t *testing.T) {
	t.Parallel()
	found, err := Parse([]byte(shop))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		request Request
		want    Answer
		table   string
	}{
		"a prefix":          {Request{Authority: "shop.example:80", Path: "/ab?c"}, Answer{Body: "by a"}, "80"},
		"a path":            {Request{Authority: "SHOP", Path: "/b?c#d"}, Answer{Body: "by b"}, "80"},
		"another path":      {Request{Authority: "shop", Path: "/bc"}, Answer{NoRoute: true}, "80"},
		"no path":           {Request{Authority: "shop"}, Answer{NoRoute: true}, "80"},
		"sent on":           {Request{Authority: "shop", Path: "/on"}, Answer{}, "80"},
		"a wildcard":        {Request{Authority: "x.example"}, Answer{Body: "by rest"}, "80"},
		"a longer wildcard": {Request{Authority: "x.deep.example"}, Answer{Body: "by deep"}, "80"},
		"a wildcard behind": {Request{Authority: "front.test"}, Answer{Body: "by front"}, "80"},
		"no host":           {Request{Authority: "elsewhere"}, Answer{}, "80"},
		"every host":        {Request{Authority: "elsewhere"}, Answer{Body: "by any"}, "81"},
		"over TLS":          {Request{Authority: "secure.example", Path: "/a", TLS: true}, Answer{NoRoute: true}, "80"},
		"without TLS": {
			Request{Authority: "secure.example:80", Path: "/a?b#c"},
			Answer{Redirect: "301 https://secure.example:80/a?b"}, "80",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := found[c.table].Evaluate(c.request)
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("error %v, answer (-want +got):\n%s", err, diff)
			}
		})
	}
}

// A kind of match that this package does not know is an error: it must not take what an Envoy would not.
func TestEvaluate_unknown(t *testing.T) {
	t.Parallel()
	found, err := Parse([]byte(shop))
	if err != nil {
		t.Fatal(err)
	}
	_, err = found["80"].Evaluate(Request{Authority: "shop", Path: "/h"})
	if want := "a match on more than a prefix or a path is none that is known here"; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}
