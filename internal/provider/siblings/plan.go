// Package siblings is what the resources of one run know of each other: Terraform asks about each by itself, and in no
// certain order.
package siblings

import (
	"slices"
	"sync"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

// Route is what a resource makes or destroys.
type Route struct {
	Objects []cluster.Address
	// Hosts are the full names of those whose requests in the mesh it routes.
	Hosts []string
}

// Clash is what one resource of a plan destroys and another one makes.
type Clash struct {
	// Object is the first object that both have, empty where there is none, and Host the first host.
	Object cluster.Address
	Host   string
	// Old and New are the first object of either.
	Old, New cluster.Address
}

// Plan is what the resources of a plan make and destroy. A nil one knows of none. It is safe for concurrent use.
type Plan struct {
	mutex           sync.Mutex
	coming, leaving []Route
	applying        bool
}

// Apply says that an apply goes on by now: nothing is planned any more but what was told of.
func (p *Plan) Apply() {
	if p == nil {
		return
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.coming, p.leaving, p.applying = nil, nil, true
}

// Make notes what a resource makes, and returns the first clash with what another one destroys.
func (p *Plan) Make(r Route) (Clash, bool) {
	if p == nil || len(r.Objects) == 0 {
		return Clash{}, false
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.applying {
		return Clash{}, false
	}
	p.coming = append(p.coming, r)
	return first(p.leaving, []Route{r})
}

// Destroy notes what a resource destroys, and returns the first clash with what another one makes.
func (p *Plan) Destroy(r Route) (Clash, bool) {
	if p == nil || len(r.Objects) == 0 {
		return Clash{}, false
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.applying {
		return Clash{}, false
	}
	p.leaving = append(p.leaving, r)
	return first([]Route{r}, p.coming)
}

// Leaves reports whether a resource that is known by now destroys an object.
func (p *Plan) Leaves(at cluster.Address) bool {
	if p == nil {
		return false
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return slices.ContainsFunc(p.leaving, func(r Route) bool { return slices.Contains(r.Objects, at) })
}

// first returns the first clash, one about an object before one about a host.
func first(leaving, coming []Route) (found Clash, clash bool) {
	for _, old := range leaving {
		for _, made := range coming {
			found = Clash{Old: old.Objects[0], New: made.Objects[0]}
			for _, at := range made.Objects {
				if slices.Contains(old.Objects, at) {
					found.Object = at
					return found, true
				}
			}
			for _, host := range made.Hosts {
				if slices.Contains(old.Hosts, host) {
					found.Host = host
					return found, true
				}
			}
		}
	}
	return Clash{}, false
}
