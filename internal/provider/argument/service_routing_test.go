package argument_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// routing is what the data source says of a service.
func routing(host, manifests tftypes.Value) tftypes.Value {
	return tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"host": host.Type(), "manifests": manifests.Type(), "virtual_services": tftypes.DynamicPseudoType,
	}}, map[string]tftypes.Value{
		"host": host, "manifests": manifests, "virtual_services": tftypes.NewValue(tftypes.DynamicPseudoType, nil),
	})
}

func texts(all ...string) tftypes.Value {
	elements := make([]tftypes.Value, len(all))
	for i, text := range all {
		elements[i] = tftypes.NewValue(tftypes.String, text)
	}
	return tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, elements)
}

// What the data source says is asked as a route is, about its service where a request says nothing else.
func TestReadRoutes_serviceRouting(t *testing.T) {
	t.Parallel()
	text := func(s string) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }
	host := text("greeter.shop.svc.cluster.local")
	edge := strings.Replace(virtualService("edge", "www.example.com", "edge"), "hosts:", "gateways: [public], "+
		"hosts:", 1)
	greeter := virtualService("greeter", "greeter", "v1")
	root := "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: root, namespace: shop}\n" +
		"spec: {hosts: [greeter], http: [{delegate: {name: gone}}, {route: [{destination: {host: greeter, subset: " +
		"v5}}]}]}\n"
	unknown := tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, tftypes.UnknownValue)
	null := tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, nil)
	pair := func(values ...tftypes.Value) tftypes.Value {
		kinds := make([]tftypes.Type, len(values))
		for i, value := range values {
			kinds[i] = value.Type()
		}
		return tftypes.NewValue(tftypes.Tuple{ElementTypes: kinds}, values)
	}
	for name, test := range map[string]struct {
		route   tftypes.Value
		request traffic.Request
		want    string
	}{
		"its service": {routing(host, texts(edge, greeter)), traffic.Request{}, "v1"},
		"another host": {routing(host, texts(edge, greeter)), traffic.Request{Authority: "a.b"},
			"unclaimed"},
		"a gateway": {routing(host, texts(edge, greeter)),
			traffic.Request{Gateway: "shop/public"}, "edge"},
		"another cluster domain": {
			routing(text("greeter.shop.svc.mesh.example"), texts(greeter)), traffic.Request{}, "v1",
		},
		"a name of elsewhere": {
			routing(text("www.example.com"), texts(edge, greeter)), traffic.Request{}, "unclaimed",
		},
		"nothing routes it":            {routing(host, texts()), traffic.Request{}, "unclaimed"},
		"a delegate that is not there": {routing(host, texts(root)), traffic.Request{}, "v5"},
		"the same of two services": {
			pair(routing(host, texts(edge, greeter)), routing(text("b.shop.svc.cluster.local"), texts(edge))),
			traffic.Request{}, "v1",
		},
		"its manifests alone": {texts(greeter), traffic.Request{}, "v1"},

		"two clusters": {
			pair(routing(host, texts(greeter)), routing(host, texts(virtualService("greeter", "greeter", "v2")))),
			traffic.Request{}, `[1]: VirtualService "shop/greeter" is given twice, at [0] too.`,
		},
		"beside itself": {
			pair(routing(host, texts(greeter)), text(greeter)), traffic.Request{},
			`[1]: VirtualService "shop/greeter" is given twice, at [0] too.`,
		},
		"what may not be read": {
			routing(host, null), traffic.Request{},
			"What routes this service could not be read: manifests is null, and a warning of the data source names " +
				"the " +
				"right that is missing.",
		},
		"what is wrong": {
			routing(host, texts(greeter, "a: [")), traffic.Request{},
			"manifests[1]: Read document 1 of YAML: yaml: line 1: did not find expected node content.",
		},
		"manifests of something else": {
			routing(host, text("a")), traffic.Request{}, "A resource of this provider is needed",
		},
		"a null among them": {
			routing(host, tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, []tftypes.Value{
				tftypes.NewValue(tftypes.String, nil),
			})), traffic.Request{}, "A resource of this provider is needed",
		},
		"no host": {
			routing(tftypes.NewValue(tftypes.String, nil), texts(greeter)), traffic.Request{},
			"A resource of this provider is needed",
		},
		"a host that is a number": {
			routing(tftypes.NewValue(tftypes.Number, 1), texts(greeter)), traffic.Request{},
			"A resource of this provider is needed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := goes(argument.ReadRoutes(test.route), test.request); !strings.HasPrefix(got, test.want) {
				t.Errorf("goes to %q, want %q", got, test.want)
			}
		})
	}
	for name, route := range map[string]tftypes.Value{
		"manifests": routing(host, unknown),
		"the host":  routing(tftypes.NewValue(tftypes.String, tftypes.UnknownValue), texts(greeter)),
	} {
		if routes := argument.ReadRoutes(route); routes.Known || routes.Problem != "" {
			t.Errorf("%s: known %v, problem %q", name, routes.Known, routes.Problem)
		}
	}
	// An object of somebody else with such names is told what it is not.
	bare := tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"manifests": tftypes.Bool, "virtual_services": tftypes.Bool,
	}}, map[string]tftypes.Value{
		"manifests": tftypes.NewValue(tftypes.Bool, true), "virtual_services": tftypes.NewValue(tftypes.Bool, true),
	})
	if got := goes(argument.ReadRoutes(bare), traffic.Request{}); !strings.HasPrefix(got, "A resource of this "+
		"provider") {
		t.Errorf("goes to %q", got)
	}
}
