package cluster

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// LiveObjects is what one route consists of as the API server holds it, in the order of [istio.Objects]. An object
// that does not exist is not in it. No method changes it; the zero value has none.
type LiveObjects struct {
	all []*Live
}

// LiveObjectsOf returns the list of the given objects, at most one of each role. Nil is none.
func LiveObjectsOf(objects ...*Live) LiveObjects {
	var list LiveObjects
	for _, o := range objects {
		list = list.With(o)
	}
	return list
}

// GetObjects reads the objects of a route, all at once.
func (c *Cluster) GetObjects(ctx context.Context, at ...Address) (LiveObjects, error) {
	objects, failed := make([]*Live, len(at)), make([]error, len(at))
	var group sync.WaitGroup
	for i, at := range at {
		group.Go(func() { objects[i], failed[i] = c.Get(ctx, at) })
	}
	group.Wait()
	return LiveObjectsOf(objects...), errors.Join(failed...)
}

// All returns the live objects in the order in which they are created.
func (s LiveObjects) All() []*Live { return slices.Clone(s.all) }

// As returns the live object that has a role, nil for none.
func (s LiveObjects) As(role istio.Role) *Live {
	for _, o := range s.all {
		if o.Role() == role {
			return o
		}
	}
	return nil
}

// Routing returns the live object that routes requests, nil for none.
func (s LiveObjects) Routing() *Live { return s.As(istio.Routes) }

// Declaring returns the live object that declares subsets, nil for none.
func (s LiveObjects) Declaring() *Live { return s.As(istio.DeclaresSubsets) }

// With returns the list with an object in its role, instead of the one that had it. With nil the list stays as it is.
func (s LiveObjects) With(o *Live) LiveObjects {
	if o == nil {
		return s
	}
	s = s.Without(o.Role())
	s.all = append(s.all, o)
	slices.SortStableFunc(s.all, func(a, b *Live) int { return cmp.Compare(a.Role(), b.Role()) })
	return s
}

// Without returns the list without the object that has a role.
func (s LiveObjects) Without(role istio.Role) LiveObjects {
	var kept []*Live
	for _, o := range s.all {
		if o.Role() != role {
			kept = append(kept, o)
		}
	}
	return LiveObjects{kept}
}

// At returns the live object at an address, nil for none.
func (s LiveObjects) At(at Address) *Live {
	for _, o := range s.all {
		if AddressOf(&o.Object) == at {
			return o
		}
	}
	return nil
}

// Ours returns the objects without what only the API server knows, and with only those labels and annotations that
// are ours: see [Live.Ours].
func (s LiveObjects) Ours(wanted istio.Objects) istio.Objects {
	var ours istio.Objects
	for _, o := range s.all {
		ours = ours.With(o.Ours(wanted.As(o.Role())))
	}
	return ours
}

// Identities returns the identities of the objects that exist.
func (s LiveObjects) Identities() Identities {
	identities := Identities{}
	for _, o := range s.all {
		identities[AddressOf(&o.Object)] = o.Identity
	}
	return identities
}
