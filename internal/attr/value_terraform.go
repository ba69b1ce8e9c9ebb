package attr

import (
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// FromTerraform returns the value that a value of Terraform's libraries is. Sets and tuples become lists.
func FromTerraform(v tftypes.Value) Value {
	switch {
	case v.Type() == nil, v.IsNull():
		return Null()
	case !v.IsKnown():
		return Unknown()
	}
	switch t := v.Type(); {
	case t.Is(tftypes.String):
		return String(as[string](v))
	case t.Is(tftypes.Bool):
		return Bool(as[bool](v))
	case t.Is(tftypes.Number):
		return Number(as[*big.Float](v))
	case t.Is(tftypes.Object{}):
		return Object(eachFromTerraform(v))
	case t.Is(tftypes.Map{}):
		return Map(eachFromTerraform(v))
	}
	inner := as[[]tftypes.Value](v)
	elements := make([]Value, len(inner))
	for i, e := range inner {
		elements[i] = FromTerraform(e)
	}
	return List(elements)
}

// as returns what is in a value whose type says what that is.
func as[T any](v tftypes.Value) T {
	var inner T
	if err := v.As(&inner); err != nil {
		panic(fmt.Sprintf("a value is not of its type: %v", err))
	}
	return inner
}

func eachFromTerraform(v tftypes.Value) map[string]Value {
	inner := as[map[string]tftypes.Value](v)
	entries := make(map[string]Value, len(inner))
	for name, e := range inner {
		entries[name] = FromTerraform(e)
	}
	return entries
}

// ToTerraform returns the value as Terraform's libraries have it. It panics if the value is not of the type, as they
// do.
func (v Value) ToTerraform(t tftypes.Type) tftypes.Value {
	switch v.kind {
	case nullValue:
		return tftypes.NewValue(t, nil)
	case unknownValue:
		return tftypes.NewValue(t, tftypes.UnknownValue)
	case stringValue:
		return tftypes.NewValue(t, v.text)
	case boolValue:
		return tftypes.NewValue(t, v.whole != 0)
	case numberValue:
		n, _ := v.Number()
		return tftypes.NewValue(t, n)
	case listValue:
		return tftypes.NewValue(t, v.listToTerraform(t))
	case mapValue:
		return tftypes.NewValue(t, v.mapToTerraform(t))
	case objectValue:
	}
	return tftypes.NewValue(t, v.objectToTerraform(t))
}

func (v Value) listToTerraform(t tftypes.Type) []tftypes.Value {
	list, ok := t.(tftypes.List)
	if !ok {
		panic(fmt.Sprintf("%s where %s belongs", v.kind, t))
	}
	elements := make([]tftypes.Value, len(v.inner.elements))
	for i, e := range v.inner.elements {
		elements[i] = e.ToTerraform(list.ElementType)
	}
	return elements
}

func (v Value) mapToTerraform(t tftypes.Type) map[string]tftypes.Value {
	entries := make(map[string]tftypes.Value, len(v.inner.entries))
	mapping, ok := t.(tftypes.Map)
	if !ok {
		panic(fmt.Sprintf("%s where %s belongs", v.kind, t))
	}
	for _, e := range v.inner.entries {
		entries[e.name] = e.ToTerraform(mapping.ElementType)
	}
	return entries
}

func (v Value) objectToTerraform(t tftypes.Type) map[string]tftypes.Value {
	object, ok := t.(tftypes.Object)
	if !ok {
		panic(fmt.Sprintf("%s where %s belongs", v.kind, t))
	}
	attributes := make(map[string]tftypes.Value, len(object.AttributeTypes))
	for name, of := range object.AttributeTypes {
		attributes[name] = tftypes.NewValue(of, nil)
	}
	for _, e := range v.inner.entries {
		of, ok := object.AttributeTypes[e.name]
		if !ok {
			panic(fmt.Sprintf("an attribute %q that the type does not have", e.name))
		}
		attributes[e.name] = e.ToTerraform(of)
	}
	return attributes
}
