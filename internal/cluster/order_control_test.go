package cluster

import (
	"maps"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// TestNaiveSteps: the naive order takes a subset away that rules still name, and the right one does not.
func TestNaiveSteps(t *testing.T) {
	t.Parallel()
	from := shape{
		host: reviews, virtualService: "reviews", destinationRule: "reviews",
		subsets: map[string]string{"v1": "one"}, weights: map[string]int32{"v1": 100},
	}
	to := from
	to.subsets, to.weights = map[string]string{"v2": "two"}, map[string]int32{"v2": 100}
	for name, test := range map[string]struct {
		order func(from, to istio.Objects) []Step
		want  []string
	}{
		"naive": {naiveSteps, []string{"v2"}},
		"right": {Steps, []string{"v1", "v2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			declared := map[string]bool{}
			for _, s := range test.order(from.pair(), to.pair())[0].Object.DestinationRuleSpec().GetSubsets() {
				declared[s.GetName()] = true
			}
			want := map[string]bool{}
			for _, name := range test.want {
				want[name] = true
			}
			if !maps.Equal(declared, want) {
				t.Errorf("the first step declares %v, want %v", declared, want)
			}
		})
	}
}
