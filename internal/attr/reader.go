package attr

import (
	"fmt"
	"math"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"google.golang.org/protobuf/proto"
)

// Problem is what is wrong with one attribute's value. Reason is a sentence fragment, such as `must not be null`.
type Problem struct {
	At     path.Path
	Reason string
}

// Reader reads the attributes of one Terraform object, and of what is nested in it. Null and absent attributes read
// as Go's zero value; [Reader.Has] tells them apart. Unknown values read as zero too, and their paths are kept, so
// that a caller can leave aside what cannot be judged yet.
//
// All readers made from one [Read] share their findings.
type Reader struct {
	at     *place
	object Value
	found  *findings
}

type findings struct {
	problems []Problem
	unknown  []path.Path
}

// Read starts at the outermost object of a configuration, plan or state. A null or unknown object reads as one
// without attributes.
func Read(object Value) *Reader {
	r := &Reader{found: &findings{}}
	r.object, _ = r.open(nil, object)
	return r
}

// Problems returns what was wrong with the values read so far, in reading order.
func (r *Reader) Problems() []Problem { return r.found.problems }

// Unknown returns the paths of the unknown values read so far.
func (r *Reader) Unknown() []path.Path { return r.found.unknown }

// Path returns where the attribute is.
func (r *Reader) Path(name string) path.Path { return r.at.name(name).path() }

// Has reports whether the attribute is set: neither absent nor null. An unknown attribute is set.
func (r *Reader) Has(name string) bool { return !r.object.Get(name).IsNull() }

// Known reports whether the attribute is set and its value is known.
func (r *Reader) Known(name string) bool {
	v := r.object.Get(name)
	return !v.IsNull() && v.IsKnown()
}

// String reads a string attribute.
func (r *Reader) String(name string) string {
	at := place{up: r.at, text: name}
	return r.text(&at, r.object.Get(name))
}

// Bool reads a bool attribute.
func (r *Reader) Bool(name string) bool {
	at := place{up: r.at, text: name}
	v := r.object.Get(name)
	return r.is(boolValue, &at, v) && v.whole != 0
}

// Int reads a whole number; set is false for null and unknown. A fraction and a number outside int64 are problems.
func (r *Reader) Int(name string) (number int64, set bool) {
	at := place{up: r.at, text: name}
	return r.int(&at, r.object.Get(name))
}

// Float reads a number; set is false for null and unknown.
func (r *Reader) Float(name string) (number float64, set bool) {
	at := place{up: r.at, text: name}
	v := r.object.Get(name)
	if !r.is(numberValue, &at, v) {
		return 0, false
	}
	n, _ := v.Number()
	number, _ = n.Float64()
	return number, true
}

// Ints reads a map of whole numbers. A null element is a nil pointer.
func (r *Reader) Ints(name string) map[string]*int64 {
	at := place{up: r.at, text: name}
	weights, ok := r.open(&at, r.object.Get(name))
	if !ok {
		return nil
	}
	numbers := make(map[string]*int64, weights.Len())
	for _, e := range weights.entries() {
		numbers[e.name] = nil
		at := place{up: &at, step: byKey, text: e.name}
		if n, set := r.int(&at, e.Value); set {
			numbers[e.name] = &n
		}
	}
	return numbers
}

// Names returns the keys of a map, or the names of the attributes of an object that are set. A nil reader has none.
func (r *Reader) Names() []string {
	if r == nil {
		return nil
	}
	var names []string
	for name := range r.object.Entries() {
		names = append(names, name)
	}
	return names
}

// IntList reads a list of whole numbers. A null element is a problem, and what is no whole number, or unknown, is a
// nil pointer: it has its place in the list.
func (r *Reader) IntList(name string) []*int64 {
	at := place{up: r.at, text: name}
	var numbers []*int64
	for i, e := range r.list(&at, r.object.Get(name)) {
		at := place{up: &at, step: byIndex, at: i}
		var number *int64
		if r.set(&at, e) {
			if n, known := r.int(&at, e); known {
				number = &n
			}
		}
		numbers = append(numbers, number)
	}
	return numbers
}

// Strings reads a list of strings. A null element is a problem.
func (r *Reader) Strings(name string) []string {
	at := place{up: r.at, text: name}
	var strings []string
	for i, e := range r.list(&at, r.object.Get(name)) {
		at := place{up: &at, step: byIndex, at: i}
		if r.set(&at, e) {
			strings = append(strings, r.text(&at, e))
		}
	}
	return strings
}

// StringMap reads a map of strings. A null element is a problem.
func (r *Reader) StringMap(name string) map[string]string {
	at := place{up: r.at, text: name}
	var strings map[string]string
	entries, _ := r.open(&at, r.object.Get(name))
	for _, e := range entries.entries() {
		at := place{up: &at, step: byKey, text: e.name}
		if !r.set(&at, e.Value) {
			continue
		}
		if strings == nil {
			strings = make(map[string]string, entries.Len())
		}
		strings[e.name] = r.text(&at, e.Value)
	}
	return strings
}

// Object returns a reader of a nested object; nil when it is null or unknown.
func (r *Reader) Object(name string) *Reader {
	v := r.object.Get(name)
	if v.IsNull() {
		return nil
	}
	at := r.at.name(name)
	object, ok := r.open(at, v)
	if !ok {
		return nil
	}
	return &Reader{at: at, object: object, found: r.found}
}

// Each calls visit for every object of a list, in order. A null element is a problem, and is visited as an object
// without attributes: it has its place in the list.
func (r *Reader) Each(name string, visit func(int, *Reader)) {
	at := r.at.name(name)
	for i, e := range r.list(at, r.object.Get(name)) {
		visit(i, r.element(at.index(i), e))
	}
}

// EachKey calls visit for every object of a map, ordered by key. A null element is a problem, and is visited as an
// object without attributes.
func (r *Reader) EachKey(name string, visit func(string, *Reader)) {
	at := r.at.name(name)
	entries, _ := r.open(at, r.object.Get(name))
	for _, e := range entries.entries() {
		visit(e.name, r.element(at.key(e.name), e.Value))
	}
}

func (r *Reader) element(at *place, v Value) *Reader {
	r.set(at, v)
	object, _ := r.open(at, v)
	return &Reader{at: at, object: object, found: r.found}
}

// Message reads the attributes that belong to the shape m into a new message, and leaves other attributes alone.
func (r *Reader) Message(m *Message, into proto.Message) {
	r.decodeMessage(m, r.at, r.object, into.ProtoReflect())
}

func (r *Reader) problem(at *place, format string, args ...any) {
	r.found.problems = append(r.found.problems, Problem{At: at.path(), Reason: fmt.Sprintf(format, args...)})
}

// known reports whether v has a value to read, and keeps the path of an unknown one.
func (r *Reader) known(at *place, v Value) bool {
	if v.kind == unknownValue {
		r.found.unknown = append(r.found.unknown, at.path())
	}
	return v.kind != unknownValue && v.kind != nullValue
}

// set reports whether an element is not null, which it must not be.
func (r *Reader) set(at *place, v Value) bool {
	if v.IsNull() {
		r.problem(at, "must not be null")
	}
	return !v.IsNull()
}

// is reports whether v has a value to read, and is of the kind.
func (r *Reader) is(kind valueKind, at *place, v Value) bool {
	if !r.known(at, v) {
		return false
	}
	if v.kind != kind {
		r.wrongType(kind, at, v)
	}
	return v.kind == kind
}

func (r *Reader) wrongType(kind valueKind, at *place, v Value) {
	r.problem(at, "has the wrong type: %s where %s belongs", v.kind, kind)
}

// open returns what has entries.
func (r *Reader) open(at *place, v Value) (Value, bool) {
	switch {
	case !r.known(at, v):
		return Value{}, false
	case !v.HasEntries():
		r.wrongType(objectValue, at, v)
		return Value{}, false
	}
	return v, true
}

func (r *Reader) list(at *place, v Value) []Value {
	if !r.is(listValue, at, v) {
		return nil
	}
	return v.elements()
}

func (r *Reader) text(at *place, v Value) string {
	if !r.is(stringValue, at, v) {
		return ""
	}
	return v.text
}

func (r *Reader) int(at *place, v Value) (number int64, set bool) {
	if !r.is(numberValue, at, v) {
		return 0, false
	}
	if v.inner == nil {
		return v.whole, true
	}
	// Every whole number that fits is kept as one.
	if f := v.inner.number; f.IsInt() {
		r.problem(at, "must be between %d and %d, got %s", int64(math.MinInt64), int64(math.MaxInt64),
			f.Text('g', 20))
	} else {
		r.problem(at, "must be a whole number, got %s%s", f.Text('g', 20), inPercent(f))
	}
	return 0, false
}

// inPercent says which whole percentage a fraction of one is: who writes 0.9 as a weight means 90.
func inPercent(f *big.Float) string {
	share, _ := f.Float64()
	percent := math.Round(share * 100)
	if percent <= 0 || percent >= 100 || percent/100 != share {
		return ""
	}
	return fmt.Sprintf("; in percent that is %g", percent)
}
