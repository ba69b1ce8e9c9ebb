package routing

import (
	"maps"
	"slices"
	"strings"
)

// FullHost returns the full name of a host as Istio resolves it in an object of the given namespace: a name without
// a dot is a Service of that namespace. A name that ends in `.svc` gets the cluster domain. Every other name with a dot
// is full already, as it is for Istio (`reviews.shop` is not `reviews.shop.svc.cluster.local`).
func FullHost(host, namespace, clusterDomain string) string {
	if !strings.HasSuffix(host, "..") {
		host = strings.TrimSuffix(host, ".")
	}
	switch {
	case host == "" || strings.HasPrefix(host, "*"):
		return host
	case !strings.Contains(host, "."):
		return host + "." + namespace + ".svc." + clusterDomain
	case strings.HasSuffix(host, ".svc") && strings.Count(host, ".") == 2:
		return host + "." + clusterDomain
	}
	return host
}

// ServiceName returns the first label of a host, which is the name of the Service for a host inside the cluster.
func ServiceName(host string) string {
	name, _, _ := strings.Cut(host, ".")
	return name
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
