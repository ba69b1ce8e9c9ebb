package view

import (
	"github.com/hashicorp/terraform-plugin-framework/path"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// unsettled stands for a label, or for all of them, that is not known before apply.
const unsettled = "(not known until apply)"

// settle writes into a DestinationRule, which may be nil, that labels of its subsets are not known yet: what is not
// known is read as if it were not there.
func settle(o *istio.Object, unknown []path.Path) {
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
		key := unsettled
		if len(steps) > 3 {
			if name, ok := steps[3].(path.PathStepElementKeyString); ok {
				key = string(name)
			}
		}
		for i, s := range subsets {
			if steps[1].Equal(path.PathStepElementKeyString(s.GetName())) ||
				steps[1].Equal(path.PathStepElementKeyInt(i)) {
				setLabel(s, key)
			}
		}
	}
}

func setLabel(s *networking.Subset, key string) {
	if s.Labels == nil {
		s.Labels = map[string]string{}
	}
	s.Labels[key] = unsettled
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
