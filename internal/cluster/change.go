package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Change is how to change a pair.
type Change struct {
	From, To istio.Objects
	// Identities are those of the objects in From.
	Identities Identities
	// Begun are the identities of objects that an earlier try created and could not take back. Where one of them
	// stands in the way of a create, it is ours, and is updated.
	Begun Identities
	// Force takes objects over: all their fields become ours alone, which the user said for this change.
	Force bool
	// ForceConflicts takes the fields that the change writes from other managers.
	ForceConflicts bool
	// SharesLists takes the lists of rules and of subsets from other managers, and nothing else: somebody else sets
	// weights in them, which To has kept.
	SharesLists bool
	Propagation Propagation
	// Owed are objects that an earlier change wrote and whose wait it did not see the end of: this one waits for them
	// first.
	Owed map[Address]Written
	// Progress is told what is about to happen.
	Progress func(string)
	// Caller is for whom this is, a pointer: one resource's objects are not another one's.
	Caller any
}

// Released returns the objects that the change lets go of, and that stay: a DestinationRule that somebody else
// declares from now on.
func (c Change) Released() istio.Objects {
	if c.To.Declaring() == nil {
		return istio.ObjectsOf(c.From.Declaring())
	}
	return istio.Objects{}
}

// Apply makes the change, step by step in the order of [Steps], and returns what it did, also when it fails half-way.
// A write is never cut short by a cancelled context; waits are.
//
// Until the rules have changed, a change that fails or is cancelled goes back: what it created is removed again, and
// the old pair routes on. After that it goes forward: the new pair routes already. Only what makes no difference to
// requests may then be left undone by a cancelled change, such as the removal of a subset that no rule names; the
// next plan shows it.
//
// Fields of the objects in From that this version does not know are written along, as [istio.Keep] says.
func (c *Cluster) Apply(ctx context.Context, change Change) (Applied, error) {
	change.To = change.To.Map(func(o *istio.Object) *istio.Object { return istio.Keep(o, change.From.As(o.Role())) })
	r := run{
		cluster: c,
		change:  change,
		steps:   change.plan(),
		applied: Applied{Identities: Identities{}},
		written: written{},
	}
	maps.Copy(r.applied.Identities, change.Identities)
	maps.Copy(r.written, change.stillOwed())
	work, cancel := detached(ctx)
	defer cancel()
	defer r.unwatch()
	for i := range r.steps {
		if err := r.step(ctx, work, i); err != nil {
			return r.applied, err
		}
	}
	return r.applied, nil
}

// run is a change under way.
type run struct {
	cluster *Cluster
	change  Change
	steps   []Step
	applied Applied
	// unsure is an object whose create failed in a way that leaves open whether it was made.
	unsure *istio.Object
	// routed says that the rules have changed, or began to go: there is only forward from here.
	routed bool
	// watch is the connection to istiod for the next wait, and written are the objects that it is about: those
	// written since the last.
	watch   *watch
	written written
}

// step takes one step. The context work is not cancelled with ctx: it is for what has to be finished.
func (r *run) step(ctx, work context.Context, i int) error {
	step := r.steps[i]
	if ctx.Err() != nil {
		if stopped, err := r.stop(ctx, work, i); stopped {
			return err
		}
	}
	if r.routed {
		ctx = work
	}
	if step.Action == Wait {
		return r.wait(ctx, work, i)
	}
	if i+1 < len(r.steps) && r.steps[i+1].Action == Wait {
		r.watch = r.cluster.watch(ctx, r.change.Propagation)
	}
	r.change.Progress(fmt.Sprintf("step %d of %d: %s", i+1, len(r.steps), step))
	result := r.do(ctx, step)
	err := result.Err
	// What may have been done may not be answered with the opposite: the old rules may be gone, and only the new ones
	// be left.
	moves := step.Action == Delete || step.Action == Update && step.Object.Role() == istio.Routes
	r.routed = r.routed || moves && (err == nil || mayHaveHappened(err))
	switch {
	case err == nil:
		r.applied.Steps = append(r.applied.Steps, result)
		return nil
	case r.routed:
		err = r.after(err)
	default:
		err = errors.Join(r.after(err), r.undo(work))
	}
	r.applied.Steps = append(r.applied.Steps, result)
	return err
}

// wait lets the proxies follow. Where they do not in time, and that is a reason to stop, the change goes back if the
// rules have not changed yet, and otherwise ends here: what follows a wait is only safe after it.
func (r *run) wait(ctx, work context.Context, i int) error {
	if i == 0 {
		// It is for what an earlier change wrote.
		r.watch = r.cluster.watch(ctx, r.change.Propagation)
	}
	defer func() { r.watch = nil }()
	if len(r.written) == 0 { // what was to be deleted stays
		r.unwatch()
		return nil
	}
	err := r.cluster.settle(ctx, r.change.Propagation, r.watch, r.written, r.change.Progress)
	if err == nil {
		r.written = written{}
		return nil
	}
	if i+1 < len(r.steps) {
		err = fmt.Errorf("stopped before step %d of %d, %s: %w", i+2, len(r.steps), r.steps[i+1], err)
	}
	err = r.after(err)
	if r.routed || i == 0 {
		return owing{err, r.written}
	}
	return errors.Join(err, r.undo(work))
}

// owing is an error that leaves open whether the proxies have what was written.
type owing struct {
	error
	objects written
}

// Unwrap returns the cause.
func (o owing) Unwrap() error { return o.error }

// OwedBy returns the objects of which an error leaves open whether the proxies have them; nil for none.
func OwedBy(err error) map[Address]Written {
	var o owing
	errors.As(err, &o)
	return o.objects
}

// stillOwed are the objects that an earlier change owes and that nobody else has deleted or made anew since.
func (c Change) stillOwed() written {
	owed := maps.Clone(c.Owed)
	maps.DeleteFunc(owed, func(at Address, w Written) bool {
		return !w.Deleted && c.Identities[at].UID != w.UID && c.Begun[at].UID != w.UID
	})
	return owed
}

// unwatch ends the connection to istiod that a failed step leaves open.
func (r *run) unwatch() {
	if r.watch != nil {
		r.watch.close()
	}
}

// stop ends a cancelled change before a step, where it may end there.
func (r *run) stop(ctx, work context.Context, i int) (bool, error) {
	err := r.after(fmt.Errorf("stopped before step %d of %d, %s: %w", i+1, len(r.steps), r.steps[i],
		context.Cause(ctx)))
	switch {
	case !r.routed:
		return true, errors.Join(err, r.undo(work))
	case !r.creates() && !r.deletes():
		return true, owing{err, r.written}
	}
	return false, nil
}

// deletes reports whether the change deletes an object: such a change is not left half done, because what would be
// left is in nobody's state.
func (r *run) deletes() bool {
	return slices.ContainsFunc(r.steps, func(s Step) bool { return s.Action == Delete })
}

// creates reports whether the change has created an object: what is left of it would be in nobody's state either.
func (r *run) creates() bool {
	return slices.ContainsFunc(r.applied.Steps, func(t StepResult) bool {
		return t.Action == Create && !t.Found && t.holds()
	})
}

// after adds to an error which steps were done before.
func (r *run) after(err error) error {
	var done []string
	for _, t := range r.applied.Steps {
		if t.Err == nil {
			done = append(done, t.String())
		}
	}
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

// do takes a step that is no wait.
func (r *run) do(ctx context.Context, step Step) StepResult {
	result, at := StepResult{Step: step}, AddressOf(step.Object)
	identities := r.applied.Identities
	switch step.Action {
	case Create:
		r.create(ctx, &result)
		if result.Err != nil && mayHaveHappened(result.Err) {
			r.unsure = step.Object
		}
	case Update:
		result.Live, result.Err = r.update(ctx, step.Object, identities[at])
	case Delete:
		if result.Err = r.cluster.remove(ctx, at, identities[at].UID); result.Err == nil {
			if !r.cluster.TakenFrom(r.change.Caller, identities[at].UID) {
				r.written[at] = Written{identities[at], true}
			}
			delete(identities, at)
		}
		return result
	case Wait:
	}
	if result.Err != nil {
		result.Live = nil
		return result
	}
	identities[at] = result.Live.Identity
	r.written[at] = Written{Identity: result.Live.Identity}
	return result
}

func (r *run) update(ctx context.Context, o *istio.Object, is Identity) (*Live, error) {
	was := r.change.From.Counterpart(o)
	live, err := r.cluster.update(ctx, o, was, is, r.change.Force || r.change.ForceConflicts)
	if r.change.SharesLists && onlyLists(err) {
		live, err = r.cluster.update(ctx, o, was, is, true)
	}
	if err == nil && r.change.Force && !r.change.SharesLists {
		live = r.cluster.ownAlone(ctx, live, o)
	}
	return live, err
}

// onlyLists reports whether others own nothing that would change but the list of rules or of subsets. Both are owned
// as a whole, so that who sets a weight owns them all.
func onlyLists(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Reason != FieldConflict {
		return false
	}
	for _, conflict := range e.Conflicts {
		if conflict.Field != ".spec.http" && conflict.Field != ".spec.subsets" {
			return false
		}
	}
	return true
}

// create makes an object. One that is in the way is taken up where it is certain that an earlier try of this very
// change made it.
func (r *run) create(ctx context.Context, result *StepResult) {
	o := result.Object
	result.Live, result.Err = r.cluster.create(ctx, o)
	var exists *Error
	if !errors.As(result.Err, &exists) || exists.Reason != AlreadyExists || exists.Existing == nil {
		return
	}
	is := exists.Existing
	switch {
	case r.change.Begun[AddressOf(o)].UID == is.UID:
		result.Action = Update
		result.Live, result.Err = r.cluster.update(ctx, o, nil, is.Identity, r.change.Force)
	case r.cluster.wasMade(is.UID) || !is.LeftBehind(o) || !r.cluster.takesUp(is.UID, r.change.Caller):
	case is.As(o):
		warn(ctx,
			fmt.Sprintf("%s was left behind by an apply that was killed, with just this content%s; it was taken up",
				o, ownerWords(o)))
		result.Live, result.Found, result.Err = is, true, nil
	default:
		warn(ctx, fmt.Sprintf("%s was left behind by an apply that was killed%s; it was taken up, and changed to what "+
			"the configuration says now", o, ownerWords(o)))
		result.Action = Update
		result.Live, result.Err = r.cluster.update(ctx, o, nil, is.Identity, r.change.ForceConflicts)
	}
}

// LeftBehind reports whether a live object that is in no state is what an apply of this workspace made and then was
// killed, and not somebody else's: our field manager applied it, and it has the owner's mark that o has. Without an
// owner only the whole content tells.
func (l *Live) LeftBehind(o *istio.Object) bool {
	owner := o.Annotations[istio.OwnerAnnotation]
	return l.Applied && l.Annotations[istio.OwnerAnnotation] == owner && (owner != "" || l.As(o))
}

// ownerWords says the owner of an object, empty without one.
func ownerWords(o *istio.Object) string {
	if owner := o.Annotations[istio.OwnerAnnotation]; owner != "" {
		return fmt.Sprintf(" and the owner %q", owner)
	}
	return ""
}

// undo removes what this run created, newest first: half a pair helps nobody and would be in the way of the next try.
func (r *run) undo(ctx context.Context) error {
	if err := r.ascertain(ctx); err != nil {
		// It may be there and name the subsets of what else was created.
		return fmt.Errorf("undo: %w", err)
	}
	var problems []error
	for i := len(r.applied.Steps) - 1; i >= 0; i-- {
		result := &r.applied.Steps[i]
		if result.Action != Create || !result.holds() {
			continue
		}
		at := AddressOf(result.Object)
		// What an earlier apply had left behind is so again.
		if !result.Found {
			if err := r.cluster.remove(ctx, at, r.applied.Identities[at].UID); err != nil {
				problems = append(problems, fmt.Errorf("undo: %w", err))
				continue
			}
		}
		result.Undone = true
		delete(r.applied.Identities, at)
	}
	return errors.Join(problems...)
}

// ascertain finds out whether an object was made after all.
func (r *run) ascertain(ctx context.Context) error {
	if r.unsure == nil {
		return nil
	}
	at := AddressOf(r.unsure)
	live, err := r.cluster.Get(ctx, at)
	if err == nil && live != nil && live.Applied && live.As(r.unsure) {
		r.applied.Steps = append(r.applied.Steps, StepResult{Step: Step{Action: Create, Object: r.unsure}, Live: live})
		r.applied.Identities[at] = live.Identity
	}
	return err
}
