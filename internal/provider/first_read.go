package provider

import (
	"fmt"
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// isFirstRead reports whether a state is what an import leaves for its first read: where the objects are, and nothing else.
func isFirstRead(state map[string]tftypes.Value) bool { return state["foreign_fields"].IsNull() }

// takeMetadata gives the description of one object the labels and annotations that people wrote for it, so that a configuration
// that is generated from it has them. A pair has one set for both objects, and takes only what this provider wrote: this returns
// false for one.
func (p *pairResource) takeMetadata(route described, live livePair) bool {
	if _, ok := p.form.(objectForm); !ok {
		return false
	}
	for _, is := range live.Objects() {
		place := route.Place()
		place.Labels, place.Annotations = routing.Authored(&is.Object)
	}
	return true
}

// leaveOutEmpty makes null of the empty texts that mean nothing. Terraform takes every empty text for one that was never set
// when it generates a configuration.
func (p *pairResource) leaveOutEmpty(objectType tftypes.Type, attributes map[string]tftypes.Value) {
	state := tftypes.NewValue(objectType, attributes)
	meaning := p.routeOf(state).Render()
	for _, at := range emptyTexts(state) {
		without, err := tftypes.Transform(state, func(here *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
			if here.Equal(at) {
				return tftypes.NewValue(tftypes.String, nil), nil
			}
			return v, nil
		})
		if err == nil && same(p.routeOf(without).Render(), meaning) {
			state = without
		}
	}
	maps.Copy(attributes, attributesOf(state))
}

// emptyTexts returns where an object has an attribute that is an empty text. At its top there are only names, of which none means nothing.
func emptyTexts(object tftypes.Value) []*tftypes.AttributePath {
	var found []*tftypes.AttributePath
	// The visitor never fails.
	_ = tftypes.Walk(object, func(at *tftypes.AttributePath, v tftypes.Value) (bool, error) {
		var text string
		_, attribute := at.LastStep().(tftypes.AttributeName)
		if attribute && len(at.Steps()) > 1 && v.Type().Is(tftypes.String) && v.IsKnown() && !v.IsNull() && v.As(&text) == nil && text == "" {
			found = append(found, at)
		}
		return true, nil
	})
	return found
}

// warnOfEmpty names the empty texts of an imported state, which a configuration has to spell out.
func warnOfEmpty(state tftypes.Value, diagnostics *diag.Diagnostics) {
	var found []string
	for _, at := range emptyTexts(state) {
		found = append(found, spellPath(at))
	}
	if len(found) > 0 {
		diagnostics.AddWarning("Empty texts to write out", fmt.Sprintf(
			"The imported object has an empty text at %s, which is not the same as none. A configuration that Terraform generates leaves it out: "+
				"write \"\" there, or the plan removes it.", strings.Join(found, ", ")))
	}
}

// resourcesOfOne are the names of the resources of one object, by its kind.
var resourcesOfOne = map[routing.Kind]string{
	routing.KindVirtualService: virtualService.name, routing.KindDestinationRule: destinationRule.name,
}

// warnOfForeign names what an imported pair holds and its form cannot express, and offers the resources that can.
func (p *pairResource) warnOfForeign(state tftypes.Value, live livePair, diagnostics *diag.Diagnostics) {
	foreign := attr.Read(state).Strings("foreign_fields")
	if _, whole := p.form.(objectForm); whole || len(foreign) == 0 {
		return
	}
	commands := ""
	for _, o := range live.Objects() {
		commands += fmt.Sprintf("\n  terraform import mesh_%s.NAME %s/%s", resourcesOfOne[o.Kind()], o.Namespace, o.Name)
	}
	diagnostics.AddWarning("More than this resource expresses", fmt.Sprintf(
		"The objects hold what a mesh_%s cannot express, and what the next apply would take away: %s.\n\nTo keep it, import the objects one by one, "+
			"into resources that have every field, instead of this import:%s", p.typeName(), strings.Join(foreign, ", "), commands))
}

// spellPath spells a path as a configuration does: `http[0].match[0].query_params["a"]`.
func spellPath(at *tftypes.AttributePath) string {
	var b strings.Builder
	for i, step := range at.Steps() {
		switch s := step.(type) {
		case tftypes.AttributeName:
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(string(s))
		case tftypes.ElementKeyInt:
			fmt.Fprintf(&b, "[%d]", int64(s))
		case tftypes.ElementKeyString:
			fmt.Fprintf(&b, "[%q]", string(s))
		}
	}
	return b.String()
}
