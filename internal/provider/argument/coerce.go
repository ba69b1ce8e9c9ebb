package argument

import (
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/spelling"
)

// coercion turns a value as somebody wrote it into one of a given type, as Terraform does for an attribute: a tuple
// is a list there, an object a map, and what is left out is null.
type coercion struct {
	problems []attr.Problem
}

func (c *coercion) refuse(at path.Path, format string, args ...any) {
	c.problems = append(c.problems, attr.Problem{At: at, Reason: fmt.Sprintf(format, args...)})
}

func (c *coercion) to(t tftypes.Type, at path.Path, v tftypes.Value) tftypes.Value {
	switch {
	case v.Type() == nil, v.IsNull():
		return tftypes.NewValue(t, nil)
	case !v.IsKnown():
		return tftypes.NewValue(t, tftypes.UnknownValue)
	}
	switch want := t.(type) {
	case tftypes.Object:
		return c.object(want, at, v)
	case tftypes.Map:
		entries, ok := entriesOf(v)
		if !ok {
			c.refuse(at, "must be a map")
			return tftypes.NewValue(t, nil)
		}
		for _, key := range sortedKeys(entries) {
			entries[key] = c.to(want.ElementType, at.AtMapKey(key), entries[key])
		}
		return tftypes.NewValue(t, entries)
	case tftypes.List:
		var elements []tftypes.Value
		if !isSequence(v) || v.As(&elements) != nil {
			c.refuse(at, "must be a list")
			return tftypes.NewValue(t, nil)
		}
		elements = slices.Clone(elements)
		for i := range elements {
			elements[i] = c.to(want.ElementType, at.AtListIndex(i), elements[i])
		}
		return tftypes.NewValue(t, elements)
	}
	return c.primitive(t, at, v)
}

func (c *coercion) object(want tftypes.Object, at path.Path, v tftypes.Value) tftypes.Value {
	entries, ok := entriesOf(v)
	if !ok {
		c.refuse(at, "must be an object")
		return tftypes.NewValue(want, nil)
	}
	attributes := make(map[string]tftypes.Value, len(want.AttributeTypes))
	for _, name := range sortedKeys(want.AttributeTypes) {
		attributes[name] = c.to(want.AttributeTypes[name], at.AtName(name), entries[name])
	}
	names := sortedKeys(want.AttributeTypes)
	for _, name := range sortedKeys(entries) {
		if slices.Contains(names, name) {
			continue
		}
		reason := "is no attribute here"
		if nearest := spelling.Nearest(name, names); nearest != "" {
			reason += "; the nearest is " + nearest
		}
		c.refuse(at.AtName(name), "%s", reason)
	}
	return tftypes.NewValue(want, attributes)
}

// primitive converts as Terraform does: numbers and bools to strings and back.
func (c *coercion) primitive(t tftypes.Type, at path.Path, v tftypes.Value) tftypes.Value {
	if v.Type().Equal(t) {
		return v
	}
	var text string
	var number big.Float
	var truth bool
	switch {
	case v.As(&text) == nil && v.Type().Is(tftypes.String):
		if t.Is(tftypes.Number) {
			if n, _, err := big.ParseFloat(text, 10, 512, big.ToNearestEven); err == nil {
				return tftypes.NewValue(t, n)
			}
		}
		if t.Is(tftypes.Bool) && (text == "true" || text == "false") {
			return tftypes.NewValue(t, text == "true")
		}
	case v.Type().Is(tftypes.Number) && v.As(&number) == nil && t.Is(tftypes.String) && writable(&number):
		return tftypes.NewValue(t, number.Text('f', -1))
	case v.Type().Is(tftypes.Bool) && v.As(&truth) == nil && t.Is(tftypes.String):
		return tftypes.NewValue(t, fmt.Sprint(truth))
	}
	c.refuse(at, "must be a %s", map[bool]string{
		true:  "number",
		false: map[bool]string{true: "bool", false: "string"}[t.Is(tftypes.Bool)],
	}[t.Is(tftypes.Number)])
	return tftypes.NewValue(t, nil)
}

// writable reports whether a number is short enough to be written out.
func writable(number *big.Float) bool {
	exponent := number.MantExp(nil)
	return -1024 < exponent && exponent < 1024
}

// entriesOf returns the entries of an object or a map.
func entriesOf(v tftypes.Value) (map[string]tftypes.Value, bool) {
	if !v.Type().Is(tftypes.Object{}) && !v.Type().Is(tftypes.Map{}) {
		return nil, false
	}
	return terraformAttributesOf(v), true
}

func isSequence(v tftypes.Value) bool {
	return v.Type().Is(tftypes.List{}) || v.Type().Is(tftypes.Tuple{}) || v.Type().Is(tftypes.Set{})
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// terraformAttributesOf returns the attributes of an object, none of a null one.
func terraformAttributesOf(object tftypes.Value) map[string]tftypes.Value {
	attributes := map[string]tftypes.Value{}
	if object.IsNull() || !object.IsKnown() || object.As(&attributes) != nil {
		return map[string]tftypes.Value{}
	}
	return maps.Clone(attributes)
}
