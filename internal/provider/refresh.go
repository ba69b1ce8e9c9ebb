package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// refresh returns the state that describes the live pair. As long as the live objects mean what the state says, that is
// the state itself, spelling included.
func (p *pairResource) refresh(state tftypes.Value, route compactRoute, live livePair) tftypes.Value {
	wanted := route.Render()
	ours := canary.Resolve(live.Ours(wanted), p.settings.clusterDomain)
	prior := attributesOf(state)
	if same(wanted, ours) && isEmptyList(prior["foreign_fields"]) {
		return state
	}
	recognized, attributes := p.recognize(ours, p.settings.clusterDomain)
	place := recognized.Place()
	// What the cluster cannot tell: an object that is gone still has its name, and is still managed.
	place.SubsetsElsewhere = route.Place().SubsetsElsewhere
	place.VirtualServiceName = firstOf(place.VirtualServiceName, route.Place().VirtualServiceName)
	place.DestinationRuleName = firstOf(place.DestinationRuleName, route.Place().DestinationRuleName)
	place.Host = firstOf(place.Host, route.Place().Host)

	next := maps.Clone(prior)
	maps.Copy(next, attributes)
	maps.Copy(next, encodePlacement(place, nil))
	expressed := p.routeOf(tftypes.NewValue(state.Type(), next)).Render()
	foreign := canary.Differences(expressed, ours)
	next["foreign_fields"] = tftypes.NewValue(stringList, stringValues(foreign))
	p.keepSpelling(state.Type(), prior, next)
	return tftypes.NewValue(state.Type(), next)
}

// keepSpelling puts back the prior value of everything that makes no difference to the objects: `5000ms` for `5s`, a
// weight that was left out for the number that it came to. Where an attribute as a whole has changed, what is inside it
// is tried one by one, so that one drifted weight shows as one drifted weight.
func (p *pairResource) keepSpelling(objectType tftypes.Type, prior, next map[string]tftypes.Value) {
	render := func() routing.Pair { return p.routeOf(tftypes.NewValue(objectType, next)).Render() }
	meaning := render()
	for _, name := range slices.Sorted(maps.Keys(next)) {
		// The full name and what is foreign follow from the cluster alone, and what was null is not known yet.
		if name == "host" || name == "foreign_fields" || prior[name].IsNull() {
			continue
		}
		next[name] = spelled(prior[name], next[name], func(candidate tftypes.Value) bool {
			now := next[name]
			defer func() { next[name] = now }()
			next[name] = candidate
			return same(render(), meaning)
		})
	}
}

// spelled returns next with as much of prior as keeps the meaning, which means is asked about.
func spelled(prior, next tftypes.Value, means func(tftypes.Value) bool) tftypes.Value {
	switch {
	case prior.Equal(next):
		return next
	case means(prior):
		return prior
	case prior.IsNull() || next.IsNull():
		return next
	}
	var before, after map[string]tftypes.Value
	if prior.As(&before) == nil && next.As(&after) == nil {
		after = maps.Clone(after)
		for _, key := range slices.Sorted(maps.Keys(after)) {
			if was, ok := before[key]; ok {
				after[key] = spelled(was, after[key], func(candidate tftypes.Value) bool {
					trial := maps.Clone(after)
					trial[key] = candidate
					return means(tftypes.NewValue(next.Type(), trial))
				})
			}
		}
		return tftypes.NewValue(next.Type(), after)
	}
	var first, second []tftypes.Value
	if prior.As(&first) == nil && next.As(&second) == nil {
		second = slices.Clone(second)
		for i := range min(len(first), len(second)) {
			second[i] = spelled(first[i], second[i], func(candidate tftypes.Value) bool {
				trial := slices.Clone(second)
				trial[i] = candidate
				return means(tftypes.NewValue(next.Type(), trial))
			})
		}
		return tftypes.NewValue(next.Type(), second)
	}
	return next
}

// same reports whether two pairs are the same objects with the same meaning.
func same(a, b routing.Pair) bool {
	return len(cluster.Steps(a, b)) == 0 && len(cluster.Steps(b, a)) == 0
}

func isEmptyList(v tftypes.Value) bool {
	var elements []tftypes.Value
	return v.IsKnown() && v.As(&elements) == nil && len(elements) == 0
}

// ImportState implements resource.ResourceWithImportState. The id is `namespace/name`, where name is that of the
// VirtualService; the DestinationRule is the one for the same host. `namespace/virtual_service/destination_rule` names
// both.
func (p *pairResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	parts := strings.Split(req.ID, "/")
	if len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") {
		resp.Diagnostics.AddError("Invalid import id", fmt.Sprintf(
			"The id %q is not of the form NAMESPACE/NAME, or NAMESPACE/VIRTUAL_SERVICE/DESTINATION_RULE where the two objects have different names.",
			req.ID))
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
