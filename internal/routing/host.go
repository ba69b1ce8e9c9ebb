package routing

import (
	"maps"
	"slices"
	"strings"
)

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

// ServiceName returns the first label of a host, which is the name of the Service for a host inside the cluster.
func ServiceName(host string) string {
	name, _, _ := strings.Cut(host, ".")
	return name
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
