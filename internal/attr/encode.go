package attr

import (
	"encoding/base64"
	"math"
	"math/big"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Encode returns the message as a Terraform object. A nil message is a null object. Fields that the shape does not
// have, and numbers that Terraform cannot write (NaN, infinity, integers above the largest int64), are left out: compare
// what [Reader.Message] makes of the result with the message to see whether any was set.
func (m *Message) Encode(message proto.Message) tftypes.Value {
	if message == nil || !message.ProtoReflect().IsValid() {
		return tftypes.NewValue(m.valueType, nil)
	}
	return tftypes.NewValue(m.valueType, m.EncodeAttributes(message))
}

// EncodeAttributes returns the attributes of [Message.Encode], for an object that has others besides.
func (m *Message) EncodeAttributes(message proto.Message) map[string]tftypes.Value {
	return m.encodeMessage(message.ProtoReflect())
}

func (m *Message) encodeMessage(message protoreflect.Message) map[string]tftypes.Value {
	attributes := make(map[string]tftypes.Value, len(m.fields))
	for i := range m.fields {
		f := &m.fields[i]
		attributes[f.name] = f.encode(message)
	}
	return attributes
}

func (f *field) encode(message protoreflect.Message) tftypes.Value {
	if !message.Has(f.descriptor) && (!f.keepZero || f.descriptor.HasPresence()) {
		return tftypes.NewValue(f.valueType, nil)
	}
	value := message.Get(f.descriptor)
	switch f.cardinality {
	case list:
		elements := make([]tftypes.Value, value.List().Len())
		for i := range elements {
			elements[i] = f.encodeValue(value.List().Get(i), f.valueType.(tftypes.List).ElementType)
		}
		return tftypes.NewValue(f.valueType, elements)
	case mapping:
		elements := make(map[string]tftypes.Value, value.Map().Len())
		value.Map().Range(func(key protoreflect.MapKey, v protoreflect.Value) bool {
			elements[key.String()] = f.encodeValue(v, f.valueType.(tftypes.Map).ElementType)
			return true
		})
		return tftypes.NewValue(f.valueType, elements)
	case single:
	}
	return f.encodeValue(value, f.valueType)
}

func (f *field) encodeValue(value protoreflect.Value, valueType tftypes.Type) tftypes.Value {
	if f.wrapper {
		inner := value.Message().Descriptor().Fields().ByName("value")
		value = value.Message().Get(inner)
	}
	switch f.kind {
	case kindMessage:
		return tftypes.NewValue(valueType, f.message.encodeMessage(value.Message()))
	case kindDuration:
		d := value.Message().Interface().(*durationpb.Duration)
		return tftypes.NewValue(valueType, FormatDuration(d.AsDuration()))
	case kindBool:
		return tftypes.NewValue(valueType, value.Bool())
	case kindFloat:
		if math.IsNaN(value.Float()) || math.IsInf(value.Float(), 0) {
			return tftypes.NewValue(valueType, nil)
		}
		return tftypes.NewValue(valueType, value.Float())
	case kindBytes:
		return tftypes.NewValue(valueType, base64.StdEncoding.EncodeToString(value.Bytes()))
	case kindEnum:
		return tftypes.NewValue(valueType, f.enumName(value.Enum()))
	case kindInt:
		if number, ok := encodeInt(value); ok {
			return tftypes.NewValue(valueType, number)
		}
		return tftypes.NewValue(valueType, nil)
	case kindString:
	}
	return tftypes.NewValue(valueType, value.String())
}

// enumName is the value's name, or its number where a newer API has a value that this one does not know.
func (f *field) enumName(number protoreflect.EnumNumber) string {
	if value := f.enumDescriptor().Values().ByNumber(number); value != nil {
		return string(value.Name())
	}
	return new(big.Int).SetInt64(int64(number)).String()
}

// encodeInt returns no number above the largest int64, which the framework could not read.
func encodeInt(value protoreflect.Value) (*big.Float, bool) {
	switch n := value.Interface().(type) {
	case uint64:
		return new(big.Float).SetUint64(n), n <= math.MaxInt64
	case uint32:
		return new(big.Float).SetUint64(uint64(n)), true
	}
	return new(big.Float).SetInt64(value.Int()), true
}

// FormatDuration spells a duration as people write it in Istio's configuration: `500ms`, `5s`, `1m30s`, without the
// trailing zero units of Go's own format.
func FormatDuration(d time.Duration) string {
	s := d.String()
	if d == 0 {
		return s
	}
	if len(s) > 2 && s[len(s)-2:] == "0s" && s[len(s)-3] == 'm' {
		s = s[:len(s)-2]
	}
	if len(s) > 2 && s[len(s)-2:] == "0m" && s[len(s)-3] == 'h' {
		s = s[:len(s)-2]
	}
	return s
}
