package attr

import (
	"encoding/base64"
	"maps"
	"math"
	"math/big"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
)

// decodeMessage sets the fields of into from attributes. What is unknown or wrong stays unset.
func (r *Reader) decodeMessage(m *Message, at path.Path, attributes map[string]tftypes.Value, into protoreflect.Message) {
	for i := range m.fields {
		f := &m.fields[i]
		v, ok := attributes[f.name]
		fieldAt := at.AtName(f.name)
		if !ok || !r.known(fieldAt, v) || r.excluded(f, fieldAt, into) {
			continue
		}
		switch f.cardinality {
		case single:
			if value, ok := r.decodeValue(f, fieldAt, v, func() protoreflect.Value { return into.NewField(f.descriptor) }); ok {
				into.Set(f.descriptor, value)
			}
		case list:
			elements := into.NewField(f.descriptor).List()
			r.elements(fieldAt, v, func(at path.Path, v tftypes.Value) {
				if value, ok := r.decodeValue(f, at, v, elements.NewElement); ok {
					elements.Append(value)
				}
			})
			if elements.Len() > 0 {
				into.Set(f.descriptor, protoreflect.ValueOfList(elements))
			}
		case mapping:
			entries := into.NewField(f.descriptor).Map()
			r.entries(fieldAt, v, func(key string, at path.Path, v tftypes.Value) {
				if !utf8.ValidString(key) {
					r.problem(at, "must have a key in valid UTF-8")
				} else if value, ok := r.decodeValue(f, at, v, entries.NewValue); ok {
					entries.Set(protoreflect.ValueOfString(key).MapKey(), value)
				}
			})
			if entries.Len() > 0 {
				into.Set(f.descriptor, protoreflect.ValueOfMap(entries))
			}
		}
	}
}

// excluded reports whether another member of the field's oneof is set already, which is a problem at this field.
func (r *Reader) excluded(f *field, at path.Path, into protoreflect.Message) bool {
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
func (r *Reader) decodeValue(f *field, at path.Path, v tftypes.Value, fresh func() protoreflect.Value) (protoreflect.Value, bool) {
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
		attributes := r.open(at, v)
		if attributes == nil {
			return protoreflect.Value{}, false
		}
		value := fresh()
		r.decodeMessage(f.message, at, attributes, value.Message())
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

func (r *Reader) decodeScalar(k kind, fd protoreflect.FieldDescriptor, at path.Path, v tftypes.Value) (protoreflect.Value, bool) {
	switch k {
	case kindBool:
		var b bool
		ok := r.as(at, v, &b)
		return protoreflect.ValueOfBool(b), ok
	case kindInt:
		return r.decodeInt(fd.Kind(), at, v)
	case kindFloat:
		var f *big.Float
		if !r.as(at, v, &f) {
			return protoreflect.Value{}, false
		}
		return r.decodeFloat(fd.Kind(), at, f)
	case kindString, kindBytes, kindEnum, kindDuration, kindMessage:
	}
	var s string
	if !r.as(at, v, &s) {
		return protoreflect.Value{}, false
	}
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
func (r *Reader) decodeFloat(k protoreflect.Kind, at path.Path, f *big.Float) (protoreflect.Value, bool) {
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

func (r *Reader) decodeInt(k protoreflect.Kind, at path.Path, v tftypes.Value) (protoreflect.Value, bool) {
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

func (r *Reader) decodeDuration(at path.Path, v tftypes.Value) (protoreflect.Value, bool) {
	var s string
	if !r.as(at, v, &s) {
		return protoreflect.Value{}, false
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		r.problem(at, "must be a duration such as \"500ms\", \"5s\" or \"1m30s\", got %q", s)
		return protoreflect.Value{}, false
	}
	return protoreflect.ValueOfMessage(durationpb.New(d).ProtoReflect()), true
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
