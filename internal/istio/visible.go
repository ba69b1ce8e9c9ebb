package istio

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"
)

// GatewayNames returns full names, the one gateway of the mesh if there are none.
func GatewayNames(names []string, namespace string) []string {
	if len(names) == 0 {
		return []string{MeshGateway}
	}
	full := make([]string, len(names))
	for i, name := range names {
		full[i] = GatewayName(name, namespace)
	}
	return full
}

// GatewayName returns the full name of a gateway, `namespace/name`, as Istio resolves it in an object of the given
// namespace; `mesh` stays what it is.
// Source: istio.io/istio pilot/pkg/model resolveGatewayName.
func GatewayName(name, namespace string) string {
	if name == MeshGateway {
		return name
	}
	if before, after, ok := strings.Cut(name, "/"); ok {
		if before == "." {
			return namespace + "/" + after
		}
		return name
	}
	if first, rest, ok := strings.Cut(name, "."); ok {
		second, _, _ := strings.Cut(rest, ".")
		return second + "/" + first
	}
	return namespace + "/" + name
}

// VisibleIn reports whether an object is exported to a namespace. An empty namespace is one that is not known.
func VisibleIn(o *Object, namespace string) bool {
	exportTo := ExportedTo(o)
	return namespace == "" || len(exportTo) == 0 || slices.Contains(exportTo, namespace)
}

// ExportedTo returns the namespaces that see an object, none for all of them.
func ExportedTo(o *Object) []string {
	var exportTo []string
	switch spec := o.Spec.(type) {
	case *networking.VirtualService:
		exportTo = slices.Clone(spec.GetExportTo())
	case *networking.DestinationRule:
		exportTo = slices.Clone(spec.GetExportTo())
	case *networking.ServiceEntry:
		exportTo = slices.Clone(spec.GetExportTo())
	}
	if slices.Contains(exportTo, "*") {
		return nil
	}
	for i, name := range exportTo {
		if name == "." {
			exportTo[i] = o.Namespace
		}
	}
	return exportTo
}

// SubsetOf returns the subset of a DestinationRule that has a name, nil where it has none.
func SubsetOf(o *Object, name string) *networking.Subset {
	for _, subset := range o.DestinationRuleSpec().GetSubsets() {
		if subset.GetName() == name {
			return subset
		}
	}
	return nil
}
