package istio

import (
	networking "istio.io/api/networking/v1"
)

// Modernize writes the fields of a rule that Istio has replaced as those that replaced them, which mean the same:
// `mirror` with its percentage as one of `mirrors`, and the whole `percent` of a delay as `percentage`. Most
// tutorials have the old ones still. Source: istio.io/istio pilot/pkg/networking/core/route, MirrorPercent and
// TranslateFault.
func Modernize(rule *networking.HTTPRoute) {
	//nolint:staticcheck // istiod reads the old fields still
	if rule.GetMirror() != nil && len(rule.GetMirrors()) == 0 {
		mirror := &networking.HTTPMirrorPolicy{Destination: rule.Mirror, Percentage: rule.MirrorPercentage}
		if rule.MirrorPercentage == nil && rule.MirrorPercent != nil {
			mirror.Percentage = &networking.Percent{Value: float64(rule.MirrorPercent.GetValue())}
		}
		rule.Mirrors = []*networking.HTTPMirrorPolicy{mirror}
		rule.Mirror, rule.MirrorPercentage, rule.MirrorPercent = nil, nil, nil
	}
	//nolint:staticcheck // istiod reads the old field still
	if delay := rule.GetFault().GetDelay(); delay.GetPercentage() == nil && delay.GetPercent() != 0 {
		delay.Percentage, delay.Percent = &networking.Percent{Value: float64(delay.Percent)}, 0
	}
}
