package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

const (
	reviews = "reviews.shop.svc.cluster.local"
	ratings = "ratings.shop.svc.cluster.local"
)

// shape is a pair in short: what a transition is about.
type shape struct {
	host string
	// namespace is that of both objects; empty is shop, where the services are.
	namespace string
	// virtualService and destinationRule are the objects' names; an empty name is no object.
	virtualService, destinationRule string
	// subsets are declared by the DestinationRule, by name, with the value of their label.
	subsets map[string]string
	// weights are the destinations of the only rule.
	weights map[string]int32
	// header is what the only rule matches; empty for every request.
	header  string
	timeout bool
	policy  bool
	labels  map[string]string
	// exportTo are the namespaces that see the DestinationRule.
	exportTo []string
}

func (s shape) pair() istio.Objects {
	if s.namespace == "" {
		s.namespace = "shop"
	}
	pair := istio.ObjectsOf().WithSubsetsElsewhere(s.virtualService != "" && s.destinationRule == "")
	if s.virtualService != "" {
		rule := &networking.HTTPRoute{}
		for _, name := range slices.Sorted(maps.Keys(s.weights)) {
			rule.Route = append(rule.Route, &networking.HTTPRouteDestination{
				Destination: &networking.Destination{Host: s.host, Subset: name}, Weight: s.weights[name],
			})
		}
		if s.header != "" {
			exact := &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: s.header}}
			rule.Match = []*networking.HTTPMatchRequest{{Headers: map[string]*networking.StringMatch{"version": exact}}}
		}
		if s.timeout {
			rule.Timeout = durationpb.New(5e9)
		}
		pair = pair.With(&istio.Object{
			Namespace: s.namespace,
			Name:      s.virtualService,
			Labels:    s.labels,
			Spec: &networking.VirtualService{
				Hosts: []string{s.host}, Http: []*networking.HTTPRoute{rule},
			},
		})
	}
	if s.destinationRule != "" {
		rule := &networking.DestinationRule{Host: s.host, ExportTo: s.exportTo}
		for _, name := range slices.Sorted(maps.Keys(s.subsets)) {
			rule.Subsets = append(rule.Subsets,
				&networking.Subset{Name: name, Labels: map[string]string{"app": s.subsets[name]}})
		}
		if s.policy {
			rule.TrafficPolicy = &networking.TrafficPolicy{
				Tls: &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_ISTIO_MUTUAL},
			}
		}
		pair = pair.With(&istio.Object{Namespace: s.namespace, Name: s.destinationRule, Labels: s.labels, Spec: rule})
	}
	return pair
}

// with returns the shape with a change made to a copy of it.
func (s shape) with(change func(*shape)) shape {
	s.subsets, s.weights = maps.Clone(s.subsets), maps.Clone(s.weights)
	change(&s)
	return s
}

// inWords writes steps so that a person can read them: what happens, to which object, and what it then routes to or
// declares.
func inWords(steps []Step) []string {
	words := []string{}
	for _, s := range steps {
		text := s.String()
		switch {
		case s.Action == Delete || s.Object == nil:
		case s.Object.Kind() == istio.KindDestinationRule:
			text += fmt.Sprint(" ", declared(s.Object))
			if seen := s.Object.DestinationRuleSpec().ExportTo; len(seen) > 0 {
				text += " for " + strings.Join(seen, " ")
			}
		default:
			text += fmt.Sprint(" ", named(s.Object))
		}
		words = append(words, strings.NewReplacer(`VirtualService "shop/`, "vs ", `DestinationRule "shop/`, "dr ",
			"VirtualService", "vs", "DestinationRule", "dr", `"`, "").Replace(text))
	}
	return words
}

func declared(o *istio.Object) []string {
	var names []string
	for _, s := range o.DestinationRuleSpec().GetSubsets() {
		names = append(names, s.GetName())
	}
	slices.Sort(names)
	return names
}

// named returns the subsets to which a VirtualService routes.
func named(o *istio.Object) []string {
	var names []string
	for _, rule := range o.VirtualServiceSpec().GetHttp() {
		for _, d := range rule.GetRoute() {
			names = append(names, d.GetDestination().GetSubset())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestSteps(t *testing.T) {
	t.Parallel()
	live := shape{
		host: reviews, virtualService: "reviews", destinationRule: "reviews",
		subsets: map[string]string{"v1": "one", "v2": "two"}, weights: map[string]int32{"v1": 90, "v2": 10},
	}
	none := shape{}
	elsewhere := live.with(func(s *shape) { s.destinationRule = "" })
	tests := map[string]struct {
		from, to shape
		want     []string
	}{
		"nothing changes": {live, live, []string{}},
		"nothing exists":  {none, none, []string{}},
		"create": {
			none, live, []string{"create dr reviews [v1 v2]", "wait", "create vs reviews [v1 v2]"},
		},
		"delete":                 {live, none, []string{"delete vs reviews", "wait", "delete dr reviews"}},
		"create, rule elsewhere": {none, elsewhere, []string{"create vs reviews [v1 v2]"}},
		"delete, rule elsewhere": {elsewhere, none, []string{"delete vs reviews"}},
		"weights": {
			live, live.with(func(s *shape) { s.weights = map[string]int32{"v1": 50, "v2": 50} }),
			[]string{"update vs reviews [v1 v2]"},
		},
		"weights, rule elsewhere": {
			elsewhere, elsewhere.with(func(s *shape) { s.weights = map[string]int32{"v1": 50, "v2": 50} }),
			[]string{"update vs reviews [v1 v2]"},
		},
		"all weight to one subset": {
			live, live.with(func(s *shape) { s.weights = map[string]int32{"v2": 100} }),
			[]string{"update vs reviews [v2]"},
		},
		"header": {
			live, live.with(func(s *shape) { s.header = "200" }), []string{"update vs reviews [v1 v2]"},
		},
		"timeout": {
			live, live.with(func(s *shape) { s.timeout = true }), []string{"update vs reviews [v1 v2]"},
		},
		"traffic policy": {
			live, live.with(func(s *shape) { s.policy = true }), []string{"update dr reviews [v1 v2]"},
		},
		"labels of both objects": {
			live, live.with(func(s *shape) { s.labels = map[string]string{"team": "shop"} }),
			[]string{"update dr reviews [v1 v2]", "update vs reviews [v1 v2]"},
		},
		"subset relabelled": {
			live, live.with(func(s *shape) { s.subsets["v2"] = "three" }), []string{"update dr reviews [v1 v2]"},
		},
		"subset declared and not used": {
			live, live.with(func(s *shape) { s.subsets["v3"] = "three" }), []string{"update dr reviews [v1 v2 v3]"},
		},
		"subset declared and used": {
			live, live.with(func(s *shape) {
				s.subsets["v3"] = "three"
				s.weights = map[string]int32{"v1": 90, "v3": 10}
			}),
			[]string{"update dr reviews [v1 v2 v3]", "wait", "update vs reviews [v1 v3]"},
		},
		"unused subset removed": {
			live.with(func(s *shape) { s.subsets["v3"] = "three" }), live, []string{"update dr reviews [v1 v2]"},
		},
		"used subset removed": {
			live, live.with(func(s *shape) { delete(s.subsets, "v2"); s.weights = map[string]int32{"v1": 100} }),
			[]string{"update vs reviews [v1]", "wait", "update dr reviews [v1]"},
		},
		"subset renamed": {
			live, live.with(func(s *shape) {
				delete(s.subsets, "v2")
				s.subsets["v3"] = "two"
				s.weights = map[string]int32{"v1": 90, "v3": 10}
			}),
			[]string{
				"update dr reviews [v1 v2 v3]",
				"wait",
				"update vs reviews [v1 v3]",
				"wait",
				"update dr reviews [v1 v3]",
			},
		},
		"every subset renamed": {
			live, live.with(func(s *shape) {
				s.subsets = map[string]string{"a": "one", "b": "two"}
				s.weights = map[string]int32{"a": 90, "b": 10}
			}),
			[]string{
				"update dr reviews [a b v1 v2]", "wait", "update vs reviews [a b]", "wait", "update dr reviews [a b]",
			},
		},
		"VirtualService renamed": {
			live, live.with(func(s *shape) { s.virtualService = "new" }),
			[]string{"create vs new [v1 v2]", "wait", "delete vs reviews"},
		},
		"DestinationRule renamed": {
			live, live.with(func(s *shape) { s.destinationRule = "new" }),
			[]string{"create dr new [v1 v2]", "wait", "delete dr reviews"},
		},
		"both renamed": {
			live, live.with(func(s *shape) { s.virtualService, s.destinationRule = "new", "new" }),
			[]string{
				"create dr new [v1 v2]", "wait", "create vs new [v1 v2]", "wait", "delete vs reviews", "wait",
				"delete dr reviews",
			},
		},
		"namespace changed": {
			live, live.with(func(s *shape) { s.namespace = "ops" }),
			[]string{
				"create dr ops/reviews [v1 v2]", "wait", "create vs ops/reviews [v1 v2]", "wait", "delete vs reviews",
				"wait",
				"delete dr reviews",
			},
		},
		// Callers in either namespace see only the DestinationRule there, whichever VirtualService holds.
		"namespace changed, subset renamed": {
			live, live.with(func(s *shape) {
				s.namespace, s.subsets, s.weights = "ops", map[string]string{
					"v1": "one",
					"v3": "two",
				}, map[string]int32{"v1": 90, "v3": 10}
			}),
			[]string{
				"create dr ops/reviews [v1 v2 v3]", "update dr reviews [v1 v2 v3]", "wait",
				"create vs ops/reviews [v1 v3]", "wait", "delete vs reviews",
				"wait", "update dr ops/reviews [v1 v3]", "delete dr reviews",
			},
		},
		"namespace and host changed": {
			live, live.with(func(s *shape) {
				s.namespace, s.host, s.subsets = "ops", ratings, map[string]string{"v1": "one"}
			}),
			[]string{
				"create dr ops/reviews [v1]", "wait", "create vs ops/reviews [v1 v2]", "wait", "delete vs reviews",
				"wait", "delete dr reviews",
			},
		},
		// Istio merges only DestinationRules that are seen in the same namespaces.
		"both renamed, seen in other namespaces, subset renamed": {
			live.with(func(s *shape) { s.exportTo = []string{"dev"} }), live.with(func(s *shape) {
				s.virtualService, s.destinationRule, s.exportTo = "new", "new", []string{"ops"}
				s.subsets, s.weights = map[string]string{"v3": "two"}, map[string]int32{"v3": 100}
			}),
			[]string{
				"create dr new [v1 v2 v3] for dev ops", "update dr reviews [v1 v2 v3] for dev ops",
				"wait", "create vs new [v3]", "wait", "delete vs reviews",
				"wait", "update dr new [v3] for ops", "delete dr reviews",
			},
		},
		"both renamed, seen in more namespaces": {
			live.with(func(s *shape) { s.exportTo = []string{"dev"} }),
			live.with(func(s *shape) { s.virtualService, s.destinationRule = "new", "new" }),
			[]string{
				"create dr new [v1 v2]", "update dr reviews [v1 v2]", "wait", "create vs new [v1 v2]", "wait",
				"delete vs reviews", "wait",
				"delete dr reviews",
			},
		},
		// One DestinationRule cannot speak for both hosts: another one stands in for it while the rules move.
		"host changed in place": {
			live, live.with(func(s *shape) { s.host = ratings }),
			[]string{
				"create dr reviews-stand-in [v1 v2]", "wait", "update vs reviews [v1 v2]", "wait",
				"update dr reviews [v1 v2]", "wait",
				"delete dr reviews-stand-in",
			},
		},
		"host changed in place, VirtualService renamed": {
			live, live.with(func(s *shape) { s.host, s.virtualService = ratings, "new" }),
			[]string{
				"create dr reviews-stand-in [v1 v2]", "wait", "create vs new [v1 v2]", "wait", "delete vs reviews",
				"wait",
				"update dr reviews [v1 v2]", "wait", "delete dr reviews-stand-in",
			},
		},
		"host changed together with the names": {
			live, live.with(func(s *shape) {
				s.host, s.virtualService, s.destinationRule = ratings, "ratings", "ratings"
			}),
			[]string{
				"create dr ratings [v1 v2]", "wait", "create vs ratings [v1 v2]", "wait", "delete vs reviews",
				"wait", "delete dr reviews",
			},
		},
		"host changed without rules": {
			live.with(func(s *shape) {
				s.virtualService = ""
			}), live.with(func(s *shape) { s.host, s.virtualService = ratings, "" }),
			[]string{"update dr reviews [v1 v2]"},
		},
		"subset relabelled and left by the rules": {
			live, live.with(func(s *shape) { s.subsets["v2"] = "three"; s.weights = map[string]int32{"v1": 100} }),
			[]string{"update vs reviews [v1]", "wait", "update dr reviews [v1 v2]"},
		},
		"subset relabelled and taken up by the rules": {
			live.with(func(s *shape) {
				s.weights = map[string]int32{"v1": 100}
			}), live.with(func(s *shape) { s.subsets["v2"] = "three" }),
			[]string{"update dr reviews [v1 v2]", "update vs reviews [v1 v2]"},
		},
		"seen in fewer namespaces": {
			live, live.with(func(s *shape) { s.exportTo = []string{"."}; s.header = "200" }),
			[]string{"update vs reviews [v1 v2]", "wait", "update dr reviews [v1 v2] for ."},
		},
		"seen in more namespaces": {
			live.with(func(s *shape) {
				s.exportTo = []string{"."}
			}), live.with(func(s *shape) { s.exportTo = []string{".", "ops"}; s.header = "200" }),
			[]string{"update dr reviews [v1 v2] for . ops", "wait", "update vs reviews [v1 v2]"},
		},
		"seen in other namespaces": {
			live.with(func(s *shape) {
				s.exportTo = []string{"dev"}
			}), live.with(func(s *shape) { s.exportTo = []string{"ops"}; s.header = "200" }),
			[]string{
				"update dr reviews [v1 v2] for dev ops",
				"wait",
				"update vs reviews [v1 v2]",
				"wait",
				"update dr reviews [v1 v2] for ops",
			},
		},
		"DestinationRule given to somebody else": {live, elsewhere, []string{}},
		"DestinationRule missing":                {elsewhere, live, []string{"create dr reviews [v1 v2]"}},
		"VirtualService missing": {
			live.with(func(s *shape) { s.virtualService = "" }), live, []string{"create vs reviews [v1 v2]"},
		},
		"VirtualService missing, subset renamed": {
			live.with(func(s *shape) { s.virtualService, s.subsets = "", map[string]string{"v1": "one"} }), live,
			[]string{"update dr reviews [v1 v2]", "wait", "create vs reviews [v1 v2]"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, inWords(Steps(test.from.pair(), test.to.pair()))); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSteps_unknownFieldIsNoDifference(t *testing.T) {
	t.Parallel()
	to := shape{host: reviews, virtualService: "reviews", weights: map[string]int32{"v1": 100}}.pair()
	from := istio.ObjectsOf(new(istio.Object))
	*from.Routing() = *to.Routing()
	from.Routing().Unknown = []string{".http[0].invented"}
	if diff := cmp.Diff([]string{}, inWords(Steps(from, to))); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}
