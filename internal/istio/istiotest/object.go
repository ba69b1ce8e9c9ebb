package istiotest

import (
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// VirtualService reads the spec of a VirtualService "shop/name" from YAML, with hosts [reviews] if it says none.
func VirtualService(t testing.TB, name, spec string) *istio.Object {
	t.Helper()
	if !strings.Contains(spec, "hosts:") {
		spec = "hosts: [reviews]\n" + spec
	}
	return Object(t, "VirtualService", name, spec)
}

// Object reads an object from YAML: its spec, and its name, in namespace shop if it says none.
func Object(t testing.TB, kind, name, spec string) *istio.Object {
	t.Helper()
	namespace, name, ok := strings.Cut(name, "/")
	if !ok {
		namespace, name = "shop", namespace
	}
	manifest := fmt.Sprintf(
		"apiVersion: networking.istio.io/v1\nkind: %s\nmetadata: {name: %s, namespace: %s}\nspec:\n", kind, name,
		namespace,
	)
	for line := range strings.SplitSeq(strings.Trim(spec, "\n"), "\n") {
		manifest += "  " + line + "\n"
	}
	raw, err := yaml.YAMLToJSON([]byte(manifest))
	if err != nil {
		t.Fatalf("%v in\n%s", err, manifest)
	}
	o, err := istio.ParseAny(raw)
	if err != nil {
		t.Fatalf("%v in\n%s", err, manifest)
	}
	return o
}

// To is the route of a rule.
func To(subset string) string {
	return "route: [{destination: {host: reviews, subset: " + subset + "}}]"
}
