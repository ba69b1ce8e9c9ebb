package attr

import (
	"fmt"
	"strings"

	fwattr "github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

type attrType = fwattr.Type

// kind is how one value of a field appears in HCL.
type kind int

const (
	kindString kind = iota
	kindBool
	kindInt
	kindFloat
	kindBytes
	kindEnum
	kindDuration
	kindMessage
)

// cardinality is how many values a field holds.
type cardinality int

const (
	single cardinality = iota
	list
	mapping
)

// field is the Terraform shape of one protobuf field.
type field struct {
	descriptor  protoreflect.FieldDescriptor
	name        string
	kind        kind
	cardinality cardinality
	// wrapper is set for google.protobuf.UInt32Value and its siblings: kind is then that of the wrapped value.
	wrapper bool
	// message is the shape of the values of kindMessage.
	message *Message
	// keepZero encodes zero as a value although the field has no presence.
	keepZero bool
	required bool
	// siblings are the other members of the field's oneof that have an attribute.
	siblings []string
	// description is Markdown.
	description string

	attrType attrType
	// elementType is the type of an element of a list or mapping, and otherwise attrType too.
	elementType attrType
	valueType   tftypes.Type
}

func newField(fd protoreflect.FieldDescriptor, options Options, parents []protoreflect.FullName) field {
	f := field{
		descriptor: fd,
		name:       string(fd.Name()),
		keepZero:   options.KeepZero[fd.FullName()],
		required:   isRequired(fd) && !options.Optional[fd.FullName()],
		siblings:   siblings(fd, options.Omit),
	}
	if options.Docs != nil {
		f.description = options.Docs(fd.FullName())
	}
	value := fd
	switch {
	case fd.IsMap():
		f.cardinality, value = mapping, fd.MapValue()
		if fd.MapKey().Kind() != protoreflect.StringKind {
			panic(fmt.Sprintf("field %s: only string keys have a Terraform shape", fd.FullName()))
		}
	case fd.IsList():
		f.cardinality = list
	}
	f.classify(value, options, parents)
	if description := options.Present[fd.FullName()]; description != "" {
		f.message.addPresent(description)
	}
	f.setTypes()
	return f
}

// isRequired reports whether the API's authors marked the field as required, in google.api.field_behavior.
func isRequired(fd protoreflect.FieldDescriptor) bool {
	behaviors, _ := proto.GetExtension(fd.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	for _, b := range behaviors {
		if b == annotations.FieldBehavior_REQUIRED {
			return true
		}
	}
	return false
}

// classify sets the kind of one value of the field.
func (f *field) classify(value protoreflect.FieldDescriptor, options Options, parents []protoreflect.FullName) {
	switch value.Kind() {
	case protoreflect.StringKind:
		f.kind = kindString
	case protoreflect.BoolKind:
		f.kind = kindBool
	case protoreflect.BytesKind:
		f.kind = kindBytes
	case protoreflect.EnumKind:
		f.kind = kindEnum
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		f.kind = kindFloat
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind,
		protoreflect.Uint32Kind, protoreflect.Fixed32Kind,
		protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind,
		protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		f.kind = kindInt
	case protoreflect.MessageKind:
		f.classifyMessage(value.Message(), options, parents)
	case protoreflect.GroupKind:
		panic(fmt.Sprintf("field %s: groups have no Terraform shape", value.FullName()))
	}
}

func (f *field) classifyMessage(d protoreflect.MessageDescriptor, options Options, parents []protoreflect.FullName) {
	switch {
	case d.FullName() == "google.protobuf.Duration":
		f.kind = kindDuration
	case d.ParentFile().Path() == "google/protobuf/wrappers.proto":
		f.wrapper = true
		f.classify(d.Fields().ByName("value"), options, parents)
	default:
		f.kind = kindMessage
		f.message = newMessage(d, options, parents)
	}
}

// setTypes computes the types of one value, then of the whole field.
func (f *field) setTypes() {
	switch f.kind {
	case kindString, kindBytes, kindEnum, kindDuration:
		f.attrType, f.valueType = types.StringType, tftypes.String
	case kindBool:
		f.attrType, f.valueType = types.BoolType, tftypes.Bool
	case kindInt:
		// Not Int64Type: the framework would refuse a fraction before the decoder can say what is wrong with it.
		f.attrType, f.valueType = types.NumberType, tftypes.Number
	case kindFloat:
		f.attrType, f.valueType = types.Float64Type, tftypes.Number
	case kindMessage:
		f.attrType, f.valueType = f.message.objectType, f.message.valueType
	}
	f.elementType = f.attrType
	switch f.cardinality {
	case single:
	case list:
		f.attrType, f.valueType = types.ListType{ElemType: f.attrType}, tftypes.List{ElementType: f.valueType}
	case mapping:
		f.attrType, f.valueType = types.MapType{ElemType: f.attrType}, tftypes.Map{ElementType: f.valueType}
	}
}

// attribute returns the field's schema. Nested attributes carry their type as CustomType, so that the framework
// takes it as it is.
func (f *field) attribute() schema.Attribute {
	description, optional := f.prose(), !f.required
	if f.kind == kindMessage {
		return f.nestedAttribute(description)
	}
	switch f.cardinality {
	case list:
		return schema.ListAttribute{
			ElementType: f.elementType, Required: f.required, Optional: optional,
			MarkdownDescription: description,
		}
	case mapping:
		return schema.MapAttribute{
			ElementType: f.elementType, Required: f.required, Optional: optional,
			MarkdownDescription: description,
		}
	case single:
	}
	switch f.kind {
	case kindBool:
		return schema.BoolAttribute{Required: f.required, Optional: optional, MarkdownDescription: description}
	case kindInt:
		return schema.NumberAttribute{Required: f.required, Optional: optional, MarkdownDescription: description}
	case kindFloat:
		return schema.Float64Attribute{Required: f.required, Optional: optional, MarkdownDescription: description}
	case kindDuration:
		return schema.StringAttribute{
			Required: f.required, Optional: optional, MarkdownDescription: description,
			PlanModifiers: EqualDurations(),
		}
	case kindString, kindBytes, kindEnum, kindMessage:
	}
	return schema.StringAttribute{Required: f.required, Optional: optional, MarkdownDescription: description}
}

func (f *field) nestedAttribute(description string) schema.Attribute {
	object := schema.NestedAttributeObject{Attributes: f.message.schemaCache(), CustomType: f.message.objectType}
	optional := !f.required
	switch f.cardinality {
	case list:
		return schema.ListNestedAttribute{
			NestedObject:        object,
			CustomType:          types.ListType{ElemType: f.elementType},
			Required:            f.required,
			Optional:            optional,
			MarkdownDescription: description,
		}
	case mapping:
		return schema.MapNestedAttribute{
			NestedObject:        object,
			CustomType:          types.MapType{ElemType: f.elementType},
			Required:            f.required,
			Optional:            optional,
			MarkdownDescription: description,
		}
	case single:
	}
	return schema.SingleNestedAttribute{
		Attributes: object.Attributes, CustomType: f.message.objectType, Required: f.required, Optional: optional,
		MarkdownDescription: description,
	}
}

// prose is the description with what the descriptor itself knows: the names of an enum, the members of a oneof.
func (f *field) prose() string {
	sentences := []string{}
	if f.description != "" {
		sentences = append(sentences, f.description)
	}
	if f.kind == kindEnum {
		sentences = append(sentences, "One of "+quoted(f.enumNames())+".")
	}
	if len(f.siblings) > 0 {
		sentences = append(sentences, "Excludes "+quoted(f.siblings)+".")
	}
	return strings.Join(sentences, " ")
}

func (f *field) enumNames() []string {
	values := f.enumDescriptor().Values()
	names := make([]string, values.Len())
	for i := range names {
		names[i] = string(values.Get(i).Name())
	}
	return names
}

func (f *field) enumDescriptor() protoreflect.EnumDescriptor {
	if f.cardinality == mapping {
		return f.descriptor.MapValue().Enum()
	}
	return f.descriptor.Enum()
}

// siblings returns the other members of the field's oneof, without the omitted ones.
func siblings(fd protoreflect.FieldDescriptor, omit map[protoreflect.FullName]bool) []string {
	oneof := fd.ContainingOneof()
	if oneof == nil || oneof.IsSynthetic() {
		return nil
	}
	var names []string
	for i := range oneof.Fields().Len() {
		if sibling := oneof.Fields().Get(i); sibling.Name() != fd.Name() && !omit[sibling.FullName()] {
			names = append(names, string(sibling.Name()))
		}
	}
	return names
}

func quoted(names []string) string {
	return "`" + strings.Join(names, "`, `") + "`"
}
