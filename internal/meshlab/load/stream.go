// Package load sends a steady stream of gRPC requests through the routes that istiod computes, while somebody changes
// those routes, and counts who answered in periods that its caller marks.
package load

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
)

// Stream is one kind of request. Its share is a part of the sum of all shares; 0 means 1.
type Stream struct {
	Name    string            `json:"name,omitempty"` // empty: made of the rest
	Host    string            `json:"host"`
	Port    int               `json:"port"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"headers,omitempty"`
	Share   float64           `json:"share,omitempty"`
}

// maxShare keeps a sum of shares exact enough.
const maxShare = 1e6

// complete returns the stream with what it leaves out, or what is wrong with it.
func (s Stream) complete(defaults Stream) (Stream, error) {
	if s.Host == "" {
		return s, errors.New("host is missing")
	}
	if s.Port == 0 {
		s.Port = defaults.Port
	}
	if s.Method == "" {
		s.Method = defaults.Method
	}
	if s.Share == 0 {
		s.Share = 1
	}
	switch {
	case s.Port < 1 || s.Port > 65535:
		return s, fmt.Errorf("port must be between 1 and 65535, got %d", s.Port)
	case !strings.HasPrefix(s.Method, "/") || strings.Count(s.Method, "/") < 2:
		return s, fmt.Errorf("method %q: want /package.Service/Method", s.Method)
	case s.Share < 0 || s.Share > maxShare:
		return s, fmt.Errorf("share must be between 0 and %g, got %g", maxShare, s.Share)
	}
	if s.Name == "" {
		words := []string{s.target() + s.Method}
		for _, key := range slices.Sorted(maps.Keys(s.Headers)) {
			words = append(words, key+"="+s.Headers[key])
		}
		s.Name = strings.Join(words, " ")
	}
	return s, nil
}

func (s Stream) target() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// completeAll completes every stream; two streams of one name could not be told apart in a report.
func completeAll(streams []Stream, defaults Stream) ([]Stream, error) {
	names := map[string]bool{}
	all := make([]Stream, 0, len(streams))
	for i, stream := range streams {
		stream, err := stream.complete(defaults)
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
