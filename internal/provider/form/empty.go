package form

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// LeaveOutEmpty makes null of the empty texts that mean nothing. Terraform takes every empty text for one that was
// never set when it generates a configuration.
func LeaveOutEmpty(f Form, attributes map[string]attr.Value, s Defaults) {
	render := func(state attr.Value) istio.Objects { return f.Route(attr.Read(state), s).Render() }
	state := attr.Object(attributes)
	meaning := render(state)
	for _, at := range EmptyTexts(state) {
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

// EmptyTexts returns where an object has an attribute that is an empty text. At its top there are only names, of
// which none means nothing.
func EmptyTexts(object attr.Value) []path.Path {
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
