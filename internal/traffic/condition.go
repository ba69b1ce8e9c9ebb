package traffic

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/pattern"
)

// conditions are an HTTPMatchRequest, or the lack of one, made ready.
type conditions struct {
	// place is about the proxy: port, gateway, labels, namespace. istiod decides it, and leaves the rest out of the
	// route tables of the proxies for which it does not hold.
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

var everyPath = want(variable{kind: onPath}, pattern.Prefix("/"))

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
			field := istio.Path{strings.TrimPrefix(on.name, ":")}
			c.about = append(c.about, want(variable{kind: onHeader, name: on.name}, pattern.New(on.match)).of(field))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		c.about = append(c.about, newHeaderLiteral(name, m.Headers[name]).of(istio.Path{"headers", istio.Key(name)}))
	}
	for _, name := range slices.Sorted(maps.Keys(m.WithoutHeaders)) {
		c.about = append(c.about,
			newWithoutLiteral(name, m.WithoutHeaders[name]).of(istio.Path{"without_headers", istio.Key(name)}))
	}
	for _, name := range slices.Sorted(maps.Keys(m.QueryParams)) {
		l := want(variable{kind: onQuery, name: name}, pattern.New(m.QueryParams[name]))
		c.about = append(c.about, l.of(istio.Path{"query_params", istio.Key(name)}))
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
		return want(variable{kind: onPath}, pattern.NewExpression(t.Regex)).of(istio.Path{"uri"})
	default:
		p := pattern.New(m.Uri)
		if m.IgnoreUriCase {
			p = p.IgnoreCase()
		}
		return want(variable{kind: onPath}, p).of(istio.Path{"uri"})
	}
}

func newHeaderLiteral(name string, m *networking.StringMatch) literal {
	p := pattern.New(m)
	if path, ok := istio.ClaimPath(name); ok {
		return newClaimLiteral(path, p)
	}
	return want(variable{kind: onHeader, name: headerName(name)}, p)
}

func newClaimLiteral(path string, p *pattern.Pattern) literal {
	if p.Shape == pattern.Anything {
		p = &pattern.Pattern{Shape: pattern.Unreadable}
	}
	l := want(variable{kind: onClaim, name: path + "\x00" + p.Key()}, &pattern.Pattern{})
	l.claim = &claim{path: path, pattern: p}
	if p.Shape == pattern.Unreadable {
		l.pattern = p
	}
	return l
}

// newWithoutLiteral compiles an entry of withoutHeaders. Compared with a value, a missing header counts as an empty
// one.
func newWithoutLiteral(name string, m *networking.StringMatch) literal {
	l := newHeaderLiteral(name, m).not()
	if l.on.kind == onHeader && l.present == others {
		l.absent = l.pattern.Shape != pattern.Unreadable && !l.pattern.Matches("")
	}
	return l
}

// newPlace compiles what istiod decides. Gateways in a match make it ignore the labels and the namespace.
func newPlace(m *networking.HTTPMatchRequest, namespace string) []literal {
	var place []literal
	if m.Port != 0 {
		l := want(variable{kind: onPort}, pattern.Exact(strconv.FormatUint(uint64(m.Port), 10)))
		place = append(place, l.of(istio.Path{"port"}))
	}
	if len(m.Gateways) > 0 {
		l := want(variable{kind: onGateway}, pattern.Exact(istio.GatewayNames(m.Gateways, namespace)...))
		return append(place, l.of(istio.Path{"gateways"}))
	}
	for _, name := range slices.Sorted(maps.Keys(m.SourceLabels)) {
		l := want(variable{kind: onLabel, name: name}, pattern.Exact(m.SourceLabels[name]))
		place = append(place, l.of(istio.Path{"source_labels", istio.Key(name)}))
	}
	if m.SourceNamespace != "" {
		place = append(place,
			want(variable{kind: onNamespace}, pattern.Exact(m.SourceNamespace)).of(istio.Path{"source_namespace"}))
	}
	return place
}
