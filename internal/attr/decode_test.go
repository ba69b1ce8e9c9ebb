package attr_test

import (
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/typepb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

func str(s string) attr.Value          { return attr.String(s) }
func number(n any) attr.Value          { return attr.FromTerraform(tftypes.NewValue(tftypes.Number, n)) }
func boolean(b bool) attr.Value        { return attr.Bool(b) }
func tuple(e ...attr.Value) attr.Value { return attr.List(e) }

type attributes = map[string]attr.Value

// obj makes a map of the entries given, which reads as an object, and in which null is there.
func obj(entries attributes) attr.Value { return attr.Map(entries) }

func TestReaderMessage(t *testing.T) {
	t.Parallel()
	huge, _, _ := big.ParseFloat("1e400", 10, 512, big.ToNearestEven)
	tests := map[string]struct {
		shape    *attr.Message
		value    attributes
		want     proto.Message
		problems []string
		unknown  []string
	}{
		"everything absent": {shape: httpRoute, value: attributes{}, want: &networking.HTTPRoute{}},
		"everything null": {
			shape: httpRoute,
			value: attributes{"name": attr.Null(), "timeout": attr.Null()},
			want:  &networking.HTTPRoute{},
		},
		"text and duration": {
			shape: httpRoute, value: attributes{"name": str("v1"), "timeout": str("1m30s")},
			want: &networking.HTTPRoute{Name: "v1", Timeout: durationpb.New(90 * time.Second)},
		},
		"a map of messages": {
			shape: httpRoute,
			value: attributes{"match": tuple(obj(attributes{"headers": obj(attributes{
				"a": obj(attributes{"exact": str("")}), "b": obj(attributes{}),
			})}))},
			want: &networking.HTTPRoute{
				Match: []*networking.HTTPMatchRequest{{Headers: map[string]*networking.StringMatch{
					"a": {MatchType: &networking.StringMatch_Exact{}}, "b": {},
				}}},
			},
		},
		"a wrapped false": {
			shape: httpRoute, value: attributes{"cors_policy": obj(attributes{"allow_credentials": boolean(false)})},
			want: &networking.HTTPRoute{CorsPolicy: &networking.CorsPolicy{AllowCredentials: wrapperspb.Bool(false)}},
		},
		"a wrapped null": {
			shape: httpRoute, value: attributes{"cors_policy": obj(attributes{"allow_credentials": attr.Null()})},
			want: &networking.HTTPRoute{CorsPolicy: &networking.CorsPolicy{}},
		},
		"bytes": {
			shape: shapeOf(&networking.HTTPBody{}, attr.Options{}), value: attributes{"bytes": str("aGk=")},
			want: &networking.HTTPBody{Specifier: &networking.HTTPBody_Bytes{Bytes: []byte("hi")}},
		},
		"an enum": {
			shape: shapeOf(&networking.ClientTLSSettings{}, attr.Options{}), value: attributes{"mode": str("MUTUAL")},
			want: &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_MUTUAL},
		},
		"a list without elements": {
			shape: httpRoute,
			value: attributes{"match": tuple()},
			want:  &networking.HTTPRoute{},
		},
		"attributes of others": {
			shape: httpRoute,
			value: attributes{"subset": number(1)},
			want:  &networking.HTTPRoute{},
		},

		"a number for a text": {
			shape: httpRoute, value: attributes{"name": number(1)}, want: &networking.HTTPRoute{},
			problems: []string{"name: has the wrong type: a number where a string belongs"},
		},
		"a text for an object": {
			shape: httpRoute, value: attributes{"retries": str("3")}, want: &networking.HTTPRoute{},
			problems: []string{"retries: has the wrong type: a string where an object belongs"},
		},
		"a text for a list": {
			shape: httpRoute, value: attributes{"match": str("/")}, want: &networking.HTTPRoute{},
			problems: []string{"match: has the wrong type: a string where a list belongs"},
		},
		"a text for a map": {
			shape:    shapeOf(&networking.Subset{}, attr.Options{}),
			value:    attributes{"labels": str("v1")},
			want:     &networking.Subset{},
			problems: []string{"labels: has the wrong type: a string where an object belongs"},
		},
		"a text for a number": {
			shape:    shapeOf(&networking.Percent{}, attr.Options{}),
			value:    attributes{"value": str("1")},
			want:     &networking.Percent{},
			problems: []string{"value: has the wrong type: a string where a number belongs"},
		},
		"a fraction for an integer": {
			shape: httpRoute, value: attributes{"retries": obj(attributes{"attempts": number(1.5)})},
			want:     &networking.HTTPRoute{Retries: &networking.HTTPRetry{}},
			problems: []string{"retries.attempts: must be a whole number, got 1.5"},
		},
		"an integer over 32 bits": {
			shape: httpRoute, value: attributes{"retries": obj(attributes{"attempts": number(int64(1) << 31)})},
			want:     &networking.HTTPRoute{Retries: &networking.HTTPRetry{}},
			problems: []string{"retries.attempts: must be between -2147483648 and 2147483647, got 2147483648"},
		},
		"an integer over 64 bits": {
			shape: httpRoute, value: attributes{
				"retries": obj(attributes{"attempts": number(new(big.Float).SetMantExp(big.NewFloat(1), 63))}),
			},
			want: &networking.HTTPRoute{Retries: &networking.HTTPRetry{}},
			problems: []string{"retries.attempts: must be between -9223372036854775808 and 9223372036854775807, got " +
				"9223372036854775808"},
		},
		"a negative unsigned integer": {
			shape: httpRoute, value: attributes{"match": tuple(obj(attributes{"port": number(-1)}))},
			want:     &networking.HTTPRoute{Match: []*networking.HTTPMatchRequest{{}}},
			problems: []string{"match[0].port: must be between 0 and 4294967295, got -1"},
		},
		"a number too large for a double": {
			shape:    shapeOf(&networking.Percent{}, attr.Options{}),
			value:    attributes{"value": number(huge)},
			want:     &networking.Percent{},
			problems: []string{"value: is too large a number, got 1e+400"},
		},
		"two members of a oneof": {
			shape: shapeOf(&networking.StringMatch{}, attr.Options{}),
			value: attributes{"exact": str("a"), "prefix": str("b"), "regex": str("c")},
			want:  &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: "a"}},
			problems: []string{
				`prefix: cannot be set together with "exact"; choose one of them`,
				`regex: cannot be set together with "exact"; choose one of them`,
			},
		},
		"an unknown member of a oneof": {
			shape: shapeOf(&networking.StringMatch{}, attr.Options{}), value: attributes{
				"exact":  attr.Unknown(),
				"prefix": str("b"),
			},
			want:    &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: "b"}},
			unknown: []string{"exact"},
		},
		"an unknown enum value": {
			shape: shapeOf(&networking.HTTPRedirect{}, attr.Options{}),
			value: attributes{"derive_port": str("FROM_ABOVE")},
			want:  &networking.HTTPRedirect{},
			problems: []string{
				"derive_port: must be one of `FROM_PROTOCOL_DEFAULT`, `FROM_REQUEST_PORT`, got \"FROM_ABOVE\"",
			},
		},
		"a duration without a unit": {
			shape: httpRoute, value: attributes{"timeout": str("5")}, want: &networking.HTTPRoute{},
			problems: []string{`timeout: must be a duration such as "500ms", "5s" or "1m30s", got "5"`},
		},
		"a number for a duration": {
			shape: httpRoute, value: attributes{"timeout": number(5)}, want: &networking.HTTPRoute{},
			problems: []string{"timeout: has the wrong type: a number where a string belongs"},
		},
		"a null list element": {
			shape:    shapeOf(&networking.DestinationRule{}, attr.Options{}),
			value:    attributes{"export_to": tuple(str("a"), attr.Null(), str("b"))},
			want:     &networking.DestinationRule{ExportTo: []string{"a", "b"}},
			problems: []string{"export_to[1]: must not be null"},
		},
		"a null map element": {
			shape: shapeOf(&networking.Subset{}, attr.Options{}),
			value: attributes{"labels": obj(attributes{"app": attr.Null()})},
			want:  &networking.Subset{}, problems: []string{`labels["app"]: must not be null`},
		},
		"a text that is no UTF-8": {
			shape: httpRoute, value: attributes{"name": str("\xff")}, want: &networking.HTTPRoute{},
			problems: []string{"name: must be valid UTF-8"},
		},
		"a key that is no UTF-8": {
			shape: shapeOf(&networking.Subset{}, attr.Options{}),
			value: attributes{"labels": obj(attributes{"\xff": str("x")})},
			want:  &networking.Subset{}, problems: []string{`labels["\xff"]: must have a key in valid UTF-8`},
		},
		"bytes that are no base64": {
			shape:    shapeOf(&networking.HTTPBody{}, attr.Options{}),
			value:    attributes{"bytes": str("!")},
			want:     &networking.HTTPBody{},
			problems: []string{"bytes: must be base64: illegal base64 data at input byte 0"},
		},
		"unknown values at every depth": {
			shape: httpRoute,
			value: attributes{
				"name": attr.Unknown(), "timeout": attr.Null(),
				"match": tuple(obj(attributes{
					"port": attr.Unknown(), "ignore_uri_case": attr.Unknown(),
					"headers": obj(attributes{"x": obj(attributes{"exact": attr.Unknown()})}),
				}), attr.Unknown()),
				"retries": attr.Unknown(),
			},
			want: &networking.HTTPRoute{
				Match: []*networking.HTTPMatchRequest{{Headers: map[string]*networking.StringMatch{"x": {}}}},
			},
			unknown: []string{
				"name", `match[0].headers["x"].exact`, "match[0].port", `match[0].ignore_uri_case`, "match[1]",
				"retries",
			},
		},
		"several problems in reading order": {
			shape: httpRoute,
			value: attributes{
				"timeout": str("x"),
				"match":   tuple(obj(attributes{"port": number(0.5)})),
				"name":    number(1),
			},
			want: &networking.HTTPRoute{Match: []*networking.HTTPMatchRequest{{}}},
			problems: []string{
				"name: has the wrong type: a number where a string belongs",
				"match[0].port: must be a whole number, got 0.5; in percent that is 50",
				`timeout: must be a duration such as "500ms", "5s" or "1m30s", got "x"`,
			},
		},
		"a repeated message of Google's own": {
			shape: shapeOf(&typepb.Enum{}, attr.Options{Omit: anyOptions}),
			value: attributes{"syntax": str("SYNTAX_PROTO3"), "enumvalue": tuple(obj(attributes{"number": number(7)}))},
			want:  &typepb.Enum{Syntax: typepb.Syntax_SYNTAX_PROTO3, Enumvalue: []*typepb.EnumValue{{Number: 7}}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := test.want.ProtoReflect().New().Interface()
			reader := attr.Read(obj(test.value))
			reader.Message(test.shape, got)
			if diff := cmp.Diff(test.want, got, protocmp.Transform()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.problems, problemsOf(reader)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.unknown, unknownOf(reader)); diff != "" {
				t.Errorf("unknown (-want +got):\n%s", diff)
			}
		})
	}
}

func problemsOf(reader *attr.Reader) []string {
	var lines []string
	for _, p := range reader.Problems() {
		lines = append(lines, p.At.String()+": "+p.Reason)
	}
	return lines
}

func unknownOf(reader *attr.Reader) []string {
	var lines []string
	for _, p := range reader.Unknown() {
		lines = append(lines, p.String())
	}
	return lines
}

func TestReaderAttributes(t *testing.T) {
	t.Parallel()
	reader := attr.Read(obj(attributes{
		"text": str("a"), "null": attr.Null(), "unknown": attr.Unknown(), "yes": boolean(true), "three": number(3),
		"half":    number(0.5),
		"list":    tuple(str("a"), str("b"), attr.Unknown()),
		"map":     obj(attributes{"k": str("v")}),
		"empty":   obj(attributes{}),
		"weights": obj(attributes{"v1": number(90), "v2": attr.Null(), "v3": number(0.0625)}),
		"object":  obj(attributes{"inner": str("b")}),
		"rules":   tuple(obj(attributes{"name": str("first")}), obj(attributes{"name": str("second")})),
		"subsets": obj(attributes{
			"v2": obj(attributes{"name": str("two")}),
			"v1": obj(attributes{"name": str("one")}),
		}),
	}))
	three, isSet := reader.Int("three")
	_, nullIsSet := reader.Int("null")
	_, absentIsSet := reader.Int("absent")
	_, halfIsSet := reader.Int("half")
	type values struct {
		Text, Null, Inner                   string
		Yes, IsSet, NullIsSet, AbsentIsSet  bool
		HalfIsSet                           bool
		Three                               int64
		List                                []string
		Map, Empty                          map[string]string
		Weights                             map[string]*int64
		Has, HasNull, HasUnknown, HasAbsent bool
		NoObject                            bool
		Names                               []string
	}
	got := values{
		Text: reader.String("text"), Null: reader.String("null"), Inner: reader.Object("object").String("inner"),
		Yes: reader.Bool("yes"), IsSet: isSet, NullIsSet: nullIsSet, AbsentIsSet: absentIsSet,
		HalfIsSet: halfIsSet, Three: three,
		List:       reader.Strings("list"),
		Map:        reader.StringMap("map"),
		Empty:      reader.StringMap("empty"),
		Weights:    reader.Ints("weights"),
		Has:        reader.Has("text"),
		HasNull:    reader.Has("null"),
		HasUnknown: reader.Has("unknown"),
		HasAbsent:  reader.Has("absent"),
		NoObject:   reader.Object("absent") == nil && reader.Ints("absent") == nil,
	}
	reader.Each("rules", func(i int, rule *attr.Reader) {
		got.Names = append(got.Names, rule.Path("name").String()+"="+rule.String("name"))
	})
	reader.EachKey("subsets", func(key string, subset *attr.Reader) {
		got.Names = append(got.Names, key+": "+subset.Path("name").String()+"="+subset.String("name"))
	})
	want := values{
		Text:    "a",
		Inner:   "b",
		Yes:     true,
		IsSet:   true,
		Three:   3,
		List:    []string{"a", "b", ""},
		Map:     map[string]string{"k": "v"},
		Weights: map[string]*int64{"v1": new(int64(90)), "v2": nil, "v3": nil}, Has: true,
		HasUnknown: true, NoObject: true,
		Names: []string{
			"rules[0].name=first", "rules[1].name=second", `v1: subsets["v1"].name=one`, `v2: subsets["v2"].name=two`,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(
		[]string{
			"half: must be a whole number, got 0.5; in percent that is 50",
			`weights["v3"]: must be a whole number, got 0.0625`,
		},
		problemsOf(reader),
	); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"list[2]"}, unknownOf(reader)); diff != "" {
		t.Errorf("unknown (-want +got):\n%s", diff)
	}
}

func TestReaderKnown(t *testing.T) {
	t.Parallel()
	reader := attr.Read(obj(attributes{"text": str(""), "null": attr.Null(), "unknown": attr.Unknown()}))
	got := map[string]bool{}
	for _, name := range []string{"text", "null", "unknown", "absent"} {
		got[name] = reader.Known(name)
	}
	if diff := cmp.Diff(
		map[string]bool{"text": true, "null": false, "unknown": false, "absent": false}, got,
	); diff != "" {
		t.Errorf("known (-want +got):\n%s", diff)
	}
	if unknown := unknownOf(reader); unknown != nil {
		t.Errorf("asking whether a value is known reads it: %v", unknown)
	}
}

func TestReaderOfNoObject(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]attr.Value{"null": attr.Null(), "unknown": attr.Unknown()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader := attr.Read(value)
			if reader.Has("name") || reader.String("name") != "" || reader.Object("retries") != nil ||
				len(reader.Problems()) > 0 {
				t.Errorf("something was read, problems %v", reader.Problems())
			}
		})
	}
}
