package attr

import (
	"encoding/binary"
	"math"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/path"
)

// The codes of MessagePack, https://github.com/msgpack/msgpack/blob/master/spec.md.
const (
	codeFixMap   = 0x80
	codeFixArray = 0x90
	codeFixText  = 0xa0
	codeNil      = 0xc0
	codeFalse    = 0xc2
	codeTrue     = 0xc3
	codeBin8     = 0xc4
	codeBin16    = 0xc5
	codeBin32    = 0xc6
	codeExt8     = 0xc7
	codeExt16    = 0xc8
	codeExt32    = 0xc9
	codeFloat    = 0xca
	codeDouble   = 0xcb
	codeUint8    = 0xcc
	codeUint16   = 0xcd
	codeUint32   = 0xce
	codeUint64   = 0xcf
	codeInt8     = 0xd0
	codeInt16    = 0xd1
	codeInt32    = 0xd2
	codeInt64    = 0xd3
	codeFixExt1  = 0xd4
	codeFixExt16 = 0xd8
	codeText8    = 0xd9
	codeText16   = 0xda
	codeText32   = 0xdb
	codeArray16  = 0xdc
	codeArray32  = 0xdd
	codeMap16    = 0xde
	codeMap32    = 0xdf
	codeNegative = 0xe0
)

// plainUnknown is how Terraform encodes a value of which it knows nothing: an extension of type 0 with one byte.
const plainUnknown = "\xd4\x00\x00"

// refinements is the extension type of an unknown value of which something is known, such as that it will not be
// null.
// Source: github.com/zclconf/go-cty/cty/msgpack, unknown.go.
const refinements = 12

// Encode returns the value as Terraform decodes it: every attribute of an object, sorted by name, null where it is
// missing. It is an error if the value is not of the type.
func (t *Type) Encode(v Value) ([]byte, error) {
	encoded, wrong := t.encode(make([]byte, 0, len(t.blank)+256), v)
	if wrong != nil {
		return nil, wrong.located()
	}
	return encoded, nil
}

func (t *Type) encode(b []byte, v Value) ([]byte, *flaw) {
	switch v.kind {
	case nullValue:
		return append(b, codeNil), nil
	case unknownValue:
		if v.text != "" {
			return append(b, v.text...), nil
		}
		return append(b, plainUnknown...), nil
	case stringValue, boolValue, numberValue, listValue, mapValue, objectValue:
	}
	if v.kind != t.kind {
		return nil, malformed("%s where %s belongs", v.kind, t.kind)
	}
	switch v.kind {
	case stringValue:
		return appendText(b, v.text), nil
	case boolValue:
		return append(b, codeFalse+byte(v.whole)), nil
	case numberValue:
		if v.inner != nil {
			return appendNumber(b, v.inner.number), nil
		}
		return appendInt(b, v.whole), nil
	case listValue:
		return t.encodeList(b, v.inner.elements)
	case mapValue:
		return t.encodeMap(b, v.inner.entries)
	case objectValue, nullValue, unknownValue:
	}
	return t.encodeObject(b, v.inner.entries)
}

func (t *Type) encodeList(b []byte, elements []Value) ([]byte, *flaw) {
	b = appendArrayLen(b, len(elements))
	for i, e := range elements {
		var wrong *flaw
		if b, wrong = t.element.encode(b, e); wrong != nil {
			return nil, wrong.in(path.PathStepElementKeyInt(i))
		}
	}
	return b, nil
}

func (t *Type) encodeMap(b []byte, entries []entry) ([]byte, *flaw) {
	b = appendMapLen(b, len(entries))
	for _, e := range entries {
		var wrong *flaw
		if b, wrong = t.element.encode(appendText(b, e.name), e.Value); wrong != nil {
			return nil, wrong.in(path.PathStepElementKeyString(e.name))
		}
	}
	return b, nil
}

// encodeObject writes the object of nothing but nulls, with the attributes that are set in their places.
func (t *Type) encodeObject(b []byte, entries []entry) ([]byte, *flaw) {
	written := 0
	for _, e := range entries {
		i, ok := t.byName[e.name]
		if !ok {
			return nil, malformed("an attribute %q that the type does not have", e.name)
		}
		a := &t.attributes[i]
		b = append(b, t.blank[written:a.at-1]...)
		written = a.at
		var wrong *flaw
		if b, wrong = a.of.encode(b, e.Value); wrong != nil {
			return nil, wrong.in(path.PathStepAttributeName(e.name))
		}
	}
	return append(b, t.blank[written:]...), nil
}

func appendMapLen(b []byte, n int) []byte {
	switch {
	case n < 16:
		return append(b, codeFixMap|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, codeMap16), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(b, codeMap32), uint32(n))
}

func appendArrayLen(b []byte, n int) []byte {
	switch {
	case n < 16:
		return append(b, codeFixArray|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, codeArray16), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(b, codeArray32), uint32(n))
}

func appendText(b []byte, s string) []byte {
	switch n := len(s); {
	case n < 32:
		b = append(b, codeFixText|byte(n))
	case n <= math.MaxUint8:
		b = append(b, codeText8, byte(n))
	case n <= math.MaxUint16:
		b = binary.BigEndian.AppendUint16(append(b, codeText16), uint16(n))
	default:
		b = binary.BigEndian.AppendUint32(append(b, codeText32), uint32(n))
	}
	return append(b, s...)
}

func appendInt(b []byte, n int64) []byte {
	switch {
	case n >= 0 && n <= math.MaxInt8:
		return append(b, byte(n))
	case n >= 0 && n <= math.MaxUint8:
		return append(b, codeUint8, byte(n))
	case n >= 0 && n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, codeUint16), uint16(n))
	case n >= 0 && n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, codeUint32), uint32(n))
	case n >= 0:
		return binary.BigEndian.AppendUint64(append(b, codeUint64), uint64(n))
	case n >= -32:
		return append(b, byte(n))
	case n >= math.MinInt8:
		return append(b, codeInt8, byte(n))
	case n >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(b, codeInt16), uint16(n))
	case n >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(b, codeInt32), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, codeInt64), uint64(n))
}

// appendNumber writes a number that is no int64: as a float64 if that is exact, else as text, as Terraform does.
func appendNumber(b []byte, n *big.Float) []byte {
	if f, accuracy := n.Float64(); n.IsInf() || accuracy == big.Exact && !n.IsInt() {
		return binary.BigEndian.AppendUint64(append(b, codeDouble), math.Float64bits(f))
	}
	return appendText(b, n.Text('f', -1))
}
