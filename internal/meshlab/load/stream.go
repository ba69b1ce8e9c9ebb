// Package load sends a steady stream of requests through the routes that istiod computes, while somebody changes
// those routes, and counts who answered in periods that its caller marks.
package load

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/call"
)

// Stream is one kind of request. Its share is a part of the sum of all shares; 0 means 1.
type Stream struct {
	Name     string            `json:"name,omitempty"` // empty: made of the rest
	Via      call.Via          `json:"via,omitempty"`
	Protocol call.Protocol     `json:"protocol,omitempty"`
	TLS      bool              `json:"tls,omitempty"`
	Host     string            `json:"host"`
	Port     int               `json:"port"`
	Method   string            `json:"method"`
	Path     string            `json:"path,omitempty"` // of HTTP
	Headers  map[string]string `json:"headers,omitempty"`
	Share    float64           `json:"share,omitempty"`
}

// maxShare keeps a sum of shares exact enough.
const maxShare = 1e6

// complete returns the stream with what it leaves out, or what is wrong with it.
func (s Stream) complete(o Options) (Stream, error) {
	s.Via, s.Protocol = cmp.Or(s.Via, o.Defaults.Via), cmp.Or(s.Protocol, o.Defaults.Protocol)
	s.Port, s.Method = cmp.Or(s.Port, o.Defaults.Port), cmp.Or(s.Method, o.Defaults.Method)
	s.Path, s.Share = cmp.Or(s.Path, o.Defaults.Path), cmp.Or(s.Share, 1)
	s.TLS = s.TLS || o.Defaults.TLS
	target, message, err := o.Source.Proxies.Complete(s.target(), call.Message{Method: s.Method, Path: s.Path})
	if err != nil {
		return s, err
	}
	s.Via, s.Protocol, s.Port, s.Method, s.Path = target.Via, target.Protocol, target.Port, message.Method, message.Path
	if s.Share < 0 || s.Share > maxShare {
		return s, fmt.Errorf("share must be between 0 and %g, got %g", maxShare, s.Share)
	}
	if s.Name == "" {
		words := []string{s.target().String() + s.Method}
		if s.Protocol != call.GRPC {
			words = []string{s.target().String(), s.Method, s.Path}
		}
		for _, key := range slices.Sorted(maps.Keys(s.Headers)) {
			words = append(words, key+"="+s.Headers[key])
		}
		s.Name = strings.Join(words, " ")
	}
	return s, nil
}

func (s Stream) target() call.Target {
	return call.Target{Via: s.Via, Protocol: s.Protocol, TLS: s.TLS, Host: s.Host, Port: s.Port}
}

// completeAll completes every stream; two streams of one name could not be told apart in a report.
func completeAll(streams []Stream, o Options) ([]Stream, error) {
	names := map[string]bool{}
	all := make([]Stream, 0, len(streams))
	for i, stream := range streams {
		stream, err := stream.complete(o)
		if err != nil {
			return nil, fmt.Errorf("stream %d: %w", i, err)
		}
		if names[stream.Name] {
			return nil, fmt.Errorf("stream %d: there is another one named %q", i, stream.Name)
		}
		names[stream.Name] = true
		all = append(all, stream)
	}
	return all, nil
}

// turns hands out the streams in proportion to their shares and as evenly as they allow, always in the same order.
type turns struct {
	shares []float64
	credit []float64
	sum    float64
}

func newTurns(streams []Stream) turns {
	t := turns{credit: make([]float64, len(streams))}
	for _, stream := range streams {
		t.shares = append(t.shares, stream.Share)
		t.sum += stream.Share
	}
	return t
}

// next returns the index of the stream whose turn it is. There must be one.
func (t *turns) next() int {
	best := 0
	for i, share := range t.shares {
		t.credit[i] += share
		if t.credit[i] > t.credit[best] {
			best = i
		}
	}
	t.credit[best] -= t.sum
	return best
}
