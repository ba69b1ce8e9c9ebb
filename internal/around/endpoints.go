package around

import (
	"slices"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Endpoints are the labels of the workloads of a namespace that take requests now.
type Endpoints struct {
	labels []map[string]string
	// by has the places of those that carry a label.
	by map[[2]string][]int
}

// Add counts a workload with these labels.
func (e *Endpoints) Add(labels map[string]string) {
	if e.by == nil {
		e.by = map[[2]string][]int{}
	}
	for key, value := range labels {
		e.by[[2]string{key, value}] = append(e.by[[2]string{key, value}], len(e.labels))
	}
	e.labels = append(e.labels, labels)
}

// Count returns how many workloads carry all labels of all sets. Without any label it is all of them.
func (e *Endpoints) Count(sets ...map[string]string) int {
	var fewest []int
	narrowed := false
	for _, set := range sets {
		for key, value := range set {
			if carriers := e.by[[2]string{key, value}]; !narrowed || len(carriers) < len(fewest) {
				fewest, narrowed = carriers, true
			}
		}
	}
	if !narrowed {
		return len(e.labels)
	}
	n := 0
	for _, i := range fewest {
		if istio.Carries(e.labels[i], sets) {
			n++
		}
	}
	return n
}

// addedLabels are those that istiod gives to workloads in place of their own: where they run, and how they are
// reached.
// Source: istio.io/istio pilot/pkg/serviceregistry/util/label AugmentLabels.
var addedLabels = []string{
	"topology.istio.io/cluster", "topology.istio.io/network", "topology.istio.io/subzone",
	"topology.kubernetes.io/region", "topology.kubernetes.io/zone", "kubernetes.io/hostname",
}

// selectable reports whether the labels of the objects tell which workloads a subset with some labels has.
func selectable(labels map[string]string) bool {
	return !slices.ContainsFunc(addedLabels, func(key string) bool { _, ok := labels[key]; return ok })
}
