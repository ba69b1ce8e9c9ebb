package routing

import (
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1"
)

// conditions are an HTTPMatchRequest, or the lack of one, made ready.
type conditions struct {
	// place is about the proxy: port, gateway, labels, namespace. istiod decides it, and leaves the rest out of the route
	// tables of the proxies for which it does not hold.
	place []literal
	// about is about the request.
	about []literal
	// last says that no rule behind this one reaches a proxy for which place holds.
	// Source: istio.io/istio pilot/pkg/networking/core/route IsCatchAllRoute.
	last bool
}

// all returns every condition. Those of a last match are only those about the proxy.
func (c *conditions) all() []literal {
	if c.last {
		return c.place
	}
	return append(c.place[:len(c.place):len(c.place)], c.about...)
}

var everyPath = want(variable{kind: onPath}, prefix("/"))

// newConditions compiles a match; nil is a rule without any.
// Source: istio.io/istio pilot/pkg/networking/core/route TranslateRouteMatch, sourceMatchHTTP.
func newConditions(m *networking.HTTPMatchRequest, namespace string) conditions {
	if m == nil {
		return conditions{about: []literal{everyPath}, last: true}
	}
	c := conditions{place: newPlace(m, namespace), about: []literal{newPathLiteral(m)}}
	for _, on := range []struct {
		name  string
		match *networking.StringMatch
	}{{methodHeader, m.Method}, {schemeHeader, m.Scheme}, {authorityHeader, m.Authority}} {
		if on.match != nil {
			field := Path{strings.TrimPrefix(on.name, ":")}
			c.about = append(c.about, want(variable{kind: onHeader, name: on.name}, newPattern(on.match)).of(field))
		}
	}
	for _, name := range sortedKeys(m.Headers) {
		c.about = append(c.about, newHeaderLiteral(name, m.Headers[name]).of(Path{"headers", Key(name)}))
	}
	for _, name := range sortedKeys(m.WithoutHeaders) {
		c.about = append(c.about, newWithoutLiteral(name, m.WithoutHeaders[name]).of(Path{"without_headers", Key(name)}))
	}
	for _, name := range sortedKeys(m.QueryParams) {
		l := want(variable{kind: onQuery, name: name}, newPattern(m.QueryParams[name]))
		c.about = append(c.about, l.of(Path{"query_params", Key(name)}))
	}
	c.last = len(c.about) == 1 && isEveryPath(m.Uri)
	return c
}

func isEveryPath(uri *networking.StringMatch) bool {
	switch t := uri.GetMatchType().(type) {
	case nil:
		return true
	case *networking.StringMatch_Prefix:
		return t.Prefix == "/"
	case *networking.StringMatch_Regex:
		return t.Regex == ".*"
	}
	return false
}

func newPathLiteral(m *networking.HTTPMatchRequest) literal {
	switch t := m.Uri.GetMatchType().(type) {
	case nil:
		return everyPath
	case *networking.StringMatch_Regex:
		return want(variable{kind: onPath}, newExpression(t.Regex)).of(Path{"uri"})
	default:
		p := newPattern(m.Uri)
		if m.IgnoreUriCase {
			p = p.ignoreCase()
		}
		return want(variable{kind: onPath}, p).of(Path{"uri"})
	}
}

func newHeaderLiteral(name string, m *networking.StringMatch) literal {
	p := newPattern(m)
	if path, ok := claimPath(name); ok {
		return newClaimLiteral(path, p)
	}
	return want(variable{kind: onHeader, name: headerName(name)}, p)
}

func newClaimLiteral(path string, p *pattern) literal {
	if p.shape == anything {
		p = &pattern{shape: unreadable}
	}
	l := want(variable{kind: onClaim, name: path + "\x00" + p.key()}, &pattern{})
	l.claim = &claim{path: path, pattern: p}
	if p.shape == unreadable {
		l.pattern = p
	}
	return l
}

// newWithoutLiteral compiles an entry of withoutHeaders. Compared with a value, a missing header counts as an empty one.
func newWithoutLiteral(name string, m *networking.StringMatch) literal {
	l := newHeaderLiteral(name, m).not()
	if l.on.kind == onHeader && l.present == others {
		l.absent = l.pattern.shape != unreadable && !l.pattern.matches("")
	}
	return l
}

// newPlace compiles what istiod decides. Gateways in a match make it ignore the labels and the namespace.
func newPlace(m *networking.HTTPMatchRequest, namespace string) []literal {
	var place []literal
	if m.Port != 0 {
		l := want(variable{kind: onPort}, exact(strconv.FormatUint(uint64(m.Port), 10)))
		place = append(place, l.of(Path{"port"}))
	}
	if len(m.Gateways) > 0 {
		l := want(variable{kind: onGateway}, exact(gatewayNames(m.Gateways, namespace)...))
		return append(place, l.of(Path{"gateways"}))
	}
	for _, name := range sortedKeys(m.SourceLabels) {
		l := want(variable{kind: onLabel, name: name}, exact(m.SourceLabels[name]))
		place = append(place, l.of(Path{"source_labels", Key(name)}))
	}
	if m.SourceNamespace != "" {
		place = append(place, want(variable{kind: onNamespace}, exact(m.SourceNamespace)).of(Path{"source_namespace"}))
	}
	return place
}

// gatewayNames returns full names, the one gateway of the mesh if there are none.
func gatewayNames(names []string, namespace string) []string {
	if len(names) == 0 {
		return []string{MeshGateway}
	}
	full := make([]string, len(names))
	for i, name := range names {
		full[i] = GatewayName(name, namespace)
	}
	return full
}

// GatewayName returns the full name of a gateway, `namespace/name`, as Istio resolves it in an object of the given
// namespace; `mesh` stays what it is.
// Source: istio.io/istio pilot/pkg/model resolveGatewayName.
func GatewayName(name, namespace string) string {
	if name == MeshGateway {
		return name
	}
	if before, after, ok := strings.Cut(name, "/"); ok {
		if before == "." {
			return namespace + "/" + after
		}
		return name
	}
	if first, rest, ok := strings.Cut(name, "."); ok {
		second, _, _ := strings.Cut(rest, ".")
		return second + "/" + first
	}
	return namespace + "/" + name
}
