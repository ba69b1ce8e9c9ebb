package istio

import (
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
)

// KeepOthers returns what to write of a wanted pair where another controller sets the weights. It starts from the
// live pair: what was configured before, was, tells what the wanted pair takes away from what the other one put in.
//
//   - A destination that stays keeps its live share. One that is new gets none, whatever the wanted pair says.
//   - A destination that goes leaves its share to the others in proportion. Where those have none, the wanted weights
//     say who gets it.
//   - A rule that was not there before has the wanted weights.
//   - Rules, destinations and subsets that the other controller put in stay where they are, and so does Argo
//     Rollouts' label of the subsets.
//
// A subset is the pods that its labels select: one that only gets another name stays. None of the pairs is changed.
func KeepOthers(wanted, was, live Objects) Objects {
	was, live = FollowPods(was, wanted), FollowPods(live, wanted)
	if wanted.Routing() != nil && live.Routing() != nil {
		o, spec := *wanted.Routing(), proto.CloneOf(wanted.Routing().VirtualServiceSpec())
		before, is := was.Routing().VirtualServiceSpec(), live.Routing().VirtualServiceSpec()
		spec.Http = httpRules.keep(spec.Http, before.GetHttp(), is.GetHttp())
		spec.Tls = tlsRules.keep(spec.Tls, before.GetTls(), is.GetTls())
		spec.Tcp = tcpRules.keep(spec.Tcp, before.GetTcp(), is.GetTcp())
		o.Spec, wanted = spec, wanted.With(&o)
	}
	if wanted.Declaring() != nil && live.Declaring() != nil {
		o, spec := *wanted.Declaring(), proto.CloneOf(wanted.Declaring().DestinationRuleSpec())
		for _, subset := range spec.Subsets {
			setRolloutsLabel(subset, FindSubset(live.Declaring().DestinationRuleSpec(), subset.GetName()))
		}
		for _, subset := range live.Declaring().DestinationRuleSpec().GetSubsets() {
			if FindSubset(spec, subset.GetName()) == nil &&
				FindSubset(was.Declaring().DestinationRuleSpec(), subset.GetName()) == nil {
				spec.Subsets = append(spec.Subsets, proto.CloneOf(subset))
			}
		}
		o.Spec, wanted = spec, wanted.With(&o)
	}
	return wanted
}

// WithoutOthers returns the live pair as it would be if nobody but the configured pair had said anything about
// weights: its weights, without the rules, destinations and subsets that it does not have, and without Argo Rollouts'
// label. Neither pair is changed.
func WithoutOthers(live, configured Objects) Objects {
	return live.Map(func(o *Object) *Object { return WithoutOthersIn(o, configured.As(o.Role())) })
}

// WithoutOthersIn is [WithoutOthers] for one object. Without a configured one of its kind it returns the object as it
// is.
func WithoutOthersIn(live, configured *Object) *Object {
	if configured == nil || configured.Kind() != live.Kind() {
		return live
	}
	o := *live
	switch is := live.Spec.(type) {
	case *networking.VirtualService:
		spec, want := proto.CloneOf(is), configured.VirtualServiceSpec()
		spec.Http = httpRules.only(spec.Http, want.GetHttp())
		spec.Tls = tlsRules.only(spec.Tls, want.GetTls())
		spec.Tcp = tcpRules.only(spec.Tcp, want.GetTcp())
		o.Spec = spec
	case *networking.DestinationRule:
		spec, want := proto.CloneOf(is), configured.DestinationRuleSpec()
		spec.Subsets = slices.DeleteFunc(spec.Subsets, func(s *networking.Subset) bool {
			return FindSubset(want, s.GetName()) == nil
		})
		for _, subset := range spec.Subsets {
			setRolloutsLabel(subset, FindSubset(want, subset.GetName()))
		}
		o.Spec = spec
	}
	return &o
}

// OthersIn lists, in words, the rules, destinations and subsets of a live pair that the other controller put in:
// those that neither the pair configured before nor the wanted one has.
func OthersIn(live, was, wanted Objects) []string {
	was, live = FollowPods(was, wanted), FollowPods(live, wanted)
	var found []string
	is, before, after := live.Routing().
		VirtualServiceSpec(), was.Routing().VirtualServiceSpec(), wanted.Routing().VirtualServiceSpec()
	found = append(found, httpRules.others("http", is.GetHttp(), before.GetHttp(), after.GetHttp())...)
	found = append(found, tlsRules.others("tls", is.GetTls(), before.GetTls(), after.GetTls())...)
	found = append(found, tcpRules.others("tcp", is.GetTcp(), before.GetTcp(), after.GetTcp())...)
	for _, subset := range live.Declaring().DestinationRuleSpec().GetSubsets() {
		name := subset.GetName()
		if FindSubset(was.Declaring().DestinationRuleSpec(), name) == nil &&
			FindSubset(wanted.Declaring().DestinationRuleSpec(), name) == nil {
			found = append(found, "the subset "+Shown(name))
		}
	}
	return found
}

// setRolloutsLabel gives a subset the label that another one of its name has, or none where that has none. Without
// another one it stays.
func setRolloutsLabel(subset, other *networking.Subset) {
	value, ok := other.GetLabels()[RolloutsLabel]
	switch {
	case other == nil:
	case !ok:
		delete(subset.Labels, RolloutsLabel)
	default:
		if subset.Labels == nil {
			subset.Labels = map[string]string{}
		}
		subset.Labels[RolloutsLabel] = value
	}
}

// WithoutWeights returns a spec that says nothing of what another controller of weights sets in what is there.
func WithoutWeights(spec proto.Message) proto.Message {
	spec = proto.Clone(spec)
	switch s := spec.(type) {
	case *networking.VirtualService:
		for _, rule := range s.Http {
			httpRules.unweigh(rule)
		}
		for _, rule := range s.Tls {
			tlsRules.unweigh(rule)
		}
		for _, rule := range s.Tcp {
			tcpRules.unweigh(rule)
		}
	case *networking.DestinationRule:
		for _, subset := range s.Subsets {
			delete(subset.GetLabels(), RolloutsLabel)
		}
	}
	return spec
}
