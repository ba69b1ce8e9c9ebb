package attr_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

const headers = "istio.networking.v1alpha3.HTTPMatchRequest.headers"

var present = shapeOf(&networking.HTTPMatchRequest{}, attr.Options{
	Only:    []protoreflect.Name{"headers", "uri"},
	Present: map[protoreflect.FullName]string{headers: "Any value will do."},
})

func TestPresent_schema(t *testing.T) {
	t.Parallel()
	s := schema.Schema{Attributes: present.Attributes()}
	if problems := s.ValidateImplementation(t.Context()); problems.HasError() {
		t.Errorf("schema: %v", problems)
	}
	if got := s.Type().TerraformType(t.Context()); !got.Equal(present.ValueType()) {
		t.Errorf("the schema's type is not the type of the values:\n%v\n%v", got, present.ValueType())
	}
	in := present.Attributes()["headers"].(schema.MapNestedAttribute).NestedObject.Attributes
	want := schema.BoolAttribute{Optional: true, MarkdownDescription: "Any value will do."}
	if diff := cmp.Diff(schema.Attribute(want), in["present"]); diff != "" {
		t.Errorf("present (-want +got):\n%s", diff)
	}
	if _, ok := present.Attributes()["uri"].(schema.SingleNestedAttribute).Attributes["present"]; ok {
		t.Error("uri has the attribute too")
	}
}

func TestPresent(t *testing.T) {
	t.Parallel()
	const empty = `is empty; write present = true if any value will do, and else look for a misspelt name: ` +
		`Terraform drops those that it does not know`
	object := attr.Object
	exact := &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: "a"}}
	for fact, test := range map[string]struct {
		value    attr.Value
		message  *networking.StringMatch
		problems map[string]string
		// written is what the message is written as, where that is not the value.
		written *attr.Value
	}{
		"any value": {
			value:   object(map[string]attr.Value{"present": attr.Bool(true)}),
			message: &networking.StringMatch{},
		},
		"a value": {value: object(map[string]attr.Value{"exact": attr.String("a")}), message: exact},
		"nothing": {
			value: object(nil), message: &networking.StringMatch{},
			problems: map[string]string{`headers["x"]`: empty},
			written:  ptr(object(map[string]attr.Value{"present": attr.Bool(true)})),
		},
		"not any value": {
			value:    object(map[string]attr.Value{"present": attr.Bool(false)}),
			message:  &networking.StringMatch{},
			problems: map[string]string{`headers["x"].present`: "must be true, or left out"},
			written:  ptr(object(map[string]attr.Value{"present": attr.Bool(true)})),
		},
		"any value and one": {
			value:   object(map[string]attr.Value{"present": attr.Bool(true), "exact": attr.String("a")}),
			message: exact,
			problems: map[string]string{
				`headers["x"].present`: `cannot be set together with "exact"; choose one of them`,
			},
			written: ptr(object(map[string]attr.Value{"exact": attr.String("a")})),
		},
		"a value that is not known": {
			value:   object(map[string]attr.Value{"exact": attr.Unknown()}),
			message: &networking.StringMatch{},
			written: ptr(object(map[string]attr.Value{"present": attr.Bool(true)})),
		},
		"whether is not known": {
			value:   object(map[string]attr.Value{"present": attr.Unknown()}),
			message: &networking.StringMatch{},
			written: ptr(object(map[string]attr.Value{"present": attr.Bool(true)})),
		},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			match := object(map[string]attr.Value{"headers": attr.Map(map[string]attr.Value{"x": test.value})})
			got := &networking.HTTPMatchRequest{}
			r := attr.Read(match)
			r.Message(present, got)
			want := &networking.HTTPMatchRequest{Headers: map[string]*networking.StringMatch{"x": test.message}}
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			problems := map[string]string{}
			for _, p := range r.Problems() {
				problems[p.At.String()] = p.Reason
			}
			if test.problems == nil {
				test.problems = map[string]string{}
			}
			if diff := cmp.Diff(test.problems, problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			written := test.value
			if test.written != nil {
				written = *test.written
			}
			wanted := object(map[string]attr.Value{"headers": attr.Map(map[string]attr.Value{"x": written})})
			if encoded := present.Encode(got); !encoded.Equal(wanted) {
				t.Errorf("the message is written as %v, want %v", encoded, wanted)
			}
		})
	}
}

func ptr[V any](v V) *V { return &v }
