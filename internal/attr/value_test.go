package attr_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

type entries = map[string]attr.Value

func TestValueEqual(t *testing.T) {
	t.Parallel()
	text, null, unknown := attr.String("a"), attr.Null(), attr.Unknown()
	huge := func(s string) attr.Value { return attr.Number(parsed(t, s)) }
	tests := map[string]struct {
		a, b attr.Value
		want bool
	}{
		"null and the zero value":           {null, attr.Value{}, true},
		"null and unknown":                  {null, unknown, false},
		"null and an empty list":            {null, attr.List(nil), false},
		"null and an empty object":          {null, attr.Object(nil), false},
		"an empty text and null":            {attr.String(""), null, false},
		"two unknown values":                {unknown, unknown, true},
		"a text and another":                {text, attr.String("b"), false},
		"false and null":                    {attr.Bool(false), null, false},
		"false and zero":                    {attr.Bool(false), attr.Int(0), false},
		"zero and negative zero":            {attr.Int(0), attr.Float(math.Copysign(0, -1)), true},
		"a whole number, however it came":   {attr.Int(3), attr.Float(3), true},
		"a number and null where it is nil": {attr.Number(nil), null, true},
		"no number":                         {attr.Float(math.NaN()), null, true},
		"a number beyond int64":             {huge("1e30"), huge("1000000000000000000000000000000"), true},
		"a fraction and another":            {attr.Float(0.5), attr.Float(0.25), false},
		"a fraction and a whole number":     {attr.Float(0.5), attr.Int(0), false},
		"an attribute that is null": {
			attr.Object(entries{"a": text, "b": null}), attr.Object(entries{"a": text}), true,
		},
		"an entry that is null": {attr.Map(entries{"a": text, "b": null}), attr.Map(entries{"a": text}), false},
		"an object and a map":   {attr.Object(entries{"a": text}), attr.Map(entries{"a": text}), false},
		"another name":          {attr.Object(entries{"a": text}), attr.Object(entries{"b": text}), false},
		"another order":         {attr.Strings([]string{"a", "b"}), attr.Strings([]string{"b", "a"}), false},
		"a list that is longer": {attr.Strings([]string{"a"}), attr.List([]attr.Value{text, null}), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.a.Equal(test.b) != test.want || test.b.Equal(test.a) != test.want {
				t.Errorf("%v equals %v: %t", test.a, test.b, !test.want)
			}
		})
	}
}

func TestValueAccessors(t *testing.T) {
	t.Parallel()
	type seen struct {
		Text                     string
		Whole                    int64
		Number                   string
		Yes                      bool
		IsText, IsInt, IsNumber  bool
		IsBool, IsList           bool
		IsMap, HasNames          bool
		Null, Known, WhollyKnown bool
		Len                      int
		String                   string
	}
	tests := map[string]struct {
		value attr.Value
		want  seen
	}{
		"null":    {attr.Null(), seen{Null: true, Known: true, WhollyKnown: true, String: "null"}},
		"unknown": {attr.Unknown(), seen{String: "unknown"}},
		"a text":  {attr.String("a"), seen{Text: "a", IsText: true, Known: true, WhollyKnown: true, String: `"a"`}},
		"true":    {attr.Bool(true), seen{Yes: true, IsBool: true, Known: true, WhollyKnown: true, String: "true"}},
		"an integer": {
			attr.Int(-3),
			seen{Whole: -3, Number: "-3", IsInt: true, IsNumber: true, Known: true, WhollyKnown: true, String: "-3"},
		},
		"a fraction": {
			attr.Float(0.5), seen{Number: "0.5", IsNumber: true, Known: true, WhollyKnown: true, String: "0.5"},
		},
		"a list": {
			attr.List([]attr.Value{attr.Null(), attr.Unknown()}),
			seen{IsList: true, Known: true, Len: 2, String: "[null unknown]"},
		},
		"a map": {
			attr.Map(entries{"b": attr.Int(1), "a": attr.Null()}),
			seen{IsMap: true, HasNames: true, Known: true, WhollyKnown: true, Len: 2, String: "<a:null b:1>"},
		},
		"an object": {
			attr.Object(entries{"b": attr.Unknown(), "a": attr.Null()}),
			seen{HasNames: true, Known: true, Len: 1, String: "{b:unknown}"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, got := test.value, seen{}
			got.Text, got.IsText = v.Text()
			got.Whole, got.IsInt = v.Int()
			got.Yes, got.IsBool = v.Bool()
			n, isNumber := v.Number()
			if got.IsNumber = isNumber; isNumber {
				got.Number = n.Text('g', 10)
			}
			got.IsList, got.IsMap, got.HasNames, got.Len, got.String = v.IsList(), v.IsMap(), v.HasEntries(), v.Len(),
				v.String()
			got.Null, got.Known, got.WhollyKnown = v.IsNull(), v.IsKnown(), v.IsWhollyKnown()
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValueWith(t *testing.T) {
	t.Parallel()
	object, mapping := attr.Object(entries{"a": attr.Int(1), "c": attr.Int(3)}), attr.Map(entries{"a": attr.Int(1)})
	for name, test := range map[string]struct{ got, want attr.Value }{
		"an attribute between others": {
			object.With("b", attr.Int(2)), attr.Object(entries{"a": attr.Int(1), "b": attr.Int(2), "c": attr.Int(3)}),
		},
		"an attribute anew": {
			object.With("a", attr.Int(2)), attr.Object(entries{"a": attr.Int(2), "c": attr.Int(3)}),
		},
		"an attribute taken away": {object.With("c", attr.Null()), attr.Object(entries{"a": attr.Int(1)})},
		"none taken away":         {object.With("d", attr.Null()), object},
		"an entry that is null": {
			mapping.With("b", attr.Null()), attr.Map(entries{"a": attr.Int(1), "b": attr.Null()}),
		},
		"an attribute of null": {attr.Null().With("a", attr.Int(1)), attr.Object(entries{"a": attr.Int(1)})},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if want := attr.Object(entries{"a": attr.Int(1), "c": attr.Int(3)}); !object.Equal(want) {
		t.Errorf("the value has changed: %v", object)
	}
	defer func() {
		if diff := cmp.Diff(any("set a in a list"), recover()); diff != "" {
			t.Errorf("panic (-want +got):\n%s", diff)
		}
	}()
	attr.List(nil).With("a", attr.Null())
}

func TestValueEntries(t *testing.T) {
	t.Parallel()
	v := attr.Map(entries{"c": attr.Null(), "a": attr.Int(1), "b": attr.String("x")})
	var names []string
	for name, e := range v.Entries() {
		names = append(names, name+"="+e.String())
	}
	if diff := cmp.Diff([]string{"a=1", `b="x"`, "c=null"}, names); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	for range v.Entries() {
		break
	}
	if _, ok := v.Lookup("c"); !ok || !v.Get("c").IsNull() {
		t.Error("an entry that is null is not there")
	}
	if _, ok := v.Lookup("d"); ok || !v.Get("d").IsNull() {
		t.Error("an entry is there that nobody put there")
	}
	changed := v.Attributes()
	changed["a"] = attr.Int(2)
	if n, _ := v.Get("a").Int(); n != 1 || !attr.Map(changed).Equal(v.With("a", attr.Int(2))) {
		t.Errorf("value %v, attributes %v", v, changed)
	}
	if attributes := attr.Null().Attributes(); attributes == nil || len(attributes) > 0 {
		t.Errorf("attributes of null are %v", attributes)
	}
}

// A set and a tuple, which no schema has, become lists on the way from Terraform's libraries, and nothing becomes
// null.
func TestFromTerraform(t *testing.T) {
	t.Parallel()
	a := tftypes.NewValue(tftypes.String, "a")
	set := tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, []tftypes.Value{a})
	pair := tftypes.NewValue(tftypes.Tuple{ElementTypes: []tftypes.Type{tftypes.String, tftypes.Number}},
		[]tftypes.Value{a, tftypes.NewValue(tftypes.Number, 1)})
	if got := attr.FromTerraform(set); !got.Equal(attr.Strings([]string{"a"})) {
		t.Errorf("a set is %v", got)
	}
	if got := attr.FromTerraform(pair); !got.Equal(attr.List([]attr.Value{attr.String("a"), attr.Int(1)})) {
		t.Errorf("a tuple is %v", got)
	}
	if got := attr.FromTerraform(tftypes.Value{}); !got.IsNull() {
		t.Errorf("nothing is %v", got)
	}
}

func TestToTerraformPanics(t *testing.T) {
	t.Parallel()
	for want, test := range map[string]struct {
		value attr.Value
		of    tftypes.Type
	}{
		"a list where tftypes.String belongs":  {attr.List(nil), tftypes.String},
		"a map where tftypes.Object[] belongs": {attr.Map(nil), tftypes.Object{}},
		"an object where tftypes.Map[tftypes.String] belongs": {
			attr.Object(nil), tftypes.Map{ElementType: tftypes.String},
		},
		`an attribute "a" that the type does not have`: {attr.Object(entries{"a": attr.Int(1)}), tftypes.Object{}},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if diff := cmp.Diff(any(want), recover()); diff != "" {
					t.Errorf("panic (-want +got):\n%s", diff)
				}
			}()
			test.value.ToTerraform(test.of)
		})
	}
}

func TestTypeOfPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if diff := cmp.Diff(any("no values of type tftypes.DynamicPseudoType"), recover()); diff != "" {
			t.Errorf("panic (-want +got):\n%s", diff)
		}
	}()
	attr.TypeOf(tftypes.List{ElementType: tftypes.DynamicPseudoType})
}

func parsed(t *testing.T, s string) *big.Float {
	t.Helper()
	n, _, err := big.ParseFloat(s, 10, 512, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
