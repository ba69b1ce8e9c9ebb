package crud

import (
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/gate"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/siblings"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// Settings are what the resources get from the provider block.
type Settings struct {
	// Cluster is nil while the connection holds values that are known only after apply.
	Cluster *cluster.Cluster
	form.Defaults
	// ListNamespace is where a list looks that names no namespace, empty for all of them.
	ListNamespace string
	// Owner is the name of the workspace, empty where the provider block has none; OwnerKnown is false while it is
	// not known.
	Owner      string
	OwnerKnown bool
	// AllowUsedRemoval lets a change take away what others send requests to.
	AllowUsedRemoval bool
	// Read are the objects of the states that were read, nil before the provider block was.
	Read *siblings.Set
	// Planned is what a plan makes and destroys, Claims what its resources are going to have, and Going what an apply
	// is deleting now, nil before the provider block was read.
	Planned *siblings.Plan
	Claims  *siblings.Claims
	Going   *siblings.Deletions
	// Told knows what this run has warned of, nil where nobody counts.
	Told *report.Tally
	// Stamp is on what it depends how a state describes objects, besides the objects and the owner: this version of
	// the provider, default names and the field manager.
	Stamp string
	// Gates asks who judges the steps of walks.
	Gates gate.Asker
	// Surroundings is nil without a cluster.
	Surroundings *cluster.Surroundings
}

// Unconfigured are the settings before the provider block was read, as at validate: which namespace and domain hold
// is not decided.
func Unconfigured() Settings {
	return Settings{Defaults: form.Defaults{Propagation: form.DefaultPropagation()}}
}

// View begins to look from a namespace, for an owner who is not told of what else it applied.
func (s Settings) View(namespace, owner string) *cluster.View {
	return s.Surroundings.View(namespace, traffic.Options{RootNamespace: s.Propagation.IstiodNamespace}, owner)
}
