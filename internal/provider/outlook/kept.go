package outlook

import (
	"fmt"
	"slices"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// WithKept adds to the words of rules, in their order, what clients keep that got it.
func WithKept(lines []string, found istio.Unstuck) []string {
	if slices.ContainsFunc(found.Rules, func(r *networking.HTTPRoute) bool { return r.GetDelegate() != nil }) {
		// Somebody else wrote these rules, and not each has a line of its own.
		return lines
	}
	for i, rule := range found.Rules[:min(len(found.Rules), len(lines), traffic.MostLines)] {
		if s := found.Sticky[i]; s != nil {
			if names := s.Kept(rule); len(names) > 0 {
				lines[i] += fmt.Sprintf(", who got %s keeps it for %s", istio.Enumerate(names, "or"),
					attr.FormatDuration(s.MaxAge))
			}
		}
	}
	return lines
}
