package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// wired is a resource that answers Terraform's calls itself, on the values as they come over the protocol. The framework would check and
// copy all of a value again at every level, for which a plan of many routes spends most of its time. It still answers where a value is not
// what its schema says: what is wrong then it says best.
type wired struct {
	*pairResource
	of *attr.Type
}

// with returns the resource with what the provider block says.
func (w wired) with(s settings) wired {
	p := *w.pairResource
	p.settings = s
	return wired{&p, w.of}
}

// decode reads a value, null where there is none; false says that the framework has to look at it.
func (w wired) decode(v *tfprotov6.DynamicValue, within bounds) (attr.Value, *flaw, bool) {
	if v == nil || len(v.MsgPack) == 0 {
		return attr.Null(), nil, v == nil
	}
	value, err := w.of.Decode(v.MsgPack, within.limits())
	if err != nil {
		wrong := within.flawOf(err)
		return attr.Null(), wrong, wrong != nil
	}
	return value, nil, true
}

// decoded reads values into their places, up to the first that is not in order.
func (w wired) decoded(values ...wireValue) (*flaw, bool) {
	for _, v := range values {
		value, wrong, ok := w.decode(v.from, v.within)
		if wrong != nil || !ok {
			return wrong, ok
		}
		*v.into = value
	}
	return nil, true
}

// wireValue is a value that is to be read.
type wireValue struct {
	from   *tfprotov6.DynamicValue
	within bounds
	into   *attr.Value
}

func (w wired) encode(v attr.Value, diagnostics *diag.Diagnostics) *tfprotov6.DynamicValue {
	encoded, err := w.of.Encode(v)
	if err != nil {
		diagnostics.AddError("State cannot be written", "The state does not fit the schema, which is a mistake of the provider: "+sentence(err.Error()))
	}
	return &tfprotov6.DynamicValue{MsgPack: encoded}
}

// identityOf returns the identity that an answer has, as before where it says nothing of it.
func identityOf(c *call, before *tfprotov6.ResourceIdentityData) *tfprotov6.ResourceIdentityData {
	if c.place == nil {
		return before
	}
	return identityAt(c.place.Namespace, firstOf(c.place.VirtualServiceName, c.place.DestinationRuleName))
}

func (w wired) validate(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, bool) {
	var c call
	wrong, ok := w.decoded(wireValue{req.Config, inConfig, &c.config})
	switch {
	case !ok || wrong == nil && !fits(ctx, w.cached.Attributes, c.config):
		return nil, false
	case wrong != nil:
		return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: wrong.diagnostics()}, true
	}
	w.validateConfig(&c)
	return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: wireDiagnostics(c.diagnostics)}, true
}

// upgrade hands a state back as it was stored, which it can be if it has the attributes of the schema and no others.
func (w wired) upgrade(req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, bool) {
	if req.RawState == nil || req.Version != w.cached.Version || len(req.RawState.Flatmap) > 0 {
		return nil, false
	}
	if ok, err := w.of.Conforms(req.RawState.JSON, inState.limits()); !ok || err != nil {
		return nil, false
	}
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &tfprotov6.DynamicValue{JSON: req.RawState.JSON}}, true
}

func (w wired) readResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, bool) {
	kept, ok := readPrivate(req.Private)
	if !ok || req.CurrentState == nil {
		return nil, false
	}
	c := call{private: kept}
	if w.asLastSeen(ctx, &c) {
		resp := &tfprotov6.ReadResourceResponse{
			NewState: req.CurrentState, Private: c.private.bytes(), NewIdentity: req.CurrentIdentity, Diagnostics: wireDiagnostics(c.diagnostics),
		}
		if resp.NewIdentity == nil {
			resp.NewIdentity = identityOf(&c, nil)
		}
		return resp, true
	}
	if wrong, ok := w.decoded(wireValue{req.CurrentState, inState, &c.prior}); wrong != nil || !ok {
		return &tfprotov6.ReadResourceResponse{NewState: req.CurrentState, Private: req.Private, Diagnostics: wrong.diagnostics()}, ok
	}
	w.readState(ctx, &c)
	if err := w.of.Measure(c.state, inCluster.limits()); err != nil {
		resp := &tfprotov6.ReadResourceResponse{NewState: req.CurrentState, Private: req.Private, NewIdentity: req.CurrentIdentity}
		resp.Diagnostics = append(wireDiagnostics(c.diagnostics), inCluster.flawOf(err).diagnostics()...)
		return resp, true
	}
	resp := &tfprotov6.ReadResourceResponse{NewState: w.encode(c.state, &c.diagnostics), Private: c.private.bytes(), NewIdentity: identityOf(&c, req.CurrentIdentity)}
	resp.Diagnostics = wireDiagnostics(c.diagnostics)
	return resp, true
}

func (w wired) planChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest, applying bool) (*tfprotov6.PlanResourceChangeResponse, bool) {
	kept, ok := readPrivate(req.PriorPrivate)
	if !ok || req.Config == nil || req.ProposedNewState == nil || req.PriorState == nil {
		return nil, false
	}
	c := call{private: kept, applying: applying}
	wrong, ok := w.decoded(wireValue{req.Config, inConfig, &c.config}, wireValue{req.ProposedNewState, inState, &c.planned}, wireValue{req.PriorState, inState, &c.prior})
	switch {
	case !ok:
		return nil, false
	case wrong != nil:
		return &tfprotov6.PlanResourceChangeResponse{PlannedState: req.PriorState, PlannedPrivate: req.PriorPrivate, Diagnostics: wrong.diagnostics()}, true
	}
	proposed := c.planned
	if !c.planned.IsNull() {
		c.planned = w.propose(ctx, &c)
	}
	w.plan(ctx, &c)
	resp := &tfprotov6.PlanResourceChangeResponse{PlannedState: req.ProposedNewState, PlannedPrivate: c.private.bytes(), PlannedIdentity: req.PriorIdentity}
	if !c.planned.Equal(proposed) {
		resp.PlannedState = w.encode(c.planned, &c.diagnostics)
	}
	if resp.PlannedIdentity == nil {
		resp.PlannedIdentity = noIdentity()
	}
	resp.Diagnostics = wireDiagnostics(c.diagnostics)
	return resp, true
}

func (w wired) applyChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, bool) {
	kept, ok := readPrivate(req.PlannedPrivate)
	if !ok {
		return nil, false
	}
	c := call{private: kept}
	wrong, ok := w.decoded(wireValue{req.Config, inConfig, &c.config}, wireValue{req.PlannedState, inState, &c.planned}, wireValue{req.PriorState, inState, &c.prior})
	switch {
	case !ok:
		return nil, false
	case wrong != nil:
		return &tfprotov6.ApplyResourceChangeResponse{NewState: req.PriorState, Private: req.PlannedPrivate, Diagnostics: wrong.diagnostics()}, true
	}
	w.apply(ctx, &c)
	resp := &tfprotov6.ApplyResourceChangeResponse{NewState: w.encode(c.state, &c.diagnostics), Private: c.private.bytes(), NewIdentity: identityOf(&c, req.PlannedIdentity)}
	if resp.NewIdentity == nil || c.state.IsNull() && !c.prior.IsNull() {
		resp.NewIdentity = noIdentity()
	}
	resp.Diagnostics = wireDiagnostics(c.diagnostics)
	return resp, true
}

// apply creates, updates or deletes.
func (p *pairResource) apply(ctx context.Context, c *call) {
	switch {
	case c.prior.IsNull():
		c.private = private{}
		p.create(ctx, c)
	case c.planned.IsNull():
		c.state = c.prior
		if p.remove(ctx, c); !c.diagnostics.HasError() {
			c.state, c.private = attr.Null(), private{}
		}
	default:
		c.state = c.prior
		p.update(ctx, c)
	}
}
