package form

import "github.com/meshroute/terraform-provider-mesh/internal/cluster"

// What holds where the provider block says nothing.
const (
	DefaultNamespace     = "default"
	DefaultClusterDomain = "cluster.local"
)

// Defaults are what a provider block says that the values of a resource follow from. Names are empty where they are
// not known yet.
type Defaults struct {
	Namespace     string
	ClusterDomain string
	Propagation   cluster.Propagation
}
