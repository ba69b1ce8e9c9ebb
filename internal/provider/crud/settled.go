package crud

import (
	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

// settled returns the plan with what was known only after apply.
func (p *objectsResource) settled(
	plan attr.Value, life form.Lifecycle, wanted istio.Objects, adopted []string, facts *around.Facts,
) attr.Value {
	attributes := plan.Attributes()
	if adopted != nil {
		attributes["adopted"] = attr.Strings(adopted)
	}
	if p.has("live_weights") {
		attributes["live_weights"] = form.LiveWeights(life, wanted)
	}
	if !attributes["summary"].IsKnown() {
		about := wanted
		if life.HandedOver {
			about = p.routeOf(plan).Render()
		}
		attributes["summary"] = p.words(life, about, facts)
	}
	return attr.Object(attributes)
}

// isSettled reports whether every object is just as it was wanted: as the API server answered where it was written,
// and otherwise as it was found. Admission control may have made something else of it. What becomes of a rule that
// hands over to a delegate depends on another object.
func (p *objectsResource) isSettled(found liveObjects, wanted istio.Objects, applied cluster.Applied) bool {
	if o := wanted.Routing(); o != nil && around.Delegates(o) {
		return false
	}
	for _, o := range wanted.All() {
		is := applied.Wrote(cluster.AddressOf(o))
		if is == nil {
			is = found.At(cluster.AddressOf(o))
		}
		if is == nil || len(is.Unknown) > 0 || !is.As(o) {
			return false
		}
	}
	return true
}
