package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// The rhythm of the questions to istiod.
const (
	// firstInterval is when istiod is asked again at first, so that it is known to hold an object before it sends
	// that; the pauses grow up to askInterval, and are no shorter than the last answers took: what istiod holds can
	// be large.
	firstInterval = 25 * time.Millisecond
	askInterval   = 200 * time.Millisecond
	// reconnectInterval is when a broken connection is made anew.
	reconnectInterval = time.Second
	// connectTime bounds the first connection in mode Auto.
	connectTime = 10 * time.Second
)

// In mode Auto istiod is not asked again for a while where it cannot be asked, and for a shorter one where it did not
// answer.
const (
	unaskableTime  = 5 * time.Minute
	unansweredTime = 30 * time.Second
)

// asking is what is known of whether istiod can be asked. The zero value is nothing.
type asking struct {
	// answered says that every istiod has answered once, told that the user knows that they do not.
	answered, told atomic.Bool
	mutex          sync.Mutex
	// until is how long problem counts, after which it is tried again.
	until   time.Time
	problem error
}

// watch is a connection to istiod for one wait. Its control plane is nil while there is none.
type watch struct {
	cluster     *Cluster
	propagation Propagation
	control     *controlPlane
	// before is what the proxies had before the step, by istiod.
	before []proxies
}

// watch prepares the next wait before its step, where the wait asks istiod. Where istiod cannot be asked it says so
// once, and returns nil: such a wait takes a fixed time.
func (c *Cluster) watch(ctx context.Context, p Propagation) *watch {
	if !p.asks() {
		return nil
	}
	control, before, err := c.reach(ctx, p)
	if err == nil || !isUnaskable(err) && (p.Mode == Ack || c.asking.answered.Load()) {
		return &watch{c, p, control, before}
	}
	if ctx.Err() == nil && c.asking.told.CompareAndSwap(false, true) {
		warn(ctx, c.unaskedText(p, err))
	}
	return nil
}

// unaskedText says why istiod is not asked, and what the user can do.
func (c *Cluster) unaskedText(p Propagation, err error) string {
	text := fmt.Sprintf("istiod could not be asked which proxies have a change, so the provider waits %s instead "+
		"(propagation mode %q): %s", p.Settle, Settle, err)
	if IsReason(err, Forbidden) {
		text += ". A Role with the rights for it is in examples/role-ack.yaml of the provider, and in its " +
			"documentation under Acknowledgements"
	}
	if p.Mode == Auto {
		text += fmt.Sprintf(". With propagation = { mode = %q } istiod is not asked, and this is not said", Settle)
	}
	return text
}

// reach connects to every istiod, and sees whether they answer. In mode Auto a failure is remembered for a while.
func (c *Cluster) reach(ctx context.Context, p Propagation) (*controlPlane, []proxies, error) {
	if p.Mode != Auto || c.asking.answered.Load() {
		return c.greet(ctx, p)
	}
	// The first one asks for all that are under way.
	c.asking.mutex.Lock()
	defer c.asking.mutex.Unlock()
	if time.Now().Before(c.asking.until) {
		return nil, nil, c.asking.problem
	}
	short, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	control, before, err := c.greet(short, p)
	if err != nil && ctx.Err() == nil {
		c.asking.problem, c.asking.until = err, time.Now().Add(unansweredTime)
		if isUnaskable(err) {
			c.asking.until = time.Now().Add(unaskableTime)
		}
	}
	return control, before, err
}

// greet connects to every istiod and asks each what its proxies have.
func (c *Cluster) greet(ctx context.Context, p Propagation) (*controlPlane, []proxies, error) {
	control, err := c.connectControlPlane(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	now, err := control.proxies(ctx)
	if err != nil {
		control.close()
		return nil, nil, err
	}
	c.asking.answered.Store(true)
	return control, now, nil
}

// close ends the connection.
func (w *watch) close() {
	if w.control != nil {
		w.control.close()
		w.control = nil
	}
}

// wait returns when every istiod holds what was written, and every proxy that was sent something after that has
// acknowledged it. A connection that breaks is made anew until the time is up.
func (w *watch) wait(ctx context.Context, of written, progress func(string)) error {
	defer w.close()
	began := time.Now()
	bounded, cancel := context.WithTimeout(ctx, w.propagation.Timeout)
	defer cancel()
	q := &inquiry{of: of, settle: w.propagation.Settle}
	if w.control != nil {
		q.connected(w.control.names(), w.before)
	}
	said, interval := began, firstInterval
	for bounded.Err() == nil {
		asked := time.Now()
		done, err := w.ask(bounded, q)
		switch {
		case bounded.Err() != nil:
			// The question was cut short, which says nothing of istiod.
		case err != nil:
			w.close()
			q.problem, interval = err, firstInterval
			pause(bounded, reconnectInterval)
		case done:
			return nil
		default:
			pause(bounded, max(interval, time.Since(asked)))
			interval = min(2*interval, askInterval)
		}
		if time.Since(said) >= time.Second {
			said = time.Now()
			progress(q.doing())
		}
	}
	if !errors.Is(bounded.Err(), context.DeadlineExceeded) {
		return nil
	}
	within := w.propagation.Timeout
	if ctx.Err() != nil {
		within = time.Since(began).Round(100 * time.Millisecond)
	}
	text := q.unconfirmed(within.String())
	if w.propagation.OnTimeout == Stop {
		return &Error{
			Reason: Unconfirmed, Verb: "wait for", Object: "the proxies", Host: w.cluster.host, Err: errors.New(text),
		}
	}
	warn(ctx, text)
	return nil
}

// ask asks the next question, over a new connection where there is none, and reports whether the wait is over.
func (w *watch) ask(ctx context.Context, q *inquiry) (bool, error) {
	if w.control == nil {
		control, _, err := w.cluster.greet(ctx, w.propagation)
		if err != nil {
			return false, err
		}
		w.control = control
		q.connected(control.names(), nil)
	}
	if q.proxies == nil && len(q.of) > 0 {
		holdings, err := w.control.holdings(ctx, q.of)
		if err != nil || !q.held(holdings) {
			return false, err
		}
	}
	// What is sent from here on was computed after istiod held the objects.
	now, err := w.control.proxies(ctx)
	if err != nil {
		return false, err
	}
	return q.told(now, time.Now()), nil
}

// names are those of the istiods.
func (p *controlPlane) names() []string {
	names := make([]string, len(p.istiods))
	for i, one := range p.istiods {
		names[i] = one.name
	}
	return names
}
