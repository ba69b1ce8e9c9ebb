package attr

import "github.com/hashicorp/terraform-plugin-framework/path"

// Measure reports what of a value is beyond the limits by which [Type.Decode] would measure it if it were encoded,
// except for bytes and for the text of a number, which is short. The error is a [*DecodeError].
func (t *Type) Measure(v Value, limits Limits) error {
	m := meter{Limits: limits}
	if wrong := m.measure(t, v, 0); wrong != nil {
		return wrong.located()
	}
	return nil
}

func (m *meter) measure(of *Type, v Value, depth int) *flaw {
	if wrong := m.count(1); wrong != nil {
		return wrong
	}
	if wrong := m.depth(depth); wrong != nil {
		return wrong
	}
	switch {
	case v.kind == stringValue:
		return m.text(len(v.text))
	case v.kind != of.kind:
		return nil
	case v.kind == objectValue:
		return m.measureObject(of, v, depth)
	case v.kind == listValue, v.kind == mapValue:
		if wrong := m.room(of.element, v.Len()); wrong != nil {
			return wrong
		}
	}
	for i, e := range v.elements() {
		if wrong := m.measure(of.element, e, depth+1); wrong != nil {
			return wrong.in(path.PathStepElementKeyInt(i))
		}
	}
	for _, e := range v.entries() {
		if wrong := m.text(len(e.name)); wrong != nil {
			return wrong
		}
		if wrong := m.measure(of.element, e.Value, depth+1); wrong != nil {
			return wrong.in(path.PathStepElementKeyString(e.name))
		}
	}
	return nil
}

// measureObject counts the attributes that are null first.
func (m *meter) measureObject(of *Type, v Value, depth int) *flaw {
	if wrong := m.count(len(of.attributes) - v.Len()); wrong != nil {
		return wrong
	}
	if len(of.attributes) > 0 {
		if wrong := m.depth(depth + 1); wrong != nil {
			return wrong
		}
	}
	for _, e := range v.entries() {
		if i, ok := of.byName[e.name]; ok {
			if wrong := m.measure(of.attributes[i].of, e.Value, depth+1); wrong != nil {
				return wrong.in(path.PathStepAttributeName(e.name))
			}
		}
	}
	return nil
}
