package around

import (
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// destinations looks for the services and ports that the route names, and for somebody who answers in the subsets
// that get requests. Of a service that is not there only that is told.
func (l *inspection) destinations() {
	said := map[traffic.Destination]bool{}
	all, growing := l.targets(), map[traffic.Destination]target{}
	for _, t := range slices.Backward(all) {
		if t.gains {
			growing[subsetKey(t.Destination, t.of.Namespace, l.Domain())] = t
		}
	}
	for _, t := range all {
		host := istio.FullHost(t.Host, t.of.Namespace, l.Domain())
		service, ok := l.service(host)
		if !ok {
			key := traffic.Destination{Host: host}
			if said[key] {
				continue
			}
			if words, remedy, certain := l.nowhere(t, host); words != "" {
				said[key] = true
				l.missing(remedy, t.of, t.at.At("host"), "%s", words).Fails = certain && t.gets
			}
			continue
		}
		port := t.GetPort().GetNumber()
		if key := (traffic.Destination{Host: host, Port: port}); port != 0 && !said[key] &&
			!slices.ContainsFunc(service.Ports, func(p ServicePort) bool { return p.Number == port }) {
			said[key] = true
			l.missing(istio.ChangeAlong, t.of, t.at.At("port"),
				"the Service of %s has no port %d, so that requests fail with 503; it has %s",
				host, port, service.portWords()).Fails = t.gets
		}
		if key := (traffic.Destination{Host: host, Subset: t.Subset}); t.gets && t.Subset != "" && !said[key] {
			said[key] = true
			if first, grows := growing[key]; grows {
				t = first
			}
			l.subset(t, host, service)
		}
	}
}

func (s Service) portWords() string {
	numbers := make([]string, 0, len(s.Ports))
	for _, p := range s.Ports[:min(len(s.Ports), istio.MostNamed)] {
		numbers = append(numbers, strconv.FormatUint(uint64(p.Number), 10))
	}
	if len(numbers) == 0 {
		return "none"
	}
	return strings.Join(numbers, ", ")
}

// service returns the Service of a host, false where there is none or nothing is known of it.
func (l *inspection) service(host string) (Service, bool) {
	namespace, name, ok := l.InCluster(host)
	if !ok {
		return Service{}, false
	}
	services, known := l.Services[namespace]
	if !known {
		l.want(Services, namespace)
	}
	service, ok := services[name]
	return service, ok
}

// absent reports whether it is certain that nothing in the cluster has a host.
func (l *inspection) absent(host string) bool {
	namespace, _, ok := l.InCluster(host)
	_, known := l.Services[namespace]
	return ok && known && l.unentered(host)
}

// subset tells when nobody answers in a subset that gets requests. A change that sends it no more of them than
// before, to the same pods, makes nothing worse, and may be the way out.
func (l *inspection) subset(t target, host string, service Service) {
	of, at, severity, grows := t.of, t.at.At("subset"), istio.Doubtful, t.gains
	labels, destinationRule, known := l.labels(t, host)
	switch {
	case !known:
		return
	case destinationRule == nil:
		l.missing(istio.DeclareAlong, of,
			at, "no DestinationRule declares a subset %s of %s, so that requests to it fail with 503", t.Subset,
			host).Fails = true
		return
	case destinationRule == l.pair.Declaring():
		i := slices.IndexFunc(destinationRule.DestinationRuleSpec().Subsets, func(s *networking.Subset) bool {
			return s.GetName() == t.Subset
		})
		of, at = destinationRule, istio.Path{"subsets", i}
		if grows = grows || !l.labelledBefore(host, t.Subset, labels); grows {
			severity = istio.Refused
		}
	}
	namespace, _, _ := l.InCluster(host)
	if ready, known := l.ready(namespace, service, labels); !known || ready > 0 {
		return
	}
	declared, fail := "", "they fail"
	if grows {
		fail = "they would fail"
	}
	if destinationRule != l.pair.Declaring() {
		declared = " (" + destinationRule.String() + " declares it)"
	}
	l.find(
		Idle,
		of,
		nil,
		severity,
		at,
		"%s sends requests to the subset %s%s, and no ready pod or WorkloadEntry of namespace %s has %s and %s, the "+
			"selector of the Service: %s with 503",
		t.rule,
		t.Subset,
		declared,
		namespace,
		labelWords(labels),
		labelWords(service.Selector),
		fail,
	).Fails = true
}

// labels returns the labels of a subset and the DestinationRule that declares it, nil if none does: the one of the
// route, or else the one that callers find.
func (l *inspection) labels(
	t target, host string,
) (labels map[string]string, destinationRule *istio.Object, known bool) {
	if ours := l.pair.Declaring(); ours != nil &&
		istio.FullHost(ours.DestinationRuleSpec().Host, ours.Namespace, l.Domain()) == host {
		if subset := istio.SubsetOf(ours, t.Subset); subset != nil {
			return subset.GetLabels(), ours, true
		}
	}
	if l.DestinationRules == nil {
		l.want(DestinationRules, "")
		return nil, nil, false
	}
	if subset, o := declared(l.destinationRulesFor(host), host, t.of.Namespace, t.Subset); subset != nil {
		return subset.GetLabels(), o, true
	}
	return nil, nil, !l.Narrow[DestinationRules]
}

// declared returns a subset of a host as callers of a VirtualService in a namespace find it, and the DestinationRule
// that declares it; nil where none does.
func declared(subsets *istio.DestinationRules, host, namespace, name string) (*networking.Subset, *istio.Object) {
	for _, caller := range []string{"", namespace} {
		for _, o := range subsets.Holders(host, caller) {
			if subset := istio.SubsetOf(o, name); subset != nil {
				return subset, o
			}
		}
	}
	return nil, nil
}

// destinationRulesFor returns the DestinationRules of the cluster that may hold for a host.
func (f *Facts) destinationRulesFor(host string) *istio.DestinationRules {
	all := []*istio.Object{}
	for _, c := range f.DestinationRules.index.Covering(host) {
		all = append(all, c.Object)
	}
	return f.aged(all...).DestinationRules(all)
}

// ready returns how many workloads of a Service have labels and take requests. It asks for pods first, and for
// WorkloadEntries only where there are none.
func (l *inspection) ready(namespace string, service Service, labels map[string]string) (n int, known bool) {
	if len(service.Selector) == 0 || !selectable(labels) {
		return 0, false
	}
	known = true
	for _, source := range []struct {
		resource Resource
		of       map[string]*Endpoints
	}{{Pods, l.Pods}, {WorkloadEntries, l.Workloads}} {
		endpoints, listed := source.of[namespace]
		if !listed {
			l.want(source.resource, namespace)
			known = false
			if !l.Closed[Query{source.resource, namespace}] {
				return 0, false
			}
			continue
		}
		if n := endpoints.Count(service.Selector, labels); n > 0 {
			return n, true
		}
	}
	return 0, known
}
