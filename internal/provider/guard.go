package provider

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// NewServer returns what is served to Terraform: the provider in the given version behind a guard. The framework looks at
// a value before any code of the provider does, and takes time and memory for whatever it is given; so the guard measures
// values where they arrive. On the way back it makes every diagnostic fit for a terminal, whoever wrote it.
func NewServer(version string) func() tfprotov6.ProviderServer {
	framework := providerserver.NewProtocol6(New(version)())
	return func() tfprotov6.ProviderServer {
		inner := framework().(server)
		return &guard{server: inner, types: sync.OnceValue(func() valueTypes { return typesOf(inner) })}
	}
}

// server is what the framework serves.
type server interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
}

type guard struct {
	server
	types func() valueTypes
}

// valueTypes are the types of the provider block, of the resources and of the data sources, by name. They serve to say where in a value
// something is: an unknown type says less, and is no error.
type valueTypes struct {
	block            tftypes.Type
	resources, reads map[string]tftypes.Type
	// aside are the attributes of each resource that a plan puts aside.
	aside map[string][]string
}

func typesOf(inner tfprotov6.ProviderServer) valueTypes {
	types := valueTypes{resources: map[string]tftypes.Type{}, reads: map[string]tftypes.Type{}, aside: map[string][]string{}}
	schemas, err := inner.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return types
	}
	types.block = schemas.Provider.ValueType()
	for name, schema := range schemas.ResourceSchemas {
		types.resources[name] = schema.ValueType()
		types.aside[name] = notComputed(schema.Block)
	}
	for name, schema := range schemas.DataSourceSchemas {
		types.reads[name] = schema.ValueType()
	}
	return types
}

// refused returns what is wrong with the first value that is not looked at any further, nil if there is none.
func refused(values ...*sizedValue) []*tfprotov6.Diagnostic {
	for _, v := range values {
		if wrong := v.refuse(); wrong != nil {
			return []*tfprotov6.Diagnostic{{
				Severity: tfprotov6.DiagnosticSeverityError, Summary: wrong.summary, Detail: located(wrong.at, wrong.reason), Attribute: wirePath(wrong.at),
			}}
		}
	}
	return nil
}

// ValidateProviderConfig implements tfprotov6.ProviderServer.
func (g *guard) ValidateProviderConfig(ctx context.Context, req *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	if wrong := refused(dynamic(req.Config, g.types().block, inConfig)); wrong != nil {
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
	if wrong := refused(dynamic(req.Config, g.types().block, inConfig)); wrong != nil {
		return &tfprotov6.ConfigureProviderResponse{Diagnostics: wrong}, nil
	}
	resp, err := g.server.ConfigureProvider(ctx, req)
	if resp != nil {
		resp.Diagnostics = shown(resp.Diagnostics)
	}
	return resp, err
}

// ValidateResourceConfig implements tfprotov6.ProviderServer.
func (g *guard) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	if wrong := refused(dynamic(req.Config, g.types().resources[req.TypeName], inConfig)); wrong != nil {
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
	of := g.types().resources[req.TypeName]
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
	of := g.types().resources[req.TypeName]
	wrong := refused(dynamic(req.Config, of, inConfig), dynamic(req.ProposedNewState, of, inState), dynamic(req.PriorState, of, inState))
	if wrong != nil {
		return &tfprotov6.PlanResourceChangeResponse{PlannedState: req.PriorState, PlannedPrivate: req.PriorPrivate, Diagnostics: wrong}, nil
	}
	values, req := putAside(req, of, g.types().aside[req.TypeName])
	resp, err := g.server.PlanResourceChange(context.WithValue(ctx, asideKey{}, values), req)
	if resp == nil || err != nil {
		return resp, err
	}
	if values != nil && values.planned.Type() != nil {
		resp.PlannedState, err = encodeValue(values.planned)
	}
	resp.Diagnostics = shown(resp.Diagnostics)
	return resp, err
}

// ApplyResourceChange implements tfprotov6.ProviderServer. What was unknown at plan is measured here for the first time.
func (g *guard) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	of := g.types().resources[req.TypeName]
	wrong := refused(dynamic(req.Config, of, inConfig), dynamic(req.PlannedState, of, inState), dynamic(req.PriorState, of, inState))
	if wrong != nil {
		return &tfprotov6.ApplyResourceChangeResponse{NewState: req.PriorState, Private: req.PlannedPrivate, Diagnostics: wrong}, nil
	}
	changes.Add(1)
	defer changes.Add(-1)
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
