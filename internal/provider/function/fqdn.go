package function

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

// fqdnFunction is provider::mesh::fqdn.
type fqdnFunction struct{}

// Metadata implements function.Function.
func (fqdnFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "fqdn"
}

// Definition implements function.Function.
func (fqdnFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Full name of a service.",
		MarkdownDescription: "Returns the full name of a service as Istio resolves it in a namespace: a name without " +
			"a dot gets the namespace and the cluster domain, and every other name stays as it is.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "service", MarkdownDescription: "Name of the service, such as `greeter`."},
			function.StringParameter{
				Name:                "namespace",
				MarkdownDescription: "Namespace of the object that names the service.",
			},
		},
		VariadicParameter: function.StringParameter{
			Name:                "cluster_domain",
			MarkdownDescription: "DNS domain of the cluster, at most one. Defaults to `cluster.local`.",
		},
		Return: function.StringReturn{},
	}
}

// Run implements function.Function.
func (fqdnFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var service, namespace types.String
	var domains []types.String
	if resp.Error = req.Arguments.Get(ctx, &service, &namespace, &domains); resp.Error != nil {
		return
	}
	if service.IsUnknown() || namespace.IsUnknown() || slices.ContainsFunc(domains, types.String.IsUnknown) {
		resp.Error = resp.Result.Set(ctx, types.StringUnknown())
		return
	}
	domain := form.DefaultClusterDomain
	switch {
	case !istio.IsHost(service.ValueString()):
		resp.Error = function.NewArgumentFuncError(0, fmt.Sprintf(
			"%.80q is no name of a service: a DNS name, with *. in front or not, or an address.", service.ValueString(),
		))
	case !istio.IsNamespaceName(namespace.ValueString()):
		resp.Error = function.NewArgumentFuncError(1,
			fmt.Sprintf("%.80q is no namespace: at most 63 lower-case letters, digits and -.", namespace.ValueString()))
	case len(domains) > 1:
		resp.Error = function.NewArgumentFuncError(3, "There is only one cluster domain.")
	case len(domains) == 1 && !istio.IsObjectName(domains[0].ValueString()):
		resp.Error = function.NewArgumentFuncError(2, fmt.Sprintf("%.80q is no DNS domain.", domains[0].ValueString()))
	case len(domains) == 1:
		domain = domains[0].ValueString()
	}
	if resp.Error == nil {
		resp.Error = resp.Result.Set(ctx, istio.FullHost(service.ValueString(), namespace.ValueString(), domain))
	}
}
