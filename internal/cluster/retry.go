package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// patience is how long a request without a deadline of its caller's is tried again. A restart of an API server takes
// seconds, on a busy machine half a minute, in which it asks to come back in 5 s again and again.
const patience = 45 * time.Second

// persist repeats a request as long as it fails for a reason that passes, until the deadline of its context. It comes
// back when the answer says so; where that is too late, it does not wait for it. What is asked for must bear being
// done twice.
//
// Without a deadline, as in a plan, or with one that is only a bound, only a server that has answered before is
// waited for: a wrong address is said at once.
func (c *Cluster) persist(ctx context.Context, what string, request func(ctx context.Context, again bool) error) error {
	began := time.Now()
	until, ends := ctx.Deadline()
	if !ends {
		until = began.Add(patience)
	}
	patient := ends && ctx.Value(boundKey{}) == nil
	backoff := wait.Backoff{Duration: 200 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 100, Cap: 3 * time.Second}
	var last error
	broken := false
	for tries := 1; ; tries++ {
		asked := &asked{}
		err := request(context.WithValue(ctx, askedKey{}, asked), tries > 1)
		if err == nil && last != nil {
			warn(ctx, fmt.Sprintf("to %s took %d tries and %.1f s. The last failure was: %s", what,
				tries, time.Since(began).Seconds(), last))
		}
		if broken = broken || breaksWatches(err); broken && err == nil {
			c.recovered.Store(time.Now().UnixNano())
		}
		delay := max(backoff.Step(), asked.wait)
		switch {
		case err == nil:
			return nil
		case !passes(err) && !c.renewed(err, tries) || ctx.Err() != nil || !patient && !c.answered.Load(),
			ctx.Value(onceKey{}) != nil:
			return err
		case !time.Now().Add(delay).Before(until):
			return asked.explain(err)
		case asked.status != "":
			// The same words for every request, so that one operation says them once.
			warn(ctx, fmt.Sprintf(
				"the API server at %s asked to wait before the next request, and the provider did: %s",
				c.host,
				asked.status,
			))
		default:
			last = err
		}
		pause(ctx, delay)
	}
}

// passes reports whether a failure may be gone in a moment.
func passes(err error) bool {
	return slices.ContainsFunc([]Reason{Unreachable, TimedOut, ServerFailed}, func(r Reason) bool {
		return IsReason(err, r)
	})
}

// breaksWatches reports whether a failure may be one that ends others' watches too, as a restart of the API server
// does. One that is busy, or counts for a quota, keeps its watches.
func breaksWatches(err error) bool {
	return passes(err) && !apierrors.IsTooManyRequests(err) && !apierrors.IsConflict(err)
}

// mostRefusals is how often credentials of an exec command may be refused in a row: they can expire on their way.
const mostRefusals = 2

// renewed reports whether a request that was refused may be accepted now: client-go runs the command of exec anew
// when the API server does not accept its credentials, and leaves it to the caller to ask again.
func (c *Cluster) renewed(err error, tries int) bool {
	return IsReason(err, Unauthorized) && c.config.ExecProvider != nil && tries <= mostRefusals
}

// mayHaveHappened reports whether a write that failed may have been made nevertheless.
func mayHaveHappened(err error) bool { return passes(err) || IsReason(err, Interrupted) }

// written returns the live object when it is what an earlier try wrote, whose answer was lost: our own field manager
// applied it, with just this content.
func (c *Cluster) written(ctx context.Context, o *istio.Object) *Live {
	ctx, cancel := writeContext(ctx)
	defer cancel()
	live, err := c.Get(ctx, AddressOf(o))
	if err != nil || live == nil || !live.Applied || !live.As(o) {
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
