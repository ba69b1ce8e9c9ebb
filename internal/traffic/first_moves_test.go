package traffic_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// The first rules for a service move the requests that went to every pod, unless they send them there.
func TestFirstMoves(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spec string
		want []string
	}{
		"to a subset": {
			"http: [{" + istiotest.To("v1") + "}]",
			[]string{"all requests move from the service itself (no rule) to v1"},
		},
		"some to a subset, and all others as before": {
			"http: [{match: [{headers: {version: {exact: '200'}}}], " + istiotest.To("v2") +
				"}, {route: [{destination: {host: reviews.shop.svc.cluster.local}}], timeout: 5s}]",
			[]string{"requests with header version=200 move from the service itself (no rule) to v2"},
		},
		"to another service": {
			"http: [{route: [{destination: {host: ratings}}]}]",
			[]string{"all requests move from the service itself (no rule) to ratings"},
		},
		"as before": {"http: [{route: [{destination: {host: reviews}}]}]", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, m := range traffic.FirstMoves(istiotest.VirtualService(t, "reviews", test.spec), traffic.Options{}) {
				got = append(got, m.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
