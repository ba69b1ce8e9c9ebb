package routing

import (
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	networking "istio.io/api/networking/v1"
)

// MeshGateway is Istio's reserved name for all sidecars of the mesh, the default of spec.gateways.
const MeshGateway = "mesh"

// label is an RFC 1123 label: what Kubernetes takes as the name of a namespace.
const label = `[a-z0-9]([-a-z0-9]*[a-z0-9])?`

var (
	namespaceName = regexp.MustCompile(`^` + label + `$`)
	objectName    = regexp.MustCompile(`^` + label + `(\.` + label + `)*$`)
)

// IsNamespaceName reports whether Kubernetes takes the name for a namespace: an RFC 1123 label of at most 63 characters.
func IsNamespaceName(name string) bool { return len(name) <= 63 && namespaceName.MatchString(name) }

// IsObjectName reports whether Kubernetes takes the name for an object, or as a DNS domain: RFC 1123 labels joined by
// dots, at most 253 characters.
func IsObjectName(name string) bool { return len(name) <= 253 && objectName.MatchString(name) }

// IsHost reports whether Istio takes the name for a host: a DNS name in small or capital letters, one that begins with a wildcard, or
// an address.
func IsHost(name string) bool {
	if at, err := netip.ParseAddr(name); err == nil {
		return at.Zone() == ""
	}
	// Some letters outside ASCII have a small letter inside.
	if name == "*" || strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return name == "*"
	}
	return IsObjectName(strings.ToLower(strings.TrimPrefix(name, "*.")))
}

// FullHost returns the full name of a host as Istio resolves it in an object of the given namespace: a name without
// a dot is a Service of that namespace. Every other name is full already (`reviews.shop` is not
// `reviews.shop.svc.cluster.local`), and so is an address.
// Source: istio.io/istio pilot/pkg/model ResolveShortnameToFQDN.
func FullHost(host, namespace, clusterDomain string) string {
	if host == "" || strings.ContainsAny(host, ".:") || strings.HasPrefix(host, "*") {
		return host
	}
	return host + "." + namespace + ".svc." + clusterDomain
}

// inCluster splits the full host of a Service of the cluster, whose name is a label as that of a namespace is.
func inCluster(host, clusterDomain string) (namespace, name string, ok bool) {
	inside, ok := strings.CutSuffix(host, ".svc."+clusterDomain)
	if !ok {
		return "", "", false
	}
	name, namespace, _ = strings.Cut(inside, ".")
	if !IsNamespaceName(namespace) || !IsNamespaceName(name) {
		return "", "", false
	}
	return namespace, name, true
}

// ServiceName returns the first label of a host, which is the name of the Service for a host inside the cluster.
func ServiceName(host string) string {
	name, _, _ := strings.Cut(host, ".")
	return name
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// InMesh reports whether a VirtualService holds for the sidecars of the mesh, and not only at gateways.
func InMesh(spec *networking.VirtualService) bool {
	return len(spec.GetGateways()) == 0 || slices.Contains(spec.GetGateways(), MeshGateway)
}
