package cluster

import (
	"maps"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Applied is what a change did, also where it ended half-way.
type Applied struct {
	// Steps are those that were begun, in order, waits apart.
	Steps []StepResult
	// Identities are those of the objects that exist afterwards: of those that were there before, and of what the
	// change made.
	Identities Identities
}

// StepResult is a step as it came out.
type StepResult struct {
	Step
	// Live is what was written, as the API server answered; nil for a deletion, and where the step failed.
	Live *Live
	// Found says that the object was there already, just as it was to be created, left behind by an earlier apply.
	Found bool
	// Undone says that a change that went back removed what the step had created.
	Undone bool
	Err    error
}

// holds reports whether the step was done, and still is.
func (t StepResult) holds() bool { return t.Err == nil && !t.Undone }

// Wrote returns an object as this change wrote it last; nil where it did not, or where that is gone again.
func (a Applied) Wrote(at Address) *Live {
	var last *Live
	for _, t := range a.Steps {
		switch {
		case AddressOf(t.Object) != at || !t.holds():
		case t.Action == Delete:
			last = nil
		default:
			last = t.Live
		}
	}
	return last
}

// Changed reports whether something is not as it was before the change: an object was made, taken up, written or
// deleted.
func (a Applied) Changed() bool {
	for _, t := range a.Steps {
		if t.holds() {
			return true
		}
	}
	return false
}

// TookEffect reports whether requests may depend on a pair by now: the change wrote the last of its objects, which is
// its VirtualService or the only one that it has, or that one was there before.
func (a Applied) TookEffect(pair istio.Objects) bool {
	objects := pair.All()
	if len(objects) == 0 {
		return false
	}
	_, exists := a.Identities[AddressOf(objects[len(objects)-1])]
	return exists
}

// Replaced reports whether a VirtualService of another name has taken the place of one that is gone.
func (a Applied) Replaced() bool {
	created, deleted := false, false
	for _, t := range a.Steps {
		if t.holds() && t.Object.Role() == istio.Routes {
			created = created || t.Action == Create
			deleted = deleted || t.Action == Delete
		}
	}
	return created && deleted
}

// Then returns what was done by a change and by one that went on from there.
func (a Applied) Then(next Applied) Applied {
	return Applied{Steps: append(a.Steps[:len(a.Steps):len(a.Steps)], next.Steps...), Identities: next.Identities}
}

// Without returns the identities of all objects but those of a pair.
func (i Identities) Without(pair istio.Objects) Identities {
	others := maps.Clone(i)
	for _, o := range pair.All() {
		delete(others, AddressOf(o))
	}
	return others
}
