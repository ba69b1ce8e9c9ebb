package action

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

var (
	_ action.ActionWithConfigure      = (*promote)(nil)
	_ action.ActionWithValidateConfig = (*promote)(nil)
)

// promote is mesh_promote.
type promote struct{ configured }

// How far mesh_promote goes.
const (
	toNext = "next"
	toEnd  = "end"
)

// Metadata implements action.Action.
func (*promote) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_promote"
}

// Schema implements action.Action.
func (*promote) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Takes the next step of a walk, or all that are left, without a plan. No gate is asked " +
			"and no pause waited for: who promotes has judged. The next plan of the resource shows the new place and " +
			"no change of weights; at the last step it ends the walk.\n\nThe route is that of a resource whose " +
			"`walk` has `advance = \"apply\"`, and of the same workspace, by the `owner` of the provider block. " +
			"Where somebody else sets the weights (`weights_managed_by = \"other\"`), `weights` says which they " +
			"shall be. A walk that an apply makes by itself is left alone, and so are weights that " +
			"somebody else has set since.\n\nOpenTofu, and Terraform before 1.14, have no actions: there an apply " +
			"takes the next step, and one without `walk` all that are left.",
		Attributes: routeAttributes(map[string]schema.Attribute{
			"to": schema.StringAttribute{
				Optional: true, Validators: []validator.String{form.OneOf(toNext, toEnd)},
				MarkdownDescription: "How far to go: `next` takes one step, `end` all of them, one after the other. " +
					"Defaults to `next`.",
			},
			"weights": schema.MapAttribute{
				Optional: true, ElementType: types.MapType{ElemType: types.NumberType},
				MarkdownDescription: "Shares in whole percent by rule and subset, as `live_weights` has them, to " +
					"which a route walks whose weights are not Terraform's, such as `{ \"http[0]\" = { v1 = 0, v2 = " +
					"100 } }`. The rules have to have these subsets as destinations already. The annotation `" +
					"terraform-provider-mesh/walk` keeps where it is, for the next `mesh_promote` and for " +
					"`mesh_abort`. Whoever set the weights before gives them up to Terraform's field manager. A " +
					"route whose weights a controller sets, such as that of Argo Rollouts, is refused: it would set " +
					"them again, and has its own commands.",
			},
			"steps": schema.ListAttribute{
				Optional: true, ElementType: types.NumberType,
				MarkdownDescription: "Steps for `weights`, in percent of the way, each larger than the one before, " +
					"from `1` to `99`. Defaults to none: all of it at once.",
			},
		}),
	}
}

// ValidateConfig implements action.ActionWithValidateConfig.
func (*promote) ValidateConfig(
	_ context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse,
) {
	r := attr.Read(attr.FromTerraform(req.Config.Raw))
	checkRoute(r, &resp.Diagnostics)
	if r.Has("steps") && !r.Has("weights") {
		at := path.Root("steps")
		resp.Diagnostics.AddAttributeError(at, "Invalid steps", report.Located(at,
			"are those of weights, and there are none: a walk of Terraform's has the steps of its resource"))
	}
	last := int64(0)
	for i, step := range r.IntList("steps") {
		if step != nil && (*step <= last || *step > 99) {
			at := path.Root("steps").AtListIndex(i)
			resp.Diagnostics.AddAttributeError(at, "Invalid steps", report.Located(at, fmt.Sprintf(
				"must be between 1 and 99 percent of the way, and larger than the step before, got %d", *step)))
		}
		if step != nil {
			last = *step
		}
	}
	weightsIn(r)
	for _, problem := range r.Problems() {
		resp.Diagnostics.AddAttributeError(problem.At, "Invalid value", report.Located(problem.At, problem.Reason))
	}
}

// Invoke implements action.Action.
func (a *promote) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	r := attr.Read(attr.FromTerraform(req.Config.Raw))
	to := a.open(ctx, r, resp)
	if to == nil {
		return
	}
	find := to.told
	if r.Has("weights") {
		find = func() (walk.Plan, walk.Memory, walk.Position, bool) { return to.toWeights(r, weightsIn(r)) }
	}
	p, m, at, ok := find()
	switch {
	case !ok:
	case at.Back:
		to.refuse("Walk goes back",
			"The walk of %s is on its way back, %s. Apply, or mesh_abort, takes it to its start.", to.at, p.Called(at))
	case at.Stage >= p.Last():
		resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf(
			"%s is %s already: the next apply of the resource ends the walk", to.at, p.Place(at))})
	default:
		to.move(ctx, p, m, at, walk.Terms{
			Last: p.Last(), ByApply: r.String("to") != toEnd, Mirrored: p.Mirrored(),
		})
	}
}

// weightsIn reads weights by rule and subset.
func weightsIn(r *attr.Reader) map[string]map[string]int64 {
	all := map[string]map[string]int64{}
	rules := r.Object("weights")
	for _, name := range rules.Names() {
		all[name] = map[string]int64{}
		for subset, weight := range rules.Ints(name) {
			if weight != nil {
				all[name][subset] = *weight
			}
		}
	}
	return all
}

// toWeights returns the walk to weights that the configuration says: one that is under way to just those, or a new
// one.
func (r *route) toWeights(
	config *attr.Reader, weights map[string]map[string]int64,
) (walk.Plan, walk.Memory, walk.Position, bool) {
	var steps []int64
	for _, step := range config.IntList("steps") {
		if step != nil {
			steps = append(steps, *step)
		}
	}
	for _, tool := range r.live.Tools() {
		if tool.OnlyWeights {
			r.refuse("Weights of another tool", "The weights of %s are those of %s (%s), which would set them again. "+
				"Promote with that.", r.at, tool.Name, tool.Evidence)
			return walk.Plan{}, walk.Memory{}, walk.Position{}, false
		}
	}
	live := r.ours(r.writer.Now)
	if _, m, _, err := walk.Told(live, time.Now()); err == nil && m.Advance != walk.ByAction {
		r.refuse("Walk of Terraform's", "A walk of %s is under way that a resource makes. Leave weights out to "+
			"promote it, or change the weights there.", r.at)
		return walk.Plan{}, m, walk.Position{}, false
	}
	wanted, err := walk.ToWeights(live, weights)
	if err != nil {
		r.refuse("Invalid weights", "%s.", report.Sentence(err.Error()))
		return walk.Plan{}, walk.Memory{}, walk.Position{}, false
	}
	p, at, _ := walk.Resume(live, wanted, walk.Way{Steps: steps}, r.settings.Owner, time.Now())
	return p, walk.Memory{Owner: r.settings.Owner, Advance: walk.ByAction}, at, true
}
