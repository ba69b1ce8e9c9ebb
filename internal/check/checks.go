package check

import (
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// unsaid finds what Istio's validation does not say.
func unsaid(o *istio.Object) []istio.Problem {
	c, dead := &checker{object: o}, traffic.NeverTaken(o)
	visit(o.Spec.ProtoReflect(), nil, func(at istio.Path, message proto.Message) {
		c.at = at
		c.problems = append(c.problems, refusedPart(at, message)...)
		c.inspect(message)
	})
	return append(unlessVoid(c.problems, dead), dead...)
}

// inspect is the list of checks, by the message that they are for.
func (c *checker) inspect(message proto.Message) {
	switch m := message.(type) {
	case *networking.VirtualService:
		c.hosts(m)
		c.ruleNames(m)
		c.serverNames(m)
		c.uncheckedGateways(m.Gateways)
	case *networking.HTTPRoute:
		c.rule(m)
	case *networking.HTTPMatchRequest:
		c.match(m)
	case *networking.Delegate:
		c.delegate(m)
	case *networking.HTTPRetry:
		c.retries(m)
	case *networking.HTTPRedirect:
		c.redirect(m)
	case *networking.HTTPRewrite:
		c.rewrite(m)
	case *networking.HTTPDirectResponse:
		c.directResponse(m)
	case *networking.HTTPFaultInjection_Delay:
		c.delay(m)
	case *networking.HTTPFaultInjection_Abort:
		c.abort(m)
	case *networking.CorsPolicy:
		c.cors(m)
	case *networking.RegexRewrite:
		c.regexRewrite(m)
	case *networking.Headers_HeaderOperations:
		c.headerOperations(m)
	case *networking.TLSRoute:
		c.shares(layer4Shares(m.Route))
	case *networking.TCPRoute:
		c.shares(layer4Shares(m.Route))
	case *networking.TLSMatchAttributes:
		c.tlsMatch(m)
	case *networking.L4MatchAttributes:
		c.tcpMatch(m)
	default:
		c.inspectPolicy(message)
	}
}

// inspectPolicy is the list of checks of a DestinationRule.
func (c *checker) inspectPolicy(message proto.Message) {
	switch m := message.(type) {
	case *networking.DestinationRule:
		c.selector(m)
		c.lostWarnings(m)
	case *networking.Subset:
		c.subset(m)
	case *networking.TrafficPolicy:
		c.portLevelSettings(m)
		c.retryBudget(m)
	case *networking.ConnectionPoolSettings_HTTPSettings:
		c.httpSettings(m)
	case *networking.LoadBalancerSettings:
		c.loadBalancer(m)
	case *networking.LoadBalancerSettings_ConsistentHashLB:
		c.consistentHash(m)
	case *networking.WarmupConfiguration:
		c.warmup(m)
	case *networking.LocalityLoadBalancerSetting:
		c.locality(m)
	case *networking.ZoneAwareLoadBalancerSetting:
		c.zoneAware(m)
	case *networking.OutlierDetection:
		c.outliers(m)
	case *networking.ClientTLSSettings:
		c.tls(m)
	}
}

// unlessVoid leaves doubts out about conditions that never hold.
func unlessVoid(problems, dead []istio.Problem) []istio.Problem {
	return slices.DeleteFunc(problems, func(p istio.Problem) bool {
		return p.Severity == istio.Doubtful && slices.ContainsFunc(dead, func(d istio.Problem) bool {
			return len(d.By) == 0 && p.At.Within(d.At)
		})
	})
}
