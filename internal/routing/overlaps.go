package routing

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
)

// overlap is what another DestinationRule does to ours.
type overlap struct {
	other *Object
	at    Path
	words string
	// lost says that a part of ours has no effect, for some callers at least.
	lost bool
}

// overlapsWith returns what the others do to a DestinationRule of ours: declare the same in the same namespace, or stand in its
// place for some callers.
func (f *Facts) overlapsWith(ours *Object, others []*Object) []overlap {
	if len(others) == 0 || ours.Spec.(*networking.DestinationRule).GetWorkloadSelector() != nil {
		return nil
	}
	all := append([]*Object{ours}, others...)
	options := f.aged(all...)
	alone, together := newSubsets([]*Object{ours}, options), newSubsets(all, options)
	var found []overlap
	hidden, merged := map[*Object]audience{}, map[*Object]bool{}
	holding := map[*Object][]*Object{}
	for _, host := range f.contestedNames(all) {
		for _, caller := range callersOf(all, together, host) {
			if !slices.Contains(alone.holders(host, caller), ours) {
				continue
			}
			holders := together.holders(host, caller)
			if !slices.Contains(holders, ours) {
				who := hidden[holders[0]]
				who.names = unique(append(who.names, caller))
				hidden[holders[0]], holding[holders[0]] = who, holders
				continue
			}
			for _, other := range holders {
				if other != ours && !merged[other] {
					merged[other] = true
					found = append(found, doubled(ours, other, slices.Index(holders, other) < slices.Index(holders, ours))...)
				}
			}
		}
	}
	for _, other := range others {
		if who, ok := hidden[other]; ok {
			found = append(found, hiddenBy(ours, other, holding[other], who)...)
		}
	}
	return found
}

// contestedNames returns the names for which several DestinationRules may hold: the hosts of all of them, a name in place of a
// wildcard.
func (f *Facts) contestedNames(all []*Object) []string {
	names := []string{}
	for _, o := range all {
		host := FullHost(hostsOf(o)[0], o.Namespace, f.clusterDomain())
		if suffix, wildcard := strings.CutPrefix(host, "*"); wildcard {
			host = "any" + suffix
		}
		names = append(names, host)
	}
	return unique(names)
}

// callersOf returns namespaces whose callers may find different DestinationRules, and one for all others.
func callersOf(all []*Object, s *subsets, host string) []string {
	callers := []string{otherNamespace}
	if service, ok := s.serviceNamespace(host); ok {
		callers = append(callers, service)
	}
	for _, o := range all {
		callers = append(callers, o.Namespace)
		callers = append(callers, exportedTo(o)...)
	}
	return unique(callers)
}

// doubled says what two DestinationRules that Istio merges declare twice. Where ours is first, only what the other one means
// differently is told.
func doubled(ours, other *Object, otherFirst bool) []overlap {
	var found []overlap
	first, second := ours, other
	if otherFirst {
		first, second = other, ours
	}
	const merges = "Istio merges the DestinationRules of one namespace for one host"
	for i, subset := range ours.Spec.(*networking.DestinationRule).GetSubsets() {
		twin := subsetOf(other, subset.GetName())
		if twin == nil || !otherFirst && proto.Equal(subset, twin) {
			continue
		}
		difference := "in the same way"
		if !proto.Equal(subset, twin) {
			difference = "with " + labelWords(twin.GetLabels())
		}
		found = append(found, overlap{other: other, at: Path{"subsets", i}, lost: otherFirst, words: fmt.Sprintf(
			"%s declares a subset %s of the same host too, %s; %s, and of two subsets of one name takes that of the older one, %s: that of %s has no effect until that one is gone",
			other, subset.GetName(), difference, merges, first, second)})
	}
	policies := ours.Spec.(*networking.DestinationRule).GetTrafficPolicy() != nil && other.Spec.(*networking.DestinationRule).GetTrafficPolicy() != nil
	if policies && otherFirst {
		found = append(found, overlap{other: other, at: Path{"traffic_policy"}, lost: true, words: fmt.Sprintf(
			"%s has a traffic policy for the same host too; %s, and takes the first traffic policy, that of the older one: that of %s has no effect until that one is gone",
			other, merges, ours)})
	}
	return found
}

// hiddenBy says what callers miss who find others in place of ours.
func hiddenBy(ours, other *Object, holders []*Object, who audience) []overlap {
	var missing, changed []string
	for _, subset := range ours.Spec.(*networking.DestinationRule).GetSubsets() {
		var twin *networking.Subset
		for _, o := range holders {
			if twin = subsetOf(o, subset.GetName()); twin != nil {
				break
			}
		}
		switch {
		case twin == nil:
			missing = append(missing, subset.GetName())
		case !proto.Equal(subset, twin):
			changed = append(changed, subset.GetName()+" means "+labelWords(twin.GetLabels()))
		}
	}
	if len(missing)+len(changed) == 0 {
		return nil
	}
	var effects []string
	if len(missing) > 0 {
		effects = append(effects, "has no subset "+list(missing, "or")+", so that requests to it fail with 503")
	}
	if len(changed) > 0 {
		effects = append(effects, "has another meaning of a subset: "+list(changed, "and"))
	}
	return []overlap{{other: other, at: Path{"subsets"}, lost: true, words: fmt.Sprintf(
		"%s, for the host %s, stands in the place of %s for %s: Istio asks the caller's namespace, then the service's, then its root namespace, the most specific host "+
			"first, and stops at the first DestinationRule. That one %s. Declare the subsets there too, or take this host out of it",
		other, hostsOf(other)[0], ours, who.words(), list(effects, "and"))}}
}

// labelWords says labels as a selector has them: `the labels app=greeter, version=v2`.
func labelWords(labels map[string]string) string {
	if len(labels) == 0 {
		return "no labels"
	}
	parts := make([]string, 0, len(labels))
	for _, key := range sortedKeys(labels) {
		parts = append(parts, key+"="+labels[key])
	}
	if more := len(parts) - mostBlamed; more > 0 {
		parts = append(parts[:mostBlamed:mostBlamed], fmt.Sprintf("%d more", more))
	}
	return "the labels " + strings.Join(parts, ", ")
}
