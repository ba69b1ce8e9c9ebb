package crud

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

var _ resource.ResourceWithMoveState = (*objectsResource)(nil)

// MoveState implements resource.ResourceWithMoveState. A `moved` block turns one of the two compact forms into the
// other, as an update in place: a canary that was routed by rules becomes a split, and back. It turns a manifest of
// another provider into the resource of its kind.
func (p *objectsResource) MoveState(context.Context) []resource.StateMover {
	if f, ok := p.Form.(form.Object); ok {
		return []resource.StateMover{{
			StateMover: func(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
				p.moveManifest(ctx, f, req, resp)
			},
		}}
	}
	var movers []resource.StateMover
	for _, source := range []form.Form{form.CanaryRoute{}, form.WeightedSplit{}} {
		if source.TypeName() == p.TypeName() {
			continue
		}
		sourceSchema := source.Schema()
		movers = append(movers, resource.StateMover{
			SourceSchema: &sourceSchema,
			StateMover: func(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
				ours := strings.HasSuffix(req.SourceProviderAddress, "/meshroute/mesh")
				if !ours || req.SourceTypeName != "mesh_"+source.TypeName() || req.SourceState == nil ||
					req.SourceState.Raw.IsNull() || !req.SourceState.Raw.IsKnown() {
					return
				}
				state := p.moveFrom(source, form.Upgraded(sourceSchema, attr.FromTerraform(req.SourceState.Raw)))
				resp.TargetState.Raw = state.ToTerraform(p.cached.Type().TerraformType(ctx))
				resp.TargetPrivate = req.SourcePrivate
				identify(resp.TargetIdentity, p.routeOf(state).Place())
			},
		})
	}
	return append(movers, resource.StateMover{StateMover: func(
		_ context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse,
	) {
		resp.Diagnostics.AddError("State cannot be moved", report.Sentence(fmt.Sprintf(
			"move a %.80q of %.160q: it holds no objects that are known here", req.SourceTypeName,
			req.SourceProviderAddress,
		))+"\n\n"+movable(p.Form))
	}})
}

// moveFrom returns the state of this form for the objects that a state of another form describes.
func (p *objectsResource) moveFrom(source form.Form, state attr.Value) attr.Value {
	from := source.Route(attr.Read(state), p.settings.Defaults)
	rendered := from.Render()
	own := p.settings.Defaults
	own.ClusterDomain = from.Place().ClusterDomain
	_, next := p.Recognize(rendered, from.Place(), own)
	next["foreign_fields"] = attr.Strings(nil)
	expressed := p.routeOf(attr.Object(next)).Render()
	next["foreign_fields"] = attr.Strings(canary.Differences(expressed, rendered))
	for _, name := range form.With(form.Carried) {
		next[name] = state.Get(name)
	}
	return attr.Object(next)
}
