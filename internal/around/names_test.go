package around_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// A destination that is no full name of a Service is that of a ServiceEntry, or of nothing; what may have been meant
// is said with it.
func TestInspectNames(t *testing.T) {
	t.Parallel()
	const (
		place      = "http[0].route[0].destination.host: "
		incomplete = " is not completed by Istio, which completes names without a dot only"
		nothing    = ", and no ServiceEntry has that name, so that requests fail with 503"
		unlisted   = ", so that requests fail with 503 unless a ServiceEntry that cannot be listed has that name"
		noEnd      = " does not end with a namespace and svc.cluster.local, as the full name of a Service does"
		reviews    = "; write reviews.shop.svc.cluster.local"
	)
	narrow := func(f *around.Facts) { f.Narrow = map[around.Resource]bool{around.ServiceEntries: true} }
	closed := func(f *around.Facts) {
		f.Entries, f.Closed = nil, map[around.Query]bool{{Resource: around.ServiceEntries}: true}
	}
	entry := func(host string) func(f *around.Facts) {
		return func(f *around.Facts) { f.Entries.Add(host, host) }
	}
	for name, test := range map[string]struct {
		host   string
		change func(*around.Facts)
		want   string
	}{
		"outside the cluster": {host: "api.vendor.example", want: "there is no ServiceEntry for " +
			"api.vendor.example, so that requests fail with 503; create it, together with the route at the latest"},
		"outside, as a ServiceEntry has": {host: "api.vendor.example", change: entry("*.vendor.example")},
		"outside, not listed":            {host: "api.vendor.example", change: narrow},
		"every host of a ServiceEntry":   {host: "*.vendor.example", change: entry("*.vendor.example")},
		"outside, with svc inside": {host: "a.svc.vendor.example", change: entry("*.example.com"),
			want: "there is no ServiceEntry for a.svc.vendor.example, so that requests fail with 503; create it, " +
				"together " +
				"with the route at the latest"},
		"of another cluster": {host: "reviews.shop.svc.far.example", change: entry("*.svc.far.example")},
		"of another cluster that nothing knows": {host: "reviews.shop.svc.far.example", want: "there is no " +
			"ServiceEntry for " +
			"reviews.shop.svc.far.example, so that requests fail with 503; create it, together with the route at " +
			"the latest"},
		"an address": {host: "10.0.0.1"},
		"two labels, of another domain": {
			host: "example.com", change: func(f *around.Facts) { f.Services["com"] = map[string]around.Service{} },
			want: "example.com" + incomplete + nothing + "; there is no Service in a namespace com either",
		},
		"two labels, of a namespace that cannot be listed": {
			host: "example.com",
			change: func(f *around.Facts) {
				f.Closed[around.Query{Resource: around.Services, Namespace: "com"}] = true
			},
			want: "example.com" + incomplete + nothing,
		},
		"a namespace": {host: "reviews.shop", want: "reviews.shop" + incomplete + nothing + reviews},
		"a namespace without that Service": {host: "revues.shop", want: "revues.shop" + incomplete + nothing +
			"; there is no Service revues in namespace shop either"},
		"a namespace, not listed": {
			host: "reviews.shop", change: narrow, want: "reviews.shop" + incomplete + unlisted + reviews},
		"svc at the end": {host: "reviews.shop.svc", want: "reviews.shop.svc" + noEnd + nothing + reviews},
		"svc at the end, not listed": {
			host: "reviews.shop.svc", change: closed, want: "reviews.shop.svc" + noEnd + unlisted + reviews,
		},
		"almost the cluster's domain": {
			host: "reviews.shop.svc.cluster.loca", want: "reviews.shop.svc.cluster.loca" + noEnd + nothing + reviews,
		},
		"a part of the middle": {
			host: "reviews.shop.cluster.local", want: "reviews.shop.cluster.local" + noEnd + nothing + reviews},
		"no namespace": {
			host: "reviews.svc.cluster.local", want: "reviews.svc.cluster.local" + noEnd + nothing + reviews},
		"no namespace at all": {host: "reviews.svc", want: "reviews.svc" + noEnd + nothing + reviews},
		"capitals": {host: "Reviews.shop.svc.cluster.local", want: "Reviews.shop.svc.cluster.local is no name of a " +
			"Service, which are in lower case" + nothing + reviews},
		"capitals, as a ServiceEntry has": {
			host: "gw.DEFAULT-GROUP.public.nacos", change: entry("gw.DEFAULT-GROUP.public.nacos")},
		"capitals, as no ServiceEntry has": {
			host: "gw.DEFAULT-GROUP.public.nacos", change: entry("gw.default-group.public.nacos"),
			want: "gw.DEFAULT-GROUP.public.nacos is no name of a Service, which are in lower case" + nothing,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newNeighborhood(t)
			if test.change != nil {
				test.change(a.facts)
			}
			found, _ := a.ask(istio.Objects{}, ours(t, "http: [{route: [{destination: {host: '"+test.host+"'}}]}]"))
			var want []string
			if test.want != "" {
				want = []string{place + test.want}
			}
			if diff := cmp.Diff(want, found); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

// A host that is almost the name of a Service is told where the route claims it, and where its subsets are declared.
func TestInspectNames_claimed(t *testing.T) {
	t.Parallel()
	const why = "Reviews.shop.svc.cluster.local is no name of a Service, which are in lower case, and no " +
		"ServiceEntry " +
		"has that name, so that "
	a := newNeighborhood(t)
	pair := ours(t, "hosts: [reviews, '*.vendor.example', www.vendor.example, reviews.web, "+
		"Reviews.shop.svc.cluster.local, "+
		"reviews.shop.svc.cluster.loca]\nhttp: [{route: [{destination: {host: reviews}}]}]")
	pair = pair.With(istiotest.Object(t, "DestinationRule", "ours", "host: Reviews.shop.svc.cluster.local"))
	found, _ := a.ask(istio.Objects{}, pair)
	if diff := cmp.Diff([]string{
		"hosts[4]: " + why + "no request of the mesh follows these rules; write reviews.shop.svc.cluster.local",
		"hosts[5]: reviews.shop.svc.cluster.loca does not end with a namespace and svc.cluster.local, as the full " +
			"name of " +
			"a Service does, and no ServiceEntry has that name, so that no request of the mesh follows these " +
			"rules; write " +
			"reviews.shop.svc.cluster.local",
		"host: " + why + "requests fail with 503; write reviews.shop.svc.cluster.local",
	}, found); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	found, _ = a.ask(istio.Objects{}, ours(t, "hosts: [Reviews.shop.svc.cluster.local]\ngateways: [edge]\n"+
		"http: [{route: [{destination: {host: reviews}}]}]"))
	if len(found) > 0 {
		t.Errorf("told at a gateway: %q", found)
	}
}
