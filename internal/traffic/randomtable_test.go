package traffic_test

import (
	"math/rand/v2"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// picker returns a number from 0 up to n, n excluded. Random tables are made of nothing else, so that one generator
// serves tests that shrink what they found and tests that are fast.
type picker func(n int) int

func seeded(seed uint64) picker {
	r := rand.New(rand.NewPCG(seed, 0))
	return r.IntN
}

func (p picker) of(values ...string) string { return values[p(len(values))] }

func (p picker) chance(percent int) bool { return p(100) < percent }

// Few words, so that random rules have much to do with each other.
var (
	somePaths   = []string{"/", "/a", "/a/b", "/ab", "/b", "/A", "", "a", "/a?b"}
	someValues  = []string{"1", "2", "12", "", "a", "b", "ab", "A"}
	someRegexes = []string{
		".*", ".+", "1", "1|2", "[0-9]+", "a.*", "(a|b)+", "(?i)a.*", "", ".*b", "[^1]*", "1*2?", "^a$", "(", `\bx`,
	}
	somePathRE  = []string{".*", "/.*", "/a", "/a.*", "/a|/b", "/(a|b)/.*", "/[a-z]+", ".+b", "[^a]*", "(?i)/a", "a.*"}
	someHeaders = []string{"v", "V", "w", "cookie", "host", ":method", "@request.auth.claims.g"}
	someMethods = []string{"GET", "POST", "", "P"}
)

func (p picker) match(values, regexes []string) *networking.StringMatch {
	switch p(7) {
	case 0, 1, 2:
		return &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: p.of(values...)}}
	case 3, 4:
		return &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: p.of(values...)}}
	case 5:
		return &networking.StringMatch{MatchType: &networking.StringMatch_Regex{Regex: p.of(regexes...)}}
	}
	return &networking.StringMatch{}
}

func (p picker) matches(names []string) map[string]*networking.StringMatch {
	m := map[string]*networking.StringMatch{}
	for range 1 + p(2) {
		m[p.of(names...)] = p.match(someValues, someRegexes)
	}
	return m
}

func (p picker) request() *networking.HTTPMatchRequest {
	m := &networking.HTTPMatchRequest{}
	if p.chance(40) {
		m.Uri = p.match(somePaths, somePathRE)
		m.IgnoreUriCase = p.chance(15)
	}
	if p.chance(45) {
		m.Headers = p.matches(someHeaders)
	}
	if p.chance(25) {
		m.WithoutHeaders = p.matches(someHeaders)
	}
	if p.chance(15) {
		m.QueryParams = p.matches([]string{"q", "r"})
	}
	if p.chance(15) {
		m.Method = p.match(someMethods, []string{"GET|POST", ".*", "P.*"})
	}
	if p.chance(5) {
		m.Scheme = p.match([]string{"http", "https"}, []string{"https?"})
	}
	if p.chance(5) {
		m.Authority = p.match([]string{"reviews", "reviews.shop", "reviews.shop.svc.cluster.local"},
			[]string{"reviews.*"})
	}
	if p.chance(15) {
		m.Port = uint32(80 + p(2))
	}
	if p.chance(10) {
		m.Gateways = []string{p.of("mesh", "front", "shop/front")}
	}
	if p.chance(15) {
		m.SourceLabels = map[string]string{"app": p.of("a", "b")}
	}
	if p.chance(10) {
		m.SourceNamespace = p.of("shop", "web")
	}
	return m
}

// table returns a VirtualService with some rules, of which each goes to a subset of its own.
func (p picker) table() *istio.Object {
	spec := &networking.VirtualService{Hosts: []string{"reviews"}}
	if p.chance(25) {
		spec.Gateways = []string{"front"}
		if p.chance(60) {
			spec.Gateways = append(spec.Gateways, "mesh")
		}
	}
	if p.chance(10) {
		spec.ExportTo = []string{"."}
	}
	for range 1 + p(6) {
		rule := &networking.HTTPRoute{
			Route: []*networking.HTTPRouteDestination{{Destination: &networking.Destination{Host: "reviews"}}},
		}
		if !p.chance(5) {
			for range 1 + p(3) {
				rule.Match = append(rule.Match, p.request())
			}
		}
		spec.Http = append(spec.Http, rule)
	}
	return &istio.Object{Namespace: "shop", Name: "reviews", Spec: spec}
}

// near returns a value at the edge of a match: one that it takes, or one that it just does not.
func (p picker) near(m *networking.StringMatch, values []string) string {
	text := m.GetExact() + m.GetPrefix()
	if m.GetRegex() != "" || text == "" && p.chance(50) {
		text = p.of(values...)
	}
	switch p(8) {
	case 0:
		return text + p.of("b", "1", "/", "x")
	case 1:
		return text[:max(0, len(text)-1)]
	case 2:
		return strings.ToUpper(text)
	case 3:
		return strings.ToLower(text)
	case 4:
		return p.of(values...)
	}
	return text
}

// aimed returns a request that is made of one match, with some of it wrong.
func (p picker) aimed(m *networking.HTTPMatchRequest) traffic.Request {
	r := traffic.Request{
		Path:    p.near(m.GetUri(), somePaths),
		Method:  p.of("GET", "POST", "PUT"),
		Headers: map[string][]string{},
		Port:    uint32(80 + p(2)),
		Gateway: p.of("mesh", "mesh", "shop/front"), SourceNamespace: p.of("shop", "shop", "web", "other"),
		SourceLabels: map[string]string{"app": p.of("a", "b", "c")}, Scheme: p.of("", "https"),
	}
	if !strings.HasPrefix(r.Path, "/") {
		r.Path = "/" + r.Path
	}
	if m.GetPort() != 0 && p.chance(80) {
		r.Port = m.Port
	}
	if m.GetMethod() != nil && p.chance(70) {
		r.Method = p.near(m.Method, someMethods)
	}
	if m.GetAuthority() != nil {
		r.Authority = p.of("reviews", "reviews.shop", "reviews.shop.svc.cluster.local", "")
	}
	for name, match := range m.GetHeaders() {
		if p.chance(85) {
			r.Headers[name] = []string{p.near(match, someValues)}
		}
		if p.chance(15) {
			r.Headers[name] = append(r.Headers[name], p.of(someValues...))
		}
	}
	for name, match := range m.GetWithoutHeaders() {
		if p.chance(40) {
			r.Headers[name] = append(r.Headers[name], p.near(match, someValues))
		}
	}
	if p.chance(30) {
		r.Headers[p.of("v", "w", "cookie")] = []string{p.of(someValues...)}
	}
	for name, match := range m.GetQueryParams() {
		if p.chance(85) {
			separator := "?"
			if strings.Contains(r.Path, "?") {
				separator = "&"
			}
			r.Path += separator + name + "=" + p.near(match, someValues)
		}
	}
	return r
}

func virtualServiceSpec(o *istio.Object) *networking.VirtualService {
	return o.VirtualServiceSpec()
}
