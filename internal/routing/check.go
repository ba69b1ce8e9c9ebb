package routing

import (
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
)

// checker collects what is wrong with an object besides what Istio's own validation says. Each check sees one message and,
// where it needs them, the message's object and parents.
//
// A part is refused where it is certain that the API server or Envoy refuses it, and void where it is certain that it can
// never do what it says. Everything else is a doubt.
type checker struct {
	object *Object
	// at is where the message is that is looked at. It changes with every message: what is kept of it must be copied.
	at       Path
	problems []Problem
}

// unsaid finds what Istio's validation does not say.
func unsaid(o *Object) []Problem {
	c, dead := &checker{object: o}, neverTaken(o)
	visit(o.Spec.ProtoReflect(), nil, func(at Path, message proto.Message) {
		c.at = at
		c.problems = append(c.problems, refusedPart(at, message)...)
		c.look(message)
	})
	return append(unlessVoid(c.problems, dead), dead...)
}

// look is the list of checks, by the message that they look at.
func (c *checker) look(message proto.Message) {
	switch m := message.(type) {
	case *networking.VirtualService:
		c.hosts(m)
		c.ruleNames(m)
		c.serverNames(m)
		c.unseenGateways(m.Gateways)
	case *networking.HTTPRoute:
		c.rule(m)
	case *networking.HTTPMatchRequest:
		c.match(m)
	case *networking.Destination:
		c.destinationHost("host", m.Host)
	case *networking.Delegate:
		c.delegate(m)
	case *networking.HTTPRetry:
		c.retries(m)
	case *networking.HTTPRedirect:
		c.redirect(m)
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
		c.lookAtPolicy(message)
	}
}

// lookAtPolicy is the list of checks of a DestinationRule.
func (c *checker) lookAtPolicy(message proto.Message) {
	switch m := message.(type) {
	case *networking.DestinationRule:
		c.destinationHost("host", m.Host)
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

func (c *checker) refuse(steps Path, format string, args ...any) {
	c.problems = append(c.problems, Errorf(c.at.At(steps...), format, args...))
}

func (c *checker) void(steps Path, format string, args ...any) {
	c.problems = append(c.problems, Voidf(c.at.At(steps...), format, args...))
}

func (c *checker) doubt(steps Path, format string, args ...any) {
	c.problems = append(c.problems, Warnf(c.at.At(steps...), format, args...))
}

// virtualService returns the object's spec, nil where it is a DestinationRule.
func (c *checker) virtualService() *networking.VirtualService {
	spec, _ := c.object.Spec.(*networking.VirtualService)
	return spec
}

// mayInherit reports whether a rule is completed by another VirtualService: the rules of a delegate and the rule that
// delegates are merged, field by field.
func (c *checker) mayInherit(rule *networking.HTTPRoute) bool {
	return rule.Delegate != nil || len(c.virtualService().GetHosts()) == 0
}
