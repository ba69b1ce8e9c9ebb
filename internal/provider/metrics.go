package provider

import (
	"context"
	"crypto/x509"
	"net/http"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/net/http/httpguts"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster/tunnel"
	"github.com/meshroute/terraform-provider-mesh/internal/gate"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

// prometheusAttribute is where metrics are asked for.
func prometheusAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Where the gates `success_rate`, `latency` and `query` of a `walk` ask for metrics. One " +
			"of `url` and `service` has to be set.",
		Attributes: map[string]schema.Attribute{
			"url": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "URL of a server with the HTTP API of Prometheus, such as " +
					"`https://prometheus.example`, which is asked from where Terraform runs; `/api/v1/query` is " +
					"added to it.",
			},
			"service": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Service of Prometheus in the cluster, as `NAMESPACE/NAME:PORT`, such as " +
					"`istio-system/prometheus:9090`. A port-forward of the API server leads to a ready pod of it, " +
					"with the credentials of this block, which need `get services`, `list pods` and `create " +
					"pods/portforward` in that namespace.",
			},
			"token": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "Token that is sent to it as `Authorization: Bearer`.",
			},
			"headers": schema.MapAttribute{
				Optional: true, Sensitive: true, ElementType: types.StringType,
				MarkdownDescription: "Headers that are sent to it, such as `X-Scope-OrgID`.",
			},
			"ca_certificate": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "PEM certificates of the authorities that sign its certificate. Defaults to " +
					"those that the machine trusts.",
			},
			"reporter": schema.StringAttribute{
				Optional: true, Validators: []validator.String{form.Reporter},
				MarkdownDescription: "Who counts the requests that `success_rate` and `latency` judge: " +
					"`destination`, the sidecars of the servers, `source`, those of the clients and the gateways, or " +
					"`waypoint`. Defaults to `destination`.",
			},
		},
	}
}

// readPrometheus reads where metrics are asked for, nil for nowhere. What is not known yet is none that can be asked.
func readPrometheus(r *attr.Reader, refuse func(at path.Path, reason string)) *gate.Prometheus {
	if !r.Has("prometheus") {
		return nil
	}
	p, at := &gate.Prometheus{}, path.Root("prometheus")
	block := r.Object("prometheus")
	if block == nil {
		return p
	}
	p.URL, p.Token, p.Reporter = block.String("url"), block.String("token"), block.String("reporter")
	switch {
	case block.Has("url") == block.Has("service"):
		refuse(at, "must set one of url and service")
	case block.Has("url") && block.Known("url") && !form.IsWebURL(p.URL):
		// What it is may hold a password.
		refuse(at.AtName("url"), "must be a URL such as \"https://prometheus.example\"")
	case block.Has("service") && block.Known("service"):
		if _, ok := tunnel.ParseService(block.String("service")); !ok {
			refuse(at.AtName("service"), "must be NAMESPACE/NAME:PORT, such as \"istio-system/prometheus:9090\"")
		}
	}
	if strings.ContainsFunc(p.Token, func(c rune) bool { return c <= ' ' || c > '~' }) {
		refuse(at.AtName("token"), "must be printable ASCII without spaces")
	}
	p.Headers = map[string]string{}
	for name, value := range block.StringMap("headers") {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			refuse(at.AtName("headers"), "must be names and values of HTTP headers")
			break
		}
		p.Headers[name] = value
	}
	if certificates := block.String("ca_certificate"); certificates != "" {
		p.Authorities = x509.NewCertPool()
		if !p.Authorities.AppendCertsFromPEM([]byte(certificates)) {
			refuse(at.AtName("ca_certificate"), "must be PEM, beginning with -----BEGIN CERTIFICATE-----")
		}
	}
	return p
}

// forwardPrometheus leads to a Prometheus that is named as a Service, through the cluster.
func forwardPrometheus(r *attr.Reader, p *gate.Prometheus, c *cluster.Cluster) {
	block := r.Object("prometheus")
	if block == nil || p == nil || c == nil {
		return
	}
	if to, ok := tunnel.ParseService(block.String("service")); ok {
		p.URL = "http://" + to.Name
		p.Forward = func(ctx context.Context) (*http.Client, error) { return c.ForwardService(ctx, to) }
	}
}
