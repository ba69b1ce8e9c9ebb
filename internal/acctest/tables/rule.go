package tables

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"
)

// words are what random matches and requests are made of. There are few, so that rules have much to do with each
// other.
type words struct{ paths, prefixes, expressions, headerNames []string }

var (
	// A gRPC client calls nothing but methods, and grpc-go finds no header whose name a match writes in capitals.
	grpcWords = words{
		headerNames: []string{"x-version", "x-user", "x-team", "cookie"},
		paths: []string{
			"/pkg.Svc/Get", "/pkg.Svc/GetAll", "/pkg.Svc/", "/pkg.Other/Get", "/PKG.svc/get", "/pkg.Svc/Get/More",
			"/p/q",
		},
		prefixes: []string{"/", "/pkg.", "/pkg.Svc/", "/pkg.Svc/Get", "/p", "/PKG.SVC"},
		expressions: []string{
			".*", `/pkg\.Svc/.*`, ".*/Get", "/(pkg|p)[./].*", "/pkg.Svc/Get(All)?", "(?i)/pkg.svc/get", "[^G]*",
			"/.+", `/pkg\.[A-Z]\w+/Get`,
		},
	}
	httpWords = words{
		headerNames: []string{
			"x-version", "X-Version", "x-user", "X-User", "cookie", "x-forwarded-proto", "X-Request-Id",
		},
		paths:    []string{"/", "/a", "/a/", "/a/b", "/ab", "/b", "/A", "/A/b", "/a/b/c"},
		prefixes: []string{"/", "/a", "/a/", "/A", "/ab", "/b"},
		expressions: []string{
			".*", "/.*", "/a", "/a.*", "/a|/b", "/(a|b)/.*", "/[a-z]+", ".+b", "[^a]*", "(?i)/a", `/a(/\w+)+`,
		},
	}
	someValues      = []string{"1", "2", "12", "v1", "V1", "a", "b", "ab", "a,b", "1,2"}
	someExpressions = []string{
		".*", ".+", "1", "1|2", "[0-9]+", "v.*", "(a|b)+", "(?i)v1", "a,.*", "[^1]*", "1*2?", "^a$", ".*b", "*",
	}
	someMethods = []string{"GET", "POST", "PUT", "get"}
	subsetNames = []string{"one", "two", "three"}
)

// claim is what a match calls a claim of the caller's token. It has only comparisons: `{}` has no meaning for it.
const claim = "@request.auth.claims.group"

// drawer draws tables and requests.
type drawer struct {
	*rand.Rand
	words
	Options
}

func newDrawer(seed uint64, o Options) *drawer {
	d := &drawer{Rand: rand.New(rand.NewPCG(seed, 0)), words: httpWords, Options: o}
	if o.GRPC {
		d.words = grpcWords
	}
	return d
}

func (d *drawer) fullHost() string { return d.Service + "." + d.Namespace + ".svc.cluster.local" }

func (d *drawer) of(values ...string) string { return values[d.IntN(len(values))] }

func (d *drawer) chance(percent int) bool { return d.IntN(100) < percent }

// rule draws a rule, which gets the name if it gets one.
func (d *drawer) rule(name string, compact bool) *networking.HTTPRoute {
	rule := &networking.HTTPRoute{Name: d.of("", name)}
	if !d.chance(6) || compact {
		for range 1 + d.IntN(3) {
			rule.Match = append(rule.Match, d.request(compact))
		}
	}
	switch {
	case !compact && d.chance(6):
		rule.DirectResponse = &networking.HTTPDirectResponse{Status: uint32(200 + d.IntN(4)*100)}
		if d.chance(50) {
			rule.DirectResponse.Body = &networking.HTTPBody{Specifier: &networking.HTTPBody_String_{String_: "no"}}
		}
		return rule
	case !compact && d.chance(10):
		rule.Redirect = d.redirect()
		return rule
	}
	rule.Route = d.destinations(compact)
	if d.chance(15) {
		rule.Fault = d.fault()
	}
	if d.chance(20) {
		rule.Timeout = durationpb.New(time.Duration(2+d.IntN(8)) * time.Second)
	}
	if d.chance(25) {
		rule.Retries = &networking.HTTPRetry{
			Attempts: int32(d.IntN(3)),
			RetryOn:  d.of("", "unavailable", "cancelled,unavailable"),
		}
		if rule.Retries.Attempts == 0 {
			rule.Retries.RetryOn = ""
		}
	}
	if !d.GRPC && !compact {
		d.decorate(rule)
	}
	return rule
}

// destinations draws shares. Those of a compact rule are percentages.
func (d *drawer) destinations(compact bool) []*networking.HTTPRouteDestination {
	var routes []*networking.HTTPRouteDestination
	add := func(subset string, weight int) {
		to := &networking.Destination{Host: d.of(d.Service, d.fullHost()), Subset: subset}
		if !d.GRPC && !compact && d.chance(15) {
			to.Port = &networking.PortSelector{Number: []uint32{d.Port, d.OtherPort}[d.IntN(2)]}
		}
		routes = append(routes, &networking.HTTPRouteDestination{Destination: to, Weight: int32(weight)})
	}
	subsets, alone := d.Perm(len(subsetNames)), 60
	if compact { // only shares can keep somebody
		alone = 30
	}
	switch {
	case d.chance(alone):
		add(subsetNames[subsets[0]], 0)
	case compact || d.chance(60):
		share := d.IntN(101)
		add(subsetNames[subsets[0]], share)
		add(subsetNames[subsets[1]], 100-share)
	case d.chance(10):
		add("", 1) // the whole service
	default:
		for _, i := range subsets[:1+d.IntN(3)] {
			add(subsetNames[i], d.IntN(3)*17)
		}
	}
	if !d.GRPC && !compact && d.chance(15) {
		add(subsetNames[subsets[0]], 5)
	}
	return routes
}

func abortWithStatus(status int32, percent float64) *networking.HTTPFaultInjection {
	return &networking.HTTPFaultInjection{Abort: &networking.HTTPFaultInjection_Abort{
		ErrorType:  &networking.HTTPFaultInjection_Abort_HttpStatus{HttpStatus: status},
		Percentage: &networking.Percent{Value: percent},
	}}
}

func abortWithCode(code string, percent float64) *networking.HTTPFaultInjection {
	return &networking.HTTPFaultInjection{Abort: &networking.HTTPFaultInjection_Abort{
		ErrorType:  &networking.HTTPFaultInjection_Abort_GrpcStatus{GrpcStatus: code},
		Percentage: &networking.Percent{Value: percent},
	}}
}

// fault draws one whose effect is certain for gRPC, so that one call tells.
func (d *drawer) fault() *networking.HTTPFaultInjection {
	percent := []float64{0, 100, 100}[d.IntN(3)]
	if !d.GRPC && d.chance(50) {
		percent = 2.5
	}
	fault := abortWithStatus([]int32{400, 401, 403, 404, 503}[d.IntN(5)], percent)
	if d.chance(50) {
		fault = abortWithCode(d.of("ABORTED", "NOT_FOUND", "RESOURCE_EXHAUSTED"), percent)
	}
	if !d.GRPC && d.chance(30) {
		fault.Delay = &networking.HTTPFaultInjection_Delay{
			HttpDelayType: &networking.HTTPFaultInjection_Delay_FixedDelay{
				FixedDelay: durationpb.New(time.Duration(1+d.IntN(9)) * 100 * time.Millisecond),
			},
			Percentage: &networking.Percent{Value: []float64{0, 12.5, 100}[d.IntN(3)]},
		}
		if d.chance(30) {
			fault.Abort = nil
		}
	}
	return fault
}

// matches draws conditions on headers or query parameters.
func (d *drawer) matches(names []string) map[string]*networking.StringMatch {
	all := map[string]*networking.StringMatch{}
	for range 1 + d.IntN(2) {
		all[d.of(names...)] = d.match(someValues, someValues, someExpressions)
	}
	return all
}

// spellOnce leaves one of the headers whose names differ in case only: a mesh_canary_route refuses both.
func spellOnce(headers map[string]*networking.StringMatch) {
	for name := range headers {
		if lower := strings.ToLower(name); lower != name && headers[lower] != nil {
			delete(headers, name)
		}
	}
}

// match draws a comparison or, one time in seven, one of presence.
func (d *drawer) match(values, prefixes, expressions []string) *networking.StringMatch {
	if d.IntN(7) == 0 {
		return &networking.StringMatch{}
	}
	return d.comparison(values, prefixes, expressions)
}

func (d *drawer) comparison(values, prefixes, expressions []string) *networking.StringMatch {
	switch d.IntN(6) {
	case 0, 1:
		return &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: d.of(prefixes...)}}
	case 2:
		return &networking.StringMatch{MatchType: &networking.StringMatch_Regex{Regex: d.of(expressions...)}}
	}
	return exactly(d.of(values...))
}

func (d *drawer) request(compact bool) *networking.HTTPMatchRequest {
	m := &networking.HTTPMatchRequest{Name: d.of("", "", "narrow")}
	if d.chance(50) {
		m.Uri = d.comparison(d.paths, d.prefixes, d.expressions)
		m.IgnoreUriCase = d.chance(20)
	}
	if d.chance(50) {
		m.Headers = d.matches(d.headerNames)
		if compact {
			spellOnce(m.Headers)
		}
	}
	if d.chance(25) {
		m.WithoutHeaders = d.matches(d.headerNames)
	}
	if d.chance(10) {
		m.Port = []uint32{d.Port, d.OtherPort, cmp.Or(d.GatewayPort, 80), cmp.Or(d.GatewayTLSPort, 443)}[d.IntN(4)]
	}
	if d.chance(15) {
		m.SourceLabels = d.label()
	}
	if d.chance(10) {
		m.SourceNamespace = d.of(d.Namespace, d.Elsewhere, d.caller().Namespace, "elsewhere")
	}
	if d.chance(8) && !compact {
		gateway := cmp.Or(d.Gateway, "front")
		m.Gateways = [][]string{{"mesh"}, {"elsewhere/front"}, {gateway, "mesh"}, {gateway}}[d.IntN(4)]
	}
	if d.GRPC {
		return m
	}
	if d.chance(8) {
		if m.Headers == nil || d.chance(50) {
			m.Headers = map[string]*networking.StringMatch{}
		}
		m.Headers[claim] = d.comparison(someValues, someValues, someExpressions[:len(someExpressions)-1])
	} else if d.chance(5) {
		m.WithoutHeaders = map[string]*networking.StringMatch{
			claim: d.comparison(someValues, someValues, someExpressions[:len(someExpressions)-1]),
		}
	}
	if d.chance(15) {
		m.QueryParams = d.matches([]string{"q", "r", "Q"})
	}
	if d.chance(15) {
		m.Method = d.comparison(someMethods, []string{"P", "G", "POST"}, []string{"GET|POST", ".*", "P.*"})
	}
	if d.chance(8) {
		m.Scheme = d.comparison([]string{"http", "https"}, []string{"http", "https"}, []string{"https?", "http"})
	}
	if d.chance(10) {
		full := d.Service + "." + d.Namespace
		m.Authority = d.comparison([]string{
			d.Service, full, full + ".svc.cluster.local", full + fmt.Sprintf(":%d", d.Port),
		}, []string{d.Service, full + "."},
			[]string{".*", strings.ReplaceAll(full, ".", `\.`) + ".*"})
	}
	return m
}

func (d *drawer) caller() Caller { return d.Callers[d.IntN(len(d.Callers))] }

// label draws one that a caller has, or none does.
func (d *drawer) label() map[string]string {
	labels := d.caller().Labels
	name := d.of(sortedKeys(labels)...)
	return map[string]string{name: d.of(labels[name], labels[name], "c")}
}

func exactly(value string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: value}}
}
