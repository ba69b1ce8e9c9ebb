package call

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// Report says who answered. Every call is in exactly one of Answers and Errors.
type Report struct {
	Total     int                `json:"total"`
	Answers   map[string]int     `json:"answers"`              // by the version that answered
	Errors    map[string]int     `json:"errors"`               // by "Code: message"
	Endpoints map[string]int     `json:"endpoints"`            // by the address that answered
	Attempts  map[string]int     `json:"attempts,omitempty"`   // by the number of attempts that the answer needed
	Seen      map[string]int     `json:"seen,omitempty"`       // by the version that received them, mirrored ones too
	Sample    json.RawMessage    `json:"sample,omitempty"`     // the last answer of HTTP: what the server received
	Latency   map[string]float64 `json:"latency_ms,omitempty"` // min, p50, p90, p99, max
	Seconds   float64            `json:"seconds"`
}

// tally is what one worker counted.
type tally struct {
	answers, errors, endpoints, attempts map[string]int
	latencies                            []time.Duration
	sample                               []byte
}

func newTally() *tally {
	return &tally{
		answers:   map[string]int{},
		errors:    map[string]int{},
		endpoints: map[string]int{},
		attempts:  map[string]int{},
	}
}

func report(tallies []*tally, took time.Duration) Report {
	r := Report{
		Answers: map[string]int{}, Errors: map[string]int{}, Endpoints: map[string]int{}, Attempts: map[string]int{},
		Seconds: took.Seconds(),
	}
	var latencies []time.Duration
	for _, t := range tallies {
		add(r.Answers, t.answers)
		add(r.Errors, t.errors)
		add(r.Endpoints, t.endpoints)
		add(r.Attempts, t.attempts)
		latencies = append(latencies, t.latencies...)
		if json.Valid(t.sample) {
			r.Sample = bytes.TrimSpace(t.sample)
		}
	}
	r.Total = len(latencies)
	r.Latency = quantiles(latencies)
	return r
}

func add(to, from map[string]int) {
	for key, n := range from {
		to[key] += n
	}
}

func quantiles(latencies []time.Duration) map[string]float64 {
	if len(latencies) == 0 {
		return nil
	}
	slices.Sort(latencies)
	at := func(q float64) float64 {
		index := int(math.Ceil(q*float64(len(latencies)))) - 1
		return float64(latencies[max(0, index)].Microseconds()) / 1000
	}
	return map[string]float64{"min": at(0), "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "max": at(1)}
}

// barWidth is the number of characters of a full bar.
const barWidth = 30

// Print writes the report for people: one bar per version and per kind of error.
func (r Report) Print(w io.Writer) {
	width := 0
	for key := range r.Answers {
		width = max(width, len(key))
	}
	for _, key := range slices.Sorted(maps.Keys(r.Answers)) {
		fmt.Fprintf(w, "%-*s  %s\n", width, key, bar(r.Answers[key], r.Total))
	}
	for _, key := range byCount(r.Errors) {
		fmt.Fprintf(w, "%-*s  %s  %s\n", width, "✗", bar(r.Errors[key], r.Total), key)
	}
	for _, key := range slices.Sorted(maps.Keys(r.Attempts)) {
		fmt.Fprintf(w, "answered at attempt %s: %d\n", key, r.Attempts[key])
	}
	for _, key := range slices.Sorted(maps.Keys(r.Seen)) {
		fmt.Fprintf(w, "received by %s: %d\n", key, r.Seen[key])
	}
	if r.Total > 0 {
		fmt.Fprintf(w, "%d calls in %.1f s, half of them within %.1f ms, the slowest %.0f ms\n",
			r.Total, r.Seconds, r.Latency["p50"], r.Latency["max"])
	}
}

func bar(n, total int) string {
	full := int(math.Round(float64(barWidth*n) / float64(total)))
	return fmt.Sprintf("%s%s %6d of %d  %5.1f %%", strings.Repeat("█", full), strings.Repeat("░", barWidth-full),
		n, total,
		100*float64(n)/float64(total))
}

func byCount(counts map[string]int) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
}

// Duration is a time span that JSON writes as Go does: "1.5s".
type Duration time.Duration

// UnmarshalJSON reads a span such as "1.5s".
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("parse duration: %w", err)
	}
	span, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("parse duration: %w", err)
	}
	*d = Duration(span)
	return nil
}

// MarshalJSON writes the span as text.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }
