package cluster

import (
	"maps"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
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
	Object *istio.Object
}

// Steps returns how to get from one pair to another without a moment in which a rule names a subset that the
// proxies do not know. A proxy answers such a request with 503.
//
// What is added to the object that declares subsets goes first, and what is taken from it goes last, with the object
// that routes in between. A wait stands only where the step before must have reached the proxies: after something was
// added that the rules are about to name, and after the rules stopped naming what is about to go. A change of
// weights, headers or matches is one write without a wait.
//
// A DestinationRule that moves to where it may hide the old one, or be hidden by it, declares the subsets of both
// until the old one goes, and so does the old one.
//
// A DestinationRule speaks for one host. Where it changes to another one under the same name, a second
// DestinationRule stands in for it meanwhile, so that the subsets of both hosts exist while the rules move from one
// to the other.
//
// Source: Istio's traffic management best practices, "Avoid 503 errors while reconfiguring service routes"; measured
// against istiod.
func Steps(from, to istio.Objects) []Step {
	before, after := from.Declaring(), to.Declaring()
	if changesHost(from, to) {
		return stepsWithStandIn(from, to)
	}
	first := bridge(from, to)
	var steps []Step
	added := false
	if step, needed := write(before, first); needed {
		steps = append(steps, step)
		added = step.Action == Create || gains(before, first)
	}
	if old, needed := bridgeOld(from, to); needed {
		steps = append(steps, Step{Action: Update, Object: old})
	}
	steps = appendRouting(steps, from, to, added)
	var last []Step
	if after != nil && !equal(first, after) {
		last = append(last, Step{Action: Update, Object: after})
	}
	if moved(before, after) && !to.SubsetsElsewhere() {
		last = append(last, Step{Action: Delete, Object: before})
	}
	return appendAfterWait(steps, last...)
}

// appendRouting appends the steps of the object that routes. They wait for the step before where that added
// something.
func appendRouting(steps []Step, from, to istio.Objects, added bool) []Step {
	if step, needed := write(from.Routing(), to.Routing()); needed {
		if added {
			steps = append(steps, Step{Action: Wait})
		}
		steps = append(steps, step)
	}
	if old := from.Routing(); moved(old, to.Routing()) {
		// The new one takes over in the moment in which the old one goes: the oldest for a host wins.
		if to.Routing() != nil {
			steps = append(steps, Step{Action: Wait})
		}
		steps = append(steps, Step{Action: Delete, Object: old})
	}
	return steps
}

// appendAfterWait appends steps that must not begin before the proxies have those before.
func appendAfterWait(steps []Step, last ...Step) []Step {
	if len(last) > 0 && len(steps) > 0 {
		steps = append(steps, Step{Action: Wait})
	}
	return append(steps, last...)
}

// changesHost reports whether rules move from one host to another while the DestinationRule keeps its address.
func changesHost(from, to istio.Objects) bool {
	before, after := from.Declaring(), to.Declaring()
	if before == nil || after == nil || moved(before, after) || from.Routing() == nil || to.Routing() == nil {
		return false
	}
	return before.DestinationRuleSpec().Host != after.DestinationRuleSpec().Host
}

// stepsWithStandIn returns the steps from one host to another: the stand-in declares the new subsets, the rules move,
// the DestinationRule follows, the stand-in goes.
func stepsWithStandIn(from, to istio.Objects) []Step {
	other := standIn(to.Declaring())
	steps := appendRouting([]Step{{Action: Create, Object: other}}, from, to, true)
	steps = appendAfterWait(steps, Step{Action: Update, Object: to.Declaring()})
	return appendAfterWait(steps, Step{Action: Delete, Object: other})
}

// longestObjectName is the longest name of an object, in characters. Source: Kubernetes, DNS subdomain names.
const longestObjectName = 253

// standIn returns a DestinationRule that says what rule says, under a name of its own.
func standIn(destinationRule *istio.Object) *istio.Object {
	const suffix = "-stand-in"
	object := *destinationRule
	object.Name = destinationRule.Name[:min(len(destinationRule.Name), longestObjectName-len(suffix))] + suffix
	object.Annotations = map[string]string{istio.StandInAnnotation: destinationRule.Name}
	maps.Copy(object.Annotations, destinationRule.Annotations)
	return &object
}

// write returns the step that makes to out of from, and whether one is needed.
func write(from, to *istio.Object) (Step, bool) {
	switch {
	case to == nil:
		return Step{}, false
	case from == nil || moved(from, to):
		return Step{Action: Create, Object: to}, true
	}
	return Step{Action: Update, Object: to}, !equal(from, to)
}

// moved reports whether from stands at an address at which to does not.
func moved(from, to *istio.Object) bool {
	return from != nil && (to == nil || from.Namespace != to.Namespace || from.Name != to.Name)
}

// Unchanged reports whether there is nothing to do to get from one pair to another: just then [Steps] has no steps.
func Unchanged(from, to istio.Objects) bool {
	same := func(from, to *istio.Object) bool {
		return from == nil && to == nil || from != nil && to != nil && !moved(from, to) && equal(from, to)
	}
	elsewhere := to.Declaring() == nil && to.SubsetsElsewhere()
	return same(from.Routing(), to.Routing()) && (elsewhere || same(from.Declaring(), to.Declaring()))
}

// Same reports whether two pairs are the same objects with the same meaning.
func Same(a, b istio.Objects) bool { return Unchanged(a, b) && Unchanged(b, a) }

// equal reports whether the live object a is as b wants it. Fields that this version does not know stay as they are.
func equal(a, b *istio.Object) bool {
	return maps.Equal(a.Labels, b.Labels) && maps.Equal(a.Annotations, b.Annotations) && istio.SameSpec(a.Spec, b.Spec)
}

// gains reports whether after has a subset that before has not, or is seen in more namespaces.
func gains(before, after *istio.Object) bool {
	old, wanted := before.DestinationRuleSpec(), after.DestinationRuleSpec()
	for _, subset := range wanted.Subsets {
		if istio.FindSubset(old, subset.Name) == nil {
			return true
		}
	}
	return !exportCovers(old.ExportTo, wanted.ExportTo)
}
