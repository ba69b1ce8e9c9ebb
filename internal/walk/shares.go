// Package walk decides how shares of requests move in steps: which steps there are, what the next move is, and what
// an annotation remembers of it. It is pure: the time is an argument, and what a gate answered is given.
package walk

import (
	"cmp"
	"math/big"
	"slices"
)

// whole is what shares sum to, in percent.
const whole = 100

// interpolate returns the shares in whole percent that lie so many percent of the way from some weights to others. A
// share that is not 0 there is at least 1, so that a small step is one; at 0 and at 100 percent the shares are those
// of the weights.
//
// Weights count in proportion to their sum, as Istio reads them. What rounding down leaves goes to the largest
// remainders, of two that are equal to the first; no share is a whole percent off. Source: the method of largest
// remainders (Hamilton's), whose shares stay within the quota.
func interpolate(from, to []int64, percent int64) []int64 {
	exact := make([]*big.Rat, len(from))
	before, after := proportions(from), proportions(to)
	done, left := big.NewRat(percent, whole), big.NewRat(whole-percent, whole)
	for i := range exact {
		was, is := new(big.Rat).Mul(before[i], left), new(big.Rat).Mul(after[i], done)
		exact[i] = was.Add(was, is)
	}
	return atLeastOne(largestRemainder(exact), exact)
}

// proportions returns weights in percent of their sum. Weights that are all 0 are shared alike.
func proportions(weights []int64) []*big.Rat {
	sum := new(big.Int)
	for _, w := range weights {
		sum.Add(sum, big.NewInt(max(w, 0)))
	}
	shares := make([]*big.Rat, len(weights))
	for i, w := range weights {
		if sum.Sign() == 0 {
			shares[i] = big.NewRat(whole, int64(len(weights)))
			continue
		}
		shares[i] = new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(max(w, 0)), big.NewInt(whole)), sum)
	}
	return shares
}

// largestRemainder returns shares in whole percent that sum to 100.
func largestRemainder(exact []*big.Rat) []int64 {
	shares, rest := make([]int64, len(exact)), make([]*big.Rat, len(exact))
	places := make([]int, len(exact))
	left := int64(whole)
	for i, share := range exact {
		shares[i] = new(big.Int).Quo(share.Num(), share.Denom()).Int64()
		rest[i] = new(big.Rat).Sub(share, new(big.Rat).SetInt64(shares[i]))
		left -= shares[i]
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return rest[b].Cmp(rest[a]) })
	for _, i := range places[:max(0, min(left, int64(len(places))))] {
		shares[i]++
	}
	return shares
}

// atLeastOne gives those that are to have a share at least 1, as long as somebody has more.
func atLeastOne(shares []int64, exact []*big.Rat) []int64 {
	for i := range shares {
		if shares[i] > 0 || exact[i].Sign() == 0 {
			continue
		}
		largest := slices.Index(shares, slices.MaxFunc(shares, cmp.Compare))
		if shares[largest] <= 1 {
			break
		}
		shares[largest]--
		shares[i]++
	}
	return shares
}
