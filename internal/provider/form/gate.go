package form

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// longestGateName is how many characters the name of a gate may have.
const longestGateName = 100

// Reporter is who may count requests.
var Reporter = oneOf{"destination", "source", "waypoint"}

// gateAttributes are those of a gate.
func gateAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "How the gate is called in what apply says of it. Defaults to its place, such as " +
				"`gates[0]`.",
		},
		"webhook": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "URL that is asked with a POST from where Terraform runs, with the step as JSON: " +
				"`namespace` and `name` of the VirtualService, `step`, `steps`, `percent`, and `shares` by rule and " +
				"subset. An answer of 2xx within 10 seconds passes. 429, 502, 503, 504 and no answer count as out " +
				"of reach, everything else fails; redirects are not followed. The URL is in the state, and in no " +
				"message.",
		},
		"success_rate": schema.SingleNestedAttribute{
			Optional: true,
			MarkdownDescription: "How many of the requests since the step began have to succeed, of each subset that " +
				"gets more of them by the walk: from `istio_requests_total` as the servers' sidecars report it. 5xx, " +
				"broken connections, and the gRPC statuses that are the server's fault, have failed. The labels of " +
				"the subset have to be among those that Istio's metrics have: `version`, `app`, " +
				"`service.istio.io/canonical-name` and `service.istio.io/canonical-revision`. It fails where that is " +
				"more than chance explains, with 95 % confidence over all steps of the walk.",
			Attributes: map[string]schema.Attribute{
				"min": schema.NumberAttribute{
					Optional:            true,
					MarkdownDescription: "Least percent that has to succeed, above `0` up to `100`, such as `99.5`.",
				},
				"worse_than": schema.StringAttribute{
					Optional: true,
					MarkdownDescription: "Subset to compare with, in place of `min`: the failures of the last step " +
						"may not be certain to be more than `by` percent points above its own. Where it has a " +
						"share, it has to answer one request at least before there is a verdict. At a step at " +
						"which it has none, such as the last one of a canary, there is nothing to compare, and the " +
						"gate passes; so it does where it is the subset itself that gets more requests, such as on " +
						"a walk back. The plan says which steps those are, and which steps nothing judges then: " +
						"`min` judges them.",
				},
				"by": schema.NumberAttribute{
					Optional: true,
					MarkdownDescription: "Percent points by which `worse_than` may be missed, `0` up to `100`. " +
						"Defaults to `0`.",
				},
			},
		},
		"latency": schema.SingleNestedAttribute{
			Optional: true,
			MarkdownDescription: "How long requests since the step began may take, of each subset that gets more of " +
				"them by the walk: from `istio_request_duration_milliseconds`, with the labels of `success_rate`.",
			Attributes: map[string]schema.Attribute{
				"quantile": schema.NumberAttribute{
					Required: true,
					MarkdownDescription: "Part of the requests that has to be quicker, between `0` and `1`, such as " +
						"`0.99`.",
				},
				"max": schema.StringAttribute{
					Required:            true,
					MarkdownDescription: "Longest time, from `1ms` to `1h`, such as `500ms`.",
				},
			},
		},
		"query": schema.SingleNestedAttribute{
			Optional: true,
			MarkdownDescription: "Any other metric: a query in PromQL that comes to one value, which has to lie " +
				"within bounds. While it comes to no value, or to none that is a number, there is no verdict. A " +
				"query that Prometheus refuses ends apply before a share moves.",
			Attributes: map[string]schema.Attribute{
				"promql": schema.StringAttribute{
					Required: true,
					MarkdownDescription: "The query, at most 8192 bytes, such as `sum(rate(orders_failed{version=" +
						"\"$labels.version\"}[$window]))`. `$window` is how long the step has lasted, `$namespace` " +
						"that of the resource, and `$subset`, `$host` and `$labels.NAME` are of each subset that " +
						"gets more requests by the walk: a query that names one of them is asked for each. In HCL a " +
						"label whose name is no word is `$${labels.app.kubernetes.io/version}`.",
				},
				"min": schema.NumberAttribute{
					Optional: true, MarkdownDescription: "Least value. One of `min` and `max` has to be set.",
				},
				"max": schema.NumberAttribute{Optional: true, MarkdownDescription: "Largest value."},
			},
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
			problems = append(problems, istio.Errorf(at.At("name"),
				"must be one to %d printable characters of ASCII; it is %.40q", longestGateName, g.Name))
		case slices.Contains(names, g.Name):
			problems = append(problems, istio.Errorf(at.At("name"),
				"is the name of another gate, too: %q", g.Name))
		}
		names = append(names, g.Name)
		g.SuccessRate, problems = readSuccessRate(r, at, problems)
		g.Latency, problems = readLatency(r, at, problems)
		g.Query, problems = readQuery(r, at, problems)
		if kinds := setOf(r, "webhook", "success_rate", "latency", "query"); kinds != 1 {
			problems = append(problems, istio.Errorf(at,
				"must set one of webhook, success_rate, latency and query, and sets %d", kinds))
		}
		webhook := at.At("webhook")
		if r.Has("webhook") && r.Known("webhook") && !IsWebURL(g.Webhook) && !unknown.Touch(report.Path(webhook)) {
			// What it is may hold a password.
			problems = append(problems, istio.Errorf(webhook,
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

// IsWebURL reports whether a text is the URL of something that speaks HTTP.
func IsWebURL(text string) bool {
	at, err := url.Parse(text)
	return err == nil && at.Host != "" && (at.Scheme == "http" || at.Scheme == "https")
}

// setOf returns how many of some attributes are set.
func setOf(r *attr.Reader, names ...string) int {
	count := 0
	for _, name := range names {
		if r.Has(name) {
			count++
		}
	}
	return count
}

func readSuccessRate(r *attr.Reader, at istio.Path, problems []istio.Problem) (*walk.SuccessRate, []istio.Problem) {
	o := r.Object("success_rate")
	if o == nil {
		return nil, problems
	}
	place := func(name string) istio.Path { return at.At("success_rate", name) }
	rate := &walk.SuccessRate{WorseThan: o.String("worse_than")}
	least, set := o.Float("min")
	if rate.Min = least; set && (least <= 0 || least > 100) {
		problems = append(problems, istio.Errorf(place("min"),
			"must be above 0 and at most 100 percent, got %g", least))
	}
	if setOf(o, "min", "worse_than") != 1 {
		problems = append(problems, istio.Errorf(at.At("success_rate"),
			"must set one of min and worse_than"))
	}
	if o.Has("worse_than") && o.Known("worse_than") && rate.WorseThan == "" {
		problems = append(problems, istio.Errorf(place("worse_than"), "must be the name of a subset"))
	}
	by, set := o.Float("by")
	if rate.By = by; set && (by < 0 || by > 100) {
		problems = append(problems, istio.Errorf(place("by"), "must be between 0 and 100 percent points, got %g", by))
	}
	if o.Has("by") && !o.Has("worse_than") {
		problems = append(problems, istio.Errorf(place("by"), "means something only together with worse_than"))
	}
	return rate, problems
}

// longestLatency is the most that a gate may allow.
const longestLatency = time.Hour

func readLatency(r *attr.Reader, at istio.Path, problems []istio.Problem) (*walk.Latency, []istio.Problem) {
	o := r.Object("latency")
	if o == nil {
		return nil, problems
	}
	l := &walk.Latency{}
	quantile, set := o.Float("quantile")
	if l.Quantile = quantile; set && (quantile <= 0 || quantile >= 1) {
		problems = append(problems, istio.Errorf(at.At("latency", "quantile"),
			"must be between 0 and 1, such as 0.99, got %g", quantile))
	}
	most, err := time.ParseDuration(o.String("max"))
	if l.Max = most; o.Known("max") && (err != nil || most < time.Millisecond || most > longestLatency) {
		problems = append(problems, istio.Errorf(at.At("latency", "max"),
			"must be a duration from 1ms to 1h, such as \"500ms\"; it is %.40q", o.String("max")))
	}
	return l, problems
}

// longestQuery is how many bytes a query may have.
const longestQuery = 8192

func readQuery(r *attr.Reader, at istio.Path, problems []istio.Problem) (*walk.Query, []istio.Problem) {
	o := r.Object("query")
	if o == nil {
		return nil, problems
	}
	q, here := &walk.Query{PromQL: o.String("promql")}, at.At("query")
	place := here.At("promql")
	switch {
	case !o.Known("promql"):
	case strings.TrimSpace(q.PromQL) == "" || len(q.PromQL) > longestQuery:
		problems = append(problems, istio.Errorf(place, "must be a query of 1 to %d bytes, got %d", longestQuery,
			len(q.PromQL)))
	default:
		if err := q.Check(); err != nil {
			problems = append(problems, istio.Errorf(place, "%s", err))
		}
	}
	for name, into := range map[string]**float64{"min": &q.Min, "max": &q.Max} {
		if bound, set := o.Float(name); set {
			*into = &bound
		}
	}
	switch {
	case setOf(o, "min", "max") == 0:
		problems = append(problems, istio.Errorf(here, "must set one of min and max, or both"))
	case q.Min != nil && q.Max != nil && *q.Min > *q.Max:
		problems = append(problems, istio.Errorf(here, "no value is at least %g and at most %g", *q.Min, *q.Max))
	}
	return q, problems
}
