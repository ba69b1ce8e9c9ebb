package crud

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// isFirstRead reports whether a state is what an import leaves for its first read: where the objects are, and nothing
// else.
func isFirstRead(state attr.Value) bool { return state.Get("foreign_fields").IsNull() }

// takeMetadata gives the description of one object the labels and annotations that people wrote for it, so that a
// configuration that is generated from it has them. Two objects have one set for both, and take only what this
// provider wrote: this returns false for one.
func (p *objectsResource) takeMetadata(route form.Route, live liveObjects) bool {
	if _, ok := p.Form.(form.Object); !ok {
		return false
	}
	for _, is := range live.All() {
		place := route.Place()
		place.Labels, place.Annotations = istio.Authored(&is.Object)
	}
	return true
}

// warnOfEmpty names the empty texts of an imported state, which a configuration has to spell out.
func (p *objectsResource) warnOfEmpty(state attr.Value, live liveObjects, diagnostics *diag.Diagnostics) {
	var found []string
	for _, at := range form.EmptyTexts(state) {
		found = append(found, at.String())
	}
	if len(found) > 0 {
		report.Warnings{noteOn(&live.All()[0].Object, "Empty texts to write out", fmt.Sprintf(
			"The imported object has an empty text at %s, which is not the same as none. A configuration that "+
				"Terraform generates leaves it out: write \"\" there, or the plan removes it.",
			strings.Join(found, ", ")))}.Tell(diagnostics, report.Audience{Told: p.settings.Told})
	}
}

// warnOfForeign names what imported objects hold and its form cannot express, and offers the resources that can.
func (p *objectsResource) warnOfForeign(state attr.Value, live liveObjects, diagnostics *diag.Diagnostics) {
	foreign := attr.Read(state).Strings("foreign_fields")
	if _, whole := p.Form.(form.Object); whole || len(foreign) == 0 {
		return
	}
	report.Warnings{noteOn(&live.All()[0].Object, "More than this resource expresses", fmt.Sprintf(
		"The objects hold what a mesh_%s cannot express, and what the next apply would take away: %s.\n\nTo keep it, "+
			"import the objects one by one, into resources that have every field, instead of this import:%s",
		p.TypeName(), strings.Join(foreign, ", "), importsOf(live)),
	)}.Tell(diagnostics, report.Audience{Told: p.settings.Told})
}

// importsOf are the commands that import objects one by one.
func importsOf(live liveObjects) string {
	commands := ""
	for _, o := range live.All() {
		commands += fmt.Sprintf("\n  terraform import mesh_%s.NAME %s/%s", form.OfKind(o.Kind()).TypeName(),
			o.Namespace, o.Name)
	}
	return commands
}

// lacksDefault reports whether a description has no rule for the requests that no other rule takes, which its form
// has to have.
func (p *objectsResource) lacksDefault(state attr.Value) bool {
	_, always := p.Form.(form.CanaryRoute)
	return always && state.Get("default").IsNull()
}

// refuseWithoutDefault says which resources import a VirtualService whose every rule has conditions.
func (p *objectsResource) refuseWithoutDefault(live liveObjects, diagnostics *diag.Diagnostics) {
	instead := "import the objects one by one, into resources that have every field:" + importsOf(live)
	split := newObjectsResource(form.WeightedSplit{})
	split.settings = p.settings
	if _, fits := split.describe(live, true); fits {
		instead = fmt.Sprintf("import it as what it is, shares of the requests that match:\n  terraform import "+
			"mesh_%s.NAME %s/%s\nOr %s", split.TypeName(), live.Routing().Namespace, live.Routing().Name, instead)
	}
	diagnostics.AddError("No rule for other requests", fmt.Sprintf("%s has no rule for the requests that its matches "+
		"leave, and a mesh_%s always has one, default: its first apply would route them.\n\nInstead of this import, %s",
		live.Routing(), p.TypeName(), instead))
}
