package attr

import (
	"fmt"
	"iter"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"
)

// Value is one value of a configuration, plan or state. It knows what it is, so that nothing has to be checked again
// where it is read, and it never changes, so that it is shared and not copied. The zero Value is null.
//
// An object holds only the attributes that are not null: what a value costs follows from what somebody wrote and not
// from the schema. So a null attribute and one that is missing are the same. A key of a map is there although its
// value is null.
type Value struct {
	kind valueKind
	// whole is a number that fits, 1 for true.
	whole int64
	// text is a string, or what Terraform sent for an unknown value of which it knows something.
	text  string
	inner *inner
}

// valueKind is what a value is, and of what kind the values of a type are.
type valueKind uint8

const (
	nullValue valueKind = iota
	unknownValue
	stringValue
	boolValue
	numberValue
	listValue
	mapValue
	objectValue
)

func (k valueKind) String() string {
	return [...]string{"null", "unknown", "a string", "a bool", "a number", "a list", "a map", "an object"}[k]
}

// inner is what does not fit into a value: a number that is no int64, elements, or entries.
type inner struct {
	number   *big.Float
	elements []Value
	// entries are sorted by name, and no name stands there twice.
	entries []entry
}

type entry struct {
	name string
	Value
}

// Null returns the value of what is not set.
func Null() Value { return Value{} }

// Unknown returns a value that is known after apply.
func Unknown() Value { return Value{kind: unknownValue} }

// String returns a text, which need not be UTF-8.
func String(s string) Value { return Value{kind: stringValue, text: s} }

// Bool returns true or false.
func Bool(b bool) Value {
	if b {
		return Value{kind: boolValue, whole: 1}
	}
	return Value{kind: boolValue}
}

// Int returns a whole number.
func Int(n int64) Value { return Value{kind: numberValue, whole: n} }

// Float returns a number, null for the one that is none (NaN).
func Float(f float64) Value {
	if math.IsNaN(f) {
		return Null()
	}
	return Number(big.NewFloat(f))
}

// precision is that of Terraform's numbers, in bits. One of less, such as a double of 1e19, would be written out with
// too few digits to be the same number when it is read.
const precision = 512

// Number returns a number of any size and precision, null for nil. The number must not be changed afterwards.
func Number(n *big.Float) Value {
	if n == nil {
		return Null()
	}
	if whole, accuracy := n.Int64(); accuracy == big.Exact {
		return Int(whole)
	}
	if n.Prec() < precision {
		n = new(big.Float).SetPrec(precision).Set(n)
	}
	return Value{kind: numberValue, inner: &inner{number: n}}
}

// List returns a list. The slice belongs to the value from then on.
func List(elements []Value) Value { return Value{kind: listValue, inner: &inner{elements: elements}} }

// Strings returns a list of texts.
func Strings(texts []string) Value {
	elements := make([]Value, len(texts))
	for i, s := range texts {
		elements[i] = String(s)
	}
	return List(elements)
}

// Map returns a map. An entry that is null is there.
func Map(entries map[string]Value) Value { return ofEntries(mapValue, sortedEntries(entries)) }

// Object returns an object of the attributes that are not null.
func Object(attributes map[string]Value) Value {
	entries := slices.DeleteFunc(sortedEntries(attributes), func(e entry) bool { return e.IsNull() })
	return ofEntries(objectValue, entries)
}

func sortedEntries(of map[string]Value) []entry {
	entries := make([]entry, 0, len(of))
	for name, v := range of {
		entries = append(entries, entry{name, v})
	}
	sortEntries(entries)
	return entries
}

func sortEntries(entries []entry) {
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
}

// ofEntries makes a value of entries that are sorted already.
func ofEntries(kind valueKind, entries []entry) Value {
	return Value{kind: kind, inner: &inner{entries: entries}}
}

// IsNull reports whether the value is not set.
func (v Value) IsNull() bool { return v.kind == nullValue }

// IsKnown reports whether the value is not unknown. What is inside it may be.
func (v Value) IsKnown() bool { return v.kind != unknownValue }

// IsWhollyKnown reports whether nothing in the value is unknown.
func (v Value) IsWhollyKnown() bool {
	for _, e := range v.elements() {
		if !e.IsWhollyKnown() {
			return false
		}
	}
	for _, e := range v.entries() {
		if !e.IsWhollyKnown() {
			return false
		}
	}
	return v.IsKnown()
}

// Text returns a string; ok is false for everything else, null and unknown included.
func (v Value) Text() (text string, ok bool) {
	if v.kind != stringValue {
		return "", false
	}
	return v.text, true
}

// Bool returns a bool; ok is false for everything else.
func (v Value) Bool() (yes, ok bool) { return v.kind == boolValue && v.whole != 0, v.kind == boolValue }

// Int returns a whole number that fits; ok is false for everything else.
func (v Value) Int() (number int64, ok bool) {
	if v.kind != numberValue || v.inner != nil {
		return 0, false
	}
	return v.whole, true
}

// Number returns a number, which must not be changed; ok is false for everything else.
func (v Value) Number() (number *big.Float, ok bool) {
	switch {
	case v.kind != numberValue:
		return nil, false
	case v.inner != nil:
		return v.inner.number, true
	}
	return new(big.Float).SetInt64(v.whole), true
}

// IsList reports whether the value is a list.
func (v Value) IsList() bool { return v.kind == listValue }

// IsMap reports whether the value is a map, whose entries may be null.
func (v Value) IsMap() bool { return v.kind == mapValue }

// HasEntries reports whether the value is an object or a map, even one with nothing in it.
func (v Value) HasEntries() bool { return v.kind == objectValue || v.kind == mapValue }

// Elements returns the elements of a list, which must not be changed; none of anything else.
func (v Value) Elements() []Value { return v.elements() }

// Entries yields the entries of a map, or the attributes of an object that are not null, ordered by name; none of
// anything else.
func (v Value) Entries() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for _, e := range v.entries() {
			if !yield(e.name, e.Value) {
				return
			}
		}
	}
}

// Len returns how many elements or entries there are.
func (v Value) Len() int { return len(v.elements()) + len(v.entries()) }

// Get returns the attribute or entry of a name, null where there is none.
func (v Value) Get(name string) Value {
	value, _ := v.Lookup(name)
	return value
}

// Lookup returns the entry of a name, and whether there is one, which in a map may be null.
func (v Value) Lookup(name string) (value Value, ok bool) {
	entries := v.entries()
	if i, found := find(entries, name); found {
		return entries[i].Value, true
	}
	return Value{}, false
}

// With returns the object or map with another value for one name; null counts as an object with no attributes. It
// panics on anything else, which has no names.
func (v Value) With(name string, value Value) Value {
	kind := v.kind
	switch kind {
	case mapValue, objectValue:
	case nullValue:
		kind = objectValue
	case unknownValue, stringValue, boolValue, numberValue, listValue:
		panic("set " + name + " in " + kind.String())
	}
	before := v.entries()
	i, found := find(before, name)
	after := make([]entry, 0, len(before)+1)
	after = append(after, before[:i]...)
	if kind == mapValue || !value.IsNull() {
		after = append(after, entry{name, value})
	}
	if found {
		i++
	}
	return ofEntries(kind, append(after, before[i:]...))
}

// Attributes returns the attributes of an object that are not null, or the entries of a map, by name. The map is the
// caller's to change, and never nil.
func (v Value) Attributes() map[string]Value {
	attributes := make(map[string]Value, len(v.entries()))
	maps.Insert(attributes, v.Entries())
	return attributes
}

// Equal reports whether two values are the same. All unknown values are, whatever is known of them.
func (v Value) Equal(other Value) bool {
	if v.kind != other.kind {
		return false
	}
	switch v.kind {
	case nullValue, unknownValue:
		return true
	case stringValue:
		return v.text == other.text
	case boolValue:
		return v.whole == other.whole
	case numberValue:
		if v.inner == nil || other.inner == nil {
			return v.inner == other.inner && v.whole == other.whole
		}
		return v.inner.number.Cmp(other.inner.number) == 0
	case listValue, mapValue, objectValue:
	}
	return v.inner == other.inner || slices.EqualFunc(v.elements(), other.elements(), Value.Equal) &&
		slices.EqualFunc(v.entries(), other.entries(), func(a, b entry) bool {
			return a.name == b.name && a.Equal(b.Value)
		})
}

// String shows the value for a person who reads a test's failure.
func (v Value) String() string {
	switch v.kind {
	case stringValue:
		return fmt.Sprintf("%q", v.text)
	case boolValue:
		return fmt.Sprint(v.whole != 0)
	case numberValue:
		n, _ := v.Number()
		return n.Text('g', -1)
	case listValue:
		return fmt.Sprint(v.inner.elements)
	case mapValue, objectValue:
		s, brackets := "", "{}"
		if v.kind == mapValue {
			brackets = "<>"
		}
		for i, e := range v.inner.entries {
			if i > 0 {
				s += " "
			}
			s += fmt.Sprintf("%s:%v", e.name, e.Value)
		}
		return brackets[:1] + s + brackets[1:]
	case nullValue, unknownValue:
	}
	return v.kind.String()
}

func (v Value) elements() []Value {
	if v.inner == nil {
		return nil
	}
	return v.inner.elements
}

func (v Value) entries() []entry {
	if v.inner == nil {
		return nil
	}
	return v.inner.entries
}

// find returns where in sorted entries a name stands, or would.
func find(entries []entry, name string) (at int, found bool) {
	return slices.BinarySearchFunc(entries, name, func(e entry, name string) int {
		return strings.Compare(e.name, name)
	})
}
