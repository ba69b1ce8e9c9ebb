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

// warnOfForeign names what imported objects hold and its form cannot express, or does not take, and offers the
// resources that do.
func (p *objectsResource) warnOfForeign(state attr.Value, live liveObjects, diagnostics *diag.Diagnostics) {
	if _, whole := p.Form.(form.Object); whole {
		return
	}
	kind, text := report.MoreThanExpressed, ""
	if foreign := attr.Read(state).Strings("foreign_fields"); len(foreign) > 0 {
		text = fmt.Sprintf("The objects hold what a mesh_%s cannot express, and what the next apply would take away "+
			"or change: %s.", p.TypeName(), strings.Join(foreign, ", "))
	} else if refused := p.refusals(state); len(refused) > 0 {
		kind = report.RefusedByForm
		text = fmt.Sprintf("A configuration of a mesh_%s that says what the objects say is an error: %s",
			p.TypeName(), strings.Join(refused, " "))
	} else {
		return
	}
	report.Warnings{noteOn(&live.All()[0].Object, kind, text+"\n\nTo keep it, import the objects one by one, into "+
		"resources that have every field, instead of this import:"+importsOf(live),
	)}.Tell(diagnostics, report.Audience{Told: p.settings.Told})
}

// refusals are the errors of a configuration that says what a state says. Only Terraform writes what is described in
// a form of two objects, and some of what others write is a mistake there.
func (p *objectsResource) refusals(state attr.Value) (texts []string) {
	var refused diag.Diagnostics
	report.Problems(&refused, report.Naming{Void: p.Void()}, attr.Read(state), p.routeOf(state).Problems())
	for _, d := range refused.Errors() {
		texts = append(texts, d.Detail())
	}
	return texts
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

// refuseWithoutDefault says which resources import a VirtualService whose last rule has conditions.
func (p *objectsResource) refuseWithoutDefault(live liveObjects, diagnostics *diag.Diagnostics) {
	instead := "import the objects one by one, into resources that have every field:" + importsOf(live)
	split := newObjectsResource(form.WeightedSplit{})
	split.settings = p.settings
	if _, fits := split.describe(live, true); fits {
		instead = fmt.Sprintf("import it as what it is, shares of the requests that match:\n  terraform import "+
			"mesh_%s.NAME %s/%s\nOr %s", split.TypeName(), live.Routing().Namespace, live.Routing().Name, instead)
	}
	for i, rule := range live.Routing().VirtualServiceSpec().Http {
		if len(istio.WithoutEmpty(rule.GetMatch())) == 0 {
			diagnostics.AddError("Rules behind the one for all requests", fmt.Sprintf("In %s http[%d] takes every "+
				"request, so that none reaches the rules after it, and a mesh_%s ends with such a rule, default.\n\n"+
				"Instead of this import, %s\nOr take the rules out that no request reaches, and import again.",
				live.Routing(), i, p.TypeName(), instead))
			return
		}
	}
	diagnostics.AddError("No rule for other requests", fmt.Sprintf("%s has no rule for the requests that its matches "+
		"leave, and a mesh_%s always has one, default: its first apply would route them.\n\nInstead of this import, %s",
		live.Routing(), p.TypeName(), instead))
}
