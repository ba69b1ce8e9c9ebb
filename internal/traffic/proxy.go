package traffic

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/pattern"
)

// Headers that an Envoy sets before it routes.
const (
	forwardedProto  = "x-forwarded-proto"
	forwardedFor    = "x-forwarded-for"
	requestID       = "x-request-id"
	externalAddress = "x-envoy-external-address"
	internal        = "x-envoy-internal"
)

// What Envoy writes into them. It marks traced requests in their identifier, so that this is not always a UUID of
// version 4.
var (
	identifiers = pattern.NewExpression("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
	addresses   = pattern.NewExpression("[0-9a-fA-F:.]+")
	// somethingThere are addresses behind so many that nobody compares them.
	somethingThere = pattern.NewExpression(".+")
)

// longestChain is how many characters of addresses are looked at. A hundred proxies write fewer.
const longestChain = 2000

// takenAway are headers that a proxy takes away from requests of callers whom it does not trust, and takenAtGateway
// those that only a gateway does. Proxies up to Envoy 1.39 leave x-envoy-upstream-stream-duration-ms.
// Source: Envoy's ConnectionManagerUtility::cleanInternalHeaders; run with Envoy 1.36 to 1.40 and istiod's connection
// managers.
var (
	takenAway = []string{
		"x-envoy-expected-rq-timeout-ms", "x-envoy-force-trace", "x-envoy-hedge-on-per-try-timeout", "x-envoy-ip-tags",
		"x-envoy-max-retries", "x-envoy-original-url", "x-envoy-retriable-header-names",
		"x-envoy-retriable-status-codes", "x-envoy-retry-grpc-on", "x-envoy-retry-on",
		"x-envoy-upstream-alt-stat-name", "x-envoy-upstream-rq-per-try-timeout-ms",
		"x-envoy-upstream-rq-timeout-alt-response", "x-envoy-upstream-rq-timeout-ms",
		"x-envoy-upstream-stream-duration-ms", "x-forwarded-client-cert",
	}
	takenAtGateway = []string{
		"x-envoy-decorator-operation", "x-envoy-downstream-service-cluster", "x-envoy-downstream-service-node",
		"x-envoy-original-host", "x-envoy-original-path",
	}
)

// ofConnection are headers of one connection, which no proxy routes by.
// Source: Envoy's ConnectionManagerUtility::mutateRequestHeaders; run with Envoy 1.36 to 1.40.
var ofConnection = []string{"keep-alive", "proxy-connection", "transfer-encoding"}

// SeldomArrives says why few requests have a header when they are routed, as a sentence fragment, empty for one that
// they may well have. atGateway says that no caller has a sidecar, or routes by itself.
func SeldomArrives(name string, atGateway bool) string {
	name = strings.ToLower(name)
	const inside = "requests of callers in the networks of the mesh (meshNetworks)"
	switch {
	case slices.Contains(ofConnection, name):
		return "proxies take away headers of the connection before they route, so that no request has this one then"
	case name == internal:
		return "proxies set this header, to true, and leave it to nobody else: only " + inside + " have it"
	case atGateway && (slices.Contains(takenAway, name) || slices.Contains(takenAtGateway, name)):
		return "gateways take this header away before they route, so that only " + inside + " have it then"
	case slices.Contains(takenAway, name):
		return "proxies take this header away before they route, so that only " + inside +
			", and those of gRPC clients that route by themselves (xds:///), have it then"
	}
	return ""
}

// joinedOnArrival are headers of which every Envoy joins the lines with commas when it receives them, because it
// keeps them in a place of their own.
// Source: Envoy's INLINE_REQ_HEADERS and CustomHeaders; run with Envoy 1.40, a sidecar and a gateway.
var joinedOnArrival = map[string]bool{
	"accept": true, "accept-encoding": true, "access-control-request-headers": true,
	"access-control-request-method": true, "authorization": true, "cache-control": true, "content-encoding": true,
	"content-type": true, "expect": true, "grpc-accept-encoding": true, "grpc-timeout": true, "if-match": true,
	"if-modified-since": true, "if-none-match": true, "if-range": true, "if-unmodified-since": true, "origin": true,
	"pragma": true, "referer": true, "user-agent": true, "via": true, "x-client-trace-id": true,
	"x-envoy-attempt-count": true, "x-envoy-decorator-operation": true, "x-envoy-downstream-service-cluster": true,
	"x-envoy-downstream-service-node": true, externalAddress: true, "x-envoy-is-timeout-retry": true,
	"x-envoy-original-host": true, "x-envoy-original-path": true, forwardedFor: true, "x-forwarded-host": true,
	"x-forwarded-port": true, forwardedProto: true, requestID: true,
}

// madeUp stands for the address of a client.
const madeUp = "203.0.113.1"

// guess is what a header may be when a proxy routes: absent, or one of the values of some patterns.
type guess struct {
	absent bool
	values []*pattern.Pattern
}

// passProxy writes down what an Envoy makes of the headers before it routes, by Istio's defaults, and what else it
// may make of them where that is up to others: whether a gateway trusts proxies before it, which networks are
// internal. schemeless says that the caller tells no scheme, as in HTTP/1.
// Source: istio.io/istio pilot/pkg/networking/core buildHTTPConnectionManager, buildGatewayConnectionManager.
func (r *received) passProxy(schemeless bool) {
	r.guesses = map[string]guess{}
	inMesh := r.Gateway == istio.MeshGateway
	r.passScheme(inMesh, schemeless)
	r.passConnection()
	// It is there where a caller is in one of the mesh's networks, of which Istio by default knows none.
	delete(r.headers, internal)
	r.guesses[internal] = guess{absent: true, values: []*pattern.Pattern{pattern.Exact("true")}}
	id := r.headers[requestID]
	switch {
	case id == "": // an Envoy takes an empty one for none
		delete(r.headers, requestID)
		r.guesses[requestID] = guess{values: []*pattern.Pattern{identifiers}}
	case !inMesh:
		r.guesses[requestID] = guess{values: []*pattern.Pattern{pattern.Exact(id), identifiers}}
		delete(r.headers, requestID)
	}
	away := takenAway
	if !inMesh {
		away = slices.Concat(takenAway, takenAtGateway)
		chain, before := addresses, ""
		if own, sent := r.headers[forwardedFor]; sent {
			before = own + ","
			if chain = somethingThere; len(own) <= longestChain {
				chain = pattern.NewExpression(regexp.QuoteMeta(before) + "[0-9a-fA-F:.]+")
			}
		}
		r.headers[forwardedFor], r.guesses[forwardedFor] = before+madeUp, guess{values: []*pattern.Pattern{chain}}
		r.headers[externalAddress] = madeUp
		r.guesses[externalAddress] = guess{absent: true, values: []*pattern.Pattern{addresses}}
	}
	for _, name := range away {
		if value, sent := r.headers[name]; sent {
			r.guesses[name] = guess{absent: true, values: []*pattern.Pattern{pattern.Exact(value)}}
			delete(r.headers, name)
		}
	}
	maps.DeleteFunc(r.repeated, func(name string, _ []string) bool {
		_, guessed := r.guesses[name]
		return guessed
	})
}

// passConnection is passProxy for headers of the connection. Those of a change to another protocol stay.
func (r *received) passConnection() {
	away := ofConnection
	if !listed(r.headers["connection"], "upgrade") || r.headers["upgrade"] == "" {
		away = append(slices.Clip(away), "connection", "upgrade")
	}
	for _, name := range away {
		delete(r.headers, name)
		delete(r.repeated, name)
	}
	if te, sent := r.headers["te"]; sent {
		if delete(r.headers, "te"); listed(te, "trailers") {
			r.headers["te"] = "trailers"
		}
		delete(r.repeated, "te")
	}
}

// listed reports whether a list with commas has a name, in any case.
func listed(list, name string) bool {
	return slices.ContainsFunc(strings.Split(list, ","), func(entry string) bool {
		return strings.EqualFold(strings.TrimSpace(entry), name)
	})
}

// passScheme is passProxy for the scheme of the connection. A gateway replaces it unless it trusts proxies before it;
// a sidecar keeps it, and takes the scheme of a request from it.
func (r *received) passScheme(inMesh, schemeless bool) {
	scheme, sent := r.headers[forwardedProto]
	switch {
	case !inMesh && sent && scheme != r.Scheme:
		r.headers[forwardedProto] = r.Scheme
		r.guesses[forwardedProto] = guess{values: []*pattern.Pattern{pattern.Exact(scheme, r.Scheme)}}
	case sent && inMesh && schemeless && (scheme == "http" || scheme == "https"):
		r.Scheme, r.headers[schemeHeader] = scheme, scheme
	case sent:
	case inMesh && r.Scheme != "http":
		r.headers[forwardedProto] = "http"
		r.guesses[forwardedProto] = guess{values: []*pattern.Pattern{pattern.Exact("http", r.Scheme)}}
	default:
		r.headers[forwardedProto] = r.Scheme
	}
}

// saysNoScheme reports whether a sidecar is told that the scheme is nothing. An Envoy has no route for such a
// request, not even that to the service itself.
// Source: Envoy's VirtualHostImpl::getRouteFromEntries; run with 1.40.
func (r *Request) saysNoScheme() bool {
	said := false
	for name, values := range r.Headers {
		if strings.EqualFold(name, forwardedProto) && len(values) > 0 {
			if said = true; strings.Join(values, "") != "" {
				return false
			}
		}
	}
	return said && r.Gateway == istio.MeshGateway
}

// takes reports whether the request satisfies all conditions, and remembers the headers that could make it otherwise.
func (r *received) takes(literals []literal) bool {
	if r.guesses == nil {
		return r.holdsAll(literals)
	}
	var open []string
	all := true
	for i := range literals {
		l := &literals[i]
		switch is, guessed := r.settles(l); {
		case is == no, !guessed && !r.holds(l):
			return false
		case guessed && is == unknown:
			open = append(open, l.on.name)
			all = all && r.holds(l)
		}
	}
	r.depends = append(r.depends, open...)
	return all
}

// settles says whether whatever a header may be satisfies a condition. It is not guessed where the header is known.
func (r *received) settles(l *literal) (is answer, guessed bool) {
	if l.on.kind != onHeader {
		return unknown, false
	}
	g, ok := r.guesses[l.on.name]
	if !ok || l.present != none && l.pattern.Shape == pattern.Unreadable {
		return unknown, false
	}
	some, rest := g.absent && l.absent, g.absent && !l.absent
	for _, values := range g.values {
		satisfy, fail := r.overlap(l, values)
		some, rest = some || satisfy, rest || fail
	}
	switch {
	case some && rest:
		return unknown, true
	case some:
		return yes, true
	}
	return no, true
}

// overlap reports whether some values of a header may satisfy a condition, and whether some may not.
func (r *received) overlap(l *literal, values *pattern.Pattern) (some, rest bool) {
	if l.present == none {
		return false, true
	}
	if r.solver == nil {
		r.solver = newSolver()
	}
	_, in := r.solver.value(l.on, []*pattern.Pattern{values, l.pattern}, nil)
	_, out := r.solver.value(l.on, []*pattern.Pattern{values}, []*pattern.Pattern{l.pattern})
	if l.present == others {
		in, out = out, in
	}
	return in != no, out != no
}
