package siblings

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

const (
	// beginWait is how long a create that finds an object of ours in its way waits for another resource to begin to
	// delete it. Terraform begins both at once, in no certain order, and on a busy machine some seconds apart.
	beginWait = 5 * time.Second
	interval  = 100 * time.Millisecond
)

// Deletions are the objects that an apply is deleting now. The zero value has none; a nil one is empty and stays so.
// It is safe for concurrent use.
type Deletions struct {
	mutex sync.Mutex
	// going has, for each object, the one that its deletion waits for, nil for none.
	going map[cluster.Address]*cluster.Address
	// ended are the objects whose deletion has ended, until somebody has asked for them.
	ended map[cluster.Address]bool
}

// Begin notes objects that are going to be deleted, and returns what to call when they are, or stay after all.
func (d *Deletions) Begin(all []cluster.Address) func() {
	d.wait(all, nil)
	return func() {
		if d == nil {
			return
		}
		d.mutex.Lock()
		defer d.mutex.Unlock()
		if d.ended == nil {
			d.ended = map[cluster.Address]bool{}
		}
		for _, at := range all {
			delete(d.going, at)
			d.ended[at] = true
		}
	}
}

// wait notes for what the deletion of objects waits.
func (d *Deletions) wait(all []cluster.Address, until *cluster.Address) {
	if d == nil {
		return
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.going == nil {
		d.going = map[cluster.Address]*cluster.Address{}
	}
	for _, at := range all {
		d.going[at] = until
	}
}

// has reports whether an object is being deleted, and whether that waits, maybe for others that do, for one of ours.
func (d *Deletions) has(at cluster.Address, ours []cluster.Address) (going, forOurs bool) {
	if d == nil {
		return false, false
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	until, going := d.going[at]
	for range d.going {
		if until == nil || slices.Contains(ours, *until) {
			break
		}
		until = d.going[*until]
	}
	return going, until != nil
}

// hasEnded reports, once, whether the deletion of an object has ended.
func (d *Deletions) hasEnded(at cluster.Address) bool {
	if d == nil {
		return false
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	ended := d.ended[at]
	delete(d.ended, at)
	return ended
}

// Await waits until another resource of this run has deleted an object, or failed to, and reports whether there was
// one. Ours are what is deleted only afterwards.
func (d *Deletions) Await(ctx context.Context, at cluster.Address, ours []cluster.Address) bool {
	d.wait(ours, &at)
	defer d.wait(ours, nil)
	for began := time.Now(); ctx.Err() == nil; time.Sleep(interval) {
		switch going, forOurs := d.has(at, ours); {
		case d.hasEnded(at):
			return true
		case forOurs, !going && time.Since(began) > beginWait:
			return false
		}
	}
	return false
}
