package routing

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"
)

// longestParameter is how long the name of a query parameter may be in Envoy.
const longestParameter = 1024

func (c *checker) match(m *networking.HTTPMatchRequest) {
	c.path(m)
	for _, f := range []struct {
		name  string
		value *networking.StringMatch
	}{{"scheme", m.Scheme}, {"method", m.Method}, {"authority", m.Authority}} {
		if f.value == nil {
			continue
		}
		if f.value.MatchType == nil {
			c.doubt(Path{f.name}, "matches every request: it needs one of exact, prefix and regex; leave it out")
		}
		c.expression(f.value, f.name)
	}
	c.method(m.Method)
	if exact, ok := m.Scheme.GetMatchType().(*networking.StringMatch_Exact); ok && exact.Exact != "http" && exact.Exact != "https" {
		c.doubt(Path{"scheme", "exact"}, "%.80q is no scheme that requests are known to have, which are http and https in lower case", exact.Exact)
	}
	c.headers(m)
	for name, value := range m.QueryParams {
		if len(name) > longestParameter {
			c.refuse(Path{"query_params", Key(name)}, "the name must not be longer than %d bytes, got %d; Envoy refuses the whole route table",
				longestParameter, len(name))
		}
		c.expression(value, "query_params", Key(name))
	}
	c.matchGateways(m.Gateways)
	c.source(m)
}

// notInPath are runes that no path has where Envoy matches it: there the query is cut off.
const notInPath = "?#"

// path looks at the path of requests, which begins with a slash; but for `*`, which an OPTIONS request can ask for.
func (c *checker) path(m *networking.HTTPMatchRequest) {
	at, text := Path{"uri"}, ""
	switch uri := m.Uri.GetMatchType().(type) {
	case nil:
		if m.Uri != nil {
			c.doubt(at, "matches every path: it needs one of exact, prefix and regex; leave it out")
		}
		if m.IgnoreUriCase {
			c.doubt(Path{"ignore_uri_case"}, "has no effect without uri; leave it out")
		}
		return
	case *networking.StringMatch_Exact:
		at, text = append(at, "exact"), uri.Exact
		if text == "" {
			c.refuse(at, "no path is empty, so that this match never holds; write the path, or leave uri out for every path")
			return
		}
	case *networking.StringMatch_Prefix:
		at, text = append(at, "prefix"), uri.Prefix
		if text == "" {
			return
		}
	case *networking.StringMatch_Regex:
		at = append(at, "regex")
		if m.IgnoreUriCase {
			c.doubt(Path{"ignore_uri_case"}, "has no effect on a regex; write (?i) at its beginning")
		}
		if !canMatch(uri.Regex, "/*", "") {
			c.refuse(at, "matches no path, so that this match never holds: it has to match the whole path, which begins with a slash")
		} else if !canMatch(uri.Regex, "/*", notInPath) {
			c.refuse(at, "matches no path, so that this match never holds: the query is cut off before; match it with query_params")
		}
		return
	}
	switch {
	case text != "*" && !strings.HasPrefix(text, "/"):
		c.refuse(at, "%.80q is no beginning of a path, so that this match never holds; write %.80q", text, "/"+text)
	case strings.ContainsAny(text, notInPath):
		c.refuse(at, "the path is matched without the query, so that this match never holds; match the query with query_params")
	}
}

// methods are those that HTTP defines.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"}

func (c *checker) method(value *networking.StringMatch) {
	exact, ok := value.GetMatchType().(*networking.StringMatch_Exact)
	if !ok {
		return
	}
	upper := strings.ToUpper(exact.Exact)
	switch {
	case exact.Exact == "":
		c.refuse(Path{"method", "exact"}, "no method is empty, so that this match never holds; write the method, or leave method out")
	case upper != exact.Exact && slices.Contains(methods, upper):
		c.doubt(Path{"method", "exact"}, "methods are compared with case, and %.80q is not the method %s that clients are known to send", exact.Exact, upper)
	}
}

// expression looks for a regular expression that nothing matches.
func (c *checker) expression(value *networking.StringMatch, steps ...any) {
	if regex, ok := value.GetMatchType().(*networking.StringMatch_Regex); ok && regex.Regex != "" && !canMatch(regex.Regex, "", "") {
		c.refuse(append(Path(steps), "regex"), "matches no text, so that this match never holds; mind that it has to match all of it")
	}
}
