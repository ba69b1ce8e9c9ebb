package crud

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"google.golang.org/protobuf/proto"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

// refresh returns the state that describes the live objects. As long as the live objects mean what the state says,
// that is the state itself, spelling included. The first read of an import takes along what people wrote beside the
// spec.
func (p *objectsResource) refresh(
	state attr.Value, route form.Route, life form.Lifecycle, live liveObjects, facts *around.Facts,
) attr.Value {
	prior := state.Attributes()
	first := isFirstRead(state)
	taken := first && p.takeMetadata(route, live)
	wanted := route.Render()
	ours := p.Resolve(live.Ours(wanted), p.settings.ClusterDomain)
	if p.has("live_weights") {
		prior["live_weights"] = form.LiveWeights(life, ours)
	}
	if life.HandedOver {
		// What somebody else sets on purpose is no drift, and comes and goes between a plan and the next.
		ours = istio.WithoutOthers(ours, wanted)
	}
	if p.has("summary") {
		prior["summary"] = p.wordsOf(life, ours, wanted, facts)
	}
	if p.has("walk_state") {
		prior["walk_state"], ours = p.refreshWalk(prior["walk_state"], life, live, ours, wanted)
	}
	if !taken && cluster.Same(wanted, ours) && isEmptyList(prior["foreign_fields"]) {
		prior["foreign_fields"] = attr.Strings(nil)
		return attr.Object(prior)
	}
	_, attributes := p.Recognize(ours, route.Place(), p.settings.Defaults)
	next := maps.Clone(prior)
	maps.Copy(next, attributes)
	expressed := p.routeOf(attr.Object(next)).Render()
	next["foreign_fields"] = attr.Strings(canary.Differences(expressed, ours))
	if first {
		form.LeaveOutEmpty(p.Form, next, p.settings.Defaults)
	}
	p.keepSpelling(prior, next)
	return attr.Object(next)
}

// mostRendered is how many bytes of protobuf are rendered to find what is only spelled differently, which takes about
// a second.
const mostRendered = 1 << 20

// keepSpelling puts back the prior value of everything that makes no difference to the objects: `5000ms` for `5s`, a
// weight that was left out for the number that it came to. Where an attribute as a whole has changed, what is inside
// it is tried one by one, so that one drifted weight shows as one drifted weight. Each try renders both objects:
// where a large route has drifted in many places, the later ones are spelled as in the cluster.
func (p *objectsResource) keepSpelling(prior, next map[string]attr.Value) {
	render := func() istio.Objects { return p.routeOf(attr.Object(next)).Render() }
	meaning := render()
	size := 1 + proto.Size(meaning.Routing().VirtualServiceSpec()) +
		proto.Size(meaning.Declaring().DestinationRuleSpec())
	left := mostRendered
	for _, name := range slices.Sorted(maps.Keys(prior)) {
		// What was null is not known yet.
		if form.Has(path.Root(name), form.Live) || prior[name].IsNull() {
			continue
		}
		next[name] = spelled(prior[name], next[name], func(candidate func() attr.Value) bool {
			if left -= size; left < 0 {
				return false
			}
			now := next[name]
			defer func() { next[name] = now }()
			next[name] = candidate()
			return cluster.Same(render(), meaning)
		})
	}
}

// spelled returns next with as much of prior as keeps the meaning, which means is asked about. It makes the candidate
// if it needs it.
func spelled(prior, next attr.Value, means func(candidate func() attr.Value) bool) attr.Value {
	switch {
	case prior.Equal(next):
		return next
	case means(func() attr.Value { return prior }):
		return prior
	case prior.IsNull() || next.IsNull():
		return next
	}
	switch {
	case prior.HasEntries() && next.HasEntries():
		for _, name := range namesIn(prior, next) {
			was, _ := prior.Lookup(name)
			next = next.With(name, spelled(was, next.Get(name), func(candidate func() attr.Value) bool {
				return means(func() attr.Value { return next.With(name, candidate()) })
			}))
		}
	case prior.IsList() && next.IsList():
		first, second := prior.Elements(), slices.Clone(next.Elements())
		for i := range min(len(first), len(second)) {
			second[i] = spelled(first[i], second[i], func(candidate func() attr.Value) bool {
				return means(func() attr.Value {
					trial := slices.Clone(second)
					trial[i] = candidate()
					return attr.List(trial)
				})
			})
		}
		return attr.List(second)
	}
	return next
}

// namesIn returns the names of what may be spelled differently: the entries that two maps have in common, or the
// attributes that one of two objects has.
func namesIn(a, b attr.Value) []string {
	var names []string
	for name := range b.Entries() {
		if _, both := a.Lookup(name); both || !b.IsMap() {
			names = append(names, name)
		}
	}
	for name := range a.Entries() {
		if _, both := b.Lookup(name); !both && !b.IsMap() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func isEmptyList(v attr.Value) bool {
	return v.IsNull() || v.IsList() && v.Len() == 0
}
