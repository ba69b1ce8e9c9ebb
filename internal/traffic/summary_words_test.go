package traffic_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// What a VirtualService leaves to others, or others to it, is named.
func TestSummary_others(t *testing.T) {
	t.Parallel()
	const both = `
http:
- {match: [{uri: {prefix: /a}}], delegate: {name: ratings}}
- {match: [{uri: {prefix: /b}}], timeout: 5s, delegate: {name: ratings, namespace: other}}
- {route: [{destination: {host: reviews, subset: v1}}]}`
	delegate := &istio.Object{
		Namespace: "other",
		Name:      "ratings",
		Spec: &networking.VirtualService{Http: []*networking.HTTPRoute{
			{Match: []*networking.HTTPMatchRequest{{Uri: prefixed("/b/c")}}, Route: shares(100)},
			{Route: shares(90, 10)},
		}},
	}
	route := istiotest.VirtualService(t, "reviews", both)
	for name, test := range map[string]struct {
		objects []*istio.Object
		options traffic.Options
		want    []string
	}{
		"delegates that are other resources": {[]*istio.Object{route}, traffic.Options{}, []string{
			"requests with path starting with /a are handed to VirtualService shop/ratings",
			"requests with path starting with /b are handed to VirtualService other/ratings, timeout 5s",
			"all other requests go to v1",
		}},
		"one delegate that is there": {[]*istio.Object{route, delegate}, traffic.Options{}, []string{
			"requests with path starting with /a are handed to VirtualService shop/ratings",
			"requests with path starting with /b/c go to v1 of reviews.other, timeout 5s",
			"requests with path starting with /b: v1 of reviews.other 90 %, v2 of reviews.other 10 %, timeout 5s",
			"all other requests go to v1 of reviews",
		}},
		"rules behind one that hands all over": {[]*istio.Object{istiotest.VirtualService(t, "reviews", `
http:
- {delegate: {name: ratings}}
- {match: [{port: 1}], route: [{destination: {host: reviews, subset: v1}}]}`)}, traffic.Options{}, []string{
			"all requests are handed to VirtualService shop/ratings", "requests with port 1 go to v1",
			"requests that are left then have no route",
		}},
		"a delegate": {[]*istio.Object{{
			Namespace: "shop",
			Name:      "ratings",
			Spec: &networking.VirtualService{Http: []*networking.HTTPRoute{
				{Match: []*networking.HTTPMatchRequest{{Uri: prefixed("/b/c")}}, Route: shares(100)},
			}},
		}}, traffic.Options{}, []string{
			"requests with path starting with /b/c go to v1",
			"all other requests go on with the rules of the VirtualService that hands over",
		}},
		"a delegate that takes everything": {[]*istio.Object{delegate}, traffic.Options{}, []string{
			"requests with path starting with /b/c go to v1", "all other requests: v1 90 %, v2 10 %",
		}},
		"shares of others": {[]*istio.Object{istiotest.VirtualService(t, "reviews", `
http:
- {match: [{uri: {prefix: /a}}], route: [{destination: {host: reviews, subset: v1}}]}
- {route: [{destination: {host: reviews, subset: v2}, weight: 0}, {destination: {host: reviews, subset: v1}, weight: 100}]}`)},
			traffic.Options{SharesByOthers: true}, []string{
				"requests with path starting with /a go to v1",
				"all other requests go to v1 and v2 in shares that others set",
			}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, traffic.Summary(test.objects, test.options)); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSummary_connections(t *testing.T) {
	t.Parallel()
	got := traffic.Summary([]*istio.Object{istiotest.VirtualService(t, "db", `
tls:
- {match: [{sniHosts: [a.example, b.example], port: 443}, {sniHosts: [c.example], gateways: [gw], sourceLabels: {app: web}}], route: [{destination: {host: a}}]}
tcp:
- {match: [{port: 3306}], route: [{destination: {host: mysql, port: {number: 3306}}}]}
- {match: [{destinationSubnets: [10.0.0.0/8], sourceNamespace: shop}], route: [{destination: {host: a, subset: v1}, weight: 90}, {destination: {host: a, subset: v2}, weight: 10}]}
- {route: [{destination: {host: a}}]}`)}, traffic.Options{SharesByOthers: true})
	want := []string{
		"TLS connections with SNI a.example|b.example on port 443 or with SNI c.example from app=web at gateway gw " +
			"go to a",
		"TCP connections on port 3306 go to mysql:3306",
		"TCP connections to 10.0.0.0/8 from namespace shop: v1 of a 90 %, v2 of a 10 %",
		"all other TCP connections go to a",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

// A summary has so many lines, and a line so many characters, whatever it is about.
func TestSummary_bounds(t *testing.T) {
	t.Parallel()
	o := manyRules(1000, false)
	many := &networking.HTTPRoute{Route: shares(100)}
	for i := range 500 {
		many.Match = append(many.Match, &networking.HTTPMatchRequest{Uri: prefixed(fmt.Sprintf("/ünd/%d", i))})
	}
	spec := o.VirtualServiceSpec()
	spec.Http[0] = many
	got := traffic.Summary([]*istio.Object{o}, traffic.Options{})
	if len(got) != 201 || got[200] != "and 800 more rules" {
		t.Fatalf("%d lines, the last %q", len(got), got[len(got)-1])
	}
	if n := utf8.RuneCountInString(got[0]); n != 300 || !strings.HasPrefix(
		got[0], "requests with path starting with /ünd/0 or",
	) || !strings.HasSuffix(got[0], " go to v1") {
		t.Errorf("a line of %d characters: %s", n, got[0])
	}
}

// A summary is equal for specs that mean the same, and can be read by everybody.
func TestPropertySummaryFollowsMeaning(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := picker(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") })
		o := p.table()
		spelled := *o
		spec := proto.CloneOf(o.VirtualServiceSpec())
		for _, rule := range spec.Http {
			if len(rule.Route) == 1 {
				rule.Route[0].Weight = 100
			}
			for i, j := 0, len(rule.Route)-1; i < j; i, j = i+1, j-1 {
				rule.Route[i], rule.Route[j] = rule.Route[j], rule.Route[i]
			}
		}
		spelled.Spec = spec
		summary := traffic.Summary([]*istio.Object{o}, traffic.Options{})
		if diff := cmp.Diff(summary, traffic.Summary([]*istio.Object{&spelled}, traffic.Options{})); diff != "" &&
			istio.SameSpec(o.Spec, spec) {
			t.Fatalf("summaries differ:\n%s", diff)
		}
		for _, line := range summary {
			if !utf8.ValidString(line) || strings.ContainsAny(line, "\n\x1b") {
				t.Fatalf("%q", line)
			}
		}
	})
}

// Of a delegate that is known to be there or not the words say what istiod leaves out, in the order of the rules, and
// they name it where they are not to say what it does.
func TestSummary_delegates(t *testing.T) {
	t.Parallel()
	routes := []*istio.Object{
		istiotest.VirtualService(t, "root", `
http:
- {match: [{uri: {prefix: /gone}}], delegate: {name: gone}}
- {match: [{uri: {prefix: /elsewhere}}], delegate: {name: elsewhere, namespace: web}}
- {match: [{uri: {prefix: /half}}], delegate: {name: half}}
- {match: [{uri: {prefix: /hidden}}], delegate: {name: hidden, namespace: web}}
- {match: [{uri: {prefix: /wide}}], delegate: {name: wide}}
- {delegate: {name: whole}}`),
		istiotest.VirtualService(t, "half", "hosts: []\nhttp: [{match: [{uri: {prefix: /half/a}}], "+
			istiotest.To("v1")+"}, {match: [{uri: {prefix: /}}], "+istiotest.To("v2")+"}]"),
		istiotest.Object(t, "VirtualService", "web/hidden", "exportTo: ['.']\nhttp: [{"+istiotest.To("v1")+"}]"),
		istiotest.VirtualService(t, "wide", "hosts: []\nhttp: [{match: [{uri: {prefix: /}}], "+istiotest.To("v1")+"}]"),
		istiotest.VirtualService(t, "whole", "hosts: []\nhttp: [{"+istiotest.To("v1")+"}]"),
	}
	const (
		elsewhere = "requests with path starting with /elsewhere are handed to VirtualService web/elsewhere"
		narrower  = " has a match that is not narrower than a match of this rule, so istiod leaves it out"
	)
	left := []string{
		`left out: http[0]: delegate "shop/gone" is not there, so istiod leaves this rule out`,
		`left out: http[2]: http[1] of delegate "shop/half"` + narrower,
		`left out: http[3]: delegate "web/hidden" is not exported to namespace "shop", so istiod leaves this rule out`,
		`left out: http[4]: http[0] of delegate "shop/wide"` + narrower,
	}
	options := traffic.Options{Absent: map[string]bool{"shop/gone": true}}
	said := append([]string{elsewhere, "requests with path starting with /half/a go to v1", "all other requests " +
		"go to v1"},
		left...)
	if diff := cmp.Diff(said, traffic.Summary(routes, options)); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	options.NameDelegates = true
	named := append([]string{
		elsewhere, "requests with path starting with /half are handed to VirtualService shop/half",
		"all other requests are handed to VirtualService shop/whole",
	}, append(left, "requests that are left then have no route")...)
	if diff := cmp.Diff(named, traffic.Summary(routes, options)); diff != "" {
		t.Errorf("summary with names (-want +got):\n%s", diff)
	}
}
