package crud

import (
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/outlook"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// What walk_state says where no walk is under way.
const (
	// walkOvertaken and walkGone are how a walk ended whose shares, or whose annotation, somebody else changed.
	walkOvertaken = "ended: somebody else has set the shares since"
	walkGone      = "ended: the annotation that said where it was is gone"
)

// keepWalk keeps what live objects say of a walk, so that a plan can tell where it goes on. Where the state says the
// end of a walk that advances by apply, that is the objects themselves.
func (p *objectsResource) keepWalk(c *call, live liveObjects) {
	delete(c.private, walkKey)
	delete(c.private, steppedKey)
	o := live.Routing()
	if o == nil {
		return
	}
	if _, ok := walk.Recall(&o.Object); !ok {
		return
	}
	text := o.Annotations[istio.WalkAnnotation]
	c.private.set(walkKey, text)
	if stands(c.state.Get("walk_state")) {
		ours := p.Resolve(live.Ours(p.routeOf(c.state).Render()), p.settings.ClusterDomain)
		c.private.set(steppedKey, manifestsOf(walk.Marked(ours, text)))
	}
}

// walkText returns what the live objects said of a walk, empty for none.
func (p private) walkText() string {
	var text string
	p.read(walkKey, &text)
	return text
}

// stepped returns the live objects of a walk that advances by apply, of which the state says the end; none where the
// state says what is live.
func (p private) stepped() istio.Objects { return readManifests(p[steppedKey]) }

// stands reports whether a value of walk_state says that a walk is at a step, and the next apply takes the next.
func stands(state attr.Value) bool {
	text, ok := state.Text()
	return ok && walk.IsPlace(text)
}

// refreshWalk returns what the live objects say of a walk, and those objects: where a walk advances by apply and is
// at one of its steps, as they would be at its end.
func (p *objectsResource) refreshWalk(
	before attr.Value, life form.Lifecycle, live liveObjects, ours, wanted istio.Objects,
) (attr.Value, istio.Objects) {
	var m walk.Memory
	if o := live.Routing(); o != nil {
		m, _ = walk.Recall(&o.Object)
	}
	there := len(m.Percents) > 0
	text, _ := before.Text()
	switch {
	case life.Walk == nil:
		return attr.Null(), ours
	case there && life.Walk.ByApply:
		at := walk.Marked(ours, live.Routing().Annotations[istio.WalkAnnotation])
		if plan, is, ok := walk.Resume(at, wanted, life.Walk.Way, wantedOwner(wanted), time.Time{}); ok && !is.Back {
			return attr.String(m.Place()), plan.Ended(ours)
		}
		fallthrough
	case there:
		if m.Describes(live.whole()) {
			return attr.String(m.String()), ours
		}
		return attr.String(walkOvertaken), ours
	case walk.IsPlace(text) && cluster.Same(wanted, ours):
		return attr.String(outlook.Arrived), ours
	case walk.IsPlace(text) || walk.IsStopped(text):
		return attr.String(walkGone), ours
	}
	return before, ours
}

// wantedOwner is the owner's mark of planned objects.
func wantedOwner(wanted istio.Objects) string {
	return wanted.Routing().Annotations[istio.OwnerAnnotation]
}

// walksOn reports whether a plan that changes nothing which is configured takes the next step of a walk, ends one
// that was stopped at its last, or removes the mark of one that was taken back.
func (d *draft) walksOn() bool {
	text, ok := d.prior["walk_state"].Text()
	return ok && d.life.Walk != nil && (walk.IsPlace(text) || walk.IsTakenBack(text) || walk.IsStopped(text))
}

// completeWalk plans what is said of a walk: at the end of an apply it has arrived, or is at its next step.
func (d *draft) completeWalk() {
	switch {
	case d.undecided("walk") || d.endsAnywhere():
		d.planned["walk_state"] = attr.Unknown()
	case d.life.Walk == nil:
		d.planned["walk_state"] = attr.Null()
	default:
		d.planned["walk_state"] = attr.String(d.walk.Goal(d.life.Walk))
	}
}

// endsAnywhere reports whether it is not known yet at which step an apply will end.
func (d *draft) endsAnywhere() bool {
	walks := slices.ContainsFunc(d.config.Unknown(), func(at path.Path) bool {
		return len(at.Steps()) > 0 && at.Steps()[0].Equal(path.PathStepAttributeName("walk"))
	})
	return d.exists && !isKnown(d.config, form.Moving) && (walks || d.life.Walk != nil && d.life.Walk.ByApply)
}

// reached are the objects at the end of an apply: those of the next step of a walk that advances by apply, and
// otherwise the planned ones.
func (d *draft) reached() istio.Objects {
	if d.life.Walk == nil || d.walk.Plan.Last() == 0 {
		return d.after
	}
	if stage, arrives := outlook.TermsOf(d.life.Walk, d.walk.Plan).Goal(d.walk.At); !arrives {
		return d.walk.Plan.Objects(stage)
	}
	return d.after
}
