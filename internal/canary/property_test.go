package canary_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	networking "istio.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// ruleFields are the fields of an HTTPRoute that do not choose a destination.
var ruleFields = []protoreflect.Name{
	"name", "match", "timeout", "retries", "fault", "mirrors", "headers", "rewrite", "cors_policy",
}

var subsetNames = []string{"v1", "v2", "v3"}

// Recognising what a canonical route renders to gives the route, without a difference.
func TestPropertyRecognizeRouteInvertsRender(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := canonicalRoute(t)
		got, differences := recognizeRoute(want.Render())
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" || len(differences) > 0 {
			t.Fatalf("differences %v, route (-want +got):\n%s", differences, diff)
		}
	})
}

// Recognising what a canonical split renders to gives the split, without a difference.
func TestPropertyRecognizeSplitInvertsRender(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := canonicalSplit(t)
		got, differences := recognizeSplit(want.Render())
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" || len(differences) > 0 {
			t.Fatalf("differences %v, split (-want +got):\n%s", differences, diff)
		}
	})
}

// Whatever route is rendered, even a wrong one, is recognised as a route that renders to objects of the same meaning,
// and no difference is reported.
func TestPropertyRecognizeRouteKeepsTheMeaning(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rendered := arbitraryRoute(t).Render()
		again, differences := recognizeRoute(rendered)
		if len(differences) > 0 {
			t.Fatalf("differences: %v", differences)
		}
		checkSame(t, again.Render(), rendered)
	})
}

// Whatever the cluster holds is recognised without a panic, and where no difference is reported, the recognised route
// or split renders to objects of the same meaning.
func TestPropertyRecognizeReportsWhatItCannotSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		live := istio.Objects{}
		if rapid.IntRange(0, 3).Draw(t, "VirtualService") > 0 {
			live = live.With(&istio.Object{
				Namespace: "shop",
				Name:      "reviews",
				Spec:      istiotest.Fill(t, &networking.VirtualService{}),
			})
		}
		if rapid.IntRange(0, 3).Draw(t, "DestinationRule") > 0 {
			live = live.With(&istio.Object{
				Namespace: "shop",
				Name:      "reviews",
				Spec:      istiotest.Fill(t, &networking.DestinationRule{}),
			})
		}
		if route, differences := recognizeRoute(live); len(differences) == 0 {
			checkSame(t, route.Render(), canary.Resolve(live, domain))
		}
		if split, differences := recognizeSplit(live); len(differences) == 0 {
			checkSame(t, split.Render(), canary.Resolve(live, domain))
		}
	})
}

// A pair that was rendered and changed in one place is recognised with a difference, or the change has no meaning.
func TestPropertyRecognizeNoticesAnEdit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		live := canonicalRoute(t).Render()
		spec := live.Routing().VirtualServiceSpec()
		if rapid.Bool().Draw(t, "new rule") {
			spec.Http = append(spec.Http, istiotest.Fill(t, &networking.HTTPRoute{}))
		} else {
			rule := spec.Http[rapid.IntRange(0, len(spec.Http)-1).Draw(t, "rule")]
			proto.Merge(rule, istiotest.Fill(t, &networking.HTTPRoute{}))
		}
		if route, differences := recognizeRoute(live); len(differences) == 0 {
			checkSame(t, route.Render(), canary.Resolve(live, domain))
		}
	})
}

// No route makes the checks panic, and what they report stands at a rule, subset or attribute that is there.
func TestPropertyProblemsAreSomewhere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := arbitraryRoute(t)
		for _, p := range r.Problems() {
			if p.Reason == "" || !isThere(r, p.At) {
				t.Fatalf("problem at %q, which is not there: %q", p.At, p.Reason)
			}
		}
	})
}

// isThere reports whether the rule or subset that a path leads to exists.
func isThere(r *canary.Route, at istio.Path) bool {
	if len(at) < 2 {
		return len(at) == 0 || at[0] != "default" || r.Default != nil
	}
	switch step := at[1].(type) {
	case int:
		return at[0] != "rules" || step < len(r.Rules)
	case istio.Key:
		_, ok := r.Subsets[string(step)]
		return at[0] != "subsets" || ok
	}
	return at[0] != "default" || r.Default != nil
}

// Whatever Istio would refuse about the objects of a route, the route has a problem that is a refusal.
func TestPropertyWhatIstioRefusesIsRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := arbitraryRoute(t)
		refused := func(problems []istio.Problem) bool {
			return slices.ContainsFunc(problems, func(p istio.Problem) bool { return p.Severity == istio.Refused })
		}
		for _, o := range r.Render().All() {
			if problems := check.Validate(o); refused(problems) && !refused(r.Problems()) {
				t.Fatalf("Istio refuses %s for %v, the route has the problems %v", o, problems, r.Problems())
			}
		}
	})
}

func canonicalPlacement(t *rapid.T) canary.Placement {
	p := placement()
	p.Hosts = rapid.SampledFrom([][]string{{p.Host}, {p.Host, "greeter.example.com"}, {"*.example.com"}}).Draw(t,
		"hosts")
	p.Gateways = rapid.SampledFrom([][]string{
		{istio.MeshGateway}, {"mesh", "ingress/public"}, {"ingress/public"},
	}).Draw(t, "gateways")
	p.ExportTo = rapid.SampledFrom([][]string{nil, {"."}, {".", "ingress"}}).Draw(t, "export_to")
	p.Port = rapid.SampledFrom([]int64{0, 50051}).Draw(t, "port")
	p.Labels = rapid.SampledFrom([]map[string]string{nil, {"team": "greeters"}}).Draw(t, "labels")
	p.Annotations = rapid.SampledFrom([]map[string]string{nil, {"example.com/ticket": "42"}}).Draw(t, "annotations")
	if rapid.Bool().Draw(t, "traffic_policy") {
		p.TrafficPolicy = istiotest.Fill(t, &networking.TrafficPolicy{})
	}
	return p
}

func canonicalSubset(t *rapid.T) canary.Subset {
	s := canary.Subset{Labels: map[string]string{"version": rapid.StringN(1, 3, 9).Draw(t, "label")}}
	if rapid.Bool().Draw(t, "traffic_policy") {
		s.TrafficPolicy = istiotest.Fill(t, &networking.TrafficPolicy{})
	}
	return s
}

// canonicalHTTP returns what a rule says besides its destinations, nil for nothing.
func canonicalHTTP(t *rapid.T) *networking.HTTPRoute {
	http := istiotest.Fill(t, &networking.HTTPRoute{}, ruleFields...)
	istio.Modernize(http) // the compact forms offer nothing that Istio has replaced
	http.Match = istio.WithoutEmpty(http.Match)
	for _, mirror := range http.Mirrors {
		mirror.Destination = &networking.Destination{
			Host:   "recorder.shop.svc.cluster.local",
			Subset: mirror.GetDestination().GetSubset(),
		}
	}
	if http.Headers = istio.TrimHeaders(http.Headers); proto.Size(http) == 0 {
		return nil
	}
	return http
}

func withMatch(http *networking.HTTPRoute) *networking.HTTPRoute {
	if http == nil {
		http = &networking.HTTPRoute{}
	}
	if len(http.Match) == 0 {
		http.Match = byHeader("version", "200")
	}
	return http
}

// unnamed returns a rule as a split has it.
func unnamed(http *networking.HTTPRoute) *networking.HTTPRoute {
	if http != nil {
		http.Name = ""
	}
	return http
}

func withoutMatch(http *networking.HTTPRoute) *networking.HTTPRoute {
	if http != nil {
		http.Match = nil
	}
	if proto.Size(http) == 0 {
		return nil
	}
	return http
}

func canonicalRule(t *rapid.T, http *networking.HTTPRoute) canary.Rule {
	rule := canary.Rule{HTTP: http}
	if rapid.Bool().Draw(t, "one subset") {
		rule.Subset = rapid.SampledFrom(subsetNames).Draw(t, "subset")
		return rule
	}
	share := rapid.Int64Range(0, 100).Draw(t, "share")
	rule.Weights = weights(map[string]int64{"v1": share, "v2": 100 - share})
	if rapid.Bool().Draw(t, "third") {
		rule.Weights["v3"] = new(int64)
	}
	rule.Sticky = canonicalSticky(t, slices.Sorted(maps.Keys(rule.Weights)))
	return rule
}

// canonicalSticky returns what a rule with weights of some subsets may keep, often nothing.
func canonicalSticky(t *rapid.T, subsets []string) *istio.Sticky {
	kept := slices.DeleteFunc(subsets, func(string) bool { return !rapid.Bool().Draw(t, "kept") })
	if len(kept) == 0 {
		return nil
	}
	return &istio.Sticky{
		Cookie:  rapid.SampledFrom([]string{"canary", "my.canary", "a-b_C.9"}).Draw(t, "cookie"),
		MaxAge:  time.Duration(rapid.Int64Range(1, 9600*3600).Draw(t, "max_age")) * time.Second,
		Subsets: kept,
	}
}

func canonicalRoute(t *rapid.T) *canary.Route {
	r := &canary.Route{Placement: canonicalPlacement(t), Subsets: map[string]canary.Subset{}}
	for range rapid.IntRange(1, 3).Draw(t, "rules") {
		r.Rules = append(r.Rules, canonicalRule(t, withMatch(canonicalHTTP(t))))
	}
	if rapid.Bool().Draw(t, "default") {
		r.Default = new(canonicalRule(t, withoutMatch(canonicalHTTP(t))))
	}
	for _, name := range subsetNames {
		r.Subsets[name] = canonicalSubset(t)
	}
	if rapid.IntRange(0, 3).Draw(t, "elsewhere") == 3 {
		declareElsewhere(r)
	}
	return r
}

// declareElsewhere leaves the subsets to somebody else: only those that are routed to are known then.
func declareElsewhere(r *canary.Route) {
	r.SubsetsElsewhere, r.DestinationRuleName, r.TrafficPolicy = true, "", nil
	r.Subsets = map[string]canary.Subset{}
	rules := r.Rules
	if r.Default != nil {
		rules = append(rules[:len(rules):len(rules)], *r.Default)
	}
	for _, rule := range rules {
		if rule.Subset != "" {
			r.Subsets[rule.Subset] = canary.Subset{}
		}
		for name := range rule.Weights {
			r.Subsets[name] = canary.Subset{}
		}
	}
}

func canonicalSplit(t *rapid.T) *canary.Split {
	s := &canary.Split{
		Placement: canonicalPlacement(t),
		Subsets:   map[string]canary.WeightedSubset{},
		HTTP:      unnamed(canonicalHTTP(t)),
	}
	share := rapid.Int64Range(0, 100).Draw(t, "share")
	for name, weight := range map[string]int64{"v1": share, "v2": 100 - share, "v3": 0} {
		s.Subsets[name] = canary.WeightedSubset{Weight: new(weight)}
	}
	s.Sticky = canonicalSticky(t, slices.Clone(subsetNames))
	for _, name := range subsetNames {
		subset := s.Subsets[name]
		subset.Subset = canonicalSubset(t)
		s.Subsets[name] = subset
	}
	if rapid.Bool().Draw(t, "match") {
		s.HTTP = withMatch(s.HTTP)
		s.Otherwise = rapid.SampledFrom(append([]string{""}, subsetNames...)).Draw(t, "otherwise")
	} else {
		s.HTTP = withoutMatch(s.HTTP)
	}
	if rapid.IntRange(0, 3).Draw(t, "elsewhere") == 3 {
		s.SubsetsElsewhere, s.DestinationRuleName, s.TrafficPolicy = true, "", nil
		for name, subset := range s.Subsets {
			s.Subsets[name] = canary.WeightedSubset{Weight: subset.Weight}
		}
	}
	return s
}

// arbitraryRoute returns a route that need not make sense.
func arbitraryRoute(t *rapid.T) *canary.Route {
	r := canonicalRoute(t)
	host := rapid.SampledFrom([]string{
		"", "greeter", "greeter.shop", "greeter.shop.svc", "greeter.", "greeter..", "*", "*.example.com", "a b",
	})
	if rapid.Bool().Draw(t, "odd hosts") {
		r.Hosts = rapid.SliceOfN(host, 0, 3).Draw(t, "odd hosts")
		r.Gateways = rapid.SliceOfN(rapid.SampledFrom([]string{"mesh", "", "a.b.c", "ns/gw"}), 0, 2).Draw(t,
			"odd gateways")
	}
	for i := range r.Rules {
		r.Rules[i] = arbitraryRule(t, r.Rules[i], host)
	}
	if r.Default != nil {
		r.Default = new(arbitraryRule(t, *r.Default, host))
	}
	if rapid.Bool().Draw(t, "odd subsets") {
		r.Subsets = maps.Clone(r.Subsets)
		r.Subsets[rapid.SampledFrom([]string{"", "V1", "-v1", "v.1"}).Draw(t, "odd subset")] = canary.Subset{}
	}
	return r
}

func arbitraryRule(t *rapid.T, rule canary.Rule, host *rapid.Generator[string]) canary.Rule {
	switch rapid.IntRange(0, 5).Draw(t, "odd rule") {
	case 0:
		rule.HTTP = istiotest.Fill(t, &networking.HTTPRoute{}, ruleFields...)
		for _, mirror := range rule.HTTP.Mirrors {
			mirror.Destination = &networking.Destination{Host: host.Draw(t, "mirror")}
		}
	case 1:
		rule.Subset, rule.Weights = "", map[string]*int64{"v1": nil}
	case 2:
		rule.Weights = map[string]*int64{"v1": nil, "v2": new(rapid.Int64().Draw(t, "odd weight"))}
	case 3:
		rule.Subset, rule.Weights = "nowhere", nil
	case 4:
		rule.Sticky = &istio.Sticky{Cookie: "canary", Subsets: []string{"", "v2", "nowhere", "v2"}}
	}
	return rule
}
