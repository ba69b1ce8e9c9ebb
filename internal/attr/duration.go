package attr

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// keepEqualDuration plans the prior spelling of a duration that means the same as the configured one, so that
// `5000ms` beside a stored `5s` is no change. Terraform allows a provider this for values that it normalises.
type keepEqualDuration struct{}

// Description implements planmodifier.Describer.
func (keepEqualDuration) Description(context.Context) string {
	return "Durations that mean the same are equal."
}

// MarkdownDescription implements planmodifier.Describer.
func (m keepEqualDuration) MarkdownDescription(ctx context.Context) string { return m.Description(ctx) }

// PlanModifyString implements planmodifier.String.
func (keepEqualDuration) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if isKnown(req.StateValue) && isKnown(req.PlanValue) && equalDurations(req.StateValue, req.PlanValue) {
		resp.PlanValue = req.StateValue
	}
}

func isKnown(v basetypes.StringValue) bool { return !v.IsNull() && !v.IsUnknown() }

func equalDurations(a, b basetypes.StringValue) bool {
	first, problems := (timetypes.GoDuration{StringValue: a}).ValueGoDuration()
	second, more := (timetypes.GoDuration{StringValue: b}).ValueGoDuration()
	return !problems.HasError() && !more.HasError() && first == second
}
