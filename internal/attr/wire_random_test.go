package attr_test

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// randomType draws a type as schemas have them, of at most so many levels.
func randomType(t *rapid.T, levels int) tftypes.Type {
	kinds := 6
	if levels == 0 {
		kinds = 3
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return tftypes.String
	case 1:
		return tftypes.Number
	case 2:
		return tftypes.Bool
	case 3:
		return tftypes.List{ElementType: randomType(t, levels-1)}
	case 4:
		return tftypes.Map{ElementType: randomType(t, levels-1)}
	}
	return randomObject(t, levels)
}

func randomObject(t *rapid.T, levels int) tftypes.Object {
	types := map[string]tftypes.Type{}
	for i := range rapid.SampledFrom([]int{0, 1, 2, 3, 5, 15, 16, 20}).Draw(t, "attributes") {
		name := fmt.Sprint(rapid.SampledFrom([]string{"a", "b", "host_", strings.Repeat("long_", 7)}).Draw(t, "name"),
			i)
		types[name] = randomType(t, levels-1)
	}
	return tftypes.Object{AttributeTypes: types}
}

var numbers = []string{
	"0", "-0", "1", "-1", "31", "-32", "-33", "127", "128", "-128", "-129", "255", "256", "32767", "-32768", "-32769",
	"65535", "65536", "2147483648",
	"-2147483648", "-2147483649", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808",
	"-9223372036854775808", "-9223372036854775809",
	"18446744073709551615", "18446744073709551616", "0.5", "0.1", "-0.1", "1e30", "1e-30", "1e308", "1e400", "-1e400",
	"1e-400", "0.30000000000000004",
	"123456789012345678901234567890.123456789", "5e-324", "1e3000", "Inf", "-Inf",
}

func randomNumber(t *rapid.T) attr.Value {
	switch rapid.IntRange(0, 2).Draw(t, "number") {
	case 0:
		return attr.Int(rapid.Int64().Draw(t, "whole"))
	case 1:
		return attr.Float(rapid.Float64().Draw(t, "float"))
	}
	n, _, err := big.ParseFloat(rapid.SampledFrom(numbers).Draw(t, "written"), 10, 512, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	return attr.Number(n)
}

func randomText(t *rapid.T) string {
	switch rapid.IntRange(0, 3).Draw(t, "text") {
	case 0:
		return strings.Repeat("x", rapid.SampledFrom([]int{0, 31, 32, 255, 256, 65535, 65536}).Draw(t, "length"))
	case 1:
		return string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
	}
	return rapid.String().Draw(t, "text")
}

// drawing says what random values have in them.
type drawing struct {
	unknown bool
	text    func(*rapid.T) string
	number  func(*rapid.T) attr.Value
}

var anything = drawing{unknown: true, text: randomText, number: randomNumber}

func (d drawing) value(t *rapid.T, of tftypes.Type) attr.Value {
	switch choice := rapid.IntRange(0, 9).Draw(t, "choice"); {
	case choice < 2:
		return attr.Null()
	case choice == 2 && d.unknown:
		return attr.Unknown()
	}
	switch {
	case of.Is(tftypes.String):
		return attr.String(d.text(t))
	case of.Is(tftypes.Number):
		return d.number(t)
	case of.Is(tftypes.Bool):
		return attr.Bool(rapid.Bool().Draw(t, "bool"))
	}
	few := rapid.SampledFrom([]int{0, 1, 1, 2, 3, 17})
	switch of := of.(type) {
	case tftypes.List:
		elements := make([]attr.Value, few.Draw(t, "elements"))
		for i := range elements {
			elements[i] = d.value(t, of.ElementType)
		}
		return attr.List(elements)
	case tftypes.Map:
		values := map[string]attr.Value{}
		for range few.Draw(t, "entries") {
			values[d.text(t)] = d.value(t, of.ElementType)
		}
		return attr.Map(values)
	case tftypes.Object:
		values := map[string]attr.Value{}
		for _, name := range sortedKeys(of.AttributeTypes) {
			values[name] = d.value(t, of.AttributeTypes[name])
		}
		return attr.Object(values)
	}
	panic("no values of type " + of.String())
}

// inOrder reports whether terraform-plugin-go encodes a value in one way only: it writes the entries of a map in any
// order.
func inOrder(v attr.Value) bool {
	for _, e := range v.Elements() {
		if !inOrder(e) {
			return false
		}
	}
	if v.IsMap() && v.Len() > 1 {
		return false
	}
	for _, e := range v.Entries() {
		if !inOrder(e) {
			return false
		}
	}
	return true
}

// encodeThere encodes as terraform-plugin-go does.
func encodeThere(of tftypes.Type, v tftypes.Value) ([]byte, error) {
	encoded, err := tfprotov6.NewDynamicValue(of, v)
	return encoded.MsgPack, err
}

// decodeThere decodes as terraform-plugin-go does, which panics at some values.
func decodeThere(of tftypes.Type, encoded []byte) (v tftypes.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return (&tfprotov6.DynamicValue{MsgPack: encoded}).Unmarshal(of)
}
