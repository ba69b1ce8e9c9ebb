package attr

import (
	"cmp"
	"encoding/base64"
	"math"
	"math/big"
	"slices"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
)

// decodeMessage sets the fields of into from the attributes of an object, in the order of the fields. What is unknown
// or wrong stays unset.
func (r *Reader) decodeMessage(m *Message, at *place, object Value, into protoreflect.Message) {
	type setField struct {
		number int
		value  Value
	}
	var room [8]setField
	fields := room[:0]
	for _, e := range object.entries() {
		if number, ok := m.byName[e.name]; ok {
			fields = append(fields, setField{number, e.Value})
		}
	}
	slices.SortFunc(fields, func(a, b setField) int { return cmp.Compare(a.number, b.number) })
	for i := range fields {
		f := &m.fields[fields[i].number]
		fieldAt := place{up: at, text: f.name}
		if r.known(&fieldAt, fields[i].value) && !r.excluded(f, &fieldAt, into) {
			r.decodeField(f, &fieldAt, fields[i].value, into)
		}
	}
	if m.present != "" {
		r.decodePresent(at, object, into)
	}
}

func (r *Reader) decodeField(f *field, at *place, v Value, into protoreflect.Message) {
	switch f.cardinality {
	case single:
		if value, ok := r.decodeValue(f, at, v, func() protoreflect.Value { return into.NewField(f.descriptor) }); ok {
			into.Set(f.descriptor, value)
		}
	case list:
		r.decodeList(f, at, v, into)
	case mapping:
		r.decodeMap(f, at, v, into)
	}
}

func (r *Reader) decodeList(f *field, at *place, v Value, into protoreflect.Message) {
	elements := into.NewField(f.descriptor).List()
	for i, e := range r.list(at, v) {
		at := place{up: at, step: byIndex, at: i}
		if !r.set(&at, e) {
			continue
		}
		if value, ok := r.decodeValue(f, &at, e, elements.NewElement); ok {
			elements.Append(value)
		}
	}
	if elements.Len() > 0 {
		into.Set(f.descriptor, protoreflect.ValueOfList(elements))
	}
}

func (r *Reader) decodeMap(f *field, at *place, v Value, into protoreflect.Message) {
	entries := into.NewField(f.descriptor).Map()
	object, _ := r.open(at, v)
	for _, e := range object.entries() {
		at := place{up: at, step: byKey, text: e.name}
		if !r.set(&at, e.Value) {
			continue
		}
		if !utf8.ValidString(e.name) {
			r.problem(&at, "must have a key in valid UTF-8")
		} else if value, ok := r.decodeValue(f, &at, e.Value, entries.NewValue); ok {
			entries.Set(protoreflect.ValueOfString(e.name).MapKey(), value)
		}
	}
	if entries.Len() > 0 {
		into.Set(f.descriptor, protoreflect.ValueOfMap(entries))
	}
}

// excluded reports whether another member of the field's oneof is set already, which is a problem at this field.
func (r *Reader) excluded(f *field, at *place, into protoreflect.Message) bool {
	oneof := f.descriptor.ContainingOneof()
	if oneof == nil {
		return false
	}
	other := into.WhichOneof(oneof)
	if other == nil {
		return false
	}
	r.problem(at, "cannot be set together with %q; choose one of them", other.Name())
	return true
}

// decodeValue returns one value of the field. fresh makes an empty value of the field's protobuf type.
func (r *Reader) decodeValue(f *field, at *place, v Value, fresh func() protoreflect.Value) (protoreflect.Value, bool) {
	if f.wrapper {
		wrapper := fresh()
		inner := wrapper.Message().Descriptor().Fields().ByName("value")
		value, ok := r.decodeScalar(f.kind, inner, at, v)
		if ok {
			wrapper.Message().Set(inner, value)
		}
		return wrapper, ok
	}
	switch f.kind {
	case kindMessage:
		object, ok := r.open(at, v)
		if !ok {
			return protoreflect.Value{}, false
		}
		value := fresh()
		r.decodeMessage(f.message, at, object, value.Message())
		return value, true
	case kindDuration:
		return r.decodeDuration(at, v)
	case kindString, kindBool, kindInt, kindFloat, kindBytes, kindEnum:
	}
	descriptor := f.descriptor
	if f.cardinality == mapping {
		descriptor = descriptor.MapValue()
	}
	return r.decodeScalar(f.kind, descriptor, at, v)
}

func (r *Reader) decodeScalar(k kind, fd protoreflect.FieldDescriptor, at *place, v Value) (protoreflect.Value, bool) {
	switch k {
	case kindBool:
		ok := r.is(boolValue, at, v)
		return protoreflect.ValueOfBool(v.whole != 0), ok
	case kindInt:
		return r.decodeInt(fd.Kind(), at, v)
	case kindFloat:
		if !r.is(numberValue, at, v) {
			return protoreflect.Value{}, false
		}
		number, _ := v.Number()
		return r.decodeFloat(fd.Kind(), at, number)
	case kindString, kindBytes, kindEnum, kindDuration, kindMessage:
	}
	if !r.is(stringValue, at, v) {
		return protoreflect.Value{}, false
	}
	s := v.text
	switch k {
	case kindBytes:
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			r.problem(at, "must be base64: %s", err)
		}
		return protoreflect.ValueOfBytes(b), err == nil
	case kindEnum:
		value := fd.Enum().Values().ByName(protoreflect.Name(s))
		if value == nil {
			f := field{descriptor: fd}
			r.problem(at, "must be one of %s, got %q", quoted(f.enumNames()), s)
			return protoreflect.Value{}, false
		}
		return protoreflect.ValueOfEnum(value.Number()), true
	case kindString, kindBool, kindInt, kindFloat, kindDuration, kindMessage:
	}
	if !utf8.ValidString(s) {
		r.problem(at, "must be valid UTF-8")
		return protoreflect.Value{}, false
	}
	return protoreflect.ValueOfString(s), true
}

// decodeFloat refuses a number that would become infinite: Istio's JSON has no such value.
func (r *Reader) decodeFloat(k protoreflect.Kind, at *place, f *big.Float) (protoreflect.Value, bool) {
	number, _ := f.Float64()
	single := float32(number)
	if math.IsInf(number, 0) || k == protoreflect.FloatKind && math.IsInf(float64(single), 0) {
		r.problem(at, "is too large a number, got %s", f.Text('g', 10))
		return protoreflect.Value{}, false
	}
	if k == protoreflect.FloatKind {
		return protoreflect.ValueOfFloat32(single), true
	}
	return protoreflect.ValueOfFloat64(number), true
}

func (r *Reader) decodeInt(k protoreflect.Kind, at *place, v Value) (protoreflect.Value, bool) {
	n, set := r.int(at, v)
	if !set {
		return protoreflect.Value{}, false
	}
	lowest, highest := intRange(k)
	if n < lowest || n > highest {
		r.problem(at, "must be between %d and %d, got %d", lowest, highest, n)
		return protoreflect.Value{}, false
	}
	switch k {
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(n)), true
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(n)), true
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(n), true
	default:
		return protoreflect.ValueOfInt32(int32(n)), true
	}
}

// intRange is what a Terraform number may be for an integer kind. Unsigned 64-bit values above the largest int64
// cannot be written: no API field needs them.
func intRange(k protoreflect.Kind) (lowest, highest int64) {
	switch k {
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return 0, math.MaxUint32
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return 0, math.MaxInt64
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return math.MinInt64, math.MaxInt64
	default:
		return math.MinInt32, math.MaxInt32
	}
}

func (r *Reader) decodeDuration(at *place, v Value) (protoreflect.Value, bool) {
	if !r.is(stringValue, at, v) {
		return protoreflect.Value{}, false
	}
	d, err := time.ParseDuration(v.text)
	if err != nil {
		r.problem(at, "must be a duration such as \"500ms\", \"5s\" or \"1m30s\", got %q", v.text)
		return protoreflect.Value{}, false
	}
	return protoreflect.ValueOfMessage(durationpb.New(d).ProtoReflect()), true
}
