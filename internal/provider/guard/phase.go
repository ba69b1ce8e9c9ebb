package guard

import (
	"context"
	"sync"
	"time"
)

// pause is how long after the answer to a plan an apply may take to go on with the change that was planned.
const pause = 100 * time.Millisecond

// phase tells the plans of an apply from those that come before it. Terraform asks for both in the same words, in a
// process of its own for each, and in an apply a change follows each plan at once. So the first plan of a process is
// taken for one that comes before, and those that arrive meanwhile wait to see what follows on the first.
type phase struct {
	mu    sync.Mutex
	asked bool
	// known is closed when it is decided which phase it is; applying says which.
	known    chan struct{}
	applying bool
}

func newPhase() *phase { return &phase{known: make(chan struct{})} }

// decide settles which phase it is: whatever was taken for it before, a change is part of an apply.
func (p *phase) decide(applying bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked, p.applying = true, p.applying || applying
	select {
	case <-p.known:
	default:
		close(p.known)
	}
}

// plan is one plan in a phase.
type plan struct {
	*phase
	first bool
}

// isApply reports whether the plan is part of an apply.
func (p *plan) isApply(ctx context.Context) bool {
	p.mu.Lock()
	if !p.asked {
		p.asked, p.first = true, true
	}
	p.mu.Unlock()
	if p.first {
		return false
	}
	select {
	case <-p.known:
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.applying
}

// answered says that the plan's answer is on its way.
func (p *plan) answered() {
	if p.first {
		time.AfterFunc(pause, func() { p.decide(false) })
	}
}
