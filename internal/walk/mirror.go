package walk

import (
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// growing returns the names of the destinations that get more requests at the end than at the start.
func (r rule) growing() []string {
	var names []string
	for i, name := range r.names {
		if r.grows(i) {
			names = append(names, istio.Shown(name))
		}
	}
	return names
}

func (r rule) grows(i int) bool {
	return proportions(r.to)[i].Cmp(proportions(r.from)[i]) > 0
}

// mirror makes the destinations that grow get copies of so many percent of a rule's requests, besides those that get
// some anyway.
func (r rule) mirror(of *networking.HTTPRoute, percent int64) {
	if percent <= 0 {
		return
	}
	// A rule has one mirror in the old way, or several in the new one.
	istio.Modernize(of)
	of.Mirrors = append(of.Mirrors, r.copies(percent)...)
}

// copies returns where the copies of a walk go, and how many.
func (r rule) copies(percent int64) []*networking.HTTPMirrorPolicy {
	var all []*networking.HTTPMirrorPolicy
	for i, d := range r.destinations {
		if percent > 0 && r.grows(i) {
			all = append(all, &networking.HTTPMirrorPolicy{
				Destination: d.GetDestination(), Percentage: &networking.Percent{Value: float64(percent)},
			})
		}
	}
	return all
}

// uncopied takes the copies of a walk away from a rule, which then mirrors as the wanted one does if nobody else has
// changed that.
func (r rule) uncopied(of, wanted *networking.HTTPRoute, percent int64) {
	for _, c := range r.copies(percent) {
		of.Mirrors = slices.DeleteFunc(of.Mirrors, func(m *networking.HTTPMirrorPolicy) bool {
			return proto.Equal(m, c)
		})
	}
	modern := proto.CloneOf(wanted)
	istio.Modernize(modern)
	if slices.EqualFunc(of.Mirrors, modern.GetMirrors(), func(a, b *networking.HTTPMirrorPolicy) bool {
		return proto.Equal(a, b)
	}) && of.Mirror == nil {
		of.Mirrors, of.Mirror = wanted.GetMirrors(), wanted.GetMirror()
		of.MirrorPercentage = wanted.GetMirrorPercentage()
	}
}

// Mirrored reports whether the first stage is a phase of copies.
func (p Plan) Mirrored() bool { return p.copies() > 0 }

// copies is of how many percent of the requests there are copies in the first stage.
func (p Plan) copies() int64 {
	if len(p.stages) < 2 {
		return 0
	}
	return p.stages[1].Mirror
}

// withoutCopies returns what is wanted, where that was read from objects that have the copies of the walk.
func (p Plan) withoutCopies() istio.Objects {
	return rerouted(p.wanted, func(rules []*networking.HTTPRoute) {
		for _, r := range p.rules {
			r.uncopied(rules[r.at], &networking.HTTPRoute{}, p.copies())
		}
	})
}
