package canary

import (
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// WeightedSubset is a subset with its share of the requests.
type WeightedSubset struct {
	Subset
	// Weight is in whole percent; the weights of a split sum to 100. One may be nil and takes the rest.
	Weight *int64
}

// Split is a canary by shares: the requests that match are divided among the subsets.
type Split struct {
	Placement
	Subsets map[string]WeightedSubset
	// HTTP is the rule without its destinations. Without a match it covers every request.
	HTTP *networking.HTTPRoute
	// Sticky says which subsets a client keeps that got them, nil for none.
	Sticky *istio.Sticky
	// Otherwise names the subset for requests that do not match; empty leaves them without a route.
	Otherwise string
}

// Route returns the same routing as rules.
func (s *Split) Route() *Route {
	r := &Route{Placement: s.Placement, Subsets: make(map[string]Subset, len(s.Subsets))}
	split := Rule{HTTP: s.HTTP, Sticky: s.Sticky, Weights: make(map[string]*int64, len(s.Subsets))}
	for name, subset := range s.Subsets {
		r.Subsets[name] = subset.Subset
		split.Weights[name] = subset.Weight
	}
	if len(s.HTTP.GetMatch()) == 0 {
		r.Default = &split
		return r
	}
	r.Rules = []Rule{split}
	if s.Otherwise != "" {
		r.Default = &Rule{Subset: s.Otherwise}
	}
	return r
}

// Render returns the objects that make Istio route this way.
func (s *Split) Render() istio.Objects { return s.Route().Render() }

// Weights returns the share of every subset in percent, the one that was left out filled in.
func (s *Split) Weights() map[string]int64 {
	weights := make(map[string]*int64, len(s.Subsets))
	for name, subset := range s.Subsets {
		weights[name] = subset.Weight
	}
	return Rest(weights)
}

// PathOf returns where in the split the part is that stands at a path of a rendered object.
func (s *Split) PathOf(o *istio.Object, at istio.Path) istio.Path {
	if len(at) == 1 && at[0] == "http" {
		// All rules follow from the shares.
		return istio.Path{"subsets"}
	}
	return s.splitPath(s.Route().PathOf(o, at))
}

// splitPath returns where in a split the part is that stands at a path of its [Split.Route].
func (s *Split) splitPath(at istio.Path) istio.Path {
	matched := len(s.HTTP.GetMatch()) > 0
	switch {
	case at.Within(istio.Path{"rules", 0}):
		at = at[2:]
	case at.Within(istio.Path{"default"}) && matched:
		return istio.Path{"otherwise"}
	case at.Within(istio.Path{"default"}):
		at = at[1:]
	default:
		return at
	}
	if at.Within(istio.Path{"weights"}) {
		if len(at) == 1 {
			return istio.Path{"subsets"}
		}
		return istio.Path{"subsets", at[1], "weight"}
	}
	if at.Within(istio.Path{"subset"}) {
		return istio.Path{"subsets"}
	}
	return at
}
