package crud

import (
	"cmp"
	"context"
	"hash/maphash"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/guard"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// wired is a resource that answers Terraform's calls itself, on the values as they come over the protocol. The
// framework would check and copy all of a value again at every level, for which a plan of many routes spends most of
// its time. It still answers where a value is not what its schema says: what is wrong then it says best.
type wired struct {
	*objectsResource
	of *attr.Type
}

// wiredResources are the resources that answer for themselves, by name.
var wiredResources = sync.OnceValue(func() map[string]wired {
	all := map[string]wired{}
	for _, f := range form.All {
		p := newObjectsResource(f)
		all["mesh_"+f.TypeName()] = wired{p, attr.TypeOf(p.cached.Type().TerraformType(context.Background()))}
	}
	return all
})

// Named returns the resource of a name, with what the provider block says; false for a name that is none.
func Named(name string, s Settings) (guard.Resource, bool) {
	w, ok := wiredResources()[name]
	if !ok {
		return nil, false
	}
	p := *w.objectsResource
	p.settings = s
	return wired{&p, w.of}, true
}

// Type implements [guard.Resource].
func (w wired) Type() tftypes.Type { return w.of.Terraform() }

// decode reads a value, null where there is none; false says that the framework has to look at it.
func (w wired) decode(v *tfprotov6.DynamicValue, within guard.Bounds) (attr.Value, *guard.Flaw, bool) {
	if v == nil || len(v.MsgPack) == 0 {
		return attr.Null(), nil, v == nil
	}
	value, err := w.of.Decode(v.MsgPack, within.Limits())
	if err != nil {
		wrong := within.FlawOf(err)
		return attr.Null(), wrong, wrong != nil
	}
	return value, nil, true
}

// decoded reads values into their places, up to the first that is not in order.
func (w wired) decoded(values ...wireValue) (*guard.Flaw, bool) {
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
	within guard.Bounds
	into   *attr.Value
}

func (w wired) encode(v attr.Value, diagnostics *diag.Diagnostics) *tfprotov6.DynamicValue {
	encoded, err := w.of.Encode(v)
	if err != nil {
		diagnostics.AddError("State cannot be written",
			"The state does not fit the schema, which is a mistake of the provider: "+report.Sentence(err.Error()))
	}
	return &tfprotov6.DynamicValue{MsgPack: encoded}
}

// identityOf returns the identity that an answer has, as before where it says nothing of it.
func identityOf(c *call, before *tfprotov6.ResourceIdentityData) *tfprotov6.ResourceIdentityData {
	if c.place == nil {
		return before
	}
	return identityAt(c.place.Namespace, cmp.Or(c.place.VirtualServiceName, c.place.DestinationRuleName))
}

// Validate implements [guard.Resource].
func (w wired) Validate(
	ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest,
) (*tfprotov6.ValidateResourceConfigResponse, bool) {
	var c call
	wrong, ok := w.decoded(wireValue{req.Config, guard.InConfig, &c.config})
	switch {
	case !ok || wrong == nil && !fits(ctx, w.cached.Attributes, c.config):
		return nil, false
	case wrong != nil:
		return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: wrong.Diagnostics()}, true
	}
	w.validateConfig(&c)
	return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: guard.Diagnostics(c.diagnostics)}, true
}

// Upgrade implements [guard.Resource]. It hands a state back as it was stored, which it can be if it has the
// attributes of the schema and no others.
func (w wired) Upgrade(req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, bool) {
	if req.RawState == nil || req.Version != w.cached.Version || len(req.RawState.Flatmap) > 0 {
		return nil, false
	}
	if ok, err := w.of.Conforms(req.RawState.JSON, guard.InState.Limits()); !ok || err != nil {
		return nil, false
	}
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &tfprotov6.DynamicValue{JSON: req.RawState.JSON}},
		true
}

// ReadResource implements [guard.Resource].
func (w wired) ReadResource(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, bool) {
	kept, ok := readPrivate(req.Private)
	if !ok || req.CurrentState == nil {
		return nil, false
	}
	delete(kept, importedKey)
	c := call{private: kept}
	if w.asLastSeen(ctx, &c) {
		resp := &tfprotov6.ReadResourceResponse{
			NewState:    req.CurrentState,
			Private:     c.private.bytes(),
			NewIdentity: req.CurrentIdentity,
			Diagnostics: guard.Diagnostics(c.diagnostics),
		}
		if resp.NewIdentity == nil {
			resp.NewIdentity = identityOf(&c, nil)
		}
		return resp, true
	}
	if wrong, ok := w.decoded(wireValue{req.CurrentState, guard.InState, &c.prior}); wrong != nil || !ok {
		return &tfprotov6.ReadResourceResponse{
			NewState:    req.CurrentState,
			Private:     req.Private,
			Diagnostics: wrong.Diagnostics(),
		}, ok
	}
	w.readState(ctx, &c)
	if err := w.of.Measure(c.state, guard.InCluster.Limits()); err != nil {
		resp := &tfprotov6.ReadResourceResponse{
			NewState:    req.CurrentState,
			Private:     req.Private,
			NewIdentity: req.CurrentIdentity,
		}
		resp.Diagnostics = append(guard.Diagnostics(c.diagnostics), guard.InCluster.FlawOf(err).Diagnostics()...)
		return resp, true
	}
	resp := &tfprotov6.ReadResourceResponse{
		NewState:    w.encode(c.state, &c.diagnostics),
		Private:     c.private.bytes(),
		NewIdentity: identityOf(&c, req.CurrentIdentity),
	}
	resp.Diagnostics = guard.Diagnostics(c.diagnostics)
	return resp, true
}

// sums is what sums of configurations are made with.
var sums = maphash.MakeSeed()

// sumOf returns a sum of a configuration, the same for one that is spelled in another order; 0 for none.
func (w wired) sumOf(config attr.Value) uint64 {
	encoded, err := w.of.Encode(config)
	if err != nil {
		return 0
	}
	return maphash.Bytes(sums, encoded)
}

// PlanChange implements [guard.Resource].
func (w wired) PlanChange(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest, isApply func(context.Context) bool,
) (*tfprotov6.PlanResourceChangeResponse, bool) {
	kept, ok := readPrivate(req.PriorPrivate)
	if !ok || req.Config == nil || req.ProposedNewState == nil || req.PriorState == nil {
		return nil, false
	}
	c := call{private: kept, isApply: isApply}
	wrong, ok := w.decoded(wireValue{req.Config, guard.InConfig, &c.config},
		wireValue{req.ProposedNewState, guard.InState, &c.planned}, wireValue{req.PriorState, guard.InState, &c.prior})
	switch {
	case !ok:
		return nil, false
	case wrong != nil:
		return &tfprotov6.PlanResourceChangeResponse{
			PlannedState:   req.PriorState,
			PlannedPrivate: req.PriorPrivate,
			Diagnostics:    wrong.Diagnostics(),
		}, true
	}
	proposed := c.planned
	if !c.planned.IsNull() {
		c.planned, c.sum = w.propose(ctx, &c), w.sumOf(c.config)
	}
	w.plan(ctx, &c)
	resp := &tfprotov6.PlanResourceChangeResponse{
		PlannedState:    req.ProposedNewState,
		PlannedPrivate:  c.private.bytes(),
		PlannedIdentity: req.PriorIdentity,
	}
	if !c.planned.Equal(proposed) {
		resp.PlannedState = w.encode(c.planned, &c.diagnostics)
	}
	if resp.PlannedIdentity == nil {
		resp.PlannedIdentity = noIdentity()
	}
	resp.Diagnostics = guard.Diagnostics(c.diagnostics)
	return resp, true
}

// ApplyChange implements [guard.Resource].
func (w wired) ApplyChange(
	ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, bool) {
	kept, ok := readPrivate(req.PlannedPrivate)
	if !ok {
		return nil, false
	}
	c := call{private: kept}
	wrong, ok := w.decoded(wireValue{req.Config, guard.InConfig, &c.config},
		wireValue{req.PlannedState, guard.InState, &c.planned}, wireValue{req.PriorState, guard.InState, &c.prior})
	switch {
	case !ok:
		return nil, false
	case wrong != nil:
		return &tfprotov6.ApplyResourceChangeResponse{
			NewState:    req.PriorState,
			Private:     req.PlannedPrivate,
			Diagnostics: wrong.Diagnostics(),
		}, true
	}
	w.apply(ctx, &c)
	resp := &tfprotov6.ApplyResourceChangeResponse{
		NewState:    w.encode(c.state, &c.diagnostics),
		Private:     c.private.bytes(),
		NewIdentity: identityOf(&c, req.PlannedIdentity),
	}
	if resp.NewIdentity == nil || c.state.IsNull() && !c.prior.IsNull() {
		resp.NewIdentity = noIdentity()
	}
	resp.Diagnostics = guard.Diagnostics(c.diagnostics)
	return resp, true
}

// apply creates, updates or deletes.
func (p *objectsResource) apply(ctx context.Context, c *call) {
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

// listValues is the type of a list block.
var listValues = attr.TypeOf(tftypes.Object{
	AttributeTypes: map[string]tftypes.Type{"namespace": tftypes.String, "label_selector": tftypes.String},
})

// List implements [guard.Resource]. It answers with what a list block finds. An object that is too large to be a
// resource is listed with an error in place of its content.
func (w wired) List(
	ctx context.Context, req *tfprotov6.ListResourceRequest,
) (*tfprotov6.ListResourceServerStream, bool) {
	if req.Config == nil {
		return nil, false
	}
	config, err := listValues.Decode(req.Config.MsgPack, guard.InConfig.Limits())
	r := attr.Read(config)
	if err != nil || checkList(r).HasError() {
		return nil, false
	}
	return &tfprotov6.ListResourceServerStream{Results: func(push func(tfprotov6.ListResourceResult) bool) {
		for found := range w.findListed(ctx, r, req.Limit, req.IncludeResource) {
			if !push(w.listResult(found, req.IncludeResource)) {
				return
			}
		}
	}}, true
}

func (w wired) listResult(found listed, whole bool) tfprotov6.ListResourceResult {
	var diagnostics diag.Diagnostics
	if found.err != nil {
		report.Errors(&diagnostics, nil, found.err)
		return tfprotov6.ListResourceResult{Diagnostics: guard.Shown(guard.Diagnostics(diagnostics))}
	}
	result := tfprotov6.ListResourceResult{
		DisplayName: report.Printable(found.displayName(), report.LongestPath),
		Identity: identityAt(found.place.Namespace,
			cmp.Or(found.place.VirtualServiceName, found.place.DestinationRuleName)),
	}
	if !whole {
		return result
	}
	if err := w.of.Measure(found.state, guard.InCluster.Limits()); err != nil {
		result.Diagnostics = guard.Shown(guard.InCluster.FlawOf(err).Diagnostics())
		return result
	}
	result.Resource = w.encode(found.state, &diagnostics)
	result.Diagnostics = guard.Shown(guard.Diagnostics(diagnostics))
	return result
}
