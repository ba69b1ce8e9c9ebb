package acceptance_test

import (
	"maps"
	"slices"
	"strconv"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// place is a part of a configuration: the names of attributes from the outside in; what is in a list or a map is its
// first element.
type place struct {
	name string
	at   []string
	of   tftypes.Type
}

func nameOf(i int) string { return "n" + strconv.Itoa(i) }

// places are all parts of a type.
func places(t tftypes.Type) []place { return placesIn(place{of: t}) }

func placesIn(p place) []place {
	all := []place{p}
	inner := func(name, step string, t tftypes.Type) {
		all = append(all, placesIn(place{p.name + name, append(slices.Clip(p.at), step), t})...)
	}
	switch t := p.of.(type) {
	case tftypes.Object:
		for _, name := range slices.Sorted(maps.Keys(t.AttributeTypes)) {
			inner("."+name, name, t.AttributeTypes[name])
		}
	case tftypes.List:
		inner("[0]", "", t.ElementType)
	case tftypes.Map:
		inner("[v1]", "v1", t.ElementType)
	}
	return all
}

// put returns a value with another at a place inside it. What is missing on the way there is made.
func put(v tftypes.Value, at []string, other tftypes.Value) tftypes.Value {
	if len(at) == 0 {
		return other
	}
	switch t := v.Type().(type) {
	case tftypes.Object:
		attributes := entriesOf(v)
		if v.IsNull() {
			attributes = entriesOf(blank(t))
		}
		attributes[at[0]] = put(attributes[at[0]], at[1:], other)
		return tftypes.NewValue(t, attributes)
	case tftypes.Map:
		entries := entriesOf(v)
		first, ok := entries[at[0]]
		if !ok {
			first = tftypes.NewValue(t.ElementType, nil)
		}
		entries[at[0]] = put(first, at[1:], other)
		return tftypes.NewValue(t, entries)
	case tftypes.List:
		var elements []tftypes.Value
		if err := v.As(&elements); err != nil || len(elements) == 0 {
			elements = []tftypes.Value{tftypes.NewValue(t.ElementType, nil)}
		}
		elements = slices.Clone(elements)
		elements[0] = put(elements[0], at[1:], other)
		return tftypes.NewValue(t, elements)
	}
	panic("nothing is inside " + v.Type().String())
}

func entriesOf(v tftypes.Value) map[string]tftypes.Value {
	entries := map[string]tftypes.Value{}
	if err := v.As(&entries); err != nil || entries == nil {
		return map[string]tftypes.Value{}
	}
	return maps.Clone(entries)
}
