package istio

import (
	"cmp"
	"math"
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
)

// onlyWeight is what the weight of an only destination counts as, whatever it says. Istio reads weights as
// proportions of their sum.
const onlyWeight = 100

// keepWeights gives a wanted rule the weights and the further destinations of the live one. Those that were
// configured and are no more wanted go.
func (k ruleKind[R, D]) keepWeights(rule R, was []D, live R) {
	wanted, is := k.destinations(rule), *k.destinations(live)
	if len(*wanted) == 0 || len(is) == 0 {
		return
	}
	of := k.pairDestinations(*wanted, is)
	before := k.pairDestinations(is, was)
	goes := func(at int) bool { return !slices.Contains(of, at) && before[at] >= 0 }
	weights := k.weights(is)
	total, left := 0, 0
	for at, weight := range weights {
		total += weight
		if !goes(at) {
			left += weight
		}
	}
	if left == 0 {
		// Nobody who stays has a share that the others could be measured by.
		*wanted = k.addOthers(*wanted, of, is, goes, make([]int, len(is)))
		return
	}
	spread(weights, total, goes)
	for i, destination := range *wanted {
		_, weight := k.weighted(destination)
		if *weight = 0; of[i] >= 0 {
			*weight = int32(min(weights[of[i]], math.MaxInt32)) //nolint:gosec // it is bounded, and not negative
		}
	}
	*wanted = k.addOthers(*wanted, of, is, goes, weights)
}

// addOthers puts the destinations among the wanted ones that others put in, with their weights.
func (k ruleKind[R, D]) addOthers(wanted []D, of []int, live []D, goes func(int) bool, weights []int) []D {
	others := make([]D, len(live))
	for at, destination := range live {
		others[at] = proto.CloneOf(destination)
		_, weight := k.weighted(others[at])
		*weight = int32(min(weights[at], math.MaxInt32)) //nolint:gosec // it is bounded, and not negative
	}
	all := interleave(wanted, of, others, func(at int) bool { return !goes(at) })
	if len(all) == 1 {
		_, weight := k.weighted(all[0])
		*weight = 0
	}
	return all
}

// weights returns the weights of destinations, of an only one [onlyWeight].
func (k ruleKind[R, D]) weights(destinations []D) []int {
	if len(destinations) == 1 {
		return []int{onlyWeight}
	}
	weights := make([]int, len(destinations))
	for i, destination := range destinations {
		_, weight := k.weighted(destination)
		weights[i] = int(max(*weight, 0))
	}
	return weights
}

// finest is the smallest sum of weights of which whole numbers make fine enough parts.
const finest = 100

// spread raises the weights of those that stay in proportion, by the largest remainder, so that the sum is again the
// total. It sets those that go to 0. Weights of a smaller sum than [finest] stay: to Istio they are relative, and
// rounded they would be other shares.
func spread(weights []int, total int, goes func(int) bool) {
	left := 0
	for at := range weights {
		if goes(at) {
			weights[at] = 0
		}
		left += weights[at]
	}
	if left == total || left == 0 || total < finest {
		return
	}
	order, given := make([]int, 0, len(weights)), 0
	remainders := make([]int, len(weights))
	for at, weight := range weights {
		weights[at], remainders[at] = weight*total/left, weight*total%left
		given += weights[at]
		if weight > 0 {
			order = append(order, at)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainders[b], remainders[a]) })
	for _, at := range order[:total-given] {
		weights[at]++
	}
}

// pairDestinations returns for each destination the place of the other one that is the same, -1 for none. What tells
// destinations apart is host, subset and port; where the port changes, or the service, the subset still tells which
// one it was.
func (k ruleKind[R, D]) pairDestinations(destinations, others []D) []int {
	found, taken := make([]int, len(destinations)), make([]bool, len(others))
	for i := range found {
		found[i] = -1
	}
	for _, same := range []func(a, b *networking.Destination) bool{
		func(a, b *networking.Destination) bool {
			return a.GetHost() == b.GetHost() && a.GetSubset() == b.GetSubset() &&
				a.GetPort().GetNumber() == b.GetPort().GetNumber()
		},
		func(a, b *networking.Destination) bool {
			return a.GetHost() == b.GetHost() && a.GetSubset() == b.GetSubset()
		},
		func(a, b *networking.Destination) bool { return a.GetSubset() == b.GetSubset() && a.GetSubset() != "" },
	} {
		for i, destination := range destinations {
			for at, other := range others {
				a, _ := k.weighted(destination)
				b, _ := k.weighted(other)
				if found[i] < 0 && !taken[at] && same(a, b) {
					found[i], taken[at] = at, true
				}
			}
		}
	}
	return found
}
