package crud

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/outlook"
)

// draft is a plan in the making.
type draft struct {
	config         *attr.Reader
	route          form.Route
	life           form.Lifecycle
	prior, planned map[string]attr.Value
	// problems are what is wrong with the configuration.
	problems []istio.Problem
	// exists says that there is a state, and applying that the plan is part of an apply, as far as can be told.
	exists, applying bool
	// before and after are the objects of the state, none without one, and of the plan. Where somebody else sets the
	// weights they are the live objects, and what those become.
	before, after istio.Objects
	// walk is how shares are going to get from one to the other, with no way to go where they do at once.
	walk outlook.Walk
}

// completeOwnership plans who writes the objects, what was taken over when they came under Terraform, and that
// nothing is left over.
func (d *draft) completeOwnership(s Settings) {
	switch {
	case !s.OwnerKnown:
		d.planned["owner"] = attr.Unknown()
	case s.Owner == "":
		d.planned["owner"] = attr.Null()
	default:
		d.planned["owner"] = attr.String(s.Owner)
	}
	// A state of an earlier version says nothing of it, which is no change.
	if before := d.prior["left_over"]; d.exists && before.IsNull() {
		d.planned["left_over"] = before
	} else {
		d.planned["left_over"] = attr.Strings(nil)
	}
	switch {
	case d.exists:
		d.planned["adopted"] = d.prior["adopted"]
	case d.life.Adopt || d.undecided("adopt"):
		d.planned["adopted"] = attr.Unknown()
	default:
		d.planned["adopted"] = attr.Strings(nil)
	}
}

// undecided reports whether an attribute is set to a value that is not known yet.
func (d *draft) undecided(attribute string) bool {
	return d.config.Has(attribute) && !d.config.Known(attribute)
}

// completeWeights plans the live weights: what they are after a change is known only then.
func (d *draft) completeWeights() {
	if !d.life.HandedOver && !d.undecided("weights_managed_by") {
		d.planned["live_weights"] = attr.Null()
		return
	}
	before := d.prior["live_weights"]
	d.planned["live_weights"] = before
	if !before.IsNull() && d.life.HandedOver && d.unchangedBut() {
		return
	}
	d.planned["live_weights"] = attr.Unknown()
}

// isKnown reports whether all is known that was looked for and has a trait.
func isKnown(r *attr.Reader, trait form.Trait) bool {
	return !slices.ContainsFunc(r.Unknown(), func(at path.Path) bool { return form.Has(at, trait) })
}

// unchangedBut reports whether the plan is as the state, some attributes aside.
func (d *draft) unchangedBut(names ...string) bool {
	planned := maps.Clone(d.planned)
	for _, name := range names {
		planned[name] = d.prior[name]
	}
	return attr.Object(planned).Equal(attr.Object(d.prior))
}
