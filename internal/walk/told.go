package walk

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Why objects tell of no walk that can go on.
var (
	// ErrNone says that there is no annotation of a walk, or one that has ended.
	ErrNone = errors.New("no walk is under way")
	// ErrOvertaken says that the live shares are not those of the stage that the annotation names.
	ErrOvertaken = errors.New("the shares are not those that the walk has set")
)

// Told returns the walk of which live objects tell, what they say of it, and its position. Nobody knows the
// configuration: at its end the objects have all destinations and subsets that are live.
func Told(live istio.Objects, now time.Time) (Plan, Memory, Position, error) {
	m, ok := Recall(live.Routing())
	if !ok || m.Ended {
		return Plan{}, m, Position{}, ErrNone
	}
	way := Way{m.Percents[1:], m.Mirror}
	p := NewPlan(m.atStart(live), weighted(live, m.Target), way)
	if m.Stage == 1 && p.Mirrored() {
		p = NewPlan(m.atStart(live), p.withoutCopies(), way)
	}
	if p.Last() == 0 || m.Stage > p.Last() || !p.walksTo(m) || !p.isLive(m.Stage, live) {
		return Plan{}, m, Position{}, ErrOvertaken
	}
	return p, m, Position{Stage: m.Stage, Back: m.Back, Since: m.Began(now)}, nil
}

// ToWeights returns live objects with weights, which are by rule and destination in whole percent. It fails for a
// rule or a destination that there is not, and for weights that do not sum to 100.
func ToWeights(live istio.Objects, weights map[string]map[string]int64) (istio.Objects, error) {
	rules := namedIn(live)
	for _, name := range slices.Sorted(maps.Keys(weights)) {
		rule := rules[name]
		if rule == nil {
			return live, fmt.Errorf("there is no rule %q; the rules are %q", name, slices.Sorted(maps.Keys(rules)))
		}
		sum, there := int64(0), sharesOf(rule.Route)
		for _, to := range slices.Sorted(maps.Keys(weights[name])) {
			if _, ok := there[to]; !ok {
				return live, fmt.Errorf("the rule %q has no destination %q; it has %q", name, to,
					slices.Sorted(maps.Keys(there)))
			}
			if w := weights[name][to]; w < 0 || w > whole {
				return live, fmt.Errorf("the weight of %q in the rule %q is %d, and has to be from 0 to 100", to, name,
					w)
			}
			sum += weights[name][to]
		}
		if sum != whole {
			return live, fmt.Errorf("the weights of the rule %q sum to %d, and have to sum to 100", name, sum)
		}
	}
	return weighted(live, weights), nil
}
