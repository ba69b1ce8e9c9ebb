package canary

import (
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Resolve returns the pair with every host by its full name, as Istio resolves it in the object's namespace, so that
// `host: reviews` in an object that somebody wrote by hand is no difference. The pair itself stays as it is.
func Resolve(live istio.Pair, clusterDomain string) istio.Pair {
	if live.DestinationRule != nil {
		o := *live.DestinationRule
		spec := proto.Clone(live.DestinationRuleSpec()).(*networking.DestinationRule)
		spec.Host = istio.FullHost(spec.Host, o.Namespace, clusterDomain)
		o.Spec, live.DestinationRule = spec, &o
	}
	if live.VirtualService != nil {
		o := *live.VirtualService
		spec := proto.Clone(live.VirtualServiceSpec()).(*networking.VirtualService)
		for i, host := range spec.Hosts {
			spec.Hosts[i] = istio.FullHost(host, o.Namespace, clusterDomain)
		}
		for _, destination := range httpDestinations(spec) {
			destination.Host = istio.FullHost(destination.Host, o.Namespace, clusterDomain)
		}
		o.Spec, live.VirtualService = spec, &o
	}
	return live
}

// httpDestinations are the destinations that the rules name, of their routes and of their mirrors.
func httpDestinations(spec *networking.VirtualService) []*networking.Destination {
	var destinations []*networking.Destination
	for _, rule := range spec.Http {
		for _, route := range rule.Route {
			if route.Destination != nil {
				destinations = append(destinations, route.Destination)
			}
		}
		for _, mirror := range rule.Mirrors {
			if mirror.Destination != nil {
				destinations = append(destinations, mirror.Destination)
			}
		}
	}
	return destinations
}

// SpellAs returns the pair with hosts spelled as another pair spells them in the objects of the same kind, where that means the
// same host. Neither pair is changed.
func SpellAs(pair, other istio.Pair, clusterDomain string) istio.Pair {
	if o := other.DestinationRule; o != nil && pair.DestinationRule != nil {
		host := other.DestinationRuleSpec().Host
		object, spec := *pair.DestinationRule, proto.Clone(pair.DestinationRuleSpec()).(*networking.DestinationRule)
		if istio.FullHost(host, o.Namespace, clusterDomain) == istio.FullHost(spec.Host, object.Namespace, clusterDomain) {
			spec.Host = host
		}
		object.Spec, pair.DestinationRule = spec, &object
	}
	return pair
}
