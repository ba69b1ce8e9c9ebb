package check_test

import (
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
)

// What stands beside routes in people's files is told from a misspelt route.
func TestForeign(t *testing.T) {
	t.Parallel()
	const istio = "networking.istio.io/v1"
	for name, test := range map[string]struct {
		kind, apiVersion any
		want             bool
	}{
		"a Service":                          {"Service", "v1", true},
		"a Deployment":                       {"Deployment", "apps/v1", true},
		"an Ingress":                         {"Ingress", "networking.k8s.io/v1", true},
		"a ServiceCIDR":                      {"ServiceCIDR", "networking.k8s.io/v1", true},
		"a Gateway of the Gateway API":       {"Gateway", "gateway.networking.k8s.io/v1", true},
		"an HTTPRoute":                       {"HTTPRoute", "gateway.networking.k8s.io/v1", true},
		"a VirtualService of App Mesh":       {"VirtualService", "appmesh.k8s.aws/v1beta2", true},
		"a VirtualService of Gloo":           {"VirtualService", "gateway.solo.io/v1", true},
		"an AuthorizationPolicy":             {"AuthorizationPolicy", "security.istio.io/v1", true},
		"an EnvoyFilter":                     {"EnvoyFilter", "networking.istio.io/v1alpha3", true},
		"a Sidecar":                          {"Sidecar", istio, true},
		"an Ingress of Knative":              {"Ingress", "networking.internal.knative.dev/v1alpha1", true},
		"a Kustomization":                    {"Kustomization", "kustomize.config.k8s.io/v1beta1", true},
		"an Argo Rollout":                    {"Rollout", "argoproj.io/v1alpha1", true},
		"a VirtualService":                   {"VirtualService", istio, false},
		"an unknown version":                 {"VirtualService", "networking.istio.io/v2", false},
		"a misspelt kind":                    {"VirtualServise", istio, false},
		"a kind in lower case":               {"virtualservice", istio, false},
		"a kind that Istio has not":          {"Service", istio, false},
		"a misspelt group":                   {"VirtualService", "networking.istio.oi/v1", false},
		"a misspelt group and a kind":        {"Gatway", "networkin.istio.io/v1", false},
		"a group that is left out":           {"DestinationRule", "v1", false},
		"no kind":                            {nil, "v1", false},
		"no version":                         {"Service", nil, false},
		"a kind that is no text":             {[]any{"Service"}, "v1", false},
		"a version that is no text":          {"Service", 1, false},
		"an empty kind":                      {"", "v1", false},
		"an empty version":                   {"Service", "", false},
		"a kind that is near, of elsewhere":  {"VirtualServer", "k8s.nginx.org/v1", true},
		"a Gateway without a version behind": {"Gateway", "networking.istio.io", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind, got := check.Foreign(map[string]any{"kind": test.kind, "apiVersion": test.apiVersion})
			if got != test.want {
				t.Errorf("foreign: %v", got)
			}
			if got && kind != test.kind {
				t.Errorf("kind %q", kind)
			}
		})
	}
}
