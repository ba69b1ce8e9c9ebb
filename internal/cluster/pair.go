package cluster

import (
	"context"
	"errors"
	"sync"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// LivePair is a pair as the API server holds it. An object that does not exist is nil.
type LivePair struct {
	VirtualService  *Live
	DestinationRule *Live
}

// GetPair reads both objects at once. An empty name leaves that object out.
func (c *Cluster) GetPair(ctx context.Context, namespace, virtualService, destinationRule string) (LivePair, error) {
	var pair LivePair
	var failed [2]error
	var group sync.WaitGroup
	read := func(i int, kind istio.Kind, name string, into **Live) {
		if name != "" {
			group.Go(func() { *into, failed[i] = c.Get(ctx, Address{Kind: kind, Namespace: namespace, Name: name}) })
		}
	}
	read(0, istio.KindVirtualService, virtualService, &pair.VirtualService)
	read(1, istio.KindDestinationRule, destinationRule, &pair.DestinationRule)
	group.Wait()
	return pair, errors.Join(failed[:]...)
}

// Objects returns the live objects, without the missing ones.
func (p LivePair) Objects() []*Live {
	var objects []*Live
	for _, o := range []*Live{p.DestinationRule, p.VirtualService} {
		if o != nil {
			objects = append(objects, o)
		}
	}
	return objects
}

// At returns the live object at an address, nil for none.
func (p LivePair) At(at Address) *Live {
	for _, o := range p.Objects() {
		if AddressOf(&o.Object) == at {
			return o
		}
	}
	return nil
}

// Ours returns the objects without what only the API server knows, and with only those labels and annotations that are
// ours: see [Live.Ours].
func (p LivePair) Ours(wanted istio.Pair) istio.Pair {
	var pair istio.Pair
	if p.VirtualService != nil {
		pair.VirtualService = p.VirtualService.Ours(wanted.VirtualService)
	}
	if p.DestinationRule != nil {
		pair.DestinationRule = p.DestinationRule.Ours(wanted.DestinationRule)
	}
	return pair
}

// Identities returns the identities of the objects that exist.
func (p LivePair) Identities() Identities {
	identities := Identities{}
	for _, o := range p.Objects() {
		identities[AddressOf(&o.Object)] = o.Identity
	}
	return identities
}
