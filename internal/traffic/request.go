package traffic

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/pattern"
)

// Request is one HTTP or gRPC request as a proxy sees it: after Istio has normalised the path, before any rewrite.
// The zero value is a GET of `/` at the first host that the routes name, from a sidecar, over plain HTTP on port 80.
type Request struct {
	// Authority is the Host or :authority header, with the port when the client sends one. Short names such as
	// `reviews` or `reviews.shop` are read in SourceNamespace. Empty: the first host of the first VirtualService.
	Authority string
	// Path is the path with the query, not decoded. It starts with a slash, but for the `*` of OPTIONS. A fragment is
	// cut off, as Istio's proxies do. Empty: `/`.
	Path string
	// Method is in capitals by convention; matches are case-sensitive. Empty: GET.
	Method string
	// Scheme is `http` or `https`. Empty: http, and https on port 443; in a sidecar what x-forwarded-proto says.
	Scheme string
	// Headers has the values of each header; names in any case. Of several values each is a line of its own, but for
	// cookies, which are one line with semicolons. A name such as `@request.auth.claims.group` holds the values of a
	// claim of the verified token.
	Headers map[string][]string
	// Port is the port of the listener, which is the port of the service on a sidecar: 1 to 65535. 0: the port in
	// Authority, and without one the default of Scheme.
	Port uint32
	// Gateway is where the request enters: MeshGateway for a sidecar, or `namespace/name` of a Gateway. Empty: a
	// sidecar.
	Gateway string
	// SourceLabels are the labels of the calling workload, or at a gateway those of the gateway's own pods. Nil: not
	// known; then no match on sourceLabels holds, and no DestinationRule that chooses callers by their labels.
	SourceLabels map[string]string
	// SourceNamespace is the namespace of that workload. Empty: not known; then no VirtualService is hidden by its
	// exportTo, no match on sourceNamespace holds, and short authorities are read in the namespace of each
	// VirtualService.
	SourceNamespace string
}

// isGRPC reports whether the request says that it is gRPC.
func (r *Request) isGRPC() bool {
	for name, values := range r.Headers {
		if strings.EqualFold(name, "content-type") && len(values) > 0 {
			return strings.HasPrefix(values[0], "application/grpc")
		}
	}
	return false
}

// received is a request as the matchers read it.
type received struct {
	Request
	host        string // Authority in lower case, without port; on a sidecar also without the dot at its end
	absolute    bool   // there was a dot, so that the host is no short name
	path        string // without query
	folded      string // path in lower case, filled on demand
	query       string // without `?`
	asks        bool   // there was a `?`, perhaps with nothing behind it
	params      map[string]string
	headers     map[string]string   // several values joined, as older proxies compare them
	repeated    map[string][]string // those that come several times, as newer proxies compare them
	claims      map[string][]string
	port        string
	paramsKnown bool
	guesses     map[string]guess // headers that a proxy sets, by what they may be
	depends     []string         // those that decide what becomes of the request
	solver      *solver          // filled on demand
}

// receive fills in the defaults. authority stands in for an empty one.
func receive(r Request, authority string) *received {
	if r.Authority == "" {
		r.Authority = authority
	}
	r.Path, _, _ = strings.Cut(r.Path, "#")
	if r.Path == "" {
		r.Path = "/"
	}
	if r.Method == "" {
		r.Method = "GET"
	}
	if r.Gateway == "" {
		r.Gateway = istio.MeshGateway
	}
	host, port := istio.SplitAuthority(r.Authority)
	if r.Port == 0 {
		r.Port = guessPort(r.Scheme, port)
	}
	if r.Scheme == "" {
		r.Scheme = "http"
		if r.Port == 443 {
			r.Scheme = "https"
		}
	}
	in := &received{Request: r, host: strings.ToLower(host), port: strconv.FormatUint(uint64(r.Port), 10)}
	if r.Gateway == istio.MeshGateway { // which alone istiod tells of services under their names with a dot
		in.host, in.absolute = strings.CutSuffix(in.host, ".")
	}
	in.path, in.query, in.asks = strings.Cut(r.Path, "?")
	if in.path == "" {
		in.path = "/"
	}
	in.readHeaders()
	return in
}

func guessPort(scheme, port string) uint32 {
	if n, err := strconv.ParseUint(port, 10, 16); err == nil && n > 0 {
		return uint32(n)
	}
	if scheme == "https" {
		return 443
	}
	return 80
}

func (r *received) readHeaders() {
	r.headers = make(map[string]string, len(r.Headers)+4)
	lines := make(map[string][]string, len(r.Headers))
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		values := r.Headers[name]
		if claim, ok := istio.ClaimPath(name); ok {
			if r.claims == nil {
				r.claims = map[string][]string{}
			}
			r.claims[claim] = append(r.claims[claim], values...)
			continue
		}
		key := headerName(name)
		lines[key] = append(slices.Clip(lines[key]), values...)
	}
	for name, values := range lines {
		switch {
		case len(values) == 0:
			continue
		case name == "cookie": // HTTP/2 joins them again, and HTTP/1 has but one line of them
			r.headers[name] = strings.Join(values, "; ")
			continue
		case len(values) > 1 && (variable{kind: onHeader, name: name}).repeats():
			if r.repeated == nil {
				r.repeated = map[string][]string{}
			}
			r.repeated[name] = values
		case joinedOnArrival[name]: // without the lines that are empty
			values = slices.DeleteFunc(slices.Clone(values), func(line string) bool { return line == "" })
		}
		r.headers[name] = strings.Join(values, ",")
	}
	r.headers[authorityHeader] = r.Authority
	r.headers[methodHeader] = r.Method
	r.headers[schemeHeader] = r.Scheme
	r.headers[pathHeader] = r.Path
}

// parameters reads the query as Envoy does: the first value of each name, nothing decoded.
func (r *received) parameters() map[string]string {
	if r.paramsKnown {
		return r.params
	}
	r.paramsKnown = true
	if r.query == "" {
		return nil
	}
	r.params = map[string]string{}
	for part := range strings.SplitSeq(r.query, "&") {
		name, value, _ := strings.Cut(part, "=")
		if _, known := r.params[name]; !known {
			r.params[name] = value
		}
	}
	return r.params
}

// value returns what a literal looks at, and whether the request has it.
func (r *received) value(l *literal) (string, bool) {
	switch l.on.kind {
	case onPath:
		return r.path, true
	case onHeader:
		v, ok := r.headers[l.on.name]
		return v, ok
	case onQuery:
		v, ok := r.parameters()[l.on.name]
		return v, ok
	case onClaim:
		for _, v := range r.claims[l.claim.path] {
			if l.claim.pattern.Matches(v) {
				return "", true
			}
		}
		return "", false
	case onPort:
		return r.port, true
	case onGateway:
		return r.Gateway, true
	case onLabel:
		v, ok := r.SourceLabels[l.on.name]
		return v, ok
	case onNamespace:
		return r.SourceNamespace, r.SourceNamespace != ""
	}
	return "", false
}

// holds reports whether the request satisfies the literal.
func (r *received) holds(l *literal) bool {
	if l.on.kind == onPath && l.pattern.Fold {
		if r.folded == "" {
			r.folded = pattern.LowerASCII(r.path)
		}
		return l.pattern.MatchesFolded(r.folded) == (l.present == matching)
	}
	if l.on.kind == onHeader && len(r.repeated) > 0 {
		if values := r.repeated[l.on.name]; len(values) > 0 {
			return l.holdsFor(values)
		}
	}
	value, ok := r.value(l)
	return l.holds(value, ok)
}

func (r *received) holdsAll(literals []literal) bool {
	for i := range literals {
		if !r.holds(&literals[i]) {
			return false
		}
	}
	return true
}
