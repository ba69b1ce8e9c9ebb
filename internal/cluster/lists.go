package cluster

import (
	"context"
	"sync"
	"time"
)

const (
	// freshness is how long what was listed is good for the checks of a plan: Terraform plans many resources at once,
	// and a list for each of them would take a time that grows with their square.
	freshness = 10 * time.Second
	// failureKept is how long a list that failed is not tried again: what is forbidden, or does not answer, holds up
	// the plans of many resources only once.
	failureKept = time.Minute
	// listTimeout bounds all lists of one resource together, and each alone: no plan has to wait for them any longer.
	listTimeout = 10 * time.Second
)

// lists are what was listed of one resource, by namespace. The zero value is empty. It is safe for concurrent use.
type lists[T any] struct {
	mutex sync.Mutex
	by    map[string]*listed[T]
}

// listed is a list that is being made, and is there when done is closed.
type listed[T any] struct {
	began time.Time
	done  chan struct{}
	// The others are set when it is done.
	ended    time.Time
	list     T
	err      error
	warnings []string
}

// get returns a list that is fresh, and was not begun before a time. Whoever asks while it is being made waits for
// that, as long as its own context lasts, and gets nil then: the list goes on without it, for the others.
func (l *lists[T]) get(
	ctx context.Context, namespace string, notBefore time.Time, list func(context.Context) (T, error),
) *listed[T] {
	if ctx.Err() != nil {
		return nil
	}
	kept, ours := l.keep(ctx, namespace, notBefore, list)
	select {
	case <-ctx.Done():
		return nil
	case <-kept.done:
	}
	if ours {
		for _, text := range kept.warnings {
			warn(ctx, text)
		}
	}
	return kept
}

// keep returns the list of a namespace, and whether it is begun for this caller.
func (l *lists[T]) keep(
	ctx context.Context, namespace string, notBefore time.Time, list func(context.Context) (T, error),
) (kept *listed[T], ours bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if kept = l.by[namespace]; kept != nil && !kept.began.Before(notBefore) && kept.good() {
		return kept, false
	}
	if l.by == nil {
		l.by = map[string]*listed[T]{}
	}
	kept = &listed[T]{began: time.Now(), done: make(chan struct{})}
	l.by[namespace] = kept
	go kept.fill(ctx, list)
	return kept, true
}

// made returns the list of a namespace if it is there and good, and whether none is being made.
func (l *lists[T]) made(namespace string) (list T, made bool) {
	l.mutex.Lock()
	kept := l.by[namespace]
	l.mutex.Unlock()
	if kept == nil {
		return list, true
	}
	select {
	case <-kept.done:
		return kept.list, kept.err == nil
	default:
		return list, false
	}
}

// forget drops the list of a namespace. Who waits for one that is being made still gets it.
func (l *lists[T]) forget(namespace string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	delete(l.by, namespace)
}

// fill makes the list. The caller may be gone by then: what the API server warns of waits for it.
func (k *listed[T]) fill(ctx context.Context, list func(context.Context) (T, error)) {
	defer close(k.done)
	ctx = CollectWarnings(context.WithoutCancel(ctx), func(text string) { k.warnings = append(k.warnings, text) })
	ctx, cancel := bounded(ctx, listTimeout)
	defer cancel()
	k.list, k.err = list(ctx)
	k.ended = time.Now()
}

// good reports whether the list is being made, or is young enough.
func (k *listed[T]) good() bool {
	select {
	case <-k.done:
	default:
		return true
	}
	if k.err != nil {
		return time.Since(k.ended) < failureKept
	}
	return time.Since(k.ended) < freshness
}
