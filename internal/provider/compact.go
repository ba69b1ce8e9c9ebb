package provider

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// compact is what the two compact forms have in common: they own a pair, and write hosts by their full names.
type compact struct{}

func (compact) resolve(live routing.Pair, clusterDomain string) routing.Pair {
	return canary.Resolve(live, clusterDomain)
}

func (compact) nameAttribute(kind routing.Kind) string {
	if kind == routing.KindDestinationRule {
		return "destination_rule_name"
	}
	return "virtual_service_name"
}

// withPlacement adds to the attributes of a form those that both have in common. What the cluster cannot tell is as before: an
// object that is gone still has its name, and is still managed.
func withPlacement(place, before *canary.Placement, attributes map[string]tftypes.Value) map[string]tftypes.Value {
	place.SubsetsElsewhere = before.SubsetsElsewhere
	place.VirtualServiceName = firstOf(place.VirtualServiceName, before.VirtualServiceName)
	place.DestinationRuleName = firstOf(place.DestinationRuleName, before.DestinationRuleName)
	place.Host = firstOf(place.Host, before.Host)
	maps.Copy(attributes, encodePlacement(place))
	return attributes
}

// find reads the id `namespace/name`, where name is that of the VirtualService; the DestinationRule is the one for the same
// host. `namespace/virtual_service/destination_rule` names both.
func (compact) find(ctx context.Context, p *pairResource, id string, diagnostics *diag.Diagnostics) *canary.Placement {
	parts := strings.Split(id, "/")
	if len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") {
		diagnostics.AddError("Invalid import id", printablef(
			"The id %q is not of the form NAMESPACE/NAME, or NAMESPACE/VIRTUAL_SERVICE/DESTINATION_RULE where the two objects have different names.", id))
		return nil
	}
	place := &canary.Placement{Namespace: parts[0], VirtualServiceName: parts[1]}
	if len(parts) == 3 {
		place.DestinationRuleName = parts[2]
	} else if !p.findDestinationRule(ctx, place, diagnostics) {
		return nil
	}
	return place
}

func (compact) seed(place *canary.Placement) map[string]tftypes.Value {
	return map[string]tftypes.Value{
		"namespace":               tftypes.NewValue(tftypes.String, place.Namespace),
		"virtual_service_name":    tftypes.NewValue(tftypes.String, place.VirtualServiceName),
		"destination_rule_name":   tftypes.NewValue(tftypes.String, place.DestinationRuleName),
		"manage_destination_rule": tftypes.NewValue(tftypes.Bool, !place.SubsetsElsewhere),
	}
}

// findDestinationRule finds the DestinationRule that belongs to a VirtualService: the one of the same name, or else
// the only one in the namespace for the same host.
func (p *pairResource) findDestinationRule(ctx context.Context, place *canary.Placement, diagnostics *diag.Diagnostics) bool {
	place.DestinationRuleName = place.VirtualServiceName
	live, err := p.getPair(ctx, place, diagnostics)
	if err != nil {
		reportErrors(diagnostics, err)
		return false
	}
	if live.VirtualService == nil {
		diagnostics.AddError("Object does not exist", printablef("There is no VirtualService %q in namespace %q.",
			place.VirtualServiceName, place.Namespace))
		return false
	}
	host := p.hostOf(live.VirtualService)
	if live.DestinationRule != nil && p.isFor(live.DestinationRule, host) {
		return true
	}
	rules, err := p.settings.cluster.List(withWarnings(ctx, diagnostics), routing.KindDestinationRule, place.Namespace)
	if err != nil {
		reportErrors(diagnostics, err)
		return false
	}
	rules = slices.DeleteFunc(rules, func(rule *cluster.Live) bool { return !p.isFor(rule, host) })
	switch len(rules) {
	case 0:
		place.SubsetsElsewhere = true
	case 1:
		place.DestinationRuleName = rules[0].Name
	default:
		names := make([]string, len(rules))
		for i, rule := range rules {
			names[i] = rule.Name
		}
		diagnostics.AddError("Several DestinationRules", printablef(
			"Namespace %q has several DestinationRules for %s: %s.\n\nName the one to import: %s/%s/DESTINATION_RULE.",
			place.Namespace, host, strings.Join(names, ", "), place.Namespace, place.VirtualServiceName))
		return false
	}
	return true
}

// hostOf returns the host that a VirtualService routes to, by its full name.
func (p *pairResource) hostOf(service *cluster.Live) string {
	found, _ := canary.RecognizeRoute(routing.Pair{VirtualService: &service.Object}, p.settings.clusterDomain)
	return found.Host
}

// isFor reports whether a DestinationRule is for a host.
func (p *pairResource) isFor(rule *cluster.Live, host string) bool {
	found, _ := canary.RecognizeRoute(routing.Pair{DestinationRule: &rule.Object}, p.settings.clusterDomain)
	return found.Host == host
}
