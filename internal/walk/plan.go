package walk

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Plan is a walk from live shares to planned ones. The zero value has no way to go.
type Plan struct {
	rules  []rule
	stages []Stage
	// wanted is where the walk ends, and kept are the subsets that only the start needs.
	wanted istio.Objects
	kept   []*networking.Subset
	// plain are the rules where the walk ends, without what follows from sticky: those rules come and go with shares.
	plain istio.Unstuck
}

// Way is how a walk is to go.
type Way struct {
	// Steps are percents of the way, which rise.
	Steps []int64
	// Mirror is of how many percent of the requests the versions that grow get copies before the first step, 0 for a
	// walk without that phase.
	Mirror int64
}

// Stage is a point on the way.
type Stage struct {
	// Mirror is of how many percent of the requests there are copies.
	Mirror int64
	// Percent is how much of the way lies behind, 0 at the start and 100 at the end.
	Percent int64
	// Shares are whole percents by rule and destination, in the order of [Plan.Rules].
	Shares [][]int64
}

// rule is one whose shares move.
type rule struct {
	// at is its place among the planned rules, those apart that follow from sticky.
	at           int
	name         string
	destinations []*networking.HTTPRouteDestination
	names        []string
	from, to     []int64
}

// NewPlan returns the walk from live objects to wanted ones. The end is always a stage. A step that would move
// nothing is none.
//
// A rule walks that is there before and after, sends its requests to destinations both times, and with other shares.
// A destination is followed by its host, port and subset, and a subset by the pods that its labels select. Everything
// else is at the start as it is wanted: a rule that is new, or that has no destinations, does not walk.
func NewPlan(live, wanted istio.Objects, way Way) Plan {
	p := Plan{wanted: wanted, plain: istio.Unstick(wanted.Routing().VirtualServiceSpec().GetHttp())}
	live = istio.FollowPods(istio.WithoutSticky(live), wanted)
	want := p.plain.Rules
	for i, before := range istio.SameRules(want, live.Routing().VirtualServiceSpec().GetHttp()) {
		if walks, ok := newRule(i, before, want[i]); ok {
			p.rules = append(p.rules, walks)
		}
	}
	if len(p.rules) == 0 {
		return Plan{wanted: wanted}
	}
	p.kept = keptSubsets(p.rules, live, wanted)
	p.stages = []Stage{p.stage(0)}
	if way.Mirror > 0 {
		copies := p.stage(0)
		copies.Mirror = way.Mirror
		p.stages = append(p.stages, copies)
	}
	for _, percent := range append(slices.Clone(way.Steps), whole) {
		next, last := p.stage(percent), p.stages[len(p.stages)-1]
		switch same := slices.EqualFunc(next.Shares, last.Shares, slices.Equal); {
		case last.Percent >= percent:
		case same && percent < whole:
		case same && last.Percent > 0:
			// The end stands for a step that is already there.
			p.stages[len(p.stages)-1].Percent = whole
		default:
			p.stages = append(p.stages, next)
		}
	}
	return p
}

func newRule(at int, before, after *networking.HTTPRoute) (rule, bool) {
	if len(before.GetRoute()) == 0 || len(after.GetRoute()) == 0 {
		return rule{}, false
	}
	r := rule{at: at, name: ruleName(at, after)}
	was, is := sharesOf(before.Route), sharesOf(after.Route)
	routes := slices.Concat(after.Route, before.Route)
	// The shares of two destinations that are equal may differ by one, always in the same way.
	slices.SortStableFunc(routes, func(a, b *networking.HTTPRouteDestination) int {
		return cmp.Compare(nameOf(a.GetDestination()), nameOf(b.GetDestination()))
	})
	for _, route := range routes {
		name := nameOf(route.GetDestination())
		if slices.Contains(r.names, name) {
			continue
		}
		r.names, r.destinations = append(r.names, name), append(r.destinations, route)
		r.from, r.to = append(r.from, was[name]), append(r.to, is[name])
	}
	same := func(a, b *big.Rat) bool { return a.Cmp(b) == 0 }
	return r, !slices.EqualFunc(proportions(r.from), proportions(r.to), same)
}

// ruleName is how a rule is called: by its name, or its place such as `http[0]`.
func ruleName(at int, r *networking.HTTPRoute) string {
	return cmp.Or(r.GetName(), fmt.Sprintf("http[%d]", at))
}

// sharesOf returns the weights by destination. A single destination takes all requests, whatever its weight.
func sharesOf(routes []*networking.HTTPRouteDestination) map[string]int64 {
	shares := map[string]int64{}
	for _, route := range routes {
		shares[nameOf(route.GetDestination())] += int64(route.GetWeight())
	}
	if len(shares) == 1 {
		for name := range shares {
			shares[name] = whole
		}
	}
	return shares
}

// nameOf is how a destination is called: by its subset, and by its host and port where it has none.
func nameOf(d *networking.Destination) string {
	name := cmp.Or(d.GetSubset(), d.GetHost())
	if port := d.GetPort().GetNumber(); port != 0 && d.GetSubset() == "" {
		name = fmt.Sprintf("%s:%d", name, port)
	}
	return name
}

// keptSubsets are the live subsets to which a walk still sends requests and that are not wanted.
func keptSubsets(rules []rule, live, wanted istio.Objects) []*networking.Subset {
	is, want := live.Declaring().DestinationRuleSpec(), wanted.Declaring().DestinationRuleSpec()
	var kept []*networking.Subset
	for _, r := range rules {
		for _, d := range r.destinations {
			name := d.GetDestination().GetSubset()
			if subset := istio.FindSubset(is, name); want != nil && subset != nil &&
				istio.FindSubset(want, name) == nil && !slices.Contains(kept, subset) {
				kept = append(kept, subset)
			}
		}
	}
	return kept
}

func (p Plan) stage(percent int64) Stage {
	s := Stage{Percent: percent}
	for _, r := range p.rules {
		s.Shares = append(s.Shares, interpolate(r.from, r.to, percent))
	}
	return s
}

// Last is the place of the last stage, at which the shares are the planned ones; 0 where there is no way to go.
func (p Plan) Last() int { return max(0, len(p.stages)-1) }

// Stages returns the start, the steps and the end.
func (p Plan) Stages() []Stage { return slices.Clone(p.stages) }

// Objects returns what is to be live at a stage: the wanted objects with the shares of the stage, and with the
// subsets that only the start needs.
func (p Plan) Objects(stage int) istio.Objects {
	if len(p.rules) == 0 {
		return p.wanted
	}
	o, spec := *p.wanted.Routing(), proto.CloneOf(p.wanted.Routing().VirtualServiceSpec())
	rules := slices.Clone(p.plain.Rules)
	for i, r := range p.rules {
		rules[r.at] = proto.CloneOf(rules[r.at])
		rules[r.at].Route = r.weighted(p.stages[stage].Shares[i])
		r.mirror(rules[r.at], p.stages[stage].Mirror)
	}
	spec.Http = istio.Stick(rules, p.plain.Sticky)
	o.Spec = spec
	objects := p.wanted.With(&o)
	if len(p.kept) > 0 {
		d, declared := *objects.Declaring(), proto.CloneOf(objects.Declaring().DestinationRuleSpec())
		for _, subset := range p.kept {
			declared.Subsets = append(declared.Subsets, proto.CloneOf(subset))
		}
		d.Spec = declared
		objects = objects.With(&d)
	}
	return objects
}

// weighted returns the destinations of a rule with their shares. One that takes all has no need of the others' names,
// but they stay: the next step brings them back.
func (r rule) weighted(shares []int64) []*networking.HTTPRouteDestination {
	var routes []*networking.HTTPRouteDestination
	for i, d := range r.destinations {
		route := proto.CloneOf(d)
		route.Weight = int32(shares[i]) //nolint:gosec // up to 100
		routes = append(routes, route)
	}
	return routes
}

// Words says the shares of a stage: `v1 90 %, v2 10 %`, with the rule's name where several walk.
func (p Plan) Words(stage int) string {
	var all []string
	for i, r := range p.rules {
		var shares []string
		for at, name := range r.names {
			shares = append(shares, fmt.Sprintf("%s %d %%", istio.Shown(name), p.stages[stage].Shares[i][at]))
		}
		slices.Sort(shares)
		text := strings.Join(shares, ", ")
		if percent := p.stages[stage].Mirror; percent > 0 {
			text += fmt.Sprintf(", and copies of %d %% to %s", percent, strings.Join(r.growing(), ", "))
		}
		if len(p.rules) > 1 {
			text = istio.Shown(r.name) + ": " + text
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}
