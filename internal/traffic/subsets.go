package traffic

import (
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"
	api "istio.io/api/type/v1beta1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Subsets knows which DestinationRule holds for whom.
type Subsets struct {
	known            bool // whether any rules were given
	destinationRules []*istio.Object
	options          Options
	byNamespace      map[string][]*istio.Object
}

// NewSubsets files DestinationRules. Of nil nothing is known, which is not the same as none.
func NewSubsets(destinationRules []*istio.Object, options Options) *Subsets {
	s := &Subsets{known: destinationRules != nil, options: options, byNamespace: map[string][]*istio.Object{}}
	for _, o := range destinationRules {
		if _, ok := o.Spec.(*networking.DestinationRule); ok {
			s.destinationRules = append(s.destinationRules, o)
		}
	}
	slices.SortStableFunc(s.destinationRules, options.compareAge)
	for _, o := range s.destinationRules {
		s.byNamespace[o.Namespace] = append(s.byNamespace[o.Namespace], o)
	}
	return s
}

// find says what a caller of the given namespace, with the given labels, finds under a destination.
func (s *Subsets) find(d Destination, caller string, labels map[string]string) (SubsetState, map[string]string) {
	if d.Subset == "" || !s.known {
		return SubsetUnknown, nil
	}
	holders, selected := s.selected(d.Host, caller, labels)
	if !selected {
		holders = s.Holders(d.Host, caller)
	}
	for _, o := range holders {
		if subset := istio.SubsetOf(o, d.Subset); subset != nil {
			return SubsetDeclared, subset.GetLabels()
		}
	}
	if _, _, known := istio.InCluster(d.Host, s.options.Domain()); len(holders) == 0 && !selected && !known {
		return SubsetUnknown, nil
	}
	return SubsetMissing, nil
}

// Holders returns the DestinationRules that decide about a host for callers of a namespace, merged into one, the
// oldest first: those of the first namespace that has one for it, of the caller's, the service's and the root
// namespace. For an unknown caller they are all that the service's or the root namespace has. Those that choose
// callers by their labels are left out.
// Source: istio.io/istio pilot/pkg/model PushContext.destinationRule, SidecarScope.DestinationRule.
func (s *Subsets) Holders(host, caller string) []*istio.Object {
	root := s.options.rootNamespace()
	service, _, _ := istio.InCluster(host, s.options.Domain())
	all := func(o *istio.Object) bool { return selectorOf(o) == nil }
	if caller == "" {
		if found := s.holding(service, host, all); len(found) > 0 {
			return found
		}
		return s.holding(root, host, all)
	}
	own := func(o *istio.Object) bool { return selectorOf(o) == nil && s.own(o, caller) }
	exported := func(o *istio.Object) bool { return selectorOf(o) == nil && !forItself(o) }
	for _, place := range []struct {
		namespace string
		has       func(*istio.Object) bool
	}{{caller, own}, {service, exported}, {root, exported}} {
		for _, group := range slices.Backward(mergedDestinationRules(s.holding(place.namespace, host, place.has))) {
			if istio.VisibleIn(group[0], caller) {
				return group
			}
		}
	}
	return nil
}

// own reports whether a DestinationRule is found first by callers of its namespace. Those of the root namespace are
// for the whole mesh, but for those that are exported to it alone.
func (s *Subsets) own(o *istio.Object, caller string) bool {
	if caller == s.options.rootNamespace() {
		return forItself(o)
	}
	return istio.VisibleIn(o, caller)
}

// selected returns the DestinationRules that decide about a host for a caller with labels (nil: not known), false
// where its namespace has none for the host that chooses callers by their labels. Where it has, no other namespace is
// asked, whoever they choose.
// Source: istio.io/istio pilot/pkg/model setDestinationRules, SidecarScope.DestinationRule.
func (s *Subsets) selected(host, caller string, labels map[string]string) (selected []*istio.Object, ok bool) {
	if caller == "" || labels == nil {
		return nil, false
	}
	found := s.holding(caller, host, func(o *istio.Object) bool { return selectorOf(o) != nil || s.own(o, caller) })
	choosing := func(o *istio.Object) bool { return selectorOf(o) != nil }
	if !slices.ContainsFunc(found, choosing) {
		return nil, false
	}
	found = append(slices.DeleteFunc(slices.Clone(found), func(o *istio.Object) bool { return !choosing(o) }),
		slices.DeleteFunc(found, choosing)...)
	for _, group := range mergedDestinationRules(found) {
		switch selector := selectorOf(group[0]); {
		case selector == nil:
			selected = group
		case istio.Carries(labels, []map[string]string{selector.GetMatchLabels()}):
			return group, true
		}
	}
	return selected, true
}

func selectorOf(o *istio.Object) *api.WorkloadSelector {
	return o.DestinationRuleSpec().GetWorkloadSelector()
}

// forItself reports whether an object is exported to its own namespace alone.
func forItself(o *istio.Object) bool {
	return slices.Equal(unique(istio.ExportedTo(o)), []string{o.Namespace})
}

// mergedDestinationRules returns DestinationRules of one namespace and host, given by age, as istiod merges them:
// those that are exported alike, and into an older one also a later one that is exported to more. Of several that a
// caller sees the last one holds, and no other. One for all callers goes into those that choose some of them too, and
// stays one of its own only if it is exported to more.
// Source: istio.io/istio pilot/pkg/model mergeDestinationRule.
func mergedDestinationRules(destinationRules []*istio.Object) [][]*istio.Object {
	var groups [][]*istio.Object
	for _, o := range destinationRules {
		alone := true
		for i, group := range groups {
			first, later := exportNames(group[0]), exportNames(o)
			alike := slices.Equal(first, later)
			more := len(first) > 0 && !slices.ContainsFunc(first, func(name string) bool {
				return !slices.Contains(later, name)
			})
			if alone = !more && !alike || chooseOthers(group[0], o); !alone {
				groups[i] = append(group, o)
				alone = !alike && selectorOf(group[0]) != nil && selectorOf(o) == nil
			}
		}
		if alone {
			groups = append(groups, []*istio.Object{o})
		}
	}
	return groups
}

// chooseOthers reports whether two DestinationRules choose callers by different labels.
func chooseOthers(a, b *istio.Object) bool {
	first, second := selectorOf(a), selectorOf(b)
	return first != nil && second != nil && !maps.Equal(first.GetMatchLabels(), second.GetMatchLabels())
}

// exportNames returns to whom a DestinationRule is exported, in the words of its author: istiod compares those. One
// that chooses callers by their labels is for its own namespace.
func exportNames(o *istio.Object) []string {
	if selectorOf(o) != nil {
		return []string{"."}
	}
	return unique(slices.Clone(o.DestinationRuleSpec().GetExportTo()))
}

// holding returns the DestinationRules of a namespace for the most specific host that covers the given one, of those
// that count.
func (s *Subsets) holding(namespace, host string, counts func(*istio.Object) bool) []*istio.Object {
	best := ""
	var found []*istio.Object
	for _, o := range s.byNamespace[namespace] {
		spec := o.DestinationRuleSpec()
		name := istio.FullHost(spec.GetHost(), o.Namespace, s.options.Domain())
		suffix, wildcard := strings.CutPrefix(name, "*")
		switch {
		case !counts(o):
		case name != host && (!wildcard || !strings.HasSuffix(host, suffix)):
		case name == best:
			found = append(found, o)
		case best == "" || moreSpecific(name, best):
			best, found = name, []*istio.Object{o}
		}
	}
	return found
}
