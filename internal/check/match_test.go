package check_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// What is wrong with a regular expression is said without the name of its field, which the place says, and what
// gRPC's own client never finds is told where it is one of the callers.
func TestValidate_matches(t *testing.T) {
	t.Parallel()
	const syntax = "; Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)"
	const capitals = `proxies compare names of headers without case, and gRPC clients that route by themselves ` +
		`(xds:///) with case, so that theirs never have this one; write "x-team"`
	match := func(match string) string { return "http: [{match: [{" + match + "}], " + istiotest.To("v1") + "}]" }
	for name, test := range map[string]struct {
		spec string
		want []string
	}{
		"a regex of a header": {match("headers: {a: {regex: '('}}"), []string{
			"http[0].match[0].headers[\"a\"].regex: is no regular expression: missing closing ): `(`" + syntax,
		}},
		"a regex of a path": {match("uri: {regex: '[a'}"), []string{
			"http[0].match[0].uri.regex: is no regular expression: missing closing ]: `[a`" + syntax,
		}},
		"an empty regex": {match("headers: {a: {regex: ''}}"), []string{
			`http[0].match[0].headers["a"].regex: regex string match should not be empty`,
		}},
		"a regex of an origin": {
			"http: [{corsPolicy: {allowOrigins: [{regex: '('}]}, " + istiotest.To("v1") + "}]", []string{
				"http[0].cors_policy.allow_origins[0].regex: is no regular expression: missing closing ): `(`" + syntax,
			},
		},
		"a regex of a rewrite": {"http: [{" + regexRewrite("(", "/a") + "}]", []string{
			"http[0].rewrite.uri_regex_rewrite.match: is no regular expression: missing closing ): `(`" + syntax,
		}},
		"a policy that no preflight reaches": {
			"http: [{match: [{method: {exact: GET}}, {method: {prefix: P}}], corsPolicy: {allowOrigins: [{exact: " +
				"'*'}]}, " +
				istiotest.To("v1") + "}]", []string{"http[0].cors_policy: answers no preflight: browsers ask with " +
				"OPTIONS, and no match of this rule takes that; add a match for it"},
		},
		"a policy that preflights reach by one of two matches": {
			"http: [{match: [{method: {exact: GET}}, {method: {prefix: O}}], corsPolicy: {allowOrigins: [{exact: " +
				"'*'}]}, " +
				istiotest.To("v1") + "}]", nil,
		},
		"a policy that preflights reach by a regex": {
			"http: [{match: [{method: {regex: GET|OPTIONS}}], corsPolicy: {allowOrigins: [{exact: '*'}]}, " +
				istiotest.To("v1") + "}]", nil,
		},
		"a policy of a rule that answers": {
			"http: [{corsPolicy: {allowOrigins: [{exact: '*'}]}, directResponse: {status: 200}}]", []string{
				"http[0].cors_policy: has no effect beside direct_response: the proxy answers by itself and forwards " +
					"nothing; leave it out",
			},
		},
		"a policy of a rule that redirects": {
			"http: [{corsPolicy: {allowOrigins: [{exact: '*'}]}, redirect: {uri: /b}}]", []string{
				"http[0].cors_policy: has no effect beside redirect: the proxy answers by itself and forwards " +
					"nothing; leave it out",
			},
		},
		"a header in lower case": {match("headers: {x-team: {}}"), nil},
		"a header with capitals": {match("headers: {X-Team: {}}"), []string{
			`http[0].match[0].headers["X-Team"]: ` + capitals,
		}},
		"without a header with capitals": {match("withoutHeaders: {X-Team: {}}"), []string{
			`http[0].match[0].without_headers["X-Team"]: ` + capitals,
		}},
		"a claim with capitals": {
			"gateways: [front]\n" + match("headers: {'@request.auth.claims.Team': {exact: a}}"), nil,
		},
		"a header with capitals at a gateway": {"gateways: [front]\n" + match("headers: {X-Team: {}}"), nil},
		"a header with capitals at a gateway and else": {
			"gateways: [front, mesh]\n" + match("headers: {X-Team: {}}"), []string{
				`http[0].match[0].headers["X-Team"]: ` + capitals,
			},
		},
		"a header of the connection": {match("headers: {keep-alive: {}}"), []string{
			`http[0].match[0].headers["keep-alive"]: proxies take away headers of the connection before they route, ` +
				"so that no request has this one then",
		}},
		"without a header of the connection": {match("withoutHeaders: {keep-alive: {}}"), nil},
		"a header that changes the protocol": {match("headers: {upgrade: {exact: websocket}}"), nil},
		"a header that proxies set": {match("headers: {x-envoy-internal: {exact: 'true'}}"), []string{
			`http[0].match[0].headers["x-envoy-internal"]: proxies set this header, to true, and leave it to nobody ` +
				"else: only requests of callers in the networks of the mesh (meshNetworks) have it",
		}},
		"a header that proxies take away": {match("headers: {x-envoy-max-retries: {exact: '3'}}"), []string{
			`http[0].match[0].headers["x-envoy-max-retries"]: proxies take this header away before they route, so ` +
				"that only requests of callers in the networks of the mesh (meshNetworks), and those of gRPC clients " +
				"that route by themselves (xds:///), have it then",
		}},
		"a header that gateways take away": {
			"gateways: [front]\n" + match("headers: {X-Envoy-Max-Retries: {}}"), []string{
				`http[0].match[0].headers["X-Envoy-Max-Retries"]: gateways take this header away before they route, ` +
					"so that only requests of callers in the networks of the mesh (meshNetworks) have it then",
			},
		},
		"a header that only gateways take away": {
			"gateways: [front]\n" + match("headers: {x-envoy-original-path: {}}"), []string{
				`http[0].match[0].headers["x-envoy-original-path"]: gateways take this header away before they ` +
					"route, so that only requests of callers in the networks of the mesh (meshNetworks) have it then",
			},
		},
		"a header that gateways take away, in the mesh": {match("headers: {x-envoy-original-path: {}}"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range check.Validate(istiotest.VirtualService(t, "reviews", test.spec)) {
				if p.At.Within(istio.Path{"http"}) {
					got = append(got, p.At.String()+": "+p.Reason)
				}
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
