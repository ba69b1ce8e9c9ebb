// Package stage writes the stages of a walk, for an apply and for the actions: each on condition that what was
// written before still is.
package stage

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// ErrForeign is why a walk ends whose shares are not its own any more.
var ErrForeign = errors.New("somebody else changed what the walk had written")

// mostAttempts is how often a write is tried again because somebody else changed what it is not about.
const mostAttempts = 5

// Writer makes the objects of a walk live, stage by stage.
type Writer struct {
	// Now are the objects as they were last read or written.
	Now cluster.LiveObjects
	// Change is what all writes have in common. What an earlier change owed or had begun is for the first.
	Change cluster.Change
	// Applied is what all writes did.
	Applied cluster.Applied
	// Ours returns what a write starts from, Read the live objects, and Apply makes a change.
	Ours  func(cluster.LiveObjects) istio.Objects
	Read  func(context.Context) (cluster.LiveObjects, error)
	Apply func(context.Context, cluster.Change) (cluster.Applied, error)
	// Tell makes an Event of an object.
	Tell func(context.Context, *cluster.Live, cluster.Event) error
	// mute says that an Event was refused, and that no other is tried.
	mute bool
}

// What an Event is about.
const (
	// Step says that the shares are those of another step, and Judged what a gate says of it.
	Step   = "WalkStep"
	Judged = "WalkJudged"
	// Arrived, WentBack, Held, Stopped and Overtaken say how a walk ended, or an apply of it.
	Arrived   = "WalkArrived"
	WentBack  = "WalkWentBack"
	Failed    = "WalkFailed"
	Held      = "WalkHeld"
	Stopped   = "WalkStopped"
	Overtaken = "WalkOvertaken"
)

// Happened makes an Event of the VirtualService, where that is allowed. The first refusal is logged, and then it is
// not tried again.
func (w *Writer) Happened(ctx context.Context, reason, note string) {
	o := w.Now.Routing()
	if o == nil || w.mute {
		return
	}
	e := cluster.Event{Reason: reason, Note: note, Warning: reason != Step && reason != Judged && reason != Arrived}
	if err := w.Tell(ctx, o, e); err != nil {
		w.mute = true
		tflog.Info(ctx, "walk: no Events are made: "+err.Error())
	}
}

// Write makes objects live, as long as what was written before still is: otherwise it fails with [ErrForeign]. An
// object that has changed in what the walk does not write is read again.
func (w *Writer) Write(ctx context.Context, to istio.Objects) (err error) {
	for range mostAttempts {
		change := w.Change
		change.From, change.To, change.Identities = w.Ours(w.Now), to, w.Now.Identities()
		var applied cluster.Applied
		applied, err = w.Apply(ctx, change)
		w.follow(applied)
		if !cluster.IsReason(err, cluster.Stale) && !cluster.IsReason(err, cluster.FieldConflict) {
			return err
		}
		now, unread := w.Read(ctx)
		if unread != nil {
			return errors.Join(err, unread)
		}
		same := sameSpecs(w.Now, now)
		if w.Now = now; !same {
			return ErrForeign
		}
		if cluster.IsReason(err, cluster.FieldConflict) {
			return err
		}
	}
	return err
}

// follow notes what a change has written.
func (w *Writer) follow(applied cluster.Applied) {
	if w.Applied.Identities == nil {
		w.Applied.Identities = cluster.Identities{}
	}
	w.Applied = w.Applied.Then(applied)
	for _, o := range w.Now.All() {
		if _, there := applied.Identities[cluster.AddressOf(&o.Object)]; !there {
			w.Now = w.Now.Without(o.Role())
		}
	}
	for at := range applied.Identities {
		w.Now = w.Now.With(applied.Wrote(at))
	}
	// What an earlier change owed was waited for, and what it had begun is taken up.
	w.Change.Owed, w.Change.Begun = nil, nil
}

// sameSpecs reports whether the same objects are live with the same specs, and say the same of the walk.
func sameSpecs(before, now cluster.LiveObjects) bool {
	if len(before.All()) != len(now.All()) {
		return false
	}
	for _, o := range before.All() {
		is := now.At(cluster.AddressOf(&o.Object))
		if is == nil || is.UID != o.UID || !istio.SameSpec(is.Spec, o.Spec) ||
			is.Annotations[istio.WalkAnnotation] != o.Annotations[istio.WalkAnnotation] {
			return false
		}
	}
	return true
}
