package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// Identities are those of a pair's objects. An object that does not exist has none.
type Identities map[Address]Identity

// Existing returns the pair with only those objects that have an identity.
func (i Identities) Existing(pair routing.Pair) routing.Pair {
	keep := func(o *routing.Object) *routing.Object {
		if o == nil {
			return nil
		}
		if _, ok := i[AddressOf(o)]; !ok {
			return nil
		}
		return o
	}
	return routing.Pair{VirtualService: keep(pair.VirtualService), DestinationRule: keep(pair.DestinationRule)}
}

// Change is how to change a pair.
type Change struct {
	From, To routing.Pair
	// Identities are those of the objects in From.
	Identities Identities
	// Settle is how long a wait for the proxies takes.
	Settle time.Duration
	// Progress is told what is about to happen.
	Progress func(string)
}

// Apply makes the change, step by step in the order of [Steps], and returns the identities of the objects that exist
// afterwards, also when it fails half-way. A write is never cut short by a cancelled context; waits are.
//
// As long as nothing was deleted, a change that fails or is cancelled goes back: what it created is removed again, and
// the old pair routes on. Once something was deleted there is only forward: the new pair routes already, and removing it
// would leave nothing.
func (c *Cluster) Apply(ctx context.Context, change Change) (Identities, error) {
	identities := Identities{}
	maps.Copy(identities, change.Identities)
	var created []Address
	var done []string
	removed := false
	steps := Steps(change.From, change.To)
	for i, step := range steps {
		if step.Action == Wait {
			change.Progress(fmt.Sprintf("waiting %s for the proxies", change.Settle))
			pause(ctx, change.Settle)
			continue
		}
		if ctx.Err() != nil && !removed {
			return identities, errors.Join(after(done, fmt.Errorf("stopped before step %d of %d, %s: %w", i+1, len(steps), step, ctx.Err())),
				c.undo(ctx, created, identities))
		}
		change.Progress(fmt.Sprintf("step %d of %d: %s", i+1, len(steps), step))
		if err := c.do(ctx, step, identities); err != nil {
			if removed {
				return identities, after(done, err)
			}
			return identities, errors.Join(after(done, err), c.undo(ctx, created, identities))
		}
		done = append(done, step.String())
		removed = removed || step.Action == Delete
		if step.Action == Create {
			created = append(created, AddressOf(step.Object))
		}
	}
	return identities, nil
}

// after adds to an error which steps were done before.
func after(done []string, err error) error {
	if len(done) == 0 {
		return err
	}
	return fmt.Errorf("%w (done before: %s)", err, strings.Join(done, ", "))
}

// String says what the step does to which object.
func (s Step) String() string {
	names := map[Action]string{Create: "create", Update: "update", Delete: "delete", Wait: "wait"}
	if s.Object == nil {
		return names[s.Action]
	}
	return names[s.Action] + " " + s.Object.String()
}

func (c *Cluster) do(ctx context.Context, step Step, identities Identities) error {
	at := AddressOf(step.Object)
	var live *Live
	var err error
	switch step.Action {
	case Create:
		live, err = c.create(ctx, step.Object)
	case Update:
		live, err = c.update(ctx, step.Object, identities[at])
	case Delete:
		if err = c.remove(ctx, at, identities[at].UID); err == nil {
			delete(identities, at)
		}
		return err
	case Wait:
		return nil
	}
	if err == nil {
		identities[at] = live.Identity
	}
	return err
}

// undo removes what this change created, newest first: half a pair helps nobody and would be in the way of the next
// try.
func (c *Cluster) undo(ctx context.Context, created []Address, identities Identities) error {
	var problems []error
	for i := len(created) - 1; i >= 0; i-- {
		at := created[i]
		if err := c.remove(ctx, at, identities[at].UID); err != nil {
			problems = append(problems, fmt.Errorf("undo: %w", err))
			continue
		}
		delete(identities, at)
	}
	return errors.Join(problems...)
}

// pause lets time pass, less of it when the context ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

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
	read := func(i int, kind routing.Kind, name string, into **Live) {
		if name != "" {
			group.Go(func() { *into, failed[i] = c.Get(ctx, Address{Kind: kind, Namespace: namespace, Name: name}) })
		}
	}
	read(0, routing.KindVirtualService, virtualService, &pair.VirtualService)
	read(1, routing.KindDestinationRule, destinationRule, &pair.DestinationRule)
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

// Ours returns the objects without what only the API server knows, and with only those labels and annotations that are
// ours: see [Live.Ours].
func (p LivePair) Ours(wanted routing.Pair) routing.Pair {
	var pair routing.Pair
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
