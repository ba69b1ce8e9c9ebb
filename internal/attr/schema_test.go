package attr_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/typepb"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

func TestSchemaIsValid(t *testing.T) {
	t.Parallel()
	for name, shape := range map[string]*attr.Message{
		"VirtualService": virtualService, "DestinationRule": destinationRule, "HTTPRoute": httpRoute,
		"every kind": attr.New(everyKind(t), attr.Options{}),
		"Enum":       shapeOf(&typepb.Enum{}, attr.Options{Omit: anyOptions}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := schema.Schema{Attributes: shape.Attributes()}
			if problems := s.ValidateImplementation(t.Context()); problems.HasError() {
				t.Errorf("schema: %v", problems)
			}
			if got := s.Type().TerraformType(t.Context()); !got.Equal(shape.ValueType()) {
				t.Errorf("the schema's type is not the type of the values:\n%v\n%v", got, shape.ValueType())
			}
			if got := s.Type(); !got.Equal(shape.ObjectType()) {
				t.Errorf("the schema's type is not the shape's:\n%v\n%v", got, shape.ObjectType())
			}
		})
	}
}

func TestAttributesAreTheCallersToExtend(t *testing.T) {
	t.Parallel()
	extended := httpRoute.Attributes()
	extended["subset"] = schema.StringAttribute{Optional: true}
	if _, ok := httpRoute.Attributes()["subset"]; ok {
		t.Error("the shape has an attribute that was added to a copy")
	}
}

func TestDescriptions(t *testing.T) {
	t.Parallel()
	shape := shapeOf(&networking.HTTPRedirect{}, attr.Options{Docs: func(name protoreflect.FullName) string {
		return fmt.Sprintf("The %s.", strings.TrimPrefix(string(name), "istio.networking.v1alpha3.HTTPRedirect."))
	}})
	got := map[string]string{}
	for name, a := range shape.Attributes() {
		got[name] = a.GetMarkdownDescription()
	}
	want := map[string]string{
		"uri":            "The uri.",
		"authority":      "The authority.",
		"scheme":         "The scheme.",
		"redirect_code":  "The redirect_code.",
		"prefix_rewrite": "The prefix_rewrite.",
		"port":           "The port. Excludes `derive_port`.",
		"derive_port":    "The derive_port. One of `FROM_PROTOCOL_DEFAULT`, `FROM_REQUEST_PORT`. Excludes `port`.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("descriptions (-want +got):\n%s", diff)
	}
}

func TestDescriptionsOmitWhatIsNoAttribute(t *testing.T) {
	t.Parallel()
	shape := shapeOf(&networking.HTTPRedirect{}, attr.Options{Omit: map[protoreflect.FullName]bool{
		"istio.networking.v1alpha3.HTTPRedirect.derive_port": true,
	}})
	if got := shape.Attributes()["port"].GetMarkdownDescription(); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestRequired(t *testing.T) {
	t.Parallel()
	const host = "istio.networking.v1alpha3.DestinationRule.host"
	required := shapeOf(&networking.DestinationRule{}, attr.Options{}).Attributes()
	optional := shapeOf(&networking.DestinationRule{},
		attr.Options{Optional: map[protoreflect.FullName]bool{host: true}}).Attributes()
	if a := required["host"]; !a.IsRequired() || a.IsOptional() {
		t.Error("host is not required")
	}
	if a := optional["host"]; a.IsRequired() || !a.IsOptional() {
		t.Error("host is not optional although the caller said so")
	}
	if a := required["subsets"]; a.IsRequired() || !a.IsOptional() {
		t.Error("subsets is not optional")
	}
}

func TestNewPanics(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		descriptor protoreflect.MessageDescriptor
		want       string
	}{
		"a message that contains itself": {
			descriptor: (&structpb.Struct{}).ProtoReflect().Descriptor(),
			want:       "message google.protobuf.Struct contains itself and has no Terraform shape",
		},
		"a map by number": {
			descriptor: oddMessage(t, "ByNumber"),
			want:       "field test.ByNumber.entries: only string keys have a Terraform shape",
		},
		"a group": {
			descriptor: oddMessage(t, "Grouped"),
			want:       "field test.Grouped.inner: groups have no Terraform shape",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if diff := cmp.Diff(test.want, recover()); diff != "" {
					t.Errorf("panic (-want +got):\n%s", diff)
				}
			}()
			attr.New(test.descriptor, attr.Options{})
		})
	}
}

// A message may stand in several places, as long as it does not stand inside itself.
func TestNewAllowsAMessageTwice(t *testing.T) {
	t.Parallel()
	shape := shapeOf(&networking.HTTPFaultInjection{}, attr.Options{})
	if got := len(shape.Attributes()); got != 2 {
		t.Errorf("got %d attributes", got)
	}
}

// oddMessage returns one of the message types that have no Terraform shape.
func oddMessage(t *testing.T, name protoreflect.Name) protoreflect.MessageDescriptor {
	t.Helper()
	optional, repeated := descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
	integer := descriptorpb.FieldDescriptorProto_TYPE_INT32.Enum()
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("odd.proto"), Package: proto.String("test"), Syntax: proto.String("proto2"),
		MessageType: []*descriptorpb.DescriptorProto{
			{
				Name: proto.String("ByNumber"),
				Field: []*descriptorpb.FieldDescriptorProto{{
					Name: proto.String("entries"), Number: proto.Int32(1), Label: repeated,
					Type:     descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(),
					TypeName: proto.String(".test.ByNumber.EntriesEntry"),
				}},
				NestedType: []*descriptorpb.DescriptorProto{{
					Name:    proto.String("EntriesEntry"),
					Options: &descriptorpb.MessageOptions{MapEntry: proto.Bool(true)},
					Field: []*descriptorpb.FieldDescriptorProto{
						{Name: proto.String("key"), Number: proto.Int32(1), Label: optional, Type: integer},
						{Name: proto.String("value"), Number: proto.Int32(2), Label: optional, Type: integer},
					},
				}},
			},
			{
				Name: proto.String("Grouped"),
				Field: []*descriptorpb.FieldDescriptorProto{{
					Name: proto.String("inner"), Number: proto.Int32(1), Label: optional,
					Type:     descriptorpb.FieldDescriptorProto_TYPE_GROUP.Enum(),
					TypeName: proto.String(".test.Grouped.Inner"),
				}},
				NestedType: []*descriptorpb.DescriptorProto{{Name: proto.String("Inner")}},
			},
		},
	}, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	return file.Messages().ByName(name)
}

func TestEqualDurationsAreNotPlanned(t *testing.T) {
	t.Parallel()
	modifiers := httpRoute.Attributes()["timeout"].(schema.StringAttribute).PlanModifiers
	if len(modifiers) != 1 {
		t.Fatalf("got %d plan modifiers", len(modifiers))
	}
	known, null, unknown := types.StringValue, types.StringNull(), types.StringUnknown()
	tests := map[string]struct{ state, plan, want types.String }{
		"another spelling of the same":  {state: known("5s"), plan: known("5000ms"), want: known("5s")},
		"another duration":              {state: known("5s"), plan: known("6s"), want: known("6s")},
		"no duration":                   {state: known("5s"), plan: known("five"), want: known("five")},
		"no duration before":            {state: known("five"), plan: known("5s"), want: known("5s")},
		"created":                       {state: null, plan: known("5s"), want: known("5s")},
		"removed":                       {state: known("5s"), plan: null, want: null},
		"not known yet":                 {state: known("5s"), plan: unknown, want: unknown},
		"zero in another unit":          {state: known("0s"), plan: known("0h"), want: known("0s")},
		"a sum of the same":             {state: known("1m30s"), plan: known("90s"), want: known("1m30s")},
		"the same text is no change":    {state: known("5s"), plan: known("5s"), want: known("5s")},
		"the opposite is not the same":  {state: known("5s"), plan: known("-5s"), want: known("-5s")},
		"unknown before, as in a rerun": {state: unknown, plan: known("5s"), want: known("5s")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response := &planmodifier.StringResponse{PlanValue: test.plan}
			modifiers[0].PlanModifyString(t.Context(), planmodifier.StringRequest{
				Path: path.Root("timeout"), StateValue: test.state, ConfigValue: test.plan, PlanValue: test.plan,
			}, response)
			if !response.PlanValue.Equal(test.want) {
				t.Errorf("planned %s, want %s", response.PlanValue, test.want)
			}
		})
	}
	if description := modifiers[0].MarkdownDescription(t.Context()); description == "" ||
		description != modifiers[0].Description(t.Context()) {
		t.Errorf("description is %q", description)
	}
}
