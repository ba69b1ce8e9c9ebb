package canary_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// stickyWith changes a route whose default keeps v2, which gets 10 percent.
func stickyWith(change func(r *canary.Route, s *istio.Sticky)) func(*canary.Route) {
	return func(r *canary.Route) {
		s := &istio.Sticky{Cookie: "canary", MaxAge: 24 * time.Hour, Subsets: []string{"v2"}}
		r.Default = &canary.Rule{Weights: weights(map[string]int64{"v1": 90, "v2": 10}), Sticky: s}
		change(r, s)
	}
}

// stickyRule makes the second rule one that keeps v2 too, and changes that.
func stickyRule(change func(h *networking.HTTPRoute)) func(*canary.Route) {
	return stickyWith(func(r *canary.Route, s *istio.Sticky) {
		r.Rules[1].Subset, r.Rules[1].Weights, r.Rules[1].Sticky = "", r.Default.Weights, s
		change(r.Rules[1].HTTP)
	})
}

// hashed returns a policy that chooses an endpoint by a cookie.
func hashed(cookie string) *networking.LoadBalancerSettings {
	return &networking.LoadBalancerSettings{LbPolicy: &networking.LoadBalancerSettings_ConsistentHash{
		ConsistentHash: &networking.LoadBalancerSettings_ConsistentHashLB{
			HashKey: &networking.LoadBalancerSettings_ConsistentHashLB_HttpCookie{
				HttpCookie: &networking.LoadBalancerSettings_ConsistentHashLB_HTTPCookie{Name: cookie},
			},
		},
	}}
}

func TestRouteProblemsOfSticky(t *testing.T) {
	t.Parallel()
	cookie := func(name string) func(*canary.Route) {
		return stickyWith(func(_ *canary.Route, s *istio.Sticky) { s.Cookie = name })
	}
	kept := func(d time.Duration) func(*canary.Route) {
		return stickyWith(func(_ *canary.Route, s *istio.Sticky) { s.MaxAge = d })
	}
	subsets := func(names ...string) func(*canary.Route) {
		return stickyWith(func(_ *canary.Route, s *istio.Sticky) { s.Subsets = names })
	}
	response := func(change func(o *networking.Headers_HeaderOperations)) func(*canary.Route) {
		return stickyRule(func(h *networking.HTTPRoute) {
			h.Headers = &networking.Headers{Response: &networking.Headers_HeaderOperations{}}
			change(h.Headers.Response)
		})
	}
	const (
		noName = `default.sticky.cookie: must be the name of a cookie, of letters, digits, '-', '_' and '.', such as ` +
			`"canary"`
		noAge = `default.sticky.max_age: must be a duration in whole seconds from 1s to 9600h, the 400 days for ` +
			`which browsers keep a cookie, such as "24h"`
	)
	checkRoutes(t, map[string]routeCase{
		"who got the new version keeps it": {change: stickyWith(func(*canary.Route, *istio.Sticky) {})},
		"all keep what they got":           {change: subsets("v2", "v1")},
		"the longest name":                 {change: cookie(strings.Repeat("x", 64))},
		"a name with points":               {change: cookie("my.canary_v-2")},
		"a second":                         {change: kept(time.Second)},
		"as long as browsers keep it":      {change: kept(9600 * time.Hour)},
		"a rule with conditions":           {change: stickyRule(func(*networking.HTTPRoute) {})},
		"two rules without a name":         {change: stickyRule(func(h *networking.HTTPRoute) { h.Name = "" })},
		"another cookie is set too": {change: response(func(o *networking.Headers_HeaderOperations) {
			o.Add = map[string]string{"Set-Cookie": "a=b"}
		})},
		"a subset without a share": {change: stickyWith(func(r *canary.Route, _ *istio.Sticky) {
			r.Default.Weights = weights(map[string]int64{"v1": 100, "v2": 0})
		})},
		"the only subset": {change: stickyWith(func(r *canary.Route, _ *istio.Sticky) {
			r.Default.Weights = weights(map[string]int64{"v2": 100})
		})},
		"another cookie chooses endpoints": {change: stickyWith(func(r *canary.Route, _ *istio.Sticky) {
			r.TrafficPolicy = &networking.TrafficPolicy{LoadBalancer: hashed("session")}
		})},

		"no name":                                   {change: cookie(""), want: []string{noName}},
		"a name with a semicolon":                   {change: cookie("a;b"), want: []string{noName}},
		"a name with a space":                       {change: cookie("a b"), want: []string{noName}},
		"a name with an equals sign":                {change: cookie("a=b"), want: []string{noName}},
		"a name with a line break":                  {change: cookie("a\r\nset-cookie: b"), want: []string{noName}},
		"a name with a command of a proxy's format": {change: cookie("%START_TIME%"), want: []string{noName}},
		"a name that is an expression":              {change: cookie("a.*|b"), want: []string{noName}},
		"a name in another script":                  {change: cookie("кук"), want: []string{noName}},
		"a name of 65 characters": {
			change: cookie(strings.Repeat("x", 65)),
			want:   []string{`default.sticky.cookie: must have at most 64 characters, got 65`},
		},
		"a name of 10 kB": {
			change: cookie(strings.Repeat("x", 10_000)),
			want:   []string{`default.sticky.cookie: must have at most 64 characters, got 10000`},
		},
		"a name that demands more": {
			change: cookie("__hOST-canary"),
			want: []string{`default.sticky.cookie: must not begin with __hOST-: browsers keep such a cookie only ` +
				`with attributes that this one does not have`},
		},
		"kept for no time":        {change: kept(0), want: []string{noAge}},
		"kept for a negative":     {change: kept(-time.Hour), want: []string{noAge}},
		"kept for half a second":  {change: kept(1500 * time.Millisecond), want: []string{noAge}},
		"kept for a century":      {change: kept(100 * 365 * 24 * time.Hour), want: []string{noAge}},
		"kept for 400 days and 1": {change: kept(9600*time.Hour + time.Second), want: []string{noAge}},
		"nothing is kept": {
			change: subsets(),
			want: []string{`default.sticky.subsets: must name the subset that clients keep, such as the new ` +
				`version`},
		},
		"a subset twice": {change: subsets("v2", "v2"), want: []string{`default.sticky.subsets[1]: names v2 twice`}},
		"a subset that is none": {
			change: subsets("v2", "v9"),
			want:   []string{`default.sticky.subsets[1]: v9 has no weight in this rule, which has v1 and v2`},
		},
		"a subset without a name": {
			change: subsets(""),
			want:   []string{`default.sticky.subsets[0]: "" has no weight in this rule, which has v1 and v2`},
		},
		"one subset for all": {
			change: stickyWith(func(r *canary.Route, _ *istio.Sticky) {
				r.Default.Weights, r.Default.Subset = nil, "v1"
			}),
			want: []string{`default.sticky: cannot be set together with subset, which is everybody's: it is for a ` +
				`rule with weights`},
		},
		"weights that others set": {
			change: stickyWith(func(r *canary.Route, _ *istio.Sticky) { r.SharesByOthers = true }),
			want:   []string{`default.sticky: adds and takes away rules with the shares, and somebody else sets those`},
		},
		"a match of cookies": {
			change: stickyRule(func(h *networking.HTTPRoute) {
				h.Match[0].Headers["cookie"] = pattern(".*a=b.*")
			}),
			want: []string{`rules[1].sticky: the rule asks for cookies itself, in match[0].headers["cookie"], and a ` +
				`match can have one condition for a header`},
		},
		"a match of cookies in capitals": {
			change: stickyRule(func(h *networking.HTTPRoute) {
				h.Match[0].Headers["COOKIE"] = pattern(".*a=b.*")
			}),
			want: []string{
				`rules[1].sticky: the rule asks for cookies itself, in match[0].headers["COOKIE"], and a match can ` +
					`have one condition for a header`,
				`? rules[1].match[0].headers["COOKIE"]: proxies compare names of headers without case`,
			},
		},
		"cookies are set anew": {
			change: response(func(o *networking.Headers_HeaderOperations) {
				o.Set = map[string]string{"Set-Cookie": "a=b"}
			}),
			want: []string{`rules[1].headers.response.set["Set-Cookie"]: takes the place of the cookie that sticky ` +
				`sets; add it instead`},
		},
		"cookies are removed": {
			change: response(func(o *networking.Headers_HeaderOperations) { o.Remove = []string{"x", "Set-Cookie"} }),
			want:   []string{`rules[1].headers.response.remove[1]: removes the cookie that sticky sets too`},
		},
		"the cookie chooses endpoints": {
			change: stickyWith(func(r *canary.Route, _ *istio.Sticky) {
				v2 := r.Subsets["v2"]
				v2.TrafficPolicy = &networking.TrafficPolicy{LoadBalancer: hashed("canary")}
				r.Subsets["v2"] = v2
			}),
			want: []string{`default.sticky.cookie: "canary" is the cookie by which subsets["v2"].traffic_policy ` +
				`chooses an endpoint; each needs one of its own`},
		},
		"the cookie chooses endpoints of a port": {
			change: stickyWith(func(r *canary.Route, _ *istio.Sticky) {
				r.TrafficPolicy = &networking.TrafficPolicy{
					PortLevelSettings: []*networking.TrafficPolicy_PortTrafficPolicy{
						{Port: &networking.PortSelector{Number: 80}, LoadBalancer: hashed("canary")},
					},
				}
			}),
			want: []string{`default.sticky.cookie: "canary" is the cookie by which traffic_policy chooses an ` +
				`endpoint; each needs one of its own`},
		},
		"a rule of the added rule's name": {
			change: stickyWith(func(r *canary.Route, _ *istio.Sticky) { r.Rules[0].HTTP.Name = "sticky-v2" }),
			want: []string{`default.sticky: adds a rule for v2 that is called sticky-v2, and so is rules[0]; give ` +
				`that one another name`},
		},
		"a rule takes the cookie first": {
			change: stickyWith(func(r *canary.Route, _ *istio.Sticky) {
				r.Rules[0].HTTP.Match = []*networking.HTTPMatchRequest{
					{Headers: map[string]*networking.StringMatch{"cookie": pattern(".*canary=.*")}},
				}
			}),
			want: []string{`! default.sticky: rules[0].match[0] takes all of its requests first`},
		},
		"clients without cookies": {
			change: stickyRule(func(h *networking.HTTPRoute) {
				h.Match[0].WithoutHeaders = map[string]*networking.StringMatch{"cookie": {}}
			}),
			want: []string{`! rules[1].match[0].without_headers["cookie"]: no request can have`},
		},
		"a wrong condition is told once": {
			change: stickyRule(func(h *networking.HTTPRoute) { h.Match[0].Headers["version"] = pattern("[") }),
			want:   []string{`rules[1].match[0].headers["version"].regex: `},
		},
		"a wrong setting is told once": {
			change: stickyRule(func(h *networking.HTTPRoute) {
				h.Retries = &networking.HTTPRetry{Attempts: -1}
			}),
			want: []string{`rules[1].retries.attempts: attempts cannot be negative`},
		},
	})
}

// What stands at a place of the objects of a route that keeps subsets is told at the part of the route that it is.
func TestPathOf_sticky(t *testing.T) {
	t.Parallel()
	route := routeWith(stickyRule(func(*networking.HTTPRoute) {}))
	o := route.Render().Routing()
	var names []string
	for _, rule := range o.VirtualServiceSpec().Http {
		names = append(names, rule.Name)
	}
	if diff := cmp.Diff([]string{"v1", "v2-sticky-v2", "v2", "sticky-v2", ""}, names); diff != "" {
		t.Fatalf("rules (-want +got):\n%s", diff)
	}
	for _, test := range []struct{ at, want istio.Path }{
		{istio.Path{"http", 0, "timeout"}, istio.Path{"rules", 0, "timeout"}},
		{istio.Path{"http", 1}, istio.Path{"rules", 1, "sticky"}},
		{istio.Path{"http", 1, "name"}, istio.Path{"rules", 1, "sticky"}},
		{istio.Path{"http", 1, "match", 0}, istio.Path{"rules", 1, "sticky"}},
		{istio.Path{"http", 1, "match", 0, "uri"}, istio.Path{"rules", 1, "match", 0, "uri"}},
		{istio.Path{"http", 1, "match", 0, "headers", istio.Key("cookie"), "regex"}, istio.Path{"rules", 1, "sticky"}},
		{
			istio.Path{"http", 1, "match", 0, "headers", istio.Key("version"), "exact"},
			istio.Path{"rules", 1, "match", 0, "headers", istio.Key("version"), "exact"},
		},
		{istio.Path{"http", 1, "timeout"}, istio.Path{"rules", 1, "timeout"}},
		{istio.Path{"http", 1, "route", 0, "destination", "host"}, istio.Path{"service"}},
		{istio.Path{"http", 1, "route", 0, "destination", "subset"}, istio.Path{"rules", 1, "sticky"}},
		{istio.Path{"http", 2, "route", 1, "weight"}, istio.Path{"rules", 1, "weights", istio.Key("v2")}},
		{
			istio.Path{"http", 2, "route", 1, "headers", "response", "add", istio.Key("set-cookie")},
			istio.Path{"rules", 1, "sticky"},
		},
		{istio.Path{"http", 3, "match", 0, "headers", istio.Key("version")}, istio.Path{"default", "sticky"}},
		{istio.Path{"http", 4, "route", 0, "weight"}, istio.Path{"default", "weights", istio.Key("v1")}},
		{istio.Path{"http", 5}, istio.Path{"default"}},
	} {
		if diff := cmp.Diff(test.want.String(), route.PathOf(o, test.at).String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.at, diff)
		}
	}
	split := splitWith(func(s *canary.Split) {
		s.Sticky = &istio.Sticky{Cookie: "canary", MaxAge: time.Hour, Subsets: []string{"v2"}}
	})
	if got := split.PathOf(split.Render().Routing(), istio.Path{"http", 0, "route"}).String(); got != "sticky" {
		t.Errorf("in a split it is at %s", got)
	}
}

// What a rule keeps is the same in both forms.
func TestRecognizeSplit_sticky(t *testing.T) {
	t.Parallel()
	want := routeWith(stickyWith(func(r *canary.Route, _ *istio.Sticky) { r.Rules = nil }))
	split, differences := recognizeSplit(want.Render())
	if diff := cmp.Diff(want.Default.Sticky, split.Sticky); diff != "" || len(differences) > 0 {
		t.Errorf("differences %v, sticky (-want +got):\n%s", differences, diff)
	}
}

// What others have made in the same way is read as it is, with what is like it and not the same left as rules.
func TestRecognize_sticky(t *testing.T) {
	t.Parallel()
	sticky := routeWith(stickyWith(func(*canary.Route, *istio.Sticky) {}))
	for name, test := range map[string]struct {
		change      func(spec *networking.VirtualService)
		rules       []string
		sticky      *istio.Sticky
		differences []string
	}{
		"as it is": {
			func(*networking.VirtualService) {}, []string{"v1", "v2"}, sticky.Default.Sticky, nil,
		},
		"destinations in another order": {
			func(spec *networking.VirtualService) { slices.Reverse(spec.Http[3].Route) },
			[]string{"v1", "v2"}, sticky.Default.Sticky, nil,
		},
		"a rule for a cookie that another service sets": {
			func(spec *networking.VirtualService) { spec.Http[3].Route[1].Headers = nil },
			[]string{"v1", "v2", "sticky-v2"}, nil, nil,
		},
		"the timeout was changed in one of the rules": {
			func(spec *networking.VirtualService) { spec.Http[3].Timeout = istiotest.ValidRule(1).Timeout },
			[]string{"v1", "v2", "sticky-v2"}, nil,
			[]string{`VirtualService spec.http[3].route[1].headers`},
		},
		"the cookie is set with Secure": {
			func(spec *networking.VirtualService) {
				spec.Http[3].Route[1].Headers.Response.Add["set-cookie"] += "; Secure"
			},
			[]string{"v1", "v2", "sticky-v2"}, nil,
			[]string{`VirtualService spec.http[3].route[1].headers`},
		},
		"the share was taken away": {
			func(spec *networking.VirtualService) {
				spec.Http[3].Route[0].Weight, spec.Http[3].Route[1].Weight = 100, 0
			},
			[]string{"v1", "v2", "sticky-v2"}, sticky.Default.Sticky, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live := sticky.Render()
			test.change(live.Routing().VirtualServiceSpec())
			got, differences := recognizeRoute(live)
			var rules []string
			for _, rule := range got.Rules {
				rules = append(rules, rule.HTTP.GetName())
			}
			if diff := cmp.Diff(test.rules, rules); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.sticky, got.Default.Sticky); diff != "" {
				t.Errorf("sticky (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.differences, differences); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}
