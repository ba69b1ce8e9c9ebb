package cluster

import (
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// bridge returns the DestinationRule that serves the old rules and the new ones alike: the new one, with every subset
// of the old one that it lacks, and seen wherever the old one was.
//
// A subset that changes its labels or its policy under its name cannot be both. It stays as it was while only the
// old rules name it; otherwise it changes at once.
func bridge(from, to istio.Objects) *istio.Object {
	before, after := from.Declaring(), to.Declaring()
	if before == nil || after == nil || moved(before, after) && !hides(before, after) {
		return after
	}
	old, wanted := before.DestinationRuleSpec(), after.DestinationRuleSpec()
	if old.Host != wanted.Host {
		return after
	}
	both := proto.CloneOf(wanted)
	for _, subset := range old.Subsets {
		switch i := slices.IndexFunc(both.Subsets, func(s *networking.Subset) bool { return s.Name == subset.Name }); {
		case i < 0:
			both.Subsets = append(both.Subsets, subset)
		case names(from.Routing().VirtualServiceSpec(), subset.Name) &&
			!names(to.Routing().VirtualServiceSpec(), subset.Name):
			both.Subsets[i] = subset
		}
	}
	both.ExportTo = exportToBoth(after, before)
	object := *after
	object.Spec = both
	return &object
}

// bridgeOld returns the DestinationRule that gives way to one at another address, as it serves the new rules too, and
// whether it has to change for that.
func bridgeOld(from, to istio.Objects) (*istio.Object, bool) {
	before, after := from.Declaring(), to.Declaring()
	if before == nil || after == nil || !moved(before, after) || !hides(before, after) {
		return before, false
	}
	old, wanted := before.DestinationRuleSpec(), after.DestinationRuleSpec()
	if old.Host != wanted.Host {
		return before, false
	}
	both := proto.CloneOf(old)
	for _, subset := range wanted.Subsets {
		if istio.FindSubset(old, subset.Name) == nil {
			both.Subsets = append(both.Subsets, subset)
		}
	}
	both.ExportTo = exportToBoth(before, after)
	object := *before
	object.Spec = both
	return &object, !istio.SameSpec(old, both)
}

// hides reports whether of two DestinationRules for one host a proxy may see only one. Those that the same proxies
// see in one namespace are merged; otherwise the one in the proxy's own namespace hides the one in the service's, and
// the last one in a namespace hides the others. Source: istio.io/istio pilot/pkg/model, mergeDestinationRule and
// destinationRule.
func hides(a, b *istio.Object) bool {
	one, other := a.DestinationRuleSpec().ExportTo, b.DestinationRuleSpec().ExportTo
	return a.Namespace != b.Namespace || !exportCovers(one, other) || !exportCovers(other, one)
}

// exportToBoth returns where object has to be seen while another one is: wherever either is, so that the two are
// merged. In another namespace the same proxies would not find it anyway.
func exportToBoth(object, other *istio.Object) []string {
	own, others := object.DestinationRuleSpec().ExportTo, other.DestinationRuleSpec().ExportTo
	if object.Namespace != other.Namespace || exportCovers(own, others) {
		return own
	}
	return widest(others, own)
}

// names reports whether a rule sends requests to a subset of that name, or copies of them.
func names(spec *networking.VirtualService, subset string) bool {
	for _, rule := range spec.GetHttp() {
		for _, route := range rule.GetRoute() {
			if route.GetDestination().GetSubset() == subset {
				return true
			}
		}
		for _, mirror := range rule.GetMirrors() {
			if mirror.GetDestination().GetSubset() == subset {
				return true
			}
		}
	}
	return false
}

// everywhere is what exportTo says of an object that is exported to every namespace. An empty list says the same.
const everywhere = "*"

// exportCovers reports whether an object is exported to all namespaces to which another one is.
func exportCovers(exportTo, other []string) bool {
	if len(exportTo) == 0 || slices.Contains(exportTo, everywhere) {
		return true
	}
	return len(other) > 0 && !slices.ContainsFunc(other, func(namespace string) bool {
		return !slices.Contains(exportTo, namespace)
	})
}

// widest returns an exportTo that covers two.
func widest(a, b []string) []string {
	switch {
	case exportCovers(a, b):
		return a
	case exportCovers(b, a):
		return b
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
