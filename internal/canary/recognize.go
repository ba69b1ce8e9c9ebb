package canary

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// RecognizeRoute reads live objects back into rules. It takes what a route can express: [Differences] between what
// that renders to and the live objects, resolved, says what else they hold. An object that is missing reads as empty.
func RecognizeRoute(live istio.Objects, clusterDomain string) *Route {
	return recognize(Resolve(live, clusterDomain), clusterDomain)
}

// RecognizeSplit reads live objects back into shares, like [RecognizeRoute].
func RecognizeSplit(live istio.Objects, clusterDomain string) *Split {
	r := RecognizeRoute(live, clusterDomain)
	s := &Split{Placement: r.Placement, Subsets: make(map[string]WeightedSubset, len(r.Subsets))}
	for name, subset := range r.Subsets {
		s.Subsets[name] = WeightedSubset{Subset: subset}
	}
	rule := Rule{}
	switch {
	case len(r.Rules) > 0:
		rule = r.Rules[0]
		if r.Default != nil {
			s.Otherwise = r.Default.Subset
		}
	case r.Default != nil:
		rule = *r.Default
	}
	if s.HTTP = rule.HTTP; s.HTTP != nil {
		// A split is one rule and needs no name for it.
		s.HTTP.Name = ""
	}
	if rule.Subset != "" {
		hundred := int64(100)
		rule.Weights = map[string]*int64{rule.Subset: &hundred}
	}
	s.Sticky = rule.Sticky
	for name, weight := range rule.Weights {
		subset := s.Subsets[name]
		subset.Weight = weight
		s.Subsets[name] = subset
	}
	if len(rule.Weights) > 0 {
		for name, subset := range s.Subsets {
			if subset.Weight == nil {
				subset.Weight = new(int64)
				s.Subsets[name] = subset
			}
		}
	}
	return s
}

func recognize(live istio.Objects, clusterDomain string) *Route {
	r := &Route{Subsets: map[string]Subset{}}
	r.ClusterDomain = clusterDomain
	r.SubsetsElsewhere = live.Declaring() == nil
	for _, o := range live.All() {
		r.Namespace, r.Labels, r.Annotations = o.Namespace, withoutMark(o.Labels), maps.Clone(o.Annotations)
		if owner, ok := o.Annotations[istio.OwnerAnnotation]; ok {
			r.Owner = owner
			if delete(r.Annotations, istio.OwnerAnnotation); len(r.Annotations) == 0 {
				r.Annotations = nil
			}
		}
	}
	if o := live.Declaring(); o != nil {
		r.recognizeDestinationRule(o.Name, o.DestinationRuleSpec())
	}
	if o := live.Routing(); o != nil {
		r.recognizeVirtualService(o.Name, o.VirtualServiceSpec())
	}
	if r.SubsetsElsewhere {
		r.nameSubsets()
	}
	return r
}

// nameSubsets declares the subsets that the rules route to: without a DestinationRule nothing else tells their names.
func (r *Route) nameSubsets() {
	for _, rule := range r.allRules() {
		if rule.Subset != "" {
			r.Subsets[rule.Subset] = Subset{}
		}
		for name := range rule.Weights {
			r.Subsets[name] = Subset{}
		}
	}
}

func withoutMark(labels map[string]string) map[string]string {
	labels = maps.Clone(labels)
	if labels[istio.ManagedByLabel] == istio.ManagedBy {
		delete(labels, istio.ManagedByLabel)
	}
	if len(labels) == 0 {
		return nil
	}
	return labels
}

func (r *Route) recognizeDestinationRule(name string, spec *networking.DestinationRule) {
	r.DestinationRuleName = name
	r.Host = r.fullHost(spec.Host)
	r.ExportTo = spec.ExportTo
	r.TrafficPolicy = spec.TrafficPolicy
	for _, subset := range spec.Subsets {
		r.Subsets[subset.Name] = Subset{Labels: subset.Labels, TrafficPolicy: subset.TrafficPolicy}
	}
}

func (r *Route) recognizeVirtualService(name string, spec *networking.VirtualService) {
	r.VirtualServiceName = name
	r.Hosts = spec.Hosts
	r.ExportTo = spec.ExportTo
	r.Gateways = spec.Gateways
	if len(r.Gateways) == 0 {
		r.Gateways = []string{istio.MeshGateway}
	}
	if destinations := routeDestinations(spec); len(destinations) > 0 {
		r.Host = cmp.Or(r.Host, r.fullHost(destinations[0].GetHost()))
		r.Port = commonPort(destinations)
	}
	found := istio.Unstick(spec.Http)
	for i, rule := range found.Rules {
		recognized := recognizeRule(rule, found.Sticky[i])
		if i == len(found.Rules)-1 && len(recognized.HTTP.GetMatch()) == 0 {
			r.Default = &recognized
		} else {
			r.Rules = append(r.Rules, recognized)
		}
	}
}

// routeDestinations lists where the rules send requests. Without a DestinationRule the first tells which service is
// routed.
func routeDestinations(spec *networking.VirtualService) []*networking.Destination {
	var destinations []*networking.Destination
	for _, rule := range spec.Http {
		for _, destination := range rule.Route {
			destinations = append(destinations, destination.Destination)
		}
	}
	return destinations
}

// commonPort is the port that all destinations have, 0 where they differ.
func commonPort(destinations []*networking.Destination) int64 {
	port := destinations[0].GetPort().GetNumber()
	for _, d := range destinations {
		if d.GetPort().GetNumber() != port {
			return 0
		}
	}
	return int64(port)
}

// recognizeRule leaves out a match without conditions, which these shapes do not have: it says what none says.
func recognizeRule(live *networking.HTTPRoute, sticky *istio.Sticky) Rule {
	rule := Rule{Sticky: sticky, HTTP: &networking.HTTPRoute{
		Name: live.Name, Match: istio.WithoutEmpty(live.Match), Timeout: live.Timeout, Retries: live.Retries,
		Fault: live.Fault, Mirrors: live.Mirrors, Headers: live.Headers, Rewrite: live.Rewrite,
		CorsPolicy: live.CorsPolicy,
	}}
	if proto.Size(rule.HTTP) == 0 {
		rule.HTTP = nil
	}
	if len(live.Route) == 1 {
		name := live.Route[0].Destination.GetSubset()
		if sticky == nil {
			rule.Subset = name
		} else {
			rule.Weights = map[string]*int64{name: new(int64(100))}
		}
		return rule
	}
	for _, destination := range live.Route {
		if rule.Weights == nil {
			rule.Weights = map[string]*int64{}
		}
		weight := int64(destination.Weight)
		rule.Weights[destination.Destination.GetSubset()] = &weight
	}
	return rule
}

// Differences lists what the live objects hold and the rendered ones do not, or otherwise, by object and
// place. Objects that one side lacks are left out.
func Differences(rendered, live istio.Objects) []string {
	var differences []string
	for _, is := range live.All() {
		wanted := rendered.As(is.Role())
		if wanted == nil {
			continue
		}
		for _, at := range istio.Differences(wanted.Spec, is.Spec) {
			differences = append(differences, string(is.Kind())+" spec."+at)
		}
		for _, at := range metadataDifferences(wanted, is) {
			differences = append(differences, string(is.Kind())+" metadata."+at)
		}
	}
	return slices.Compact(differences)
}

// metadataDifferences lists the labels and annotations in which two objects differ: a route has one set for both
// objects. That an object does not carry our mark yet is no difference; it gets it with its first change.
func metadataDifferences(rendered, live *istio.Object) []string {
	var places []string
	for _, m := range []struct {
		name           string
		rendered, live map[string]string
	}{{"labels", rendered.Labels, live.Labels}, {"annotations", rendered.Annotations, live.Annotations}} {
		both := maps.Clone(m.rendered)
		if both == nil {
			both = map[string]string{}
		}
		maps.Copy(both, m.live)
		for _, key := range sortedKeys(both) {
			is, there := m.live[key]
			want, wanted := m.rendered[key]
			unmarked := (key == istio.ManagedByLabel || key == istio.OwnerAnnotation) && !there
			if (is != want || there != wanted) && !unmarked {
				places = append(places, fmt.Sprintf("%s[%q]", m.name, key))
			}
		}
	}
	return places
}
