// Package routing knows what a VirtualService and a DestinationRule mean.
//
// It is pure: plain messages of istio.io/api go in, plain values come out. Istio's own messages are the domain model;
// this package adds the address of an object, host names, and the checks that tell a mistake before it is applied.
package routing

import (
	"fmt"
	"slices"
	"strings"
)

// Path is where something is inside an object: field names as protobuf spells them (string), list indexes (int) and
// map keys ([Key]). The empty path is the object itself.
type Path []any

// Key is a step into a map.
type Key string

// String returns the path as `http[0].match[1].headers["version"].regex`.
func (p Path) String() string {
	var b strings.Builder
	for i, step := range p {
		switch s := step.(type) {
		case string:
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s)
		case int:
			fmt.Fprintf(&b, "[%d]", s)
		case Key:
			fmt.Fprintf(&b, "[%q]", string(s))
		}
	}
	return b.String()
}

// At returns the path with more steps. It never shares memory with p.
func (p Path) At(steps ...any) Path {
	return append(slices.Clone(p), steps...)
}

// Within reports whether p is other or lies inside it.
func (p Path) Within(other Path) bool {
	return len(p) >= len(other) && slices.Equal(p[:len(other)], other)
}

// Severity tells whether a problem stops a plan.
type Severity int

const (
	// Refused is a mistake: Istio or Envoy would refuse the object, or it could never do what it says.
	Refused Severity = iota
	// Doubtful is accepted and probably not meant.
	Doubtful
)

// Problem is one thing that is wrong with a route, and where.
type Problem struct {
	At       Path
	Severity Severity
	// Reason is a sentence fragment that starts in lower case: what is wrong and, where it is known, what to
	// write instead.
	Reason string
}

// Errorf returns a refusal.
func Errorf(at Path, format string, args ...any) Problem {
	return Problem{At: at, Reason: fmt.Sprintf(format, args...)}
}

// Warnf returns a doubt.
func Warnf(at Path, format string, args ...any) Problem {
	return Problem{At: at, Severity: Doubtful, Reason: fmt.Sprintf(format, args...)}
}
