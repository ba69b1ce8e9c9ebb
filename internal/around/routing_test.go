package around_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// All that decides about requests for a service is told, and nothing else.
func TestFacts_RoutingOf(t *testing.T) {
	t.Parallel()
	const host = "reviews.shop.svc.cluster.local"
	for name, test := range map[string]struct {
		change func(a *neighborhood)
		want   []string
	}{
		"as it is": {func(*neighborhood) {}, []string{
			`VirtualService "web/edge"`, `VirtualService "shop/reviews"`, `VirtualService "shop/root"`,
			`VirtualService "shop/leaf"`, `VirtualService "shop/second"`, `DestinationRule "shop/ratings"`,
			`DestinationRule "shop/reviews"`, `Gateway "shop/edge"`,
		}},
		"a delegate that is not there": {func(a *neighborhood) {
			a.has(istiotest.VirtualService(a.t, "shop/third", "hosts: [reviews]\nhttp: [{delegate: {name: gone}}]"))
		}, []string{
			`VirtualService "web/edge"`, `VirtualService "shop/reviews"`, `VirtualService "shop/root"`,
			`VirtualService "shop/leaf"`, `VirtualService "shop/second"`, `VirtualService "shop/third"`,
			`DestinationRule "shop/ratings"`, `DestinationRule "shop/reviews"`, `Gateway "shop/edge"`,
		}},
		"a delegate that may be elsewhere": {func(a *neighborhood) {
			a.facts.Narrow = map[around.Resource]bool{around.VirtualServices: true}
			a.has(istiotest.VirtualService(a.t, "shop/third",
				"hosts: [reviews]\nhttp: [{delegate: {name: gone, namespace: web}}]"))
		}, nil},
		"one namespace, and no such delegate": {func(a *neighborhood) {
			a.facts.Narrow = map[around.Resource]bool{around.VirtualServices: true}
			a.routes = nil
		}, []string{`DestinationRule "shop/reviews"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newNeighborhood(t)
			a.facts.Gateways["shop"]["edge"] = around.Gateway{Object: istiotest.Object(t, "Gateway", "shop/edge",
				"servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]")}
			a.has(istiotest.VirtualService(t, "web/edge", "hosts: [shop.example]\ngateways: [shop/edge, web/gone]\n"+
				"http: [{route: [{destination: {host: "+host+"}}]}]"))
			a.has(istiotest.VirtualService(t, "shop/reviews",
				"hosts: [reviews]\nhttp: [{route: [{destination: {host: reviews, subset: v1}}]}]"))
			a.has(istiotest.VirtualService(t, "shop/root", "hosts: [reviews]\nhttp: [{delegate: {name: leaf}}]"))
			a.has(istiotest.VirtualService(t, "shop/second", "hosts: [reviews]\nhttp: [{delegate: {name: leaf}}]"))
			a.has(istiotest.VirtualService(t, "shop/other", "hosts: [other]\nhttp: [{route: [{destination: {host: "+
				"other}}]}]"))
			a.has(istiotest.VirtualService(t, "shop/leaf", "hosts: []\nhttp: [{route: [{destination: {host: "+
				"ratings}}]}]"))
			a.has(istiotest.Object(t, "DestinationRule", "shop/ratings", "host: ratings"))
			a.has(istiotest.Object(t, "DestinationRule", "shop/reviews", "host: reviews"))
			a.has(istiotest.Object(t, "DestinationRule", "shop/other", "host: other"))
			test.change(a)
			a.ask(istio.Objects{}, istio.Objects{})
			objects, known := a.facts.RoutingOf(host)
			var got []string
			for _, o := range objects {
				got = append(got, o.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" || known != (test.want != nil) {
				t.Errorf("known: %v (-want +got)\n%s", known, diff)
			}
		})
	}
	if objects, known := new(around.Facts).RoutingOf(host); known || objects != nil {
		t.Errorf("of nothing: %v", objects)
	}
}
