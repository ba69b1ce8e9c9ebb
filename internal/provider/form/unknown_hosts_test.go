package form

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// A VirtualService whose hosts are not known yet is no delegate, which must have neither gateways, nor delegates, nor
// rules for TLS and TCP: in validate no value of a variable is known.
func TestVirtualService_unknownHosts(t *testing.T) {
	t.Parallel()
	type values = map[string]attr.Value
	list := func(elements ...attr.Value) attr.Value { return attr.List(elements) }
	route := list(attr.Object(values{"destination": attr.Object(values{"host": attr.String("db")})}))
	withTLS := values{"tls": list(attr.Object(values{
		"match": list(attr.Object(values{"sni_hosts": list(attr.String("db.example"))})), "route": route,
	}))}
	withTCP := values{"tcp": list(attr.Object(values{"route": route}))}
	delegating := values{"http": list(attr.Object(values{
		"delegate": attr.Object(values{"name": attr.String("x"), "namespace": attr.String("y")}),
	}))}
	atGateway := values{
		"gateways": list(attr.String("edge/web")), "http": list(attr.Object(values{"route": route})),
	}
	const noGateways = "gateways[0]: delegate virtual service must have no gateways specified."
	for fact, test := range map[string]struct {
		hosts attr.Value
		more  values
		want  []string
	}{
		"unknown":                         {attr.Unknown(), atGateway, nil},
		"one that is unknown":             {list(attr.Unknown()), atGateway, nil},
		"one that is known":               {list(attr.Unknown(), attr.String("shop.example")), atGateway, nil},
		"known":                           {list(attr.String("shop.example")), atGateway, nil},
		"none":                            {attr.Null(), atGateway, []string{noGateways}},
		"an empty list":                   {list(), atGateway, []string{noGateways}},
		"unknown, of a rule for TLS":      {list(attr.Unknown()), withTLS, nil},
		"unknown, of a rule for TCP":      {list(attr.Unknown()), withTCP, nil},
		"unknown, of one that hands over": {attr.Unknown(), delegating, nil},
	} {
		attributes := values{"name": attr.String("shop"), "namespace": attr.String("shop"), "hosts": test.hosts}
		for name, value := range test.more {
			attributes[name] = value
		}
		r := attr.Read(attr.Object(attributes))
		problems := VirtualService.Route(r, Defaults{Namespace: "shop"}).Problems()
		var diagnostics diag.Diagnostics
		report.Problems(&diagnostics, report.Naming{Void: VirtualService.Void()}, r, problems)
		var got []string
		for _, d := range diagnostics.Errors() {
			got = append(got, d.Detail())
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("hosts %s: problems (-want +got)\n%s", fact, diff)
		}
	}
}
