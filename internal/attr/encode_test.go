package attr_test

import (
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// anyOptions leaves out the fields of Google's own types that hold a message of any type.
var anyOptions = map[protoreflect.FullName]bool{
	"google.protobuf.Enum.options": true, "google.protobuf.EnumValue.options": true,
}

func TestEncode(t *testing.T) {
	t.Parallel()
	ringHash := func(size uint64) *networking.LoadBalancerSettings_ConsistentHashLB_RingHash {
		return &networking.LoadBalancerSettings_ConsistentHashLB_RingHash{MinimumRingSize: size}
	}
	absent := attr.Null()
	noNumber := attr.Null()
	written, _, err := big.ParseFloat("33.333333", 10, 512, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		message proto.Message
		options attr.Options
		want    attributes
	}{
		"a member of a oneof that is empty": {
			message: &networking.StringMatch{MatchType: &networking.StringMatch_Exact{}},
			want:    attributes{"exact": str(""), "prefix": absent, "regex": absent},
		},
		"a zero without presence": {message: &networking.Percent{}, want: attributes{"value": noNumber}},
		"a zero that is kept": {
			message: &networking.Percent{},
			options: attr.Options{KeepZero: decisiveZero},
			want:    attributes{"value": number(0)},
		},
		"a fraction, as it is written by hand": {
			message: &networking.Percent{Value: 33.333333}, want: attributes{"value": number(written)},
		},
		"no number": {message: &networking.Percent{Value: math.NaN()}, want: attributes{"value": noNumber}},
		"infinity":  {message: &networking.Percent{Value: math.Inf(-1)}, want: attributes{"value": noNumber}},
		"the largest int64": {
			message: ringHash(math.MaxInt64),
			want:    attributes{"minimum_ring_size": number(int64(math.MaxInt64))},
		},
		"a larger number": {message: ringHash(math.MaxInt64 + 1), want: attributes{"minimum_ring_size": noNumber}},
		"bytes": {
			message: &networking.HTTPBody{Specifier: &networking.HTTPBody_Bytes{Bytes: []byte("hi")}},
			want:    attributes{"string": absent, "bytes": str("aGk=")},
		},
		"an enum value of a newer API": {
			message: &networking.TrafficPolicy_ProxyProtocol{Version: 7}, want: attributes{"version": str("7")},
		},
		"only some fields": {
			message: &networking.Destination{Host: "reviews", Subset: "v1"},
			options: attr.Options{Only: []protoreflect.Name{"subset"}},
			want:    attributes{"subset": str("v1")},
		},
		"without some fields": {
			message: &networking.Destination{Host: "reviews", Subset: "v1"},
			options: attr.Options{Omit: map[protoreflect.FullName]bool{
				"istio.networking.v1alpha3.Destination.port": true, "istio.networking.v1alpha3.Destination.host": true,
			}},
			want: attributes{"subset": str("v1")},
		},
		"a message of text and duration": {
			message: &networking.LoadBalancerSettings_ConsistentHashLB_HTTPCookie{
				Name: "a",
				Ttl:  durationpb.New(time.Minute),
			},
			options: attr.Options{Only: []protoreflect.Name{"name", "ttl"}},
			want:    attributes{"name": str("a"), "ttl": str("1m")},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shape := shapeOf(test.message, test.options)
			got := shape.Encode(test.message)
			if diff := cmp.Diff(attr.Object(test.want), got); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
			if shape.Descriptor() != test.message.ProtoReflect().Descriptor() {
				t.Errorf("descriptor is %v", shape.Descriptor())
			}
		})
	}
}

// Attributes that are laid over others say of everything that is not set that it is null.
func TestEncodeAttributes(t *testing.T) {
	t.Parallel()
	shape := shapeOf(&networking.StringMatch{}, attr.Options{})
	got := shape.EncodeAttributes(&networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: "a"}})
	if diff := cmp.Diff(attributes{"exact": attr.Null(), "prefix": str("a"), "regex": attr.Null()}, got); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

func TestEncodeOfNoMessage(t *testing.T) {
	t.Parallel()
	for name, message := range map[string]proto.Message{"nil": nil, "a nil pointer": (*networking.HTTPRoute)(nil)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := httpRoute.Encode(message); !got.IsNull() {
				t.Errorf("got %v", got)
			}
		})
	}
}

// A nil message in a map or list, which JSON can say as null, is an empty one.
func TestEncodeOfNilElements(t *testing.T) {
	t.Parallel()
	route := &networking.HTTPRoute{
		Match:   []*networking.HTTPMatchRequest{{Headers: map[string]*networking.StringMatch{"x": nil}}, nil},
		Mirrors: []*networking.HTTPMirrorPolicy{nil},
	}
	empty := &networking.HTTPRoute{
		Match:   []*networking.HTTPMatchRequest{{Headers: map[string]*networking.StringMatch{"x": {}}}, {}},
		Mirrors: []*networking.HTTPMirrorPolicy{{}},
	}
	if diff := cmp.Diff(httpRoute.Encode(empty), httpRoute.Encode(route)); diff != "" {
		t.Errorf("value (-want +got):\n%s", diff)
	}
}

func TestFormatDuration(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"0s":     0,
		"500ms":  500 * time.Millisecond,
		"1.5s":   1500 * time.Millisecond,
		"10s":    10 * time.Second,
		"1m":     time.Minute,
		"1m30s":  90 * time.Second,
		"10m":    10 * time.Minute,
		"1h":     time.Hour,
		"1h10m":  70 * time.Minute,
		"1h0m5s": time.Hour + 5*time.Second,
		"24h":    24 * time.Hour, "-1m": -time.Minute, "1ns": 1, "1.000000001s": time.Second + 1,
	} {
		if got := attr.FormatDuration(d); got != want {
			t.Errorf("FormatDuration(%v) = %q, want %q", d, got, want)
		}
	}
}

// A formatted duration parses to the same duration.
func TestPropertyFormatDurationParses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := time.Duration(rapid.Int64().Draw(t,
			"nanoseconds")) * rapid.SampledFrom([]time.Duration{1, time.Second, time.Minute, time.Hour}).Draw(t, "unit")
		if got, err := time.ParseDuration(attr.FormatDuration(want)); err != nil || got != want {
			t.Fatalf("%s parses to %v, error %v", attr.FormatDuration(want), got, err)
		}
	})
}

// Every scalar kind that protobuf has, alone, in a list, in a map and with presence, is encoded and decoded to what
// it was.
func TestPropertyEveryKindIsKept(t *testing.T) {
	t.Parallel()
	descriptor := everyKind(t)
	shape := attr.New(descriptor, attr.Options{})
	rapid.Check(t, func(t *rapid.T) {
		want := istiotest.Fill(t, dynamicpb.NewMessage(descriptor))
		got := dynamicpb.NewMessage(descriptor)
		reader := attr.Read(shape.Encode(want))
		reader.Message(shape, got)
		if !proto.Equal(want, got) || len(reader.Problems()) > 0 {
			t.Fatalf("want %v, got %v, problems %v", want, got, reader.Problems())
		}
	})
}

// Numbers that do not fit an integer kind are problems, the bounds themselves are not.
func TestIntegerBounds(t *testing.T) {
	t.Parallel()
	descriptor := everyKind(t)
	shape := attr.New(descriptor, attr.Options{})
	bounds := map[protoreflect.Kind][2]*big.Float{}
	for _, k := range []protoreflect.Kind{protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind} {
		bounds[k] = [2]*big.Float{big.NewFloat(math.MinInt32), big.NewFloat(math.MaxInt32)}
	}
	for _, k := range []protoreflect.Kind{protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind} {
		bounds[k] = [2]*big.Float{new(big.Float).SetInt64(math.MinInt64), new(big.Float).SetInt64(math.MaxInt64)}
	}
	for _, k := range []protoreflect.Kind{protoreflect.Uint32Kind, protoreflect.Fixed32Kind} {
		bounds[k] = [2]*big.Float{big.NewFloat(0), big.NewFloat(math.MaxUint32)}
	}
	for _, k := range []protoreflect.Kind{protoreflect.Uint64Kind, protoreflect.Fixed64Kind} {
		bounds[k] = [2]*big.Float{big.NewFloat(0), new(big.Float).SetInt64(math.MaxInt64)}
	}
	for k, bound := range bounds {
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel()
			one := new(big.Float).SetPrec(200).SetInt64(1)
			below, above := new(big.Float).SetPrec(200).Sub(bound[0], one), new(big.Float).SetPrec(200).Add(bound[1],
				one)
			for _, n := range []*big.Float{bound[0], bound[1], below, above} {
				reader := attr.Read(obj(attributes{"f_" + k.String(): number(n)}))
				reader.Message(shape, dynamicpb.NewMessage(descriptor))
				if refused := len(reader.Problems()) > 0; refused != (n == below || n == above) {
					t.Errorf("%s: problems %v", n.Text('f', 0), reader.Problems())
				}
			}
		})
	}
	reader := attr.Read(obj(attributes{"f_float": number(1e39), "f_double": number(1e39)}))
	reader.Message(shape, dynamicpb.NewMessage(descriptor))
	if diff := cmp.Diff([]string{"f_float: is too large a number, got 1e+39"}, problemsOf(reader)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// everyKind is a message type with a field of every scalar kind, as `f_int32`, `list_int32`, `map_int32` and
// `optional_int32`.
func everyKind(t *testing.T) protoreflect.MessageDescriptor {
	t.Helper()
	message := &descriptorpb.DescriptorProto{Name: proto.String("Every")}
	add := func(field *descriptorpb.FieldDescriptorProto) {
		field.Number = proto.Int32(int32(len(message.Field) + 1))
		message.Field = append(message.Field, field)
	}
	kinds := []protoreflect.Kind{
		protoreflect.BoolKind, protoreflect.EnumKind, protoreflect.Int32Kind, protoreflect.Sint32Kind,
		protoreflect.Uint32Kind, protoreflect.Int64Kind,
		protoreflect.Sint64Kind, protoreflect.Uint64Kind, protoreflect.Sfixed32Kind, protoreflect.Fixed32Kind,
		protoreflect.FloatKind,
		protoreflect.Sfixed64Kind, protoreflect.Fixed64Kind, protoreflect.DoubleKind, protoreflect.StringKind,
		protoreflect.BytesKind,
	}
	optional := descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL
	repeated := descriptorpb.FieldDescriptorProto_LABEL_REPEATED
	for _, k := range kinds {
		field := func(prefix string, label descriptorpb.FieldDescriptorProto_Label) *descriptorpb.FieldDescriptorProto {
			f := &descriptorpb.FieldDescriptorProto{
				Name:  proto.String(prefix + k.String()),
				Label: label.Enum(),
				Type:  descriptorpb.FieldDescriptorProto_Type(k).Enum(),
			}
			if k == protoreflect.EnumKind {
				f.TypeName = proto.String(".test.Every.Color")
			}
			return f
		}
		add(field("f_", optional))
		add(field("list_", repeated))
		entry := &descriptorpb.DescriptorProto{
			Name: proto.String(entryName(k)), Options: &descriptorpb.MessageOptions{MapEntry: proto.Bool(true)},
			Field: []*descriptorpb.FieldDescriptorProto{
				{
					Name:   proto.String("key"),
					Number: proto.Int32(1),
					Label:  optional.Enum(),
					Type:   descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(),
				},
				field("", optional),
			},
		}
		entry.Field[1].Name, entry.Field[1].Number = proto.String("value"), proto.Int32(2)
		message.NestedType = append(message.NestedType, entry)
		add(&descriptorpb.FieldDescriptorProto{
			Name: proto.String("map_" + k.String()), Label: repeated.Enum(),
			Type:     descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(),
			TypeName: proto.String(".test.Every." + entryName(k)),
		})
		present := field("optional_", optional)
		present.Proto3Optional, present.OneofIndex = proto.Bool(true), proto.Int32(int32(len(message.OneofDecl)))
		message.OneofDecl = append(message.OneofDecl,
			&descriptorpb.OneofDescriptorProto{Name: proto.String("_optional_" + k.String())})
		add(present)
	}
	message.EnumType = []*descriptorpb.EnumDescriptorProto{{
		Name: proto.String("Color"),
		Value: []*descriptorpb.EnumValueDescriptorProto{
			{Name: proto.String("RED"), Number: proto.Int32(0)}, {Name: proto.String("BLUE"), Number: proto.Int32(2)},
		},
	}}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("every.proto"), Package: proto.String("test"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{message},
	}, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	return file.Messages().Get(0)
}

// entryName is the name that a map's entry type must have: that of its field in camel case.
func entryName(k protoreflect.Kind) string {
	name := []byte(k.String())
	name[0] -= 'a' - 'A'
	return "Map" + string(name) + "Entry"
}
