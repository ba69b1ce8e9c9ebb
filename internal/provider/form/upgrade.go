package form

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// compactVersion is the version of the schemas of the compact resources. Since 1, a condition that asks for no value
// is `{ present = true }` in the state too, where it was {}.
const compactVersion = 1

// Upgraded returns a state of an earlier version of a schema as this version would have written it, so that who has
// changed the configuration accordingly has an empty plan.
func Upgraded(of schema.Schema, state attr.Value) attr.Value {
	return upgradedObject(of.Attributes, state)
}

func upgradedObject(attributes map[string]schema.Attribute, object attr.Value) attr.Value {
	if object.IsNull() {
		return object
	}
	if _, ok := attributes[attr.PresentName]; ok && object.Len() == 0 {
		return object.With(attr.PresentName, attr.Bool(true))
	}
	for name, v := range object.Entries() {
		object = object.With(name, upgraded(attributes[name], v))
	}
	return object
}

func upgraded(of schema.Attribute, v attr.Value) attr.Value {
	if v.IsNull() {
		return v
	}
	switch of := of.(type) {
	case schema.SingleNestedAttribute:
		return upgradedObject(of.Attributes, v)
	case schema.MapNestedAttribute:
		for key, element := range v.Entries() {
			v = v.With(key, upgradedObject(of.NestedObject.Attributes, element))
		}
	case schema.ListNestedAttribute:
		elements := slices.Clone(v.Elements())
		for i, element := range elements {
			elements[i] = upgradedObject(of.NestedObject.Attributes, element)
		}
		return attr.List(elements)
	}
	return v
}
