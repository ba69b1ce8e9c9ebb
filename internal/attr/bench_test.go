package attr_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// BenchmarkRoundTrip encodes and decodes a route with 20 rules, and reports how many times as long that takes as
// copying the messages does.
func BenchmarkRoundTrip(b *testing.B) {
	rules := make([]*networking.HTTPRoute, 20)
	for i := range rules {
		rules[i] = &networking.HTTPRoute{
			Name: fmt.Sprint("rule ", i),
			Match: []*networking.HTTPMatchRequest{{Headers: map[string]*networking.StringMatch{
				"version": {MatchType: &networking.StringMatch_Exact{Exact: fmt.Sprint(i)}},
			}}},
			Timeout: durationpb.New(time.Second),
			Retries: &networking.HTTPRetry{
				Attempts:      2,
				PerTryTimeout: durationpb.New(100 * time.Millisecond),
				RetryOn:       "5xx",
			},
		}
	}
	floor := cost(func() {
		for _, rule := range rules {
			proto.Clone(rule)
		}
	})
	b.ReportAllocs()
	for b.Loop() {
		for _, rule := range rules {
			attr.Read(httpRoute.Encode(rule)).Message(httpRoute, &networking.HTTPRoute{})
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(floor), "x-clone")
}

// cost is the mean time of one run over a tenth of a second.
func cost(run func()) time.Duration {
	start, n := time.Now(), 0
	for time.Since(start) < 100*time.Millisecond {
		run()
		n++
	}
	return time.Since(start) / time.Duration(n)
}
