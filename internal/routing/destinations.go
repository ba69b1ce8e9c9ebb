package routing

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"
)

// target is a place of a route that names a destination.
type target struct {
	of *Object
	at Path
	*networking.Destination
	// gets says that a rule sends it requests, copies apart.
	gets bool
	// rule is the rule that does, as a text.
	rule string
}

// targets are all destinations of the route, and the host of its DestinationRule.
func (l *lookout) targets() []target {
	var all []target
	o, spec := l.pair.VirtualService, l.pair.VirtualServiceSpec()
	for i, rule := range spec.GetHttp() {
		at := Path{"http", i}
		for j, route := range rule.GetRoute() {
			all = append(all, target{
				of: o, at: at.At("route", j, "destination"), Destination: route.GetDestination(),
				gets: len(rule.Route) == 1 || route.GetWeight() > 0, rule: RuleRef{Index: i, Name: rule.GetName()}.String(),
			})
		}
		for j, mirror := range rule.GetMirrors() {
			all = append(all, target{of: o, at: at.At("mirrors", j, "destination"), Destination: mirror.GetDestination()})
		}
		all = append(all, target{of: o, at: at.At("mirror"), Destination: rule.GetMirror()})
	}
	for i, rule := range spec.GetTls() {
		all = append(all, layer4Targets(o, Path{"tls", i}, rule.GetRoute())...)
	}
	for i, rule := range spec.GetTcp() {
		all = append(all, layer4Targets(o, Path{"tcp", i}, rule.GetRoute())...)
	}
	if rule := l.pair.DestinationRuleSpec(); rule != nil {
		all = append(all, target{of: l.pair.DestinationRule, Destination: &networking.Destination{Host: rule.Host}})
	}
	return slices.DeleteFunc(all, func(t target) bool {
		return t.GetHost() == "" || l.about != "" && !strings.EqualFold(l.about, FullHost(t.Host, t.of.Namespace, l.clusterDomain()))
	})
}

func layer4Targets(o *Object, at Path, routes []*networking.RouteDestination) []target {
	var all []target
	for j, route := range routes {
		all = append(all, target{
			of: o, at: at.At("route", j, "destination"), Destination: route.GetDestination(),
			gets: len(routes) == 1 || route.GetWeight() > 0, rule: at.String(),
		})
	}
	return all
}

// destinations looks for the services and ports that the route names, and for somebody who answers in the subsets that get requests.
// Of a service that is not there only that is told.
func (l *lookout) destinations() {
	said := map[Destination]bool{}
	for _, t := range l.targets() {
		host := FullHost(t.Host, t.of.Namespace, l.clusterDomain())
		service, ok := l.service(host)
		if !ok {
			if key := (Destination{Host: host}); !said[key] && l.absent(host) {
				said[key] = true
				l.find(Absent, t.of, nil, Doubtful, t.at.At("host"),
					"there is no Service, and no ServiceEntry, for %s, so that requests fail with 503; create it, in the same apply at the latest", host)
			}
			continue
		}
		port := t.GetPort().GetNumber()
		if key := (Destination{Host: host, Port: port}); port != 0 && !said[key] && !slices.ContainsFunc(service.Ports, func(p ServicePort) bool { return p.Number == port }) {
			said[key] = true
			l.find(Absent, t.of, nil, Doubtful, t.at.At("port"), "the Service of %s has no port %d, so that requests fail with 503; it has %s, unless the same apply changes it",
				host, port, service.portWords())
		}
		if key := (Destination{Host: host, Subset: t.Subset}); t.gets && t.Subset != "" && !said[key] {
			said[key] = true
			l.subset(t, host, service)
		}
	}
}

func (s Service) portWords() string {
	numbers := make([]string, 0, len(s.Ports))
	for _, p := range s.Ports[:min(len(s.Ports), mostBlamed)] {
		numbers = append(numbers, portText(p.Number))
	}
	if len(numbers) == 0 {
		return "none"
	}
	return strings.Join(numbers, ", ")
}

// InCluster splits the full host of a Service of the cluster, whose name is a label as that of a namespace is.
func (f *Facts) InCluster(host string) (namespace, name string, ok bool) {
	inside, ok := strings.CutSuffix(host, ".svc."+f.clusterDomain())
	if !ok {
		return "", "", false
	}
	name, namespace, ok = strings.Cut(inside, ".")
	return namespace, name, ok && IsNamespaceName(namespace) && IsNamespaceName(name)
}

// service returns the Service of a host, false where there is none or nothing is known of it.
func (l *lookout) service(host string) (Service, bool) {
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
func (l *lookout) absent(host string) bool {
	namespace, _, ok := l.InCluster(host)
	if _, known := l.Services[namespace]; !ok || !known {
		return false
	}
	if l.Entries == nil {
		l.want(ServiceEntries, "")
		return false
	}
	return !l.Narrow[ServiceEntries] && len(l.Entries.Covering(host)) == 0
}

// subset tells when nobody answers in a subset that gets requests.
func (l *lookout) subset(t target, host string, service Service) {
	of, at, severity := t.of, t.at.At("subset"), Doubtful
	labels, rule, known := l.labels(t, host)
	switch {
	case !known:
		return
	case rule == nil:
		l.find(Absent, of, nil, severity, at, "no DestinationRule declares a subset %s of %s, so that requests to it fail with 503; declare it, in the same apply at the latest",
			t.Subset, host)
		return
	case rule == l.pair.DestinationRule:
		i := slices.IndexFunc(l.pair.DestinationRuleSpec().Subsets, func(s *networking.Subset) bool { return s.GetName() == t.Subset })
		of, at, severity = rule, Path{"subsets", i}, Refused
	}
	namespace, _, _ := l.InCluster(host)
	if ready, known := l.ready(namespace, service, labels); !known || ready > 0 {
		return
	}
	declared := ""
	if severity == Doubtful {
		declared = " (" + rule.String() + " declares it)"
	}
	l.find(Idle, of, nil, severity, at, "%s sends requests to the subset %s%s, and no ready pod or WorkloadEntry of namespace %s has %s and %s, the selector of the "+
		"Service: they would fail with 503", t.rule, t.Subset, declared, namespace, labelWords(labels), labelWords(service.Selector))
}

// labels returns the labels of a subset and the DestinationRule that declares it, nil if none does: the one of the route, or else
// the one that callers find.
func (l *lookout) labels(t target, host string) (labels map[string]string, rule *Object, known bool) {
	if ours := l.pair.DestinationRule; ours != nil && FullHost(l.pair.DestinationRuleSpec().Host, ours.Namespace, l.clusterDomain()) == host {
		if subset := subsetOf(ours, t.Subset); subset != nil {
			return subset.GetLabels(), ours, true
		}
	}
	if l.Rules == nil {
		l.want(DestinationRules, "")
		return nil, nil, false
	}
	s := l.rulesFor(host)
	for _, caller := range []string{"", t.of.Namespace} {
		for _, o := range s.holders(host, caller) {
			if subset := subsetOf(o, t.Subset); subset != nil {
				return subset.GetLabels(), o, true
			}
		}
	}
	return nil, nil, !l.Narrow[DestinationRules]
}

// rulesFor returns the DestinationRules of the cluster that may hold for a host.
func (f *Facts) rulesFor(host string) *subsets {
	rules := []*Object{}
	for _, c := range f.Rules.index.Covering(host) {
		rules = append(rules, c.Object)
	}
	return newSubsets(rules, f.aged(rules...))
}

// ready returns how many workloads of a Service have labels and take requests. It asks for pods first, and for WorkloadEntries only
// where there are none.
func (l *lookout) ready(namespace string, service Service, labels map[string]string) (n int, known bool) {
	if len(service.Selector) == 0 {
		return 0, false
	}
	known = true
	for _, source := range []struct {
		resource Resource
		of       map[string]*Endpoints
	}{{Pods, l.Pods}, {WorkloadEntries, l.Workloads}} {
		endpoints, looked := source.of[namespace]
		if !looked {
			l.want(source.resource, namespace)
			known = false
			if !l.Closed[Look{source.resource, namespace}] {
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
