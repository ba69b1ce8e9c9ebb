package guard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// Bounds are how large a value may be that is looked at. No cluster takes an object of more than 1.5 MiB, which is
// etcd's limit for a request. In that there is room for a route of thousands of rules, and for a million values that
// say nothing. The framework and the checks take ten to thirty microseconds for each value in each call, so the most
// that is taken is what costs about a second: a thousand rules of one match, which are thirty thousand values with
// the attributes that are null, or fewer rules of more matches.
type Bounds struct {
	summary string
	bytes   int
	// values are counted with everything inside them, attributes that are null too.
	values int
	// text is how many bytes one text may have.
	text int
	// of is what is too large, in a sentence.
	of string
}

// The bounds of what arrives, by where it comes from.
var (
	InConfig = Bounds{"Configuration too large", mostBytes, mostValues, longestValue, "this configuration"}
	InState  = Bounds{"State too large", 2 * mostBytes, 2 * mostValues, longestValue, "this state"}
	// inArgument is an argument of a function, which may be a resource out of the state.
	inArgument = Bounds{"Argument too large", 2 * mostBytes, 2 * mostValues, longestValue, "this argument"}
	InCluster  = Bounds{"Object too large", mostBytes, 2 * mostValues, longestValue, "what the cluster holds"}
	// inSource is wider: another provider keeps an object with each field that it could have and the type of each, or
	// as one text.
	inSource = Bounds{"State too large", 4 * mostBytes, 10 * mostValues, mostBytes, "the state that is to be moved"}
)

const (
	mostBytes  = 3 << 19
	mostValues = 50_000
	// mostObjects is how many objects, such as rules, matches and subsets, one list or map may hold.
	mostObjects = 1_000
	// mostElements is how many texts, numbers and the like, such as hosts and labels, one list or map may hold.
	mostElements = 5_000
	// mostDepth is more than the deepest attribute of a schema has.
	mostDepth = 32
	// longestValue is the most that Kubernetes takes for all annotations of an object; no other text may be as long.
	longestValue = 256 << 10
)

// sizedValue is a value as it came, undecoded, with the bounds that it has to keep.
type sizedValue struct {
	msgpack, json []byte
	of            tftypes.Type
	within        Bounds
}

func dynamic(v *tfprotov6.DynamicValue, of tftypes.Type, within Bounds) *sizedValue {
	if v == nil {
		return &sizedValue{within: within}
	}
	return &sizedValue{v.MsgPack, v.JSON, of, within}
}

func raw(state *tfprotov6.RawState, within Bounds) *sizedValue {
	if state == nil {
		return &sizedValue{within: within}
	}
	return &sizedValue{json: state.JSON, within: within}
}

// refuse says what is too large or broken in a value, and where; nil where nothing is.
func (v *sizedValue) refuse() *Flaw {
	if n := max(len(v.msgpack), len(v.json)); n > v.within.bytes {
		return v.within.tooManyBytes(n)
	}
	m := measure{within: v.within}
	switch {
	case len(v.msgpack) > 0:
		return m.msgpack(msgpack.NewDecoder(bytes.NewReader(v.msgpack)), v.of, path.Empty(), 0)
	case len(v.json) > 0:
		return m.json(json.NewDecoder(bytes.NewReader(v.json)))
	}
	return nil
}

// Flaw is why a value is not looked at any further.
type Flaw struct {
	summary string
	at      path.Path
	reason  string
}

func (b Bounds) exceeded(at path.Path, format string, args ...any) *Flaw {
	return &Flaw{b.summary, at, fmt.Sprintf(format, args...)}
}

func (b Bounds) tooManyBytes(got int) *Flaw {
	return b.exceeded(path.Empty(),
		"%s has %d bytes, and at most %d are taken: etcd keeps no object of more than 1.5 MiB", b.of, got, b.bytes)
}

func (b Bounds) tooManyValues() *Flaw {
	return b.exceeded(path.Empty(), "%s holds more than %d values, attributes that are not set included: it would "+
		"take long to plan, and etcd keeps no object of more than 1.5 MiB. A rule with one match counts for about "+
		"30. Match with prefix or regex in place of many exact values, or divide the route", b.of, b.values)
}

func (b Bounds) tooManyElements(at path.Path, most, got int) *Flaw {
	return b.exceeded(
		at,
		"must have at most %d elements, got %d: more takes long to plan, and etcd keeps no object of more than 1.5 MiB",
		most,
		got,
	)
}

func (b Bounds) textTooLong(at path.Path, got int) *Flaw {
	return b.exceeded(at, "must not hold a text of more than %d bytes, got %d: an object of such texts is more than "+
		"the 1.5 MiB that etcd keeps", b.text, got)
}

func (b Bounds) tooDeep(at path.Path) *Flaw {
	return b.exceeded(at, "is nested deeper than %d levels", mostDepth)
}

func unreadable(at path.Path, err error) *Flaw {
	return &Flaw{"Value cannot be read", at, fmt.Sprintf("is not encoded as Terraform does it: %v", err)}
}

// measure counts the values of an encoded value without decoding it, and stops at the first bound: lengths are
// believed only after they were compared with a bound, because a decoder makes room for what a length promises.
type measure struct {
	within Bounds
	values int
}

func (m *measure) count() *Flaw {
	if m.values++; m.values > m.within.values {
		return m.within.tooManyValues()
	}
	return nil
}

func (m *measure) msgpack(d *msgpack.Decoder, of tftypes.Type, at path.Path, depth int) *Flaw {
	if wrong := m.count(); wrong != nil {
		return wrong
	}
	if depth > mostDepth {
		return m.within.tooDeep(at)
	}
	code, err := d.PeekCode()
	switch {
	case err != nil:
		return unreadable(at, err)
	case msgpcode.IsFixedArray(code), code == msgpcode.Array16, code == msgpcode.Array32:
		return m.array(d, of, at, depth)
	case msgpcode.IsFixedMap(code), code == msgpcode.Map16, code == msgpcode.Map32:
		return m.entries(d, of, at, depth)
	case msgpcode.IsString(code), msgpcode.IsBin(code):
		text, err := d.DecodeString()
		if err != nil {
			return unreadable(at, err)
		}
		// Before a value of any type stands its type, as JSON with two brackets for an object. Its decoder reads all
		// that is inside anew at every level.
		if of == nil && nesting(text) > 2*mostDepth {
			return m.within.exceeded(at, "is of a type that is nested deeper than %d levels", mostDepth)
		}
		return m.text(at, text)
	}
	if err := d.Skip(); err != nil {
		return unreadable(at, err)
	}
	return nil
}

// nesting returns how many brackets are open at most.
func nesting(text string) int {
	open, most := 0, 0
	for _, r := range text {
		switch r {
		case '[', '{':
			open++
			most = max(most, open)
		case ']', '}':
			open--
		}
	}
	return most
}

func (m *measure) array(d *msgpack.Decoder, of tftypes.Type, at path.Path, depth int) *Flaw {
	n, err := d.DecodeArrayLen()
	if err != nil {
		return unreadable(at, err)
	}
	var element tftypes.Type
	if list, ok := of.(tftypes.List); ok {
		element = list.ElementType
	}
	if wrong := m.room(of, element, at, n); wrong != nil {
		return wrong
	}
	for i := range n {
		if wrong := m.msgpack(d, element, at.AtListIndex(i), depth+1); wrong != nil {
			return wrong
		}
	}
	return nil
}

// entries measures an object or a map. A key that stands there twice is refused: the decoder takes it for an object
// that lacks another key, and panics.
func (m *measure) entries(d *msgpack.Decoder, of tftypes.Type, at path.Path, depth int) *Flaw {
	n, err := d.DecodeMapLen()
	if err != nil {
		return unreadable(at, err)
	}
	object, isObject := of.(tftypes.Object)
	var element tftypes.Type
	if entries, ok := of.(tftypes.Map); ok {
		element = entries.ElementType
	}
	if wrong := m.room(of, element, at, n); wrong != nil {
		return wrong
	}
	seen := make(map[string]bool, n)
	for range n {
		key, err := d.DecodeString()
		if err != nil {
			return unreadable(at, err)
		}
		if seen[key] {
			return unreadable(at, fmt.Errorf("the key %q stands there twice", key))
		}
		seen[key] = true
		inner := at.AtMapKey(key)
		if isObject {
			element, inner = object.AttributeTypes[key], at.AtName(key)
		}
		if wrong := m.text(at, key); wrong != nil {
			return wrong
		}
		if wrong := m.msgpack(d, element, inner, depth+1); wrong != nil {
			return wrong
		}
	}
	return nil
}

// room reports a length that is beyond the bounds, before anything is made of that length. An object has as many
// attributes as its type.
func (m *measure) room(of, element tftypes.Type, at path.Path, n int) *Flaw {
	most := mostElements
	switch {
	case of != nil && of.Is(tftypes.Object{}):
		most = m.within.values
	case element != nil && element.Is(tftypes.Object{}):
		most = mostObjects
	}
	if n > most {
		return m.within.tooManyElements(at, most, n)
	}
	return nil
}

func (m *measure) text(at path.Path, text string) *Flaw {
	if len(text) > m.within.text {
		return m.within.textTooLong(at, len(text))
	}
	return nil
}

// json measures a state, which is stored as JSON.
func (m *measure) json(d *json.Decoder) *Flaw {
	d.UseNumber()
	for depth := 0; ; {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && depth == 0:
			return nil
		case err != nil:
			return unreadable(path.Empty(), err)
		}
		if m.values == 0 && token != json.Delim('{') {
			return unreadable(path.Empty(), errors.New("a state is an object"))
		}
		if wrong := m.count(); wrong != nil {
			return wrong
		}
		switch token := token.(type) {
		case json.Delim:
			if token == '{' || token == '[' {
				depth++
			} else {
				depth--
			}
		case string:
			if wrong := m.text(path.Empty(), token); wrong != nil {
				return wrong
			}
		}
		if depth > mostDepth {
			return m.within.tooDeep(path.Empty())
		}
	}
}
