package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// ImportState implements resource.ResourceWithImportState. The id is `namespace/name`, where name is that of the
// VirtualService; the DestinationRule is the one for the same host. `namespace/virtual_service/destination_rule` names
// both.
func (p *pairResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	parts := strings.Split(req.ID, "/")
	if len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") {
		resp.Diagnostics.AddError("Invalid import id", printable(fmt.Sprintf(
			"The id %q is not of the form NAMESPACE/NAME, or NAMESPACE/VIRTUAL_SERVICE/DESTINATION_RULE where the two objects have different names.",
			req.ID)))
		return
	}
	if p.settings.cluster == nil {
		resp.Diagnostics.AddError("Cluster not known yet",
			"An import reads from the cluster, and the provider block holds values that are known only after apply.")
		return
	}
	place := &canary.Placement{Namespace: parts[0], VirtualServiceName: parts[1]}
	if len(parts) == 3 {
		place.DestinationRuleName = parts[2]
	} else if !p.findDestinationRule(ctx, place, &resp.Diagnostics) {
		return
	}
	state := attributesOf(resp.State.Raw)
	if len(state) == 0 {
		for name, t := range resp.State.Raw.Type().(tftypes.Object).AttributeTypes {
			state[name] = tftypes.NewValue(t, nil)
		}
	}
	state["namespace"] = tftypes.NewValue(tftypes.String, place.Namespace)
	state["virtual_service_name"] = tftypes.NewValue(tftypes.String, place.VirtualServiceName)
	state["destination_rule_name"] = tftypes.NewValue(tftypes.String, place.DestinationRuleName)
	state["manage_destination_rule"] = tftypes.NewValue(tftypes.Bool, !place.SubsetsElsewhere)
	resp.State.Raw = tftypes.NewValue(resp.State.Raw.Type(), state)
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
		diagnostics.AddError("Object does not exist", fmt.Sprintf("There is no VirtualService %q in namespace %q.",
			place.VirtualServiceName, place.Namespace))
		return false
	}
	service, _ := canary.RecognizeRoute(routing.Pair{VirtualService: &live.VirtualService.Object}, p.settings.clusterDomain)
	if live.DestinationRule != nil && p.isFor(live.DestinationRule, service.Host) {
		return true
	}
	rules, err := p.settings.cluster.List(withWarnings(ctx, diagnostics), routing.KindDestinationRule, place.Namespace)
	if err != nil {
		reportErrors(diagnostics, err)
		return false
	}
	rules = slices.DeleteFunc(rules, func(rule *cluster.Live) bool { return !p.isFor(rule, service.Host) })
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
		diagnostics.AddError("Several DestinationRules", fmt.Sprintf(
			"Namespace %q has several DestinationRules for %s: %s.\n\nName the one to import: %s/%s/DESTINATION_RULE.",
			place.Namespace, service.Host, strings.Join(names, ", "), place.Namespace, place.VirtualServiceName))
		return false
	}
	return true
}

// isFor reports whether a DestinationRule is for a host.
func (p *pairResource) isFor(rule *cluster.Live, host string) bool {
	found, _ := canary.RecognizeRoute(routing.Pair{DestinationRule: &rule.Object}, p.settings.clusterDomain)
	return found.Host == host
}
