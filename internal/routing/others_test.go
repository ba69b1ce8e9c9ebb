package routing_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	networking "istio.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

const rolloutsLabel = "rollouts-pod-template-hash"

// weighted is a rule with destinations of host h: a subset and a weight each, in order.
func weighted(name string, destinations ...any) *networking.HTTPRoute {
	rule := &networking.HTTPRoute{Name: name}
	for i := 0; i < len(destinations); i += 2 {
		rule.Route = append(rule.Route, &networking.HTTPRouteDestination{
			Destination: &networking.Destination{Host: "h", Subset: destinations[i].(string)}, Weight: int32(destinations[i+1].(int)),
		})
	}
	return rule
}

// matching gives a rule a match for a path.
func matching(path string, rule *networking.HTTPRoute) *networking.HTTPRoute {
	rule.Match = []*networking.HTTPMatchRequest{{Uri: &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: path}}}}
	return rule
}

func rules(http ...*networking.HTTPRoute) routing.Pair {
	return routing.Pair{VirtualService: &routing.Object{Name: "x", Spec: &networking.VirtualService{Http: http}}}
}

func TestKeepWeights(t *testing.T) {
	t.Parallel()
	type list = []*networking.HTTPRoute
	tests := map[string]struct{ pair, live, want list }{
		"a rule by its name": {
			list{weighted("a", "v1", 90, "v2", 10), weighted("b", "v1", 1, "v2", 99)},
			list{weighted("b", "v1", 40, "v2", 60), weighted("a", "v1", 30, "v2", 70)},
			list{weighted("a", "v1", 30, "v2", 70), weighted("b", "v1", 40, "v2", 60)},
		},
		"a rule without a name by its place": {
			list{weighted("", "v1", 90, "v2", 10), weighted("", "v1", 1, "v2", 99)},
			list{weighted("", "v1", 30, "v2", 70), weighted("", "v1", 40, "v2", 60)},
			list{weighted("", "v1", 30, "v2", 70), weighted("", "v1", 40, "v2", 60)},
		},
		"destinations in another order":    {list{weighted("", "v1", 90, "v2", 10)}, list{weighted("", "v2", 70, "v1", 30)}, list{weighted("", "v1", 30, "v2", 70)}},
		"a weight of zero":                 {list{weighted("", "v1", 90, "v2", 10)}, list{weighted("", "v1", 0, "v2", 100)}, list{weighted("", "v1", 0, "v2", 100)}},
		"one destination more":             {list{weighted("", "v1", 50, "v2", 30, "v3", 20)}, list{weighted("", "v1", 30, "v2", 70)}, list{weighted("", "v1", 50, "v2", 30, "v3", 20)}},
		"one destination less":             {list{weighted("", "v1", 50, "v2", 50)}, list{weighted("", "v1", 30, "v2", 30, "v3", 40)}, list{weighted("", "v1", 50, "v2", 50)}},
		"another destination":              {list{weighted("", "v1", 50, "v3", 50)}, list{weighted("", "v1", 30, "v2", 70)}, list{weighted("", "v1", 50, "v3", 50)}},
		"a subset twice in the live one":   {list{weighted("", "v1", 50, "v2", 50)}, list{weighted("", "v1", 30, "v1", 70)}, list{weighted("", "v1", 50, "v2", 50)}},
		"a rule of that name is not there": {list{weighted("a", "v1", 50, "v2", 50)}, list{weighted("", "v1", 30, "v2", 70)}, list{weighted("a", "v1", 50, "v2", 50)}},
		"a rule in front of one without a name": {
			list{matching("new", weighted("", "v1", 50, "v2", 50)), matching("old", weighted("", "v1", 90, "v2", 10)), weighted("", "v1", 1, "v2", 99)},
			list{matching("old", weighted("", "v1", 30, "v2", 70)), weighted("", "v1", 40, "v2", 60)},
			list{matching("new", weighted("", "v1", 50, "v2", 50)), matching("old", weighted("", "v1", 30, "v2", 70)), weighted("", "v1", 40, "v2", 60)},
		},
		"a rule without a name that matches something else": {
			list{matching("new", weighted("", "v1", 90, "v2", 10)), weighted("", "v1", 1)},
			list{matching("old", weighted("", "v1", 30, "v2", 70)), weighted("", "v1", 1)},
			list{matching("new", weighted("", "v1", 30, "v2", 70)), weighted("", "v1", 1)},
		},
		"a rule that got a name":    {list{weighted("a", "v1", 90, "v2", 10)}, list{weighted("", "v1", 30, "v2", 70)}, list{weighted("a", "v1", 90, "v2", 10)}},
		"more rules than live ones": {list{weighted("", "v1", 1), weighted("", "v1", 50, "v2", 50)}, list{weighted("", "v1", 1)}, list{weighted("", "v1", 1), weighted("", "v1", 50, "v2", 50)}},
		"no live rules":             {list{weighted("", "v1", 50, "v2", 50)}, nil, list{weighted("", "v1", 50, "v2", 50)}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pair, live := rules(test.pair...), rules(test.live...)
			before := proto.Clone(pair.VirtualServiceSpec())
			got := routing.KeepWeights(pair, live)
			want := rules(test.want...)
			if diff := cmp.Diff(want.VirtualServiceSpec(), got.VirtualServiceSpec(), protocmp.Transform()); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
			if !proto.Equal(before, pair.VirtualServiceSpec()) {
				t.Error("the given pair was changed")
			}
		})
	}
}

func TestKeepWeights_subsetLabel(t *testing.T) {
	t.Parallel()
	rule := func(labels ...map[string]string) routing.Pair {
		spec := &networking.DestinationRule{Host: "h"}
		for i, l := range labels {
			spec.Subsets = append(spec.Subsets, &networking.Subset{Name: string(rune('a' + i)), Labels: l})
		}
		return routing.Pair{DestinationRule: &routing.Object{Spec: spec}}
	}
	type m = map[string]string
	pair, live := rule(m{"app": "a"}, nil, m{"app": "c"}), rule(m{"app": "old", rolloutsLabel: "1", "other": "x"}, m{rolloutsLabel: "2"})
	got, want := routing.KeepWeights(pair, live), rule(m{"app": "a", rolloutsLabel: "1"}, m{rolloutsLabel: "2"}, m{"app": "c"})
	if diff := cmp.Diff(want.DestinationRuleSpec(), got.DestinationRuleSpec(), protocmp.Transform()); diff != "" {
		t.Errorf("subsets (-want +got):\n%s", diff)
	}
	back := routing.KeepWeights(got, pair)
	if diff := cmp.Diff(pair.DestinationRuleSpec().Subsets[0].Labels, back.DestinationRuleSpec().Subsets[0].Labels); diff != "" {
		t.Errorf("labels without the controller's (-want +got):\n%s", diff)
	}
	if routing.Fingerprint(routing.WithoutWeights(got.DestinationRule.Spec)) == routing.Fingerprint(got.DestinationRule.Spec) {
		t.Error("the label is still there")
	}
	if got := routing.KeepWeights(routing.Pair{}, live); got.DestinationRule != nil || got.VirtualService != nil {
		t.Errorf("an object came out of nothing: %v", got)
	}
	if got := routing.KeepWeights(pair, routing.Pair{}); got.DestinationRule != pair.DestinationRule {
		t.Error("without a live object the pair is another one")
	}
}

func TestWeights(t *testing.T) {
	t.Parallel()
	spec := rules(weighted("main", "v1", 90, "v2", 10), weighted("", "v1", 100), weighted("", "v1", 0, "v2", 100), &networking.HTTPRoute{}).VirtualServiceSpec()
	want := map[string]map[string]int64{"main": {"v1": 90, "v2": 10}, "http[2]": {"v1": 0, "v2": 100}}
	if diff := cmp.Diff(want, routing.Weights(spec)); diff != "" {
		t.Errorf("weights (-want +got):\n%s", diff)
	}
	if got := routing.Weights(nil); len(got) != 0 {
		t.Errorf("weights of nothing: %v", got)
	}
}

// A name that two rules would have does not hide one of them.
func TestWeights_sameName(t *testing.T) {
	t.Parallel()
	spec := rules(weighted("http[1]", "v1", 90, "v2", 10), weighted("", "v1", 1, "v2", 99)).VirtualServiceSpec()
	if got := routing.Weights(spec); len(got) != 2 {
		t.Errorf("weights are %v", got)
	}
}

// Keeping weights keeps everything else, is idempotent, and what it gives has the weights of the live rules wherever
// the destinations are the same ones.
func TestPropertyKeepWeights(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) routing.Pair {
			var http []*networking.HTTPRoute
			for range rapid.IntRange(0, 3).Draw(t, label) {
				var destinations []any
				for _, subset := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"v1", "v2", "v3"}), 1, 3, rapid.ID).Draw(t, "subsets") {
					destinations = append(destinations, subset, rapid.IntRange(0, 100).Draw(t, "weight"))
				}
				http = append(http, weighted(rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "name"), destinations...))
			}
			return rules(http...)
		}
		pair, live := draw("pair"), draw("live")
		kept := routing.KeepWeights(pair, live)
		if !proto.Equal(routing.WithoutWeights(kept.VirtualService.Spec), routing.WithoutWeights(pair.VirtualService.Spec)) {
			t.Errorf("more than weights was kept: %v", kept.VirtualService.Spec)
		}
		if again := routing.KeepWeights(kept, live); !proto.Equal(again.VirtualService.Spec, kept.VirtualService.Spec) {
			t.Errorf("once more gives %v, want %v", again.VirtualService.Spec, kept.VirtualService.Spec)
		}
		if same := routing.KeepWeights(pair, pair); !proto.Equal(same.VirtualService.Spec, pair.VirtualService.Spec) {
			t.Errorf("a pair with its own weights is another one: %v", same.VirtualService.Spec)
		}
	})
}
