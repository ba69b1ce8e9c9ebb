package call

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/greeter"
)

// Request says what to send, how often and how fast.
type Request struct {
	Host    string            `json:"host"`
	Port    int               `json:"port"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"headers"`
	// Values are further values of headers, sent after those of Headers.
	Values      map[string][]string `json:"values"`
	Count       int                 `json:"count"` // 0: as many as fit into Duration
	Concurrency int                 `json:"concurrency"`
	Rate        float64             `json:"rate"`     // calls a second, 0: as fast as it goes
	Duration    Duration            `json:"duration"` // 0: until Count is reached
	Timeout     Duration            `json:"timeout"`  // of each call
	Namespace   string              `json:"namespace"`
	Labels      string              `json:"labels"`
}

// Validate says what is wrong with the request.
func (r Request) Validate() error {
	switch {
	case r.Host == "":
		return fmt.Errorf("host is missing")
	case !strings.HasPrefix(r.Method, "/") || strings.Count(r.Method, "/") < 2:
		return fmt.Errorf("method %q: want /package.Service/Method", r.Method)
	case r.Count < 0 || r.Rate < 0 || r.Duration < 0:
		return fmt.Errorf("count, rate and duration must not be negative")
	case r.Count == 0 && r.Duration == 0:
		return fmt.Errorf("count or duration must be given")
	case r.Concurrency < 1:
		return fmt.Errorf("concurrency must be at least 1, got %d", r.Concurrency)
	case r.Timeout <= 0:
		return fmt.Errorf("timeout must be positive")
	}
	return nil
}

// Run sends the request's calls and returns who answered. When ctx ends it sends no further call, waits for those in
// progress and returns the report of what was sent.
func (c *Clients) Run(ctx context.Context, r Request) (Report, error) {
	if err := r.Validate(); err != nil {
		return Report{}, err
	}
	channel, err := c.channel(Identity{Namespace: r.Namespace, Labels: r.Labels}, r.Host, r.Port)
	if err != nil {
		return Report{}, err
	}
	if r.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(r.Duration))
		defer cancel()
	}
	s := sender{request: r, channel: channel, start: time.Now()}
	tallies := make([]*tally, r.Concurrency)
	var wg sync.WaitGroup
	for i := range tallies {
		tallies[i] = newTally()
		wg.Go(func() { s.work(ctx, tallies[i]) })
	}
	wg.Wait()
	return report(tallies, time.Since(s.start)), nil
}

// sender is shared by the workers of one Run.
type sender struct {
	request Request
	channel *grpc.ClientConn
	start   time.Time
	taken   atomic.Int64
}

// work takes the next call until there is none left.
func (s *sender) work(ctx context.Context, t *tally) {
	for {
		n := s.taken.Add(1)
		if s.request.Count > 0 && n > int64(s.request.Count) {
			return
		}
		if s.request.Rate > 0 {
			due := s.start.Add(time.Duration(float64(n-1) / s.request.Rate * float64(time.Second)))
			select {
			case <-ctx.Done():
			case <-time.After(time.Until(due)):
			}
		}
		if ctx.Err() != nil {
			return
		}
		s.call(ctx, n, t)
	}
}

// call does not end with the context of Run: a call that has begun is waited for.
func (s *sender) call(ctx context.Context, n int64, t *tally) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(s.request.Timeout))
	defer cancel()
	begin := time.Now()
	answer, err := Send(ctx, s.channel, s.request.Method, s.headers(n))
	t.latencies = append(t.latencies, time.Since(begin))
	if err != nil {
		t.errors[fmt.Sprintf("%s: %s", status.Code(err), status.Convert(err).Message())]++
		return
	}
	t.answers[answer.Version]++
	t.endpoints[answer.Endpoint]++
	if answer.Attempts != "" {
		t.attempts[answer.Attempts]++
	}
}

// Answer is what a greeter says about itself and the call.
type Answer struct {
	Version  string
	Endpoint string // address and port
	Attempts string // that the answer needed; empty unless the call counts them
}

// Send sends one request and returns who answered. An error is a gRPC status.
func Send(ctx context.Context, channel *grpc.ClientConn, method string, headers metadata.MD) (Answer, error) {
	var header metadata.MD
	ctx = metadata.NewOutgoingContext(ctx, headers)
	if err := channel.Invoke(
		ctx, method, wrapperspb.String("meshlab"), &greeter.Message{}, grpc.Header(&header),
	); err != nil {
		return Answer{}, err
	}
	return Answer{
		Version:  value(header, greeter.VersionHeader),
		Endpoint: value(header, greeter.AddressHeader),
		Attempts: value(header, greeter.AttemptsHeader),
	}, nil
}

// headers adds a call id of its own to a call that counts attempts and has none.
func (s *sender) headers(n int64) metadata.MD {
	md := metadata.New(s.request.Headers)
	for name, values := range s.request.Values {
		md.Append(name, values...)
	}
	if len(md.Get(greeter.FailFirstHeader)) > 0 && len(md.Get(greeter.CallIDHeader)) == 0 {
		md.Set(greeter.CallIDHeader, fmt.Sprintf("%d-%d", s.start.UnixNano(), n))
	}
	return md
}

func value(md metadata.MD, key string) string {
	if values := md.Get(key); len(values) > 0 {
		return values[0]
	}
	return ""
}
