package around_test

import (
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// A subset in which nobody answers refuses a change that sends it more, and no other: that may be the way out.
func TestInspectIdle(t *testing.T) {
	t.Parallel()
	const (
		declares = "host: reviews\nsubsets: [{name: v1, labels: {version: v1}}, {name: v3, labels: {version: v3}}]"
		path     = "match: [{uri: {prefix: /a}}], "
		refused  = "error subsets[1]: http[0] sends requests to the subset v3…they would fail with 503"
		warned   = "subsets[1]: http[0] sends requests to the subset v3…they fail with 503"
	)
	tcp := func(port, subset string) string {
		return "{match: [{port: " + port + "}], route: [{destination: {host: reviews, subset: " + subset + "}}]}"
	}
	tls := func(host, subset string) string {
		return "{match: [{sniHosts: [" + host + "]}], route: [{destination: {host: reviews, subset: " + subset + "}}]}"
	}
	shares := func(v1, v3 string) string {
		return "http: [{route: [{destination: {host: reviews, subset: v1}, weight: " + v1 +
			"}, {destination: {host: reviews, subset: v3}, weight: " + v3 + "}]}]"
	}
	for name, test := range map[string]struct {
		before, after string
		// rule is the DestinationRule before, by default that of after.
		rule string
		want string
	}{
		"fewer requests": {before: shares("10", "90"), after: shares("90", "10"), want: warned},
		"as many":        {before: shares("90", "10"), after: shares("9", "1"), want: warned},
		"more":           {before: shares("90", "10"), after: shares("89", "11"), want: refused},
		"the first ones": {before: shares("100", "0"), after: shares("99", "1"), want: refused},
		"none any more":  {before: shares("90", "10"), after: shares("100", "0")},
		"all, as before": {
			before: "http: [{" + istiotest.To("v3") + "}]",
			after:  "http: [{timeout: 1s, " + istiotest.To("v3") + "}]",
			want:   warned,
		},
		"the same rule further down": {
			before: "http: [{" + istiotest.To("v3") + "}]",
			after:  "http: [{" + path + istiotest.To("v1") + "}, {" + istiotest.To("v3") + "}]",
			want:   "subsets[1]: http[1]…they fail",
		},
		"those of a new rule": {
			before: "http: [{" + istiotest.To("v3") + "}]",
			after:  "http: [{" + path + istiotest.To("v3") + "}, {" + istiotest.To("v3") + "}]",
			want:   refused,
		},
		"more by a second rule": {
			before: "http: [{" + path + istiotest.To("v3") + "}]",
			after:  "http: [{" + path + istiotest.To("v3") + "}, {" + istiotest.To("v3") + "}]",
			want:   "error subsets[1]: http[1] sends requests",
		},
		"the host by its full name": {
			before: "http: [{route: [{destination: {host: reviews.shop.svc.cluster.local, subset: v3}}]}]",
			after:  "http: [{" + istiotest.To("v3") + "}]",
			want:   warned,
		},
		"other labels": {
			before: shares("90", "10"),
			after:  shares("90", "10"),
			rule:   "host: reviews\nsubsets: [{name: v3, labels: {version: v2}}]",
			want:   refused,
		},
		"a subset that was not there": {
			before: shares("90", "10"),
			after:  shares("90", "10"),
			rule:   "host: reviews",
			want:   refused,
		},
		"a subset of another host": {
			before: shares("90", "10"),
			after:  shares("90", "10"),
			rule:   "host: ratings\nsubsets: [{name: v3, labels: {version: v3}}]",
			want:   refused,
		},
		"connections of a known port": {
			before: "tcp: [" + tcp("1", "v3") + "]",
			after:  "tcp: [" + tcp("2", "v1") + ", " + tcp("1", "v3") + "]",
			want:   "subsets[1]: tcp[1]…they fail",
		},
		"connections of another port": {
			before: "tcp: [" + tcp("1", "v3") + "]",
			after:  "tcp: [" + tcp("2", "v3") + "]",
			want:   "error subsets[1]: tcp[0]",
		},
		"connections of a known name": {
			before: "tls: [" + tls("a.example", "v3") + "]",
			after:  "tls: [" + tls("b.example", "v1") + ", " + tls("a.example", "v3") + "]",
			want:   "subsets[1]: tls[1]…they fail",
		},
		"connections of another name": {
			before: "tls: [" + tls("a.example", "v3") + "]",
			after:  "tls: [" + tls("b.example", "v3") + "]",
			want:   "error subsets[1]: tls[0]",
		},
		"nothing known of what was": {after: shares("90", "10"), want: refused},
		"all of a rule": {
			before: "http: [{" + istiotest.To("v1") + "}]",
			after:  "http: [{" + istiotest.To("v3") + "}]",
			want:   refused,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var before istio.Objects
			if test.before != "" {
				if test.rule == "" {
					test.rule = declares
				}
				before = ours(t, test.before)
				before = before.With(istiotest.Object(t, "DestinationRule", "rule", test.rule))
			}
			pair := ours(t, test.after)
			pair = pair.With(istiotest.Object(t, "DestinationRule", "rule", declares))
			found, _ := newNeighborhood(t).ask(before, pair)
			var want []string
			if test.want != "" {
				want = []string{test.want}
			}
			says(t, found, want)
			for _, text := range found {
				if strings.HasPrefix(text, "error ") != strings.HasPrefix(test.want, "error ") {
					t.Errorf("%q is not as severe as %q", text, test.want)
				}
			}
		})
	}
}
