package provider

import "github.com/meshroute/terraform-provider-mesh/internal/cluster"

// What holds where the provider block says nothing.
const (
	defaultNamespace     = "default"
	defaultClusterDomain = "cluster.local"
)

// defaults are what a provider block says that the values of a resource follow from. Names are empty where they are not known yet.
type defaults struct {
	namespace     string
	clusterDomain string
	propagation   cluster.Propagation
}
