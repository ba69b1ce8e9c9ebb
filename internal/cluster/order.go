package cluster

import (
	"maps"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// Action is what a step does.
type Action int

// The actions of a change.
const (
	// Create applies an object that must not exist.
	Create Action = iota
	// Update applies an object that must exist.
	Update
	// Delete removes an object.
	Delete
	// Wait gives the proxies time to learn of the step before.
	Wait
)

// Step is one thing to do with one object.
type Step struct {
	Action Action
	// Object is what the API server shall hold afterwards, or what is deleted. It is nil for Wait.
	Object *routing.Object
}

// Steps returns how to get from one pair to another without a moment in which a rule names a subset that the
// proxies do not know. A proxy answers such a request with 503.
//
// What is added to the DestinationRule goes first, and what is taken from it goes last, with the VirtualService in
// between. A wait stands only where the step before must have reached the proxies: after subsets were added that the
// rules are about to name, and after the rules stopped naming subsets that are about to go. A change of weights,
// headers or matches is one write without a wait.
//
// Source: Istio's traffic management best practices, "Avoid 503 errors while reconfiguring service routes"; measured
// against istiod.
func Steps(from, to routing.Pair) []Step {
	var steps []Step
	before, after := from.DestinationRule, to.DestinationRule
	first := superset(before, after)
	added := false
	if step, needed := write(before, first); needed {
		steps = append(steps, step)
		added = step.Action == Create || gains(before, first)
	}
	if step, needed := write(from.VirtualService, to.VirtualService); needed {
		if added {
			steps = append(steps, Step{Action: Wait})
		}
		steps = append(steps, step)
	}
	if old := from.VirtualService; moved(old, to.VirtualService) {
		// The new VirtualService takes over in the moment in which the old one goes: the oldest for a host wins.
		if to.VirtualService != nil {
			steps = append(steps, Step{Action: Wait})
		}
		steps = append(steps, Step{Action: Delete, Object: old})
	}
	var last []Step
	if after != nil && !equal(first, after) {
		last = append(last, Step{Action: Update, Object: after})
	}
	// A DestinationRule that leaves the pair alone is somebody else's from now on: the rules still name its subsets.
	if released := after == nil && to.VirtualService != nil; moved(before, after) && !released {
		last = append(last, Step{Action: Delete, Object: before})
	}
	if len(last) > 0 && len(steps) > 0 {
		steps = append(steps, Step{Action: Wait})
	}
	return append(steps, last...)
}

// write returns the step that makes to out of from, and whether one is needed.
func write(from, to *routing.Object) (Step, bool) {
	switch {
	case to == nil:
		return Step{}, false
	case from == nil || moved(from, to):
		return Step{Action: Create, Object: to}, true
	}
	return Step{Action: Update, Object: to}, !equal(from, to)
}

// moved reports whether from stands at an address at which to does not.
func moved(from, to *routing.Object) bool {
	return from != nil && (to == nil || from.Namespace != to.Namespace || from.Name != to.Name)
}

// equal reports whether the live object a is as b wants it. What cannot be expressed is not wanted.
func equal(a, b *routing.Object) bool {
	return len(a.Unknown) == 0 && maps.Equal(a.Labels, b.Labels) && maps.Equal(a.Annotations, b.Annotations) && routing.SameSpec(a.Spec, b.Spec)
}

// superset returns the DestinationRule after, with the subsets of before that it lacks: what old and new rules name
// exists in it. A rule for another host shares nothing with the old one.
func superset(before, after *routing.Object) *routing.Object {
	if before == nil || after == nil || moved(before, after) {
		return after
	}
	old, wanted := before.Spec.(*networking.DestinationRule), after.Spec.(*networking.DestinationRule)
	if old.Host != wanted.Host {
		return after
	}
	union := proto.Clone(wanted).(*networking.DestinationRule)
	for _, subset := range old.Subsets {
		if !hasSubset(wanted, subset.Name) {
			union.Subsets = append(union.Subsets, subset)
		}
	}
	object := *after
	object.Spec = union
	return &object
}

// gains reports whether after has a subset that before has not, for the same host. With another host it gains nothing
// worth a wait: until the rules follow, they name subsets that neither the old host nor the new one has.
func gains(before, after *routing.Object) bool {
	old, wanted := before.Spec.(*networking.DestinationRule), after.Spec.(*networking.DestinationRule)
	if old.Host != wanted.Host {
		return false
	}
	for _, subset := range wanted.Subsets {
		if !hasSubset(old, subset.Name) {
			return true
		}
	}
	return false
}

func hasSubset(rule *networking.DestinationRule, name string) bool {
	for _, subset := range rule.Subsets {
		if subset.Name == name {
			return true
		}
	}
	return false
}
