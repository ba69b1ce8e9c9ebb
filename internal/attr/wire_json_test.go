package attr_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// A value that stands in a state is read as Terraform's libraries read it, and may be handed on as it is.
func TestPropertyJSONIsTerraforms(t *testing.T) {
	t.Parallel()
	known := drawing{
		text:   func(t *rapid.T) string { return strings.ToValidUTF8(randomText(t), "?") },
		number: func(t *rapid.T) attr.Value { return attr.Int(rapid.Int64().Draw(t, "whole")) },
	}
	rapid.Check(t, func(t *rapid.T) {
		terraform := randomType(t, 3)
		of, v := attr.TypeOf(terraform), known.value(t, terraform)
		encoded, err := json.Marshal(plain(terraform, v))
		if err != nil {
			t.Fatal(err)
		}
		got, ignored, err := of.DecodeJSON(encoded, attr.Limits{})
		if err != nil || !got.Equal(v) || ignored != nil {
			t.Fatalf("%s is %v, ignored %v, error %v", encoded, got, ignored, err)
		}
		if conforms, err := of.Conforms(encoded, attr.Limits{}); err != nil || !conforms {
			t.Fatalf("%s conforms: %t, error %v", encoded, conforms, err)
		}
		checkDecodeJSON(t, of, encoded)
	})
}

// plain is a value as encoding/json takes it, with every attribute of an object.
func plain(of tftypes.Type, v attr.Value) any {
	switch of := of.(type) {
	case tftypes.List:
		if v.IsNull() {
			return nil
		}
		elements := []any{}
		for _, e := range v.Elements() {
			elements = append(elements, plain(of.ElementType, e))
		}
		return elements
	case tftypes.Map:
		if v.IsNull() {
			return nil
		}
		values := map[string]any{}
		for key, e := range v.Entries() {
			values[key] = plain(of.ElementType, e)
		}
		return values
	case tftypes.Object:
		if v.IsNull() {
			return nil
		}
		values := map[string]any{}
		for name, t := range of.AttributeTypes {
			values[name] = plain(t, v.Get(name))
		}
		return values
	}
	if text, ok := v.Text(); ok {
		return text
	}
	if yes, ok := v.Bool(); ok {
		return yes
	}
	if n, ok := v.Number(); ok {
		return json.Number(n.Text('f', -1))
	}
	return nil
}

// checkDecodeJSON decodes text of any origin. What is understood is what terraform-plugin-go understands, and of
// valid JSON that is everything it does, but for numbers that nobody can write out. What conforms has all attributes.
func checkDecodeJSON(t reporter, of *attr.Type, encoded []byte) {
	t.Helper()
	terraform := of.Terraform()
	v, ignored, err := of.DecodeJSON(encoded, attr.Limits{})
	there, errThere := (&tfprotov6.RawState{JSON: encoded}).UnmarshalWithOpts(terraform, tfprotov6.UnmarshalOpts{
		ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true},
	})
	conforms, errConforms := of.Conforms(encoded, attr.Limits{})
	switch {
	case err != nil:
		if errThere == nil && json.Valid(encoded) && !strings.Contains(err.Error(), "a number of more than") {
			t.Fatalf("%s\nis %v there, error %v", encoded, there, err)
		}
		return
	case errThere != nil || !there.Equal(v.ToTerraform(terraform)):
		t.Fatalf("%s\nis %v, there %v, error %v", encoded, v, there, errThere)
	case errConforms != nil || conforms && ignored != nil:
		t.Fatalf("%s\nconforms, ignored %v, error %v", encoded, ignored, errConforms)
	}
	if !conforms {
		return
	}
	if there, err := (&tfprotov6.RawState{JSON: encoded}).Unmarshal(terraform); err != nil ||
		!there.Equal(v.ToTerraform(terraform)) {
		t.Fatalf("%s\nconforms and is %v, error %v", encoded, there, err)
	}
}

func TestDecodeJSON(t *testing.T) {
	t.Parallel()
	text := func(s string) attr.Value { return attr.Object(entries{"text": attr.String(s)}) }
	num := func(s string) attr.Value { return attr.Object(entries{"number": attr.Number(parsed(t, s))}) }
	tests := map[string]struct {
		encoded string
		want    attr.Value
		ignored []string
	}{
		"null":            {`null`, attr.Null(), nil},
		"no attributes":   {` { } `, attr.Object(nil), nil},
		"null attributes": {`{"text":null,"pair":null}`, attr.Object(nil), nil},
		"attributes of others": {
			`{"x":{"y":["}",1,true,null,{}]},"text":"a","pair":{"c":1,"b":2}}`,
			attr.Object(entries{"text": attr.String("a"), "pair": attr.Object(entries{"b": attr.Int(2)})}),
			[]string{"x", "pair.c"},
		},
		"in an element": {
			`{"pairs":[{"c":""}]}`,
			attr.Object(entries{"pairs": attr.List([]attr.Value{attr.Object(nil)})}),
			[]string{"pairs[0].c"},
		},
		"a map with null": {
			"{\"map\":\t{\"a\":null,\n\"b\":1}}",
			attr.Object(entries{"map": attr.Map(entries{"a": attr.Null(), "b": attr.Int(1)})}),
			nil,
		},
		"a list with null": {
			`{"list":[null,"a"]}`,
			attr.Object(entries{"list": attr.List([]attr.Value{attr.Null(), attr.String("a")})}),
			nil,
		},
		"an attribute twice":      {`{"text":"a","text":"b"}`, text("b"), nil},
		"an attribute taken back": {`{"text":"a","text":null}`, attr.Object(nil), nil},
		"a number for a text":     {`{"text":1.50}`, text("1.50"), nil},
		"true for a text":         {`{"text":true}`, text("true"), nil},
		"an escaped text":         {`{"te\u0078t":"a\"\\\u00e9\ud83d\ude00"}`, text("a\"\\é😀"), nil},
		"half a surrogate":        {`{"text":"\ud800"}`, text("\ufffd"), nil},
		"a text that is no UTF":   {"{\"text\":\"\xff\"}", text("\ufffd"), nil},
		"a number as a text":      {`{"number":"0.1"}`, num("0.1"), nil},
		"a decimal":               {`{"number":0.1}`, num("0.1"), nil},
		"an exponent":             {`{"number":1E+3}`, num("1000"), nil},
		"a negative zero":         {`{"number":-0}`, num("0"), nil},
		"beyond int64":            {`{"number":18446744073709551616}`, num("18446744073709551616"), nil},
		"very large":              {`{"number":1e400}`, num("1e400"), nil},
		"true as a text":          {`{"bool":"true"}`, attr.Object(entries{"bool": attr.Bool(true)}), nil},
		"true as a number":        {`{"bool":1}`, attr.Object(entries{"bool": attr.Bool(true)}), nil},
		"false as a number":       {`{"bool":"0"}`, attr.Object(entries{"bool": attr.Bool(false)}), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ignored, err := attr.TypeOf(tableType).DecodeJSON([]byte(test.encoded), attr.Limits{})
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("error %v, value (-want +got):\n%s", err, diff)
			}
			var lines []string
			for _, at := range ignored {
				lines = append(lines, at.String())
			}
			if diff := cmp.Diff(test.ignored, lines); diff != "" {
				t.Errorf("ignored (-want +got):\n%s", diff)
			}
			checkDecodeJSON(t, attr.TypeOf(tableType), []byte(test.encoded))
		})
	}
}

func TestDecodeJSONRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		encoded string
		limits  attr.Limits
		want    string
	}{
		"nothing":              {``, attr.Limits{}, `unexpected end of JSON input`},
		"an open object":       {`{"text":`, attr.Limits{}, `unexpected end of JSON input`},
		"more behind it":       {`{} {}`, attr.Limits{}, `invalid character '{' after top-level value`},
		"a list":               {`[]`, attr.Limits{}, `a list where an object belongs`},
		"a text":               {`""`, attr.Limits{}, `a text where an object belongs`},
		"an object for a list": {`{"list":{}}`, attr.Limits{}, `list: an object where a list belongs`},
		"a number for a list":  {`{"list":1}`, attr.Limits{}, `list: a number where a list belongs`},
		"true in a map":        {`{"map":{"k":true}}`, attr.Limits{}, `map["k"]: a bool where a number belongs`},
		"a number for a bool":  {`{"bool":2}`, attr.Limits{}, `bool: a number where a bool belongs`},
		"a text for a bool":    {`{"bool":"True"}`, attr.Limits{}, `bool: a text where a bool belongs`},
		"no number":            {`{"pairs":[{},{"b":"x"}]}`, attr.Limits{}, `pairs[1].b: a text that is no number`},
		"beyond writing": {
			`{"number":1e9999999}`, attr.Limits{}, `number: a number of more than 16384 binary digits`,
		},

		"written too long": {`{"number":0.` + strings.Repeat("7", 8191) +
			`}`, attr.Limits{}, `number: a number of more than 8192 characters`},

		"too many bytes":             {`{}`, attr.Limits{Bytes: 1}, `2 bytes, at most 1`},
		"too many values":            {`{"list":["a"]}`, attr.Limits{Values: 5}, `more than 5 values`},
		"too many that no one reads": {`{"x":[[],[]]}`, attr.Limits{Values: 7}, `more than 7 values`},
		"too long a text":            {`{"list":["abc"]}`, attr.Limits{Text: 4}, ""},
		"too long by one": {
			`{"list":["abcde"]}`, attr.Limits{Text: 4}, `list[0]: a text of 5 bytes, at most 4`,
		},
		"too long a name":         {`{"abcde":1}`, attr.Limits{Text: 4}, `a text of 5 bytes, at most 4`},
		"too deep":                {`{"list":[]}`, attr.Limits{Depth: 1}, `list: more than 1 levels`},
		"too deep for no one":     {`{"x":[[[1]]]}`, attr.Limits{Depth: 3}, `x: more than 3 levels`},
		"deep as it may be":       {`{"x":[[1]],"list":[]}`, attr.Limits{Depth: 3}, ""},
		"as many as there may be": {`{"list":["a"]}`, attr.Limits{Values: 6}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := attr.TypeOf(tableType)
			_, _, err := of.DecodeJSON([]byte(test.encoded), test.limits)
			if got := fmt.Sprint(err); got != test.want && (test.want != "" || err != nil) {
				t.Errorf("got %s, want %s", got, test.want)
			}
			conforms, err := of.Conforms([]byte(test.encoded), test.limits)
			var wrong *attr.DecodeError
			if conforms || err != nil && !errors.As(err, &wrong) {
				t.Errorf("conforms: %t, error %v", conforms, err)
			}
		})
	}
}

func TestConforms(t *testing.T) {
	t.Parallel()
	whole := map[string]string{
		"bool":   `true`,
		"list":   `["a",null]`,
		"map":    `{"a":1.5}`,
		"number": `-0.5e3`,
		"pair":   `{"a":"x","b":null}`,
		"pairs":  `[{"b":1,"a":null},null]`,
		"text":   `"\u0061"`,
	}
	write := func(change map[string]string) string {
		parts, all := []string{}, maps.Clone(whole)
		maps.Copy(all, change)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if all[name] != "" {
				parts = append(parts, fmt.Sprintf("%q : %s", name, all[name]))
			}
		}
		return "{" + strings.Join(parts, " , ") + "}"
	}
	tests := map[string]struct {
		encoded string
		want    bool
	}{
		"all of it": {write(nil), true},
		"null":      {`null`, true},
		"a list":    {`[]`, false},
		"all null": {write(map[string]string{
			"bool":   "null",
			"list":   "null",
			"map":    "null",
			"number": "null",
			"pair":   "null",
			"pairs":  "null",
			"text":   "null",
		}), true},
		"an attribute less":        {write(map[string]string{"map": ""}), false},
		"the last attribute less":  {write(map[string]string{"text": ""}), false},
		"an attribute more":        {write(map[string]string{"x": "null"}), false},
		"one more, one less":       {write(map[string]string{"x": "null", "text": ""}), false},
		"an attribute twice":       {write(map[string]string{"pair": `{"a":null,"a":null}`}), false},
		"twice, in another order":  {write(map[string]string{"pair": `{"b":null,"b":null}`}), false},
		"a key twice":              {write(map[string]string{"map": `{"a":1,"a":1}`}), false},
		"an attribute less inside": {write(map[string]string{"pairs": `[{"a":"x"}]`}), false},
		"a number for a text":      {write(map[string]string{"text": `1`}), false},
		"a text for a number":      {write(map[string]string{"number": `"1"`}), false},
		"a number for a bool":      {write(map[string]string{"bool": `1`}), false},
		"a text for a bool":        {write(map[string]string{"bool": `"true"`}), false},
		"true for a text":          {write(map[string]string{"text": `true`}), false},
		"an object for a list":     {write(map[string]string{"list": `{}`}), false},
		"a list for a map":         {write(map[string]string{"map": `[]`}), false},
		"an object for a number":   {write(map[string]string{"number": `{}`}), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := attr.TypeOf(tableType).Conforms([]byte(test.encoded), attr.Limits{}); got != test.want ||
				err != nil {
				t.Errorf("%s conforms: %t, error %v", test.encoded, got, err)
			}
			checkDecodeJSON(t, attr.TypeOf(tableType), []byte(test.encoded))
		})
	}
	for limits, want := range map[attr.Limits]string{
		{Values: 9}: "more than 9 values",
		{Text: 1}:   "a text of 4 bytes, at most 1",
		{Depth: 1}:  "list: more than 1 levels",
		{Bytes: 1}:  fmt.Sprintf("%d bytes, at most 1", len(write(nil))),
	} {
		if _, err := attr.TypeOf(tableType).Conforms([]byte(write(nil)), limits); fmt.Sprint(err) != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
