package cluster

import (
	"context"
	"time"
)

// tidyTime is how long what was begun may take after the time for it is up.
const tidyTime = 15 * time.Second

// dueKey is that of the deadline from which a context was detached.
type dueKey struct{}

// detached returns a context that is not cancelled with its parent. It keeps the deadline, with some time left to
// tidy up.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(context.WithoutCancel(ctx))
	}
	return context.WithDeadline(context.WithValue(context.WithoutCancel(ctx), dueKey{}, deadline),
		deadline.Add(tidyTime))
}

// waitContext returns a context for waiting, which ends when the time for the change is up, without what there is to
// tidy up.
func waitContext(ctx context.Context) (context.Context, context.CancelFunc) {
	if due, ok := ctx.Value(dueKey{}).(time.Time); ok {
		return context.WithDeadline(ctx, due)
	}
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, requestTimeout)
}

// boundKey is that of what bounded says.
type boundKey struct{}

// bounded returns a context whose end is a bound, and not the time that somebody gives an API server to come up.
func bounded(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithValue(ctx, boundKey{}, true), limit)
}

// onceKey is that of what Once says.
type onceKey struct{}

// Once returns a context in which a request that fails is not made again: for what may be left out.
func Once(ctx context.Context) context.Context { return context.WithValue(ctx, onceKey{}, true) }

// shortestWrite is what a write is given when the time for the whole change is nearly up.
const shortestWrite = 5 * time.Second

// writeContext lets a write run to its end when the caller is cancelled: half a change is worse than a whole one. It
// bounds the write as the caller's deadline does, so that a server that hangs does not hold the change up much
// longer.
func writeContext(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := requestTimeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, max(time.Until(deadline), shortestWrite))
	}
	return context.WithTimeout(context.WithoutCancel(ctx), limit)
}

// requestTimeout bounds every request to the API server.
const requestTimeout = 30 * time.Second
