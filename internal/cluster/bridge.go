package cluster

import (
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// bridge returns the DestinationRule that serves the old rules and the new ones alike: the new one, with every subset of
// the old one that it lacks, and seen wherever the old one was.
//
// A subset that changes its labels or its policy under its name cannot be both. It stays as it was while only the
// old rules name it; otherwise it changes at once.
func bridge(from, to routing.Pair) *routing.Object {
	before, after := from.DestinationRule, to.DestinationRule
	if before == nil || after == nil || moved(before, after) {
		return after
	}
	old, wanted := from.DestinationRuleSpec(), to.DestinationRuleSpec()
	if old.Host != wanted.Host {
		return after
	}
	both := proto.Clone(wanted).(*networking.DestinationRule)
	for _, subset := range old.Subsets {
		switch i := slices.IndexFunc(both.Subsets, func(s *networking.Subset) bool { return s.Name == subset.Name }); {
		case i < 0:
			both.Subsets = append(both.Subsets, subset)
		case names(from.VirtualServiceSpec(), subset.Name) && !names(to.VirtualServiceSpec(), subset.Name):
			both.Subsets[i] = subset
		}
	}
	if !seesAll(wanted.ExportTo, old.ExportTo) {
		both.ExportTo = widest(old.ExportTo, wanted.ExportTo)
	}
	object := *after
	object.Spec = both
	return &object
}

// names reports whether a rule sends requests to a subset of that name, or copies of them.
func names(rules *networking.VirtualService, subset string) bool {
	for _, rule := range rules.GetHttp() {
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

func findSubset(rule *networking.DestinationRule, name string) *networking.Subset {
	for _, subset := range rule.GetSubsets() {
		if subset.GetName() == name {
			return subset
		}
	}
	return nil
}

// everywhere is what exportTo says of an object that every namespace sees. An empty list says the same.
const everywhere = "*"

// seesAll reports whether an object is seen in all namespaces in which another one is.
func seesAll(exportTo, other []string) bool {
	if len(exportTo) == 0 || slices.Contains(exportTo, everywhere) {
		return true
	}
	return len(other) > 0 && !slices.ContainsFunc(other, func(namespace string) bool { return !slices.Contains(exportTo, namespace) })
}

// widest returns an exportTo that covers two.
func widest(a, b []string) []string {
	switch {
	case seesAll(a, b):
		return a
	case seesAll(b, a):
		return b
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
