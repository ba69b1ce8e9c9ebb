package traffic

import (
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/pattern"
)

// subject is what a condition looks at.
type subject uint8

const (
	onPath      subject = iota // the path without the query
	onHeader                   // a header, by its name in lower case; also :authority, :method, :scheme and :path
	onQuery                    // a query parameter
	onClaim                    // a claim of the token, together with what it is compared with
	onPort                     // the port of the listener
	onGateway                  // where the request enters
	onLabel                    // a label of the calling workload
	onNamespace                // the namespace of the calling workload
)

// Names under which Envoy keeps what HTTP/2 has in pseudo-headers.
const (
	authorityHeader = ":authority"
	methodHeader    = ":method"
	schemeHeader    = ":scheme"
	pathHeader      = ":path"
	statusHeader    = ":status"
)

// variable is one thing that a request has or has not, and that conditions constrain.
type variable struct {
	kind subject
	name string
}

// always reports whether every request has it.
func (v variable) always() bool {
	switch v.kind {
	case onPath, onPort, onGateway, onNamespace:
		return true
	case onHeader:
		return v.name == authorityHeader || v.name == methodHeader || v.name == schemeHeader || v.name == pathHeader
	case onQuery, onClaim, onLabel:
		return false
	}
	return false
}

// repeats reports whether a proxy may see several lines of it.
func (v variable) repeats() bool {
	return v.kind == onHeader && !v.always() && v.name != "cookie" && !joinedOnArrival[v.name]
}

// never reports whether no request has it.
func (v variable) never() bool { return v.kind == onHeader && v.name == statusHeader }

// reading says which of the values that are there satisfy a literal.
type reading uint8

const (
	none     reading = iota // none: it must be absent
	matching                // those that match the pattern
	others                  // those that do not
)

// literal is one condition of a match, or the opposite of one. Conditions are literals joined by and.
type literal struct {
	on      variable
	absent  bool // satisfied when the variable is absent
	present reading
	pattern *pattern.Pattern
	claim   *claim
	at      istio.Path // the field of the match that says so, nil for what no field says
}

// claim is what a literal about a claim compares.
type claim struct {
	path    string
	pattern *pattern.Pattern
}

// want is the condition that the variable is there and matches.
func want(on variable, p *pattern.Pattern) literal {
	return literal{on: on, present: matching, pattern: p}
}

// of says which field of a match the literal is.
func (l literal) of(field istio.Path) literal {
	l.at = field
	return l
}

// not returns the opposite.
func (l literal) not() literal {
	l.absent = !l.absent
	switch l.present {
	case none:
		l.present, l.pattern = matching, &pattern.Pattern{}
	case matching:
		l.present = others
		if l.pattern.Shape == pattern.Anything {
			l.present, l.pattern = none, nil
		}
	case others:
		l.present = matching
	}
	return l
}

// holds reports whether a value satisfies the literal.
func (l *literal) holds(value string, present bool) bool {
	if !present {
		return l.absent
	}
	switch l.present {
	case none:
		return false
	case matching:
		return l.pattern.Matches(value)
	case others:
		return l.pattern.Shape != pattern.Unreadable && !l.pattern.Matches(value)
	}
	return false
}

// holdsFor reports whether several lines of a header satisfy the literal: one that matches is enough for a pattern to
// be there.
// Source: run with Envoy 1.40.
func (l *literal) holdsFor(values []string) bool {
	one := slices.ContainsFunc(values, func(value string) bool {
		return l.present != none && l.pattern.Matches(value)
	})
	switch l.present {
	case none:
		return false
	case matching:
		return one
	case others:
		return l.pattern.Shape != pattern.Unreadable && !one
	}
	return false
}

func headerName(name string) string {
	name = strings.ToLower(name)
	if name == "host" {
		return authorityHeader // Envoy keeps the one under the name of the other
	}
	return name
}
