package form

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// longestGateName is how many characters the name of a gate may have.
const longestGateName = 100

// gateAttributes are those of a gate.
func gateAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "How the gate is called in what apply says of it. Defaults to its place, such as " +
				"`gates[0]`.",
		},
		"webhook": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "URL that is asked with a POST from where Terraform runs, with the step as JSON: " +
				"`namespace` and `name` of the VirtualService, `step`, `steps`, `percent`, and `shares` by rule and " +
				"subset. An answer of 2xx within 10 seconds passes. 429, 502, 503, 504 and no answer count as out " +
				"of reach, everything else fails; redirects are not followed. The URL is in the state, and in no " +
				"message.",
		},
	}
}

// readGates reads who is asked about the steps of a walk.
func readGates(object *attr.Reader) ([]walk.Gate, []istio.Problem) {
	var (
		gates    []walk.Gate
		problems []istio.Problem
		names    []string
	)
	unknown := report.PathSetOf(object.Unknown())
	object.Each("gates", func(i int, r *attr.Reader) {
		at := istio.Path{"walk", "gates", i}
		g := walk.Gate{Name: r.String("name"), Webhook: r.String("webhook")}
		switch {
		case !r.Has("name"):
			g.Name = fmt.Sprintf("gates[%d]", i)
		case !r.Known("name"):
		case g.Name == "" || len(g.Name) > longestGateName || !istio.IsPlain(g.Name, ""):
			problems = append(problems, istio.Errorf(append(at, "name"),
				"must be one to %d printable characters of ASCII; it is %.40q", longestGateName, g.Name))
		case slices.Contains(names, g.Name):
			problems = append(problems, istio.Errorf(append(at, "name"), "is the name of another gate, too: %q",
				g.Name))
		}
		names = append(names, g.Name)
		if r.Known("webhook") && !isWebURL(g.Webhook) && !unknown.Touch(report.Path(append(at, "webhook"))) {
			// What it is may hold a password.
			problems = append(problems, istio.Errorf(append(at, "webhook"),
				"must be a URL such as \"https://checks.example/canary\""))
		}
		gates = append(gates, g)
	})
	if len(gates) > mostGates {
		problems = append(problems, istio.Errorf(istio.Path{"walk", "gates"}, "must be at most %d gates, got %d",
			mostGates, len(gates)))
	}
	return gates, problems
}

// isWebURL reports whether a text is the URL of something that speaks HTTP.
func isWebURL(text string) bool {
	at, err := url.Parse(text)
	return err == nil && at.Host != "" && (at.Scheme == "http" || at.Scheme == "https")
}
