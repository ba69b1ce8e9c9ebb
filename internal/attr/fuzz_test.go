package attr_test

import (
	"encoding/binary"
	"math/big"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	networking "istio.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// FuzzDecode reads whatever value Terraform could send for a route: decoding never panics, and what was understood
// stays what it is.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("\x07\x02the quick brown fox jumps over the lazy dog, again and again and again and again"))
	for seed := range 4 {
		data := make([]byte, 512)
		for i := range data {
			data[i] = byte(i*i*(seed+3)>>2 + i*7)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		source := &values{data: data}
		checkStable(t, httpRoute, source.of(httpRoute.ValueType()), &networking.HTTPRoute{})
		checkStable(t, destinationRule, source.of(destinationRule.ValueType()), &networking.DestinationRule{})
	})
}

// What a configuration is understood to say is understood the same after it was written to the state and read back.
func TestPropertyDecodeIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		source := &values{data: rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(t, "data")}
		checkStable(t, httpRoute, source.of(httpRoute.ValueType()), &networking.HTTPRoute{})
		checkStable(t, destinationRule, source.of(destinationRule.ValueType()), &networking.DestinationRule{})
	})
}

// reporter is what *testing.T and *rapid.T have in common.
type reporter interface {
	Helper()
	Fatalf(format string, args ...any)
}

func checkStable(t reporter, shape *attr.Message, value attr.Value, empty proto.Message) {
	t.Helper()
	first := proto.Clone(empty)
	attr.Read(value).Message(shape, first)

	again := proto.Clone(empty)
	reader := attr.Read(shape.Encode(first))
	reader.Message(shape, again)
	if problems := reader.Problems(); len(problems) > 0 {
		t.Fatalf("encoded value has problems: %v", problems)
	}
	if !proto.Equal(first, again) {
		t.Fatalf("decoded %v, then %v", first, again)
	}
}

// values makes Terraform values of a type out of bytes: mostly fitting ones, some null, unknown, out of range or of
// another type, in lists and maps too. When the bytes end, the rest is null.
type values struct{ data []byte }

func (s *values) next() byte {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return b
}

func (s *values) of(t tftypes.Type) attr.Value {
	switch choice := s.next(); {
	case choice < 64:
		return attr.Null()
	case choice < 70:
		return attr.Unknown()
	case choice < 72:
		return attr.Bool(true)
	case choice < 74:
		return attr.String("x")
	}
	switch {
	case t.Is(tftypes.Bool):
		return attr.Bool(s.next()%2 == 0)
	case t.Is(tftypes.Number):
		return attr.Number(s.number())
	case t.Is(tftypes.String):
		return attr.String(s.text())
	}
	switch container := t.(type) {
	case tftypes.List:
		elements := make([]attr.Value, s.next()%3)
		for i := range elements {
			elements[i] = s.of(container.ElementType)
		}
		return attr.List(elements)
	case tftypes.Map:
		entries := attributes{}
		for range s.next() % 3 {
			entries[s.text()] = s.of(container.ElementType)
		}
		return attr.Map(entries)
	case tftypes.Object:
		set := attributes{}
		for _, name := range sortedKeys(container.AttributeTypes) {
			set[name] = s.of(container.AttributeTypes[name])
		}
		return attr.Object(set)
	}
	panic("no values of type " + t.String())
}

func (s *values) number() *big.Float {
	whole := big.NewFloat(float64(int8(s.next())))
	switch s.next() % 8 {
	case 0:
		return new(big.Float).SetMantExp(whole, int(s.next())*8)
	case 1:
		return new(big.Float).Quo(whole, big.NewFloat(256))
	case 2:
		var bits [8]byte
		for i := range bits {
			bits[i] = s.next()
		}
		return new(big.Float).SetUint64(binary.BigEndian.Uint64(bits[:]))
	}
	return whole
}

var usualText = []string{
	"", "v1", "5s", "5000ms", "-1h", "9e9s", "SIMPLE", "MUTUAL", "UPGRADE", "FORWARD", "ROUND_ROBIN", "DISABLE",
	"V1", "aGk=", "aGk", "größe",
}

func (s *values) text() string {
	n := int(s.next())
	if n < 8*len(usualText) {
		return usualText[n/8]
	}
	bytes := make([]byte, n%8)
	for i := range bytes {
		bytes[i] = s.next()
	}
	return string(bytes)
}

// decisiveZero is what the provider passes as KeepZero.
var decisiveZero = map[protoreflect.FullName]bool{
	"istio.networking.v1alpha3.HTTPRetry.attempts":                  true,
	"istio.networking.v1alpha3.Percent.value":                       true,
	"istio.networking.v1alpha3.ClientTLSSettings.mode":              true,
	"istio.networking.v1alpha3.TrafficPolicy.ProxyProtocol.version": true,
}

// ruleFields are the fields of an HTTPRoute that do not choose a destination.
var ruleFields = []protoreflect.Name{
	"name", "match", "timeout", "retries", "fault", "mirrors", "headers", "rewrite", "cors_policy",
}

func shapeOf(message proto.Message, options attr.Options) *attr.Message {
	return attr.New(message.ProtoReflect().Descriptor(), options)
}

// The shapes that the provider uses.
var (
	virtualService  = shapeOf(&networking.VirtualService{}, attr.Options{KeepZero: decisiveZero})
	destinationRule = shapeOf(&networking.DestinationRule{}, attr.Options{KeepZero: decisiveZero})
	httpRoute       = shapeOf(&networking.HTTPRoute{}, attr.Options{KeepZero: decisiveZero, Only: ruleFields})
)
