package attr

import "github.com/hashicorp/terraform-plugin-framework/path"

func (d *jsonDecoder) conforms(of *Type) (bool, *flaw) {
	first, wrong := d.token()
	if wrong != nil {
		return false, wrong
	}
	switch first {
	case 'n':
		d.word()
		return true, nil
	case '"':
		_, wrong := d.text()
		return of.kind == stringValue, wrong
	case 't', 'f':
		d.word()
		return of.kind == boolValue, nil
	case '{', '[':
	default:
		d.word()
		return of.kind == numberValue, nil
	}
	if first == '[' && of.kind != listValue || first == '{' && of.kind != mapValue && of.kind != objectValue {
		return false, nil
	}
	if wrong := d.open(); wrong != nil {
		return false, wrong
	}
	switch of.kind {
	case listValue:
		return d.listConforms(of)
	case mapValue:
		return d.entriesConform(of)
	case objectValue, stringValue, boolValue, numberValue, nullValue, unknownValue:
	}
	return d.objectConforms(of)
}

func (d *jsonDecoder) listConforms(of *Type) (bool, *flaw) {
	for i := 0; ; i++ {
		if closed, wrong := d.closed(); closed || wrong != nil {
			return wrong == nil, wrong
		}
		if conforms, wrong := d.conforms(of.element); wrong != nil {
			return false, wrong.in(path.PathStepElementKeyInt(i))
		} else if !conforms {
			return false, nil
		}
	}
}

func (d *jsonDecoder) entriesConform(of *Type) (bool, *flaw) {
	seen := map[string]bool{}
	for {
		if closed, wrong := d.closed(); closed || wrong != nil {
			return wrong == nil, wrong
		}
		key, wrong := d.name()
		if wrong != nil || seen[key] {
			return false, wrong
		}
		seen[key] = true
		if conforms, wrong := d.conforms(of.element); wrong != nil {
			return false, wrong.in(path.PathStepElementKeyString(key))
		} else if !conforms {
			return false, nil
		}
	}
}

func (d *jsonDecoder) objectConforms(of *Type) (bool, *flaw) {
	var order order
	for n := 0; ; n++ {
		if closed, wrong := d.closed(); closed || wrong != nil {
			return wrong == nil && n == len(of.attributes), wrong
		}
		name, wrong := d.name()
		if wrong != nil {
			return false, wrong
		}
		i := n
		if order.broken() || n >= len(of.attributes) || of.attributes[n].name != name {
			var ok bool
			if i, ok = of.byName[name]; !ok {
				return false, nil
			}
			if !order.broken() {
				order.breaks(n, len(of.attributes))
			}
			if order.again(i) {
				return false, nil
			}
		}
		if conforms, wrong := d.conforms(of.attributes[i].of); wrong != nil {
			return false, wrong.in(path.PathStepAttributeName(name))
		} else if !conforms {
			return false, nil
		}
	}
}
