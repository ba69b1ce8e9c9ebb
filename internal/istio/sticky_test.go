package istio_test

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// shared returns a rule that shares requests out to v1 and v2.
func shared(v1, v2 int32) *networking.HTTPRoute {
	to := func(subset string, weight int32) *networking.HTTPRouteDestination {
		return &networking.HTTPRouteDestination{Weight: weight, Destination: &networking.Destination{
			Host: "reviews.shop.svc.cluster.local", Subset: subset,
		}}
	}
	return &networking.HTTPRoute{
		Name: "beta", Timeout: durationpb.New(time.Second), Route: []*networking.HTTPRouteDestination{
			to("v1", v1), to("v2", v2),
		},
	}
}

func keeps(subsets ...string) *istio.Sticky {
	return &istio.Sticky{Cookie: "canary", MaxAge: 24 * time.Hour, Subsets: subsets}
}

func TestStick(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		v1, v2 int32
		keeps  *istio.Sticky
		want   []string
	}{
		"who got the new version keeps it": {90, 10, keeps("v2"), []string{"beta-sticky-v2", "beta"}},
		"everybody keeps what he got": {
			90, 10, keeps("v1", "v2"), []string{"beta-sticky-v1", "beta-sticky-v2", "beta"},
		},
		"nobody is held at what is being left": {100, 0, keeps("v2"), []string{"beta"}},
		"all may keep what all get":            {0, 100, keeps("v1", "v2"), []string{"beta-sticky-v2", "beta"}},
		"another subset is none of the rule's": {90, 10, keeps("v3", ""), []string{"beta"}},
		"nothing is kept":                      {90, 10, nil, []string{"beta"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, rule := range istio.Stick([]*networking.HTTPRoute{shared(test.v1, test.v2)},
				[]*istio.Sticky{test.keeps}) {
				got = append(got, rule.Name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
		})
	}
}

// The rule that honours a cookie does what the one with the weights does, for requests of the same conditions.
func TestStick_rule(t *testing.T) {
	t.Parallel()
	rule := shared(90, 10)
	rule.Match = []*networking.HTTPMatchRequest{
		{Headers: map[string]*networking.StringMatch{"version": {}}}, {Uri: &networking.StringMatch{}},
	}
	before := proto.CloneOf(rule)
	got := istio.Stick([]*networking.HTTPRoute{rule}, []*istio.Sticky{keeps("v2")})
	cookie := &networking.StringMatch{MatchType: &networking.StringMatch_Regex{
		Regex: `(.*; *)?canary=v2(;.*)?`,
	}}
	honours, gives := shared(90, 10), shared(90, 10)
	honours.Name = "beta-sticky-v2"
	honours.Match = []*networking.HTTPMatchRequest{
		{Headers: map[string]*networking.StringMatch{"version": {}, "cookie": cookie}},
		{Uri: &networking.StringMatch{}, Headers: map[string]*networking.StringMatch{"cookie": cookie}},
	}
	honours.Route = honours.Route[1:]
	honours.Route[0].Weight = 0
	gives.Match = before.Match
	gives.Route[1].Headers = &networking.Headers{Response: &networking.Headers_HeaderOperations{Add: map[string]string{
		"set-cookie": "canary=v2; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax",
	}}}
	if diff := cmp.Diff([]*networking.HTTPRoute{honours, gives}, got, protocmp.Transform()); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if !proto.Equal(before, rule) {
		t.Error("the given rule is changed")
	}
	// A match without conditions is every request, whatever stands beside it.
	rule.Match = append(rule.Match, nil)
	honours.Match = []*networking.HTTPMatchRequest{{Headers: map[string]*networking.StringMatch{"cookie": cookie}}}
	got = istio.Stick([]*networking.HTTPRoute{rule}, []*istio.Sticky{keeps("v2")})
	if diff := cmp.Diff(honours, got[0], protocmp.Transform()); diff != "" {
		t.Errorf("the rule for every request (-want +got):\n%s", diff)
	}
}

// The expression finds just that cookie with just that value, wherever it stands.
func TestStick_expression(t *testing.T) {
	t.Parallel()
	sticky := &istio.Sticky{Cookie: "my.canary", MaxAge: time.Hour, Subsets: []string{"v2"}}
	rule := istio.Stick([]*networking.HTTPRoute{shared(90, 10)}, []*istio.Sticky{sticky})[0]
	expression := regexp.MustCompile("^(?:" + rule.Match[0].Headers["cookie"].GetRegex() + ")$")
	for cookies, want := range map[string]bool{
		"my.canary=v2":                      true,
		"a=b; my.canary=v2":                 true,
		"a=b;my.canary=v2;c=d":              true,
		"my.canary=v2; c=d":                 true,
		"my.canary=v1; my.canary=v2":        true,
		"":                                  false,
		"my.canary=":                        false,
		"my.canary=v1":                      false,
		"my.canary=v22":                     false,
		"my.canary=v2.1":                    false,
		"my_canary=v2":                      false,
		"MY.CANARY=v2":                      false,
		"old-my.canary=v2":                  false,
		"a=my.canary=v2":                    false,
		"a=b my.canary=v2":                  false,
		"a=\"my.canary=v2\"":                false,
		"my.canary =v2":                     false,
		"my.canary=v2, a=b":                 false,
		"my.canary=v2 a":                    false,
		"other=1; my.canary=v1; x=canaryv2": false,
	} {
		if got := expression.MatchString(cookies); got != want {
			t.Errorf("%q: %t", cookies, got)
		}
	}
}

// What only looks like what sticky makes stays what it is.
func TestUnstick_others(t *testing.T) {
	t.Parallel()
	cookie := func(rule *networking.HTTPRoute, text string) {
		rule.Route[1].Headers.Response.Add["set-cookie"] = text
	}
	for name, change := range map[string]func(rules []*networking.HTTPRoute) []*networking.HTTPRoute{
		"no rule honours the cookie": func(rules []*networking.HTTPRoute) []*networking.HTTPRoute { return rules[1:] },
		"the rule stands behind": func(rules []*networking.HTTPRoute) []*networking.HTTPRoute {
			return []*networking.HTTPRoute{rules[1], rules[0]}
		},
		"another rule stands between": func(rules []*networking.HTTPRoute) []*networking.HTTPRoute {
			return []*networking.HTTPRoute{rules[0], {Name: "other"}, rules[1]}
		},
		"the rule has another timeout": func(rules []*networking.HTTPRoute) []*networking.HTTPRoute {
			rules[0].Timeout = nil
			return rules
		},
		"the rule has another name": func(rules []*networking.HTTPRoute) []*networking.HTTPRoute {
			rules[0].Name = "sticky"
			return rules
		},
		"the rule leads elsewhere": func(rules []*networking.HTTPRoute) []*networking.HTTPRoute {
			rules[0].Route[0].Destination.Subset = "v1"
			return rules
		},
		"the cookie names another subset": func(rules []*networking.HTTPRoute) []*networking.HTTPRoute {
			cookie(rules[1], "canary=v1; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax")
			return rules
		},
		"the cookie has another name": func(rules []*networking.HTTPRoute) []*networking.HTTPRoute {
			cookie(rules[1], "canary2=v2; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax")
			return rules
		},
		"the cookie has other attributes": func(rules []*networking.HTTPRoute) []*networking.HTTPRoute {
			cookie(rules[1], "canary=v2; Path=/; Max-Age=86400; Secure")
			return rules
		},
		"the cookie has an odd age": func(rules []*networking.HTTPRoute) []*networking.HTTPRoute {
			cookie(rules[1], "canary=v2; Path=/; Max-Age=086400; HttpOnly; SameSite=Lax")
			return rules
		},
		"the cookie lasts for ever": func(rules []*networking.HTTPRoute) []*networking.HTTPRoute {
			cookie(rules[1], "canary=v2; Path=/; Max-Age=99999999999999999999; HttpOnly; SameSite=Lax")
			return rules
		},
		"two subsets have cookies of two names": func(rules []*networking.HTTPRoute) []*networking.HTTPRoute {
			both := istio.Stick([]*networking.HTTPRoute{shared(90, 10)}, []*istio.Sticky{keeps("v1", "v2")})
			cookie(both[2], "other=v2; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax")
			return both
		},
		"the cookie is set with another spelling of the header": func(
			rules []*networking.HTTPRoute,
		) []*networking.HTTPRoute {
			add := rules[1].Route[1].Headers.Response.Add
			add["Set-Cookie"] = add["set-cookie"]
			delete(add, "set-cookie")
			return rules
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules := change(istio.Stick([]*networking.HTTPRoute{shared(90, 10)}, []*istio.Sticky{keeps("v2")}))
			got := istio.Unstick(rules)
			if diff := cmp.Diff(rules, got.Rules, protocmp.Transform()); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
			if i := slices.IndexFunc(got.Sticky, func(s *istio.Sticky) bool { return s != nil }); i >= 0 {
				t.Errorf("rule %d keeps %+v", i, got.Sticky[i])
			}
		})
	}
}

// A rule for a subset that has no share any more, since somebody else took that, is a rule of its own: it goes with
// the next apply.
func TestUnstick_leftRule(t *testing.T) {
	t.Parallel()
	rules := istio.Stick([]*networking.HTTPRoute{shared(90, 10)}, []*istio.Sticky{keeps("v2")})
	rules[1].Route[0].Weight, rules[1].Route[1].Weight = 100, 0
	want := istio.Unstuck{
		Rules: []*networking.HTTPRoute{rules[0], shared(100, 0)}, Sticky: []*istio.Sticky{nil, keeps("v2")},
		From: []int{0, 1},
	}
	if diff := cmp.Diff(want, istio.Unstick(rules), protocmp.Transform()); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}

// Unstick finds what Stick was given, and where each rule stands.
func TestPropertyUnstickInvertsStick(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules, sticky := stickyRules(t)
		stuck := istio.Stick(rules, sticky)
		got := istio.Unstick(stuck)
		if diff := cmp.Diff(rules, got.Rules, protocmp.Transform()); diff != "" {
			t.Fatalf("rules (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(sticky, got.Sticky); diff != "" {
			t.Fatalf("sticky (-want +got):\n%s", diff)
		}
		for place, rule := range stuck {
			i, follows := got.Of(place)
			if follows == (rule.Name == rules[i].Name) {
				t.Fatalf("rule %d, %s, belongs to %s and follows from it: %t", place, rule.Name, rules[i].Name, follows)
			}
		}
	})
}

// Of whatever is found, Stick makes the rules that were given.
func TestPropertyStickInvertsUnstick(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := istio.Stick(stickyRules(t))
		for range rapid.IntRange(0, 3).Draw(t, "edits") {
			at := rapid.IntRange(0, len(rules)-1).Draw(t, "rule")
			switch rapid.IntRange(0, 3).Draw(t, "edit") {
			case 0:
				rules = slices.Delete(slices.Clone(rules), at, at+1)
			case 1:
				rules = slices.Insert(slices.Clone(rules), at, rules[rapid.IntRange(0, len(rules)-1).Draw(t, "copy")])
			case 2:
				rules[at] = proto.CloneOf(rules[at])
				proto.Merge(rules[at], istiotest.Fill(t, &networking.HTTPRoute{}))
			default:
				rules = append(rules, istio.Stick(stickyRules(t))...)
			}
			if len(rules) == 0 {
				return
			}
		}
		found := istio.Unstick(rules)
		if diff := cmp.Diff(rules, istio.Stick(found.Rules, found.Sticky), protocmp.Transform()); diff != "" {
			t.Fatalf("rules (-want +got):\n%s", diff)
		}
	})
}

func stickyRules(t *rapid.T) ([]*networking.HTTPRoute, []*istio.Sticky) {
	var rules []*networking.HTTPRoute
	var all []*istio.Sticky
	for range rapid.IntRange(1, 3).Draw(t, "rules") {
		share := rapid.Int32Range(0, 100).Draw(t, "share")
		rule := shared(share, 100-share)
		rule.Name = rapid.SampledFrom([]string{"", "beta"}).Draw(t, "name")
		if rapid.Bool().Draw(t, "match") {
			rule.Match = istio.WithoutEmpty(istiotest.Fill(t, &networking.HTTPRoute{}, "match").Match)
		}
		kept := slices.DeleteFunc([]string{"v1", "v2"}, func(string) bool { return rapid.Bool().Draw(t, "left") })
		sticky := keeps(kept...)
		if len(kept) == 0 {
			sticky = nil
		}
		rules, all = append(rules, rule), append(all, sticky)
	}
	return rules, all
}
