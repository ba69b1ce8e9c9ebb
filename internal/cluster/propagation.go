package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Mode is how a change waits for the proxies.
type Mode string

// The modes.
const (
	// Settle waits for a fixed time.
	Settle Mode = "settle"
	// Ack asks istiod which proxies have acknowledged what they were sent.
	Ack Mode = "ack"
	// None does not wait: the order of the writes alone keeps the gap below some milliseconds.
	None Mode = "none"
)

// Propagation is how a change lets the proxies follow before it takes the next step.
type Propagation struct {
	Mode Mode
	// Settle is how long a wait of mode Settle takes, and how long one of mode Ack gives istiod to begin.
	Settle time.Duration
	// Timeout bounds a wait of mode Ack.
	Timeout time.Duration
	// IstiodNamespace is where istiod's pods are; IstiodAddresses, if any, are asked in their place, such as
	// `http://istiod.istio-system:15014`.
	IstiodNamespace string
	IstiodAddresses []string
}

// The rhythm of the questions to istiod. It merges events that are less than 100 ms apart; a change of what proxies were
// sent that is older than quiet was the last one for now.
const (
	askInterval = 200 * time.Millisecond
	quiet       = 500 * time.Millisecond
)

// watch is what the proxies had before a step. A nil watch waits for the fixed time.
type watch struct {
	control *controlPlane
	before  []proxies
}

// watch looks what the proxies have now, where the next wait shall ask for acknowledgements. Where istiod cannot be asked
// it says so once, and returns nil.
func (c *Cluster) watch(ctx context.Context, p Propagation) *watch {
	if p.Mode != Ack {
		return nil
	}
	control, err := c.connectControlPlane(ctx, p)
	if err == nil {
		var before []proxies
		if before, err = control.ask(ctx); err == nil {
			return &watch{control: control, before: before}
		}
		control.close()
	}
	if c.unanswered.CompareAndSwap(false, true) {
		warn(ctx, fmt.Sprintf("istiod could not be asked which proxies have a change, so the provider waits %s instead (propagation mode %q): %s",
			p.Settle, Settle, err))
	}
	return nil
}

// settle returns when the proxies have what was written before, as far as the mode can tell, or when the context ends.
func (c *Cluster) settle(ctx context.Context, p Propagation, w *watch, progress func(string)) {
	switch {
	case p.Mode == None || p.Mode != Ack && p.Settle == 0:
	case w == nil:
		progress(fmt.Sprintf("waiting %s for the proxies", p.Settle))
		pause(ctx, p.Settle)
	default:
		defer w.control.close()
		w.wait(ctx, p, progress)
	}
}

// wait returns when every proxy that was sent something has acknowledged it, and istiod sends no more.
func (w *watch) wait(ctx context.Context, p Propagation, progress func(string)) {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	began := time.Now()
	last, changed, said := w.before, began, began
	for {
		pause(ctx, askInterval)
		now, err := w.control.ask(ctx)
		if ctx.Err() != nil {
			w.tellMissing(ctx, p, last)
			return
		}
		if err != nil {
			warn(ctx, fmt.Sprintf("istiod stopped answering which proxies have a change, so the provider waited %s instead: %s", p.Settle, err))
			pause(ctx, p.Settle-time.Since(began))
			return
		}
		if !equalProxies(last, now) {
			last, changed = now, time.Now()
		}
		missing := unacknowledged(now)
		if len(missing) == 0 && time.Since(changed) >= quiet && (newer(now, w.before) || time.Since(began) >= p.Settle) {
			return
		}
		if time.Since(said) >= time.Second {
			said = time.Now()
			progress(fmt.Sprintf("waiting for %d proxies to acknowledge", len(missing)))
		}
	}
}

// mostNames is how many proxies a warning names.
const mostNames = 5

// tellMissing warns of the proxies that never acknowledged. A wait that was cancelled has nobody to blame.
func (w *watch) tellMissing(ctx context.Context, p Propagation, last []proxies) {
	missing := unacknowledged(last)
	if len(missing) == 0 || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return
	}
	more := ""
	if len(missing) > mostNames {
		more = fmt.Sprintf(" and %d more", len(missing)-mostNames)
		missing = missing[:mostNames]
	}
	warn(ctx, fmt.Sprintf("these proxies did not acknowledge the change within %s, and may fail requests until they do: %s%s",
		p.Timeout, strings.Join(missing, ", "), more))
}

// unacknowledged names the proxies that were sent clusters or routes which they have not acknowledged, with what they
// object to.
func unacknowledged(all []proxies) []string {
	var names []string
	for _, of := range all {
		for _, id := range sortedKeys(of) {
			if p := of[id]; p.ClusterSent != p.ClusterAcked || p.RouteSent != p.RouteAcked {
				if reason := p.objection(); reason != "" {
					id += " (" + reason + ")"
				}
				names = append(names, id)
			}
		}
	}
	return names
}

// newer reports whether every istiod that has proxies has sent a newer version than before to at least one of them.
func newer(now, before []proxies) bool {
	sent := false
	for i, of := range now {
		if len(of) == 0 {
			continue
		}
		if of.version() <= before[i].version() {
			return false
		}
		sent = true
	}
	return sent
}

// equalProxies reports whether nothing was sent or acknowledged between two answers.
func equalProxies(a, b []proxies) bool {
	return slices.EqualFunc(a, b, func(a, b proxies) bool {
		if len(a) != len(b) {
			return false
		}
		for id, p := range a {
			q, ok := b[id]
			if !ok || p.nonces() != q.nonces() {
				return false
			}
		}
		return true
	})
}
