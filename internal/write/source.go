package write

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// Connection is what the command line says of the cluster. What is empty the environment says.
type Connection struct{ Kubeconfig, Context, ClusterDomain string }

// Provider is the provider as Terraform asks it.
type Provider interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
}

// Source is what routes are read from.
type Source struct {
	// Provider is configured.
	Provider Provider
	Cluster  *cluster.Cluster
	Defaults form.Defaults
	// Missing reports whether there is certainly no namespace of a name.
	Missing func(ctx context.Context, namespace string) bool
}

// Open connects. Without a source the diagnostics say why.
type Open func(context.Context, Connection) (*Source, []*tfprotov6.Diagnostic)

// found is what a namespace has.
type found struct {
	namespace string
	objects   map[cluster.Address]*cluster.Live
	// states are what each resource says of the objects, by its name without the provider's prefix.
	states map[string][]attr.Value
	// unread are objects that cannot be written, as `VirtualService "shop/reviews": reason`.
	unread []string
}

// read reads a namespace. Its errors are those of requests.
func (s *Source) read(ctx context.Context, namespace string) (found, []*tfprotov6.Diagnostic) {
	all := found{
		namespace: namespace, objects: map[cluster.Address]*cluster.Live{}, states: map[string][]attr.Value{},
	}
	for _, kind := range []istio.Kind{istio.KindVirtualService, istio.KindDestinationRule} {
		for o, err := range s.Cluster.Each(ctx, cluster.Query{Kind: kind, Namespace: namespace}) {
			var failure *cluster.Error
			switch {
			case errors.As(err, &failure):
				return all, fromErr(err)
			case err != nil:
				all.unread = append(all.unread, report.Printable(err.Error(), report.LongestPath))
			default:
				all.objects[cluster.AddressOf(&o.Object)] = o
			}
		}
	}
	if len(all.objects) == 0 {
		return all, nil
	}
	for _, f := range form.All {
		states, err := s.list(ctx, f, namespace)
		if err != nil {
			return all, []*tfprotov6.Diagnostic{{
				Severity: tfprotov6.DiagnosticSeverityError, Summary: "Objects not described", Detail: err.Error(),
			}}
		}
		all.states[f.TypeName()] = states
	}
	return all, nil
}

// fromErr says what a failed request means, as the provider does. Who only reads needs fewer rights than a resource.
func fromErr(err error) []*tfprotov6.Diagnostic {
	if cluster.IsReason(err, cluster.Forbidden) {
		return []*tfprotov6.Diagnostic{{
			Severity: tfprotov6.DiagnosticSeverityError, Summary: "Permission missing",
			Detail: report.Printable(report.Sentence(err.Error()), report.LongestDetail) + "\n\nThe verbs get and " +
				"list on virtualservices and destinationrules of the API group networking.istio.io let it read. The " +
				"cause above names the verb that is missing.",
		}}
	}
	var diagnostics diag.Diagnostics
	report.Errors(&diagnostics, nil, err)
	var all []*tfprotov6.Diagnostic
	for _, d := range diagnostics.Errors() {
		all = append(all, &tfprotov6.Diagnostic{
			Severity: tfprotov6.DiagnosticSeverityError, Summary: d.Summary(), Detail: d.Detail(),
		})
	}
	return all
}

// list returns what a resource says of the objects that it can own. An object of which it says that it is too large,
// or cannot be read, is not among them.
func (s *Source) list(ctx context.Context, f form.Form, namespace string) ([]attr.Value, error) {
	config := tftypes.Object{
		AttributeTypes: map[string]tftypes.Type{"namespace": tftypes.String, "label_selector": tftypes.String},
	}
	query := attr.Object(map[string]attr.Value{"namespace": attr.String(namespace)})
	stream, err := s.Provider.ListResource(ctx, &tfprotov6.ListResourceRequest{
		TypeName: "mesh_" + f.TypeName(), Config: onWire(config, query), IncludeResource: true,
	})
	if err != nil {
		return nil, err
	}
	var states []attr.Value
	for result := range stream.Results {
		if result.Resource == nil {
			continue
		}
		state, err := result.Resource.Unmarshal(typeOf(ctx, f))
		if err != nil {
			return nil, fmt.Errorf("read the mesh_%s %s: %w", f.TypeName(), result.DisplayName, err)
		}
		states = append(states, attr.FromTerraform(state))
	}
	return states, nil
}

// refused says why the provider does not take a configuration, empty where it does.
func (s *Source) refused(ctx context.Context, f form.Form, config attr.Value) string {
	resp, err := s.Provider.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{
		TypeName: "mesh_" + f.TypeName(), Config: onWire(typeOf(ctx, f), config),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{},
	})
	if err != nil {
		return err.Error()
	}
	return reasonOf(resp.Diagnostics)
}

// whyNot says what an import as a mesh_canary_route loses, or why there is none, and where its objects are. An empty
// reason is neither.
func (s *Source) whyNot(ctx context.Context, id string) (reason string, at place) {
	const typeName = "mesh_canary_route"
	imported, err := s.Provider.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{
		TypeName: typeName, ID: id,
	})
	if err != nil {
		return "", at
	}
	if reason := reasonOf(imported.Diagnostics); reason != "" || len(imported.ImportedResources) != 1 {
		return reason, at
	}
	first := imported.ImportedResources[0]
	if state, err := first.State.Unmarshal(typeOf(ctx, form.CanaryRoute{})); err == nil {
		at = placeIn(attr.FromTerraform(state))
	}
	read, err := s.Provider.ReadResource(ctx, &tfprotov6.ReadResourceRequest{
		TypeName: typeName, CurrentState: first.State, CurrentIdentity: first.Identity, Private: first.Private,
	})
	if err != nil {
		return "", at
	}
	if reason := reasonOf(read.Diagnostics); reason != "" {
		return reason, at
	}
	for _, d := range read.Diagnostics {
		for _, kind := range []string{report.MoreThanExpressed, report.RefusedByForm} {
			if text, ok := report.TextOf(kind, d.Summary, firstParagraph(d)); ok {
				return text, at
			}
		}
	}
	return "", at
}

// typeOf is the type of a resource's values.
func typeOf(ctx context.Context, f form.Form) tftypes.Type {
	return form.SchemaOf(f).Type().TerraformType(ctx)
}

// onWire encodes what always can be encoded: a value of its own type.
func onWire(of tftypes.Type, v attr.Value) *tfprotov6.DynamicValue {
	encoded, err := tfprotov6.NewDynamicValue(of, v.ToTerraform(of))
	if err != nil {
		panic(err)
	}
	return &encoded
}
