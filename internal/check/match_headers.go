package check

import (
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// claims begins the name of a header that stands for a claim of the request's token.
const claims = "@request.auth.claims"

func isClaim(name string) bool {
	return len(name) > len(claims) && strings.EqualFold(name[:len(claims)], claims)
}

// claim looks at a condition on a claim, which istiod turns into one on metadata: that takes no name without letters
// and no condition without a text.
// Source: istio.io/istio pkg/jwt ToRoutingClaim, pilot/pkg/security/authz/matcher.
func (c *checker) claim(at istio.Path, name string, value *networking.StringMatch) {
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
		c.refuse(at, "a claim cannot be matched without a text, and Envoy refuses the whole route table")
		c.mend(istio.MatchAnyText)
	}
}

// headers looks for conditions on headers that are probably not meant. Envoy compares names without case.
func (c *checker) headers(m *networking.HTTPMatchRequest) {
	spelled := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		value, lower := m.Headers[name], strings.ToLower(name)
		at := istio.Path{"headers", istio.Key(name)}
		c.claim(at, name, value)
		if isClaim(name) {
			continue
		}
		if exact, ok := value.GetMatchType().(*networking.StringMatch_Exact); ok && exact.Exact == "" {
			c.doubt(at.At("exact"), "matches a header that is there and empty; write {} for one that is there, "+
				"without_headers for one that is not")
		}
		if other, taken := spelled[lower]; taken {
			c.doubt(at, "header names have no case: this is the header %q, and both conditions have to hold; write one",
				other)
		}
		spelled[lower] = name
		c.capitals(at, name)
		c.takenAway(at, name)
	}
	for _, name := range slices.Sorted(maps.Keys(m.WithoutHeaders)) {
		at := istio.Path{"without_headers", istio.Key(name)}
		c.claim(at, name, m.WithoutHeaders[name])
		c.capitals(at, name)
	}
}

// capitals looks for names that gRPC's own client compares with those of metadata, which are in lower case. It is
// never at a gateway.
// Source: run with google.golang.org/grpc/xds 1.85.
func (c *checker) capitals(at istio.Path, name string) {
	lower := strings.ToLower(name)
	if lower == name || isClaim(name) || c.atGateways() {
		return
	}
	c.doubt(at, "proxies compare names of headers without case, and gRPC clients that route by themselves (xds:///) "+
		"with case, so that theirs never have this one; write %.80q", lower)
}

// atGateways reports whether no caller in the mesh uses the object.
func (c *checker) atGateways() bool {
	gateways := c.virtualService().GetGateways()
	return len(gateways) > 0 && !slices.Contains(gateways, istio.MeshGateway)
}

// takenAway looks for headers that requests seldom have when they are routed.
func (c *checker) takenAway(at istio.Path, name string) {
	if why := traffic.SeldomArrives(name, c.atGateways()); why != "" {
		c.doubt(at, "%s", why)
	}
}
