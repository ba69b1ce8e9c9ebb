package attr

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/path"
)

// DecodeJSON reads a value as it stands in a state, in JSON, and measures it on the way. It takes and means what
// terraform-plugin-go does: of attributes, those that the type does not have are left out, and returned; those that
// are missing are null; of a key that stands twice the last one holds; a text is a number or bool if it reads like
// one, and the other way round. Bytes behind the value are an error. The error is a [*DecodeError].
func (t *Type) DecodeJSON(encoded []byte, limits Limits) (v Value, ignored []path.Path, err error) {
	d, wrong := newJSONDecoder(encoded, limits)
	if wrong == nil {
		v, wrong = d.value(t, nil)
	}
	if wrong != nil {
		return Value{}, nil, wrong.located()
	}
	return v, d.ignored, nil
}

// Conforms reports whether a value in JSON can be handed on as it is: each object has all attributes of its type,
// once and no others, and every text is a text. It measures what it looks at, and stops at the first thing that does
// not conform. The error is a [*DecodeError].
func (t *Type) Conforms(encoded []byte, limits Limits) (bool, error) {
	d, wrong := newJSONDecoder(encoded, limits)
	conforms := false
	if wrong == nil {
		conforms, wrong = d.conforms(t)
	}
	if wrong != nil {
		return false, wrong.located()
	}
	return conforms, nil
}

// jsonDecoder reads JSON that is known to be valid from the front of data, of which it keeps what is still to be
// read. So it need not look for what is between two values, and every value has an end.
type jsonDecoder struct {
	meter
	data    string
	level   int
	ignored []path.Path
}

func newJSONDecoder(encoded []byte, limits Limits) (*jsonDecoder, *flaw) {
	d := &jsonDecoder{meter: meter{Limits: limits}}
	if wrong := d.bytes(len(encoded)); wrong != nil {
		return nil, wrong
	}
	if !json.Valid(encoded) {
		var value json.RawMessage
		return nil, malformed("%w", json.Unmarshal(encoded, &value))
	}
	d.data = string(encoded)
	return d, nil
}

// peek returns the first byte of the next value, name or closing bracket.
func (d *jsonDecoder) peek() byte {
	d.data = strings.TrimLeft(d.data, " \t\r\n,:")
	return d.data[0]
}

// token counts what the next byte begins, and returns that byte.
func (d *jsonDecoder) token() (byte, *flaw) {
	first := d.peek()
	return first, d.count(1)
}

// open reads an opening bracket.
func (d *jsonDecoder) open() *flaw {
	d.data = d.data[1:]
	d.level++
	return d.depth(d.level)
}

// closed reads the closing bracket if that is what comes next.
func (d *jsonDecoder) closed() (bool, *flaw) {
	if first := d.peek(); first != '}' && first != ']' {
		return false, nil
	}
	d.data = d.data[1:]
	d.level--
	return true, d.count(1)
}

// word reads a number, true, false or null.
func (d *jsonDecoder) word() string {
	end := strings.IndexAny(d.data, " \t\r\n,:]}")
	if end < 0 {
		end = len(d.data)
	}
	word := d.data[:end]
	d.data = d.data[end:]
	return word
}

// text reads a text or a name. What is no UTF-8 becomes U+FFFD, as with encoding/json.
func (d *jsonDecoder) text() (string, *flaw) {
	end, plain := 1, true
	for ; d.data[end] != '"'; end++ {
		if d.data[end] == '\\' {
			plain = false
			end++
		}
	}
	quoted := d.data[:end+1]
	d.data = d.data[end+1:]
	text := quoted[1:end]
	if !plain || !utf8.ValidString(text) {
		if err := json.Unmarshal([]byte(quoted), &text); err != nil {
			return "", malformed("%w", err)
		}
	}
	return text, d.meter.text(len(text))
}

// name reads the name of an attribute or entry.
func (d *jsonDecoder) name() (string, *flaw) {
	if wrong := d.count(1); wrong != nil {
		return "", wrong
	}
	return d.text()
}

func (d *jsonDecoder) value(of *Type, at *place) (Value, *flaw) {
	first, wrong := d.token()
	if wrong != nil {
		return Value{}, wrong
	}
	switch first {
	case 'n':
		d.word()
		return Value{}, nil
	case '{':
		switch of.kind {
		case objectValue:
			return d.object(of, at)
		case mapValue:
			return d.entries(of, at)
		case stringValue, boolValue, numberValue, listValue, nullValue, unknownValue:
		}
		return Value{}, malformed("an object where %s belongs", of.kind)
	case '[':
		if of.kind == listValue {
			return d.list(of, at)
		}
		return Value{}, malformed("a list where %s belongs", of.kind)
	case '"':
		text, wrong := d.text()
		if wrong != nil {
			return Value{}, wrong
		}
		return ofText(of, text)
	}
	return ofWord(of, d.word())
}

func ofText(of *Type, text string) (Value, *flaw) {
	switch of.kind {
	case stringValue:
		return String(text), nil
	case numberValue:
		return parseNumber(text)
	case boolValue:
		switch text {
		case "true", "1":
			return Bool(true), nil
		case "false", "0":
			return Bool(false), nil
		}
	case listValue, mapValue, objectValue, nullValue, unknownValue:
	}
	return Value{}, malformed("a text where %s belongs", of.kind)
}

// ofWord returns a number, true or false as a value of the type.
func ofWord(of *Type, word string) (Value, *flaw) {
	isBool := word == "true" || word == "false"
	switch {
	case of.kind == stringValue:
		return String(word), nil
	case of.kind == boolValue && (isBool || word == "1" || word == "0"):
		return Bool(word == "true" || word == "1"), nil
	case of.kind == numberValue && !isBool:
		if n, err := strconv.ParseInt(word, 10, 64); err == nil {
			return Int(n), nil
		}
		return parseNumber(word)
	case isBool:
		return Value{}, malformed("a bool where %s belongs", of.kind)
	}
	return Value{}, malformed("a number where %s belongs", of.kind)
}

func (d *jsonDecoder) list(of *Type, at *place) (Value, *flaw) {
	if wrong := d.open(); wrong != nil {
		return Value{}, wrong
	}
	elements := []Value{}
	for i := 0; ; i++ {
		closed, wrong := d.closed()
		if closed || wrong != nil {
			return List(elements), wrong
		}
		e, wrong := d.value(of.element, at.index(i))
		if wrong != nil {
			return Value{}, wrong.in(path.PathStepElementKeyInt(i))
		}
		elements = append(elements, e)
	}
}

func (d *jsonDecoder) entries(of *Type, at *place) (Value, *flaw) {
	if wrong := d.open(); wrong != nil {
		return Value{}, wrong
	}
	entries := map[string]Value{}
	for {
		closed, wrong := d.closed()
		if closed || wrong != nil {
			return Map(entries), wrong
		}
		key, wrong := d.name()
		if wrong != nil {
			return Value{}, wrong
		}
		if entries[key], wrong = d.value(of.element, at.key(key)); wrong != nil {
			return Value{}, wrong.in(path.PathStepElementKeyString(key))
		}
	}
}

func (d *jsonDecoder) object(of *Type, at *place) (Value, *flaw) {
	if wrong := d.open(); wrong != nil {
		return Value{}, wrong
	}
	attributes := map[string]Value{}
	for {
		closed, wrong := d.closed()
		if closed || wrong != nil {
			return Object(attributes), wrong
		}
		name, wrong := d.name()
		if wrong != nil {
			return Value{}, wrong
		}
		i, ok := of.byName[name]
		if !ok {
			d.ignored = append(d.ignored, at.name(name).path())
			if wrong := d.skip(); wrong != nil {
				return Value{}, wrong.in(path.PathStepAttributeName(name))
			}
			continue
		}
		if attributes[name], wrong = d.value(of.attributes[i].of, at.name(name)); wrong != nil {
			return Value{}, wrong.in(path.PathStepAttributeName(name))
		}
	}
}

// skip reads a value of any type.
func (d *jsonDecoder) skip() *flaw {
	for outside := d.level; ; {
		first, wrong := d.token()
		if wrong != nil {
			return wrong
		}
		switch first {
		case '{', '[':
			wrong = d.open()
		case '}', ']':
			d.data = d.data[1:]
			d.level--
		case '"':
			_, wrong = d.text()
		default:
			d.word()
		}
		if wrong != nil || d.level == outside {
			return wrong
		}
	}
}
