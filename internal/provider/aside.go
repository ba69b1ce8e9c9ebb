package provider

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// aside are the values of a plan that go around the framework, from the guard to ModifyPlan and back. The framework would copy
// all of a resource once for each of its attributes, and look up the schema of every value inside, which is five milliseconds
// for each rule; and it does nothing with what is not computed. What is computed inside an attribute that is put aside, the form
// completes.
type aside struct {
	config, proposed, prior tftypes.Value
	// attributes are the names of what was put aside.
	attributes []string
	// planned is what ModifyPlan came to.
	planned tftypes.Value
}

type asideKey struct{}

// notComputed are the attributes of a resource that the framework has nothing to do with at plan.
func notComputed(block *tfprotov6.SchemaBlock) []string {
	var names []string
	for _, a := range block.Attributes {
		if !a.Computed {
			names = append(names, a.Name)
		}
	}
	return names
}

// putAside returns the values of a plan, and the request without those that are not computed, in which the framework still sees
// whether one of them changes. It returns nil and the request as it is where that cannot be read, or nothing is planned.
func putAside(req *tfprotov6.PlanResourceChangeRequest, of tftypes.Type, attributes []string) (*aside, *tfprotov6.PlanResourceChangeRequest) {
	a, err := readAside(req, of, attributes)
	if err != nil || isMissing(a.config) || isMissing(a.proposed) {
		return nil, req
	}
	config, proposed, prior := terraformAttributesOf(a.config), terraformAttributesOf(a.proposed), terraformAttributesOf(a.prior)
	for _, name := range attributes {
		none, unknown := tftypes.NewValue(proposed[name].Type(), nil), tftypes.NewValue(proposed[name].Type(), tftypes.UnknownValue)
		before, ok := prior[name]
		if config[name], proposed[name] = none, none; !ok || !before.Equal(terraformAttributesOf(a.proposed)[name]) {
			proposed[name] = unknown
		}
		prior[name] = none
	}
	less := *req
	less.Config, err = encodeValue(tftypes.NewValue(of, config))
	if err == nil {
		less.ProposedNewState, err = encodeValue(tftypes.NewValue(of, proposed))
	}
	if err == nil && !isMissing(a.prior) {
		less.PriorState, err = encodeValue(tftypes.NewValue(of, prior))
	}
	if err != nil {
		return nil, req
	}
	return a, &less
}

// readAside reads the values of a plan.
func readAside(req *tfprotov6.PlanResourceChangeRequest, of tftypes.Type, attributes []string) (*aside, error) {
	if of == nil || req.Config == nil || req.ProposedNewState == nil || req.PriorState == nil {
		return nil, errors.New("read the values of a plan: one is missing")
	}
	config, err := req.Config.Unmarshal(of)
	if err != nil {
		return nil, err
	}
	proposed, err := req.ProposedNewState.Unmarshal(of)
	if err != nil {
		return nil, err
	}
	prior, err := req.PriorState.Unmarshal(of)
	return &aside{config: config, proposed: proposed, prior: prior, attributes: attributes}, err
}

func encodeValue(v tftypes.Value) (*tfprotov6.DynamicValue, error) {
	encoded, err := tfprotov6.NewDynamicValue(v.Type(), v)
	return &encoded, err
}

func isMissing(v tftypes.Value) bool { return v.IsNull() || !v.IsKnown() }

// terraformAttributesOf returns the attributes of an object, none of a null one.
func terraformAttributesOf(object tftypes.Value) map[string]tftypes.Value {
	attributes := map[string]tftypes.Value{}
	if isMissing(object) || object.As(&attributes) != nil {
		return map[string]tftypes.Value{}
	}
	return maps.Clone(attributes)
}

// asideOf returns what was put aside on the way to ModifyPlan, nil where nothing was.
func asideOf(ctx context.Context) *aside {
	a, _ := ctx.Value(asideKey{}).(*aside)
	return a
}

// takeBack puts into a request what was put aside.
func (a *aside) takeBack(ctx context.Context, in schema.Schema, req *resource.ModifyPlanRequest) {
	if a == nil {
		return
	}
	planned, proposed, prior := terraformAttributesOf(req.Plan.Raw), terraformAttributesOf(a.proposed), terraformAttributesOf(a.prior)
	for _, name := range a.attributes {
		planned[name] = modified(ctx, in.Attributes[name], prior[name], proposed[name])
	}
	req.Config.Raw, req.State.Raw = a.config, a.prior
	req.Plan.Raw = tftypes.NewValue(req.Plan.Raw.Type(), planned)
}

// answer answers with a plan.
func (a *aside) answer(planned tftypes.Value, resp *resource.ModifyPlanResponse) {
	if a == nil {
		resp.Plan.Raw = planned
		return
	}
	a.planned = planned
}

// modified returns a planned value as the plan modifiers of the texts in it, the only ones that attributes have, would have it.
// They have nothing to do where nothing changes, or where there was no value before.
func modified(ctx context.Context, a schema.Attribute, prior, planned tftypes.Value) tftypes.Value {
	if isMissing(planned) || isMissing(prior) || prior.Equal(planned) {
		return planned
	}
	switch a := a.(type) {
	case schema.StringAttribute:
		return modifiedText(ctx, a.PlanModifiers, prior, planned)
	case schema.SingleNestedAttribute:
		return modifiedObject(ctx, a.Attributes, prior, planned)
	case schema.MapNestedAttribute:
		before, after := terraformAttributesOf(prior), terraformAttributesOf(planned)
		for key, v := range after {
			after[key] = modifiedObject(ctx, a.NestedObject.Attributes, before[key], v)
		}
		return tftypes.NewValue(planned.Type(), after)
	case schema.ListNestedAttribute:
		var before, after []tftypes.Value
		if prior.As(&before) != nil || planned.As(&after) != nil {
			return planned
		}
		after = slices.Clone(after)
		for i := range min(len(before), len(after)) {
			after[i] = modifiedObject(ctx, a.NestedObject.Attributes, before[i], after[i])
		}
		return tftypes.NewValue(planned.Type(), after)
	}
	return planned
}

func modifiedObject(ctx context.Context, attributes map[string]schema.Attribute, prior, planned tftypes.Value) tftypes.Value {
	if isMissing(planned) || isMissing(prior) || prior.Equal(planned) {
		return planned
	}
	before, after := terraformAttributesOf(prior), terraformAttributesOf(planned)
	for name, v := range after {
		after[name] = modified(ctx, attributes[name], before[name], v)
	}
	return tftypes.NewValue(planned.Type(), after)
}

func modifiedText(ctx context.Context, modifiers []planmodifier.String, prior, planned tftypes.Value) tftypes.Value {
	var before, after string
	if prior.As(&before) != nil || planned.As(&after) != nil {
		return planned
	}
	resp := planmodifier.StringResponse{PlanValue: types.StringValue(after)}
	for _, m := range modifiers {
		m.PlanModifyString(ctx, planmodifier.StringRequest{StateValue: types.StringValue(before), PlanValue: resp.PlanValue}, &resp)
	}
	return tftypes.NewValue(tftypes.String, resp.PlanValue.ValueString())
}
