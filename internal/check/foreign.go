package check

import (
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/spelling"
)

const apiGroup = "networking.istio.io"

// bystanders are the kinds of the API group of routes in which no rule stands.
// Source: istio.io/istio pkg/config/schema/metadata.yaml.
var bystanders = []string{"EnvoyFilter", "ProxyConfig", "Sidecar", "WorkloadEntry", "WorkloadGroup"}

// kindNames returns the names of the kinds that have to do with routes.
func kindNames() []string {
	names := make([]string, len(istio.Kinds()))
	for i, kind := range istio.Kinds() {
		names[i] = string(kind)
	}
	return names
}

// Foreign reports whether a tree of JSON is an object that has nothing to do with routes, such as a Service, as files
// hold them beside a VirtualService, and returns its kind. What may be a misspelt VirtualService is not: [Manifest]
// says what is wrong with it.
func Foreign(tree map[string]any) (kind string, foreign bool) {
	kind, isText := tree["kind"].(string)
	version, isTextToo := tree["apiVersion"].(string)
	if !isText || !isTextToo || kind == "" || version == "" {
		return "", false
	}
	group, _, grouped := strings.Cut(version, "/")
	kinds := kindNames()
	kubernetes := group == "k8s.io" || strings.HasSuffix(group, ".k8s.io")
	meant := grouped && !kubernetes && spelling.Nearest(group, []string{apiGroup}) != ""
	switch {
	case group == apiGroup:
		return kind, slices.Contains(bystanders, kind)
	case !grouped:
		return kind, !slices.Contains(kinds, kind)
	case slices.Contains(kinds, kind):
		return kind, !meant
	}
	return kind, !meant || spelling.Nearest(kind, kinds) == ""
}
