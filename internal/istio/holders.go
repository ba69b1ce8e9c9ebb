package istio

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	networking "istio.io/api/networking/v1"
	api "istio.io/api/type/v1beta1"
)

// Mesh says of objects what they do not say about themselves. The zero value is an Istio with its defaults.
type Mesh struct {
	// ClusterDomain is the domain of the cluster. Empty: cluster.local.
	ClusterDomain string
	// RootNamespace is the namespace whose DestinationRules hold for the whole mesh. Empty: istio-system.
	RootNamespace string
	// Created has the creation times of objects. Those without one are newer than those with one, and among
	// themselves as old as their order says, the first the oldest.
	Created map[*Object]time.Time
}

// Domain returns the DNS domain of the cluster, Kubernetes' default where none is given.
func (m Mesh) Domain() string { return cmp.Or(m.ClusterDomain, "cluster.local") }

func (m Mesh) root() string { return cmp.Or(m.RootNamespace, "istio-system") }

// CompareAge orders objects as Istio does: by creation time, then by name and namespace.
// Source: istio.io/istio pilot/pkg/model configCompareByCreationTime.
func (m Mesh) CompareAge(a, b *Object) int {
	first, known := m.Created[a]
	second, knownToo := m.Created[b]
	switch {
	case known && knownToo:
		return cmp.Or(first.Compare(second), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace))
	case known:
		return -1
	case knownToo:
		return 1
	}
	return 0
}

// DestinationRules knows which DestinationRule holds for whom.
type DestinationRules struct {
	mesh        Mesh
	byNamespace map[string][]*Object
}

// NewDestinationRules files those objects that are DestinationRules.
func NewDestinationRules(objects []*Object, mesh Mesh) *DestinationRules {
	s := &DestinationRules{mesh: mesh, byNamespace: map[string][]*Object{}}
	for _, o := range slices.SortedStableFunc(slices.Values(objects), mesh.CompareAge) {
		if _, ok := o.Spec.(*networking.DestinationRule); ok {
			s.byNamespace[o.Namespace] = append(s.byNamespace[o.Namespace], o)
		}
	}
	return s
}

// For returns the DestinationRules that decide about a host for a caller of a namespace, with labels (nil: not
// known), and whether they are those that choose callers by their labels.
func (s *DestinationRules) For(host, caller string, labels map[string]string) (holders []*Object, choosing bool) {
	if selected, ok := s.selected(host, caller, labels); ok {
		return selected, true
	}
	return s.Holders(host, caller), false
}

// Holders returns the DestinationRules that decide about a host for callers of a namespace, merged into one, the
// oldest first: those of the first namespace that has one for it, of the caller's, the service's and the root
// namespace. For an unknown caller they are all that the service's or the root namespace has. Those that choose
// callers by their labels are left out.
// Source: istio.io/istio pilot/pkg/model PushContext.destinationRule, SidecarScope.DestinationRule.
func (s *DestinationRules) Holders(host, caller string) []*Object {
	root := s.mesh.root()
	service, _, _ := InCluster(host, s.mesh.Domain())
	all := func(o *Object) bool { return selectorOf(o) == nil }
	if caller == "" {
		if found := s.holding(service, host, all); len(found) > 0 {
			return found
		}
		return s.holding(root, host, all)
	}
	own := func(o *Object) bool { return selectorOf(o) == nil && s.own(o, caller) }
	exported := func(o *Object) bool { return selectorOf(o) == nil && !forItself(o) }
	for _, place := range []struct {
		namespace string
		has       func(*Object) bool
	}{{caller, own}, {service, exported}, {root, exported}} {
		for _, group := range slices.Backward(mergedDestinationRules(s.holding(place.namespace, host, place.has))) {
			if VisibleIn(group[0], caller) {
				return group
			}
		}
	}
	return nil
}

// own reports whether a DestinationRule is found first by callers of its namespace. Those of the root namespace are
// for the whole mesh, but for those that are exported to it alone.
func (s *DestinationRules) own(o *Object, caller string) bool {
	if caller == s.mesh.root() {
		return forItself(o)
	}
	return VisibleIn(o, caller)
}

// selected returns the DestinationRules that decide about a host for a caller with labels (nil: not known), false
// where its namespace has none for the host that chooses callers by their labels. Where it has, no other namespace is
// asked, whoever they choose.
// Source: istio.io/istio pilot/pkg/model setDestinationRules, SidecarScope.DestinationRule.
func (s *DestinationRules) selected(host, caller string, labels map[string]string) (selected []*Object, ok bool) {
	if caller == "" || labels == nil {
		return nil, false
	}
	found := s.holding(caller, host, func(o *Object) bool { return selectorOf(o) != nil || s.own(o, caller) })
	choosing := func(o *Object) bool { return selectorOf(o) != nil }
	if !slices.ContainsFunc(found, choosing) {
		return nil, false
	}
	found = append(slices.DeleteFunc(slices.Clone(found), func(o *Object) bool { return !choosing(o) }),
		slices.DeleteFunc(found, choosing)...)
	for _, group := range mergedDestinationRules(found) {
		switch selector := selectorOf(group[0]); {
		case selector == nil:
			selected = group
		case Carries(labels, []map[string]string{selector.GetMatchLabels()}):
			return group, true
		}
	}
	return selected, true
}

func selectorOf(o *Object) *api.WorkloadSelector {
	return o.DestinationRuleSpec().GetWorkloadSelector()
}

// forItself reports whether an object is exported to its own namespace alone.
func forItself(o *Object) bool {
	return slices.Equal(Unique(ExportedTo(o)), []string{o.Namespace})
}

// mergedDestinationRules returns DestinationRules of one namespace and host, given by age, as istiod merges them:
// those that are exported alike, and into an older one also a later one that is exported to more. Of several that a
// caller sees the last one holds, and no other. One for all callers goes into those that choose some of them too, and
// stays one of its own only if it is exported to more.
// Source: istio.io/istio pilot/pkg/model mergeDestinationRule.
func mergedDestinationRules(destinationRules []*Object) [][]*Object {
	var groups [][]*Object
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
			groups = append(groups, []*Object{o})
		}
	}
	return groups
}

// chooseOthers reports whether two DestinationRules choose callers by different labels.
func chooseOthers(a, b *Object) bool {
	first, second := selectorOf(a), selectorOf(b)
	return first != nil && second != nil && !maps.Equal(first.GetMatchLabels(), second.GetMatchLabels())
}

// exportNames returns to whom a DestinationRule is exported, in the words of its author: istiod compares those. One
// that chooses callers by their labels is for its own namespace.
func exportNames(o *Object) []string {
	if selectorOf(o) != nil {
		return []string{"."}
	}
	return Unique(slices.Clone(o.DestinationRuleSpec().GetExportTo()))
}

// holding returns the DestinationRules of a namespace for the most specific host that covers the given one, of those
// that count.
func (s *DestinationRules) holding(namespace, host string, counts func(*Object) bool) []*Object {
	best := ""
	var found []*Object
	for _, o := range s.byNamespace[namespace] {
		spec := o.DestinationRuleSpec()
		name := FullHost(spec.GetHost(), o.Namespace, s.mesh.Domain())
		suffix, wildcard := strings.CutPrefix(name, "*")
		switch {
		case !counts(o):
		case name != host && (!wildcard || !strings.HasSuffix(host, suffix)):
		case name == best:
			found = append(found, o)
		case best == "" || MoreSpecific(name, best):
			best, found = name, []*Object{o}
		}
	}
	return found
}
