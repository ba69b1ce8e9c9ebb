package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
)

var _ resource.ResourceWithMoveState = (*pairResource)(nil)

// MoveState implements resource.ResourceWithMoveState: a `moved` block turns one of the two forms into the other. The
// objects stay as they are, so that a canary that was routed by rules becomes a split, and back, as an update in place.
func (p *pairResource) MoveState(context.Context) []resource.StateMover {
	movers := make([]resource.StateMover, 0, len(forms))
	for _, source := range forms {
		if source.typeName() == p.typeName() {
			continue
		}
		sourceSchema := source.schema()
		movers = append(movers, resource.StateMover{
			SourceSchema: &sourceSchema,
			StateMover: func(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
				ours := strings.HasSuffix(req.SourceProviderAddress, "/meshroute/mesh")
				if !ours || req.SourceTypeName != "mesh_"+source.typeName() || req.SourceState == nil || isMissing(req.SourceState.Raw) {
					return
				}
				resp.TargetState.Raw = p.moveFrom(ctx, source, req.SourceState.Raw)
				resp.TargetPrivate = req.SourcePrivate
			},
		})
	}
	return movers
}

// moveFrom returns the state of this form for the objects that a state of another form describes.
func (p *pairResource) moveFrom(ctx context.Context, source form, state tftypes.Value) tftypes.Value {
	r := attr.Read(state)
	from := source.read(r, readPlacement(r, p.settings))
	rendered := from.Render()
	route, attributes := p.recognize(rendered, from.Place().ClusterDomain)
	place := route.Place()
	place.DestinationRuleName = firstOf(place.DestinationRuleName, r.String("destination_rule_name"))
	next := encodePlacement(place, nil)
	for name, value := range attributes {
		next[name] = value
	}
	for name := range lifecycleAttributes() {
		next[name] = attributesOf(state)[name]
	}
	objectType := p.cached.Type().TerraformType(ctx)
	expressed := p.routeOf(tftypes.NewValue(objectType, next)).Render()
	next["foreign_fields"] = tftypes.NewValue(stringList, stringValues(canary.Differences(expressed, rendered)))
	for _, name := range []string{"service", "host", "hosts", "namespace", "name"} {
		next[name] = attributesOf(state)[name]
	}
	return tftypes.NewValue(objectType, next)
}
