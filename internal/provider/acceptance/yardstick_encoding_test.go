package acceptance_test

import (
	"bytes"
	"maps"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"
)

// encoded writes a value in MessagePack: as Terraform does, or in another way that means the same.
func (d drawer) encoded(t *testing.T, v tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	var b bytes.Buffer
	if err := d.encode(msgpack.NewEncoder(&b), v); err != nil {
		t.Fatal(err)
	}
	return &tfprotov6.DynamicValue{MsgPack: b.Bytes()}
}

func (d drawer) encode(e *msgpack.Encoder, v tftypes.Value) error {
	switch {
	case v.IsNull():
		return e.EncodeNil()
	case !v.IsKnown():
		return d.encodeUnknown(e, v.Type())
	}
	switch {
	case v.Type().Is(tftypes.Object{}), v.Type().Is(tftypes.Map{}):
		entries := entriesOf(v)
		err := e.EncodeMapLen(len(entries))
		names := slices.Sorted(maps.Keys(entries))
		if d.oneIn(20) {
			d.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		}
		for _, name := range names {
			if err == nil {
				err = e.EncodeString(name)
			}
			if err == nil {
				err = d.encode(e, entries[name])
			}
		}
		return err
	case v.Type().Is(tftypes.List{}):
		var elements []tftypes.Value
		err := v.As(&elements)
		if err == nil {
			err = e.EncodeArrayLen(len(elements))
		}
		for _, element := range elements {
			if err == nil {
				err = d.encode(e, element)
			}
		}
		return err
	case v.Type().Is(tftypes.Number):
		return d.encodeNumber(e, v)
	case v.Type().Is(tftypes.Bool):
		var yes bool
		if err := v.As(&yes); err != nil {
			return err
		}
		return e.EncodeBool(yes)
	}
	var text string
	if err := v.As(&text); err != nil {
		return err
	}
	return e.EncodeString(text)
}

// encodeNumber writes a number as go-cty does, or one that is short as a decimal or as a double.
func (d drawer) encodeNumber(e *msgpack.Encoder, v tftypes.Value) error {
	var n *big.Float
	if err := v.As(&n); err != nil {
		return err
	}
	whole, isWhole := n.Int64()
	f, isFloat := n.Float64()
	switch {
	case n.IsInf():
		return e.EncodeFloat64(f)
	case isWhole == big.Exact && !d.oneIn(8):
		return e.EncodeInt(whole)
	case isFloat == big.Exact && !math.IsInf(f, 0) && !d.oneIn(8):
		return e.EncodeFloat64(f)
	}
	return e.EncodeString(n.Text('f', -1))
}

// encodeUnknown writes an unknown value, of which Terraform may know something. Source:
// github.com/zclconf/go-cty/cty/msgpack, unknown.go.
func (d drawer) encodeUnknown(e *msgpack.Encoder, of tftypes.Type) error {
	const notNull, prefix, numberMin, lengthMin = 1, 2, 3, 5
	var b bytes.Buffer
	refined := msgpack.NewEncoder(&b)
	known := map[int]func() error{notNull: func() error { return refined.EncodeBool(false) }}
	switch {
	case d.oneIn(2):
		if err := e.EncodeExtHeader(0, 1); err != nil {
			return err
		}
		_, err := e.Writer().Write([]byte{0})
		return err
	case of.Is(tftypes.String) && d.oneIn(2):
		known[prefix] = func() error { return refined.EncodeString("gree") }
	case of.Is(tftypes.Number) && d.oneIn(2):
		known[numberMin] = func() error {
			return refined.Encode([]any{1, true})
		}
	case of.Is(tftypes.List{}) && d.oneIn(2), of.Is(tftypes.Map{}) && d.oneIn(2):
		known[lengthMin] = func() error { return refined.EncodeInt(1) }
	}
	err := refined.EncodeMapLen(len(known))
	for _, key := range slices.Sorted(maps.Keys(known)) {
		if err == nil {
			err = refined.EncodeInt(int64(key))
		}
		if err == nil {
			err = known[key]()
		}
	}
	if err == nil {
		err = e.EncodeExtHeader(12, b.Len())
	}
	if err == nil {
		_, err = e.Writer().Write(b.Bytes())
	}
	return err
}
