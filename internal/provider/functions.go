package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/path"
	fwprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

var _ fwprovider.ProviderWithFunctions = (*meshProvider)(nil)

// Functions implements provider.ProviderWithFunctions.
func (p *meshProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		func() function.Function { return fqdnFunction{} },
		func() function.Function { return newManifestFunction() },
	}
}

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
		MarkdownDescription: "Returns the full name of a service as Istio resolves it in a namespace: a name without a dot gets the namespace and the " +
			"cluster domain, and every other name stays as it is.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "service", MarkdownDescription: "Name of the service, such as `greeter`."},
			function.StringParameter{Name: "namespace", MarkdownDescription: "Namespace of the object that names the service."},
		},
		VariadicParameter: function.StringParameter{
			Name: "cluster_domain", MarkdownDescription: "DNS domain of the cluster, at most one. Defaults to `cluster.local`.",
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
	domain := defaultClusterDomain
	switch {
	case !routing.IsHost(service.ValueString()):
		resp.Error = function.NewArgumentFuncError(0, fmt.Sprintf("%.80q is no name of a service: a DNS name, with *. in front or not, or an address.", service.ValueString()))
	case !routing.IsNamespaceName(namespace.ValueString()):
		resp.Error = function.NewArgumentFuncError(1, fmt.Sprintf("%.80q is no namespace: at most 63 lower-case letters, digits and -.", namespace.ValueString()))
	case len(domains) > 1:
		resp.Error = function.NewArgumentFuncError(3, "There is only one cluster domain.")
	case len(domains) == 1 && !routing.IsObjectName(domains[0].ValueString()):
		resp.Error = function.NewArgumentFuncError(2, fmt.Sprintf("%.80q is no DNS domain.", domains[0].ValueString()))
	case len(domains) == 1:
		domain = domains[0].ValueString()
	}
	if resp.Error == nil {
		resp.Error = resp.Result.Set(ctx, routing.FullHost(service.ValueString(), namespace.ValueString(), domain))
	}
}

// manifestFunction is provider::mesh::manifest.
type manifestFunction struct{ resources []*pairResource }

func newManifestFunction() *manifestFunction {
	f := &manifestFunction{}
	for _, form := range forms {
		f.resources = append(f.resources, newPairResource(form))
	}
	return f
}

// Metadata implements function.Function.
func (*manifestFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "manifest"
}

// Definition implements function.Function.
func (*manifestFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Objects of a route as YAML.",
		MarkdownDescription: "Returns what a resource of this provider writes, as YAML that `kubectl apply` takes, after the checks that a plan makes. " +
			"Short host names resolve as in the cluster domain `cluster.local`, and without a namespace in the namespace `default`. The label " +
			"`app.kubernetes.io/managed-by` and the mark of an `owner` are left out: they tell who applies the objects, and here that is somebody else.",
		Parameters: []function.Parameter{function.DynamicParameter{
			Name: "route", AllowUnknownValues: true,
			MarkdownDescription: "A resource of this provider, such as `mesh_canary_route.greeter`, or an object with the attributes of one.",
		}},
		Return: function.StringReturn{},
	}
}

// Run implements function.Function.
func (f *manifestFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var argument types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &argument); resp.Error != nil {
		return
	}
	route, known, problem := f.read(ctx, argument)
	switch {
	case problem != "":
		resp.Error = function.NewArgumentFuncError(0, problem)
	case !known:
		resp.Error = resp.Result.Set(ctx, types.StringUnknown())
	default:
		text, err := routing.ManifestYAML(unmarked(route.Render()))
		if err != nil {
			resp.Error = function.NewArgumentFuncError(0, sentence(err.Error()))
			return
		}
		resp.Error = resp.Result.Set(ctx, text)
	}
}

// read makes what is described of an argument. A problem is everything that is wrong with it, a line each.
func (f *manifestFunction) read(ctx context.Context, argument types.Dynamic) (route described, known bool, problem string) {
	value, err := argument.ToTerraformValue(ctx)
	if err != nil || !value.IsKnown() || value.IsNull() {
		return nil, false, map[bool]string{true: "There is no route to render.", false: ""}[err != nil || value.IsNull()]
	}
	entries, ok := entriesOf(value)
	if !ok {
		return nil, false, "A resource of this provider is needed, or an object with the attributes of one."
	}
	p := f.resourceFor(entries)
	if p == nil {
		return nil, false, "Which resource this is cannot be told: a mesh_canary_route has service and default, a mesh_weighted_split has service and subsets, a " +
			"mesh_destination_rule has host, a mesh_virtual_service has http, tls, tcp or hosts."
	}
	c := coercion{}
	state := c.to(p.cached.Type().TerraformType(ctx), path.Empty(), value)
	if len(c.problems) > 0 {
		return nil, false, problemsText(p.form, attr.Read(state), c.problems, nil)
	}
	if c.unknown {
		return nil, false, ""
	}
	r := attr.Read(state)
	route = p.read(r, settings{namespace: defaultNamespace, clusterDomain: defaultClusterDomain})
	return route, true, problemsText(p.form, r, r.Problems(), route.Problems())
}

// unmarked returns a pair without the marks of who applies it.
func unmarked(pair routing.Pair) routing.Pair {
	for _, o := range pair.Objects() {
		o.Labels, o.Annotations = maps.Clone(o.Labels), maps.Clone(o.Annotations)
		if o.Labels[routing.ManagedByLabel] == routing.ManagedBy {
			delete(o.Labels, routing.ManagedByLabel)
		}
		delete(o.Annotations, routing.OwnerAnnotation)
	}
	return pair
}

// resourceFor tells by the attributes which resource an object is.
func (f *manifestFunction) resourceFor(entries map[string]tftypes.Value) *pairResource {
	set := func(name string) bool { v, ok := entries[name]; return ok && !v.IsNull() }
	_, hasDefault := entries["default"]
	_, hasRules := entries["rules"]
	switch {
	case (hasDefault || hasRules) && set("service"):
		return f.resources[0]
	case set("service"):
		return f.resources[1]
	case set("http") || set("tls") || set("tcp") || set("hosts"):
		return f.resources[2]
	case set("host"):
		return f.resources[3]
	}
	return nil
}

// problemsText lists refusals, a line each; empty if there are none.
func problemsText(f form, r *attr.Reader, wrong []attr.Problem, problems []routing.Problem) string {
	diagnostics := diag.Diagnostics{}
	for _, p := range wrong {
		diagnostics.AddAttributeError(p.At, "Invalid value", located(p.At, p.Reason))
	}
	if len(wrong) == 0 {
		reportProblems(&diagnostics, f, r, problems)
	}
	var lines []string
	for _, d := range diagnostics.Errors() {
		lines = append(lines, d.Detail())
	}
	return strings.Join(lines, "\n")
}
