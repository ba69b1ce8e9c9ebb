package function

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// routeParameter is the argument that is one route or several.
func routeParameter(name, prose string) function.DynamicParameter {
	return function.DynamicParameter{
		Name: name, AllowUnknownValues: true,
		MarkdownDescription: prose + "a resource of this provider, such as `mesh_canary_route.greeter`, an object " +
			"with the attributes of one, or `data.mesh_service_routing.greeter`, which is what routes a service now. " +
			"Or an object of Istio's API as `kubectl` takes it: of `yamldecode`, the " +
			"`manifest` of a `kubernetes_manifest`, or as a text of YAML or JSON with one document or many, such as " +
			"`file(\"routes.yaml\")`, also as `kubectl get -o yaml` prints it. Objects in which nothing routes, such " +
			"as a Service, are left out. Or a list of " +
			"several of them: a VirtualService with its delegates, the DestinationRule of the subsets, the Gateway " +
			"where requests come in, and ServiceEntries. Of several VirtualServices for one host the older one goes " +
			"first where all are objects with a `creationTimestamp`, and else the first one.",
	}
}

// evaluateFunction is provider::mesh::evaluate.
type evaluateFunction struct{}

// Metadata implements function.Function.
func (evaluateFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "evaluate"
}

// Definition implements function.Function.
func (evaluateFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "What happens to a request.",
		MarkdownDescription: "Tells which rule of a route a request hits, where it goes and what else happens to it, " +
			"as Istio decides it. It asks no cluster, and works in `terraform test` and in `check` blocks with " +
			"`command = plan`, on resources that are not created yet.",
		Parameters: []function.Parameter{
			routeParameter("route", "What decides: "),
			function.DynamicParameter{
				Name: "request", AllowUnknownValues: true,
				MarkdownDescription: "The request, an object with the attributes below. `{}` is a `GET` of `/` at " +
					"the first host of the route.",
			},
		},
		Return: function.ObjectReturn{AttributeTypes: outcomeType.AttrTypes},
	}
}

// Run implements function.Function.
func (evaluateFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var route, request types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &route, &request); resp.Error != nil {
		return
	}
	routes, asked := readRoutes(ctx, 0, route), readRequest(ctx, request)
	if resp.Error = refusals(said{"route", routes.Problem}, said{"request", asked.Problem}); resp.Error != nil {
		return
	}
	if !routes.Known || !asked.Known {
		resp.Error = resp.Result.Set(ctx, types.ObjectUnknown(outcomeType.AttrTypes))
		return
	}
	answer, problem := routes.Ask(asked.Request)
	if problem != "" {
		resp.Error = refusal(0, problem)
		return
	}
	resp.Error = resp.Result.Set(ctx, OutcomeOf(answer))
}

// said is what is wrong with an argument, empty where nothing is.
type said struct{ argument, problem string }

// refusals returns an error at the first of all arguments with which something is wrong, nil where there is none.
// Terraform names that argument alone, so that the text names the others, in Terraform's words.
func refusals(all ...said) (refused *function.FuncError) {
	for i, s := range all {
		switch {
		case refused == nil:
			refused = refusal(int64(i), s.problem)
		case s.problem != "":
			refused.Text += fmt.Sprintf("\n\nInvalid value for %q parameter: %s", s.argument, s.problem)
		}
	}
	return refused
}

// refusal returns an error at an argument, nil without a problem.
func refusal(argument int64, problem string) *function.FuncError {
	if problem == "" {
		return nil
	}
	return function.NewArgumentFuncError(argument, problem)
}
