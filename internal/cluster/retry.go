package cluster

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// patience is how long a write is tried again while the API server, or a webhook behind it, does not answer. A restart
// takes seconds. Reads fail at once: nothing was begun, and a wrong address should not take half a minute to say.
const patience = 15 * time.Second

// persist repeats a write as long as it fails for a reason that passes. client-go does so only where the answer says when
// to come back. The write must bear being done twice.
func persist(ctx context.Context, write func(again bool) error) error {
	backoff := wait.Backoff{Duration: 200 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 100, Cap: 3 * time.Second}
	for began, again := time.Now(), false; ; again = true {
		err := write(again)
		if err == nil || !passes(err) || ctx.Err() != nil || time.Since(began) > patience {
			return err
		}
		pause(ctx, backoff.Step())
	}
}

// passes reports whether a failure may be gone in a moment.
func passes(err error) bool {
	return slices.ContainsFunc([]Reason{Unreachable, TimedOut, ServerFailed}, func(r Reason) bool { return IsReason(err, r) })
}

// written returns the live object when it is what an earlier try wrote, whose answer was lost: our own field manager
// applied it, with just this content.
func (c *Cluster) written(ctx context.Context, o *routing.Object) *Live {
	live, err := c.Get(context.WithoutCancel(ctx), AddressOf(o))
	if err != nil || live == nil || !live.Applied || !equal(live.Ours(o), o) {
		return nil
	}
	return live
}
