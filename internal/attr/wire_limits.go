package attr

import (
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
)

// Limits are how large a value may be that is read. Zero is no limit.
type Limits struct {
	// Bytes is for the encoded value as a whole.
	Bytes int
	// Values are counted with everything inside them, attributes that are null too; in JSON every bracket, name and
	// value counts.
	Values int
	// Objects and Elements are how many elements a list or map of objects, or of anything else, may have. In JSON
	// they are not looked at.
	Objects, Elements int
	// Text is how many bytes one text or key may have.
	Text int
	// Depth is how many levels of values may stand inside each other.
	Depth int
}

// Reason is why an encoded value is not read.
type Reason int

// The reasons. Of all but Malformed, [DecodeError.Most] says what is allowed.
const (
	// Malformed is a value that is no encoding of its type.
	Malformed Reason = iota
	TooManyBytes
	TooManyValues
	// TooManyElements is about one list or map.
	TooManyElements
	TextTooLong
	TooDeep
)

// DecodeError is why an encoded value is not read, and where in it. TooManyBytes and TooManyValues are about the
// whole of it.
type DecodeError struct {
	At     path.Path
	Reason Reason
	// Most is the limit, and Got what there is, where it is known.
	Most, Got int
	// Err is what is malformed.
	Err error
}

// Error says where and why, without what the value is.
func (e *DecodeError) Error() string {
	where := ""
	if len(e.At.Steps()) > 0 {
		where = e.At.String() + ": "
	}
	switch e.Reason {
	case Malformed:
		return where + e.Err.Error()
	case TooManyBytes:
		return fmt.Sprintf("%s%d bytes, at most %d", where, e.Got, e.Most)
	case TooManyValues:
		return fmt.Sprintf("%smore than %d values", where, e.Most)
	case TooManyElements:
		return fmt.Sprintf("%s%d elements, at most %d", where, e.Got, e.Most)
	case TextTooLong:
		return fmt.Sprintf("%sa text of %d bytes, at most %d", where, e.Got, e.Most)
	case TooDeep:
	}
	return fmt.Sprintf("%smore than %d levels", where, e.Most)
}

// Unwrap returns what is malformed.
func (e *DecodeError) Unwrap() error { return e.Err }

// flaw is a DecodeError on its way out: every level adds its own step, innermost first, so that a path costs nothing
// where nothing is wrong.
type flaw struct {
	steps []path.PathStep
	DecodeError
}

func malformed(format string, args ...any) *flaw {
	return &flaw{DecodeError: DecodeError{Reason: Malformed, Err: fmt.Errorf(format, args...)}}
}

func exceeds(reason Reason, most, got int) *flaw {
	return &flaw{DecodeError: DecodeError{Reason: reason, Most: most, Got: got}}
}

func (f *flaw) in(step path.PathStep) *flaw {
	f.steps = append(f.steps, step)
	return f
}

// located returns the error with its path. What is about the whole value has none.
func (f *flaw) located() error {
	e := f.DecodeError
	e.At = path.Empty()
	if e.Reason == TooManyValues {
		return &e
	}
	for _, step := range slices.Backward(f.steps) {
		switch s := step.(type) {
		case path.PathStepAttributeName:
			e.At = e.At.AtName(string(s))
		case path.PathStepElementKeyInt:
			e.At = e.At.AtListIndex(int(s))
		case path.PathStepElementKeyString:
			e.At = e.At.AtMapKey(string(s))
		}
	}
	return &e
}

// meter counts against limits.
type meter struct {
	Limits
	values int
}

func (m *meter) count(n int) *flaw {
	if m.values += n; m.Values > 0 && m.values > m.Values {
		return exceeds(TooManyValues, m.Values, m.values)
	}
	return nil
}

func (m *meter) bytes(n int) *flaw {
	if m.Bytes > 0 && n > m.Bytes {
		return exceeds(TooManyBytes, m.Bytes, n)
	}
	return nil
}

func (m *meter) text(n int) *flaw {
	if m.Text > 0 && n > m.Text {
		return exceeds(TextTooLong, m.Text, n)
	}
	return nil
}

func (m *meter) depth(n int) *flaw {
	if m.Depth > 0 && n > m.Depth {
		return exceeds(TooDeep, m.Depth, n)
	}
	return nil
}

// room is asked before anything is made of a length.
func (m *meter) room(element *Type, n int) *flaw {
	most := m.Elements
	if element.kind == objectValue {
		most = m.Objects
	}
	if most > 0 && n > most {
		return exceeds(TooManyElements, most, n)
	}
	return nil
}
