package crud

import (
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// whole returns the objects as they are, with the labels and annotations of everybody.
func (l liveObjects) whole() istio.Objects {
	var objects []*istio.Object
	for _, o := range l.All() {
		objects = append(objects, &o.Object)
	}
	return istio.ObjectsOf(objects...)
}

// liveObjects are the objects of a route in the cluster.
type liveObjects struct{ cluster.LiveObjects }
