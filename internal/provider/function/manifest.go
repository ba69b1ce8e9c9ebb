package function

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/guard"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// manifestFunction is provider::mesh::manifest.
type manifestFunction struct{}

// Metadata implements function.Function.
func (manifestFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "manifest"
}

// Definition implements function.Function.
func (manifestFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Objects of a route as YAML.",
		MarkdownDescription: "Returns what a resource of this provider writes, as YAML that `kubectl apply` takes, " +
			"after the checks that a plan makes. Short host names resolve as in the cluster domain `cluster.local`, " +
			"and without a namespace in the namespace `default`. The label `app.kubernetes.io/managed-by` and the " +
			"mark of an `owner` are left out: they tell who applies the objects, and here that is somebody else.",
		Parameters: []function.Parameter{function.DynamicParameter{
			Name: "route", AllowUnknownValues: true,
			MarkdownDescription: "A resource of this provider, such as `mesh_canary_route.greeter`, or an object " +
				"with the attributes of one.",
		}},
		Return: function.StringReturn{},
	}
}

// Run implements function.Function.
func (manifestFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var given types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &given); resp.Error != nil {
		return
	}
	route := guard.Once(ctx, 0, func() argument.Route {
		value, problem := valueOf(ctx, given, "There is no route to render.")
		if problem != "" {
			return argument.Route{Problem: problem}
		}
		return argument.ReadRoute(value)
	})
	switch {
	case route.Problem != "":
		resp.Error = function.NewArgumentFuncError(0, route.Problem)
	case !route.IsKnownButOwner():
		resp.Error = resp.Result.Set(ctx, types.StringUnknown())
	default:
		text, err := istio.ManifestYAML(unmarked(route.Render()))
		if err != nil {
			resp.Error = function.NewArgumentFuncError(0, report.Sentence(err.Error()))
			return
		}
		resp.Error = resp.Result.Set(ctx, text)
	}
}

// unmarked returns a pair without the marks of who applies it.
func unmarked(pair istio.Objects) istio.Objects {
	for _, o := range pair.All() {
		o.Labels, o.Annotations = maps.Clone(o.Labels), maps.Clone(o.Annotations)
		if o.Labels[istio.ManagedByLabel] == istio.ManagedBy {
			delete(o.Labels, istio.ManagedByLabel)
		}
		delete(o.Annotations, istio.OwnerAnnotation)
	}
	return pair
}
