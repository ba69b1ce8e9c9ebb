package traffic_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// lives returns the verdict of each match, of rules without matches their own, as one word each.
func lives(verdicts []traffic.Verdict) string {
	var words []string
	for i, v := range verdicts {
		alone := i+1 == len(verdicts) || verdicts[i+1].Match.Index < 0
		if v.Match.Index >= 0 || alone {
			words = append(words, string(v.Life))
		}
	}
	return strings.Join(words, " ")
}

// Each list of matches is one rule each; the last verdicts are those that matter.
func TestFindDead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		matches []string
		want    string
	}{
		// Istio's own analysis says nothing about these.
		"narrower by a path": {
			[]string{"{headers: {v: {exact: '200'}}}", "{headers: {v: {exact: '200'}}, uri: {prefix: /x}}"},
			"alive dead",
		},
		"exact path below a prefix": {[]string{"{uri: {prefix: /x}}", "{uri: {exact: /x/y}}"}, "alive dead"},
		"header behind the prefix /": {
			[]string{"{uri: {prefix: /}}", "{headers: {v: {exact: '1'}}}"}, "alive dead",
		},
		"header behind an empty match": {[]string{"{}", "{headers: {v: {exact: '1'}}}"}, "alive dead"},
		"longer prefix and a method": {
			[]string{"{uri: {prefix: /x}}", "{uri: {prefix: /x/y}, method: {exact: POST}}"}, "alive dead",
		},
		"header names have no case": {
			[]string{"{headers: {V: {exact: '1'}}}", "{headers: {v: {exact: '1'}}}"}, "alive dead",
		},
		"a header required and excluded": {
			[]string{"{headers: {v: {exact: '1'}}, withoutHeaders: {v: {exact: '1'}}}"}, "dead",
		},
		"paths in any case": {
			[]string{"{uri: {exact: /A}, ignoreUriCase: true}", "{uri: {exact: /a}}"}, "alive dead",
		},
		"two values of a header that only newer proxies tell apart": {[]string{
			"{withoutHeaders: {v: {exact: a}}}", "{withoutHeaders: {v: {exact: b}}}", "",
		}, "alive alive dead"},
		"Istio's false alarm": {[]string{
			"{uri: {prefix: /x}, headers: {v: {exact: '200'}}}", "{uri: {prefix: /x/y}, headers: {v: {exact: '2'}}}",
		}, "alive alive"},
		"longer prefix":               {[]string{"{uri: {prefix: /x}}", "{uri: {prefix: /x/y}}"}, "alive dead"},
		"behind a rule without match": {[]string{"", "{headers: {v: {exact: '1'}}}"}, "alive dead"},
		"shorter prefix": {
			[]string{"{uri: {prefix: /x/y}}", "{uri: {prefix: /x}}"}, "alive alive",
		},
		"without any value": {[]string{"{withoutHeaders: {v: {regex: '.*'}}}"}, "dead"},
		"without an empty value it is there": {
			[]string{"{headers: {v: {}}}", "{withoutHeaders: {v: {exact: ''}}}"}, "alive dead",
		},
		"without presence": {
			[]string{"{withoutHeaders: {v: {}}, headers: {v: {prefix: a}}}"}, "dead",
		},
		"two values":                 {[]string{"{headers: {v: {exact: '1'}, V: {exact: '2'}}}"}, "dead"},
		"two spellings of one value": {[]string{"{headers: {v: {prefix: '1'}, V: {exact: '12'}}}"}, "alive"},
		"with and without share nothing": {
			[]string{"{headers: {v: {}}}", "{withoutHeaders: {v: {}}}", "{uri: {prefix: /}}"}, "alive alive dead",
		},
		"with and without leave nothing": {
			[]string{"{headers: {v: {exact: a}}}", "{withoutHeaders: {v: {exact: a}}}", ""}, "alive alive dead",
		},
		"all methods but one": {
			[]string{"{method: {exact: GET}}", "{method: {exact: POST}}", ""}, "alive alive alive",
		},
		"a regex that is a literal": {
			[]string{"{headers: {v: {regex: '200'}}}", "{headers: {v: {exact: '200'}}}"}, "alive dead",
		},
		"a regex that is a prefix": {
			[]string{"{uri: {regex: '/x.*'}}", "{uri: {prefix: /x/y}}"}, "alive dead",
		},
		"equal regexes": {
			[]string{"{headers: {v: {regex: '[0-9]+'}}}", "{headers: {v: {regex: '[0-9]+'}}, method: {exact: GET}}"},
			"alive dead",
		},
		"narrower regex": {
			[]string{"{headers: {v: {regex: '[0-9]+'}}}", "{headers: {v: {regex: '[1-5]{3}'}}}"}, "alive dead",
		},
		"wider regex": {
			[]string{"{headers: {v: {regex: '[1-5]{3}'}}}", "{headers: {v: {regex: '[0-9]+'}}}"}, "alive alive",
		},
		"a literal of a regex": {
			[]string{"{headers: {v: {regex: 'v[0-9]+'}}}", "{headers: {v: {exact: v12}}}"}, "alive dead",
		},
		"a list of literals": {
			[]string{"{headers: {v: {exact: a}}}", "{headers: {v: {exact: b}}}", "{headers: {v: {regex: 'a|b'}}}"},
			"alive alive dead",
		},
		"presence by regex": {
			[]string{"{headers: {v: {regex: '.*'}}}", "{headers: {v: {}}}"}, "alive dead",
		},
		"not empty is less than present": {
			[]string{"{headers: {v: {regex: '.+'}}}", "{headers: {v: {}}}"}, "alive alive",
		},
		"letters in any case": {
			[]string{"{headers: {v: {regex: '(?i)abc'}}}", "{headers: {v: {exact: ABC}}}"}, "alive dead",
		},
		"a value in a comment of an agent": {[]string{
			"{headers: {user-agent: {regex: '.*Firefox.*'}}}", "{headers: {user-agent: {exact: 'Mozilla Firefox 1'}}}",
		}, "alive dead"},
		"regexes without a common value":  {[]string{"{headers: {v: {regex: 'a+'}, V: {regex: 'b+'}}}"}, "dead"},
		"a word boundary is not followed": {[]string{`{headers: {v: {regex: '.*\bx\b.*'}}}`}, "unknown"},
		"two spellings of a name, one with a word boundary": {
			[]string{`{headers: {v: {exact: b}, V: {regex: '\bx'}}}`}, "unknown",
		},
		"an unreadable regex": {[]string{"{headers: {v: {regex: '('}}}"}, "unknown"},
		"ports": {
			[]string{"{port: 80}", "{port: 81}", "{port: 80, uri: {prefix: /a}}", "{uri: {prefix: /a}}"},
			"alive alive dead alive",
		},
		"behind everything of a port": {[]string{"{port: 80}", ""}, "alive alive"},
		"sources": {
			[]string{"{sourceLabels: {app: a}}", "{sourceLabels: {app: a, v: b}}", "{sourceLabels: {app: b}}"},
			"alive dead alive",
		},
		"namespaces": {
			[]string{"{sourceNamespace: a}", "{sourceNamespace: a, uri: {prefix: /a}}", "{sourceNamespace: b}"},
			"alive dead alive",
		},
		"the only gateway":                    {[]string{"{gateways: [mesh]}", "{uri: {prefix: /a}}"}, "alive dead"},
		"a gateway that the object is not at": {[]string{"{gateways: [front]}"}, "dead"},
		"query parameters": {
			[]string{"{queryParams: {a: {}}}", "{queryParams: {a: {exact: '1'}}}", "{queryParams: {b: {exact: '1'}}}"},
			"alive dead alive",
		},
		"a path with a query":               {[]string{"{uri: {exact: '/a?b'}}"}, "dead"},
		"a path without a slash":            {[]string{"{uri: {prefix: a}}"}, "dead"},
		"an empty method":                   {[]string{"{method: {exact: ''}}"}, "dead"},
		"a path that proxies rewrite first": {[]string{"{uri: {exact: /a/../b}}"}, "unknown"},
		"authorities": {
			[]string{"{authority: {prefix: reviews}}", "{authority: {exact: 'reviews:81'}}", ""}, "alive dead unknown",
		},
		"an authority of somebody else": {[]string{"{authority: {exact: example.com}}"}, "unknown"},
		"claims": {[]string{
			"{headers: {'@request.auth.claims.a': {exact: b}}}",
			"{headers: {'@request.auth.claims[a]': {exact: b}}, method: {exact: GET}}",
			"{withoutHeaders: {'@request.auth.claims.a': {exact: b}}}",
			"",
		}, "alive dead alive dead"},
		"two of one rule": {
			[]string{"{uri: {prefix: /a}}, {uri: {prefix: /a/b}}, {uri: {prefix: /b}}"}, "alive dead alive",
		},
		"path with its query as a header": {[]string{"{headers: {':path': {prefix: /a}}}", ""}, "alive alive"},
		"scheme": {
			[]string{"{scheme: {exact: http}}", "{scheme: {prefix: http}}"}, "alive alive",
		},
		"a scheme that is told and nothing": {
			[]string{"{headers: {x-forwarded-proto: {exact: ''}}}", "{headers: {x-forwarded-proto: {regex: x*}}}"},
			"unknown alive",
		},
		"a scheme that is told and nothing, behind others": {[]string{
			"{withoutHeaders: {x-forwarded-proto: {}}}", "{withoutHeaders: {x-forwarded-proto: {regex: .+}}}", "",
		}, "alive unknown alive"},
		"a scheme that is told, but for those that are known": {[]string{
			"{headers: {x-forwarded-proto: {regex: 'https?'}}}", "{headers: {x-forwarded-proto: {}}}",
		}, "alive alive"},
		"a header of the connection": {
			[]string{"{headers: {keep-alive: {}}}", "{withoutHeaders: {keep-alive: {}}}"}, "unknown alive",
		},
		"trailers": {
			[]string{"{headers: {te: {prefix: g}}}", "{headers: {te: {exact: trailers}}}"}, "unknown alive",
		},
		"everything is presence of a method": {[]string{"{method: {}}", "{uri: {prefix: /a}}"}, "alive dead"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := "http:\n"
			for i, match := range test.matches {
				spec += fmt.Sprintf("- name: r%d\n  match: [%s]\n  %s\n", i, match, istiotest.To("v1"))
			}
			verdicts := traffic.FindDead([]*istio.Object{istiotest.VirtualService(t, "reviews", spec)},
				traffic.Options{})
			if got := lives(verdicts); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
				for _, v := range verdicts {
					t.Logf("%s: %s: %s", v.Place, v.Life, v.Reason)
				}
			}
		})
	}
}

// A verdict says in a sentence why, and names who is to blame.
func TestFindDeadReasons(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ spec, want string }{
		"one rule": {`
http:
- {name: all, match: [{uri: {prefix: /x}}], route: [{destination: {host: reviews}}]}
- {name: some, match: [{uri: {exact: /x/y}}], route: [{destination: {host: reviews}}]}`,
			`http[0].match[0] ("all") takes all of its requests first: those with path starting with /x`},
		"everything": {`
http:
- {route: [{destination: {host: reviews}}]}
- {name: some, match: [{uri: {exact: /x/y}}], route: [{destination: {host: reviews}}]}`,
			`http[0] takes every request first`},
		"two rules": {`
http:
- {match: [{headers: {v: {exact: a}}}], route: [{destination: {host: reviews}}]}
- {match: [{withoutHeaders: {v: {exact: a}}}], route: [{destination: {host: reviews}}]}
- {name: some, route: [{destination: {host: reviews}}]}`,
			`http[0].match[0] and http[1].match[0] together take all of its requests first`},
		"itself": {`
http:
- {name: some, match: [{headers: {v: {exact: a}}, withoutHeaders: {v: {}}}], route: [{destination: {host: reviews}}]}`,
			`no request can have header v=a and no header v`},
		"many causes": {`
http:
- {match: [{uri: {prefix: /x}}], route: [{destination: {host: reviews}}]}
- {name: some, match: [{uri: {exact: /x}}, {uri: {exact: a}}], route: [{destination: {host: reviews}}]}`,
			`none of its 2 matches can take a request`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, v := range traffic.FindDead(
				[]*istio.Object{istiotest.VirtualService(t, "reviews", test.spec)}, traffic.Options{},
			) {
				if v.Rule.Name == "some" && v.Match.Index < 0 {
					if diff := cmp.Diff(test.want, v.Reason); v.Life != traffic.Dead || diff != "" {
						t.Errorf("%s (-want +got):\n%s", v.Life, diff)
					}
				}
			}
		})
	}
}

// Rules of delegates are judged where they end up, and what istiod leaves out is said.
func TestFindDeadDelegates(t *testing.T) {
	t.Parallel()
	root := istiotest.VirtualService(t, "reviews", `
http:
- {name: a, match: [{uri: {prefix: /a}}], delegate: {name: part}}
- {name: gone, delegate: {name: missing}}
- {name: theirs, delegate: {name: private, namespace: other}}
- {name: rest, route: [{destination: {host: reviews}}]}`)
	part := istiotest.Object(t, "VirtualService", "part", `
http:
- {name: x, match: [{uri: {prefix: /a/x}}], route: [{destination: {host: reviews}}]}
- {name: deeper, match: [{uri: {prefix: /a/x/y}}], route: [{destination: {host: reviews}}]}
- {name: outside, match: [{uri: {prefix: /b}}], route: [{destination: {host: reviews}}]}
- {name: all, route: [{destination: {host: reviews}}]}`)
	private := istiotest.Object(t, "VirtualService", "other/private",
		"exportTo: ['.']\nhttp: [{route: [{destination: {host: reviews}}]}]")
	var got []string
	for _, v := range traffic.FindDead([]*istio.Object{root, part, private}, traffic.Options{}) {
		if v.Match.Index < 0 {
			got = append(got, fmt.Sprintf("%s: %s", v.Rule, v.Life))
		}
	}
	want := []string{
		`http[0] > shop/part http[0] "a-x": alive`,
		`http[0] > shop/part http[1] "a-deeper": dead`,
		`http[0] > shop/part http[3] "a-all": alive`,
		`http[0] > shop/part http[2]: dead`,
		`http[1]: unknown`,
		`http[2]: dead`,
		`http[3] "rest": alive`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

// Every match of a delegate that contradicts itself is named where it stands, whatever stands before its rule.
func TestValidate_contradictionsOfDelegates(t *testing.T) {
	t.Parallel()
	never := "{headers: {v: {}}, withoutHeaders: {v: {}}}"
	delegate := istiotest.VirtualService(t, "part", "hosts: []\nhttp: [{"+istiotest.To("v1")+"}, {match: ["+never+
		", {uri: {prefix: /a}}, "+never+"], "+istiotest.To("v2")+"}]")
	var got []string
	for _, p := range check.Validate(delegate) {
		got = append(got, p.At.String())
	}
	want := []string{`http[1].match[0].without_headers["v"]`, `http[1].match[2].without_headers["v"]`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

// Exported to some namespaces only, a rule for another one is dead.
func TestFindDeadExported(t *testing.T) {
	t.Parallel()
	o := istiotest.VirtualService(t, "reviews", `
exportTo: ['.', web]
http:
- {match: [{sourceNamespace: other}, {sourceNamespace: web}, {sourceNamespace: shop}], route: [{destination: {host: reviews}}]}
- {route: [{destination: {host: reviews}}]}`)
	if got := lives(traffic.FindDead([]*istio.Object{o}, traffic.Options{})); got != "dead alive alive dead" {
		t.Errorf("got %q", got)
	}
}
