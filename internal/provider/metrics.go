package provider

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/gate"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

// prometheusAttribute is where metrics are asked for.
func prometheusAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Where the gates `success_rate` and `latency` of a `walk` ask for metrics, from where " +
			"Terraform runs.",
		Attributes: map[string]schema.Attribute{
			"url": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "URL of a server with the HTTP API of Prometheus, such as " +
					"`https://prometheus.example`; `/api/v1/query` is added to it.",
			},
			"token": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "Token that is sent to it as `Authorization: Bearer`.",
			},
		},
	}
}

// readPrometheus reads where metrics are asked for, nil for nowhere.
func readPrometheus(r *attr.Reader, refuse func(at path.Path, reason string)) *gate.Prometheus {
	block := r.Object("prometheus")
	if block == nil {
		return nil
	}
	p := &gate.Prometheus{URL: block.String("url"), Token: block.String("token")}
	if block.Known("url") && !form.IsWebURL(p.URL) {
		// What it is may hold a password.
		refuse(path.Root("prometheus").AtName("url"), "must be a URL such as \"https://prometheus.example\"")
	}
	if strings.ContainsFunc(p.Token, func(c rune) bool { return c <= ' ' || c > '~' }) {
		refuse(path.Root("prometheus").AtName("token"), "must be printable ASCII without spaces")
	}
	return p
}
