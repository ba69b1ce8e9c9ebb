package istio_test

import (
	"math"
	"testing"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// drawOthers draws a pair of some rules with some destinations, some of which only another controller would write.
func drawOthers(t *rapid.T, label string, subsets, names []string) istio.Objects {
	var http []*networking.HTTPRoute
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, len(names), rapid.ID).Draw(t, label) {
		var destinations []any
		for _, subset := range rapid.SliceOfNDistinct(rapid.SampledFrom(subsets), 1, len(subsets), rapid.ID).Draw(
			t, "subsets",
		) {
			destinations = append(destinations, subset, rapid.SampledFrom([]int{0, 1, 7, 20, 33, 50, 100, 900}).Draw(t,
				"weight"))
		}
		http = append(http, weighted(name, destinations...))
	}
	return rules(http...)
}

// sharesOf returns the share of each destination of a rule, and whether there are any.
func sharesOf(rule *networking.HTTPRoute) (map[string]float64, bool) {
	shares, total := map[string]float64{}, 0.0
	for _, route := range rule.GetRoute() {
		weight := float64(route.Weight)
		if len(rule.Route) == 1 {
			weight = 100
		}
		shares[route.Destination.Subset] = weight
		total += weight
	}
	for subset := range shares {
		shares[subset] /= max(total, 1)
	}
	return shares, total > 0
}

func ruleNamed(p istio.Objects, name string) *networking.HTTPRoute {
	for _, rule := range spec(p).GetHttp() {
		if rule.Name == name {
			return rule
		}
	}
	return nil
}

// Whatever was configured, is live and is wanted: nothing of the other controller's is lost, each destination that
// stays keeps its share if none goes, and at least that if one does, none that is new gets one, and the next refresh
// finds what is wanted and nothing else.
func TestPropertyKeepOthers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ours, names := []string{"v1", "v2", "v3"}, []string{"a", "b", "c"}
		was, wanted := drawOthers(t, "was", ours, names), drawOthers(t, "wanted", ours, names)
		live := drawOthers(t, "live", append(ours, "x", "y"), append(names, "p", "q"))
		got := istio.KeepOthers(wanted, was, live)
		if again := istio.KeepOthers(wanted, wanted, got); !istio.SameSpec(spec(again), spec(got)) {
			t.Errorf("once more gives %v, want %v", spec(again), spec(got))
		}
		if back := istio.WithoutOthers(got, wanted); !istio.SameSpec(back.Routing().Spec, wanted.Routing().Spec) {
			t.Errorf("without others it is %v, want %v", spec(back), spec(wanted))
		}
		for _, is := range spec(live).Http {
			before, after, next := ruleNamed(was, is.Name), ruleNamed(wanted, is.Name), ruleNamed(got, is.Name)
			switch {
			case before == nil && after == nil:
				if !proto.Equal(is, next) {
					t.Errorf("the rule %s of others is %v, was %v", is.Name, next, is)
				}
			case after == nil:
				if next != nil {
					t.Errorf("the rule %s is still there", is.Name)
				}
			default:
				wantShares(t, is, before, after, next)
			}
		}
	})
}

// wantShares checks a rule that stays.
func wantShares(t *rapid.T, live, was, wanted, got *networking.HTTPRoute) {
	has := func(rule *networking.HTTPRoute, subset string) bool {
		for _, route := range rule.GetRoute() {
			if route.Destination.Subset == subset {
				return true
			}
		}
		return false
	}
	before, routed := sharesOf(live)
	after, _ := sharesOf(got)
	left := 0.0
	for subset, share := range before {
		if stays := has(wanted, subset) || !has(was, subset); stays {
			left += share
			if !has(got, subset) {
				t.Errorf("%s of %v is lost: %v", subset, live, got)
			}
		}
	}
	if !routed || left == 0 {
		return
	}
	for subset, share := range after {
		want := before[subset] / left
		if math.Abs(share-want) > 0.02 || left > 1-1e-9 && math.Abs(share-want) > 1e-9 {
			t.Errorf("%s has the share %.3f, want %.3f: %v became %v", subset, share, want, live, got)
		}
	}
}
