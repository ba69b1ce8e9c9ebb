package provider

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"google.golang.org/protobuf/proto"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// refresh returns the state that describes the live pair. As long as the live objects mean what the state says, that is
// the state itself, spelling included. The first read of an import takes along what people wrote beside the spec.
func (p *pairResource) refresh(state tftypes.Value, route described, life lifecycle, live livePair) tftypes.Value {
	prior := attributesOf(state)
	first := isFirstRead(prior)
	taken := first && p.takeMetadata(route, live)
	wanted := route.Render()
	ours := p.resolve(live.Ours(wanted), p.settings.clusterDomain)
	if _, ok := prior["live_weights"]; ok {
		prior["live_weights"] = encodeLiveWeights(life, ours)
	}
	if life.handedOver {
		// What somebody else sets on purpose is no drift, and comes and goes between a plan and the next.
		ours = routing.WithoutOthers(ours, wanted)
	}
	if _, ok := prior["summary"]; ok {
		prior["summary"] = p.words(life, ours)
	}
	if !taken && same(wanted, ours) && isEmptyList(prior["foreign_fields"]) {
		prior["foreign_fields"] = tftypes.NewValue(stringList, []tftypes.Value{})
		return tftypes.NewValue(state.Type(), prior)
	}
	_, attributes := p.recognize(ours, route.Place(), p.settings)
	next := maps.Clone(prior)
	maps.Copy(next, attributes)
	expressed := p.routeOf(tftypes.NewValue(state.Type(), next)).Render()
	next["foreign_fields"] = tftypes.NewValue(stringList, stringValues(canary.Differences(expressed, ours)))
	if first {
		p.leaveOutEmpty(state.Type(), next)
	}
	p.keepSpelling(state.Type(), prior, next)
	return tftypes.NewValue(state.Type(), next)
}

// mostRendered is how many bytes of protobuf are rendered to find what is only spelled differently, which takes about a second.
const mostRendered = 1 << 20

// keepSpelling puts back the prior value of everything that makes no difference to the objects: `5000ms` for `5s`, a
// weight that was left out for the number that it came to. Where an attribute as a whole has changed, what is inside it
// is tried one by one, so that one drifted weight shows as one drifted weight. Each try renders both objects: where a large route has
// drifted in many places, the later ones are spelled as in the cluster.
func (p *pairResource) keepSpelling(objectType tftypes.Type, prior, next map[string]tftypes.Value) {
	render := func() routing.Pair { return p.routeOf(tftypes.NewValue(objectType, next)).Render() }
	meaning := render()
	size := 1 + proto.Size(meaning.VirtualServiceSpec()) + proto.Size(meaning.DestinationRuleSpec())
	left := mostRendered
	for _, name := range slices.Sorted(maps.Keys(next)) {
		// The full name and what is foreign follow from the cluster alone, and what was null is not known yet.
		if name == "host" || name == "owner" || name == "foreign_fields" || prior[name].IsNull() {
			continue
		}
		next[name] = spelled(prior[name], next[name], func(candidate func() tftypes.Value) bool {
			if left -= size; left < 0 {
				return false
			}
			now := next[name]
			defer func() { next[name] = now }()
			next[name] = candidate()
			return same(render(), meaning)
		})
	}
}

// spelled returns next with as much of prior as keeps the meaning, which means is asked about. It makes the candidate if it
// needs it.
func spelled(prior, next tftypes.Value, means func(candidate func() tftypes.Value) bool) tftypes.Value {
	switch {
	case prior.Equal(next):
		return next
	case means(func() tftypes.Value { return prior }):
		return prior
	case prior.IsNull() || next.IsNull():
		return next
	}
	var before, after map[string]tftypes.Value
	if prior.As(&before) == nil && next.As(&after) == nil {
		after = maps.Clone(after)
		for _, key := range slices.Sorted(maps.Keys(after)) {
			if was, ok := before[key]; ok {
				after[key] = spelled(was, after[key], func(candidate func() tftypes.Value) bool {
					return means(func() tftypes.Value {
						trial := maps.Clone(after)
						trial[key] = candidate()
						return tftypes.NewValue(next.Type(), trial)
					})
				})
			}
		}
		return tftypes.NewValue(next.Type(), after)
	}
	var first, second []tftypes.Value
	if prior.As(&first) == nil && next.As(&second) == nil {
		second = slices.Clone(second)
		for i := range min(len(first), len(second)) {
			second[i] = spelled(first[i], second[i], func(candidate func() tftypes.Value) bool {
				return means(func() tftypes.Value {
					trial := slices.Clone(second)
					trial[i] = candidate()
					return tftypes.NewValue(next.Type(), trial)
				})
			})
		}
		return tftypes.NewValue(next.Type(), second)
	}
	return next
}

// same reports whether two pairs are the same objects with the same meaning.
func same(a, b routing.Pair) bool {
	return len(cluster.Steps(a, b)) == 0 && len(cluster.Steps(b, a)) == 0
}

func isEmptyList(v tftypes.Value) bool {
	var elements []tftypes.Value
	return v.IsKnown() && v.As(&elements) == nil && len(elements) == 0
}
