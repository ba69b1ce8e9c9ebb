package istio

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
)

// UnderNewNames returns the VirtualService of a pair as it was before a change, with its subsets under the names that
// they have afterwards: a subset is the pods that its labels select. Where its name means other pods by then, and
// none has its labels, they stand behind its name. The pairs are not changed.
func UnderNewNames(before, after Objects) *Object {
	was, is := before.Declaring().DestinationRuleSpec(), after.Declaring().DestinationRuleSpec()
	if before.Routing() == nil || was == nil || is == nil || was.Host != is.Host {
		return before.Routing()
	}
	return renameSubsets(before.Routing(), was.Host, func(name string) string {
		if subset := FindSubset(was, name); subset != nil {
			return newName(subset, is.GetSubsets())
		}
		return name
	})
}

// FollowPods returns the pair as it was before a change, with those subsets under another name that the change calls
// so: of another name, and with the same labels. The pairs are not changed.
func FollowPods(before, after Objects) Objects {
	was, is := before.Declaring().DestinationRuleSpec(), after.Declaring().DestinationRuleSpec()
	if was == nil || is == nil || was.Host != is.Host {
		return before
	}
	rename := func(name string) string {
		subset := FindSubset(was, name)
		if subset == nil {
			return name
		}
		if next := newName(subset, is.GetSubsets()); FindSubset(is, next) != nil {
			return next
		}
		return name
	}
	if before.Routing() != nil {
		before = before.With(renameSubsets(before.Routing(), was.Host, rename))
	}
	o, spec := *before.Declaring(), proto.CloneOf(was)
	for _, subset := range spec.Subsets {
		subset.Name = rename(subset.Name)
	}
	o.Spec = spec
	return before.With(&o)
}

// renameSubsets returns a VirtualService whose rules call the subsets of a host otherwise.
func renameSubsets(o *Object, host string, rename func(string) string) *Object {
	renamed, spec := *o, proto.CloneOf(o.VirtualServiceSpec())
	for _, rule := range spec.Http {
		for _, route := range rule.GetRoute() {
			if d := route.GetDestination(); d != nil && d.Host == host && d.Subset != "" {
				d.Subset = rename(d.Subset)
			}
		}
	}
	renamed.Spec = spec
	return &renamed
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
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		words = append(words, Shown(key)+"="+Shown(labels[key]))
	}
	return subset.GetName() + " (" + strings.Join(words, " ") + ")"
}

// podLabels are the labels of a subset without what another controller of weights sets.
func podLabels(subset *networking.Subset) map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, subset.GetLabels())
	delete(labels, RolloutsLabel)
	return labels
}
