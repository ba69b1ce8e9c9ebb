package check

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// shape collects where a tree of JSON has another shape than the API server's schema. Protobuf's own reading says so
// without the place, and takes more: a number in quotes, and names that only protobuf has.
type shape struct {
	problems []istio.Problem
}

func (s *shape) refuse(at istio.Path, format string, args ...any) {
	s.problems = append(s.problems, istio.Errorf(at, format, args...))
}

// message compares an object with a message.
func (s *shape) message(at istio.Path, m protoreflect.Message, tree map[string]any) {
	fields := m.Descriptor().Fields()
	chosen := map[protoreflect.Name]string{}
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		fd := fields.ByJSONName(name)
		if fd == nil {
			s.unknown(at.At(name), name, fieldNames(fields), "a "+string(m.Descriptor().Name()))
			continue
		}
		if tree[name] == nil {
			continue
		}
		if of := fd.ContainingOneof(); of != nil {
			if other := chosen[of.Name()]; other != "" {
				s.refuse(at.At(name), "cannot be set beside %s", other)
			}
			chosen[of.Name()] = name
		}
		s.field(at.At(name), m, fd, tree[name])
	}
}

func fieldNames(fields protoreflect.FieldDescriptors) []string {
	names := make([]string, fields.Len())
	for i := range names {
		names[i] = fields.Get(i).JSONName()
	}
	return names
}

// field compares a value with a field of a message.
func (s *shape) field(at istio.Path, m protoreflect.Message, fd protoreflect.FieldDescriptor, value any) {
	switch {
	case fd.IsMap():
		entries, ok := value.(map[string]any)
		if !ok {
			s.refuse(at, "must be an object")
			return
		}
		for _, key := range slices.Sorted(maps.Keys(entries)) {
			s.value(at.At(istio.Key(key)), fd.MapValue(), m.NewField(fd).Map().NewValue, entries[key])
		}
	case fd.IsList():
		elements, ok := value.([]any)
		if !ok {
			s.refuse(at, "must be a list")
			return
		}
		for i := range elements {
			s.value(at.At(i), fd, m.NewField(fd).List().NewElement, elements[i])
		}
	default:
		s.value(at, fd, func() protoreflect.Value { return m.NewField(fd) }, value)
	}
}

// value compares a value with a field that has one, with an element of a list or with an entry of a map.
func (s *shape) value(
	at istio.Path, fd protoreflect.FieldDescriptor, empty func() protoreflect.Value, value any,
) {
	if fd.Message() == nil {
		if !fitsScalar(fd, value) {
			s.refuse(at, "must be %s", scalarWords(fd))
		}
		return
	}
	if words, ok := wellKnown(fd.Message(), value); words != "" {
		if !ok {
			s.refuse(at, "must be %s", words)
		}
		return
	}
	tree, ok := value.(map[string]any)
	if !ok {
		s.refuse(at, "must be an object")
		return
	}
	s.message(at, empty().Message(), tree)
}

// wellKnown compares a value with a message of protobuf's own, which is no object in JSON. There are no words for
// what is none of them.
func wellKnown(d protoreflect.MessageDescriptor, value any) (words string, ok bool) {
	switch name := d.FullName(); {
	case name == "google.protobuf.Duration":
		text, _ := value.(string)
		_, err := time.ParseDuration(text)
		return "a duration such as 5s", err == nil
	case name == "google.protobuf.Struct":
		_, ok := value.(map[string]any)
		return "an object", ok
	case strings.HasPrefix(string(name), "google.protobuf.") && strings.HasSuffix(string(name), "Value"):
		of := d.Fields().ByName("value")
		if of == nil || of.Message() != nil {
			return "", false
		}
		return scalarWords(of), fitsScalar(of, value)
	}
	return "", false
}

// fitsScalar reports whether the API server takes a value for a field that is no object.
func fitsScalar(fd protoreflect.FieldDescriptor, value any) bool {
	switch fd.Kind() {
	case protoreflect.BoolKind:
		_, ok := value.(bool)
		return ok
	case protoreflect.StringKind, protoreflect.BytesKind:
		_, ok := value.(string)
		return ok
	case protoreflect.EnumKind:
		text, ok := value.(string)
		return ok && fd.Enum().Values().ByName(protoreflect.Name(text)) != nil
	}
	number, ok := value.(json.Number)
	return ok && fitsNumber(fd, number)
}

// wholeRanges are the least and the most that a whole number may be, by its kind.
var wholeRanges = map[protoreflect.Kind][2]float64{
	protoreflect.Int32Kind: {math.MinInt32, math.MaxInt32}, protoreflect.Uint32Kind: {0, math.MaxUint32},
	protoreflect.Int64Kind: {math.MinInt64, math.MaxInt64}, protoreflect.Uint64Kind: {0, math.MaxUint64},
}

// fitsNumber reports whether a number is in the range of a field.
func fitsNumber(fd protoreflect.FieldDescriptor, number json.Number) bool {
	n, err := number.Float64()
	limits, whole := wholeRanges[fd.Kind()]
	return err == nil && (!whole || n == math.Trunc(n) && limits[0] <= n && n <= limits[1])
}

func scalarWords(fd protoreflect.FieldDescriptor) string {
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return "true or false"
	case protoreflect.StringKind, protoreflect.BytesKind:
		return "a string"
	case protoreflect.EnumKind:
		names := make([]string, fd.Enum().Values().Len())
		for i := range names {
			names[i] = string(fd.Enum().Values().Get(i).Name())
		}
		return "one of " + istio.Enumerate(names, "and")
	}
	limits, whole := wholeRanges[fd.Kind()]
	if !whole {
		return "a number"
	}
	return fmt.Sprintf("a whole number from %.0f to %.0f", limits[0], limits[1])
}
