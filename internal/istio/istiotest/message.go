// Package istiotest makes objects for tests: random messages, samples that are wrong or right, and what is read from
// YAML.
package istiotest

import (
	"math"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"pgregory.net/rapid"
)

// Fill sets random fields of m and of everything inside it, and returns m. Only the fields named by only are set, all
// of them if there are none. Values are those that Terraform and JSON can carry: valid UTF-8, finite numbers,
// unsigned numbers up to the largest int64, known enum values, durations in the range of [time.Duration].
func Fill[M proto.Message](t *rapid.T, m M, only ...protoreflect.Name) M {
	filler{only: only}.fill(t, m.ProtoReflect())
	return m
}

// FillMost is [Fill] that sets most fields of m and of everything inside it.
func FillMost[M proto.Message](t *rapid.T, m M) M {
	filler{most: true}.fill(t, m.ProtoReflect())
	return m
}

// filler sets few fields, or with most more than half of them; at the top only those that only names.
type filler struct {
	most bool
	only []protoreflect.Name
}

func (f filler) skips(t *rapid.T, fd protoreflect.FieldDescriptor) bool {
	n := rapid.IntRange(0, 2).Draw(t, string(fd.FullName()))
	if f.most {
		return n == 2
	}
	return n < 2
}

func (f filler) fill(t *rapid.T, m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if len(f.only) > 0 && !slices.Contains(f.only, fd.Name()) {
			continue
		}
		if oneof := fd.ContainingOneof(); oneof != nil && m.WhichOneof(oneof) != nil {
			continue
		}
		if f.skips(t, fd) {
			continue
		}
		switch {
		case fd.IsList():
			elements := m.NewField(fd).List()
			for range rapid.IntRange(1, 2).Draw(t, "length") {
				elements.Append(f.value(t, fd, elements.NewElement))
			}
			m.Set(fd, protoreflect.ValueOfList(elements))
		case fd.IsMap():
			entries := m.NewField(fd).Map()
			for range rapid.IntRange(1, 2).Draw(t, "entries") {
				key := protoreflect.ValueOfString(text(t)).MapKey()
				entries.Set(key, f.value(t, fd.MapValue(), entries.NewValue))
			}
			m.Set(fd, protoreflect.ValueOfMap(entries))
		default:
			m.Set(fd, f.value(t, fd, func() protoreflect.Value { return m.NewField(fd) }))
		}
	}
}

// value returns one value of the field's kind. fresh makes an empty message.
func (f filler) value(t *rapid.T, fd protoreflect.FieldDescriptor, fresh func() protoreflect.Value) protoreflect.Value {
	switch fd.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		if fd.Message().FullName() == "google.protobuf.Duration" {
			return protoreflect.ValueOfMessage(durationpb.New(duration(t)).ProtoReflect())
		}
		v := fresh()
		filler{most: f.most}.fill(t, v.Message())
		return v
	case protoreflect.EnumKind:
		values := fd.Enum().Values()
		return protoreflect.ValueOfEnum(values.Get(rapid.IntRange(0, values.Len()-1).Draw(t, "enum")).Number())
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(t, "bool"))
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(rapid.Int32().Draw(t, "int32"))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(rapid.Int64().Draw(t, "int64"))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(rapid.Uint32().Draw(t, "uint32"))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(rapid.Uint64Max(math.MaxInt64).Draw(t, "uint64"))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(number(rapid.Float32().Draw(t, "float")))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(number(rapid.Float64().Draw(t, "double")))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "bytes"))
	case protoreflect.StringKind:
	}
	return protoreflect.ValueOfString(text(t))
}

// number turns the negative zero, which protobuf's own Clone does not keep, into zero.
func number[F float32 | float64](f F) F {
	if f == 0 {
		return 0
	}
	return f
}

func duration(t *rapid.T) time.Duration {
	if rapid.Bool().Draw(t, "round") {
		return time.Duration(rapid.IntRange(-10, 100_000).Draw(t, "milliseconds")) * time.Millisecond
	}
	return time.Duration(rapid.Int64().Draw(t, "nanoseconds"))
}

// text returns what people write, or anything.
func text(t *rapid.T) string {
	if rapid.Bool().Draw(t, "usual") {
		return rapid.SampledFrom([]string{
			"", "v1", "v2", "reviews", "reviews.shop", "reviews.shop.svc", "reviews.shop.svc.cluster.local", "*",
			"*.example.com",
			"mesh", "shop/public", ".", "GET", "200", "version", ":authority", "^v[12]$", "[", "5xx,reset",
			"%START_TIME%", "größe",
		}).Draw(t, "text")
	}
	return rapid.StringN(0, 6, 24).Draw(t, "any text")
}
