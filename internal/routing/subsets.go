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
	if _, _, known := inCluster(d.Host, s.options.clusterDomain()); len(holders) == 0 && !known {
		return SubsetUnknown, nil
	}
	return SubsetMissing, nil
}

// holders returns the DestinationRules that decide about a host for callers of a namespace, merged into one, the oldest first:
// those of the first namespace that has one for it, of the caller's, the service's and the root namespace. For an unknown caller
// they are all that the service's or the root namespace has.
// Source: istio.io/istio pilot/pkg/model PushContext.destinationRule, SidecarScope.DestinationRule.
func (s *subsets) holders(host, caller string) []*Object {
	root := cmp.Or(s.options.RootNamespace, "istio-system")
	service, _, _ := inCluster(host, s.options.clusterDomain())
	all := func(*Object) bool { return true }
	if caller == "" {
		if rules := s.holding(service, host, all); len(rules) > 0 {
			return rules
		}
		return s.holding(root, host, all)
	}
	own := func(o *Object) bool { return visible(o, caller) }
	if caller == root { // whose DestinationRules are for the whole mesh, but for those
		own = forItself
	}
	exported := func(o *Object) bool { return !forItself(o) }
	for _, place := range []struct {
		namespace string
		has       func(*Object) bool
	}{{caller, own}, {service, exported}, {root, exported}} {
		for _, group := range slices.Backward(mergedRules(s.holding(place.namespace, host, place.has))) {
			if visible(group[0], caller) {
				return group
			}
		}
	}
	return nil
}

// forItself reports whether an object is exported to its own namespace alone.
func forItself(o *Object) bool { return slices.Equal(unique(exportedTo(o)), []string{o.Namespace}) }

// mergedRules returns DestinationRules of one namespace and host, given by age, as istiod merges them: those that are exported alike,
// and into an older one also a later one that is exported to more. Of several that a caller sees the last one holds, and no other.
// Source: istio.io/istio pilot/pkg/model mergeDestinationRule.
func mergedRules(rules []*Object) [][]*Object {
	var groups [][]*Object
	for _, o := range rules {
		alone := true
		for i, group := range groups {
			first, later := exportNames(group[0]), exportNames(o)
			more := len(first) > 0 && !slices.ContainsFunc(first, func(name string) bool { return !slices.Contains(later, name) })
			if alone = !more && !slices.Equal(first, later); !alone {
				groups[i] = append(group, o)
			}
		}
		if alone {
			groups = append(groups, []*Object{o})
		}
	}
	return groups
}

// exportNames returns to whom a DestinationRule is exported, in the words of its author: istiod compares those.
func exportNames(o *Object) []string {
	return unique(slices.Clone(o.Spec.(*networking.DestinationRule).GetExportTo()))
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

// holding returns the DestinationRules of a namespace for the most specific host that covers the given one, of those that count.
func (s *subsets) holding(namespace, host string, counts func(*Object) bool) []*Object {
	best := ""
	var found []*Object
	for _, o := range s.byNamespace[namespace] {
		spec := o.Spec.(*networking.DestinationRule)
		name := FullHost(spec.GetHost(), o.Namespace, s.options.clusterDomain())
		suffix, wildcard := strings.CutPrefix(name, "*")
		switch {
		case spec.GetWorkloadSelector() != nil || !counts(o):
		case name != host && (!wildcard || !strings.HasSuffix(host, suffix)):
		case name == best:
			found = append(found, o)
		case best == "" || moreSpecific(name, best):
			best, found = name, []*Object{o}
		}
	}
	return found
}
