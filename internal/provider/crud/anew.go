package crud

import (
	"context"
	"errors"
	"fmt"
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

// changeAnew makes objects. Where one is in the way that another resource of this run is deleting, it waits for that
// and tries again.
func (p *objectsResource) changeAnew(
	ctx context.Context, make func() (cluster.Applied, error),
) (applied cluster.Applied, err error) {
	for {
		applied, err = make()
		at, ours := inTheWay(err)
		if !ours || !p.awaitGoing(ctx, at) {
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

// awaitGoing waits until another resource of this run has deleted an object, and reports whether one did, or failed
// to.
func (p *objectsResource) awaitGoing(ctx context.Context, at cluster.Address) bool {
	began := time.Now()
	for found := false; ctx.Err() == nil; time.Sleep(anewInterval) {
		switch going := p.settings.Going.has(at); {
		case found && !going:
			return true
		case !found && time.Since(began) > anewWait:
			return false
		default:
			found = found || going
		}
	}
	return false
}
