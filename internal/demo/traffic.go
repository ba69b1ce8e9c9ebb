package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// The ways of a request that are not what the lab's best one is.
const (
	viaXDS     = "xds"
	viaGateway = "gateway"
)

// request is what to send, and how often. Without a way it goes through the sidecar, or by gRPC's own client where
// there is none; without a protocol it is gRPC.
type request struct {
	Via      string
	Protocol string
	TLS      bool
	Host     string
	Method   string
	Path     string
	Headers  map[string]string
	Count    int
	Seen     bool
}

// answers are who answered, and how.
type answers struct {
	Total    int            `json:"total"`
	Answers  map[string]int `json:"answers"`
	Errors   map[string]int `json:"errors"`
	Attempts map[string]int `json:"attempts"`
	Seen     map[string]int `json:"seen"`
	Sample   struct {
		Path string `json:"path"`
	} `json:"sample"`
	LatencyMS struct {
		Min float64 `json:"min"`
		Max float64 `json:"max"`
	} `json:"latency_ms"`
	Seconds float64 `json:"seconds"`
}

// expectation is the share of each subset that answers; others must not answer at all.
type expectation map[string]struct{ share float64 }

// measure sends the requests, prints who answered as bars and fails when one went elsewhere than expected.
func (w *demoWorkspace) measure(ctx context.Context, title string, r request, want expectation) error {
	got, err := w.send(ctx, r)
	if err != nil {
		return err
	}
	fmt.Printf("\n  %s: %d requests in %.1f s\n", title, got.Total, got.Seconds)
	for _, name := range slices.Sorted(maps.Keys(got.Answers)) {
		share := float64(got.Answers[name]) / float64(got.Total)
		fmt.Printf("    %s  %s %6d  %5.1f %%\n", name, bar(share), got.Answers[name], share*100)
	}
	return errors.Join(want.unexpected(got), want.deviates(got))
}

// bar draws a share.
func bar(share float64) string {
	full := int(math.Round(share * 40))
	return strings.Repeat("█", full) + strings.Repeat("░", 40-full)
}

// unexpected returns an error when a request failed or was answered by a subset that takes no share.
func (e expectation) unexpected(got answers) error {
	if len(got.Errors) > 0 {
		return fmt.Errorf("requests failed: %v", got.Errors)
	}
	for name, n := range got.Answers {
		if _, ok := e[name]; !ok {
			return fmt.Errorf("%d requests were answered by %s, which the routes do not name", n, name)
		}
	}
	return nil
}

// deviates returns an error when a share is outside the interval in which 99.99 % of fair draws lie.
func (e expectation) deviates(got answers) error {
	const z = 3.8906 // 99.99 % of a normal distribution, which a binomial one of this size is
	for name, want := range e {
		mean := want.share * float64(got.Total)
		reach := z*math.Sqrt(mean*(1-want.share)) + 0.5
		if want.share == 1 {
			reach = 0
		}
		if n := float64(got.Answers[name]); math.Abs(n-mean) > reach {
			return fmt.Errorf("%s answered %.0f of %d requests, expected %.0f ± %.0f", name, n, got.Total, mean, reach)
		}
	}
	return nil
}

// check sends requests and judges the answers.
func (w *demoWorkspace) check(ctx context.Context, r request, judge func(answers) error) error {
	got, err := w.send(ctx, r)
	if err != nil {
		return err
	}
	fmt.Printf("    %d answered, %d failed%s, %.0f to %.0f ms\n", got.answered(), got.Total-got.answered(),
		got.causes(), got.LatencyMS.Min, got.LatencyMS.Max)
	return judge(got)
}

func (w *demoWorkspace) send(ctx context.Context, r request) (answers, error) {
	args := append(slices.Clone(w.call[1:]), "--json", "--via", cmp.Or(r.Via, w.via()), "--protocol",
		cmp.Or(r.Protocol, "grpc"), "--host", cmp.Or(r.Host, host), "--method", r.Method, "--path", r.Path,
		"-n", strconv.Itoa(r.Count))
	if r.TLS {
		args = append(args, "--tls")
	}
	if r.Seen {
		args = append(args, "--seen")
	}
	for name, value := range r.Headers {
		args = append(args, "--header", name+"="+value)
	}
	command := exec.CommandContext(ctx, w.call[0], args...)
	var stdout bytes.Buffer
	command.Stdout, command.Stderr = &stdout, os.Stderr
	// Failed requests are an answer too: what counts is whether there is one.
	failure := command.Run()
	var got answers
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		return got, errors.Join(fmt.Errorf("send requests: %w", err), failure)
	}
	return got, nil
}

func (a answers) answered() int {
	n := 0
	for _, count := range a.Answers {
		n += count
	}
	return n
}

func (a answers) causes() string { return inBrackets(slices.Sorted(maps.Keys(a.Errors))) }

// inBrackets says causes behind what they have led to.
func inBrackets(causes []string) string {
	if len(causes) == 0 {
		return ""
	}
	return " (" + strings.Join(causes, "; ") + ")"
}

func (a answers) succeeded() error {
	if a.answered() != a.Total {
		return fmt.Errorf("%d of %d requests failed%s", a.Total-a.answered(), a.Total, a.causes())
	}
	return nil
}

// failed returns an error unless every request failed with one of the status codes.
func (a answers) failed(codes ...string) error {
	n := 0
	for text, count := range a.Errors {
		if code, _, _ := strings.Cut(text, ":"); slices.Contains(codes, code) {
			n += count
		}
	}
	if n != a.Total {
		return fmt.Errorf("%d of %d requests ended with %s, expected all%s", n, a.Total, strings.Join(codes, " or "),
			a.causes())
	}
	return nil
}

// timedOut returns an error unless every request of gRPC was too late. Envoy says that it was not available; the
// server, to which it passes the deadline on, may be quicker to say that it has passed.
func (a answers) timedOut() error { return a.failed("DeadlineExceeded", "Unavailable") }

// tookBetween returns an error unless every request took between so many milliseconds.
func (a answers) tookBetween(least, most float64) error {
	if a.LatencyMS.Min < least || a.LatencyMS.Max > most {
		return fmt.Errorf("requests took %.0f to %.0f ms, expected %.0f to %.0f", a.LatencyMS.Min, a.LatencyMS.Max,
			least, most)
	}
	return nil
}

// attempted returns an error unless every request was answered at that attempt.
func (a answers) attempted(attempt string) error {
	if a.Attempts[attempt] != a.Total {
		return fmt.Errorf("requests were answered at attempts %v, expected all at attempt %s", a.Attempts, attempt)
	}
	return nil
}
