package watch

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// report writes events as lines of JSON.
type report struct {
	encoder *json.Encoder
	err     error // of the first line that could not be written

	down  bool
	ready bool
	seen  seen
	last  mark
}

// seen counts what happened since the start.
type seen struct{ changes, nacks, disconnects int }

// mark is where a period begins.
type mark struct {
	at     time.Time
	seen   seen
	total  map[Kind]time.Duration
	closed []Window // since then
}

func newReport(out io.Writer, began time.Time) *report {
	return &report{encoder: json.NewEncoder(out), last: mark{at: began}}
}

// event is what every line begins with.
type event struct {
	Time  time.Time `json:"time"`
	Event string    `json:"event"`
}

type problemEvent struct {
	event
	Type  string `json:"type,omitempty"`
	Error string `json:"error"`
}

type routesEvent struct {
	event
	Host    string             `json:"host"`
	Table   string             `json:"table"`
	Weights map[string]float64 `json:"weights"`
	Routes  []Route            `json:"routes"`
}

type windowEvent struct {
	event
	windowFields
}

type windowFields struct {
	Kind    Kind      `json:"kind"`
	Host    string    `json:"host"`
	Cluster string    `json:"cluster"`
	Route   string    `json:"route"`
	Began   time.Time `json:"began"`
	Ended   time.Time `json:"ended,omitzero"`
	MS      float64   `json:"ms"`
}

type summaryEvent struct {
	event
	Ready     bool           `json:"ready"`
	Changes   int            `json:"changes"`
	NCMS      float64        `json:"nc_ms"`
	WarmingMS float64        `json:"warming_ms"`
	UHMS      float64        `json:"uh_ms"`
	NACKs     int            `json:"nacks"`
	Windows   int            `json:"windows"`
	Open      []windowFields `json:"open"`
}

func (r *report) write(line any) {
	if err := r.encoder.Encode(line); err != nil && r.err == nil {
		r.err = fmt.Errorf("write event: %w", err)
	}
}

// markEvent ends a period. Its times are those within the period.
type markEvent struct {
	event
	Mark        string         `json:"mark"`
	Ready       bool           `json:"ready"`
	Connected   bool           `json:"connected"`
	Seconds     float64        `json:"seconds"`
	Changes     int            `json:"changes"`
	NCMS        float64        `json:"nc_ms"`
	WarmingMS   float64        `json:"warming_ms"`
	UHMS        float64        `json:"uh_ms"`
	NACKs       int            `json:"nacks"`
	Disconnects int            `json:"disconnects"`
	Faults      []windowFields `json:"faults"` // those that ended, then those that are open, which have no end
}

// change writes what a response did. Changes are counted from the first full picture on.
func (r *report) change(at time.Time, c Change) {
	if c.Ready {
		r.ready = true
		r.write(event{at.UTC(), "ready"})
	} else if c.Changed && r.ready {
		r.seen.changes++
	}
	r.last.closed = append(r.last.closed, c.Closed...)
	for _, w := range c.Closed {
		r.write(windowEvent{event{at.UTC(), "window"}, fields(w, w.Ended)})
	}
	for _, routes := range c.Routes {
		line := routesEvent{event{at.UTC(), "routes"}, routes.Host, routes.Table, routes.Weights, routes.Routes}
		if line.Weights == nil {
			line.Weights = map[string]float64{}
		}
		if line.Routes == nil {
			line.Routes = []Route{}
		}
		r.write(line)
	}
}

func (r *report) refused(at time.Time, typeURL string, refusal error) {
	r.seen.nacks++
	r.write(problemEvent{event{at.UTC(), "nack"}, typeURL, refusal.Error()})
}

// disconnected writes why istiod does not answer, once for each time that it went away.
func (r *report) disconnected(at time.Time, err error) {
	if !r.down {
		r.seen.disconnects++
		r.write(problemEvent{event: event{at.UTC(), "disconnected"}, Error: err.Error()})
	}
	r.down = true
}

// connected writes that istiod answers again.
func (r *report) connected(at time.Time) {
	if r.down {
		r.write(event{at.UTC(), "connected"})
	}
	r.down = false
}

// mark writes what the period that ends now was like, and begins the next one.
func (r *report) mark(at time.Time, name string, p *Picture) {
	now := mark{at: at, seen: r.seen, total: map[Kind]time.Duration{}}
	within := func(kind Kind) float64 {
		now.total[kind] = p.Total(kind, at)
		return ms(now.total[kind] - r.last.total[kind])
	}
	faults := []windowFields{}
	for _, w := range r.last.closed {
		faults = append(faults, fields(w, w.Ended))
	}
	for _, w := range p.Open() {
		faults = append(faults, fields(w, at))
	}
	r.write(markEvent{
		event:     event{at.UTC(), "mark"},
		Mark:      name,
		Ready:     r.ready,
		Connected: r.ready && !r.down,
		Seconds:   at.Sub(r.last.at).Round(time.Millisecond).Seconds(),
		Changes:   r.seen.changes - r.last.seen.changes, NACKs: r.seen.nacks - r.last.seen.nacks,
		Disconnects: r.seen.disconnects - r.last.seen.disconnects,
		NCMS:        within(NoCluster), WarmingMS: within(Warming), UHMS: within(NoEndpoints), Faults: faults,
	})
	r.last = now
}

func (r *report) summary(at time.Time, p *Picture) {
	open := []windowFields{}
	for _, w := range p.Open() {
		open = append(open, fields(w, at))
	}
	r.write(summaryEvent{
		event:   event{at.UTC(), "summary"},
		Ready:   r.ready,
		Changes: r.seen.changes,
		NACKs:   r.seen.nacks,
		Windows: p.Windows(),
		Open:    open,
		NCMS:    ms(p.Total(NoCluster, at)), WarmingMS: ms(p.Total(Warming, at)), UHMS: ms(p.Total(NoEndpoints, at)),
	})
}

// fields describes a window as of until.
func fields(w Window, until time.Time) windowFields {
	f := windowFields{
		Kind:    w.Kind,
		Host:    w.Host,
		Cluster: w.Cluster,
		Route:   w.Route,
		Began:   w.Began.UTC(),
		MS:      ms(until.Sub(w.Began)),
	}
	if !w.Ended.IsZero() {
		f.Ended = w.Ended.UTC()
	}
	return f
}

// ms is in milliseconds, with three digits.
func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
