package crud

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// propose returns what Terraform proposes as the framework would hand it to a plan: where something changes, what is
// computed and not configured is unknown, and durations that mean the same are spelled as they were. What is computed
// inside an attribute the form completes.
func (p *objectsResource) propose(ctx context.Context, c *call) attr.Value {
	if c.planned.Equal(c.prior) {
		return c.planned
	}
	proposed := c.planned.Attributes()
	for name, a := range p.cached.Attributes {
		if a.IsComputed() && c.config.Get(name).IsNull() {
			proposed[name] = attr.Unknown()
		} else {
			proposed[name] = modified(ctx, a, c.prior.Get(name), proposed[name])
		}
	}
	return attr.Object(proposed)
}

// modified returns a planned value as the plan modifiers of the texts in it, the only ones that attributes have,
// would have it. They have nothing to do where nothing changes, or where there was no value before.
func modified(ctx context.Context, a schema.Attribute, prior, planned attr.Value) attr.Value {
	if !isSet(planned) || !isSet(prior) || prior.Equal(planned) {
		return planned
	}
	switch a := a.(type) {
	case schema.StringAttribute:
		return modifiedText(ctx, a.PlanModifiers, prior, planned)
	case schema.SingleNestedAttribute:
		return modifiedObject(ctx, a.Attributes, prior, planned)
	case schema.MapNestedAttribute:
		for key, v := range planned.Entries() {
			planned = planned.With(key, modifiedObject(ctx, a.NestedObject.Attributes, prior.Get(key), v))
		}
	case schema.ListNestedAttribute:
		before, after := prior.Elements(), slices.Clone(planned.Elements())
		for i := range min(len(before), len(after)) {
			after[i] = modifiedObject(ctx, a.NestedObject.Attributes, before[i], after[i])
		}
		return attr.List(after)
	}
	return planned
}

func modifiedObject(ctx context.Context, attributes map[string]schema.Attribute, prior, planned attr.Value) attr.Value {
	if !isSet(planned) || !isSet(prior) || prior.Equal(planned) {
		return planned
	}
	for name, v := range planned.Entries() {
		planned = planned.With(name, modified(ctx, attributes[name], prior.Get(name), v))
	}
	return planned
}

func modifiedText(ctx context.Context, modifiers []planmodifier.String, prior, planned attr.Value) attr.Value {
	if len(modifiers) == 0 {
		return planned
	}
	before, _ := prior.Text()
	after, _ := planned.Text()
	resp := planmodifier.StringResponse{PlanValue: types.StringValue(after)}
	for _, m := range modifiers {
		m.PlanModifyString(ctx,
			planmodifier.StringRequest{StateValue: types.StringValue(before), PlanValue: resp.PlanValue}, &resp)
	}
	return attr.String(resp.PlanValue.ValueString())
}

// isSet reports whether a value is neither null nor unknown.
func isSet(v attr.Value) bool { return !v.IsNull() && v.IsKnown() }
