package check_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// What Envoy makes of a path that is none was looked at in an Envoy.
func TestValidate_paths(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rule string
		want []string
	}{
		"a rewrite to a path":        {"rewrite: {uri: /new}, " + istiotest.To("v1"), nil},
		"a rewrite to an asterisk":   {"rewrite: {uri: '*'}, " + istiotest.To("v1"), nil},
		"a rewrite of the authority": {"rewrite: {authority: a.example}, " + istiotest.To("v1"), nil},
		"a rewrite without a slash": {"rewrite: {uri: new/x}, " + istiotest.To("v1"), []string{
			`void http[0].rewrite.uri: "new/x" does not begin with a slash, so that what is sent on is no path, and ` +
				`is answered with 400; write "/new/x"`,
		}},
		"a rewrite to a URL": {"rewrite: {uri: 'https://a.example/x'}, " + istiotest.To("v1"), []string{
			`void http[0].rewrite.uri: "https://a.example/x" is a whole URL, and is sent on as the path, which is ` +
				`answered with 400 or taken for another host; write authority, and the path alone here`,
		}},
		"a redirect to a path":           {"redirect: {uri: '/new?x=a://b'}", nil},
		"a redirect to another host":     {"redirect: {authority: a.example}", nil},
		"a redirect of a prefix to that": {"redirect: {prefixRewrite: /new}", nil},
		"a redirect without a slash": {"redirect: {uri: new/x}", []string{
			`doubt http[0].redirect.uri: "new/x" does not begin with a slash, and the proxy puts one before it; ` +
				`write "/new/x"`,
		}},
		"a redirect of a prefix without a slash": {"redirect: {prefixRewrite: new}", []string{
			`doubt http[0].redirect.prefix_rewrite: "new" does not begin with a slash, and the proxy puts one before ` +
				`it; write "/new"`,
		}},
		"a redirect to a URL": {"redirect: {uri: 'https://a.example/x'}", []string{
			`void http[0].redirect.uri: "https://a.example/x" is a whole URL, and is taken for a path: clients are ` +
				`sent to /https://a.example/x at the host that they asked; write scheme and authority, and the path ` +
				`alone here`,
		}},
		"a redirect to what once was a variable": {"redirect: {uri: '%PREFIX()%/new'}", []string{
			`doubt http[0].redirect.uri: %PREFIX()% is text: clients are sent to a path that has it; write ` +
				`prefix_rewrite, which keeps what is behind the prefix`,
		}},
		"a group that is there": {regexRewrite(`/(a)`, `/\1\0`), nil},
		"a group that is not there": {regexRewrite(`/(a)`, `/\\\1\9`), []string{
			`void http[0].rewrite.uri_regex_rewrite.rewrite: names group \9, and match has 1: the proxy leaves every ` +
				`path as it is; put what it stands for into parentheses in match`,
		}},
		"a group behind a backslash": {regexRewrite(`/a`, `/\\9`), nil},
		"a backslash before a letter": {regexRewrite(`/(a)`, `/\d`), []string{
			`void http[0].rewrite.uri_regex_rewrite.rewrite: a backslash begins a group, as in \1, or is doubled; ` +
				`the proxy leaves out all that is behind another one`,
		}},
		"a group of other languages": {regexRewrite(`/(a)`, `/$1`), []string{
			`doubt http[0].rewrite.uri_regex_rewrite.rewrite: $1 is text here; write \1 for the first group`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range check.Validate(istiotest.VirtualService(t, "reviews", "http: [{"+test.rule+"}]")) {
				severity := map[istio.Severity]string{istio.Doubtful: "doubt", istio.Void: "void"}[p.Severity]
				got = append(got, severity+" "+p.At.String()+": "+p.Reason)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func regexRewrite(match, rewrite string) string {
	return "rewrite: {uriRegexRewrite: {match: '" + match + "', rewrite: '" + rewrite + "'}}, " + istiotest.To("v1")
}
