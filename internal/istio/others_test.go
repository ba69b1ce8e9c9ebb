package istio_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

const RolloutsLabel = "rollouts-pod-template-hash"

// weighted is a rule with destinations of host h: a subset and a weight each, in order.
func weighted(name string, destinations ...any) *networking.HTTPRoute {
	rule := &networking.HTTPRoute{Name: name}
	for i := 0; i < len(destinations); i += 2 {
		rule.Route = append(rule.Route, &networking.HTTPRouteDestination{
			Destination: &networking.Destination{Host: "h", Subset: destinations[i].(string)},
			Weight:      int32(destinations[i+1].(int)),
		})
	}
	return rule
}

// matching gives a rule a match for a path.
func matching(path string, rule *networking.HTTPRoute) *networking.HTTPRoute {
	rule.Match = []*networking.HTTPMatchRequest{{
		Uri: &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: path}},
	}}
	return rule
}

func rules(http ...*networking.HTTPRoute) istio.Objects {
	return istio.ObjectsOf(&istio.Object{Name: "x", Spec: &networking.VirtualService{Http: http}})
}

// spec returns the rules of a pair as one message.
func spec(p istio.Objects) *networking.VirtualService { return p.Routing().VirtualServiceSpec() }

func TestKeepOthers(t *testing.T) {
	t.Parallel()
	type list = []*networking.HTTPRoute
	tests := map[string]struct{ wanted, was, live, want list }{
		"a rule by its name": {
			wanted: list{weighted("a", "v1", 90, "v2", 10), weighted("b", "v1", 1, "v2", 99)},
			was:    list{weighted("a", "v1", 90, "v2", 10), weighted("b", "v1", 1, "v2", 99)},
			live:   list{weighted("b", "v1", 40, "v2", 60), weighted("a", "v1", 30, "v2", 70)},
			want:   list{weighted("a", "v1", 30, "v2", 70), weighted("b", "v1", 40, "v2", 60)},
		},
		"destinations in another order": {
			list{weighted("", "v1", 90, "v2", 10)}, list{weighted("", "v1", 90, "v2", 10)},
			list{weighted("", "v2", 70, "v1", 30)}, list{weighted("", "v1", 30, "v2", 70)},
		},
		"a weight of zero": {
			list{weighted("", "v1", 90, "v2", 10)}, list{weighted("", "v1", 90, "v2", 10)},
			list{weighted("", "v1", 0, "v2", 100)}, list{weighted("", "v1", 0, "v2", 100)},
		},
		"a destination that is added gets nothing": {
			list{weighted("", "v1", 50, "v2", 30, "v3", 20)}, list{weighted("", "v1", 90, "v2", 10)},
			list{weighted("", "v1", 30, "v2", 70)}, list{weighted("", "v1", 30, "v2", 70, "v3", 0)},
		},
		"one that the other controller took out comes back with nothing": {
			list{weighted("", "v1", 50, "v2", 50)}, list{weighted("", "v1", 50, "v2", 50)}, list{weighted("", "v1", 7)},
			list{weighted("", "v1", 100, "v2", 0)},
		},
		"one that goes leaves its share in proportion": {
			list{weighted("", "v1", 50, "v2", 50)}, list{weighted("", "v1", 50, "v2", 30, "v3", 20)},
			list{weighted("", "v1", 10, "v2", 50, "v3", 40)}, list{weighted("", "v1", 17, "v2", 83)},
		},
		"one that goes with nothing changes nothing": {
			list{weighted("", "v1", 50, "v2", 50)}, list{weighted("", "v1", 50, "v2", 30, "v3", 20)},
			list{weighted("", "v1", 3, "v2", 4, "v3", 0)}, list{weighted("", "v1", 3, "v2", 4)},
		},
		"one that goes with everything": {
			list{weighted("", "v2", 60, "v3", 40)}, list{weighted("", "v1", 100, "v2", 0)},
			list{weighted("", "v1", 100, "v2", 0)}, list{weighted("", "v2", 60, "v3", 40)},
		},
		"one of two that goes": {
			list{weighted("", "v2", 0)}, list{weighted("", "v1", 90, "v2", 10)}, list{weighted("", "v1", 20, "v2", 80)},
			list{weighted("", "v2", 0)},
		},
		"another one in place of one": {
			list{weighted("", "v1", 50, "v3", 50)}, list{weighted("", "v1", 50, "v2", 50)},
			list{weighted("", "v1", 30, "v2", 70)}, list{weighted("", "v1", 100, "v3", 0)},
		},
		"one that the other controller put in stays": {
			list{weighted("", "v1", 100, "v2", 0)}, list{weighted("", "v1", 100, "v2", 0)},
			list{weighted("", "v1", 80, "experiment", 10, "v2", 10)},
			list{weighted("", "v1", 80, "experiment", 10, "v2", 10)},
		},
		"one that the other controller put in while another one goes": {
			list{weighted("", "v1", 0)}, list{weighted("", "v1", 100, "v2", 0)},
			list{weighted("", "v1", 60, "v2", 20, "experiment", 20)}, list{weighted("", "v1", 75, "experiment", 25)},
		},
		"one beside an only one": {
			list{weighted("", "v1", 0)}, list{weighted("", "v1", 0)}, list{weighted("", "v1", 90, "experiment", 10)},
			list{weighted("", "v1", 90, "experiment", 10)},
		},
		"no weight at all": {
			list{weighted("", "v1", 50, "v2", 50)}, list{weighted("", "v1", 50, "v2", 50)},
			list{weighted("", "v1", 0, "v2", 0)}, list{weighted("", "v1", 50, "v2", 50)},
		},
		"a rule that is new": {
			list{weighted("a", "v1", 50, "v2", 50), weighted("b", "v1", 9, "v2", 91)},
			list{weighted("a", "v1", 50, "v2", 50)}, list{weighted("a", "v1", 30, "v2", 70)},
			list{weighted("a", "v1", 30, "v2", 70), weighted("b", "v1", 9, "v2", 91)},
		},
		"a rule that goes": {
			list{weighted("a", "v1", 50, "v2", 50)}, list{weighted("a", "v1", 50, "v2", 50), weighted("b", "v1", 0)},
			list{weighted("a", "v1", 30, "v2", 70), weighted("b", "v1", 0)},
			list{weighted("a", "v1", 30, "v2", 70)},
		},
		"a rule that somebody took out": {
			list{weighted("a", "v1", 50, "v2", 50)}, list{weighted("a", "v1", 50, "v2", 50)}, nil,
			list{weighted("a", "v1", 50, "v2", 50)},
		},
		"rules that the other controller put in stay where they are": {
			list{weighted("new", "v1", 0), weighted("a", "v1", 50, "v2", 50), weighted("b", "v1", 0)},
			list{weighted("a", "v1", 50, "v2", 50), weighted("gone", "v1", 0), weighted("b", "v1", 0)},
			list{
				weighted("first", "v2", 0), weighted("a", "v1", 30, "v2", 70), weighted("gone", "v1", 0),
				weighted("second", "v2", 0), weighted("b", "v1", 0), weighted("last", "v2", 0),
			},
			list{
				weighted("first", "v2", 0), weighted("new", "v1", 0), weighted("a", "v1", 30, "v2", 70),
				weighted("second", "v2", 0), weighted("b", "v1", 0), weighted("last", "v2", 0),
			},
		},
		"a rule without a name that matches something else, behind one that was put in": {
			list{matching("new", weighted("", "v1", 90, "v2", 10)), weighted("", "v1", 1)},
			list{matching("old", weighted("", "v1", 90, "v2", 10)), weighted("", "v1", 1)},
			list{matching("x", weighted("", "v2", 0)), matching("old", weighted("", "v1", 30, "v2", 70)), weighted("",
				"v1", 1)},
			list{matching("x", weighted("", "v2", 0)), matching("new", weighted("", "v1", 30, "v2", 70)), weighted("",
				"v1", 0)},
		},
		"a rule in front of one without a name": {
			list{
				matching("new", weighted("", "v1", 50, "v2", 50)),
				matching("old", weighted("", "v1", 90, "v2", 10)),
				weighted("", "v1", 1, "v2", 99),
			},
			list{matching("old", weighted("", "v1", 90, "v2", 10)), weighted("", "v1", 1, "v2", 99)},
			list{matching("old", weighted("", "v1", 30, "v2", 70)), weighted("", "v1", 40, "v2", 60)},
			list{
				matching("new", weighted("", "v1", 50, "v2", 50)),
				matching("old", weighted("", "v1", 30, "v2", 70)),
				weighted("", "v1", 40, "v2", 60),
			},
		},
		"a rule that got a name": {
			list{weighted("a", "v1", 90, "v2", 10)}, list{weighted("", "v1", 90, "v2", 10)},
			list{weighted("", "v1", 30, "v2", 70)}, list{weighted("a", "v1", 90, "v2", 10)},
		},
		"a rule that answers itself": {
			list{{Name: "a", Redirect: &networking.HTTPRedirect{Uri: "/"}}}, list{weighted("a", "v1", 90, "v2", 10)},
			list{weighted("a", "v1", 30, "v2", 70)},
			list{{Name: "a", Redirect: &networking.HTTPRedirect{Uri: "/"}}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wanted, was, live := rules(test.wanted...), rules(test.was...), rules(test.live...)
			before := []proto.Message{proto.Clone(spec(wanted)), proto.Clone(spec(was)), proto.Clone(spec(live))}
			got := istio.KeepOthers(wanted, was, live)
			if diff := cmp.Diff(spec(rules(test.want...)), spec(got), protocmp.Transform()); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(
				before, []proto.Message{spec(wanted), spec(was), spec(live)}, protocmp.Transform(),
			); diff != "" {
				t.Errorf("a given pair was changed (-before +after):\n%s", diff)
			}
		})
	}
}

// Connections have weights too, and rules without names.
func TestKeepOthers_connections(t *testing.T) {
	t.Parallel()
	split := func(v1, v2 int32) []*networking.RouteDestination {
		return []*networking.RouteDestination{
			{Destination: &networking.Destination{Host: "h", Subset: "v1"}, Weight: v1},
			{Destination: &networking.Destination{Host: "h", Subset: "v2"}, Weight: v2},
		}
	}
	pair := func(v1, v2 int32) istio.Objects {
		return istio.ObjectsOf(&istio.Object{Spec: &networking.VirtualService{
			Tls: []*networking.TLSRoute{{
				Match: []*networking.TLSMatchAttributes{{SniHosts: []string{"h"}}},
				Route: split(v1, v2),
			}},
			Tcp: []*networking.TCPRoute{{Route: split(v2, v1)}},
		}})
	}
	if diff := cmp.Diff(
		spec(pair(30, 70)), spec(istio.KeepOthers(pair(90, 10), pair(90, 10), pair(30, 70))), protocmp.Transform(),
	); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

// A destination is told by its subset where the port changes, or the service.
func TestKeepOthers_movedDestinations(t *testing.T) {
	t.Parallel()
	at := func(host string, port uint32, v1, v2 int32) istio.Objects {
		p := rules(weighted("", "v1", int(v1), "v2", int(v2)))
		for _, route := range spec(p).Http[0].Route {
			route.Destination.Host = host
			if port > 0 {
				route.Destination.Port = &networking.PortSelector{Number: port}
			}
		}
		return p
	}
	for name, wanted := range map[string]struct{ is, want istio.Objects }{
		"another port":    {at("h", 80, 90, 10), at("h", 80, 30, 70)},
		"another service": {at("other", 0, 90, 10), at("other", 0, 30, 70)},
	} {
		if diff := cmp.Diff(
			spec(wanted.want),
			spec(istio.KeepOthers(wanted.is, at("h", 0, 90, 10), at("h", 0, 30, 70))),
			protocmp.Transform(),
		); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A subset is the pods that its labels select: another name moves nothing, and where two names change places, the
// shares do.
func TestKeepOthers_renamedSubset(t *testing.T) {
	t.Parallel()
	pair := func(http *networking.HTTPRoute, labels ...string) istio.Objects {
		p, rule := rules(http), &networking.DestinationRule{Host: "h"}
		for i := 0; i < len(labels); i += 2 {
			rule.Subsets = append(rule.Subsets,
				&networking.Subset{Name: labels[i], Labels: map[string]string{"app": labels[i+1]}})
		}
		p = p.With(&istio.Object{Name: "x", Spec: rule})
		return p
	}
	was, live := pair(weighted("", "v1", 90, "v2", 10), "v1", "a", "v2", "b"), pair(weighted("", "v1", 30, "v2", 70),
		"v1", "a", "v2", "b")
	for name, test := range map[string]struct{ wanted, want istio.Objects }{
		"another name": {
			pair(weighted("", "next", 10, "v1", 90), "v1", "a", "next", "b"), rules(weighted("", "next", 70, "v1", 30)),
		},
		"names that switch": {
			pair(weighted("", "v1", 90, "v2", 10), "v1", "b", "v2", "a"), rules(weighted("", "v1", 70, "v2", 30)),
		},
		"other labels": {
			pair(weighted("", "v1", 90, "v2", 10), "v1", "a", "v2", "c"), rules(weighted("", "v1", 30, "v2", 70)),
		},
	} {
		got := istio.KeepOthers(test.wanted, was, live)
		if diff := cmp.Diff(spec(test.want), spec(got), protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(
			test.wanted.Declaring().DestinationRuleSpec(), got.Declaring().DestinationRuleSpec(), protocmp.Transform(),
		); diff != "" {
			t.Errorf("%s: subsets (-want +got):\n%s", name, diff)
		}
	}
}

func TestOthersIn(t *testing.T) {
	t.Parallel()
	configured := rules(weighted("a", "v1", 100, "v2", 0), weighted("b", "v1", 0))
	live := rules(weighted("header", "v2", 0), weighted("a", "v1", 80, "x", 20), weighted("", "v1", 0),
		weighted("b", "v1", 0))
	live = live.With(&istio.Object{
		Spec: &networking.DestinationRule{Host: "h", Subsets: []*networking.Subset{{Name: "x"}}},
	})
	want := []string{
		`the rule "header"`, `the destination x with the weight 20 of the rule "a"`, "the rule http[2]", "the subset x",
	}
	if diff := cmp.Diff(want, istio.OthersIn(live, configured, configured)); diff != "" {
		t.Errorf("what others put in (-want +got):\n%s", diff)
	}
	if got := istio.OthersIn(live, live, rules()); len(got) > 0 {
		t.Errorf("what was configured is of others: %v", got)
	}
}

func TestKeepOthers_subsets(t *testing.T) {
	t.Parallel()
	rule := func(labels ...map[string]string) istio.Objects {
		spec := &networking.DestinationRule{Host: "h"}
		for i, l := range labels {
			spec.Subsets = append(spec.Subsets, &networking.Subset{Name: string(rune('a' + i)), Labels: l})
		}
		return istio.ObjectsOf(&istio.Object{Spec: spec})
	}
	type m = map[string]string
	wanted, live := rule(m{"app": "a"}, m{"app": "b"}, m{
		"app": "c",
	}), rule(m{"app": "old", RolloutsLabel: "1", "other": "x"}, m{RolloutsLabel: "2"}, nil, m{"of": "others"})
	got, want := istio.KeepOthers(wanted, wanted, live), rule(m{"app": "a", RolloutsLabel: "1"},
		m{"app": "b", RolloutsLabel: "2"}, m{"app": "c"}, m{"of": "others"})
	if diff := cmp.Diff(
		want.Declaring().DestinationRuleSpec(), got.Declaring().DestinationRuleSpec(), protocmp.Transform(),
	); diff != "" {
		t.Errorf("subsets (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(
		wanted.Declaring().DestinationRuleSpec(),
		istio.WithoutOthers(got, wanted).Declaring().DestinationRuleSpec(),
		protocmp.Transform(),
	); diff != "" {
		t.Errorf("without others (-want +got):\n%s", diff)
	}
	if istio.Fingerprint(istio.WithoutWeights(got.Declaring().Spec)) == istio.Fingerprint(got.Declaring().Spec) {
		t.Error("the label is still there")
	}
	if got := istio.KeepOthers(wanted, live, live); len(got.Declaring().DestinationRuleSpec().Subsets) != 3 {
		t.Errorf("a subset that was configured stays: %v", got.Declaring().DestinationRuleSpec())
	}
	if got := istio.KeepOthers(istio.Objects{}, wanted, live); got.Declaring() != nil || got.Routing() != nil {
		t.Errorf("an object came out of nothing: %v", got)
	}
	if got := istio.KeepOthers(wanted, wanted, istio.Objects{}); got.Declaring() != wanted.Declaring() {
		t.Error("without a live object the pair is another one")
	}
}

func TestWeights(t *testing.T) {
	t.Parallel()
	spec := rules(weighted("main", "v1", 90, "v2", 10), weighted("", "v1", 100), weighted("", "v1", 0, "v2", 100),
		&networking.HTTPRoute{}).Routing().VirtualServiceSpec()
	want := map[string]map[string]int64{"main": {"v1": 90, "v2": 10}, "http[2]": {"v1": 0, "v2": 100}}
	if diff := cmp.Diff(want, istio.Weights(spec)); diff != "" {
		t.Errorf("weights (-want +got):\n%s", diff)
	}
	if got := istio.Weights(nil); len(got) != 0 {
		t.Errorf("weights of nothing: %v", got)
	}
}

// A name that two rules would have does not hide one of them.
func TestWeights_sameName(t *testing.T) {
	t.Parallel()
	spec := rules(weighted("http[1]", "v1", 90, "v2", 10),
		weighted("", "v1", 1, "v2", 99)).Routing().VirtualServiceSpec()
	if got := istio.Weights(spec); len(got) != 2 {
		t.Errorf("weights are %v", got)
	}
}
