package view

import (
	"github.com/hashicorp/terraform-plugin-framework/path"
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// unsettled stands for a label, or for all of them, that is not known before apply, as masked does for what is
// sensitive.
const unsettled = "(not known until apply)"

// settle writes into a DestinationRule, which may be nil, which labels of its subsets are not known yet by the marks of
// a plan, and which are sensitive: either is read as if it were not there.
func settle(o *istio.Object, unknown []path.Path, marks any) {
	if o == nil {
		return
	}
	subsets := o.DestinationRuleSpec().GetSubsets()
	for _, at := range unknown {
		steps := at.Steps()
		if len(steps) < 3 || !steps[0].Equal(path.PathStepAttributeName("subsets")) ||
			!steps[2].Equal(path.PathStepAttributeName("labels")) {
			continue
		}
		mark := masked
		if isMarked(marks, at) {
			mark = unsettled
		}
		key := mark
		if len(steps) > 3 {
			if name, ok := steps[3].(path.PathStepElementKeyString); ok {
				key = string(name)
			}
		}
		for i, s := range subsets {
			if steps[1].Equal(path.PathStepElementKeyString(s.GetName())) ||
				steps[1].Equal(path.PathStepElementKeyInt(i)) {
				setLabel(s, key, mark)
			}
		}
	}
}

func setLabel(s *networking.Subset, key, mark string) {
	if s.Labels == nil {
		s.Labels = map[string]string{}
	}
	s.Labels[key] = mark
}

// settled returns a pair in which the subsets whose labels are not known have those that the subsets of the same names
// have before: which requests such labels move is not known either. The pairs are not changed.
func settled(pair, before istio.Objects) istio.Objects {
	if pair.Declaring() == nil {
		return pair
	}
	o, spec := *pair.Declaring(), proto.CloneOf(pair.Declaring().DestinationRuleSpec())
	for _, s := range spec.GetSubsets() {
		was := istio.FindSubset(before.Declaring().DestinationRuleSpec(), s.GetName())
		if was != nil && !isSettled(s.GetLabels()) {
			s.Labels = was.GetLabels()
		}
	}
	o.Spec = spec
	return pair.With(&o)
}

// isSettled reports whether pods can be found by labels.
func isSettled(labels map[string]string) bool {
	for _, value := range labels {
		if value == unsettled || value == masked {
			return false
		}
	}
	return true
}
