package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Mode is how a change waits for the proxies.
type Mode string

// The modes.
const (
	// Auto is Ack where istiod can be asked, and Settle where it cannot.
	Auto Mode = "auto"
	// Settle waits for a fixed time.
	Settle Mode = "settle"
	// Ack asks istiod whether it holds what was written, and then which proxies have acknowledged what they were
	// sent.
	Ack Mode = "ack"
	// None does not wait: the order of the writes alone keeps the gap below some milliseconds.
	None Mode = "none"
)

// OnTimeout is what becomes of a change when istiod or a proxy does not follow in time.
type OnTimeout string

// What a change may do then.
const (
	// Continue goes on, with a warning.
	Continue OnTimeout = "continue"
	// Stop ends the change: before the rules have changed it goes back, and after that it leaves what was to be
	// removed.
	Stop OnTimeout = "stop"
)

// InformerBackoff is how long istiod may stay away from an API server that answers again. The reflectors of its
// informers try again after 0.8 s, and then after twice as long each time, up to 30 s; to each of these times comes a
// random one of up to its length. Each kind has a reflector of its own, so that a VirtualService may be seen before a
// DestinationRule that was written earlier. Source: k8s.io/client-go tools/cache, defaultBackoffMax and
// defaultBackoffJitter; measured: more than 45 s.
const InformerBackoff = 30*time.Second + 30*time.Second

// Propagation is how a change lets the proxies follow before it takes the next step.
type Propagation struct {
	Mode Mode
	// Settle is how long a wait of mode Settle takes, and how long one of mode Ack gives istiod to begin. With 0 the
	// modes Auto and Settle wait for nothing.
	Settle time.Duration
	// SettleAfterFailure is how long istiod may take to come back to an API server that has failed a request of ours
	// and answers again.
	SettleAfterFailure time.Duration
	// Timeout bounds a wait of mode Ack, and OnTimeout is what happens then.
	Timeout   time.Duration
	OnTimeout OnTimeout
	// IstiodNamespace is where istiod's pods are; IstiodAddresses, if any, are asked in their place, such as
	// `http://istiod.istio-system:15014`.
	IstiodNamespace string
	IstiodAddresses []string
}

// asks reports whether istiod is asked, if it can be.
func (p Propagation) asks() bool { return p.Mode == Ack || p.Mode == Auto && p.Settle > 0 }

// Longest is how long so many waits take at most, without the time in which the API server does not answer.
func (p Propagation) Longest(waits int) time.Duration {
	count := time.Duration(waits)
	switch p.Mode {
	case None:
		return 0
	case Settle:
		return count*p.Settle + p.SettleAfterFailure
	case Ack, Auto:
	}
	return count*max(p.Settle, p.Timeout) + p.SettleAfterFailure
}

// settleTime is how long a wait for a fixed time takes that begins now, after an API server that had failed answered
// again at a time, which is zero if that was never.
func (p Propagation) settleTime(recovered, now time.Time) time.Duration {
	if recovered.IsZero() || p.Settle == 0 {
		return p.Settle
	}
	return max(p.Settle, recovered.Add(p.SettleAfterFailure+p.Settle).Sub(now))
}

// settle returns when the proxies have what was written before, as far as the mode can tell, or when the context
// ends. The error says who does not have it, where the change shall stop then.
func (c *Cluster) settle(ctx context.Context, p Propagation, w *watch, of written, progress func(string)) error {
	switch {
	case p.Mode == None || p.Mode != Ack && p.Settle == 0:
		return nil
	case w != nil:
		return w.wait(ctx, of, progress)
	}
	d := p.settleTime(c.recoveredAt(), time.Now())
	if d > p.Settle {
		warn(ctx, fmt.Sprintf("the API server failed requests of this apply, and istiod may take up to %s longer "+
			"than it to see what is written; until then waits of the fixed time are that long (settle_after_failure)",
			p.SettleAfterFailure))
	}
	progress(fmt.Sprintf("waiting %s for the proxies", d.Round(time.Millisecond)))
	pause(ctx, d)
	return nil
}

// recoveredAt is when the API server last answered a request that had failed before, zero for never.
func (c *Cluster) recoveredAt() time.Time {
	if at := c.recovered.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

// quiet is when a change of what proxies were sent was the last one for now: istiod merges events that are less than
// 100 ms apart.
const quiet = 500 * time.Millisecond

// soon is when nothing more comes of what istiod had sent something of before it was known to hold all of it: that
// was, most probably, the whole.
const soon = 2 * time.Second

// inquiry is what istiod told during a wait: first whether every istiod holds what was written, then whether the
// proxies have acknowledged what was sent after that.
type inquiry struct {
	of written
	// settle is how long istiod is given to begin to send.
	settle time.Duration
	// before is what the proxies had before anything was written, by istiod; nil where that is not known.
	before []proxies
	// istiods are the names of those that are asked, and lacking what each of them does not hold.
	istiods []string
	lacking [][]Address
	// proxies are what was told of them since every istiod holds what was written, nil until then.
	proxies *observedProxies
	// problem is why the last question had no answer.
	problem error
}

// connected begins anew with these istiods: others may have come, and what was missed is not known.
func (q *inquiry) connected(istiods []string, before []proxies) {
	q.istiods, q.before, q.lacking, q.proxies, q.problem = istiods, before, nil, nil, nil
}

// held notes what the istiods hold, and reports whether that is all that was written.
func (q *inquiry) held(holdings []holding) bool {
	q.lacking, q.problem = nil, nil
	all := true
	for _, h := range holdings {
		missing := h.lacks(q.of)
		q.lacking = append(q.lacking, missing)
		all = all && len(missing) == 0
	}
	return all
}

// told notes what the proxies have, and reports whether that is what was written.
func (q *inquiry) told(now []proxies, at time.Time) bool {
	q.problem = nil
	if q.proxies == nil {
		q.proxies = newObservedProxies(now, at)
		return false
	}
	settle := q.settle
	if q.before != nil && newer(q.proxies.before, q.before) {
		settle = min(settle, soon)
	}
	return q.proxies.add(now, at, settle)
}

// doing says what is waited for.
func (q *inquiry) doing() string {
	switch {
	case q.problem != nil:
		return fmt.Sprintf("istiod does not answer, and is asked again: %s", q.problem)
	case q.proxies == nil:
		return fmt.Sprintf("waiting for istiod to hold %d objects", len(q.of))
	}
	return fmt.Sprintf("waiting for %d proxies to acknowledge", len(q.proxies.missing()))
}

// mostNames is how many proxies or objects a message names.
const mostNames = 5

// unconfirmed says what is missing after a time.
func (q *inquiry) unconfirmed(within string) string {
	if q.problem != nil {
		return fmt.Sprintf("istiod did not tell within %s that the proxies have the change; some may fail requests "+
			"until they have it. The last question failed: %s",
			within, q.problem)
	}
	if q.proxies != nil {
		if missing := q.proxies.missing(); len(missing) > 0 {
			return fmt.Sprintf(
				"these proxies did not acknowledge the change within %s, and may fail requests until they do: %s",
				within,
				enumerate(missing),
			)
		}
	}
	var missing []string
	for i, lacking := range q.lacking {
		for _, at := range lacking {
			missing = append(missing, fmt.Sprintf("%s %s %s", q.istiods[i], q.verb(at), at))
		}
	}
	if len(missing) == 0 {
		return fmt.Sprintf(
			"istiod did not tell within %s that the proxies have the change; some may fail requests until they have it",
			within,
		)
	}
	return fmt.Sprintf("istiod does not know the change after %s, so that proxies may fail requests until it does: %s",
		within, enumerate(missing))
}

func (q *inquiry) verb(at Address) string {
	if q.of[at].Deleted {
		return "still holds the deleted"
	}
	return "does not hold the written"
}

// enumerate lists texts, and counts those that are too many.
func enumerate(texts []string) string {
	more := ""
	if len(texts) > mostNames {
		more = fmt.Sprintf(" and %d more", len(texts)-mostNames)
		texts = texts[:mostNames]
	}
	return strings.Join(texts, ", ") + more
}

// observedProxies are what istiod told during a wait.
type observedProxies struct {
	before, last   []proxies
	began, changed time.Time
	// enough are the versions, by istiod, that surely hold what was written before the wait: those after the one that
	// was the newest when every istiod had heard of the write. It is nil until then. sent is when all of them were
	// sent.
	enough []int
	sent   time.Time
}

func newObservedProxies(before []proxies, began time.Time) *observedProxies {
	return &observedProxies{before: before, last: before, began: began, changed: began}
}

// add notes what istiod tells, and reports whether the proxies have what was written: either nothing moves any more,
// or, in a mesh that is never quiet, they have acknowledged something that was sent later. Where nothing is sent at
// all, no proxy is concerned, which shows after the time to settle.
func (s *observedProxies) add(now []proxies, at time.Time, settle time.Duration) bool {
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
func (s *observedProxies) missing() []string {
	var names []string
	for i, of := range s.last {
		enough := 0
		if s.enough != nil {
			enough = s.enough[i]
		}
		for _, id := range slices.Sorted(maps.Keys(of)) {
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
