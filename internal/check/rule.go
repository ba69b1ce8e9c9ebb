package check

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// ruleNames looks for rules of one name, which access logs, traces and statistics cannot tell apart.
func (c *checker) ruleNames(m *networking.VirtualService) {
	first := map[string]int{}
	for i, rule := range m.Http {
		if rule.GetName() == "" {
			continue
		}
		if j, taken := first[rule.Name]; taken {
			c.doubt(istio.Path{"http", i, "name"},
				"%.80q is the name of http[%d] already: access logs cannot tell the two apart; give each its own",
				rule.Name, j)
			continue
		}
		first[rule.Name] = i
	}
}

func (c *checker) rule(m *networking.HTTPRoute) {
	shares := make([]share, len(m.Route))
	for i, d := range m.Route {
		shares[i] = share{d.GetDestination(), d.GetWeight(), d.GetHeaders()}
	}
	c.shares(shares)
	c.mirrors(m)
	c.unused(m)
	c.manyHeaders(m)
	c.preflights(m)
	limit, try := m.Timeout, m.GetRetries().GetPerTryTimeout()
	if limit != nil && try != nil && limit.AsDuration() > 0 && try.AsDuration() >= limit.AsDuration() {
		c.doubt(
			istio.Path{"retries", "per_try_timeout"},
			"%s is not below timeout (%s), so that a try is never cut off and repeated; write less, or raise timeout",
			try.AsDuration(),
			limit.AsDuration(),
		)
	}
}

// share is one destination of a route.
type share struct {
	destination *networking.Destination
	weight      int32
	headers     *networking.Headers
}

func layer4Shares(routes []*networking.RouteDestination) []share {
	shares := make([]share, len(routes))
	for i, d := range routes {
		shares[i] = share{destination: d.GetDestination(), weight: d.GetWeight()}
	}
	return shares
}

// shares looks at weights. Istio reads them as proportions of their sum, leaves out destinations of weight 0, and
// sends a sole destination everything. Envoy takes no sum above 32 bits.
// Source: istio.io/istio pilot/pkg/networking/core/route applyHTTPRouteDestination.
func (c *checker) shares(shares []share) {
	if len(shares) == 1 {
		if w := shares[0].weight; w > 0 && w != 100 {
			c.doubt(istio.Path{"route", 0, "weight"}, "%d has no effect: the only destination takes every request; "+
				"leave it out, or add the destination that takes the rest", w)
		}
		return
	}
	sum := int64(0)
	for _, s := range shares {
		if s.weight < 0 {
			return
		}
		sum += int64(s.weight)
	}
	switch {
	case sum > math.MaxUint32:
		c.refuse(
			istio.Path{"route"},
			"the weights sum to %d, and Envoy refuses the whole route table above %d; write percentages",
			sum,
			uint32(math.MaxUint32),
		)
	case sum != 100 && sum != 0:
		c.doubt(istio.Path{"route"}, "the weights sum to %d, and Istio reads them as proportions: %s; let them sum "+
			"to 100, so that they are percentages",
			sum, proportion(shares, sum))
	}
	c.repeated(shares)
}

// proportion says what a weight amounts to.
func proportion(shares []share, sum int64) string {
	for _, s := range shares {
		if s.weight > 0 {
			return fmt.Sprintf("%d of %d is %.4g %%", s.weight, sum, 100*float64(s.weight)/float64(sum))
		}
	}
	return ""
}

// mostShares is how many destinations of one route are compared with each other.
const mostShares = 100

// repeated looks for one destination named twice, whose shares add up.
func (c *checker) repeated(shares []share) {
	for i, s := range shares[:min(len(shares), mostShares)] {
		for j := range i {
			if s.destination != nil && proto.Equal(s.destination, shares[j].destination) &&
				proto.Equal(s.headers, shares[j].headers) {
				c.doubt(
					istio.Path{"route", i, "destination"},
					"is route[%d] again, and takes the sum of both weights; name another subset, or add the weights up",
					j,
				)
				break
			}
		}
	}
}

// smallestShare is the smallest percentage that Envoy is told: istiod cuts off what is below a millionth.
const smallestShare = 0.0001

// mirrors looks for percentages of mirrors that are not there. A rule that is completed by another one may get the
// mirror from it.
func (c *checker) mirrors(m *networking.HTTPRoute) {
	deprecated := m.MirrorPercent //nolint:staticcheck // deprecated, and still accepted
	if m.MirrorPercentage != nil && deprecated != nil {
		c.doubt(istio.Path{"mirror_percent"}, "has no effect beside mirror_percentage; leave it out")
	}
	if m.Mirror == nil && !c.mayInherit(m) {
		reason := "has no effect without mirror: nothing is mirrored; name the destination in mirror, or leave it out"
		if len(m.Mirrors) > 0 {
			reason = "is of mirror, and has no effect on mirrors; write percentage into each of mirrors"
		}
		if m.MirrorPercentage != nil {
			c.doubt(istio.Path{"mirror_percentage"}, "%s", reason)
		}
		if deprecated != nil {
			c.doubt(istio.Path{"mirror_percent"}, "%s", reason)
		}
	}
	if m.Delegate != nil && m.Mirror != nil && len(m.Mirrors) > 0 {
		c.doubt(istio.Path{"mirrors"}, "a rule has mirror or mirrors, and the delegate that gets both mirrors to all "+
			"of them; move mirror into mirrors")
	}
	c.tinyShare(istio.Path{"mirror_percentage", "value"}, m.MirrorPercentage)
	for i, mirror := range m.Mirrors {
		c.tinyShare(istio.Path{"mirrors", i, "percentage", "value"}, mirror.GetPercentage())
	}
}

func (c *checker) tinyShare(at istio.Path, percentage *networking.Percent) {
	if p := percentage.GetValue(); p > 0 && p < smallestShare {
		c.void(at, "%g percent is below %g, which Envoy can count: nothing is mirrored; write 0 or more",
			p, smallestShare)
	}
}

// unused looks at what only requests that are forwarded can have.
// Source: istio.io/istio pilot/pkg/networking/core/route TranslateRoute.
func (c *checker) unused(m *networking.HTTPRoute) {
	answer := ""
	switch {
	case m.Delegate != nil:
		return
	case m.Redirect != nil:
		answer = "redirect"
	case m.DirectResponse != nil:
		answer = "direct_response"
	default:
		return
	}
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"timeout", m.Timeout != nil},
		{"retries", m.Retries != nil},
		{"mirror", m.Mirror != nil},
		{"mirrors", len(m.Mirrors) > 0},
		{"cors_policy", m.CorsPolicy != nil},
	} {
		if f.set {
			c.doubt(istio.Path{f.name},
				"has no effect beside %s: the proxy answers by itself and forwards nothing; leave it out", answer)
		}
	}
}

// retries looks for what goes with attempts that are switched off. Istio's validation knows of the other fields.
func (c *checker) retries(m *networking.HTTPRetry) {
	c.cutOff(m)
	if m.Attempts != 0 {
		return
	}
	const reason = "has no effect: attempts is 0, which switches retries off; write attempts, or leave this out"
	if m.Backoff != nil {
		c.doubt(istio.Path{"backoff"}, reason)
	}
	if m.RetryIgnorePreviousHosts != nil {
		c.doubt(istio.Path{"retry_ignore_previous_hosts"}, reason)
	}
}

func (c *checker) directResponse(m *networking.HTTPDirectResponse) {
	if m.Body != nil && m.Body.Specifier == nil {
		c.void(istio.Path{"body"},
			"has no effect: it needs one of string and bytes; write one, or leave it out for an empty answer")
	}
}

// delegate looks for a delegate that Istio cannot find, whose rule it drops without a word.
func (c *checker) delegate(m *networking.Delegate) {
	namespace := m.Namespace
	if namespace == "" {
		namespace = c.object.Namespace
	}
	switch {
	case m.Name == "":
		c.void(nil, "needs the name of a VirtualService; Istio drops the rule without")
	case !istio.IsObjectName(m.Name):
		c.void(istio.Path{"name"},
			"%.80q is no name of an object, so that Istio finds no VirtualService and drops the rule", m.Name)
	case m.Namespace != "" && !istio.IsNamespaceName(m.Namespace):
		c.void(istio.Path{"namespace"},
			"%.80q is no name of a namespace, so that Istio finds no VirtualService and drops the rule", m.Namespace)
	case m.Name == c.object.Name && namespace == c.object.Namespace:
		c.void(istio.Path{"name"}, "is this VirtualService itself, which is no delegate as it has hosts: Istio drops "+
			"the rule; name one without hosts")
	}
}

// wholeFault is Istio's and Envoy's number for every request.
const wholeFault = 100

func (c *checker) delay(m *networking.HTTPFaultInjection_Delay) {
	percent := m.Percent //nolint:staticcheck // deprecated, and still accepted
	switch {
	case m.HttpDelayType == nil:
		c.void(nil, "delays nothing: fixed_delay is not set; write how long, or leave delay out")
	case m.Percentage == nil && percent == 0:
		c.void(nil, "delays nothing: without percentage it is 0 percent of the requests")
		c.mend(istio.WholePercentage)
	}
	switch {
	case percent == 0:
	case m.Percentage != nil:
		c.doubt(istio.Path{"percent"}, "has no effect beside percentage, and is deprecated; leave it out")
	case percent < 0 || percent > wholeFault:
		c.void(istio.Path{"percent"}, "must be between 0 and %d, got %d; it is deprecated: write percentage",
			wholeFault, percent)
	default:
		c.doubt(istio.Path{"percent"}, "is deprecated")
		c.mendWith(istio.NewPercentage, strconv.Itoa(int(percent)))
	}
}

func (c *checker) abort(m *networking.HTTPFaultInjection_Abort) {
	switch {
	case m.ErrorType == nil:
		c.void(nil, "aborts nothing: neither http_status nor grpc_status is set; write one, or leave abort out")
	case m.Percentage == nil:
		c.void(nil, "aborts nothing: without percentage it is 0 percent of the requests")
		c.mend(istio.WholePercentage)
	}
}

func (c *checker) cors(m *networking.CorsPolicy) {
	deprecated := m.AllowOrigin //nolint:staticcheck // deprecated, and still accepted
	switch {
	case len(deprecated) > 0 && len(m.AllowOrigins) > 0:
		c.doubt(istio.Path{"allow_origin"}, "has no effect beside allow_origins, and is deprecated; leave it out")
	case len(deprecated) > 0:
		c.doubt(istio.Path{"allow_origin"}, "is deprecated")
		c.mendWith(istio.NewOrigin, deprecated[0])
	case len(m.AllowOrigins) == 0:
		c.doubt(nil, "allows no origin, so that the rest of it has no effect; write allow_origins")
	}
}

// preflights looks for a policy that browsers never ask, because the rule is for other methods than theirs.
func (c *checker) preflights(m *networking.HTTPRoute) {
	for _, match := range m.Match {
		switch t := match.GetMethod().GetMatchType().(type) {
		case *networking.StringMatch_Exact:
			if t.Exact == http.MethodOptions {
				return
			}
		case *networking.StringMatch_Prefix:
			if strings.HasPrefix(http.MethodOptions, t.Prefix) { //nolint:gocritic // the condition has the prefix
				return
			}
		default:
			return
		}
	}
	if m.CorsPolicy != nil && len(m.Match) > 0 && len(m.Route) > 0 {
		c.doubt(istio.Path{"cors_policy"},
			"answers no preflight: browsers ask with OPTIONS, and no match of this rule takes that; add a match for it")
	}
}
