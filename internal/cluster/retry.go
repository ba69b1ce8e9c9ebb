package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// patience is how long a request without a deadline of its caller's is tried again. A restart of an API server takes seconds.
const patience = 15 * time.Second

// persist repeats a request as long as it fails for a reason that passes, until the deadline of its context. client-go does
// so only where the answer says when to come back. What is asked for must bear being done twice.
//
// Without a deadline, as in a plan, only a server that has answered before is waited for: a wrong address is said at once.
func (c *Cluster) persist(ctx context.Context, what string, request func(again bool) error) error {
	began := time.Now()
	until, patient := ctx.Deadline()
	if !patient {
		until = began.Add(patience)
	}
	backoff := wait.Backoff{Duration: 200 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 100, Cap: 3 * time.Second}
	var last error
	for tries := 1; ; tries++ {
		err := request(tries > 1)
		if err == nil && tries > 1 {
			warn(ctx, fmt.Sprintf("to %s took %d tries and %.1f s. The last failure was: %s", what, tries, time.Since(began).Seconds(), last))
		}
		delay := backoff.Step()
		if err == nil || !passes(err) && !c.renewed(err, tries) || ctx.Err() != nil || time.Now().Add(delay).After(until) || !patient && !c.answered.Load() {
			return err
		}
		last = err
		pause(ctx, delay)
	}
}

// passes reports whether a failure may be gone in a moment.
func passes(err error) bool {
	return slices.ContainsFunc([]Reason{Unreachable, TimedOut, ServerFailed}, func(r Reason) bool { return IsReason(err, r) })
}

// mostRefusals is how often credentials of an exec command may be refused in a row: they can expire on their way.
const mostRefusals = 2

// renewed reports whether a request that was refused may be accepted now: client-go runs the command of exec anew when the
// API server does not accept its credentials, and leaves it to the caller to ask again.
func (c *Cluster) renewed(err error, tries int) bool {
	return IsReason(err, Unauthorized) && c.config.ExecProvider != nil && tries <= mostRefusals
}

// mayHaveHappened reports whether a write that failed may have been made nevertheless.
func mayHaveHappened(err error) bool { return passes(err) || IsReason(err, Interrupted) }

// written returns the live object when it is what an earlier try wrote, whose answer was lost: our own field manager
// applied it, with just this content.
func (c *Cluster) written(ctx context.Context, o *routing.Object) *Live {
	ctx, cancel := writeContext(ctx)
	defer cancel()
	live, err := c.get(ctx, AddressOf(o))
	if err != nil || live == nil || !live.Applied || !equal(live.Ours(o), o) {
		return nil
	}
	return live
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

// shortestWrite is what a write is given when the time for the whole change is nearly up.
const shortestWrite = 5 * time.Second

// writeContext lets a write run to its end when the caller is cancelled: half a change is worse than a whole one. It bounds
// the write as the caller's deadline does, so that a server that hangs does not hold the change up much longer.
func writeContext(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := requestTimeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, max(time.Until(deadline), shortestWrite))
	}
	return context.WithTimeout(context.WithoutCancel(ctx), limit)
}
