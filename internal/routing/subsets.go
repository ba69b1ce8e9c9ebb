package routing

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1"
)

func portText(port uint32) string { return strconv.FormatUint(uint64(port), 10) }

// subsets knows which DestinationRule holds for whom.
type subsets struct {
	known       bool // whether any rules were given
	rules       []*Object
	options     Options
	byNamespace map[string][]*Object
}

func newSubsets(rules []*Object, options Options) *subsets {
	s := &subsets{known: rules != nil, options: options, byNamespace: map[string][]*Object{}}
	for _, o := range rules {
		if _, ok := o.Spec.(*networking.DestinationRule); ok {
			s.rules = append(s.rules, o)
		}
	}
	slices.SortStableFunc(s.rules, options.compareAge)
	for _, o := range s.rules {
		s.byNamespace[o.Namespace] = append(s.byNamespace[o.Namespace], o)
	}
	return s
}

// find says what a caller of the given namespace finds under a destination.
func (s *subsets) find(d Destination, caller string) (SubsetState, map[string]string) {
	if d.Subset == "" || !s.known {
		return SubsetUnknown, nil
	}
	holders := s.holders(d.Host, caller)
	for _, o := range holders {
		if subset := subsetOf(o, d.Subset); subset != nil {
			return SubsetDeclared, subset.GetLabels()
		}
	}
	if _, known := s.serviceNamespace(d.Host); len(holders) == 0 && !known {
		return SubsetUnknown, nil
	}
	return SubsetMissing, nil
}

// holders returns the DestinationRules that decide about a host for callers of a namespace: those of the first namespace that has
// one for it, of the caller's, the service's and the root namespace. Istio merges them, the oldest first.
// Source: istio.io/istio pilot/pkg/model PushContext.destinationRule.
func (s *subsets) holders(host, caller string) []*Object {
	root := cmp.Or(s.options.RootNamespace, "istio-system")
	service, _ := s.serviceNamespace(host)
	namespaces := []string{service, root}
	if caller != "" && caller != root {
		namespaces = []string{caller, service, root}
	}
	for _, namespace := range namespaces {
		if rules := s.holding(namespace, host, caller); len(rules) > 0 {
			return rules
		}
	}
	return nil
}

// subsetOf returns the subset of a DestinationRule that has a name, nil where it has none.
func subsetOf(o *Object, name string) *networking.Subset {
	for _, subset := range o.Spec.(*networking.DestinationRule).GetSubsets() {
		if subset.GetName() == name {
			return subset
		}
	}
	return nil
}

// serviceNamespace returns the namespace of the Service that a host inside the cluster names.
func (s *subsets) serviceNamespace(host string) (string, bool) {
	inside, ok := strings.CutSuffix(host, ".svc."+s.options.clusterDomain())
	if !ok {
		return "", false
	}
	_, namespace, ok := strings.Cut(inside, ".")
	return namespace, ok
}

// holding returns the DestinationRules of a namespace for the most specific host that covers the given one.
func (s *subsets) holding(namespace, host, caller string) []*Object {
	best := ""
	var found []*Object
	for _, o := range s.byNamespace[namespace] {
		spec := o.Spec.(*networking.DestinationRule)
		name := FullHost(spec.GetHost(), o.Namespace, s.options.clusterDomain())
		suffix, wildcard := strings.CutPrefix(name, "*")
		switch {
		case spec.GetWorkloadSelector() != nil || !visible(o, caller):
		case name != host && (!wildcard || !strings.HasSuffix(host, suffix)):
		case name == best:
			found = append(found, o)
		case best == "" || moreSpecific(name, best):
			best, found = name, []*Object{o}
		}
	}
	return found
}
