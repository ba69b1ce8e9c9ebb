package provider

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// isFirstRead reports whether a state is what an import leaves for its first read: where the objects are, and nothing else.
func isFirstRead(state attr.Value) bool { return state.Get("foreign_fields").IsNull() }

// takeMetadata gives the description of one object the labels and annotations that people wrote for it, so that a configuration
// that is generated from it has them. A pair has one set for both objects, and takes only what this provider wrote: this returns
// false for one.
func (p *pairResource) takeMetadata(route described, live livePair) bool {
	if _, ok := p.form.(objectForm); !ok {
		return false
	}
	for _, is := range live.All() {
		place := route.Place()
		place.Labels, place.Annotations = istio.Authored(&is.Object)
	}
	return true
}

// leaveOutEmpty makes null of the empty texts that mean nothing. Terraform takes every empty text for one that was never set
// when it generates a configuration.
func leaveOutEmpty(f form, attributes map[string]attr.Value, s defaults) {
	render := func(state attr.Value) istio.Objects { return f.read(attr.Read(state), s).Render() }
	state := attr.Object(attributes)
	meaning := render(state)
	for _, at := range emptyTexts(state) {
		if without := withNull(state, at.Steps()); cluster.Same(render(without), meaning) {
			state = without
		}
	}
	clear(attributes)
	maps.Copy(attributes, state.Attributes())
}

// withNull returns a value in which null stands at a place that it has.
func withNull(v attr.Value, steps path.PathSteps) attr.Value {
	if len(steps) == 0 {
		return attr.Null()
	}
	inner := func(is attr.Value) attr.Value { return withNull(is, steps[1:]) }
	switch step := steps[0].(type) {
	case path.PathStepAttributeName:
		return v.With(string(step), inner(v.Get(string(step))))
	case path.PathStepElementKeyString:
		return v.With(string(step), inner(v.Get(string(step))))
	case path.PathStepElementKeyInt:
		elements := slices.Clone(v.Elements())
		elements[step] = inner(elements[step])
		return attr.List(elements)
	}
	return v
}

// emptyTexts returns where an object has an attribute that is an empty text. At its top there are only names, of which none means nothing.
func emptyTexts(object attr.Value) []path.Path {
	var found []path.Path
	for name, v := range object.Entries() {
		found = appendEmptyTexts(found, path.Root(name), v)
	}
	return found
}

func appendEmptyTexts(found []path.Path, at path.Path, v attr.Value) []path.Path {
	for i, e := range v.Elements() {
		found = appendEmptyTexts(found, at.AtListIndex(i), e)
	}
	for name, e := range v.Entries() {
		text, isText := e.Text()
		switch {
		case v.IsMap():
			found = appendEmptyTexts(found, at.AtMapKey(name), e)
		case isText && text == "":
			found = append(found, at.AtName(name))
		default:
			found = appendEmptyTexts(found, at.AtName(name), e)
		}
	}
	return found
}

// warnOfEmpty names the empty texts of an imported state, which a configuration has to spell out.
func warnOfEmpty(state attr.Value, diagnostics *diag.Diagnostics) {
	var found []string
	for _, at := range emptyTexts(state) {
		found = append(found, at.String())
	}
	if len(found) > 0 {
		diagnostics.AddWarning("Empty texts to write out", fmt.Sprintf(
			"The imported object has an empty text at %s, which is not the same as none. A configuration that Terraform generates leaves it out: "+
				"write \"\" there, or the plan removes it.", strings.Join(found, ", ")))
	}
}

// warnOfForeign names what an imported pair holds and its form cannot express, and offers the resources that can.
func (p *pairResource) warnOfForeign(state attr.Value, live livePair, diagnostics *diag.Diagnostics) {
	foreign := attr.Read(state).Strings("foreign_fields")
	if _, whole := p.form.(objectForm); whole || len(foreign) == 0 {
		return
	}
	commands := ""
	for _, o := range live.All() {
		commands += fmt.Sprintf("\n  terraform import mesh_%s.NAME %s/%s", formOf(o.Kind()).typeName(), o.Namespace, o.Name)
	}
	diagnostics.AddWarning("More than this resource expresses", fmt.Sprintf(
		"The objects hold what a mesh_%s cannot express, and what the next apply would take away: %s.\n\nTo keep it, import the objects one by one, "+
			"into resources that have every field, instead of this import:%s", p.typeName(), strings.Join(foreign, ", "), commands))
}
