package crud

import (
	"context"
	"errors"
	"maps"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// mostAttempts is how often an update begins anew because somebody else set weights meanwhile.
const mostAttempts = 5

// updateRun is an update under way.
type updateRun struct {
	prior, route form.Route
	was, life    form.Lifecycle
	// observed and leftOver are what the private state keeps, and follow what each try does.
	observed observed
	leftOver cluster.Identities
	// live is what the last try found, wanted what it was to become, change how, and applied what it did.
	live    liveObjects
	wanted  istio.Objects
	change  cluster.Change
	applied cluster.Applied
	// named are the objects with every label and annotation that this resource has written.
	named istio.Objects
	// walk is how shares go there in steps, nil for at once.
	walk *walkRun
}

// update makes the planned objects of those of the state.
func (p *objectsResource) update(ctx context.Context, c *call) {
	u := &updateRun{
		prior:    p.routeOf(c.prior),
		route:    p.routeOf(c.planned),
		was:      p.lifecycleOf(c.prior),
		life:     p.lifecycleOf(c.planned),
		observed: c.private.observed(), leftOver: c.private.leftOver(),
	}
	p.settle(c, false)
	err := p.tryUpdate(ctx, c, u)
	// What is left to do has its own time: a walk may have taken longer.
	ctx, cancel := u.life.Deadline(ctx, "update")
	defer cancel()
	switch {
	case errors.Is(err, errToldAlready):
	case err != nil && u.walk != nil && (u.walk.begun || u.applied.Replaced()):
		p.walkStopped(ctx, c, u, err)
	case err != nil && !u.applied.Replaced():
		p.updateStopped(ctx, c, u, err)
	default:
		p.updated(ctx, c, u, err)
	}
}

// errToldAlready is an update that came to nothing, of which the diagnostics say why.
var errToldAlready = errors.New("told already")

// tryUpdate makes the change, and once more where somebody else set weights meanwhile, or another resource of this run
// took up what this one was giving up.
func (p *objectsResource) tryUpdate(ctx context.Context, c *call, u *updateRun) error {
	limited, cancel := u.life.Deadline(ctx, "update")
	defer cancel()
	going := without(addressesOf(u.prior.Place()), addressesOf(u.route.Place()))
	defer p.settings.Going.Begin(going)()
	var err error
	for range mostAttempts {
		if err = p.prepare(limited, c, u); err != nil {
			c.report(u.route, err)
			return errToldAlready
		}
		if !p.awaitUses(limited, u.route, u.change.From, u.wanted, &c.diagnostics) {
			return errToldAlready
		}
		if p.walks(c, u) {
			if err = u.walk.isPlanned(c.planned); err != nil {
				c.report(u.route, err)
				return errToldAlready
			}
			return p.walkTo(ctx, c, u)
		}
		u.applied, err = p.changeAnew(limited, going, func() (cluster.Applied, error) {
			return p.change(limited, u.life, u.change, &c.diagnostics)
		})
		u.observed.accept(u.applied, u.prior.Render())
		again := u.life.HandedOver || len(p.withoutTaken(u.live, &c.diagnostics).All()) < len(u.live.All())
		if !again || !cluster.IsReason(err, cluster.Stale) {
			break
		}
	}
	return err
}

// prepare looks at the live objects and decides how they are to change.
func (p *objectsResource) prepare(ctx context.Context, c *call, u *updateRun) (err error) {
	if u.live, err = p.getObjects(ctx, u.prior.Place(), &c.diagnostics); err != nil {
		return err
	}
	u.live = p.withoutTaken(u.live, &c.diagnostics)
	configured := u.prior.Render()
	if u.live, err = u.observed.unchanged(u.live, configured, u.was.HandedOver || u.life.HandedOver); err != nil {
		return err
	}
	u.wanted = u.route.Render()
	if u.life.HandedOver {
		u.wanted = istio.KeepOthers(u.wanted, configured, p.Resolve(u.live.Ours(u.wanted), p.settings.ClusterDomain))
	}
	marked := withBackup(u.wanted, c.private.backup())
	if u.life.Deletion == form.DeletionRestore {
		u.wanted = marked
	}
	u.named = walk.Marked(withMetadata(marked, configured), "")
	u.change = cluster.Change{
		From:       p.Resolve(u.live.Ours(u.named), p.settings.ClusterDomain),
		To:         u.wanted,
		Identities: u.live.Identities(),
		Begun:      u.leftOver, Force: c.private.forces(), ForceConflicts: u.life.ForceConflicts,
		Owed: c.private.owed(),
	}
	return p.settings.Cluster.RefuseLeftovers(u.live.LiveObjects, u.change)
}

// withMetadata returns the objects with the labels and annotations of an earlier one too.
func withMetadata(objects, earlier istio.Objects) istio.Objects {
	union := func(a, b map[string]string) map[string]string {
		all := map[string]string{}
		maps.Copy(all, a)
		maps.Copy(all, b)
		return all
	}
	return objects.Map(func(o *istio.Object) *istio.Object {
		was := earlier.Counterpart(o)
		if was == nil {
			return o
		}
		object := *o
		object.Labels, object.Annotations = union(was.Labels, o.Labels), union(was.Annotations, o.Annotations)
		return &object
	})
}

// updateStopped reports why an update came to nothing, and leaves the state as it was. What was written before it
// failed is ours and no surprise at the next apply.
func (p *objectsResource) updateStopped(ctx context.Context, c *call, u *updateRun, err error) {
	if now, unread := p.getObjects(ctx, u.prior.Place(), &c.diagnostics); unread == nil {
		now.TellOwners(err)
	}
	maps.Copy(u.leftOver, u.applied.Identities.Without(u.change.From))
	c.private.set(observedKey, u.observed)
	c.private.set(leftOverKey, u.leftOver)
	c.private.owe(err)
	c.report(u.route, err)
}

// updated puts what was written into the state, and removes what other changes left beside it, unless the change
// itself failed.
func (p *objectsResource) updated(ctx context.Context, c *call, u *updateRun, err error) {
	c.report(u.route, err)
	leftOver := maps.Clone(u.leftOver)
	maps.Copy(leftOver, u.applied.Identities)
	leftOver = leftOver.Without(u.wanted).Without(u.change.Released())
	if err == nil && len(leftOver) > 0 {
		var kept error
		leftOver, kept = p.settings.Cluster.Remove(p.heard(ctx, &c.diagnostics, u.wanted.All()), leftOver)
		c.report(u.route, kept)
	}
	if len(leftOver) > 0 {
		c.diagnostics.AddWarning("Objects left over", "The new objects route already, and are what the state says "+
			"from now on. The next apply removes what is left: "+
			strings.Join(leftOverTexts(leftOver), ", ")+".")
	}
	var facts *around.Facts
	if !c.planned.Get("summary").IsKnown() {
		facts = p.delegateFacts(ctx, u.wanted, true, &c.diagnostics)
	}
	c.state = withLeftOver(p.settled(c.planned, u.life, u.wanted, nil, facts), leftOver)
	c.place = u.route.Place()
	p.remember(c, u.wanted, u.route.Render(), u.applied, leftOver)
	if u.walk != nil && u.walk.rests {
		p.keepWalk(c, u.walk.now())
	}
	c.private.owe(err)
	p.settle(c, err == nil && len(leftOver) == 0 && p.isSettled(u.live, u.wanted, u.applied))
}

// withLeftOver returns a state that says what is left over, so that the next plan has something to do.
func withLeftOver(state attr.Value, leftOver cluster.Identities) attr.Value {
	if len(leftOver) == 0 && state.Get("left_over").IsNull() {
		return state
	}
	return state.With("left_over", attr.Strings(leftOverTexts(leftOver)))
}
