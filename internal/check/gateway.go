package check

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// matchGateways looks at the gateways of a match, which take the place of those of the VirtualService for it. They
// can only be fewer: the VirtualService is not attached to others. A delegate has those of the rule that delegates to
// it.
func (c *checker) matchGateways(gateways []string) {
	spec := c.virtualService()
	if len(gateways) == 0 || len(spec.GetHosts()) == 0 {
		return
	}
	var strangers []int
	for i, name := range gateways {
		if !isGatewayOf(name, spec.Gateways) {
			strangers = append(strangers, i)
		}
	}
	declared := spec.Gateways
	if len(declared) == 0 {
		declared = []string{istio.MeshGateway}
	}
	for _, i := range strangers {
		if len(strangers) == len(gateways) {
			c.void(istio.Path{"gateways", i}, "%.80q is not among the gateways of the VirtualService (%.200s), so "+
				"that this match never holds; add it there, or leave it out here", gateways[i],
				strings.Join(declared, ", "))
			continue
		}
		c.doubt(istio.Path{"gateways", i}, "%.80q is not among the gateways of the VirtualService (%.200s) and has "+
			"no effect; add it there, or leave it out here", gateways[i], strings.Join(declared, ", "))
	}
}

// uncheckedGateways checks the names that istiod does not check: those behind the first that has no namespace, such
// as `mesh`.
func (c *checker) uncheckedGateways(names []string) {
	first := slices.IndexFunc(names, func(name string) bool { return !strings.Contains(name, "/") })
	if first < 0 {
		return
	}
	for i, name := range names[first+1:] {
		namespace, gateway, qualified := strings.Cut(name, "/")
		if qualified && (!istio.IsNamespaceName(namespace) || !istio.IsNamespaceName(gateway)) {
			c.void(istio.Path{"gateways", first + 1 + i}, "%.80q is no gateway: write namespace/name", name)
		}
	}
}

// isGatewayOf reports whether a gateway is one of a list, whose default is the mesh.
func isGatewayOf(name string, gateways []string) bool {
	if len(gateways) == 0 {
		return name == istio.MeshGateway
	}
	return slices.ContainsFunc(gateways, func(other string) bool {
		return name == other || name != istio.MeshGateway && other != istio.MeshGateway && sameGateway(name, other)
	})
}

// sameGateway reports whether two names can be of one gateway. A name without a namespace is of the object's own,
// which may not be known yet: it can be the same as any of its name.
// Source: istio.io/istio pilot/pkg/model resolveGatewayName.
func sameGateway(a, b string) bool {
	namespaceA, nameA := splitGateway(a)
	namespaceB, nameB := splitGateway(b)
	return nameA == nameB && (namespaceA == "" || namespaceB == "" || namespaceA == namespaceB)
}

// splitGateway returns namespace and name of `namespace/name`, of `./name` and of the old form `name.namespace`.
func splitGateway(full string) (namespace, name string) {
	if namespace, name, ok := strings.Cut(full, "/"); ok {
		return strings.TrimPrefix(namespace, "."), name
	}
	name, rest, _ := strings.Cut(full, ".")
	namespace, _, _ = strings.Cut(rest, ".")
	return namespace, name
}

// source looks for conditions on the caller that gateways make void. Istio asks for a match's gateways or for its
// source, not for both.
// Source: istio.io/istio pilot/pkg/networking/core/route sourceMatchHTTP.
func (c *checker) source(m *networking.HTTPMatchRequest) {
	if len(m.Gateways) == 0 {
		return
	}
	const reason = "has no effect beside gateways: this match holds for every caller; drop one of the two, or write " +
		"two matches"
	if len(m.SourceLabels) > 0 {
		c.doubt(istio.Path{"source_labels"}, reason)
	}
	if m.SourceNamespace != "" {
		c.doubt(istio.Path{"source_namespace"}, reason)
	}
}
