package acceptance_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// TestAccEvaluate_cors: which requests a CORS policy answers by itself, and which headers any answer gets, in the
// lab's Envoys and in evaluate.
func TestAccEvaluate_cors(t *testing.T) {
	t.Parallel()
	const known, unknown = "https://a.example", "https://evil.example"
	const to = "route: [{destination: {host: HOST}}]"
	const full = "allowMethods: [GET, POST], allowHeaders: [x-a, x-b], exposeHeaders: [x-e], maxAge: 3600s, " +
		"allowCredentials: true"
	policies := map[string]string{
		"full": "corsPolicy: {allowOrigins: [{exact: 'https://a.example'}], " + full + "}, " + to,
		"ignore": "corsPolicy: {allowOrigins: [{exact: 'https://a.example'}], unmatchedPreflights: IGNORE, " +
			full + "}, " + to,
		"forward": "corsPolicy: {allowOrigins: [{exact: 'https://a.example'}], unmatchedPreflights: FORWARD}, " + to,
		"nobody":  "corsPolicy: {unmatchedPreflights: IGNORE, " + full + "}, " + to,
		"stars":   "corsPolicy: {allowOrigins: [{exact: '*'}], allowMethods: ['*'], allowHeaders: ['*']}, " + to,
		"regex":   `corsPolicy: {allowOrigins: [{regex: 'https://.*\.example'}], allowMethods: [GET, '*']}, ` + to,
		"star":    "corsPolicy: {allowOrigins: [{regex: '[*]'}]}, " + to,
		"prefix":  "corsPolicy: {allowOrigins: [{prefix: 'https://evil'}, {prefix: 'http://'}]}, " + to,
		"old":     "corsPolicy: {allowOrigin: ['https://a.example']}, " + to,
		"both": "corsPolicy: {allowOrigin: ['https://a.example'], allowOrigins: [{exact: 'https://b.example'}]}, " +
			to,
		"empty":    "corsPolicy: {}, " + to,
		"answers":  "corsPolicy: {allowOrigins: [{exact: '*'}]}, directResponse: {status: 418}",
		"redirect": "corsPolicy: {allowOrigins: [{exact: '*'}]}, redirect: {uri: /b}",
		"fault": "corsPolicy: {allowOrigins: [{exact: '*'}]}, fault: {abort: {httpStatus: 555, percentage: {value: " +
			"100}}}, " +
			to,
		"changed": "corsPolicy: {allowOrigins: [{exact: 'https://a.example'}], maxAge: 60s}, headers: {response: " +
			"{set: {access-control-max-age: '1', x-set: a}}}, mirrors: [{destination: {host: HOST}}]," +
			" rewrite: {uri: /b}, " + to,
		"plain": to,
	}
	rules := ""
	for name, rule := range policies {
		rules += "\n  - {name: " + name + ", match: [{uri: {exact: /" + name + "}}], " + rule + "}"
	}
	r := newRoutes(t, rules)
	const asks = "access-control-request-method"
	type lines = map[string][]string
	for what, request := range map[string]struct {
		method  string
		headers lines
	}{
		"a preflight":                 {http.MethodOptions, lines{"origin": {known}, asks: {"POST"}}},
		"of another origin":           {http.MethodOptions, lines{"origin": {unknown}, asks: {"POST"}}},
		"of a third origin":           {http.MethodOptions, lines{"origin": {"https://b.example"}, asks: {"GET"}}},
		"of two origins":              {http.MethodOptions, lines{"origin": {known, unknown}, asks: {"GET"}}},
		"in other letters":            {http.MethodOptions, lines{"origin": {strings.ToUpper(known)}, asks: {"GET"}}},
		"for what is not allowed":     {http.MethodOptions, lines{"origin": {known}, asks: {"DELETE"}}},
		"for nothing":                 {http.MethodOptions, lines{"origin": {known}}},
		"for an empty method":         {http.MethodOptions, lines{"origin": {known}, asks: {""}}},
		"of nobody":                   {http.MethodOptions, lines{asks: {"POST"}}},
		"of an empty origin":          {http.MethodOptions, lines{"origin": {""}, asks: {"POST"}}},
		"with another method":         {http.MethodPut, lines{"origin": {known}, asks: {"POST"}}},
		"a request":                   {http.MethodGet, lines{"origin": {known}}},
		"a request of another origin": {http.MethodGet, lines{"origin": {unknown}}},
		"a request of no origin":      {http.MethodGet, lines{}},
		"for a header that is not allowed": {http.MethodOptions, lines{
			"origin": {known}, asks: {"GET"}, "access-control-request-headers": {"x-z"},
		}},
	} {
		for name := range policies {
			r.each(t, request.method, "/"+name, request.headers,
				func(t *testing.T, out traffic.Outcome, got reply) {
					t.Helper()
					if diff := cmp.Diff(crossOrigin(out), crossOriginOf(got)); diff != "" {
						t.Errorf("%s (-want +got):\n%s", what, diff)
					}
				})
		}
	}
	t.Logf("%d requests; Envoy %s", r.asked, r.lab.Gateway().Version)
}

// crossOrigin returns who answers a request, and with which headers of a policy, as internal/traffic says it. A fault
// that is certain comes first.
func crossOrigin(out traffic.Outcome) map[string]string {
	want := map[string]string{"status": "200", "by": "a server"}
	switch {
	case out.Fault != nil:
		return map[string]string{"status": "555", "by": "the proxy"}
	case out.Kind == traffic.RedirectTo:
		want["status"], want["by"] = fmt.Sprint(out.Redirect.Code), "the proxy"
	case out.Kind == traffic.Respond:
		want["status"], want["by"] = fmt.Sprint(out.Response.Status), "the proxy"
	}
	if out.CORS != nil {
		maps.Copy(want, out.CORS.Headers)
	}
	for name, value := range out.ResponseHeaders.Set {
		want[name] = value
	}
	return want
}

// crossOriginOf returns the same of an answer.
func crossOriginOf(got reply) map[string]string {
	is := map[string]string{"status": fmt.Sprint(got.Status), "by": "the proxy"}
	if got.Received != nil {
		is["by"] = "a server"
	}
	for name, values := range got.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "access-control-") || name == "x-set" {
			is[name] = strings.Join(values, "\n")
		}
	}
	return is
}
