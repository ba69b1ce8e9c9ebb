package siblings

import (
	"sync"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

// Set is a set of objects. It is safe for concurrent use; a nil one is empty and stays so.
type Set struct{ members sync.Map }

// Add adds objects.
func (s *Set) Add(all ...cluster.Address) {
	if s == nil {
		return
	}
	for _, at := range all {
		s.members.Store(at, true)
	}
}

// Has reports whether an object is in it.
func (s *Set) Has(at cluster.Address) bool {
	if s == nil {
		return false
	}
	_, ok := s.members.Load(at)
	return ok
}
