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

	down    bool
	ready   bool
	changes int
	nacks   int
}

func newReport(out io.Writer) *report { return &report{encoder: json.NewEncoder(out)} }

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

// change writes what a response did. Changes are counted from the first full picture on.
func (r *report) change(at time.Time, c Change) {
	if c.Ready {
		r.ready = true
		r.write(event{at.UTC(), "ready"})
	} else if c.Changed && r.ready {
		r.changes++
	}
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
	r.nacks++
	r.write(problemEvent{event{at.UTC(), "nack"}, typeURL, refusal.Error()})
}

// disconnected writes why istiod does not answer, once for each time that it went away.
func (r *report) disconnected(at time.Time, err error) {
	if !r.down {
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

func (r *report) summary(at time.Time, p *Picture) {
	open := []windowFields{}
	for _, w := range p.Open() {
		open = append(open, fields(w, at))
	}
	r.write(summaryEvent{
		event: event{at.UTC(), "summary"}, Ready: r.ready, Changes: r.changes, NACKs: r.nacks, Windows: p.Windows(), Open: open,
		NCMS: ms(p.Total(NoCluster, at)), WarmingMS: ms(p.Total(Warming, at)), UHMS: ms(p.Total(NoEndpoints, at)),
	})
}

// fields describes a window as of until.
func fields(w Window, until time.Time) windowFields {
	f := windowFields{
		Kind: w.Kind, Host: w.Host, Cluster: w.Cluster, Route: w.Route, Began: w.Began.UTC(), MS: ms(until.Sub(w.Began)),
	}
	if !w.Ended.IsZero() {
		f.Ended = w.Ended.UTC()
	}
	return f
}

// ms is in milliseconds, with three digits.
func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
