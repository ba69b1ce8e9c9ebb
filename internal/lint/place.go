package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// place is what an expression stands for.
type place struct {
	// block is what says it, such as `mesh_canary_route.greeter`.
	block string
	// path is where in the block it is, such as `rules[0].match`.
	path string
	// steps lead from the expression's value to the part of it that is meant; each is a name, or [anyStep].
	steps []string
	shape *shape
	// flat is that lists in the list are taken apart.
	flat bool
	// at is where a finding is told, where the expression itself has no place in a file.
	at *hcl.Range
}

// anyStep is a step to every element. No name begins with a zero byte in it.
const anyStep = "\x00"

// mostSteps is how far into a value is looked.
const mostSteps = 8

// within returns the place whose part at the given steps is this one.
func (p place) within(steps ...string) place {
	p.steps = slices.Concat(steps, p.steps)
	return p
}

// attribute returns the place of an attribute of the object here. Without an attribute of that name it is false.
func (p place) attribute(name string) (place, bool) {
	inner, ok := p.shape.attributes[name]
	p.shape = inner
	p.path = strings.TrimPrefix(p.path+"."+istio.Shown(cut(name)), ".")
	return p, ok
}

// element returns the place of the elements of the list or map here, of which this one has a name.
func (p place) element(name string) place {
	if !p.flat {
		p.shape, p.path = p.shape.element, p.path+"["+name+"]"
	}
	return p
}

// follows reports whether the next step, which there has to be, leads to what has a key. A key that is not written
// out may be any.
func (p place) follows(key string, isKnown bool) bool {
	return !isKnown || p.steps[0] == anyStep || p.steps[0] == key
}

// stepped returns the place after the next step.
func (p place) stepped() place {
	p.steps = p.steps[1:]
	return p
}

// hasElements reports whether a list, a set or a map is meant here.
func (p place) hasElements() bool { return p.shape != nil && p.shape.attributes == nil }

func (p place) String() string {
	if p.path == "" {
		return p.block
	}
	return fmt.Sprintf("%s of %s", p.path, p.block)
}

// longestName is how much of a name is shown.
const longestName = 64

// cut returns the start of a name that is too long to be read.
func cut(name string) string {
	if len(name) <= longestName {
		return name
	}
	return strings.ToValidUTF8(name[:longestName], "") + "…"
}
