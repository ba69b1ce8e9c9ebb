package provider

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	fwprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// NewServer returns what is served to Terraform: the provider in the given version behind a guard, which answers the calls of the
// resources. The framework looks at a value before any code of the provider does, and takes time and memory for whatever it is given; so
// the guard measures values where they arrive. On the way back it makes every diagnostic fit for a terminal, whoever wrote it.
func NewServer(version string) func() tfprotov6.ProviderServer {
	return func() tfprotov6.ProviderServer {
		p := &meshProvider{version: version}
		return &guard{server: providerserver.NewProtocol6(p)().(server), provider: p}
	}
}

// server is what the framework serves.
type server interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
}

type guard struct {
	server
	provider *meshProvider
	memo     memo
	// applying is set from the first change of an apply on, until the provider is configured anew.
	applying atomic.Bool
}

// valueTypes are the types of the provider block and of the data sources, by name. They serve to say where in a value
// something is: an unknown type says less, and is no error.
type valueTypes struct {
	block tftypes.Type
	reads map[string]tftypes.Type
}

// terraformTypes are the same for every server.
var terraformTypes = sync.OnceValue(func() valueTypes {
	ctx := context.Background()
	var block fwprovider.SchemaResponse
	(&meshProvider{}).Schema(ctx, fwprovider.SchemaRequest{}, &block)
	var routing datasource.SchemaResponse
	newServiceRouting().Schema(ctx, datasource.SchemaRequest{}, &routing)
	return valueTypes{
		block: block.Schema.Type().TerraformType(ctx),
		reads: map[string]tftypes.Type{"mesh_service_routing": routing.Schema.Type().TerraformType(ctx)},
	}
})

// wiredResources are the resources that answer for themselves, by name.
var wiredResources = sync.OnceValue(func() map[string]wired {
	all := map[string]wired{}
	for _, f := range forms {
		p := newPairResource(f)
		all["mesh_"+f.typeName()] = wired{p, attr.TypeOf(p.cached.Type().TerraformType(context.Background()))}
	}
	return all
})

// resource returns a resource with what the provider block says; false for a name that is none.
func (g *guard) resource(name string) (wired, bool) {
	w, ok := wiredResources()[name]
	if ok {
		w = w.with(g.provider.current())
	}
	return w, ok
}

// typeOf returns the type of a resource's values, nil for a name that is none.
func typeOf(name string) tftypes.Type {
	if w, ok := wiredResources()[name]; ok {
		return w.of.Terraform()
	}
	return nil
}

// refused returns what is wrong with the first value that is not looked at any further, nil if there is none.
func refused(values ...*sizedValue) []*tfprotov6.Diagnostic {
	for _, v := range values {
		if wrong := v.refuse(); wrong != nil {
			return wrong.diagnostics()
		}
	}
	return nil
}

// ValidateProviderConfig implements tfprotov6.ProviderServer.
func (g *guard) ValidateProviderConfig(ctx context.Context, req *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	if wrong := refused(dynamic(req.Config, terraformTypes().block, inConfig)); wrong != nil {
		return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: req.Config, Diagnostics: wrong}, nil
	}
	resp, err := g.server.ValidateProviderConfig(ctx, req)
	if resp != nil {
		resp.Diagnostics = shown(resp.Diagnostics)
	}
	return resp, err
}

// ConfigureProvider implements tfprotov6.ProviderServer.
func (g *guard) ConfigureProvider(ctx context.Context, req *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	if wrong := refused(dynamic(req.Config, terraformTypes().block, inConfig)); wrong != nil {
		return &tfprotov6.ConfigureProviderResponse{Diagnostics: wrong}, nil
	}
	g.applying.Store(false)
	resp, err := g.server.ConfigureProvider(ctx, req)
	if resp != nil {
		resp.Diagnostics = shown(resp.Diagnostics)
	}
	return resp, err
}

// ValidateResourceConfig implements tfprotov6.ProviderServer.
func (g *guard) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	if w, ok := g.resource(req.TypeName); ok {
		if resp, ok := w.validate(ctx, req); ok {
			resp.Diagnostics = shown(resp.Diagnostics)
			return resp, nil
		}
	}
	if wrong := refused(dynamic(req.Config, typeOf(req.TypeName), inConfig)); wrong != nil {
		return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: wrong}, nil
	}
	resp, err := g.server.ValidateResourceConfig(ctx, req)
	if resp != nil {
		resp.Diagnostics = shown(resp.Diagnostics)
	}
	return resp, err
}

// UpgradeResourceState implements tfprotov6.ProviderServer.
func (g *guard) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if w, ok := g.resource(req.TypeName); ok {
		if resp, ok := w.upgrade(req); ok {
			return resp, nil
		}
	}
	if wrong := refused(raw(req.RawState, inState)); wrong != nil {
		return &tfprotov6.UpgradeResourceStateResponse{Diagnostics: wrong}, nil
	}
	resp, err := g.server.UpgradeResourceState(ctx, req)
	if resp != nil {
		resp.Diagnostics = shown(resp.Diagnostics)
	}
	return resp, err
}

// MoveResourceState implements tfprotov6.ProviderServer.
func (g *guard) MoveResourceState(ctx context.Context, req *tfprotov6.MoveResourceStateRequest) (*tfprotov6.MoveResourceStateResponse, error) {
	within := inState
	if manifestSourceOf(req.SourceProviderAddress, req.SourceTypeName) != nil {
		within = inSource
	}
	if wrong := refused(raw(req.SourceState, within)); wrong != nil {
		return &tfprotov6.MoveResourceStateResponse{Diagnostics: wrong}, nil
	}
	resp, err := g.server.MoveResourceState(ctx, req)
	if resp != nil {
		resp.Diagnostics = shown(resp.Diagnostics)
	}
	return resp, err
}

// ImportResourceState implements tfprotov6.ProviderServer.
func (g *guard) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	resp, err := g.server.ImportResourceState(ctx, req)
	if resp != nil {
		resp.Diagnostics = shown(resp.Diagnostics)
	}
	return resp, err
}

// ReadResource implements tfprotov6.ProviderServer. What somebody put into the cluster is measured as a configuration is:
// in the state it would be refused from then on, and the resource could be neither changed nor deleted.
func (g *guard) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	if w, ok := g.resource(req.TypeName); ok {
		if resp, ok := w.readResource(ctx, req); ok {
			resp.Diagnostics = shown(resp.Diagnostics)
			return resp, nil
		}
	}
	of := typeOf(req.TypeName)
	if wrong := refused(dynamic(req.CurrentState, of, inState)); wrong != nil {
		return &tfprotov6.ReadResourceResponse{NewState: req.CurrentState, Private: req.Private, Diagnostics: wrong}, nil
	}
	resp, err := g.server.ReadResource(ctx, req)
	if resp == nil {
		return nil, err
	}
	if wrong := refused(dynamic(resp.NewState, of, inCluster)); wrong != nil {
		resp.NewState, resp.Private = req.CurrentState, req.Private
		resp.Diagnostics = append(resp.Diagnostics, wrong...)
	}
	resp.Diagnostics = shown(resp.Diagnostics)
	return resp, err
}

// PlanResourceChange implements tfprotov6.ProviderServer.
func (g *guard) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	if w, ok := g.resource(req.TypeName); ok {
		if resp, ok := w.planChange(ctx, req, g.applying.Load()); ok {
			resp.Diagnostics = shown(resp.Diagnostics)
			return resp, nil
		}
	}
	of := typeOf(req.TypeName)
	wrong := refused(dynamic(req.Config, of, inConfig), dynamic(req.ProposedNewState, of, inState), dynamic(req.PriorState, of, inState))
	if wrong != nil {
		return &tfprotov6.PlanResourceChangeResponse{PlannedState: req.PriorState, PlannedPrivate: req.PriorPrivate, Diagnostics: wrong}, nil
	}
	resp, err := g.server.PlanResourceChange(ctx, req)
	if resp != nil {
		resp.Diagnostics = shown(resp.Diagnostics)
	}
	return resp, err
}

// ApplyResourceChange implements tfprotov6.ProviderServer. What was unknown at plan is measured here for the first time.
func (g *guard) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	g.applying.Store(true)
	changes.Add(1)
	defer changes.Add(-1)
	if w, ok := g.resource(req.TypeName); ok {
		if resp, ok := w.applyChange(ctx, req); ok {
			resp.Diagnostics = shown(resp.Diagnostics)
			return resp, nil
		}
	}
	of := typeOf(req.TypeName)
	wrong := refused(dynamic(req.Config, of, inConfig), dynamic(req.PlannedState, of, inState), dynamic(req.PriorState, of, inState))
	if wrong != nil {
		return &tfprotov6.ApplyResourceChangeResponse{NewState: req.PriorState, Private: req.PlannedPrivate, Diagnostics: wrong}, nil
	}
	resp, err := g.server.ApplyResourceChange(ctx, req)
	if resp != nil {
		resp.Diagnostics = shown(resp.Diagnostics)
	}
	return resp, err
}

// mostShown is how many diagnostics one answer has: nobody reads more.
const mostShown = 2 * mostProblems

// shown returns diagnostics as they may be shown: printable, of a bounded length, and not too many. Errors come before
// warnings where some have to be left out, so that an answer with an error stays one.
func shown(diagnostics []*tfprotov6.Diagnostic) []*tfprotov6.Diagnostic {
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
			Severity: tfprotov6.DiagnosticSeverityWarning, Summary: "More problems", Detail: fmt.Sprintf("%d more are not shown.", left),
		}
		diagnostics = slices.Concat(slices.Concat(errors, others)[:mostShown], []*tfprotov6.Diagnostic{more})
	}
	for _, d := range diagnostics {
		d.Summary, d.Detail = printableIn(d.Summary, longestPath), printableIn(d.Detail, longestDetail)
		d.Attribute = sendableSteps(d.Attribute)
	}
	return diagnostics
}

// wirePath returns a path as the protocol has it, nil for the empty one.
func wirePath(at path.Path) *tftypes.AttributePath {
	wire := tftypes.NewAttributePath()
	for _, step := range at.Steps() {
		switch s := step.(type) {
		case path.PathStepAttributeName:
			wire = wire.WithAttributeName(string(s))
		case path.PathStepElementKeyInt:
			wire = wire.WithElementKeyInt(int(s))
		case path.PathStepElementKeyString:
			wire = wire.WithElementKeyString(string(s))
		}
	}
	return sendableSteps(wire)
}
