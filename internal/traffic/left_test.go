package traffic_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// A sidecar for which no rule is acts as if the VirtualService were not there; the words and the picture say so.
func TestSummary_left(t *testing.T) {
	t.Parallel()
	const itself = "the service itself, as if there were no VirtualService"
	rule := func(match string) string { return "- {match: [" + match + "], " + istiotest.To("v1") + "}\n" }
	for name, test := range map[string]struct {
		spec string
		want []string
	}{
		"rules for some callers": {
			"http:\n" + rule("{sourceLabels: {app: web}, headers: {x: {exact: '1'}}}"),
			[]string{
				"all other requests from these callers have no route",
				"requests from all other callers go to " + itself,
			},
		},
		"rules that take all of some callers": {
			"http:\n" + rule("{sourceLabels: {app: web}, headers: {x: {}}}") + rule("{sourceLabels: {app: web}}") +
				rule("{sourceNamespace: test}"),
			[]string{"requests from all other callers go to " + itself},
		},
		"callers of which one rule takes all and another some": {
			"http:\n" + rule("{sourceLabels: {app: web}}") + rule("{sourceLabels: {app: api}, uri: {exact: /a}}"),
			[]string{
				"all other requests from these callers have no route",
				"requests from all other callers go to " + itself,
			},
		},
		"a rule for fewer callers than one that takes all": {
			"http:\n" + rule("{sourceLabels: {app: web, version: v1}, uri: {exact: /a}}") +
				rule("{sourceLabels: {app: web}}"),
			[]string{"requests from all other callers go to " + itself},
		},
		"rules for a port": {
			"http:\n" + rule("{port: 80, uri: {exact: /a}}"),
			[]string{
				"all other requests on these ports have no route", "requests on all other ports go to " + itself,
			},
		},
		"rules for a port and for callers": {
			"http:\n" + rule("{port: 80}") + rule("{sourceLabels: {app: web}, uri: {exact: /a}}"),
			[]string{
				"all other requests from these callers or on these ports have no route",
				"requests from all other callers or on all other ports go to " + itself,
			},
		},
		"a rule for every caller": {
			"http:\n" + rule("{sourceLabels: {app: web}}") + rule("{uri: {exact: /a}}"),
			[]string{"all other requests have no route"},
		},
		"a gateway": {
			"gateways: [front]\nhttp:\n" + rule("{sourceLabels: {app: web}}"),
			[]string{"all other requests have no route"},
		},
		"a gateway beside the mesh": {
			"gateways: [front, mesh]\nhttp:\n" + rule("{gateways: [front], uri: {exact: /a}}"),
			[]string{
				"all other requests from these callers have no route",
				"requests from all other callers go to " + itself,
			},
		},
		"a gateway without a rule": {
			"gateways: [front, mesh]\nhttp:\n" + rule("{gateways: [mesh]}"),
			[]string{"all other requests have no route"},
		},
		"a gateway and sidecars that may have no rule": {
			"gateways: [front, mesh]\nhttp:\n" + rule("{sourceLabels: {app: web}}"),
			[]string{
				"requests from all other callers go to " + itself + "; at a gateway they have no route",
			},
		},
		"one rule for each gateway": {
			"gateways: [front, mesh]\nhttp:\n" + rule("{gateways: [front]}") + rule("{gateways: [mesh]}"), nil,
		},
		"no rule":              {"http: []", []string{"all requests go to " + itself}},
		"no rule at a gateway": {"gateways: [front]\nhttp: []", []string{"all requests have no route"}},
		"no rule, at a gateway and the mesh": {
			"gateways: [front, mesh]\nhttp: []",
			[]string{"all requests go to " + itself + "; at a gateway they have no route"},
		},
		"no rule for HTTP, but one for bytes": {"tcp: [{route: [{destination: {host: reviews}}]}]", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects := []*istio.Object{istiotest.VirtualService(t, "reviews", test.spec)}
			rules := len(objects[0].VirtualServiceSpec().Http) + len(objects[0].VirtualServiceSpec().Tcp)
			got := traffic.Summary(objects, traffic.Options{})[rules:]
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("last lines of the summary (-want +got):\n%s", diff)
			}
		})
	}
}

// What evaluate says of callers for whom there is no rule is the same.
func TestExplain_left(t *testing.T) {
	t.Parallel()
	const itself = `claims requests for reviews and has no rule for this caller, so that they go to the service of ` +
		`that name, whatever its version, as if there were no VirtualService`
	object := istiotest.VirtualService(t, "reviews", "gateways: [mesh, front]\nhttp: [{match: [{sourceLabels: "+
		"{app: web}, headers: {x: {}}}], "+istiotest.To("v1")+"}]")
	table := traffic.NewTable([]*istio.Object{object}, nil, traffic.Options{})
	web := map[string]string{"app": "web"}
	for name, test := range map[string]struct {
		in   traffic.Request
		kind traffic.OutcomeKind
		want string
	}{
		"other labels": {
			traffic.Request{SourceLabels: map[string]string{"app": "api"}}, traffic.Unclaimed,
			`VirtualService "shop/reviews" ` + itself,
		},
		"no labels": {traffic.Request{}, traffic.Unclaimed, `VirtualService "shop/reviews" ` + itself},
		"another request": {
			traffic.Request{SourceLabels: web}, traffic.NoRoute, `VirtualService "shop/reviews" claims requests for ` +
				`reviews and none of its rules takes this one: the proxy answers 404`,
		},
		"at a gateway": {
			traffic.Request{Gateway: "shop/front"}, traffic.Unclaimed,
			`no VirtualService claims requests for reviews at gateway shop/front: it answers 404`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.in.Authority = "reviews"
			out := table.Evaluate(test.in)
			if got := table.Explain(out); got != test.want || out.Kind != test.kind {
				t.Errorf("got %s: %s\nwant %s: %s", out.Kind, got, test.kind, test.want)
			}
		})
	}
}
