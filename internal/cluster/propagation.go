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

// wait returns when every proxy that was sent something has acknowledged it, and istiod sends no more of what was written.
func (w *watch) wait(ctx context.Context, p Propagation, progress func(string)) {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	seen := newSeenProxies(w.before, time.Now())
	said := seen.began
	for {
		pause(ctx, askInterval)
		now, err := w.control.ask(ctx)
		if ctx.Err() != nil {
			seen.tellMissing(ctx, p)
			return
		}
		if err != nil {
			warn(ctx, fmt.Sprintf("istiod stopped answering which proxies have a change, so the provider waited %s instead: %s", p.Settle, err))
			pause(ctx, p.Settle-time.Since(seen.began))
			return
		}
		if seen.add(now, time.Now(), p.Settle) {
			return
		}
		if time.Since(said) >= time.Second {
			said = time.Now()
			progress(fmt.Sprintf("waiting for %d proxies to acknowledge", len(seen.missing())))
		}
	}
}

// seenProxies are what istiod told during a wait.
type seenProxies struct {
	before, last   []proxies
	began, changed time.Time
	// enough are the versions, by istiod, that surely hold what was written before the wait: those after the one that was the
	// newest when every istiod had heard of the write. It is nil until then. sent is when all of them were sent.
	enough []int
	sent   time.Time
}

func newSeenProxies(before []proxies, began time.Time) *seenProxies {
	return &seenProxies{before: before, last: before, began: began, changed: began}
}

// add notes what istiod tells, and reports whether the proxies have what was written: either nothing moves any more, or, in
// a mesh that is never quiet, they have acknowledged something that was sent later. Where nothing is sent at all, no proxy
// is concerned, which shows after the time to settle.
func (s *seenProxies) add(now []proxies, at time.Time, settle time.Duration) bool {
	if !equalProxies(s.last, now) {
		s.changed = at
	}
	s.last = now
	if s.enough == nil && at.Sub(s.began) >= quiet {
		for _, of := range now {
			s.enough = append(s.enough, of.version()+1)
		}
	}
	if s.enough != nil && s.sent.IsZero() && reached(now, s.enough) {
		s.sent = at
	}
	if len(s.missing()) > 0 {
		return false
	}
	calm := at.Sub(s.changed) >= quiet && (newer(now, s.before) || at.Sub(s.began) >= settle)
	return calm || !s.sent.IsZero() && at.Sub(s.sent) >= quiet
}

// reached reports whether every istiod that has proxies has sent its version.
func reached(now []proxies, versions []int) bool {
	some := false
	for i, of := range now {
		if len(of) > 0 && of.version() < versions[i] {
			return false
		}
		some = some || len(of) > 0
	}
	return some
}

// missing names the proxies that have not acknowledged what was written, with what they object to.
func (s *seenProxies) missing() []string {
	var names []string
	for i, of := range s.last {
		enough := 0
		if s.enough != nil {
			enough = s.enough[i]
		}
		for _, id := range sortedKeys(of) {
			p := of[id]
			if acknowledged(p.ClusterSent, p.ClusterAcked, enough) && acknowledged(p.RouteSent, p.RouteAcked, enough) {
				continue
			}
			if reason := p.objection(); reason != "" {
				id += " (" + reason + ")"
			}
			names = append(names, id)
		}
	}
	return names
}

// acknowledged reports whether a proxy acknowledged what it was sent, or, if enough is not 0, at least that version.
func acknowledged(sent, answered string, enough int) bool {
	return sent == answered || enough > 0 && versionOf(answered) >= enough
}

// mostNames is how many proxies a warning names.
const mostNames = 5

// tellMissing warns of the proxies that never acknowledged. A wait that was cancelled has nobody to blame.
func (s *seenProxies) tellMissing(ctx context.Context, p Propagation) {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return
	}
	missing, more := s.missing(), ""
	if len(missing) == 0 {
		warn(ctx, fmt.Sprintf("istiod did not tell within %s that the proxies have the change; some may fail requests until they have it", p.Timeout))
		return
	}
	if len(missing) > mostNames {
		more = fmt.Sprintf(" and %d more", len(missing)-mostNames)
		missing = missing[:mostNames]
	}
	warn(ctx, fmt.Sprintf("these proxies did not acknowledge the change within %s, and may fail requests until they do: %s%s",
		p.Timeout, strings.Join(missing, ", "), more))
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
