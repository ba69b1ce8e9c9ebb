package attr

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// EqualDurations are the plan modifiers of an attribute that is a duration.
func EqualDurations() []planmodifier.String { return []planmodifier.String{keepEqualDuration{}} }

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
func (keepEqualDuration) PlanModifyString(
	_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse,
) {
	if isKnown(req.StateValue) && isKnown(req.PlanValue) && equalDurations(req.StateValue, req.PlanValue) {
		resp.PlanValue = req.StateValue
	}
}

func isKnown(v basetypes.StringValue) bool { return !v.IsNull() && !v.IsUnknown() }

func equalDurations(a, b basetypes.StringValue) bool {
	first, err := time.ParseDuration(a.ValueString())
	second, err2 := time.ParseDuration(b.ValueString())
	return err == nil && err2 == nil && first == second
}
