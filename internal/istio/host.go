package istio

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	networking "istio.io/api/networking/v1"
)

// MeshGateway is Istio's reserved name for all sidecars of the mesh, the default of spec.gateways.
const MeshGateway = "mesh"

// IsHost reports whether Istio takes the name for a host: a DNS name in small or capital letters, one that begins
// with a wildcard, or an address.
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

// InCluster splits the full host of a Service of the cluster, whose name is a label as that of a namespace is.
func InCluster(host, clusterDomain string) (namespace, name string, ok bool) {
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

// InMesh reports whether a VirtualService holds for the sidecars of the mesh, and not only at gateways.
func InMesh(spec *networking.VirtualService) bool {
	return len(spec.GetGateways()) == 0 || slices.Contains(spec.GetGateways(), MeshGateway)
}

// SplitAuthority takes the port off an authority. An address of IPv6 keeps no brackets.
func SplitAuthority(authority string) (host, port string) {
	if host, port, err := net.SplitHostPort(authority); err == nil {
		return host, port
	}
	return strings.Trim(authority, "[]"), ""
}

// Covers reports whether a wildcard, whose part behind the asterisk is given, is for a host.
func Covers(suffix, host string) bool {
	return len(host) > len(suffix) && strings.HasSuffix(host, suffix)
}

// Fits reports whether a host of an object, a name or a wildcard, is for a name. Both are compared as they are.
func Fits(host, name string) bool {
	suffix, wildcard := strings.CutPrefix(host, "*")
	return host == name || wildcard && Covers(suffix, name)
}

// MoreSpecific reports whether a host goes before another one: names before wildcards, longer before shorter.
func MoreSpecific(a, b string) bool {
	rank := func(host string) int {
		switch {
		case strings.HasPrefix(host, "="):
			return 0
		case strings.HasPrefix(host, "*"):
			return 2
		}
		return 1
	}
	if first, second := rank(a), rank(b); first != second {
		return first < second
	}
	return len(a) > len(b)
}
