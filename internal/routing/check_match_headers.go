package routing

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"
)

// claims begins the name of a header that stands for a claim of the request's token.
const claims = "@request.auth.claims"

func isClaim(name string) bool {
	return len(name) > len(claims) && strings.EqualFold(name[:len(claims)], claims)
}

// headerKey returns what Envoy compares names of headers by. Names of claims have case.
func headerKey(name string) string {
	if isClaim(name) {
		return name
	}
	return strings.ToLower(name)
}

// claim looks at a condition on a claim, which istiod turns into one on metadata: that takes no name without letters and no
// condition without a text.
// Source: istio.io/istio pkg/jwt ToRoutingClaim, pilot/pkg/security/authz/matcher.
func (c *checker) claim(at Path, name string, value *networking.StringMatch) {
	if !isClaim(name) {
		return
	}
	rest := name[len(claims):]
	names := strings.Split(strings.TrimPrefix(rest, "."), ".")
	if strings.HasPrefix(rest, "[") {
		names = strings.Split(strings.Trim(rest, "[]"), "][")
	}
	switch {
	case slices.Contains(names, ""):
		c.refuse(at, "one of the claim's names is empty; Envoy refuses the whole route table")
	case value.GetMatchType() == nil || value.GetRegex() == "*":
		c.refuse(at, "a claim cannot be matched without a text, and Envoy refuses the whole route table; write regex = \".+\" for one that is there")
	}
}

// pseudoHeaders are the fields of a match that are headers too, by the names of those.
func pseudoHeaders(m *networking.HTTPMatchRequest) map[string]*networking.StringMatch {
	return map[string]*networking.StringMatch{":method": m.Method, ":scheme": m.Scheme, ":authority": m.Authority, "host": m.Authority}
}

// headers looks for conditions on headers that contradict each other. Envoy compares names without case.
func (c *checker) headers(m *networking.HTTPMatchRequest) {
	if len(m.Headers) == 0 && len(m.WithoutHeaders) == 0 {
		return
	}
	type condition struct {
		name  string
		value *networking.StringMatch
	}
	required := map[string]condition{}
	for name, value := range pseudoHeaders(m) {
		if value.GetMatchType() != nil {
			required[name] = condition{strings.TrimPrefix(name, ":"), value}
		}
	}
	for _, name := range sortedKeys(m.Headers) {
		value, lower := m.Headers[name], headerKey(name)
		at := Path{"headers", Key(name)}
		c.expression(value, at...)
		c.claim(at, name, value)
		if lower == ":status" {
			c.refuse(at, "requests have no status, so that this match never holds")
		}
		if exact, ok := value.GetMatchType().(*networking.StringMatch_Exact); ok && exact.Exact == "" && !isClaim(name) {
			c.doubt(at.At("exact"), "matches a header that is there and empty; write {} for one that is there, without_headers for one that is not")
		}
		other, taken := required[lower]
		switch {
		case taken && contradict(other.value, value):
			c.refuse(at, "contradicts what is asked of %q, so that this match never holds; write two matches for either of the two", other.name)
		case taken && other.name != lower && strings.EqualFold(other.name, name):
			c.doubt(at, "header names have no case: this is the header %q, and both conditions have to hold; write one", other.name)
		}
		required[lower] = condition{name, value}
	}
	for _, name := range sortedKeys(m.WithoutHeaders) {
		value, at := m.WithoutHeaders[name], Path{"without_headers", Key(name)}
		c.claim(at, name, value)
		regex := value.GetRegex()
		if matchesAll(regex) && !isClaim(name) {
			c.refuse(at.At("regex"), "an absent header counts as an empty one, which %q matches too, so that this match never holds; write {} "+
				"to match requests without the header", regex)
			continue
		}
		other, taken := required[headerKey(name)]
		if taken && excludes(other.value, value) {
			c.refuse(at, "excludes what is asked of the header %q, so that this match never holds; leave one of the two out", other.name)
		}
	}
}

// contradict reports whether it is certain that no text matches both.
func contradict(a, b *networking.StringMatch) bool {
	if exact, ok := a.GetMatchType().(*networking.StringMatch_Exact); ok {
		return !matches(b, exact.Exact, true)
	}
	if exact, ok := b.GetMatchType().(*networking.StringMatch_Exact); ok {
		return !matches(a, exact.Exact, true)
	}
	x, isPrefix := a.GetMatchType().(*networking.StringMatch_Prefix)
	y, arePrefixes := b.GetMatchType().(*networking.StringMatch_Prefix)
	return isPrefix && arePrefixes && !strings.HasPrefix(x.Prefix, y.Prefix) && !strings.HasPrefix(y.Prefix, x.Prefix)
}

// excludes reports whether it is certain that every header that matches required matches excluded too.
func excludes(required, excluded *networking.StringMatch) bool {
	if excluded.GetMatchType() == nil || excluded.GetRegex() == "*" {
		return true
	}
	switch r := required.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		return matches(excluded, r.Exact, false)
	case *networking.StringMatch_Prefix:
		prefix, ok := excluded.GetMatchType().(*networking.StringMatch_Prefix)
		return ok && strings.HasPrefix(r.Prefix, prefix.Prefix)
	case *networking.StringMatch_Regex:
		return excluded.GetRegex() == r.Regex
	}
	return false
}

// matches reports whether a text matches; unknown is the answer for an expression that does not compile.
func matches(m *networking.StringMatch, text string, unknown bool) bool {
	switch kind := m.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		return kind.Exact == text
	case *networking.StringMatch_Prefix:
		return strings.HasPrefix(text, kind.Prefix)
	case *networking.StringMatch_Regex:
		expression, err := compileWhole(kind.Regex)
		if err != nil {
			return unknown
		}
		return expression.MatchString(text)
	}
	return true
}
