package form

import (
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// What a configuration says of its name is enough to tell its warnings apart.
func TestCalled(t *testing.T) {
	t.Parallel()
	text, unknown := attr.String, attr.Unknown()
	hosts := attr.Strings([]string{"reviews.example", "b.example"})
	for name, test := range map[string]struct {
		form   Form
		config map[string]attr.Value
		want   string
	}{
		"name and namespace": {
			VirtualService, map[string]attr.Value{"name": text("reviews"), "namespace": text("shop"), "hosts": hosts},
			"VirtualService shop/reviews",
		},
		"a namespace of the provider block": {
			DestinationRule, map[string]attr.Value{"name": text("reviews"), "host": text("web")},
			"DestinationRule reviews",
		},
		"a namespace that is not known": {
			DestinationRule, map[string]attr.Value{"name": text("reviews"), "namespace": unknown},
			"DestinationRule reviews",
		},
		"a name that is not known": {
			VirtualService, map[string]attr.Value{"name": unknown, "namespace": text("shop"), "hosts": hosts},
			"VirtualService for reviews.example",
		},
		"the host of a DestinationRule": {
			DestinationRule, map[string]attr.Value{"name": unknown, "host": text("reviews")},
			"DestinationRule for reviews",
		},
		"hosts that are not known": {VirtualService, map[string]attr.Value{"name": unknown, "hosts": unknown}, ""},
		"a host that is not known": {
			VirtualService, map[string]attr.Value{"name": unknown, "hosts": attr.List([]attr.Value{unknown})}, "",
		},
		"a service": {
			CanaryRoute{}, map[string]attr.Value{"service": text("reviews"), "namespace": text("shop")},
			"shop/reviews",
		},
		"a full service": {
			WeightedSplit{}, map[string]attr.Value{"service": text("reviews.shop.svc.cluster.local")}, "reviews",
		},
		"a name beside a service": {
			CanaryRoute{}, map[string]attr.Value{"service": text("reviews"), "name": text("canary")}, "canary",
		},
		"the name of the VirtualService": {
			CanaryRoute{}, map[string]attr.Value{"service": text("reviews"), "virtual_service_name": text("vs")}, "vs",
		},
		"a name that is not known beside a service": {
			CanaryRoute{}, map[string]attr.Value{"service": text("reviews.shop"), "name": unknown},
			"for reviews.shop",
		},
		"a service that is not known": {
			CanaryRoute{}, map[string]attr.Value{"service": unknown, "namespace": text("shop")}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Called(test.form, attr.Object(test.config)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
