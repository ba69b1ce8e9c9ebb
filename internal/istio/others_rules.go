package istio

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
)

// ruleKind is how rules of one protocol are looked at: R is a rule, and D one of its destinations.
type ruleKind[R, D proto.Message] struct {
	name         func(R) string
	matches      func(R) []proto.Message
	destinations func(R) *[]D
	weighted     func(D) (*networking.Destination, *int32)
}

var (
	httpRules = ruleKind[*networking.HTTPRoute, *networking.HTTPRouteDestination]{
		name:         (*networking.HTTPRoute).GetName,
		matches:      func(r *networking.HTTPRoute) []proto.Message { return messages(r.GetMatch()) },
		destinations: func(r *networking.HTTPRoute) *[]*networking.HTTPRouteDestination { return &r.Route },
		weighted: func(d *networking.HTTPRouteDestination) (*networking.Destination, *int32) {
			return d.GetDestination(), &d.Weight
		},
	}
	tlsRules = ruleKind[*networking.TLSRoute, *networking.RouteDestination]{
		name:         func(*networking.TLSRoute) string { return "" },
		matches:      func(r *networking.TLSRoute) []proto.Message { return messages(r.GetMatch()) },
		destinations: func(r *networking.TLSRoute) *[]*networking.RouteDestination { return &r.Route },
		weighted:     weightedConnection,
	}
	tcpRules = ruleKind[*networking.TCPRoute, *networking.RouteDestination]{
		name:         func(*networking.TCPRoute) string { return "" },
		matches:      func(r *networking.TCPRoute) []proto.Message { return messages(r.GetMatch()) },
		destinations: func(r *networking.TCPRoute) *[]*networking.RouteDestination { return &r.Route },
		weighted:     weightedConnection,
	}
)

func weightedConnection(d *networking.RouteDestination) (*networking.Destination, *int32) {
	return d.GetDestination(), &d.Weight
}

func messages[M proto.Message](list []M) []proto.Message {
	all := make([]proto.Message, len(list))
	for i, m := range list {
		all[i] = m
	}
	return all
}

// keep returns the wanted rules with what the live ones have of another controller: see [KeepOthers]. It changes the
// wanted rules.
func (k ruleKind[R, D]) keep(wanted, was, live []R) []R {
	of, before := k.partners(wanted, was, live)
	for i, at := range of {
		if at >= 0 {
			var configured []D
			if before[at] >= 0 {
				configured = *k.destinations(was[before[at]])
			}
			k.keepWeights(wanted[i], configured, live[at])
		}
	}
	return interleave(wanted, of, live, func(at int) bool { return before[at] < 0 })
}

// only returns those of the live rules that are configured, with the configured weights and only the configured
// destinations. It changes the live rules.
func (k ruleKind[R, D]) only(live, configured []R) []R {
	of := k.pair(configured, live, len(configured) == len(live))
	var kept []R
	for at := range live {
		i := slices.Index(of, at)
		if i < 0 {
			continue
		}
		rule, want := k.destinations(live[at]), *k.destinations(configured[i])
		partners := k.pairDestinations(*rule, want)
		var destinations []D
		for n, destination := range *rule {
			if j := partners[n]; j >= 0 {
				_, weight := k.weighted(destination)
				_, configured := k.weighted(want[j])
				*weight = *configured
				destinations = append(destinations, destination)
			}
		}
		if len(want) > 0 {
			*rule = destinations
		}
		kept = append(kept, live[at])
	}
	return kept
}

// others says which live rules, and destinations in the others, were neither configured before nor are wanted.
func (k ruleKind[R, D]) others(protocol string, live, was, wanted []R) []string {
	var found []string
	of, before := k.partners(wanted, was, live)
	for at, rule := range live {
		i := slices.Index(of, at)
		if i < 0 && before[at] < 0 {
			found = append(found, "the rule "+k.called(protocol, at, rule))
			continue
		}
		var configured []D
		if before[at] >= 0 {
			configured = *k.destinations(was[before[at]])
		}
		if i >= 0 {
			configured = append(configured[:len(configured):len(configured)], *k.destinations(wanted[i])...)
		}
		for n, j := range k.pairDestinations(*k.destinations(rule), configured) {
			if j < 0 && len(configured) > 0 {
				d, weight := k.weighted((*k.destinations(rule))[n])
				found = append(found, fmt.Sprintf("the destination %s with the weight %d of the rule %s",
					calledDestination(d), *weight, k.called(protocol, at, rule)))
			}
		}
	}
	return found
}

func (k ruleKind[R, D]) called(protocol string, at int, rule R) string {
	if name := k.name(rule); name != "" {
		return fmt.Sprintf("%q", Shown(name))
	}
	return fmt.Sprintf("%s[%d]", protocol, at)
}

func calledDestination(d *networking.Destination) string {
	if d.GetSubset() != "" {
		return Shown(d.GetSubset())
	}
	return Shown(d.GetHost())
}

// partners returns for each wanted rule the place of the live one that it is, and for each live one the place of the
// rule before that it was; -1 for none.
func (k ruleKind[R, D]) partners(wanted, was, live []R) (of, before []int) {
	before = invert(k.pair(was, live, len(was) == len(live)), len(live))
	earlier := k.pair(wanted, was, true)
	of = make([]int, len(wanted))
	for i := range wanted {
		of[i] = -1
		if earlier[i] >= 0 {
			of[i] = slices.Index(before, earlier[i])
		}
	}
	for i, at := range k.pair(wanted, live, false) {
		if of[i] < 0 && at >= 0 && !slices.Contains(of, at) {
			of[i] = at
		}
	}
	return of, before
}

// SameRules returns for each rule the other one that is the same, nil for none: the one of its name, or without names
// the one that matches the same requests or stands in its place.
func SameRules(rules, others []*networking.HTTPRoute) []*networking.HTTPRoute {
	same := make([]*networking.HTTPRoute, len(rules))
	for i, at := range httpRules.pair(rules, others, true) {
		if at >= 0 {
			same[i] = others[at]
		}
	}
	return same
}

// pair returns for each rule the place of the other one that is the same: the one of its name, or without names the
// one that matches the same requests. With places, a rule without a name that matches other requests now is the one
// in its place, where that is no other rule's. Each of the others is the same as one rule at most; -1 stands for
// none.
func (k ruleKind[R, D]) pair(rules, others []R, places bool) []int {
	found, taken := make([]int, len(rules)), make([]bool, len(others))
	for i := range found {
		found[i] = -1
	}
	try := func(i, at int, same bool) {
		if found[i] < 0 && same && !taken[at] {
			found[i], taken[at] = at, true
		}
	}
	for i := range min(len(rules), len(others)) {
		try(i, i, k.same(rules[i], others[i]))
	}
	for i := range rules {
		for at := range others {
			try(i, at, k.same(rules[i], others[at]))
		}
	}
	for i := range min(len(rules), len(others)) {
		try(i, i, places && k.name(rules[i]) == "" && k.name(others[i]) == "")
	}
	return found
}

// same reports whether two rules have the same name, or none and match the same requests.
func (k ruleKind[R, D]) same(a, b R) bool {
	return k.name(a) == k.name(b) && (k.name(a) != "" || slices.EqualFunc(k.matches(a), k.matches(b), proto.Equal))
}

func invert(of []int, n int) []int {
	back := make([]int, n)
	for i := range back {
		back[i] = slices.Index(of, i)
	}
	return back
}

// interleave puts the live elements that others put in among the wanted ones: each stays behind the live element that
// it stood behind, or at the front.
func interleave[E any](wanted []E, of []int, live []E, inserted func(at int) bool) []E {
	behind := map[int][]E{}
	last := -1
	for at, element := range live {
		if i := slices.Index(of, at); i >= 0 {
			last = i
		} else if inserted(at) {
			behind[last] = append(behind[last], element)
		}
	}
	all := behind[-1]
	for i, element := range wanted {
		all = append(append(all, element), behind[i]...)
	}
	return all
}

func (k ruleKind[R, D]) unweigh(rule R) {
	for _, destination := range *k.destinations(rule) {
		_, weight := k.weighted(destination)
		*weight = 0
	}
}
