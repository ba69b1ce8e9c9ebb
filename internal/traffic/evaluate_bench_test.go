package traffic_test

import (
	"fmt"
	"testing"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

func exactly(v string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: v}}
}

func prefixed(v string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: v}}
}

func expressed(v string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Regex{Regex: v}}
}

// largeRoute has 200 rules of the kinds that people write, and a last one for the rest. With regexes, every rule has
// one.
func largeRoute(regexes bool) *istio.Object {
	spec := &networking.VirtualService{Hosts: []string{"reviews"}}
	for i := range 199 {
		m := &networking.HTTPMatchRequest{Uri: prefixed(fmt.Sprintf("/api/v%d/", i))}
		switch {
		case regexes:
			m.Uri = expressed(fmt.Sprintf("/api/v%d/[a-z]+(/[0-9]+)?", i))
		case i%5 == 1:
			m = &networking.HTTPMatchRequest{
				Headers: map[string]*networking.StringMatch{"version": exactly(fmt.Sprint(i))},
			}
		case i%5 == 2:
			m.Method = exactly("POST")
		case i%5 == 3:
			m.Uri = expressed(fmt.Sprintf("/users/[0-9]+/%d", i))
		case i%5 == 4:
			m.WithoutHeaders = map[string]*networking.StringMatch{"x-beta": {}}
			m.QueryParams = map[string]*networking.StringMatch{"debug": exactly("1")}
		}
		spec.Http = append(spec.Http, &networking.HTTPRoute{
			Name:  fmt.Sprintf("r%d", i),
			Match: []*networking.HTTPMatchRequest{m},
			Route: shares(100),
		})
	}
	spec.Http = append(spec.Http, &networking.HTTPRoute{Name: "rest", Route: shares(90, 10)})
	return &istio.Object{Namespace: "shop", Name: "reviews", Spec: spec}
}

func shares(weights ...int32) []*networking.HTTPRouteDestination {
	var route []*networking.HTTPRouteDestination
	for i, weight := range weights {
		route = append(route, &networking.HTTPRouteDestination{
			Destination: &networking.Destination{Host: "reviews", Subset: fmt.Sprintf("v%d", i+1)}, Weight: weight,
		})
	}
	return route
}

// 1,000 requests against 200 rules; the table is made in the measured time.
func BenchmarkEvaluate(b *testing.B) {
	for name, regexes := range map[string]bool{"mixed": false, "regexes": true} {
		b.Run(name, func(b *testing.B) {
			o := largeRoute(regexes)
			for b.Loop() {
				table := traffic.NewTable([]*istio.Object{o}, nil, traffic.Options{})
				for i := range 1000 {
					out := table.Evaluate(traffic.Request{
						Path:    fmt.Sprintf("/api/v%d/items?debug=1", i%250),
						Headers: map[string][]string{"version": {fmt.Sprint(i % 400)}, "user-agent": {"bench"}},
					})
					if out.Kind != traffic.Forward {
						b.Fatal(out.Kind)
					}
				}
			}
		})
	}
}

// The verdicts of 200 rules.
func BenchmarkFindDead(b *testing.B) {
	for name, regexes := range map[string]bool{"mixed": false, "regexes": true} {
		b.Run(name, func(b *testing.B) {
			o := largeRoute(regexes)
			for b.Loop() {
				for _, v := range traffic.FindDead([]*istio.Object{o}, traffic.Options{}) {
					if v.Life != traffic.Alive {
						b.Fatalf("%s: %s: %s", v.Place, v.Life, v.Reason)
					}
				}
			}
		})
	}
}
