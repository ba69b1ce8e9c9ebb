package traffic_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// What jumps by more than 20 percent points.
func TestMove_Jumps(t *testing.T) {
	t.Parallel()
	const canary = "{headers: {version: {exact: '200'}}}"
	tcp := func(v1, v2 string) string {
		return "tcp: [{match: [{port: 3306}], route: [{destination: {host: a, subset: v1}, weight: " + v1 +
			"}, {destination: {host: a, subset: v2}, weight: " + v2 + "}]}]"
	}
	onPort := func(routes string) string {
		return strings.ReplaceAll(routes, "host: reviews,", "host: reviews, port: {number: 8080},")
	}
	ports := func(a, b string) string {
		return "http: [{route: [{destination: {host: a, port: {number: 80}}, weight: " + a +
			"}, {destination: {host: a, port: {number: 81}}, weight: " + b + "}]}]"
	}
	for name, test := range map[string]struct {
		before, after string
		options       traffic.Options
		jumps, moves  []string
	}{
		"just as much": {
			before: canaries("", split("90", "10")),
			after:  canaries("", split("70", "30")),
			moves:  []string{"all requests: v2 10 % → 30 % (v1 90 % → 70 %)"},
		},
		"more": {
			before: canaries("", split("90", "10")),
			after:  canaries("", split("69", "31")),
			jumps:  []string{"all requests: v2 10 % → 31 % (v1 90 % → 69 %)"},
		},
		"back": {
			before: canaries("", split("50", "50")),
			after:  canaries("", split("90", "10")),
			jumps:  []string{"all requests: v1 50 % → 90 % (v2 50 % → 10 %)"},
		},
		"proportions": {
			before: canaries("", split("3", "0")),
			after:  canaries("", split("4", "1")),
			moves:  []string{"all requests: v2 0 % → 20 % (v1 100 % → 80 %)"},
		},
		"the only destination": {
			before: canaries(canary, istiotest.To("v1"), "", istiotest.To("v1")),
			after:  canaries(canary, istiotest.To("v2"), "", istiotest.To("v1")),
			jumps:  []string{"requests with header version=200 move from v1 to v2"},
		},
		"a new rule for some": {
			before: canaries("", istiotest.To("v1")),
			after:  canaries(canary, istiotest.To("v2"), "", istiotest.To("v1")),
			moves:  []string{"requests with header version=200 move from v1 to v2"},
		},
		"a new rule for all": {
			before: canaries(canary, istiotest.To("v1")),
			after:  canaries(canary, istiotest.To("v1"), "", istiotest.To("v2")),
			moves:  []string{"all other requests move from no route to v2"},
		},
		"a new rule in front": {
			before: canaries(canary, istiotest.To("v1"), "{uri: {regex: '/.*'}}", istiotest.To("v1")),
			after:  canaries("{uri: {prefix: /}}", istiotest.To("v2")),
			jumps:  []string{"all requests move from v1 to v2"},
		},
		"a regex for all": {
			before: canaries("", istiotest.To("v1")),
			after:  canaries("{uri: {regex: '.*'}}", istiotest.To("v2"), "", istiotest.To("v1")),
			jumps:  []string{"all requests move from v1 to v2"},
		},
		"a rule that is gone": {
			before: canaries(canary, istiotest.To("v2"), "", istiotest.To("v1")),
			after:  canaries("", istiotest.To("v1")),
			jumps:  []string{"requests with header version=200 move from v2 to v1"},
		},
		"a rule that is wider now": {
			before: canaries("{uri: {prefix: /a/b}}", istiotest.To("v1"), "", istiotest.To("v1")),
			after:  canaries("{uri: {prefix: /a}}", istiotest.To("v2"), "", istiotest.To("v1")),
			jumps:  []string{"requests with path starting with /a move from v1 to v2"},
		},
		"to no route": {
			before: canaries("", istiotest.To("v1")),
			after:  canaries(canary, istiotest.To("v1")),
			moves:  []string{"all other requests move from v1 to no route"},
		},
		"from a delegate": {
			before: "http: [{match: [{uri: {prefix: /a}}], delegate: {name: b}}, {" + istiotest.To("v1") + "}]",
			after:  canaries("{uri: {prefix: /a}}", istiotest.To("v2"), "", istiotest.To("v1")),

			jumps: []string{"requests with path starting with /a move from VirtualService shop/b to v2"},
		},
		"connections": {
			before: tcp("90", "10"),
			after:  tcp("50", "50"),
			jumps:  []string{"TCP connections on port 3306: v2 10 % → 50 % (v1 90 % → 50 %)"},
		},
		"connections, a little": {
			before: tcp("90", "10"),
			after:  tcp("80", "20"),
			moves:  []string{"TCP connections on port 3306: v2 10 % → 20 % (v1 90 % → 80 %)"},
		},
		"another port": {
			before: canaries("", istiotest.To("v1")),
			after:  onPort(canaries("", istiotest.To("v1"))),
			moves:  []string{"all requests move from v1 to v1 of reviews:8080"},
		},
		"another port of a split": {
			before: canaries("", split("90", "10")),
			after:  onPort(canaries("", split("90", "10"))),

			moves: []string{
				"all requests move from v1 90 %, v2 10 % to v1 of reviews:8080 90 %, v2 of reviews:8080 10 %",
			},
		},
		"another port and shares": {
			before: canaries("", split("90", "10")),
			after:  onPort(canaries("", split("10", "90"))),

			jumps: []string{"all requests: v2 10 % → 90 % (v1 90 % → 10 %)"},
		},
		"shares of ports": {
			before: ports("90", "10"),
			after:  ports("10", "90"),
			jumps:  []string{"all requests: a:81 10 % → 90 % (a:80 90 % → 10 %)"},
		},
		"shares of others": {
			before:  canaries("", split("90", "10")),
			after:   canaries("", split("10", "90")),
			options: traffic.Options{SharesByOthers: true},
		},
		"a destination beside shares of others": {
			before: canaries(canary, istiotest.To("v1"), "", split("90", "10")),
			after:  canaries(canary, istiotest.To("v2"), "", split("10", "90")),

			options: traffic.Options{SharesByOthers: true},
			jumps:   []string{"requests with header version=200 move from v1 to v2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var jumps, moves []string
			for _, m := range traffic.Moves(
				[]*istio.Object{istiotest.VirtualService(t, "reviews", test.before)},
				[]*istio.Object{istiotest.VirtualService(t, "reviews", test.after)},
				test.options,
			) {
				if m.Jumps(20) {
					jumps = append(jumps, m.String())
				} else {
					moves = append(moves, m.String())
				}
			}
			if diff := cmp.Diff([][]string{test.jumps, test.moves}, [][]string{jumps, moves}); diff != "" {
				t.Errorf("jumps, other moves (-want +got):\n%s", diff)
			}
		})
	}
}

// Of 1,000 rules the last one is looked at too, when no request was found for it, and every rule that sends its
// requests elsewhere.
func TestMoves_many(t *testing.T) {
	t.Parallel()
	for name, regexes := range map[string]bool{"mixed": false, "regexes": true} {
		was, is := manyRules(1000, regexes), manyRules(1000, regexes)
		http := is.Spec.(interface {
			GetHttp() []*networking.HTTPRoute
		}).GetHttp()
		http[0].Route, http[998].Route, http[999].Route = shares(0, 1), shares(0, 1), shares(50, 50)
		moves := traffic.Moves([]*istio.Object{was}, []*istio.Object{is}, traffic.Options{})
		if len(moves) != 3 {
			t.Errorf("%s: %v", name, moves)
		}
		for _, m := range moves {
			if !m.Jumps(20) {
				t.Errorf("%s: no jump: %s", name, m)
			}
		}
	}
}

// A delegate's requests that no rule takes go back.
func TestMoves_delegate(t *testing.T) {
	t.Parallel()
	delegate := func(rules ...*networking.HTTPRoute) []*istio.Object {
		return []*istio.Object{{Namespace: "shop", Name: "reviews", Spec: &networking.VirtualService{Http: rules}}}
	}
	rule := func(path string, weights ...int32) *networking.HTTPRoute {
		return &networking.HTTPRoute{
			Match: []*networking.HTTPMatchRequest{{Uri: prefixed(path)}},
			Route: shares(weights...),
		}
	}
	var got []string
	for _, m := range traffic.Moves(
		delegate(rule("/a", 90, 10), rule("/b", 100)), delegate(rule("/a", 75, 25)), traffic.Options{},
	) {
		got = append(got, m.String())
	}
	want := []string{
		"requests with path starting with /a: v2 10 % → 25 % (v1 90 % → 75 %)",
		"requests with path starting with /b move from v1 to the VirtualService that hands over",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("moves (-want +got):\n%s", diff)
	}
}

// When the same rules send their requests elsewhere, those move that a comparison of all requests finds, whose rules
// only are called something else.
func TestPropertyMovesOfTheSameRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := picker(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") })
		was := p.table()
		is, renamed := *was, *was
		spec := proto.CloneOf(was.VirtualServiceSpec())
		for _, rule := range spec.Http {
			if len(rule.Route) > 0 && p.chance(50) {
				rule.Route = shares(int32(p(101)), int32(p(101)))
			}
		}
		is.Spec = spec
		spec = proto.CloneOf(spec)
		for _, rule := range spec.Http {
			for _, match := range rule.Match {
				match.Name += "renamed"
			}
		}
		renamed.Spec = spec
		say := func(after *istio.Object) []string {
			var all []string
			for _, m := range traffic.Moves([]*istio.Object{was}, []*istio.Object{after}, traffic.Options{}) {
				all = append(all, fmt.Sprint(m.Rule.Index, m.Gone, m.Named, m.Before.Destinations,
					m.After.Destinations))
			}
			return slices.Compact(all)
		}
		if diff := cmp.Diff(say(&renamed), say(&is)); diff != "" {
			t.Fatalf("moves by the names of matches (-others +same):\n%s", diff)
		}
	})
}

// Of many rules that send their requests elsewhere it is said of each that all of them do.
func TestMoves_ofTheSameRules(t *testing.T) {
	t.Parallel()
	table := func(weights ...int32) []*istio.Object {
		spec := &networking.VirtualService{Hosts: []string{"reviews"}}
		for i := range 100 {
			match := &networking.HTTPMatchRequest{
				Headers: map[string]*networking.StringMatch{"version": exactly(fmt.Sprint(i))},
			}
			spec.Http = append(spec.Http,
				&networking.HTTPRoute{Match: []*networking.HTTPMatchRequest{match}, Route: shares(weights...)})
		}
		return []*istio.Object{{Namespace: "shop", Name: "reviews", Spec: spec}}
	}
	moves := traffic.Moves(table(90, 10), table(75, 25), traffic.Options{})
	if len(moves) != 100 {
		t.Errorf("%d moves", len(moves))
	}
	for i, m := range moves {
		if want := fmt.Sprintf(
			"requests with header version=%d: v2 10 %% → 25 %% (v1 90 %% → 75 %%)", i,
		); m.String() != want {
			t.Errorf("%s, want %s", m, want)
		}
	}
}
