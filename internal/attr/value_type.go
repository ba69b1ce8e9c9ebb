package attr

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Type is the type of values, made ready for reading and writing them as Terraform encodes them. It is immutable
// after [TypeOf] and safe for concurrent use.
type Type struct {
	kind      valueKind
	terraform tftypes.Type
	// element is the type of the elements of a list or map.
	element *Type
	// attributes of an object are sorted by name.
	attributes []attribute
	byName     map[string]int
	// blank is the encoding of the object whose attributes are all null.
	blank string
}

// attribute is one attribute of an object.
type attribute struct {
	name string
	of   *Type
	// key is the encoded name, and unset that with null behind it. In blank they end at.
	key, unset string
	at         int
}

// TypeOf makes a type ready. It panics on one that no schema of this provider has, a set, a tuple or one that is
// dynamic: that is a mistake of the program and shows in every test.
func TypeOf(t tftypes.Type) *Type {
	compiled := &Type{terraform: t}
	switch t := t.(type) {
	case tftypes.List:
		compiled.kind, compiled.element = listValue, TypeOf(t.ElementType)
	case tftypes.Map:
		compiled.kind, compiled.element = mapValue, TypeOf(t.ElementType)
	case tftypes.Object:
		compiled.kind = objectValue
		compiled.setAttributes(t.AttributeTypes)
	default:
		compiled.kind = primitive(t)
	}
	return compiled
}

func primitive(t tftypes.Type) valueKind {
	switch {
	case t.Is(tftypes.String):
		return stringValue
	case t.Is(tftypes.Number):
		return numberValue
	case t.Is(tftypes.Bool):
		return boolValue
	}
	panic(fmt.Sprintf("no values of type %s", t))
}

func (t *Type) setAttributes(types map[string]tftypes.Type) {
	t.byName = make(map[string]int, len(types))
	blank := appendMapLen(nil, len(types))
	for i, name := range slices.Sorted(maps.Keys(types)) {
		key := appendText(nil, name)
		blank = append(append(blank, key...), codeNil)
		t.attributes = append(t.attributes, attribute{
			name: name, of: TypeOf(types[name]), key: string(key), unset: string(append(key, codeNil)), at: len(blank),
		})
		t.byName[name] = i
	}
	t.blank = string(blank)
}

// Terraform returns the type as Terraform's libraries have it.
func (t *Type) Terraform() tftypes.Type { return t.terraform }

// Has reports whether the objects of the type have an attribute.
func (t *Type) Has(name string) bool {
	_, ok := t.byName[name]
	return ok
}
