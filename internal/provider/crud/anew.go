package crud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

const (
	// anewWait is how long a create that finds an object of ours in its way waits for another resource to begin to
	// delete it. Terraform begins both at once, in no certain order.
	anewWait     = 2 * time.Second
	anewInterval = 100 * time.Millisecond
)

// planAnew warns of objects that one resource of a plan destroys and another one makes anew, as after a change of the
// keys of for_each. It is asked for both, and whichever is planned second finds the other one in among.
func planAnew(among *AddressSet, objects []cluster.Address, diagnostics *diag.Diagnostics) {
	for _, at := range objects {
		if !among.has(at) {
			continue
		}
		diagnostics.AddWarning(fmt.Sprintf("%s (%s/%s)", madeAnew, at.Namespace, at.Name), fmt.Sprintf(
			"One resource of this plan destroys %s, and another one makes an object of the same name. Terraform does "+
				"both in no certain order: for some seconds there is no rule, and requests go to all pods of the "+
				"service, or with -parallelism=1 the new one finds the old one in its way, and is made by the next "+
				"apply only.\n\nIf it is the same resource under another address, as after a change of the keys of "+
				"for_each or the name of a module, say so, and nothing happens to the objects:\n\n"+
				"  moved {\n    from = ADDRESS_BEFORE\n    to   = ADDRESS_NOW\n  }", at))
		return
	}
}

// changeAnew makes a change. Where an object is in the way of what it creates that another resource of this run is
// deleting, it waits for that and tries again. What the change is to delete itself, going, others may wait for: two
// that wait for each other fail.
func (p *objectsResource) changeAnew(
	ctx context.Context, going []cluster.Address, change func() (cluster.Applied, error),
) (applied cluster.Applied, err error) {
	for {
		applied, err = change()
		at, ours := inTheWay(err)
		if !ours || !p.settings.Going.await(ctx, at, going) {
			return applied, err
		}
	}
}

// inTheWay returns the object that a create found, and whether our field manager applied it.
func inTheWay(err error) (at cluster.Address, ours bool) {
	var exists *cluster.Error
	if !errors.As(err, &exists) || exists.Reason != cluster.AlreadyExists || exists.Existing == nil {
		return at, false
	}
	return cluster.AddressOf(&exists.Existing.Object), exists.Existing.Applied
}

// Deletions are the objects that an apply is deleting now. The zero value has none; a nil one is empty and stays so.
// It is safe for concurrent use.
type Deletions struct {
	mutex sync.Mutex
	// going has, for each object, the one that its deletion waits for, nil for none.
	going map[cluster.Address]*cluster.Address
}

// begin notes objects that are going to be deleted, and returns what to call when they are, or stay after all.
func (d *Deletions) begin(all []cluster.Address) func() {
	d.wait(all, nil)
	return func() {
		if d == nil {
			return
		}
		d.mutex.Lock()
		defer d.mutex.Unlock()
		for _, at := range all {
			delete(d.going, at)
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

// await waits until another resource of this run has deleted an object, or failed to, and reports whether there was
// one. Ours are what is deleted only afterwards.
func (d *Deletions) await(ctx context.Context, at cluster.Address, ours []cluster.Address) bool {
	d.wait(ours, &at)
	defer d.wait(ours, nil)
	for began, found := time.Now(), false; ctx.Err() == nil; time.Sleep(anewInterval) {
		switch going, forOurs := d.has(at, ours); {
		case found && !going:
			return true
		case forOurs, !found && time.Since(began) > anewWait:
			return false
		default:
			found = found || going
		}
	}
	return false
}
