// Package guard stands between Terraform and the framework. It measures what arrives before anything is made of it,
// lets resources answer for themselves, remembers what functions made of an argument, and makes what is said fit for
// a terminal. It knows no resource.
package guard

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// New returns a server in front of what the framework serves, which answers the calls of the resources. The framework
// looks at a value before any code of the provider does, and takes time and memory for whatever it is given; so the
// guard measures values where they arrive. On the way back it makes every diagnostic fit for a terminal, whoever
// wrote it.
func New(served Served, of Subject) Served {
	g := &guard{Served: served, of: of}
	g.phase.Store(newPhase())
	return g
}

// Served is what the framework serves.
type Served interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
}

// Subject is what a guard has to know of the provider. The types serve to say where in a value something is: an
// unknown type says less, and is no error.
type Subject struct {
	// Block is the type of the provider block, and Reads are those of the data sources by name.
	Block tftypes.Type
	Reads map[string]tftypes.Type
	// Resource returns a resource with what the provider block says; false for a name that is none.
	Resource func(name string) (Resource, bool)
	// Foreign reports whether a state is of a resource of another provider that can be moved to one of this.
	Foreign func(providerAddress, typeName string) bool
}

// Resource answers calls on the values as they come over the protocol. Where it does not, which its second result
// says, the framework answers.
type Resource interface {
	// Type returns the type of the resource's values.
	Type() tftypes.Type
	// Validate answers ValidateResourceConfig.
	Validate(
		ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest,
	) (*tfprotov6.ValidateResourceConfigResponse, bool)
	// Upgrade answers UpgradeResourceState.
	Upgrade(req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, bool)
	// ReadResource answers ReadResource.
	ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, bool)
	// PlanChange answers PlanResourceChange; isApply reports whether the call is part of an apply, as far as can be
	// told, and may wait to see.
	PlanChange(
		ctx context.Context, req *tfprotov6.PlanResourceChangeRequest, isApply func(context.Context) bool,
	) (*tfprotov6.PlanResourceChangeResponse, bool)
	// ApplyChange answers ApplyResourceChange.
	ApplyChange(
		ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest,
	) (*tfprotov6.ApplyResourceChangeResponse, bool)
	// List answers ListResource.
	List(ctx context.Context, req *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, bool)
}

type guard struct {
	Served
	of   Subject
	memo memo
	// phase begins anew when the provider is configured.
	phase atomic.Pointer[phase]
}

// changes are how many applies are under way in this process.
var changes atomic.Int64

// Applying reports whether an apply is under way in this process.
func Applying() bool { return changes.Load() > 0 }

// typeOf returns the type of a resource's values, nil for a name that is none.
func (g *guard) typeOf(name string) tftypes.Type {
	if r, ok := g.of.Resource(name); ok {
		return r.Type()
	}
	return nil
}

// refused returns what is wrong with the first value that is not looked at any further, nil if there is none.
func refused(values ...*sizedValue) []*tfprotov6.Diagnostic {
	for _, v := range values {
		if wrong := v.refuse(); wrong != nil {
			return wrong.Diagnostics()
		}
	}
	return nil
}

// ValidateProviderConfig implements tfprotov6.ProviderServer.
func (g *guard) ValidateProviderConfig(
	ctx context.Context, req *tfprotov6.ValidateProviderConfigRequest,
) (*tfprotov6.ValidateProviderConfigResponse, error) {
	if wrong := refused(dynamic(req.Config, g.of.Block, InConfig)); wrong != nil {
		return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: req.Config, Diagnostics: wrong}, nil
	}
	resp, err := g.Served.ValidateProviderConfig(ctx, req)
	if resp != nil {
		resp.Diagnostics = shownInBlocks(resp.Diagnostics)
	}
	return resp, err
}

// ConfigureProvider implements tfprotov6.ProviderServer.
func (g *guard) ConfigureProvider(
	ctx context.Context, req *tfprotov6.ConfigureProviderRequest,
) (*tfprotov6.ConfigureProviderResponse, error) {
	if wrong := refused(dynamic(req.Config, g.of.Block, InConfig)); wrong != nil {
		return &tfprotov6.ConfigureProviderResponse{Diagnostics: wrong}, nil
	}
	g.phase.Store(newPhase())
	resp, err := g.Served.ConfigureProvider(ctx, req)
	if resp != nil {
		resp.Diagnostics = shownInBlocks(resp.Diagnostics)
	}
	return resp, err
}

// ValidateResourceConfig implements tfprotov6.ProviderServer.
func (g *guard) ValidateResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest,
) (*tfprotov6.ValidateResourceConfigResponse, error) {
	if r, ok := g.of.Resource(req.TypeName); ok {
		if resp, ok := r.Validate(ctx, req); ok {
			resp.Diagnostics = Shown(resp.Diagnostics)
			return resp, nil
		}
	}
	if wrong := refused(dynamic(req.Config, g.typeOf(req.TypeName), InConfig)); wrong != nil {
		return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: wrong}, nil
	}
	resp, err := g.Served.ValidateResourceConfig(ctx, req)
	if resp != nil {
		resp.Diagnostics = Shown(resp.Diagnostics)
	}
	return resp, err
}

// UpgradeResourceState implements tfprotov6.ProviderServer.
func (g *guard) UpgradeResourceState(
	ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest,
) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if r, ok := g.of.Resource(req.TypeName); ok {
		if resp, ok := r.Upgrade(req); ok {
			return resp, nil
		}
	}
	if wrong := refused(raw(req.RawState, InState)); wrong != nil {
		return &tfprotov6.UpgradeResourceStateResponse{Diagnostics: wrong}, nil
	}
	resp, err := g.Served.UpgradeResourceState(ctx, req)
	if resp != nil {
		resp.Diagnostics = Shown(resp.Diagnostics)
	}
	return resp, err
}

// MoveResourceState implements tfprotov6.ProviderServer.
func (g *guard) MoveResourceState(
	ctx context.Context, req *tfprotov6.MoveResourceStateRequest,
) (*tfprotov6.MoveResourceStateResponse, error) {
	within := InState
	if g.of.Foreign(req.SourceProviderAddress, req.SourceTypeName) {
		within = inSource
	}
	if wrong := refused(raw(req.SourceState, within)); wrong != nil {
		return &tfprotov6.MoveResourceStateResponse{Diagnostics: wrong}, nil
	}
	resp, err := g.Served.MoveResourceState(ctx, req)
	if resp != nil {
		resp.Diagnostics = Shown(resp.Diagnostics)
	}
	return resp, err
}

// ImportResourceState implements tfprotov6.ProviderServer.
func (g *guard) ImportResourceState(
	ctx context.Context, req *tfprotov6.ImportResourceStateRequest,
) (*tfprotov6.ImportResourceStateResponse, error) {
	resp, err := g.Served.ImportResourceState(ctx, req)
	if resp != nil {
		resp.Diagnostics = Shown(resp.Diagnostics)
	}
	return resp, err
}

// ReadResource implements tfprotov6.ProviderServer. What somebody put into the cluster is measured as a configuration
// is: in the state it would be refused from then on, and the resource could be neither changed nor deleted.
func (g *guard) ReadResource(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	if r, ok := g.of.Resource(req.TypeName); ok {
		if resp, ok := r.ReadResource(ctx, req); ok {
			resp.Diagnostics = Shown(resp.Diagnostics)
			return resp, nil
		}
	}
	of := g.typeOf(req.TypeName)
	if wrong := refused(dynamic(req.CurrentState, of, InState)); wrong != nil {
		return &tfprotov6.ReadResourceResponse{NewState: req.CurrentState, Private: req.Private, Diagnostics: wrong},
			nil
	}
	resp, err := g.Served.ReadResource(ctx, req)
	if resp == nil {
		return nil, err
	}
	if wrong := refused(dynamic(resp.NewState, of, InCluster)); wrong != nil {
		resp.NewState, resp.Private = req.CurrentState, req.Private
		resp.Diagnostics = append(resp.Diagnostics, wrong...)
	}
	resp.Diagnostics = Shown(resp.Diagnostics)
	return resp, err
}

// PlanResourceChange implements tfprotov6.ProviderServer.
func (g *guard) PlanResourceChange(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	if r, ok := g.of.Resource(req.TypeName); ok {
		p := plan{phase: g.phase.Load()}
		defer p.answered()
		if resp, ok := r.PlanChange(ctx, req, p.isApply); ok {
			resp.Diagnostics = Shown(resp.Diagnostics)
			return resp, nil
		}
	}
	of := g.typeOf(req.TypeName)
	wrong := refused(dynamic(req.Config, of, InConfig), dynamic(req.ProposedNewState, of, InState),
		dynamic(req.PriorState, of, InState))
	if wrong != nil {
		return &tfprotov6.PlanResourceChangeResponse{
			PlannedState:   req.PriorState,
			PlannedPrivate: req.PriorPrivate,
			Diagnostics:    wrong,
		}, nil
	}
	resp, err := g.Served.PlanResourceChange(ctx, req)
	if resp != nil {
		resp.Diagnostics = Shown(resp.Diagnostics)
	}
	return resp, err
}

// ApplyResourceChange implements tfprotov6.ProviderServer. What was unknown at plan is measured here for the first
// time.
func (g *guard) ApplyResourceChange(
	ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	g.phase.Load().decide(true)
	changes.Add(1)
	defer changes.Add(-1)
	if r, ok := g.of.Resource(req.TypeName); ok {
		if resp, ok := r.ApplyChange(ctx, req); ok {
			resp.Diagnostics = Shown(resp.Diagnostics)
			return resp, nil
		}
	}
	of := g.typeOf(req.TypeName)
	wrong := refused(dynamic(req.Config, of, InConfig), dynamic(req.PlannedState, of, InState),
		dynamic(req.PriorState, of, InState))
	if wrong != nil {
		return &tfprotov6.ApplyResourceChangeResponse{
			NewState:    req.PriorState,
			Private:     req.PlannedPrivate,
			Diagnostics: wrong,
		}, nil
	}
	resp, err := g.Served.ApplyResourceChange(ctx, req)
	if resp != nil {
		resp.Diagnostics = Shown(resp.Diagnostics)
	}
	return resp, err
}

// mostShown is how many diagnostics one answer has: nobody reads more.
const mostShown = 2 * report.MostProblems

// Shown returns the diagnostics of a resource as they may be shown: printable, of a bounded length, not too many, and
// at a place that Terraform finds. Errors come before warnings where some have to be left out, so that an answer with
// an error stays one.
func Shown(diagnostics []*tfprotov6.Diagnostic) []*tfprotov6.Diagnostic {
	return shown(diagnostics, elementOf)
}

// shownInBlocks is [Shown] for the provider block, whose nested blocks Terraform finds.
func shownInBlocks(diagnostics []*tfprotov6.Diagnostic) []*tfprotov6.Diagnostic {
	return shown(diagnostics, func(at *tftypes.AttributePath) *tftypes.AttributePath { return at })
}

func shown(
	diagnostics []*tfprotov6.Diagnostic, place func(*tftypes.AttributePath) *tftypes.AttributePath,
) []*tfprotov6.Diagnostic {
	if left := len(diagnostics) - mostShown; left > 0 {
		var errors, others []*tfprotov6.Diagnostic
		for _, d := range diagnostics {
			if d.Severity == tfprotov6.DiagnosticSeverityError {
				errors = append(errors, d)
			} else {
				others = append(others, d)
			}
		}
		more := &tfprotov6.Diagnostic{
			Severity: tfprotov6.DiagnosticSeverityWarning,
			Summary:  "More problems",
			Detail:   fmt.Sprintf("%d more are not shown.", left),
		}
		diagnostics = slices.Concat(slices.Concat(errors, others)[:mostShown], []*tfprotov6.Diagnostic{more})
	}
	for _, d := range diagnostics {
		d.Summary, d.Detail = report.Printable(d.Summary, report.LongestPath), report.Printable(d.Detail,
			report.LongestDetail)
		d.Attribute = place(sendableSteps(d.Attribute))
	}
	return diagnostics
}
