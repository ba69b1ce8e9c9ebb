package crud

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// ImportState implements resource.ResourceWithImportState. What an id is depends on the form.
func (p *objectsResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	place, err := p.Find(importID(req))
	if err != nil {
		resp.Diagnostics.AddError("Invalid import id", report.Sentence(err.Error()))
		return
	}
	if p.settings.Cluster == nil {
		resp.Diagnostics.AddError("Cluster not known yet",
			"An import reads from the cluster, and the provider block holds values that are known only after apply.")
		return
	}
	if !place.SubsetsElsewhere && place.DestinationRuleName == "" &&
		!p.findDestinationRule(ctx, place, &resp.Diagnostics) {
		return
	}
	state := attr.FromTerraform(resp.State.Raw).Attributes()
	maps.Copy(state, p.Seed(place))
	resp.State.Raw = attr.Object(state).ToTerraform(resp.State.Raw.Type())
}

// findDestinationRule finds the DestinationRule that belongs to a VirtualService: the one of the same name, or else
// the only one in the namespace for the same host.
func (p *objectsResource) findDestinationRule(
	ctx context.Context, place *canary.Placement, diagnostics *diag.Diagnostics,
) bool {
	place.DestinationRuleName = place.VirtualServiceName
	live, err := p.getObjects(ctx, place, diagnostics)
	if err != nil {
		report.Errors(diagnostics, nil, err)
		return false
	}
	if live.Routing() == nil {
		diagnostics.AddError("Object does not exist", fmt.Sprintf("There is no VirtualService %q in namespace %q.",
			place.VirtualServiceName, place.Namespace))
		return false
	}
	host := p.hostOf(live.Routing())
	if live.Declaring() != nil && p.hostOfRule(live.Declaring()) == host {
		return true
	}
	names, err := p.rulesFor(report.WithWarnings(ctx, diagnostics), place.Namespace, host)
	if err != nil {
		report.Errors(diagnostics, nil, err)
		return false
	}
	slices.Sort(names)
	switch len(names) {
	case 0:
		place.SubsetsElsewhere = true
	case 1:
		place.DestinationRuleName = names[0]
	default:
		diagnostics.AddError("Several DestinationRules", fmt.Sprintf(
			"Namespace %q has several DestinationRules for %s: %s.\n\nName the one to import: %s/%s/DESTINATION_RULE.",
			place.Namespace, host, strings.Join(names, ", "), place.Namespace, place.VirtualServiceName))
		return false
	}
	return true
}

// rulesFor returns the names of a namespace's DestinationRules for a host, without those for more hosts, which are for
// others, too.
func (p *objectsResource) rulesFor(ctx context.Context, namespace, host string) ([]string, error) {
	var names []string
	take := func(rule *cluster.Live) {
		if p.hostOfRule(rule) == host {
			names = append(names, rule.Name)
		}
	}
	// Who imports one pair often imports all of a namespace.
	view := p.settings.View(namespace, p.settings.Owner)
	view.List(ctx, []around.Query{{Resource: around.DestinationRules, Namespace: namespace}})
	if len(view.Unlisted) == 0 {
		for _, rule := range view.DestinationRulesOf(host) {
			take(view.Live(rule.Object))
		}
		return names, nil
	}
	// A plan does without what is not listed soon. An import cannot, and waits as for any other request.
	for rule, err := range p.settings.Cluster.Each(ctx, cluster.Query{
		Kind: istio.KindDestinationRule, Namespace: namespace,
	}) {
		if err != nil {
			return nil, err
		}
		take(rule)
	}
	return names, nil
}

// hostOf returns the host that a VirtualService routes to, by its full name.
func (p *objectsResource) hostOf(service *cluster.Live) string {
	found := canary.RecognizeRoute(istio.ObjectsOf(&service.Object), p.settings.ClusterDomain)
	return found.Host
}

// hostOfRule returns the host that a DestinationRule is for, by its full name.
func (p *objectsResource) hostOfRule(rule *cluster.Live) string {
	return istio.FullHost(rule.DestinationRuleSpec().GetHost(), rule.Namespace, p.settings.ClusterDomain)
}
