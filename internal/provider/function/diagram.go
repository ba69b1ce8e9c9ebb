package function

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// diagramFunction is provider::mesh::diagram.
type diagramFunction struct{}

// Metadata implements function.Function.
func (diagramFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "diagram"
}

// Definition implements function.Function.
func (diagramFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Picture of a route.",
		MarkdownDescription: "Returns a Mermaid flowchart of a route: its hosts, the rules in the order in which " +
			"they are tried, and where each sends which share of its requests. With a second route it draws both in " +
			"one picture: what is new has a thick green line, what changes a thick yellow one, and what is gone a " +
			"broken red one. A host that a given Gateway does not serve is marked. GitHub, GitLab and many " +
			"editors draw the text in a code block of the language `mermaid`.",
		Parameters: []function.Parameter{routeParameter("route", "What is drawn: ")},
		VariadicParameter: function.DynamicParameter{
			Name: "after", AllowUnknownValues: true,
			MarkdownDescription: "What the route becomes, at most one; it has the same forms as `route`. An empty " +
				"list, here or there, is no route at all.",
		},
		Return: function.StringReturn{},
	}
}

// Run implements function.Function.
func (diagramFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var first types.Dynamic
	var others []types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &first, &others); resp.Error != nil {
		return
	}
	if len(others) > 1 {
		resp.Error = refusal(2, "A route is drawn before and after one change.")
		return
	}
	var drawn []*routesReading
	known := true
	for i, argument := range append([]types.Dynamic{first}, others...) {
		routes := readRoutes(ctx, i, argument)
		problem := routes.problem
		if problem == "" && routes.known && (len(others) == 0 || !routes.empty()) {
			_, problem = routes.table()
		}
		resp.Error = function.ConcatFuncErrors(resp.Error, refusal(int64(i), problem))
		known = known && routes.known
		drawn = append(drawn, routes)
	}
	switch {
	case resp.Error != nil:
	case !known:
		resp.Error = resp.Result.Set(ctx, types.StringUnknown())
	case len(drawn) == 2:
		resp.Error = resp.Result.Set(ctx, traffic.DiagramChange(
			drawn[0].virtualServices, drawn[1].virtualServices, drawn[0].options(), drawn[1].options(),
		))
	default:
		resp.Error = resp.Result.Set(ctx, traffic.Diagram(drawn[0].virtualServices, drawn[0].options()))
	}
}
