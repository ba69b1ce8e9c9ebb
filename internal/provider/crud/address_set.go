package crud

import (
	"sync"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

// AddressSet is a set of objects. It is safe for concurrent use; a nil one is empty and stays so.
type AddressSet struct{ members sync.Map }

func (s *AddressSet) add(all ...cluster.Address) {
	if s == nil {
		return
	}
	for _, at := range all {
		s.members.Store(at, true)
	}
}

func (s *AddressSet) has(at cluster.Address) bool {
	if s == nil {
		return false
	}
	_, ok := s.members.Load(at)
	return ok
}
