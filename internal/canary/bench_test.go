package canary_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
)

// BenchmarkProblems checks a route with 20 rules, once valid and once with a mistake in one rule, and reports how
// many times as long that takes as copying the rendered objects does.
func BenchmarkProblems(b *testing.B) {
	valid := func() *canary.Route {
		return routeWith(func(r *canary.Route) {
			r.Rules = nil
			for i := range 20 {
				http := &networking.HTTPRoute{Name: fmt.Sprint("rule ", i), Match: byHeader("version", fmt.Sprint(i))}
				r.Rules = append(r.Rules,
					canary.Rule{HTTP: http, Weights: weights(map[string]int64{"v1": 90, "v2": 10})})
			}
		})
	}
	wrong := valid()
	wrong.Rules[13].HTTP.Match[0].Headers["version"] = pattern("[")
	for name, r := range map[string]*canary.Route{"valid": valid(), "one mistake": wrong} {
		b.Run(name, func(b *testing.B) {
			pair := r.Render()
			floor := cost(func() {
				for _, o := range pair.All() {
					proto.Clone(o.Spec)
				}
			})
			b.ReportAllocs()
			for b.Loop() {
				r.Problems()
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(floor), "x-clone")
		})
	}
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
