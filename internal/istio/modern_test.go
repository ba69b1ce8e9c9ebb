package istio_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// What Istio has replaced is read as what replaced it.
func TestModernize(t *testing.T) {
	t.Parallel()
	const route = "route: [{destination: {host: reviews}}]"
	for name, test := range map[string]struct{ old, modern string }{
		"a mirror": {
			"mirror: {host: reviews, subset: v2}", "mirrors: [{destination: {host: reviews, subset: v2}}]",
		},
		"a mirror with a percentage": {
			"mirror: {host: reviews, subset: v2}, mirrorPercentage: {value: 12.5}",
			"mirrors: [{destination: {host: reviews, subset: v2}, percentage: {value: 12.5}}]",
		},
		"a mirror with a whole percent": {
			"mirror: {host: reviews}, mirrorPercent: 10",
			"mirrors: [{destination: {host: reviews}, percentage: {value: 10}}]",
		},
		"a mirror of nothing": {
			"mirror: {host: reviews}, mirrorPercentage: {}",
			"mirrors: [{destination: {host: reviews}, percentage: {}}]",
		},
		"the percentage goes before the percent": {
			"mirror: {host: reviews}, mirrorPercentage: {value: 1}, mirrorPercent: 10",
			"mirrors: [{destination: {host: reviews}, percentage: {value: 1}}]",
		},
		"both, which istiod refuses": {
			"mirror: {host: a}, mirrors: [{destination: {host: b}}]",
			"mirror: {host: a}, mirrors: [{destination: {host: b}}]",
		},
		"a percentage without a mirror": {"mirrorPercentage: {value: 1}", "mirrorPercentage: {value: 1}"},
		"a delay": {
			"fault: {delay: {fixedDelay: 2s, percent: 10}}",
			"fault: {delay: {fixedDelay: 2s, percentage: {value: 10}}}",
		},
		"a delay with both": {
			"fault: {delay: {fixedDelay: 2s, percent: 10, percentage: {value: 1}}}",
			"fault: {delay: {fixedDelay: 2s, percent: 10, percentage: {value: 1}}}",
		},
		"a delay of nothing": {"fault: {delay: {fixedDelay: 2s}}", "fault: {delay: {fixedDelay: 2s}}"},
		"neither":            {"timeout: 5s", "timeout: 5s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read := func(more string) *istio.Object {
				return istiotest.VirtualService(t, "reviews", "http: [{"+route+", "+more+"}]")
			}
			got, want := read(test.old).VirtualServiceSpec(), read(test.modern).VirtualServiceSpec()
			istio.Modernize(got.Http[0])
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
