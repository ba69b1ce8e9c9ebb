package attr

import (
	"encoding/base64"
	"math"
	"math/big"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Encode returns the message as a Terraform object. A nil message is null. Fields that the shape does not have, and
// numbers that Terraform cannot write (NaN, infinity, integers above the largest int64), are left out: compare what
// [Reader.Message] makes of the result with the message to see whether any was set.
func (m *Message) Encode(message proto.Message) Value {
	if message == nil || !message.ProtoReflect().IsValid() {
		return Null()
	}
	return m.encode(message.ProtoReflect())
}

// EncodeAttributes returns the attributes of [Message.Encode], for an object that has others besides. What is not set
// is there as null, so that it takes the place of what was there before.
func (m *Message) EncodeAttributes(message proto.Message) map[string]Value {
	attributes := make(map[string]Value, len(m.fields))
	for i := range m.fields {
		attributes[m.fields[i].name] = m.fields[i].encode(message.ProtoReflect())
	}
	return attributes
}

func (m *Message) encode(message protoreflect.Message) Value {
	var entries []entry
	for _, i := range m.sorted {
		f := &m.fields[i]
		if v := f.encode(message); !v.IsNull() {
			entries = append(entries, entry{f.name, v})
		}
	}
	if m.present != "" && len(entries) == 0 {
		entries = append(entries, entry{PresentName, Bool(true)})
	}
	return ofEntries(objectValue, entries)
}

func (f *field) encode(message protoreflect.Message) Value {
	if !message.Has(f.descriptor) && (!f.keepZero || f.descriptor.HasPresence()) {
		return Null()
	}
	value := message.Get(f.descriptor)
	switch f.cardinality {
	case list:
		elements := make([]Value, value.List().Len())
		for i := range elements {
			elements[i] = f.encodeValue(value.List().Get(i))
		}
		return List(elements)
	case mapping:
		entries := make([]entry, 0, value.Map().Len())
		value.Map().Range(func(key protoreflect.MapKey, v protoreflect.Value) bool {
			entries = append(entries, entry{key.String(), f.encodeValue(v)})
			return true
		})
		sortEntries(entries)
		return ofEntries(mapValue, entries)
	case single:
	}
	return f.encodeValue(value)
}

func (f *field) encodeValue(value protoreflect.Value) Value {
	if f.wrapper {
		inner := value.Message().Descriptor().Fields().ByName("value")
		value = value.Message().Get(inner)
	}
	switch f.kind {
	case kindMessage:
		return f.message.encode(value.Message())
	case kindDuration:
		d := value.Message().Interface().(*durationpb.Duration) //nolint:errcheck,forcetypeassert // by its kind
		return String(FormatDuration(d.AsDuration()))
	case kindBool:
		return Bool(value.Bool())
	case kindFloat:
		return encodeFloat(value.Float())
	case kindBytes:
		return String(base64.StdEncoding.EncodeToString(value.Bytes()))
	case kindEnum:
		return String(f.enumName(value.Enum()))
	case kindInt:
		return encodeInt(value)
	case kindString:
	}
	return String(value.String())
}

// enumName is the value's name, or its number where a newer API has a value that this one does not know.
func (f *field) enumName(number protoreflect.EnumNumber) string {
	if value := f.enumDescriptor().Values().ByNumber(number); value != nil {
		return string(value.Name())
	}
	return strconv.FormatInt(int64(number), 10)
}

// encodeInt returns null for a number above the largest int64, which the framework could not read.
func encodeInt(value protoreflect.Value) Value {
	switch n := value.Interface().(type) {
	case uint64:
		if n > math.MaxInt64 {
			return Null()
		}
		return Int(int64(n))
	case uint32:
		return Int(int64(n))
	}
	return Int(value.Int())
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

// encodeFloat returns a double as it is written by hand: 33.333333, and not all digits of the double that is nearest
// to it. Terraform writes a double into its state like that, and takes what it reads there for another number.
func encodeFloat(f float64) Value {
	n, _, err := big.ParseFloat(strconv.FormatFloat(f, 'g', -1, 64), 10, precision, big.ToNearestEven)
	if err != nil || n.IsInf() {
		return Null() // It is none, or infinite.
	}
	return Number(n)
}
