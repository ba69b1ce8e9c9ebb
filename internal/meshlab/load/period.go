package load

import (
	"math"
	"strings"
	"sync"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/call"
)

// UnknownCluster is in the error of a call that grpc-go lost by itself: it had taken the new routes before its
// balancer knew a cluster of theirs. No order of writes avoids it.
const UnknownCluster = "unknown cluster selected for RPC"

// How many different errors of a stream a report names, and how long each may be.
const (
	maxErrors      = 20
	maxErrorLength = 400
)

// counts are those of one stream in one period. Every call that was sent is in exactly one of answered, unknown,
// errors and others once it has ended.
type counts struct {
	stream    Stream
	sent      int
	answered  int
	unknown   int
	versions  map[string]int
	endpoints map[string]int
	errors    map[string]int // by "Code: message"
	others    int            // with a message beyond maxErrors
	slowest   time.Duration
}

func newCounts(stream Stream) *counts {
	return &counts{stream: stream, versions: map[string]int{}, endpoints: map[string]int{}, errors: map[string]int{}}
}

func (c *counts) end(answer call.Answer, err error, took time.Duration) {
	c.slowest = max(c.slowest, took)
	if err == nil {
		c.answered++
		c.versions[answer.Version]++
		c.endpoints[answer.Endpoint]++
		return
	}
	text := call.Describe(err)
	if strings.Contains(text, UnknownCluster) {
		c.unknown++
		return
	}
	if len(text) > maxErrorLength {
		text = strings.ToValidUTF8(text[:maxErrorLength], "") + "…"
	}
	c.fail(text, 1)
}

func (c *counts) fail(text string, n int) {
	if _, known := c.errors[text]; !known && len(c.errors) == maxErrors {
		c.others += n
		return
	}
	c.errors[text] += n
}

func (c *counts) add(other *counts) {
	c.stream = other.stream
	c.sent += other.sent
	c.answered += other.answered
	c.unknown += other.unknown
	c.others += other.others
	c.slowest = max(c.slowest, other.slowest)
	for version, n := range other.versions {
		c.versions[version] += n
	}
	for endpoint, n := range other.endpoints {
		c.endpoints[endpoint] += n
	}
	for text, n := range other.errors {
		c.fail(text, n)
	}
}

// period counts the calls that were sent between two marks, whenever they end.
type period struct {
	began    time.Time
	inFlight sync.WaitGroup

	mu      sync.Mutex
	order   []string // of the streams, as they were given
	streams map[string]*counts
	skipped int
}

func newPeriod(began time.Time) *period { return &period{began: began, streams: map[string]*counts{}} }

// expect makes a report name the stream, also when none of its calls is sent.
func (p *period) expect(stream Stream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of(stream)
}

// of returns the counts of a stream. The caller holds the lock.
func (p *period) of(stream Stream) *counts {
	c := p.streams[stream.Name]
	if c == nil {
		c = newCounts(stream)
		p.streams[stream.Name] = c
		p.order = append(p.order, stream.Name)
	}
	return c
}

func (p *period) begin(stream Stream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of(stream).sent++
	p.inFlight.Add(1)
}

func (p *period) end(stream Stream, answer call.Answer, err error, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of(stream).end(answer, err, took)
	p.inFlight.Done()
}

func (p *period) skip(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.skipped += n
}

// add takes in the counts of a period that is over.
func (p *period) add(other *period) {
	p.skipped += other.skipped
	for _, name := range other.order {
		p.of(other.streams[name].stream).add(other.streams[name])
	}
}

// Report is what a period, or the whole run, counted. Failed is without UnknownCluster: sent is the sum of answered,
// failed and unknown_cluster.
type Report struct {
	Mark           string         `json:"mark,omitempty"`
	Total          bool           `json:"total,omitempty"`
	Ended          string         `json:"ended,omitempty"` // with Total: why
	Seconds        float64        `json:"seconds"`
	Sent           int            `json:"sent"`
	Answered       int            `json:"answered"`
	Failed         int            `json:"failed"`
	UnknownCluster int            `json:"unknown_cluster"`
	Skipped        int            `json:"skipped"` // due, but not sent: too many in flight, or this process had no time
	Rate           float64        `json:"rate"`    // sent a second
	MaxMS          float64        `json:"max_ms"`
	Streams        []StreamReport `json:"streams"`
}

// StreamReport is the part of one stream.
type StreamReport struct {
	Stream
	Sent           int            `json:"sent"`
	Answered       int            `json:"answered"`
	Failed         int            `json:"failed"`
	UnknownCluster int            `json:"unknown_cluster"`
	Versions       map[string]int `json:"versions"`
	Endpoints      map[string]int `json:"endpoints"`
	Errors         map[string]int `json:"errors"` // by "Code: message"
	OtherErrors    int            `json:"other_errors,omitempty"`
	MaxMS          float64        `json:"max_ms"`
}

// report says what was counted until a time. No call of the period may be in flight.
func (p *period) report(until time.Time) Report {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := Report{
		Seconds: math.Round(until.Sub(p.began).Seconds()*1000) / 1000,
		Skipped: p.skipped,
		Streams: []StreamReport{},
	}
	for _, name := range p.order {
		c := p.streams[name]
		s := StreamReport{
			Stream: c.stream, Sent: c.sent, Answered: c.answered, UnknownCluster: c.unknown, Versions: c.versions,
			Endpoints: c.endpoints,
			Errors:    c.errors, OtherErrors: c.others, MaxMS: ms(c.slowest), Failed: c.sent - c.answered - c.unknown,
		}
		r.Streams = append(r.Streams, s)
		r.Sent += s.Sent
		r.Answered += s.Answered
		r.Failed += s.Failed
		r.UnknownCluster += s.UnknownCluster
		r.MaxMS = max(r.MaxMS, s.MaxMS)
	}
	if r.Seconds > 0 {
		r.Rate = math.Round(float64(r.Sent)/r.Seconds*10) / 10
	}
	return r
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
