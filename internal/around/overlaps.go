package around

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// overlap is what another DestinationRule does to ours.
type overlap struct {
	other *istio.Object
	at    istio.Path
	words string
	// lost says that a part of ours has no effect, for some callers at least.
	lost bool
}

// hiding is a DestinationRule that some callers do not find, as they find another one.
type hiding struct{ hidden, by *istio.Object }

// overlapsWith returns what the others do to a DestinationRule of ours: declare the same in the same namespace, or
// stand in its place for some callers. What ours hides beside it, in its own namespace and for its own host, is told
// too.
func (f *Facts) overlapsWith(ours *istio.Object, others []*istio.Object) []overlap {
	if len(others) == 0 || ours.DestinationRuleSpec().GetWorkloadSelector() != nil {
		return nil
	}
	all := append([]*istio.Object{ours}, others...)
	options := f.aged(all...)
	together := options.DestinationRules(all)
	var found []overlap
	callers, holding, merged := map[hiding]audience{}, map[hiding][]*istio.Object{}, map[*istio.Object]bool{}
	for _, host := range f.contestedNames(all) {
		for _, caller := range f.callersOf(all, host) {
			holders := together.Holders(host, caller)
			hides := func(h hiding) {
				alone := options.DestinationRules([]*istio.Object{h.hidden})
				if !slices.Contains(holders, h.hidden) && slices.Contains(alone.Holders(host, caller), h.hidden) {
					callers[h], holding[h] = audience{names: istio.Unique(append(callers[h].names, caller))}, holders
				}
			}
			if !slices.Contains(holders, ours) {
				if len(holders) > 0 {
					hides(hiding{ours, holders[0]})
				}
				continue
			}
			for _, other := range others {
				switch {
				case !slices.Contains(holders, other) && f.sameHost(ours, other):
					hides(hiding{other, ours})
				case slices.Contains(holders, other) && !merged[other]:
					merged[other] = true
					found = append(found,
						doubled(ours, other, slices.Index(holders, other) < slices.Index(holders, ours))...)
				}
			}
		}
	}
	for _, other := range others {
		for _, h := range []hiding{{ours, other}, {other, ours}} {
			if words := f.hidingWords(h, holding[h], callers[h]); words != "" {
				found = append(found,
					overlap{other: other, at: istio.Path{"subsets"}, lost: h.hidden == ours, words: words})
			}
		}
	}
	return found
}

// sameHost reports whether two DestinationRules of one namespace are for one host.
func (f *Facts) sameHost(a, b *istio.Object) bool {
	return a.Namespace == b.Namespace &&
		istio.FullHost(hostsOf(a)[0], a.Namespace, f.Domain()) == istio.FullHost(hostsOf(b)[0], b.Namespace, f.Domain())
}

// contestedNames returns the names for which several DestinationRules may hold: the hosts of all of them, a name in
// place of a wildcard.
func (f *Facts) contestedNames(all []*istio.Object) []string {
	names := []string{}
	for _, o := range all {
		host := istio.FullHost(hostsOf(o)[0], o.Namespace, f.Domain())
		if suffix, wildcard := strings.CutPrefix(host, "*"); wildcard {
			host = "any" + suffix
		}
		names = append(names, host)
	}
	return istio.Unique(names)
}

// callersOf returns namespaces whose callers may find different DestinationRules, and one for all others.
func (f *Facts) callersOf(all []*istio.Object, host string) []string {
	callers := []string{otherNamespace}
	if service, _, ok := f.InCluster(host); ok {
		callers = append(callers, service)
	}
	for _, o := range all {
		callers = append(callers, o.Namespace)
		callers = append(callers, istio.ExportedTo(o)...)
	}
	return istio.Unique(callers)
}

// doubled says what two DestinationRules that Istio merges declare twice. Where ours is first, only what the other
// one means differently is told.
func doubled(ours, other *istio.Object, otherFirst bool) []overlap {
	var found []overlap
	first, second := ours, other
	if otherFirst {
		first, second = other, ours
	}
	const merges = "Istio merges the DestinationRules of one namespace for one host"
	for i, subset := range ours.DestinationRuleSpec().GetSubsets() {
		twin := istio.SubsetOf(other, subset.GetName())
		if twin == nil || !otherFirst && proto.Equal(subset, twin) {
			continue
		}
		difference := "in the same way"
		if !proto.Equal(subset, twin) {
			difference = "with " + labelWords(twin.GetLabels())
		}
		found = append(found, overlap{other: other, at: istio.Path{"subsets", i}, lost: otherFirst, words: fmt.Sprintf(
			"%s declares a subset %s of the same host too, %s; %s, and of two subsets of one name takes that of the "+
				"older one, %s: that of %s has no effect until that one is gone",
			other, subset.GetName(), difference, merges, first, second)})
	}
	policies := ours.DestinationRuleSpec().GetTrafficPolicy() != nil &&
		other.DestinationRuleSpec().GetTrafficPolicy() != nil
	if policies && otherFirst {
		found = append(found, overlap{other: other, at: istio.Path{"traffic_policy"}, lost: true, words: fmt.Sprintf(
			"%s has a traffic policy for the same host too; %s, and takes the first traffic policy, that of the "+
				"older one: that of %s has no effect until that one is gone",
			other, merges, ours)})
	}
	return found
}

// hidingWords says what callers miss who find others in place of a hidden DestinationRule, empty if that is nothing.
func (f *Facts) hidingWords(h hiding, holders []*istio.Object, who audience) string {
	if len(holders) == 0 {
		return ""
	}
	var missing, changed []string
	for _, subset := range h.hidden.DestinationRuleSpec().GetSubsets() {
		var twin *networking.Subset
		for _, o := range holders {
			if twin = istio.SubsetOf(o, subset.GetName()); twin != nil {
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
	var effects []string
	if len(missing) > 0 {
		effects = append(effects,
			"has no subset "+istio.Enumerate(missing, "or")+", so that requests to it fail with 503")
	}
	if len(changed) > 0 {
		effects = append(effects, "has another meaning of a subset: "+istio.Enumerate(changed, "and"))
	}
	if len(effects) == 0 {
		return ""
	}
	why, wayOut := "Istio asks the caller's namespace, then the service's, then its root namespace, the most "+
		"specific host first, and stops at the first DestinationRule",
		"Declare the subsets there too, or take this host out of it"
	if f.sameHost(h.hidden, h.by) {
		why, wayOut = "of several DestinationRules of one namespace for one host Istio merges only those that are "+
			"exported to the same namespaces, and of the others takes the newest one", "Export both to the same "+
			"namespaces, or declare the subsets there too"
	}
	return fmt.Sprintf("%s, for the host %s, stands in the place of %s for %s: %s. That one %s. %s",
		h.by, hostsOf(h.by)[0], h.hidden, who.words(), why, istio.Enumerate(effects, "and"), wayOut)
}

// labelWords says labels as a selector has them: `the labels app=greeter, version=v2`.
func labelWords(labels map[string]string) string {
	if len(labels) == 0 {
		return "no labels"
	}
	parts := make([]string, 0, len(labels))
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		parts = append(parts, key+"="+labels[key])
	}
	if more := len(parts) - istio.MostNamed; more > 0 {
		parts = append(parts[:istio.MostNamed:istio.MostNamed], fmt.Sprintf("%d more", more))
	}
	return "the labels " + strings.Join(parts, ", ")
}
