package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// Identities are those of objects. An object that does not exist has none.
type Identities map[Address]Identity

// Existing returns the pair with only those objects that have an identity.
func (i Identities) Existing(pair routing.Pair) routing.Pair {
	return pair.Map(func(o *routing.Object) *routing.Object {
		if _, ok := i[AddressOf(o)]; !ok {
			return nil
		}
		return o
	})
}

// Change is how to change a pair.
type Change struct {
	From, To routing.Pair
	// Identities are those of the objects in From.
	Identities Identities
	// Begun are the identities of objects that an earlier try created and could not take back. Where one of them stands in
	// the way of a create, it is ours, and is updated.
	Begun Identities
	// Take takes fields from other managers: the user said so for this change.
	Take bool
	// SharesLists takes the lists of rules and of subsets from other managers, and nothing else: somebody else sets weights in
	// them, which To has kept.
	SharesLists bool
	Propagation Propagation
	// Owed are objects that an earlier change wrote and whose wait it did not see the end of: this one waits for them first.
	Owed map[Address]Written
	// Progress is told what is about to happen.
	Progress func(string)
}

// Apply makes the change, step by step in the order of [Steps], and returns the identities of the objects that exist
// afterwards, also when it fails half-way. A write is never cut short by a cancelled context; waits are.
//
// Until the rules have changed, a change that fails or is cancelled goes back: what it created is removed again, and the
// old pair routes on. After that it goes forward: the new pair routes already. Only what makes no difference to requests may
// then be left undone by a cancelled change, such as the removal of a subset that no rule names; the next plan shows it.
//
// Fields of the objects in From that this version does not know are written along, as [routing.Keep] says.
func (c *Cluster) Apply(ctx context.Context, change Change) (Identities, error) {
	change.To.VirtualService = routing.Keep(change.To.VirtualService, change.From.VirtualService)
	change.To.DestinationRule = routing.Keep(change.To.DestinationRule, change.From.DestinationRule)
	r := run{cluster: c, change: change, steps: change.plan(), identities: Identities{}, takenUp: map[Address]bool{}, written: written{}}
	maps.Copy(r.identities, change.Identities)
	maps.Copy(r.written, change.stillOwed())
	work, cancel := detached(ctx)
	defer cancel()
	defer r.unwatch()
	for i := range r.steps {
		if err := r.step(ctx, work, i); err != nil {
			return r.identities, err
		}
	}
	return r.identities, nil
}

// run is a change under way.
type run struct {
	cluster    *Cluster
	change     Change
	identities Identities
	steps      []Step
	// created are the objects that this run made, in order; done are the steps that it took, in words.
	created []Address
	done    []string
	// takenUp are objects that an earlier apply had left behind.
	takenUp map[Address]bool
	// unsure is an object whose create failed in a way that leaves open whether it was made.
	unsure *routing.Object
	// routed says that the rules have changed, or began to go: there is only forward from here.
	routed bool
	// watch is the connection to istiod for the next wait, and written are the objects that it is about: those written since the last.
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
	err := r.do(ctx, step)
	// What may have been done may not be answered with the opposite: the old rules may be gone, and only the new ones be left.
	moves := step.Action == Delete || step.Action == Update && step.Object.Kind() == routing.KindVirtualService
	r.routed = r.routed || moves && (err == nil || mayHaveHappened(err))
	switch {
	case err == nil:
		r.done = append(r.done, step.String())
		return nil
	case r.routed:
		return after(r.done, err)
	}
	return errors.Join(after(r.done, err), r.undo(work))
}

// wait lets the proxies follow. Where they do not in time, and that is a reason to stop, the change goes back if the rules have not
// changed yet, and otherwise ends here: what follows a wait is only safe after it.
func (r *run) wait(ctx, work context.Context, i int) error {
	if i == 0 {
		// It is for what an earlier change wrote.
		r.watch = r.cluster.watch(ctx, r.change.Propagation)
	}
	err := r.cluster.settle(ctx, r.change.Propagation, r.watch, r.written, r.change.Progress)
	r.watch = nil
	if err == nil {
		r.written = written{}
		return nil
	}
	if i+1 < len(r.steps) {
		err = fmt.Errorf("stopped before step %d of %d, %s: %w", i+2, len(r.steps), r.steps[i+1], err)
	}
	err = after(r.done, err)
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
	err := after(r.done, fmt.Errorf("stopped before step %d of %d, %s: %w", i+1, len(r.steps), r.steps[i], context.Cause(ctx)))
	switch {
	case !r.routed:
		return true, errors.Join(err, r.undo(work))
	case len(r.created) == 0 && !r.deletes():
		return true, owing{err, r.written}
	}
	return false, nil
}

// deletes reports whether the change deletes an object: such a change is not left half done, because what would be left is
// in nobody's state.
func (r *run) deletes() bool {
	return slices.ContainsFunc(r.steps, func(s Step) bool { return s.Action == Delete })
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

func (r *run) do(ctx context.Context, step Step) error {
	at, was := AddressOf(step.Object), r.change.From.Counterpart(step.Object)
	var live *Live
	var err error
	switch step.Action {
	case Create:
		if live, err = r.create(ctx, step.Object); err != nil && mayHaveHappened(err) {
			r.unsure = step.Object
		}
	case Update:
		live, err = r.cluster.update(ctx, step.Object, was, r.identities[at], r.change.Take)
		if r.change.SharesLists && onlyLists(err) {
			live, err = r.cluster.update(ctx, step.Object, was, r.identities[at], true)
		}
		if err == nil && r.change.Take && !r.change.SharesLists {
			live = r.cluster.takeAlone(ctx, live, step.Object)
		}
	case Delete:
		if err = r.cluster.remove(ctx, at, r.identities[at].UID); err == nil {
			r.written[at] = Written{r.identities[at], true}
			delete(r.identities, at)
		}
		return err
	case Wait:
		return nil
	}
	if err == nil {
		r.identities[at] = live.Identity
		r.written[at] = Written{Identity: live.Identity}
	}
	return err
}

// onlyLists reports whether others own nothing that would change but the list of rules or of subsets. Both are owned as a
// whole, so that who sets a weight owns them all.
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

// create makes an object. One that is in the way is taken up where it is certain that an earlier try of this very change
// made it.
func (r *run) create(ctx context.Context, o *routing.Object) (*Live, error) {
	live, err := r.cluster.create(ctx, o)
	var exists *Error
	if err == nil {
		r.created = append(r.created, AddressOf(o))
	}
	if !errors.As(err, &exists) || exists.Reason != AlreadyExists || exists.Existing == nil {
		return live, err
	}
	is := exists.Existing
	switch {
	case r.change.Begun[AddressOf(o)].UID == is.UID:
		return r.cluster.update(ctx, o, nil, is.Identity, r.change.Take)
	case leftBehind(is, o):
		warn(ctx, fmt.Sprintf("%s was left behind by an apply that was killed, with just this content and the owner %q; it was taken up",
			o, o.Annotations[routing.OwnerAnnotation]))
		r.takenUp[AddressOf(o)] = true
		return is, nil
	}
	return live, err
}

// leftBehind reports whether a live object is what an apply of this workspace made of o and then was killed: the owner's mark, our
// field manager and the whole content say so. Without an owner nothing does.
func leftBehind(is *Live, o *routing.Object) bool {
	return o.Annotations[routing.OwnerAnnotation] != "" && is.Applied && equal(is.Ours(o), o)
}

// undo removes what this run created, newest first: half a pair helps nobody and would be in the way of the next try.
func (r *run) undo(ctx context.Context) error {
	if err := r.ascertain(ctx); err != nil {
		// It may be there and name the subsets of what else was created.
		return fmt.Errorf("undo: %w", err)
	}
	var problems []error
	for i := len(r.created) - 1; i >= 0; i-- {
		at := r.created[i]
		if err := r.cluster.remove(ctx, at, r.identities[at].UID); err != nil {
			problems = append(problems, fmt.Errorf("undo: %w", err))
			continue
		}
		delete(r.identities, at)
	}
	// What an earlier apply had left behind is so again.
	maps.DeleteFunc(r.identities, func(at Address, _ Identity) bool { return r.takenUp[at] })
	return errors.Join(problems...)
}

// ascertain finds out whether an object was made after all.
func (r *run) ascertain(ctx context.Context) error {
	if r.unsure == nil {
		return nil
	}
	at := AddressOf(r.unsure)
	live, err := r.cluster.Get(ctx, at)
	if err == nil && live != nil && live.Applied && equal(live.Ours(r.unsure), r.unsure) {
		r.created, r.identities[at] = append(r.created, at), live.Identity
	}
	return err
}

// tidyTime is how long what was begun may take after the time for it is up.
const tidyTime = 15 * time.Second

// dueKey is that of the deadline from which a context was detached.
type dueKey struct{}

// detached returns a context that is not cancelled with its parent. It keeps the deadline, with some time left to tidy up.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(context.WithoutCancel(ctx))
	}
	return context.WithDeadline(context.WithValue(context.WithoutCancel(ctx), dueKey{}, deadline), deadline.Add(tidyTime))
}
