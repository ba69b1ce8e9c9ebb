package attr

import (
	"errors"
	"io"
	"math"
	"math/big"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
)

// Decode reads a value as Terraform encodes it, in MessagePack, and measures it on the way. It takes no length at its
// word, and makes room only for what it has read. The error is a [*DecodeError].
//
// What it takes is what the decoder of terraform-plugin-go takes, and means the same, except that a key that stands
// twice, bytes behind the value, a float64 that is no number, and a number that nobody can write out are errors here.
func (t *Type) Decode(encoded []byte, limits Limits) (Value, error) {
	d := decoder{meter: meter{Limits: limits}}
	if wrong := d.bytes(len(encoded)); wrong != nil {
		return Value{}, wrong.located()
	}
	// One copy: the texts in the value are parts of it.
	d.data = string(encoded)
	v, wrong := d.value(t, 0)
	if wrong == nil && d.data != "" {
		wrong = malformed("%d bytes stand behind the value", len(d.data))
	}
	if wrong != nil {
		return Value{}, wrong.located()
	}
	return v, nil
}

// decoder reads from the front of data, of which it keeps what is still to be read. Its depth is that of the type.
type decoder struct {
	meter
	data string
}

func cutShort() *flaw { return &flaw{DecodeError: DecodeError{Err: io.ErrUnexpectedEOF}} }

func (d *decoder) value(of *Type, depth int) (Value, *flaw) {
	if wrong := d.count(1); wrong != nil {
		return Value{}, wrong
	}
	if wrong := d.depth(depth); wrong != nil {
		return Value{}, wrong
	}
	if d.data == "" {
		return Value{}, cutShort()
	}
	switch code := d.data[0]; {
	case code == codeNil:
		d.data = d.data[1:]
		return Value{}, nil
	case isExtension(code):
		return d.unknown(code)
	}
	switch of.kind {
	case stringValue:
		text, wrong := d.text()
		return String(text), wrong
	case boolValue:
		return d.bool()
	case numberValue:
		return d.number()
	case listValue:
		return d.list(of, depth)
	case mapValue:
		return d.entries(of, depth)
	case objectValue, nullValue, unknownValue:
	}
	return d.object(of, depth)
}

// take returns the next n bytes.
func (d *decoder) take(n int) (string, *flaw) {
	if n > len(d.data) {
		return "", cutShort()
	}
	taken := d.data[:n]
	d.data = d.data[n:]
	return taken, nil
}

// uint returns the next n bytes as an unsigned number, behind one byte of code.
func (d *decoder) uint(n int) (uint64, *flaw) {
	bytes, wrong := d.take(1 + n)
	if wrong != nil {
		return 0, wrong
	}
	var number uint64
	for i := range n {
		number = number<<8 | uint64(bytes[1+i])
	}
	return number, nil
}

// longest is a length that no value has, and which an int can hold that has 32 bits only.
const longest = math.MaxInt32 - 1

// length returns a length of at most 32 bits, which stands behind one byte of code.
func (d *decoder) length(bytes int) (int, *flaw) {
	n, wrong := d.uint(bytes)
	return int(min(n, longest)), wrong
}

func isExtension(code byte) bool {
	return code >= codeFixExt1 && code <= codeFixExt16 || code >= codeExt8 && code <= codeExt32
}

// unknown reads an extension: all of them are unknown values. What is known of one is kept as it came.
func (d *decoder) unknown(code byte) (Value, *flaw) {
	whole := d.data
	var n int
	var wrong *flaw
	switch code {
	case codeExt8:
		n, wrong = d.length(1)
	case codeExt16:
		n, wrong = d.length(2)
	case codeExt32:
		n, wrong = d.length(4)
	default:
		n, d.data = 1<<(code-codeFixExt1), d.data[1:]
	}
	if wrong != nil {
		return Value{}, wrong
	}
	body, wrong := d.take(1 + n)
	if wrong != nil {
		return Value{}, wrong
	}
	v := Unknown()
	if body[0] == refinements {
		v.text = whole[:len(whole)-len(d.data)]
	}
	return v, nil
}

func (d *decoder) text() (string, *flaw) {
	if d.data == "" {
		return "", cutShort()
	}
	var n int
	var wrong *flaw
	switch code := d.data[0]; {
	case code >= codeFixText && code < codeNil:
		n, d.data = int(code-codeFixText), d.data[1:]
	case code == codeText8, code == codeBin8:
		n, wrong = d.length(1)
	case code == codeText16, code == codeBin16:
		n, wrong = d.length(2)
	case code == codeText32, code == codeBin32:
		n, wrong = d.length(4)
	default:
		return "", malformed("code %#x where a string belongs", code)
	}
	if wrong != nil {
		return "", wrong
	}
	text, wrong := d.take(n)
	if wrong == nil {
		wrong = d.meter.text(n)
	}
	return text, wrong
}

func (d *decoder) bool() (Value, *flaw) {
	code := d.data[0]
	if code != codeFalse && code != codeTrue {
		return Value{}, malformed("code %#x where a bool belongs", code)
	}
	d.data = d.data[1:]
	return Bool(code == codeTrue), nil
}

func (d *decoder) number() (Value, *flaw) {
	switch code := d.data[0]; {
	case code < codeFixMap, code >= codeNegative:
		d.data = d.data[1:]
		return Int(int64(int8(code))), nil
	case code >= codeUint8 && code <= codeUint64:
		n, wrong := d.uint(1 << (code - codeUint8))
		if n > math.MaxInt64 {
			return Number(new(big.Float).SetUint64(n)), wrong
		}
		return Int(int64(n)), wrong
	case code >= codeInt8 && code <= codeInt64:
		bytes := 1 << (code - codeInt8)
		n, wrong := d.uint(bytes)
		unused := 64 - 8*bytes
		return Int(int64(n<<unused) >> unused), wrong
	case code == codeFloat:
		n, wrong := d.uint(4)
		return float(float64(math.Float32frombits(uint32(n))), wrong)
	case code == codeDouble:
		n, wrong := d.uint(8)
		return float(math.Float64frombits(n), wrong)
	}
	text, wrong := d.text()
	if wrong != nil {
		return Value{}, wrong
	}
	return parseNumber(text)
}

func float(f float64, wrong *flaw) (Value, *flaw) {
	if wrong == nil && math.IsNaN(f) {
		wrong = malformed("a number that is none")
	}
	return Float(f), wrong
}

// How large a number is taken, far beyond what a double has room for: how many binary digits it has before or behind
// its point, and in how many bytes it is written. To read or write out one that is larger takes with the square of
// its length, and an exponent costs nobody anything to write.
const (
	mostExponent = 1 << 14
	longestWord  = 1 << 13
)

// parseNumber reads a number that is written out. Base, precision and rounding are those of Terraform.
func parseNumber(text string) (Value, *flaw) {
	if len(text) > longestWord {
		return Value{}, malformed("a number of more than %d characters", longestWord)
	}
	n, _, err := big.ParseFloat(text, 10, precision, big.ToNearestEven)
	if err != nil {
		// The error quotes the text.
		return Value{}, malformed("a text that is no number")
	}
	if e := n.MantExp(nil); e > mostExponent || e < -mostExponent {
		return Value{}, malformed("a number of more than %d binary digits", mostExponent)
	}
	return Number(n), nil
}

// firstRoom is how many elements are made room for before the first was read.
const firstRoom = 64

func (d *decoder) list(of *Type, depth int) (Value, *flaw) {
	n, wrong := d.containerLen(of, codeFixArray, codeArray16)
	if wrong != nil {
		return Value{}, wrong
	}
	elements := make([]Value, 0, min(n, firstRoom))
	for i := range n {
		e, wrong := d.value(of.element, depth+1)
		if wrong != nil {
			return Value{}, wrong.in(path.PathStepElementKeyInt(i))
		}
		elements = append(elements, e)
	}
	return List(elements), nil
}

func (d *decoder) entries(of *Type, depth int) (Value, *flaw) {
	n, wrong := d.containerLen(of, codeFixMap, codeMap16)
	if wrong != nil {
		return Value{}, wrong
	}
	entries := make([]entry, 0, min(n, firstRoom))
	sorted := true
	for range n {
		key, wrong := d.text()
		if wrong != nil {
			return Value{}, wrong
		}
		v, wrong := d.value(of.element, depth+1)
		if wrong != nil {
			return Value{}, wrong.in(path.PathStepElementKeyString(key))
		}
		sorted = sorted && (len(entries) == 0 || entries[len(entries)-1].name < key)
		entries = append(entries, entry{key, v})
	}
	if !sorted {
		sortEntries(entries)
		for i := 1; i < len(entries); i++ {
			if entries[i].name == entries[i-1].name {
				return Value{}, twice(entries[i].name)
			}
		}
	}
	return ofEntries(mapValue, entries), nil
}

func twice(key string) *flaw { return malformed("the key %q stands there twice", key) }

// object reads an object. Terraform sorts attributes, so the next one is mostly the expected one, and mostly null.
func (d *decoder) object(of *Type, depth int) (Value, *flaw) {
	n, wrong := d.containerLen(of, codeFixMap, codeMap16)
	switch {
	case wrong != nil:
		return Value{}, wrong
	case n != len(of.attributes):
		return Value{}, malformed("%d attributes where %d belong", n, len(of.attributes))
	}
	if n > 0 {
		if wrong := d.depth(depth + 1); wrong != nil {
			return Value{}, wrong
		}
	}
	var entries []entry
	var order order
	for i := range n {
		a := &of.attributes[i]
		switch {
		case order.broken():
			if a, wrong = d.next(of, &order); wrong != nil {
				return Value{}, wrong
			}
		case strings.HasPrefix(d.data, a.unset):
			d.data = d.data[len(a.unset):]
			if wrong := d.count(1); wrong != nil {
				return Value{}, wrong
			}
			continue
		case strings.HasPrefix(d.data, a.key):
			d.data = d.data[len(a.key):]
		default:
			order.breaks(i, n)
			if a, wrong = d.next(of, &order); wrong != nil {
				return Value{}, wrong
			}
		}
		v, wrong := d.value(a.of, depth+1)
		if wrong != nil {
			return Value{}, wrong.in(path.PathStepAttributeName(a.name))
		}
		if !v.IsNull() {
			entries = append(entries, entry{a.name, v})
		}
	}
	if order.broken() {
		sortEntries(entries)
	}
	return ofEntries(objectValue, entries), nil
}

// next reads the name of an attribute that is not the expected one.
func (d *decoder) next(of *Type, seen *order) (*attribute, *flaw) {
	key, wrong := d.text()
	if wrong != nil {
		return nil, wrong
	}
	i, ok := of.byName[key]
	switch {
	case !ok:
		return nil, malformed("an attribute %q that the type does not have", key)
	case seen.again(i):
		return nil, twice(key)
	}
	return &of.attributes[i], nil
}

// order keeps which attributes were read, from the first one on that was not the expected one.
type order struct{ seen []bool }

func (o *order) broken() bool { return o.seen != nil }

// breaks says that of n attributes the first read ones were in order.
func (o *order) breaks(read, n int) {
	o.seen = make([]bool, n)
	for i := range read {
		o.seen[i] = true
	}
}

func (o *order) again(i int) bool {
	before := o.seen[i]
	o.seen[i] = true
	return before
}

var errNoLength = errors.New("something else where a list, map or object belongs")

// containerLen reads how many elements follow, of which each takes a byte at least. The code for a length of 32 bits
// is the one behind that for 16.
func (d *decoder) containerLen(of *Type, fix, of16 byte) (n int, wrong *flaw) {
	switch code := d.data[0]; {
	case code >= fix && code < fix+16:
		n, d.data = int(code-fix), d.data[1:]
	case code == of16:
		n, wrong = d.length(2)
	case code == of16+1:
		n, wrong = d.length(4)
	default:
		return 0, &flaw{DecodeError: DecodeError{Err: errNoLength}}
	}
	if wrong == nil && of.element != nil {
		wrong = d.room(of.element, n)
	}
	if wrong == nil && n > len(d.data) {
		wrong = cutShort()
	}
	return n, wrong
}
