package call

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/echo"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/greeter"
)

// Request says what to send, how often and how fast. What it leaves out of where to, and how, is as Proxies.Complete
// says.
type Request struct {
	Via      Via               `json:"via"`
	Protocol Protocol          `json:"protocol"`
	TLS      bool              `json:"tls"`
	Host     string            `json:"host"`
	Port     int               `json:"port"`
	Method   string            `json:"method"`
	Path     string            `json:"path"`
	Headers  map[string]string `json:"headers"`
	// Values are further values of headers, sent after those of Headers.
	Values      map[string][]string `json:"values"`
	Count       int                 `json:"count"` // 0: as many as fit into Duration
	Concurrency int                 `json:"concurrency"`
	Rate        float64             `json:"rate"`     // calls a second, 0: as fast as it goes
	Duration    Duration            `json:"duration"` // 0: until Count is reached
	Timeout     Duration            `json:"timeout"`  // of each call
	Namespace   string              `json:"namespace"`
	Labels      string              `json:"labels"`
	// Seen makes the servers of HTTP tell which versions received the requests, also those that a proxy mirrored.
	Seen bool `json:"seen"`
}

// target returns where to, and what, before it is complete.
func (r Request) target() (Target, Message) {
	return Target{Via: r.Via, Protocol: r.Protocol, TLS: r.TLS, Host: r.Host, Port: r.Port},
		Message{Method: r.Method, Path: r.Path}
}

// validate says what is wrong with how often and how fast.
func (r Request) validate() error {
	switch {
	case r.Count < 0 || r.Rate < 0 || r.Duration < 0:
		return fmt.Errorf("count, rate and duration must not be negative")
	case r.Count == 0 && r.Duration == 0:
		return fmt.Errorf("count or duration must be given")
	case r.Concurrency < 1:
		return fmt.Errorf("concurrency must be at least 1, got %d", r.Concurrency)
	case r.Timeout <= 0:
		return fmt.Errorf("timeout must be positive")
	case r.Seen && (r.Protocol == "" || r.Protocol == GRPC):
		return fmt.Errorf("who has seen a request is told by the servers of HTTP only")
	}
	return nil
}

// Run sends the request's calls and returns who answered. When ctx ends it sends no further call, waits for those in
// progress and returns the report of what was sent.
func (c *Clients) Run(ctx context.Context, r Request) (Report, error) {
	target, message, err := c.source.Proxies.Complete(r.target())
	if err == nil {
		err = r.validate()
	}
	if err != nil {
		return Report{}, err
	}
	channel, err := c.channel(Identity{Namespace: r.Namespace, Labels: r.Labels}, target)
	if err != nil {
		return Report{}, err
	}
	if r.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(r.Duration))
		defer cancel()
	}
	s := sender{request: r, message: message, channel: channel, start: time.Now()}
	tallies := make([]*tally, r.Concurrency)
	var wg sync.WaitGroup
	for i := range tallies {
		tallies[i] = newTally()
		wg.Go(func() { s.work(ctx, tallies[i]) })
	}
	wg.Wait()
	done := report(tallies, time.Since(s.start))
	if r.Seen {
		done.Seen = seen(context.WithoutCancel(ctx), done, s.countName())
	}
	return done, nil
}

// sender is shared by the workers of one Run.
type sender struct {
	request Request
	message Message
	channel Channel
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
	message := s.message
	message.Headers = s.headers(n)
	answer, err := s.channel.Send(ctx, message)
	t.latencies = append(t.latencies, time.Since(begin))
	if err != nil {
		t.errors[Describe(err)]++
		return
	}
	t.sample = answer.Body
	t.answers[answer.Version]++
	t.endpoints[answer.Endpoint]++
	if answer.Attempts != "" {
		t.attempts[answer.Attempts]++
	}
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
	if s.request.Seen {
		md.Set(echo.CountHeader, s.countName())
	}
	return md
}

// countName is the name under which the servers count the requests of this run.
func (s *sender) countName() string { return fmt.Sprintf("%d-%d", os.Getpid(), s.start.UnixNano()) }
