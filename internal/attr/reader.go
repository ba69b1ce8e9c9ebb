package attr

import (
	"fmt"
	"math"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"google.golang.org/protobuf/proto"
)

// Problem is what is wrong with one attribute's value. Reason is a sentence fragment, such as `must not be null`.
type Problem struct {
	At     path.Path
	Reason string
}

// Reader reads the attributes of one Terraform object, and of what is nested in it. Null and absent attributes read
// as Go's zero value; [Reader.Has] tells them apart. Unknown values read as zero too, and their paths are kept, so that a
// caller can leave aside what cannot be judged yet.
//
// All readers made from one [Read] share their findings.
type Reader struct {
	at         path.Path
	attributes map[string]tftypes.Value
	found      *findings
}

type findings struct {
	problems []Problem
	unknown  []path.Path
}

// Read starts at the outermost object of a configuration, plan or state. A null or unknown object reads as one
// without attributes.
func Read(object tftypes.Value) *Reader {
	r := &Reader{at: path.Empty(), found: &findings{}}
	r.attributes = r.open(r.at, object)
	return r
}

// Problems returns what was wrong with the values read so far, in reading order.
func (r *Reader) Problems() []Problem { return r.found.problems }

// Unknown returns the paths of the unknown values read so far.
func (r *Reader) Unknown() []path.Path { return r.found.unknown }

// Path returns where the attribute is.
func (r *Reader) Path(name string) path.Path { return r.at.AtName(name) }

// Has reports whether the attribute is set: neither absent nor null. An unknown attribute is set.
func (r *Reader) Has(name string) bool {
	v, ok := r.attributes[name]
	return ok && !v.IsNull()
}

// Known reports whether the attribute is set and its value is known.
func (r *Reader) Known(name string) bool { return r.Has(name) && r.attributes[name].IsKnown() }

// String reads a string attribute.
func (r *Reader) String(name string) string {
	return readString(r, r.at.AtName(name), r.attributes[name])
}

// Bool reads a bool attribute.
func (r *Reader) Bool(name string) bool {
	var b bool
	r.as(r.at.AtName(name), r.attributes[name], &b)
	return b
}

// Int reads a whole number; set is false for null and unknown. A fraction and a number outside int64 are problems.
func (r *Reader) Int(name string) (number int64, set bool) {
	return r.int(r.at.AtName(name), r.attributes[name])
}

// Ints reads a map of whole numbers. A null element is a nil pointer.
func (r *Reader) Ints(name string) map[string]*int64 {
	at := r.at.AtName(name)
	var elements map[string]tftypes.Value
	if !r.as(at, r.attributes[name], &elements) {
		return nil
	}
	numbers := make(map[string]*int64, len(elements))
	for _, key := range sortedKeys(elements) {
		numbers[key] = nil
		if n, set := r.int(at.AtMapKey(key), elements[key]); set {
			numbers[key] = &n
		}
	}
	return numbers
}

// Strings reads a list of strings. A null element is a problem.
func (r *Reader) Strings(name string) []string {
	var strings []string
	r.elements(r.at.AtName(name), r.attributes[name], func(at path.Path, v tftypes.Value) {
		strings = append(strings, readString(r, at, v))
	})
	return strings
}

// StringMap reads a map of strings. A null element is a problem.
func (r *Reader) StringMap(name string) map[string]string {
	var strings map[string]string
	r.entries(r.at.AtName(name), r.attributes[name], func(key string, at path.Path, v tftypes.Value) {
		if strings == nil {
			strings = map[string]string{}
		}
		strings[key] = readString(r, at, v)
	})
	return strings
}

// Object returns a reader of a nested object; nil when it is null or unknown.
func (r *Reader) Object(name string) *Reader {
	at := r.at.AtName(name)
	attributes := r.open(at, r.attributes[name])
	if attributes == nil {
		return nil
	}
	return &Reader{at: at, attributes: attributes, found: r.found}
}

// Each calls visit for every object of a list, in order. A null element is a problem, and is visited as an object
// without attributes: it has its place in the list.
func (r *Reader) Each(name string, visit func(int, *Reader)) {
	at := r.at.AtName(name)
	var elements []tftypes.Value
	if !r.as(at, r.attributes[name], &elements) {
		return
	}
	for i, e := range elements {
		visit(i, r.element(at.AtListIndex(i), e))
	}
}

// EachKey calls visit for every object of a map, ordered by key. A null element is a problem, and is visited as an object
// without attributes.
func (r *Reader) EachKey(name string, visit func(string, *Reader)) {
	at := r.at.AtName(name)
	var elements map[string]tftypes.Value
	if !r.as(at, r.attributes[name], &elements) {
		return
	}
	for _, key := range sortedKeys(elements) {
		visit(key, r.element(at.AtMapKey(key), elements[key]))
	}
}

func (r *Reader) element(at path.Path, v tftypes.Value) *Reader {
	if v.IsNull() {
		r.problem(at, "must not be null")
	}
	return &Reader{at: at, attributes: r.open(at, v), found: r.found}
}

// Message reads the attributes that belong to the shape m into a new message, and leaves other attributes alone.
func (r *Reader) Message(m *Message, into proto.Message) {
	r.decodeMessage(m, r.at, r.attributes, into.ProtoReflect())
}

func (r *Reader) problem(at path.Path, format string, args ...any) {
	r.found.problems = append(r.found.problems, Problem{At: at, Reason: fmt.Sprintf(format, args...)})
}

// known reports whether v has a value to read, and keeps the path of an unknown one.
func (r *Reader) known(at path.Path, v tftypes.Value) bool {
	if v.Type() == nil || v.IsNull() {
		return false
	}
	if !v.IsKnown() {
		r.found.unknown = append(r.found.unknown, at)
		return false
	}
	return true
}

func (r *Reader) as(at path.Path, v tftypes.Value, into any) bool {
	if !r.known(at, v) {
		return false
	}
	if err := v.As(into); err != nil {
		r.problem(at, "has the wrong type: %s", err)
		return false
	}
	return true
}

func (r *Reader) open(at path.Path, v tftypes.Value) map[string]tftypes.Value {
	var attributes map[string]tftypes.Value
	r.as(at, v, &attributes)
	return attributes
}

// elements visits the elements of a list.
func (r *Reader) elements(at path.Path, v tftypes.Value, visit func(path.Path, tftypes.Value)) {
	var elements []tftypes.Value
	if !r.as(at, v, &elements) {
		return
	}
	for i, e := range elements {
		if e.IsNull() {
			r.problem(at.AtListIndex(i), "must not be null")
			continue
		}
		visit(at.AtListIndex(i), e)
	}
}

// entries visits the elements of a map, ordered by key.
func (r *Reader) entries(at path.Path, v tftypes.Value, visit func(string, path.Path, tftypes.Value)) {
	var elements map[string]tftypes.Value
	if !r.as(at, v, &elements) {
		return
	}
	for _, key := range sortedKeys(elements) {
		if elements[key].IsNull() {
			r.problem(at.AtMapKey(key), "must not be null")
			continue
		}
		visit(key, at.AtMapKey(key), elements[key])
	}
}

func (r *Reader) int(at path.Path, v tftypes.Value) (number int64, set bool) {
	var f *big.Float
	if !r.as(at, v, &f) {
		return 0, false
	}
	if !f.IsInt() {
		r.problem(at, "must be a whole number, got %s", f.Text('g', 20))
		return 0, false
	}
	number, accuracy := f.Int64()
	if accuracy != big.Exact {
		r.problem(at, "must be between %d and %d, got %s", math.MinInt64, math.MaxInt64, f.Text('g', 20))
		return 0, false
	}
	return number, true
}

func readString(r *Reader, at path.Path, v tftypes.Value) string {
	var s string
	r.as(at, v, &s)
	return s
}
