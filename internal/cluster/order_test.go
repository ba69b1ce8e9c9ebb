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
	"pgregory.net/rapid"

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
		for _, name := range sortedKeys(s.weights) {
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
		for _, name := range sortedKeys(s.subsets) {
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

// world is what the API server holds, by kind and name.
type world map[Address]*istio.Object

func worldOf(pair istio.Objects) world {
	w := world{}
	for _, o := range pair.All() {
		w[AddressOf(o)] = o
	}
	return w
}

func (w world) do(s Step) error {
	if s.Action == Wait {
		return nil
	}
	at := AddressOf(s.Object)
	switch _, exists := w[at]; {
	case exists && s.Action == Create:
		return fmt.Errorf("%s is created and exists", at)
	case !exists && s.Action != Create:
		return fmt.Errorf("%s does not exist", at)
	}
	if s.Action == Delete {
		delete(w, at)
		return nil
	}
	w[at] = s.Object
	return nil
}

// dangling returns the destinations, as host/subset, that a VirtualService names and no DestinationRule of the host
// declares which a caller in the namespace sees: those in its own namespace, or else those in the service's.
func (w world) dangling(caller string) []string {
	known, missing := map[string]bool{}, []string{}
	of := func(namespace, host string) (found []*istio.Object) {
		for at, o := range w {
			if at.Kind == istio.KindDestinationRule && at.Namespace == namespace &&
				o.DestinationRuleSpec().GetHost() == host {
				found = append(found, o)
			}
		}
		return found
	}
	for _, host := range []string{reviews, ratings} {
		seen := of(caller, host)
		if len(seen) == 0 {
			seen = of("shop", host)
		}
		for _, o := range seen {
			for _, name := range declared(o) {
				known[host+"/"+name] = true
			}
		}
	}
	for at, o := range w {
		if at.Kind == istio.KindVirtualService {
			host := o.VirtualServiceSpec().GetHosts()[0]
			for _, name := range named(o) {
				if !known[host+"/"+name] {
					missing = append(missing, host+"/"+name)
				}
			}
		}
	}
	return missing
}

func drawShape(t *rapid.T, label string) shape {
	if rapid.IntRange(0, 5).Draw(t, label+" is absent") == 0 {
		return shape{}
	}
	names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"v1", "v2", "v3", "v4"}), 1, 4, rapid.ID[string]).Draw(t,
		label+" subsets")
	s := shape{
		host:            rapid.SampledFrom([]string{reviews, reviews, ratings}).Draw(t, label+" host"),
		virtualService:  rapid.SampledFrom([]string{"reviews", "reviews", "reviews", "new"}).Draw(t, label+" vs"),
		destinationRule: rapid.SampledFrom([]string{"reviews", "reviews", "reviews", "new"}).Draw(t, label+" dr"),
		namespace:       rapid.SampledFrom([]string{"shop", "shop", "ops"}).Draw(t, label+" namespace"),
		subsets:         map[string]string{}, weights: map[string]int32{},
		header:  rapid.SampledFrom([]string{"", "100"}).Draw(t, label+" header"),
		timeout: rapid.Bool().Draw(t, label+" timeout"),
		policy:  rapid.Bool().Draw(t, label+" policy"),
	}
	for _, name := range names {
		s.subsets[name] = rapid.SampledFrom([]string{"one", "two"}).Draw(t, label+" label")
	}
	used := names[:rapid.IntRange(1, len(names)).Draw(t, label+" used")]
	for i, name := range used {
		s.weights[name] = int32(100 / len(used))
		if i == 0 {
			s.weights[name] += int32(100 % len(used))
		}
	}
	return s
}

// TestPropertyStepsDropNoRequest: from any pair to any other, no rule ever names a subset that is not declared for
// its host as a caller sees it whom both pairs serve, the last step leaves exactly the wanted pair, no wait stands
// first, last or beside another, and at most three writes are made, one more where an object gets another name, one
// more where a DestinationRule gets another host and two more where it gets another namespace.
func TestPropertyStepsDropNoRequest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawShape(t, "from"), drawShape(t, "to")
		from, to := a.pair(), b.pair()
		steps, live := Steps(from, to), worldOf(from)
		if Unchanged(from, to) != (len(steps) == 0) {
			t.Fatalf("unchanged is %t, with the steps %q", Unchanged(from, to), inWords(steps))
		}
		callers := slices.DeleteFunc([]string{"shop", "ops"}, func(namespace string) bool {
			return len(worldOf(from).dangling(namespace)) > 0 || len(worldOf(to).dangling(namespace)) > 0
		})
		writes := 0
		for i, s := range steps {
			if err := live.do(s); err != nil {
				t.Fatalf("step %d of %q: %v", i+1, inWords(steps), err)
			}
			for _, caller := range callers {
				if missing := live.dangling(caller); len(missing) > 0 {
					t.Fatalf("after step %d of %q rules name %q, which is not declared for %s", i+1, inWords(steps),
						missing, caller)
				}
			}
			if s.Action != Wait {
				writes++
			} else if i == 0 || i == len(steps)-1 || steps[i-1].Action == Wait {
				t.Fatalf("a wait for nothing in %q", inWords(steps))
			}
		}
		most := 3
		if a.virtualService != b.virtualService || a.destinationRule != b.destinationRule ||
			a.namespace != b.namespace {
			most = 4
		}
		if a.namespace != b.namespace {
			most += 2
		}
		if a.host != b.host {
			most++
		}
		if writes > most {
			t.Fatalf("%d writes in %q, want at most %d", writes, inWords(steps), most)
		}
		if left := Steps(pairOf(live, to), to); len(left) > 0 || len(live) != len(to.All()) {
			t.Fatalf("%q leaves %q to do and %d objects, want %d", inWords(steps), inWords(left), len(live),
				len(to.All()))
		}
	})
}

// pairOf returns the objects of the world that stand at the addresses of a pair.
func pairOf(w world, like istio.Objects) istio.Objects {
	var pair istio.Objects
	for _, o := range like.All() {
		pair = pair.With(w[AddressOf(o)])
	}
	return pair
}
