package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/write"
)

// OpenWrite returns what connects the command write: a provider of the given version, whose provider block says no
// more than the command line.
func OpenWrite(version string) write.Open {
	return func(ctx context.Context, c write.Connection) (*write.Source, []*tfprotov6.Diagnostic) {
		// A provider would say what to write into its block.
		if _, problem := Connector(version)(c.Kubeconfig, c.Context); problem != "" {
			return nil, []*tfprotov6.Diagnostic{{
				Severity: tfprotov6.DiagnosticSeverityError, Detail: problem,
			}}
		}
		p := &meshProvider{version: version}
		attributes := commandBlock(c.Kubeconfig, c.Context)
		if c.ClusterDomain != "" {
			attributes["cluster_domain"] = attr.String(c.ClusterDomain)
		}
		failure := func(err error) []*tfprotov6.Diagnostic {
			return []*tfprotov6.Diagnostic{{
				Severity: tfprotov6.DiagnosticSeverityError, Summary: "Provider not configured", Detail: err.Error(),
			}}
		}
		of := terraformTypes().block
		block, err := tfprotov6.NewDynamicValue(of, attr.Object(attributes).ToTerraform(of))
		if err != nil {
			return nil, failure(err)
		}
		server := p.serve()
		resp, err := server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{Config: &block})
		if err != nil {
			return nil, failure(err)
		}
		s := p.current()
		if s.Cluster == nil {
			return nil, resp.Diagnostics
		}
		return &write.Source{
			Provider: server, Cluster: s.Cluster, Defaults: s.Defaults,
			Missing: func(ctx context.Context, namespace string) bool {
				view := s.View(namespace, "")
				view.List(ctx, []around.Query{{Resource: around.Namespaces}})
				_, exists := view.Namespaces[namespace]
				return view.Namespaces != nil && !exists
			},
		}, resp.Diagnostics
	}
}
