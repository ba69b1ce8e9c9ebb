package form

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// compact is what the two compact forms have in common: they own a pair, and write hosts by their full names.
type compact struct{}

// Resolve implements [Form].
func (compact) Resolve(live istio.Objects, clusterDomain string) istio.Objects {
	return canary.Resolve(live, clusterDomain)
}

// NameAttribute implements [Form].
func (compact) NameAttribute(kind istio.Kind) string {
	if kind == istio.KindDestinationRule {
		return "destination_rule_name"
	}
	return "virtual_service_name"
}

// Void refuses: only Terraform writes these routes, and what does nothing in them is a mistake.
func (compact) Void() istio.Severity { return istio.Refused }

// withPlacement adds to the attributes of a form those that both have in common. What the cluster cannot tell is as
// before: an object that is gone still has its name, and is still managed.
func withPlacement(place, before *canary.Placement, attributes map[string]attr.Value) map[string]attr.Value {
	place.SubsetsElsewhere = before.SubsetsElsewhere
	place.VirtualServiceName = cmp.Or(place.VirtualServiceName, before.VirtualServiceName)
	place.DestinationRuleName = cmp.Or(place.DestinationRuleName, before.DestinationRuleName)
	place.Host = cmp.Or(place.Host, before.Host)
	maps.Copy(attributes, encodePlacement(place))
	return attributes
}

// Find reads the id `namespace/name`, where name is that of the VirtualService; the DestinationRule is the one for
// the same host. `namespace/virtual_service/destination_rule` names both.
func (compact) Find(id string) (*canary.Placement, error) {
	parts := strings.Split(id, "/")
	if len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") {
		return nil, fmt.Errorf(
			"the id %q is not of the form NAMESPACE/NAME, or NAMESPACE/VIRTUAL_SERVICE/DESTINATION_RULE where the "+
				"two objects have different names", id)
	}
	place := &canary.Placement{Namespace: parts[0], VirtualServiceName: parts[1]}
	if len(parts) == 3 {
		place.DestinationRuleName = parts[2]
	}
	return place, nil
}

// Seed implements [Form]. A VirtualService that has no DestinationRule would give one its own name.
func (compact) Seed(place *canary.Placement) map[string]attr.Value {
	return map[string]attr.Value{
		"namespace":               attr.String(place.Namespace),
		"virtual_service_name":    attr.String(place.VirtualServiceName),
		"destination_rule_name":   attr.String(cmp.Or(place.DestinationRuleName, place.VirtualServiceName)),
		"manage_destination_rule": attr.Bool(!place.SubsetsElsewhere),
	}
}
