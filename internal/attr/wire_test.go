package attr_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// The type of the values in the tables: an object of each kind, two of them twice.
var (
	pairType  = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"a": tftypes.String, "b": tftypes.Number}}
	tableType = tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"bool":   tftypes.Bool,
		"list":   tftypes.List{ElementType: tftypes.String},
		"map":    tftypes.Map{ElementType: tftypes.Number},
		"number": tftypes.Number,
		"pair":   pairType, "pairs": tftypes.List{ElementType: pairType}, "text": tftypes.String,
	}}
)

// only encodes an object of tableType in which one attribute has the encoding given, and the others are null.
func only(name, encoded string) string {
	b := "\x87"
	for _, n := range sortedKeys(tableType.AttributeTypes) {
		value := "\xc0"
		if n == name {
			value = encoded
		}
		b += string([]byte{byte(0xa0 + len(n))}) + n + value
	}
	return b
}

func TestDecode(t *testing.T) {
	t.Parallel()
	refined := "\xc7\x08\x0c\x82\x01\xc2\x02\xa2v1\x00"
	tests := map[string]struct {
		encoded string
		want    attr.Value
		// again is how the value is encoded, if not as it came.
		again string
	}{
		"null":                   {"\xc0", attr.Null(), ""},
		"unknown":                {"\xd4\x00\x00", attr.Unknown(), ""},
		"nothing but nulls":      {only("", ""), attr.Object(nil), ""},
		"an unknown text":        {only("text", "\xd4\x00\x00"), attr.Object(entries{"text": attr.Unknown()}), ""},
		"an unknown object":      {only("pair", "\xd4\x00\x00"), attr.Object(entries{"pair": attr.Unknown()}), ""},
		"an unknown text with v": {only("text", refined), attr.Object(entries{"text": attr.Unknown()}), ""},
		"another extension": {
			only("text", "\xd5\x07ab"), attr.Object(entries{"text": attr.Unknown()}), only("text", "\xd4\x00\x00"),
		},
		"a refinement in one byte": {only("bool", "\xd4\x0c\x80"), attr.Object(entries{"bool": attr.Unknown()}), ""},
		"a list with null": {
			only("list", "\x92\xa1a\xc0"),
			attr.Object(entries{"list": attr.List([]attr.Value{attr.String("a"), attr.Null()})}),
			"",
		},
		"a map with null": {
			only("map", "\x81\xa1a\xc0"), attr.Object(entries{"map": attr.Map(entries{"a": attr.Null()})}), "",
		},
		"an empty list": {only("list", "\x90"), attr.Object(entries{"list": attr.List(nil)}), ""},
		"an empty map":  {only("map", "\x80"), attr.Object(entries{"map": attr.Map(nil)}), ""},
		"a list of 16 bits": {
			only("list", "\xdc\x00\x01\xa1a"),
			attr.Object(entries{"list": attr.Strings([]string{"a"})}),
			only("list", "\x91\xa1a"),
		},
		"a map of 32 bits": {
			only("map", "\xdf\x00\x00\x00\x01\xa1a\x01"),
			attr.Object(entries{"map": attr.Map(entries{"a": attr.Int(1)})}),
			only("map", "\x81\xa1a\x01"),
		},
		"a map that is not sorted": {
			only("map", "\x82\xa1b\x02\xa1a\x01"),
			attr.Object(entries{"map": attr.Map(entries{"a": attr.Int(1), "b": attr.Int(2)})}),
			only("map", "\x82\xa1a\x01\xa1b\x02"),
		},
		"an object that is not sorted": {
			only("pair", "\x82\xa1b\x02\xa1a\xa1x"),
			attr.Object(entries{"pair": attr.Object(entries{"a": attr.String("x"), "b": attr.Int(2)})}),
			only("pair", "\x82\xa1a\xa1x\xa1b\x02"),
		},
		"bytes as a text": {
			only("text", "\xc4\x01a"), attr.Object(entries{"text": attr.String("a")}), only("text", "\xa1a"),
		},
		"a text of 8 bits": {
			only("text", "\xd9\x01a"), attr.Object(entries{"text": attr.String("a")}), only("text", "\xa1a"),
		},
		"a text that is no UTF": {only("text", "\xa1\xff"), attr.Object(entries{"text": attr.String("\xff")}), ""},
		"a float of 32 bits": {
			only("number", "\xca\x3f\x00\x00\x00"),
			attr.Object(entries{"number": attr.Float(0.5)}),
			only("number", "\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00"),
		},
		"a decimal": {
			only("number", "\xa30.1"), attr.Object(entries{"number": attr.Number(parsed(t, "0.1"))}), "",
		},
		"a power of ten": {
			only("number", "\xa31e3"), attr.Object(entries{"number": attr.Int(1000)}), only("number", "\xcd\x03\xe8"),
		},
		"a negative zero": {
			only("number", "\xcb\x80\x00\x00\x00\x00\x00\x00\x00"),
			attr.Object(entries{"number": attr.Int(0)}),
			only("number", "\x00"),
		},
		"a number of 8 bits": {
			only("number", "\xd0\xff"), attr.Object(entries{"number": attr.Int(-1)}), only("number", "\xff"),
		},
		"beyond int64": {
			only("number", "\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
			attr.Object(entries{"number": attr.Number(parsed(t, "18446744073709551615"))}),
			only("number", "\xb418446744073709551615"),
		},
		"a double beyond int64": {
			only("number", "\xcb\x43\xe0\x00\x00\x00\x00\x00\x00"),
			attr.Object(entries{"number": attr.Number(parsed(t, "9223372036854775808"))}),
			only("number", "\xb39223372036854775808"),
		},
		"infinity": {
			only("number", "\xcb\xff\xf0\x00\x00\x00\x00\x00\x00"),
			attr.Object(entries{"number": attr.Number(parsed(t, "-Inf"))}),
			"",
		},
	}
	of := attr.TypeOf(tableType)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := of.Decode([]byte(test.encoded), attr.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
			again, err := of.Encode(got)
			if test.again == "" {
				test.again = test.encoded
			}
			if string(again) != test.again || err != nil {
				t.Errorf("encoded as\n%q, want\n%q, error %v", again, test.again, err)
			}
			checkDecode(t, attr.TypeOf(tableType), []byte(test.encoded))
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	object := only("", "")
	tests := map[string]struct {
		encoded string
		limits  attr.Limits
		want    string
	}{
		"nothing":             {"", attr.Limits{}, `unexpected EOF`},
		"a text":              {"\xa1a", attr.Limits{}, `something else where a list, map or object belongs`},
		"a reserved code":     {only("text", "\xc1"), attr.Limits{}, `text: code 0xc1 where a string belongs`},
		"a number for a bool": {only("bool", "\x01"), attr.Limits{}, `bool: code 0x1 where a bool belongs`},
		"a bool for a number": {
			only("number", "\xc3"), attr.Limits{}, `number: code 0xc3 where a string belongs`,
		},
		"a text that is no number": {only("number", "\xa1x"), attr.Limits{}, `number: a text that is no number`},
		"a float that is no number": {
			only("number", "\xcb\x7f\xf8\x00\x00\x00\x00\x00\x01"), attr.Limits{}, `number: a number that is none`,
		},
		"a number beyond writing": {
			only("number", "\xa91e9999999"), attr.Limits{}, `number: a number of more than 16384 binary digits`,
		},
		"an attribute less": {
			only("pair", "\x81\xa1a\xc0"), attr.Limits{}, `pair: 1 attributes where 2 belong`,
		},
		"an attribute twice": {
			only("pair", "\x82\xa1a\xc0\xa1a\xc0"), attr.Limits{}, `pair: the key "a" stands there twice`,
		},
		"an attribute of another type": {
			only("pair", "\x82\xa1a\xc0\xa1c\xc0"), attr.Limits{}, `pair: an attribute "c" that the type does not have`,
		},
		"the last attribute twice": {
			only("pair", "\x82\xa1b\xc0\xa1b\xc0"), attr.Limits{}, `pair: the key "b" stands there twice`,
		},
		"a key twice": {
			only("map", "\x82\xa1a\xc0\xa1a\xc0"), attr.Limits{}, `map: the key "a" stands there twice`,
		},
		"a key twice, far apart": {
			only("map", "\x83\xa1a\xc0\xa1b\xc0\xa1a\xc0"), attr.Limits{}, `map: the key "a" stands there twice`,
		},
		"a key that is null": {
			only("map", "\x81\xc0\xc0"), attr.Limits{}, `map: code 0xc0 where a string belongs`,
		},
		"bytes behind the value": {object + "\xc0", attr.Limits{}, `1 bytes stand behind the value`},
		"4 billion elements":     {only("list", "\xdd\xff\xff\xff\xff"), attr.Limits{}, `list: unexpected EOF`},
		"2 billion entries": {
			"\x87\xa4bool\xc0\xa4list\xc0\xa3map\xdf\x7f\xff\xff\xff", attr.Limits{}, `map: unexpected EOF`,
		},
		"a text of 4 GB":          {only("text", "\xdb\xff\xff\xff\xff"), attr.Limits{}, `text: unexpected EOF`},
		"an extension of 4 GB":    {only("text", "\xc9\xff\xff\xff\xff\x0c"), attr.Limits{}, `text: unexpected EOF`},
		"cut short in an element": {"\x87\xa4bool\xc0\xa4list\x92\xa1a\xa2b", attr.Limits{}, `list[1]: unexpected EOF`},
		"cut short in an entry": {
			"\x87\xa4bool\xc0\xa4list\xc0\xa3map\x81\xa1k", attr.Limits{}, `map["k"]: unexpected EOF`,
		},

		"too many bytes":  {object, attr.Limits{Bytes: 9}, `45 bytes, at most 9`},
		"too many values": {object, attr.Limits{Values: 7}, `more than 7 values`},
		"too many elements": {
			only("list", "\x93\xc0\xc0\xc0"), attr.Limits{Elements: 2, Objects: 1}, `list: 3 elements, at most 2`,
		},
		"too many entries": {
			only("map", "\xdf\xff\xff\xff\xff"), attr.Limits{Elements: 2}, `map: 2147483646 elements, at most 2`,
		},
		"too many objects": {
			only("pairs", "\x92\xc0\xc0"), attr.Limits{Elements: 2, Objects: 1}, `pairs: 2 elements, at most 1`,
		},
		"too long a text": {
			only("list", "\x91\xa3abc"), attr.Limits{Text: 2}, `list[0]: a text of 3 bytes, at most 2`,
		},
		"too long a key": {
			only("map", "\x81\xa3abc\xc0"), attr.Limits{Text: 2}, `map: a text of 3 bytes, at most 2`,
		},
		"too deep": {only("pairs", "\x91\xc0"), attr.Limits{Depth: 1}, `pairs[0]: more than 1 levels`},
		"too deep an object": {
			only("pairs", "\x91\x82\xa1a\xc0\xa1b\xc0"), attr.Limits{Depth: 2}, `pairs[0]: more than 2 levels`,
		},
	}
	of := attr.TypeOf(tableType)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := of.Decode([]byte(test.encoded), test.limits)
			if diff := cmp.Diff(test.want, fmt.Sprint(err)); diff != "" {
				t.Errorf("value %v, error (-want +got):\n%s", got, diff)
			}
		})
	}
}

// What is at a limit is read.
func TestDecodeTakesWhatIsAtTheLimit(t *testing.T) {
	t.Parallel()
	encoded := only("pairs", "\x91\x82\xa1a\xa3abc\xa1b\xc0")
	limits := attr.Limits{Bytes: len(encoded), Values: 11, Objects: 1, Elements: 1, Text: 3, Depth: 3}
	if _, err := attr.TypeOf(tableType).Decode([]byte(encoded), limits); err != nil {
		t.Error(err)
	}
	limits.Values--
	var wrong *attr.DecodeError
	_, err := attr.TypeOf(tableType).Decode([]byte(encoded), limits)
	if !errors.As(err, &wrong) || wrong.Reason != attr.TooManyValues || wrong.Most != 10 ||
		!wrong.At.Equal(path.Empty()) {
		t.Errorf("error is %v", err)
	}
}

func TestDecodeErrorUnwraps(t *testing.T) {
	t.Parallel()
	_, err := attr.TypeOf(tftypes.String).Decode([]byte("\xa2"), attr.Limits{})
	var wrong *attr.DecodeError
	if !errors.As(err, &wrong) || wrong.Reason != attr.Malformed || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error is %v", err)
	}
}

// What promises more than there is costs no more than what there is.
func TestDecodeMakesNoRoomForPromises(t *testing.T) { //nolint:paralleltest // it measures
	of := attr.TypeOf(tftypes.List{ElementType: tableType})
	for name, encoded := range map[string]string{
		"elements":      "\xdd\x7f\xff\xff\xff",
		"more elements": "\xdc\xff\xff\x87",
		"entries":       "\x91" + only("map", "\xdf\x7f\xff\xff\xff"),
		"a text":        "\x91" + only("text", "\xdb\x7f\xff\xff\xff"), "an extension": "\xc9\x7f\xff\xff\xff\x0c",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := of.Decode([]byte(encoded), attr.Limits{})
		runtime.ReadMemStats(&after)
		if made := after.TotalAlloc - before.TotalAlloc; err == nil || made > 16<<10 {
			t.Errorf("%s: %d bytes made, error %v", name, made, err)
		}
	}
}

// Lists and maps of every length are encoded as Terraform's libraries encode them.
func TestEncodeLengths(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 15, 16, 65535, 65536} {
		list := attr.List(make([]attr.Value, n))
		mapping := entries{}
		for i := range n {
			mapping[fmt.Sprintf("%05d", i)] = attr.Null()
		}
		for _, test := range []struct {
			of tftypes.Type
			v  attr.Value
		}{
			{tftypes.List{ElementType: tftypes.String}, list},
			{tftypes.Map{ElementType: tftypes.String}, attr.Map(mapping)},
		} {
			of := attr.TypeOf(test.of)
			encoded, err := of.Encode(test.v)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := of.Decode(encoded, attr.Limits{}); err != nil || !back.Equal(test.v) {
				t.Errorf("%d elements of %s: error %v", n, test.of, err)
			}
			checkDecode(t, of, encoded)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	one := attr.Int(1)
	for want, v := range map[string]attr.Value{
		`a number where an object belongs`:                one,
		`a map where an object belongs`:                   attr.Map(entries{"text": one}),
		`an attribute "none" that the type does not have`: attr.Object(entries{"none": one}),
		`text: a number where a string belongs`:           attr.Object(entries{"text": one}),
		`list[1]: a number where a string belongs`: attr.Object(entries{
			"list": attr.List([]attr.Value{attr.Null(), one}),
		}),
		`map["k"]: a bool where a number belongs`: attr.Object(entries{
			"map": attr.Map(entries{"k": attr.Bool(true)}),
		}),
		`pairs[0].a: a list where a string belongs`: attr.Object(entries{
			"pairs": attr.List([]attr.Value{attr.Object(entries{"a": attr.List(nil)})}),
		}),
	} {
		if encoded, err := attr.TypeOf(tableType).Encode(v); fmt.Sprint(err) != want {
			t.Errorf("%v is %q, error %v, want %s", v, encoded, err, want)
		}
	}
}

func TestTypeHas(t *testing.T) {
	t.Parallel()
	of := attr.TypeOf(tableType)
	if !of.Has("text") || of.Has("none") || attr.TypeOf(tftypes.String).Has("text") ||
		!of.Terraform().Equal(tableType) {
		t.Error("the type is not what it was made of")
	}
}
