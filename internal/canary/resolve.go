package canary

import (
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Resolve returns the pair with every host by its full name, as Istio resolves it in the object's namespace, so that
// `host: reviews` in an object that somebody wrote by hand is no difference. The pair itself stays as it is.
func Resolve(live istio.Objects, clusterDomain string) istio.Objects {
	if live.Declaring() != nil {
		o := *live.Declaring()
		spec := proto.CloneOf(o.DestinationRuleSpec())
		spec.Host = istio.FullHost(spec.Host, o.Namespace, clusterDomain)
		o.Spec, live = spec, live.With(&o)
	}
	if live.Routing() != nil {
		o := *live.Routing()
		spec := proto.CloneOf(o.VirtualServiceSpec())
		for i, host := range spec.Hosts {
			spec.Hosts[i] = istio.FullHost(host, o.Namespace, clusterDomain)
		}
		for _, rule := range spec.Http {
			if rule != nil {
				istio.Modernize(rule)
			}
		}
		for _, destination := range httpDestinations(spec) {
			destination.Host = istio.FullHost(destination.Host, o.Namespace, clusterDomain)
		}
		o.Spec, live = spec, live.With(&o)
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

// SpellAs returns the pair with hosts spelled as another pair spells them in the objects of the same kind, where that
// means the same host. Neither pair is changed.
func SpellAs(pair, other istio.Objects, clusterDomain string) istio.Objects {
	if o := other.Declaring(); o != nil && pair.Declaring() != nil {
		host := o.DestinationRuleSpec().Host
		object, spec := *pair.Declaring(), proto.CloneOf(pair.Declaring().DestinationRuleSpec())
		if istio.FullHost(
			host, o.Namespace, clusterDomain,
		) == istio.FullHost(spec.Host, object.Namespace, clusterDomain) {
			spec.Host = host
		}
		object.Spec, pair = spec, pair.With(&object)
	}
	return pair
}
