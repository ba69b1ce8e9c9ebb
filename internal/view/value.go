package view

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// masked stands for a text that is sensitive.
const masked = "(sensitive)"

// values turns what a plan says of an object into a value. Schemas are not needed: who reads it converts as Terraform
// does.
type values struct {
	// hide leaves sensitive texts out too, as if they were not known.
	hide bool
	// sensitive are the places of what is not shown.
	sensitive []path.Path
}

// value returns a value of JSON. unknown and sensitive have the same shape, with true for what is all of that.
func (v *values) value(at path.Path, is, unknown, sensitive any) tftypes.Value {
	switch {
	case unknown == true:
		return tftypes.NewValue(tftypes.DynamicPseudoType, tftypes.UnknownValue)
	case sensitive == true && is != nil:
		v.sensitive = append(v.sensitive, at)
		if _, isText := is.(string); isText && !v.hide {
			return tftypes.NewValue(tftypes.String, masked)
		}
		return tftypes.NewValue(tftypes.DynamicPseudoType, tftypes.UnknownValue)
	}
	switch is := is.(type) {
	case map[string]any:
		return v.object(at, is, unknown, sensitive)
	case []any:
		return v.list(at, is, unknown, sensitive)
	case string:
		return tftypes.NewValue(tftypes.String, is)
	case bool:
		return tftypes.NewValue(tftypes.Bool, is)
	case json.Number:
		if number, _, err := big.ParseFloat(is.String(), 10, 512, big.ToNearestEven); err == nil {
			return tftypes.NewValue(tftypes.Number, number)
		}
		return tftypes.NewValue(tftypes.String, is.String())
	}
	// What is not known is left out of an object, and so is what it lies in.
	if inner, ok := unknown.(map[string]any); ok && someTrue(inner) {
		return v.object(at, nil, unknown, sensitive)
	}
	return tftypes.NewValue(tftypes.DynamicPseudoType, nil)
}

func (v *values) object(at path.Path, is map[string]any, unknown, sensitive any) tftypes.Value {
	unknowns, _ := unknown.(map[string]any)
	secrets, _ := sensitive.(map[string]any)
	names := map[string]bool{}
	for name := range is {
		names[name] = true
	}
	for name := range unknowns {
		names[name] = true
	}
	typ := tftypes.Object{AttributeTypes: make(map[string]tftypes.Type, len(names))}
	attributes := make(map[string]tftypes.Value, len(names))
	for name := range names {
		value := v.value(at.AtName(name), is[name], unknowns[name], secrets[name])
		attributes[name], typ.AttributeTypes[name] = value, value.Type()
	}
	return tftypes.NewValue(typ, attributes)
}

func (v *values) list(at path.Path, is []any, unknown, sensitive any) tftypes.Value {
	unknowns, _ := unknown.([]any)
	secrets, _ := sensitive.([]any)
	nth := func(list []any, i int) any {
		if i < len(list) {
			return list[i]
		}
		return nil
	}
	typ, elements := tftypes.Tuple{}, make([]tftypes.Value, len(is))
	for i := range is {
		elements[i] = v.value(at.AtListIndex(i), is[i], nth(unknowns, i), nth(secrets, i))
		typ.ElementTypes = append(typ.ElementTypes, elements[i].Type())
	}
	return tftypes.NewValue(typ, elements)
}

// bothMarked are the marks of two values of which one takes the place of the other: what is marked in either is. As
// in Terraform's own plans, elements of lists are compared by their places.
func bothMarked(a, b any) any {
	switch a := a.(type) {
	case map[string]any:
		if b, ok := b.(map[string]any); ok {
			both := maps.Clone(a)
			for name, marks := range b {
				both[name] = bothMarked(a[name], marks)
			}
			return both
		}
	case []any:
		if b, ok := b.([]any); ok {
			both := slices.Clone(a)
			for i, marks := range b {
				if i < len(a) {
					both[i] = bothMarked(a[i], marks)
				} else {
					both = append(both, marks)
				}
			}
			return both
		}
	}
	switch {
	case !someTrue(a):
		return b
	case !someTrue(b):
		return a
	}
	return true // one of them is, or they are of two shapes
}

// someTrue reports whether something is marked.
func someTrue(marks any) bool {
	switch marks := marks.(type) {
	case bool:
		return marks
	case map[string]any:
		for _, inner := range marks {
			if someTrue(inner) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(marks, someTrue)
	}
	return false
}

// isMarked reports whether a place is marked, or something in it.
func isMarked(marks any, at path.Path) bool {
	for _, step := range at.Steps() {
		switch here := marks.(type) {
		case map[string]any:
			switch step := step.(type) {
			case path.PathStepAttributeName:
				marks = here[string(step)]
			case path.PathStepElementKeyString:
				marks = here[string(step)]
			}
		case []any:
			i, isIndex := step.(path.PathStepElementKeyInt)
			if !isIndex || int(i) >= len(here) {
				return false
			}
			marks = here[i]
		default:
			return marks == true
		}
	}
	return someTrue(marks)
}

// names says places, a few of them.
func names(places []path.Path) string {
	const most = 8
	text := ""
	for i, at := range places {
		if i == most {
			return text + fmt.Sprintf(" and %d more", len(places)-i)
		}
		if i > 0 {
			text += ", "
		}
		text += at.String()
	}
	return text
}
