package load

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/call"
)

// Options say how to send.
type Options struct {
	Source   call.Source
	Identity call.Identity

	Rate        float64       // calls a second, of all streams together
	Channels    int           // to each host; each has a connection to istiod of its own
	MaxInFlight int           // calls that are due beyond it are skipped
	Timeout     time.Duration // of each call
	ReadyWait   time.Duration // that new channels get before they are used
	Defaults    Stream        // of where to and how, for a stream that does not say it
}

// maxBehind is how late a call may be sent. What is due longer is skipped: a burst after a moment without processor
// time is a load that nobody asked for.
const maxBehind = 250 * time.Millisecond

// channel is one to a host, with the calls that are using it.
type channel struct {
	call.Channel
	users sync.WaitGroup
}

// route is a stream with the channels that it uses in turn.
type route struct {
	Stream
	message  call.Message
	channels []*channel
	next     int
}

// sender sends the calls that are due. Only one goroutine may change its streams.
type sender struct {
	o        Options
	clients  []*call.Clients // one for each channel to a host
	inFlight atomic.Int64
	closing  sync.WaitGroup
	channels map[call.Target][]*channel

	mu      sync.Mutex
	routes  []*route
	turns   turns
	current *period
}

func newSender(o Options, began time.Time) *sender {
	s := &sender{o: o, channels: map[call.Target][]*channel{}, current: newPeriod(began)}
	for range o.Channels {
		s.clients = append(s.clients, call.NewClients(o.Source))
	}
	return s
}

// use makes the streams those that are sent, and returns the targets whose new channels were not connected in time.
// Until then the old ones are sent. Channels that no stream needs are closed after their last call.
func (s *sender) use(ctx context.Context, streams []Stream) (late []string, err error) {
	channels := map[call.Target][]*channel{}
	var opened []*channel
	var news []call.Target
	for _, stream := range streams {
		target := stream.target()
		if channels[target] != nil {
			continue
		}
		if channels[target] = s.channels[target]; channels[target] != nil {
			continue
		}
		fresh, err := s.open(stream)
		opened = append(opened, fresh...)
		if err != nil {
			s.retire(opened)
			return nil, err
		}
		channels[target] = fresh
		news = append(news, target)
	}
	late = s.connect(ctx, news, channels)

	routes := make([]*route, 0, len(streams))
	for _, stream := range streams {
		message := call.Message{Method: stream.Method, Path: stream.Path, Headers: metadata.New(stream.Headers)}
		routes = append(routes, &route{Stream: stream, message: message, channels: channels[stream.target()]})
	}
	s.mu.Lock()
	s.routes, s.turns = routes, newTurns(streams)
	for _, stream := range streams {
		s.current.expect(stream)
	}
	s.mu.Unlock()
	for target, old := range s.channels {
		if channels[target] == nil {
			s.retire(old)
		}
	}
	s.channels = channels
	return late, nil
}

func (s *sender) open(stream Stream) ([]*channel, error) {
	var opened []*channel
	for _, clients := range s.clients {
		connection, err := clients.Open(s.o.Identity, stream.target())
		if err != nil {
			return opened, err
		}
		opened = append(opened, &channel{Channel: connection})
	}
	return opened, nil
}

// connect returns those targets of which a channel is not ready in time.
func (s *sender) connect(ctx context.Context, targets []call.Target, channels map[call.Target][]*channel) []string {
	ctx, cancel := context.WithTimeout(ctx, s.o.ReadyWait)
	defer cancel()
	var connecting sync.WaitGroup
	var mu sync.Mutex
	missed := map[call.Target]bool{}
	for _, target := range targets {
		for _, c := range channels[target] {
			connecting.Go(func() {
				if !c.Ready(ctx) {
					mu.Lock()
					defer mu.Unlock()
					missed[target] = true
				}
			})
		}
	}
	connecting.Wait()
	var late []string
	for _, target := range targets {
		if missed[target] {
			late = append(late, target.String())
		}
	}
	return late
}

// retire closes channels that get no new calls.
func (s *sender) retire(channels []*channel) {
	for _, c := range channels {
		s.closing.Go(func() {
			c.users.Wait()
			_ = c.Close() // nothing is sent by it any more
		})
	}
}

// run starts each call when it is due, whatever the earlier ones do, until ctx ends.
func (s *sender) run(ctx context.Context) {
	gap := time.Duration(float64(time.Second) / s.o.Rate)
	due := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		now := time.Now()
		if behind := now.Sub(due); behind > maxBehind {
			n := behind / gap
			s.skip(int(n))
			due = due.Add(n * gap)
		}
		for ; !due.After(now); due = due.Add(gap) {
			s.start(ctx)
		}
		timer.Reset(time.Until(due))
	}
}

func (s *sender) skip(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.routes) > 0 {
		s.current.skip(n)
	}
}

// start sends one call of the stream whose turn it is. The call does not end with ctx.
func (s *sender) start(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.routes) == 0 {
		return
	}
	if s.inFlight.Load() >= int64(s.o.MaxInFlight) {
		s.current.skip(1)
		return
	}
	r, p := s.routes[s.turns.next()], s.current
	c := r.channels[r.next]
	r.next = (r.next + 1) % len(r.channels)
	s.inFlight.Add(1)
	c.users.Add(1)
	p.begin(r.Stream)
	go func() {
		defer s.inFlight.Add(-1)
		defer c.users.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.Timeout)
		defer cancel()
		begin := time.Now()
		answer, err := c.Send(ctx, r.message)
		p.end(r.Stream, answer, err, time.Since(begin))
	}()
}

// cut begins a new period and returns the one before it when its last call has ended.
func (s *sender) cut(at time.Time) *period {
	s.mu.Lock()
	old := s.current
	s.current = newPeriod(at)
	for _, r := range s.routes {
		s.current.expect(r.Stream)
	}
	s.mu.Unlock()
	old.inFlight.Wait()
	return old
}

// close closes every channel after its last call. Nothing may be sent any more.
func (s *sender) close() {
	for _, channels := range s.channels {
		s.retire(channels)
	}
	s.closing.Wait()
}
