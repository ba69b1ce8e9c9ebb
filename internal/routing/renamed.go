package routing

import (
	"maps"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
)

// UnderNewNames returns the VirtualService of a pair as it was before a change, with its subsets under the names that they have
// afterwards: a subset is the pods that its labels select. Where its name means other pods by then, and none has its labels, they
// stand behind its name. The pairs are not changed.
func UnderNewNames(before, after Pair) *Object {
	was, is := before.DestinationRuleSpec(), after.DestinationRuleSpec()
	if before.VirtualService == nil || was == nil || is == nil || was.Host != is.Host {
		return before.VirtualService
	}
	names := map[string]string{}
	for _, subset := range was.GetSubsets() {
		names[subset.GetName()] = newName(subset, is.GetSubsets())
	}
	o := *before.VirtualService
	spec := proto.CloneOf(before.VirtualServiceSpec())
	for _, rule := range spec.Http {
		for _, route := range rule.GetRoute() {
			if d := route.GetDestination(); d != nil && d.Host == was.Host && names[d.Subset] != "" {
				d.Subset = names[d.Subset]
			}
		}
	}
	o.Spec = spec
	return &o
}

// newName returns the name of the subset that selects the same pods.
func newName(subset *networking.Subset, among []*networking.Subset) string {
	labels := podLabels(subset)
	taken := false
	var alike []string
	for _, other := range among {
		same := maps.Equal(labels, podLabels(other))
		switch {
		case other.GetName() == subset.GetName() && same:
			return subset.GetName()
		case other.GetName() == subset.GetName():
			taken = true
		case same:
			alike = append(alike, other.GetName())
		}
	}
	switch {
	case len(alike) == 1:
		return alike[0]
	case !taken:
		return subset.GetName()
	}
	var words []string
	for _, key := range sortedKeys(labels) {
		words = append(words, shown(key)+"="+shown(labels[key]))
	}
	return subset.GetName() + " (" + strings.Join(words, " ") + ")"
}

// podLabels are the labels of a subset without what another controller of weights sets.
func podLabels(subset *networking.Subset) map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, subset.GetLabels())
	delete(labels, rolloutsLabel)
	return labels
}
