package traffic_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

func TestSummary(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spec string
		want []string
	}{
		"a canary": {`
http:
- {match: [{headers: {version: {exact: '200'}}}], route: [{destination: {host: reviews, subset: v2}}]}
- {route: [{destination: {host: reviews, subset: v1}, weight: 90}, {destination: {host: reviews, subset: v2}, weight: 10}]}`,
			[]string{"requests with header version=200 go to v2", "all other requests: v1 90 %, v2 10 %"}},
		"one rule": {`http: [{route: [{destination: {host: reviews}}]}]`, []string{"all requests go to reviews"}},
		"weights are proportions": {`http: [{route: [{destination: {host: reviews, subset: v1}, weight: 1}, ` +
			`{destination: {host: reviews, subset: v2}, weight: 2}, {destination: {host: reviews, subset: v3}}]}]`,
			[]string{"all requests: v1 33.33 %, v2 66.67 %"}},
		"several hosts": {`
http:
- {match: [{uri: {prefix: /a}}, {method: {exact: POST}, queryParams: {q: {}}}], route: [{destination: {host: ratings, subset: v1}}]}
- {match: [{withoutHeaders: {x: {exact: ''}}, port: 81}], route: [{destination: {host: ratings.other.svc.cluster.local}}]}
- {match: [{headers: {user-agent: {regex: '.*Fire fox.*'}, x: {}}, sourceLabels: {app: web}}], route: [{destination: {host: example.com, port: {number: 443}}}]}
`, []string{
			"requests with path starting with /a or method POST and query parameter q go to v1 of ratings",
			"requests with header x other than \"\" and port 81 go to ratings.other",
			"requests with header user-agent matching \".*Fire fox.*\" and header x and source label app=web go to " +
				"example.com:443",
			"all other requests have no route",
		}},
		"what else happens": {`
http:
- {match: [{uri: {exact: /a}, ignoreUriCase: true}], timeout: 60s, retries: {attempts: 0}, fault: {abort: {grpcStatus: UNAVAILABLE, percentage: {value: 5}}}, mirror: {host: reviews, subset: v3}, mirrorPercentage: {value: 2.5}, route: [{destination: {host: reviews, subset: v1}}]}
- {match: [{scheme: {exact: http}}], redirect: {scheme: https}}
- {match: [{uri: {exact: /tea}}], directResponse: {status: 418}, fault: {delay: {fixedDelay: 1s, percentage: {value: 100}}}}
- {timeout: 0s, rewrite: {uri: /b, authority: b}, retries: {attempts: 3}, route: [{destination: {host: reviews, subset: v1}}]}
- {match: [{uri: {exact: /late}}], route: [{destination: {host: reviews, subset: v2}}]}`,
			[]string{
				"requests with path /a in any case go to v1, timeout 1m, no retries, 2.5 % copied to v3, 5 % aborted " +
					"with UNAVAILABLE",
				"requests with scheme http are redirected to https://…",
				"requests with path /tea get the answer 418 from the proxy, 100 % delayed by 1s",
				"all other requests go to v1, 3 retries, path rewritten to /b, authority rewritten to b",
				"never reached: requests with path /late go to v2",
			}},
		"a delegate that is another resource": {"http: [{name: a, delegate: {name: gone}}]", []string{
			"all requests are handed to VirtualService shop/gone", "requests that are left then have no route"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := traffic.Summary([]*istio.Object{istiotest.VirtualService(t, "reviews", test.spec)},
				traffic.Options{})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
		})
	}
}

// canaries makes the spec of a route of canaries: each a match, empty for none, and its destinations with weights.
func canaries(pairs ...string) string {
	spec := "http:\n"
	for i := 0; i < len(pairs); i += 2 {
		spec += "-\n"
		if pairs[i] != "" {
			spec += "  match: [" + pairs[i] + "]\n"
		}
		spec += "  " + pairs[i+1] + "\n"
	}
	return spec
}

func split(v1, v2 string) string {
	return "route: [{destination: {host: reviews, subset: v1}, weight: " + v1 +
		"}, {destination: {host: reviews, subset: v2}, weight: " + v2 + "}]"
}

func TestMoves(t *testing.T) {
	t.Parallel()
	canary := "{headers: {version: {exact: '200'}}}"
	for name, test := range map[string]struct {
		before, after string
		want          []string
		gain          float64 // of the first move
	}{
		"nothing changes": {canaries("", split("90", "10")), canaries("", split("9", "1")), nil, 0},
		"a weight grows": {
			canaries(canary, istiotest.To("v2"), "", split("90", "10")),
			canaries(canary, istiotest.To("v2"), "", split("75", "25")),
			[]string{"all other requests: v2 10 % → 25 % (v1 90 % → 75 %)"},
			15,
		},
		"a weight shrinks": {
			canaries("", split("75", "25")),
			canaries("", split("90", "10")),
			[]string{"all requests: v1 75 % → 90 % (v2 25 % → 10 %)"},
			15,
		},
		"the first canary": {
			canaries("", istiotest.To("v1")),
			canaries("", split("90", "10")),
			[]string{"all requests: v2 0 % → 10 % (v1 100 % → 90 %)"},
			10,
		},
		"the end of a canary": {
			canaries("", split("10", "90")),
			canaries("", istiotest.To("v2")),
			[]string{"all requests: v2 90 % → 100 % (v1 10 % → 0 %)"},
			10,
		},
		"a rule moves": {
			canaries(canary, istiotest.To("v1"), "", istiotest.To("v1")),
			canaries(canary, istiotest.To("v2"), "", istiotest.To("v1")),
			[]string{"requests with header version=200 move from v1 to v2"},
			100,
		},
		"a new rule": {
			canaries("", istiotest.To("v1")),
			canaries(canary, istiotest.To("v2"), "", istiotest.To("v1")),
			[]string{"requests with header version=200 move from v1 to v2"},
			100,
		},
		"a rule goes": {
			canaries(canary, istiotest.To("v2"), "", istiotest.To("v1")),
			canaries("", istiotest.To("v1")),
			[]string{"requests with header version=200 move from v2 to v1"},
			100,
		},
		"a rule that changes nothing": {
			canaries("", istiotest.To("v1")), canaries(canary, istiotest.To("v1"), "", istiotest.To("v1")), nil, 0,
		},
		"a dead rule": {
			canaries("", istiotest.To("v1")), canaries("", istiotest.To("v1"), canary, istiotest.To("v2")), nil, 0,
		},
		"no route any more": {
			canaries("", istiotest.To("v1")),
			canaries(canary, istiotest.To("v1")),
			[]string{"all other requests move from v1 to no route"},
			0,
		},
		"only a part of a rule": {
			canaries("{uri: {prefix: /a/b}}", istiotest.To("v2"), "", istiotest.To("v1")),
			canaries("{uri: {prefix: /a}}", istiotest.To("v2"), "", istiotest.To("v1")),
			[]string{"some requests with path starting with /a move from v1 to v2"},
			100,
		},
		"two matches of one rule": {canaries("", istiotest.To("v1")), canaries(canary+
			", {method: {exact: POST}}", istiotest.To("v2"), "", istiotest.To("v1")),
			[]string{"requests with header version=200 or method POST move from v1 to v2"}, 100},
		"a wider match of the same": {canaries(
			"{uri: {exact: /a}}", istiotest.To("v1"), "", istiotest.To("v1"),
		), canaries("{uri: {prefix: /a}}", istiotest.To("v2"), "", istiotest.To("v1")),
			[]string{"requests with path starting with /a move from v1 to v2"}, 100},
		"three destinations": {canaries("", split("50", "50")), canaries(
			"", "route: [{destination: {host: reviews, subset: v1}, weight: 50}, {destination: {host: reviews, "+
				"subset: v2}, weight: 30}, {destination: {host: reviews, subset: v3}, weight: 20}]",
		),
			[]string{"all requests: v3 0 % → 20 % (v2 50 % → 30 %)"}, 20},
		"to a redirect": {
			canaries("", istiotest.To("v1")),
			canaries("", "redirect: {authority: example.com}"),
			[]string{"all requests move from v1 to a redirect to http://example.com/"},
			0,
		},
		"from nowhere": {
			"http: [{match: [{port: 1}], " + istiotest.To("v1") + "}]",
			canaries("", istiotest.To("v1")),
			[]string{"all requests move from the service itself (no rule) to v1"},
			0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			moves := traffic.Moves([]*istio.Object{istiotest.VirtualService(t, "reviews", test.before)},
				[]*istio.Object{istiotest.VirtualService(t, "reviews", test.after)}, traffic.Options{})
			var got []string
			for _, m := range moves {
				got = append(got, m.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("moves (-want +got):\n%s", diff)
			}
			if len(moves) > 0 {
				to, before, after := moves[0].Gain()
				if after-before != test.gain {
					t.Errorf("%s gains %v, want %v", to, after-before, test.gain)
				}
			}
		})
	}
}

// Nothing moves from a route to itself.
func TestPropertyNothingMovesWithoutAChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := picker(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") })
		o := []*istio.Object{p.table()}
		if moves := traffic.Moves(o, o, traffic.Options{}); len(moves) > 0 {
			t.Fatalf("%v in %v", moves, o[0].Spec)
		}
	})
}
