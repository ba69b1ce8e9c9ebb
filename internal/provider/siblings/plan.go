// Package siblings is what the resources of one run know of each other: Terraform asks about each by itself, and in
// no certain order.
package siblings

import (
	"sync"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

// Route is what a resource makes or destroys.
type Route struct {
	Objects []cluster.Address
	// Hosts are the full names of those whose requests in the mesh it routes.
	Hosts []string
	// Adopts says that objects that are there are taken over.
	Adopts bool
}

// Clash is what one resource of a plan destroys and another one makes.
type Clash struct {
	// Object is the first object that both have, empty where there is none, and Host the first host then.
	Object cluster.Address
	Host   string
	// Old and New are the first object of either, and Adopts is that of the new one.
	Old, New cluster.Address
	Adopts   bool
}

// Plan is what the resources of a plan make and destroy. A nil one knows of none. It is safe for concurrent use.
type Plan struct {
	mutex           sync.Mutex
	coming, leaving index
	applying        bool
}

// index has the first route with an object, and the first one with a host.
type index struct {
	objects map[cluster.Address]Route
	hosts   map[string]Route
}

func (i *index) add(r Route) {
	if i.objects == nil {
		i.objects, i.hosts = map[cluster.Address]Route{}, map[string]Route{}
	}
	for _, at := range r.Objects {
		if _, known := i.objects[at]; !known {
			i.objects[at] = r
		}
	}
	for _, host := range r.Hosts {
		if _, known := i.hosts[host]; !known {
			i.hosts[host] = r
		}
	}
}

// sharing returns a route that has an object or a host of another one, an object before a host, and what it has.
func (i *index) sharing(with Route) (Route, Clash) {
	for _, at := range with.Objects {
		if r, ok := i.objects[at]; ok {
			return r, Clash{Object: at}
		}
	}
	for _, host := range with.Hosts {
		if r, ok := i.hosts[host]; ok {
			return r, Clash{Host: host}
		}
	}
	return Route{}, Clash{}
}

// Apply says that an apply goes on by now: nothing is planned any more but what was told of.
func (p *Plan) Apply() {
	if p == nil {
		return
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.coming, p.leaving, p.applying = index{}, index{}, true
}

// Make notes what a resource makes, and returns the clash with what another one destroys, if any.
func (p *Plan) Make(r Route) Clash {
	old, clash := p.note(r, true)
	return clash.of(old, r)
}

// Destroy notes what a resource destroys, and returns the clash with what another one makes, if any.
func (p *Plan) Destroy(r Route) Clash {
	made, clash := p.note(r, false)
	return clash.of(r, made)
}

// note notes what a resource makes or destroys, and returns what it has in common with one that does the other thing.
func (p *Plan) note(r Route, makes bool) (Route, Clash) {
	if p == nil || len(r.Objects) == 0 {
		return Route{}, Clash{}
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.applying {
		return Route{}, Clash{}
	}
	same, other := &p.leaving, &p.coming
	if makes {
		same, other = other, same
	}
	same.add(r)
	return other.sharing(r)
}

// Leaves reports whether a resource that is known by now destroys an object.
func (p *Plan) Leaves(at cluster.Address) bool {
	if p == nil {
		return false
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	_, leaves := p.leaving.objects[at]
	return leaves
}

// of returns a clash, where there is one, with the two whose it is.
func (c Clash) of(old, made Route) Clash {
	if c == (Clash{}) {
		return c
	}
	c.Old, c.New, c.Adopts = old.Objects[0], made.Objects[0], made.Adopts
	return c
}
