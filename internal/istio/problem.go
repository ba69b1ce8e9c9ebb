package istio

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
	// Refused is a mistake: the API server, istiod or Envoy refuses the object.
	Refused Severity = iota
	// Void is accepted by all of them, and certain never to do what it says: a match that never holds, a rule that no
	// request reaches or that istiod drops, a setting for a port that there is not. A resource that only Terraform
	// writes has no use for it, so there it is a mistake; where an object is taken as it is, it is a doubt.
	Void
	// Doubtful is accepted and probably not meant: it is deprecated, superfluous next to something else, or not
	// certain to work.
	Doubtful
)

// Problem is one thing that is wrong with an object or a route, and where.
type Problem struct {
	// Of is the object that At is in, nil where At is in what objects are rendered from.
	Of       *Object
	At       Path
	Severity Severity
	// By are the parts of the same object to blame, which the text begins with; mostly none.
	By []Path
	// Reason is a sentence fragment that starts in lower case: what is wrong and, where it is known, what to
	// write instead. With By it is the rest of the sentence.
	Reason string
	// Remedy is what to do about it, where how to say that depends on who reads it; mostly none.
	Remedy Remedy
	// Value is what the remedy writes, where it writes a value.
	Value string
	// Unless names headers: it is otherwise for requests that send all of them in several lines to proxies since
	// Istio 1.31, which compare each line by itself. Mostly none.
	Unless []string
}

// MostNamed is how many parts a text names.
const MostNamed = 5

// Text returns the whole sentence fragment, in the words of Istio's API.
func (p Problem) Text() string { return p.TextWith(Remedy.Text) }

// TextWith returns the whole sentence fragment, whose end says the remedy.
func (p Problem) TextWith(words func(remedy Remedy, value string) string) string {
	text := p.Reason + words(p.Remedy, p.Value)
	if len(p.By) == 0 {
		return text
	}
	names := make([]string, 0, MostNamed+1)
	for _, at := range p.By[:min(len(p.By), MostNamed)] {
		names = append(names, at.String())
	}
	if more := len(p.By) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return Enumerate(names, "and") + " " + text
}

// Errorf returns a refusal.
func Errorf(at Path, format string, args ...any) Problem {
	return Problem{At: at, Reason: fmt.Sprintf(format, args...)}
}

// Voidf returns that something never does what it says.
func Voidf(at Path, format string, args ...any) Problem {
	return Problem{At: at, Severity: Void, Reason: fmt.Sprintf(format, args...)}
}

// Warnf returns a doubt.
func Warnf(at Path, format string, args ...any) Problem {
	return Problem{At: at, Severity: Doubtful, Reason: fmt.Sprintf(format, args...)}
}
