package function

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/meshroute/terraform-provider-mesh/internal/picture"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// drawing is a function that draws a route, or a change of one.
type drawing struct {
	name, summary, description string
	// one draws a route, and change what becomes of one.
	one    func(r *argument.Routes) string
	change func(before, after *argument.Routes) string
}

// diagramFunction is provider::mesh::diagram.
var diagramFunction = drawing{
	name: "diagram", summary: "Picture of a route.",
	description: "Returns a Mermaid flowchart of a route: its hosts, the rules in the order in which " +
		"they are tried, and where each sends which share of its requests. With a second route it draws both in " +
		"one picture: what is new has a thick green line, what changes a thick yellow one, and what is gone a " +
		"broken red one. A host that a given Gateway does not serve is marked. GitHub, GitLab and many " +
		"editors draw the text in a code block of the language `mermaid`. For more than eight rules `picture` is " +
		"easier to read.",
	one: func(r *argument.Routes) string { return traffic.Diagram(r.VirtualServices, r.Options()) },
	change: func(before, after *argument.Routes) string {
		return traffic.DiagramChange(before.VirtualServices, after.VirtualServices, before.Options(), after.Options())
	},
}

// ofSheet is a function that draws a sheet in one way.
func ofSheet(name, summary, description string, draw func(*picture.Sheet) string) drawing {
	return drawing{
		name: name, summary: summary, description: description,
		one: func(r *argument.Routes) string { return draw(traffic.Sheet(r.VirtualServices, r.Options())) },
		change: func(before, after *argument.Routes) string {
			return draw(traffic.SheetOfChange(before.VirtualServices, after.VirtualServices, before.Options(),
				after.Options()))
		},
	}
}

const sheetDescription = "a route: a row for each rule in the order in which they are tried, with its words as in " +
	"`summary`, and a bar of the shares in which it sends its requests. A subset has the same colour and the same " +
	"hatching in every picture, unless another one of the same picture has them. With a second route it draws what " +
	"changes: shares now and then below each other, what is new, changed or gone, and of a rule that goes which rule " +
	"takes its requests then. Rules that stay as they are are folded. "

// The functions that draw a sheet.
var (
	pictureFunction = ofSheet("picture", "Picture of a route with many rules, as SVG.",
		"Returns the text of an SVG picture of "+sheetDescription+"It follows the reader's choice of light or dark, "+
			"loads nothing, and has the whole of what is cut as a title.",
		func(s *picture.Sheet) string { return s.SVG(picture.Width) })
	pictureMarkdownFunction = ofSheet("picture_markdown", "Picture of a route with many rules, as Markdown.",
		"Returns Markdown for a comment in a pull request, with a picture made of characters of "+sheetDescription+
			"It is a code block of the language `diff`, so that GitHub and GitLab colour what changes.",
		(*picture.Sheet).Markdown)
	picturePageFunction = ofSheet("picture_page", "Picture of a route with many rules, as an HTML page.",
		"Returns an HTML page with a picture of "+sheetDescription+"The page is complete: it has no script and loads "+
			"nothing. It follows the reader's choice of light or dark.",
		(*picture.Sheet).Page)
)

// Metadata implements function.Function.
func (d drawing) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = d.name
}

// Definition implements function.Function.
func (d drawing) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary:             d.summary,
		MarkdownDescription: d.description,
		Parameters:          []function.Parameter{routeParameter("route", "What is drawn: ")},
		VariadicParameter: function.DynamicParameter{
			Name: "after", AllowUnknownValues: true,
			MarkdownDescription: "What the route becomes, at most one; it has the same forms as `route`. An empty " +
				"list, here or there, is no route at all.",
		},
		Return: function.StringReturn{},
	}
}

// Run implements function.Function.
func (d drawing) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var first types.Dynamic
	var others []types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &first, &others); resp.Error != nil {
		return
	}
	if len(others) > 1 {
		resp.Error = refusal(2, "A route is drawn before and after one change.")
		return
	}
	var drawn []*argument.Routes
	var problems []said
	known := true
	for i, given := range append([]types.Dynamic{first}, others...) {
		routes := readRoutes(ctx, i, given)
		problem := routes.Problem
		if problem == "" && routes.Known && (len(others) == 0 || !routes.Empty()) {
			_, problem = routes.Table()
		}
		problems = append(problems, said{[]string{"route", "after"}[i], problem})
		known = known && routes.Known
		drawn = append(drawn, routes)
	}
	switch resp.Error = refusals(problems...); {
	case resp.Error != nil:
	case !known:
		resp.Error = resp.Result.Set(ctx, types.StringUnknown())
	case len(drawn) == 2:
		resp.Error = resp.Result.Set(ctx, d.change(drawn[0], drawn[1]))
	default:
		resp.Error = resp.Result.Set(ctx, d.one(drawn[0]))
	}
}
