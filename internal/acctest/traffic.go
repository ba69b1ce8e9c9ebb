package acctest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// Patience is how long [Lab.Eventually] waits for answers to be as wanted. Routes take about 100 ms to arrive; while
// other tests change other routes all the time, istiod may put a push off for up to 10 seconds.
const Patience = 20 * time.Second

// leastTries is how often [Lab.Eventually] asks at least: on a busy machine one time of 200 calls takes all of
// [Patience], and what one time says may be chance.
const leastTries = 4

// SayHello is the method that is called when a request names none.
const SayHello = "/helloworld.Greeter/SayHello"

// Request is a number of equal calls. The zero value is 200 calls of [SayHello] to the test's own host.
type Request struct {
	// Via is what routes: gRPC's own client unless it says "sidecar" or "gateway", the Envoys of an embedded lab.
	// Protocol is "grpc" unless it says "http1" or "http2", and TLS is for the gateway.
	Via      string `json:"via,omitempty"`
	Protocol string `json:"protocol,omitempty"`
	TLS      bool   `json:"tls,omitempty"`
	// Host and Port say where to; by default the test's own host and the scenario's port.
	Host string `json:"host,omitempty"`
	Port int    `json:"port,omitempty"`
	// Method is the gRPC method, as /package.Service/Method, or that of HTTP, which has a Path too.
	Method  string            `json:"method,omitempty"`
	Path    string            `json:"path,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	// Values are further values of headers, sent after those of Headers.
	Values map[string][]string `json:"values,omitempty"`
	Count  int                 `json:"count"`
	// Concurrency is the number of calls at a time.
	Concurrency int `json:"concurrency,omitempty"`
	// Rate is the number of calls per second, 0 for as many as there can be. Duration, such as "10s", ends the calls;
	// with it and without Count there is no other end.
	Rate     float64 `json:"rate,omitempty"`
	Duration string  `json:"duration,omitempty"`
	// Timeout is how long a single call may take, such as "2s".
	Timeout string `json:"timeout,omitempty"`
	// Namespace and Labels are those of the pod that calls; labels are written `app=x,version=y`.
	Namespace string `json:"namespace,omitempty"`
	Labels    string `json:"labels,omitempty"`
	// Seen asks the servers of HTTP which versions received the calls, mirrored ones too.
	Seen bool `json:"seen,omitempty"`
}

// Answers say who answered. Every call is in exactly one of Versions and Errors.
type Answers struct {
	Total int `json:"total"`
	// Versions counts answers by the version that gave them, and those that an Envoy gave by itself by the status and
	// where it leads.
	Versions map[string]int `json:"answers"`
	// Errors counts failed calls by "Code: message", or by "503: text".
	Errors map[string]int `json:"errors"`
	// Endpoints counts answers by the address that gave them.
	Endpoints map[string]int `json:"endpoints"`
	// Attempts counts answers by the number of attempts that they took.
	Attempts map[string]int `json:"attempts"`
	// Seen counts the calls that servers of HTTP received by their version.
	Seen map[string]int `json:"seen"`
	// Sample is what a server of HTTP received last.
	Sample struct {
		Path      string              `json:"path"`
		Authority string              `json:"authority"`
		Headers   map[string][]string `json:"headers"`
	} `json:"sample"`
	// Latency is in milliseconds: min, p50, p90, p99, max.
	Latency map[string]float64 `json:"latency_ms"`
	Seconds float64            `json:"seconds"`
	// Problem is why nothing was sent.
	Problem string `json:"error"`
}

// String says who answered, and what went wrong.
func (a Answers) String() string {
	return fmt.Sprintf("%d calls: answers %v, errors %v, attempts %v, latency %v", a.Total, a.Versions, a.Errors,
		a.Attempts, a.Latency)
}

// traffic is a process that sends calls for one test. It starts with the first request.
type traffic struct {
	command []string
	mutex   sync.Mutex
	in      io.WriteCloser
	out     *bufio.Reader
	stderr  bytes.Buffer
}

// Send sends calls and returns who answered.
func (l *Lab) Send(request Request) Answers {
	l.t.Helper()
	l.traffic.mutex.Lock()
	defer l.traffic.mutex.Unlock()
	if l.traffic.in == nil {
		l.startTraffic()
	}
	line, err := json.Marshal(l.complete(request))
	if err != nil {
		l.t.Fatalf("render request: %v", err)
	}
	var answers Answers
	if _, err = l.traffic.in.Write(append(line, '\n')); err == nil {
		if line, err = l.traffic.out.ReadBytes('\n'); err == nil {
			err = json.Unmarshal(line, &answers)
		}
	}
	if err != nil {
		l.t.Fatalf("send calls: %v\n%s", err, l.traffic.stderr.String())
	}
	if answers.Problem != "" {
		l.t.Fatalf("send calls: %s", answers.Problem)
	}
	return answers
}

func (l *Lab) complete(request Request) Request {
	if request.Host == "" {
		request.Host = l.Host
	}
	if request.Count == 0 && request.Duration == "" {
		request.Count = 200
	}
	if request.Timeout == "" {
		request.Timeout = "5s"
	}
	return request
}

func (l *Lab) startTraffic() {
	l.t.Helper()
	command := exec.Command(l.traffic.command[0], slices.Concat(l.traffic.command[1:], []string{"--batch"})...)
	command.Stderr = &l.traffic.stderr
	in, err := command.StdinPipe()
	if err != nil {
		l.t.Fatalf("start calls: %v", err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		l.t.Fatalf("start calls: %v", err)
	}
	if err := command.Start(); err != nil {
		l.t.Fatalf("start calls: %v", err)
	}
	l.traffic.in, l.traffic.out = in, bufio.NewReader(out)
	l.t.Cleanup(func() {
		// The end of its input ends the process.
		_ = in.Close()
		_ = command.Wait()
	})
}

// Background sends calls until the function that it returns is called, which returns who answered in all that time.
func (l *Lab) Background(request Request) func() Answers {
	l.t.Helper()
	other := *l
	other.traffic = &traffic{command: l.traffic.command}
	// The client learns the routes before the first call counts.
	other.Send(Request{Host: request.Host, Count: 1})
	request.Duration = "200ms"
	stop, total := make(chan struct{}), make(chan Answers, 1)
	go func() {
		sum := Answers{Versions: map[string]int{}, Errors: map[string]int{}}
		for {
			select {
			case <-stop:
				total <- sum
				return
			default:
			}
			answers := other.Send(request)
			sum.Total += answers.Total
			addCounts(sum.Versions, answers.Versions)
			addCounts(sum.Errors, answers.Errors)
		}
	}()
	return func() Answers {
		close(stop)
		return <-total
	}
}

func addCounts(to, from map[string]int) {
	for key, n := range from {
		to[key] += n
	}
}

// Want judges answers; it returns what is wrong with them.
type Want func(Answers) error

// Eventually sends calls until the answers are as wanted, and fails the test when they are not in time.
func (l *Lab) Eventually(request Request, want Want) {
	l.t.Helper()
	if err := l.poll(request, want); err != nil {
		l.t.Fatal(err)
	}
}

// Traffic is [Lab.Eventually] as a check of a step.
func (l *Lab) Traffic(request Request, want Want) resource.TestCheckFunc {
	return l.Live(func() error { return l.poll(request, want) })
}

func (l *Lab) poll(request Request, want Want) error {
	deadline := time.Now().Add(Patience)
	for tries := 1; ; tries++ {
		answers := l.Send(request)
		err := want(answers)
		if err == nil {
			return nil
		}
		if tries >= leastTries && time.Now().After(deadline) {
			return fmt.Errorf("calls of %+v: %w; %s", request, err, answers)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// Only wants every call to be answered by one version.
func Only(version string) Want { return Shares(map[string]float64{version: 100}) }

// Shares wants every call to be answered, and each version to have its share, in percent. A count may differ from the
// share by as much as happens by chance in 99.99 of 100 runs.
func Shares(percent map[string]float64) Want {
	return func(a Answers) error {
		if len(a.Errors) > 0 {
			return fmt.Errorf("want no failed call")
		}
		versions := maps.Clone(percent)
		for version := range a.Versions {
			versions[version] += 0
		}
		for _, version := range slices.Sorted(maps.Keys(versions)) {
			if !plausible(a.Versions[version], a.Total, versions[version]/100) {
				return fmt.Errorf("want %v %% for %s", versions[version], version)
			}
		}
		return nil
	}
}

// Failing wants every call to fail with a gRPC code, such as "Unavailable".
func Failing(code string) Want { return FailingShare(code, 100) }

// FailingShare wants a share of the calls, in percent, to fail with a gRPC code, and all others to be answered.
func FailingShare(code string, percent float64) Want {
	return func(a Answers) error {
		failed := 0
		for text, n := range a.Errors {
			if !strings.HasPrefix(text, code+":") {
				return fmt.Errorf("want no other error than %s", code)
			}
			failed += n
		}
		if !plausible(failed, a.Total, percent/100) {
			return fmt.Errorf("want %v %% to fail with %s", percent, code)
		}
		return nil
	}
}

// plausible reports whether k of n is inside the 99.99 % interval of the binomial distribution with probability p.
func plausible(k, n int, p float64) bool {
	switch {
	case p <= 0:
		return k == 0
	case p >= 1:
		return k == n
	}
	atMost, atLeast := 0.0, 0.0
	for i := range n + 1 {
		probability := binomial(i, n, p)
		if i <= k {
			atMost += probability
		}
		if i >= k {
			atLeast += probability
		}
	}
	const tail = 0.00005
	return atMost > tail && atLeast > tail
}

// binomial returns the probability of k successes in n tries.
func binomial(k, n int, p float64) float64 {
	return math.Exp(logFactorial(n) - logFactorial(k) - logFactorial(n-k) + float64(k)*math.Log(p) +
		float64(n-k)*math.Log1p(-p))
}

func logFactorial(n int) float64 {
	value, _ := math.Lgamma(float64(n) + 1)
	return value
}
