package check

import (
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// longestParameter is how long the name of a query parameter may be in Envoy.
const longestParameter = 1024

func (c *checker) match(m *networking.HTTPMatchRequest) {
	c.path(m)
	for _, f := range []struct {
		name  string
		value *networking.StringMatch
	}{{"scheme", m.Scheme}, {"method", m.Method}, {"authority", m.Authority}} {
		if f.value != nil && f.value.MatchType == nil {
			c.doubt(istio.Path{f.name}, "matches every request: it needs one of exact, prefix and regex; leave it out")
		}
	}
	c.method(m.Method)
	if exact, ok := m.Scheme.GetMatchType().(*networking.StringMatch_Exact); ok && exact.Exact != "http" &&
		exact.Exact != "https" {
		c.doubt(istio.Path{"scheme", "exact"},
			"%.80q is no scheme that requests are known to have, which are http and https in lower case", exact.Exact)
	}
	c.headers(m)
	for name := range m.QueryParams {
		if len(name) > longestParameter {
			c.refuse(istio.Path{"query_params", istio.Key(name)},
				"the name must not be longer than %d bytes, got %d; Envoy refuses the whole route table",
				longestParameter, len(name))
		}
	}
	c.uncheckedGateways(m.Gateways)
	c.matchGateways(m.Gateways)
	c.source(m)
}

// path looks at conditions on the path that say nothing.
func (c *checker) path(m *networking.HTTPMatchRequest) {
	if m.Uri != nil && m.Uri.MatchType == nil {
		c.doubt(istio.Path{"uri"}, "matches every path: it needs one of exact, prefix and regex; leave it out")
	}
	if !m.IgnoreUriCase {
		return
	}
	switch m.Uri.GetMatchType().(type) {
	case nil:
		c.doubt(istio.Path{"ignore_uri_case"}, "has no effect without uri; leave it out")
	case *networking.StringMatch_Regex:
		c.doubt(istio.Path{"ignore_uri_case"}, "has no effect on a regex; write (?i) at its beginning")
	}
}
