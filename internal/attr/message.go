// Package attr turns protobuf messages into Terraform attributes and back.
//
// A [Message] is derived from a protobuf descriptor once, at start-up, and then serves as the schema of an
// attribute, as the decoder from a Terraform value to a message, and as the encoder from a message to a Terraform
// value. Nothing about a particular API is written here: names, types, oneofs and presence come from the descriptor,
// and prose from the caller.
//
// How protobuf's types appear in HCL:
//
//	message                          object                        port = { number = 80 }
//	repeated T                       list                          gateways = ["mesh"]
//	map<string, T>                   map                           headers = { version = { exact = "200" } }
//	oneof                            one attribute per member, at most one of them set
//	string, bool, int*, uint*        string, bool, number          a zero without presence is null
//	float, double                    number
//	bytes                            string, base64
//	enum                             string, the name of the value
//	google.protobuf.Duration         string, "5s" and "5000ms" compare equal
//	google.protobuf.UInt32Value ...  the wrapped type; null is absent, 0 is zero
package attr

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Message is the Terraform shape of one protobuf message type.
// It is immutable after [New] and safe for concurrent use.
type Message struct {
	descriptor protoreflect.MessageDescriptor
	fields     []field
	// byName is where an attribute stands in fields, and sorted are the places in the order of the names.
	byName     map[string]int
	sorted     []int
	objectType types.ObjectType
	valueType  tftypes.Object
	// present describes the attribute [PresentName], empty where there is none.
	present     string
	schemaCache func() map[string]schema.Attribute
}

// Docs gives the description of a field, as Markdown in full sentences.
// The key is the full protobuf name, such as `istio.networking.v1alpha3.HTTPRoute.timeout`.
type Docs func(protoreflect.FullName) string

// Options narrow and annotate a derived shape. They apply to every nested message too.
type Options struct {
	// Docs describes every attribute.
	Docs Docs
	// Only lists the fields of the outermost message that become attributes; empty means all of them.
	Only []protoreflect.Name
	// Omit holds full names of fields that get no attribute. A message that has one of them set cannot be
	// encoded without loss: see [Message.Encode] for how to find out.
	Omit map[protoreflect.FullName]bool
	// KeepZero holds full names of fields without presence whose zero is a decision (`attempts = 0` switches
	// retries off) and is therefore encoded as a value instead of null.
	KeepZero map[protoreflect.FullName]bool
	// Optional holds full names of fields that the API requires and the caller fills in when they are absent.
	Optional map[protoreflect.FullName]bool
	// Present holds full names of maps of messages in which a message without a field says something. There it is
	// written as `present = true`, which the text describes, and {} is wrong.
	Present map[protoreflect.FullName]string
}

// New derives the shape of the message type d. It panics on a descriptor that has no Terraform shape, such as one
// that contains itself: that is a mistake of the program and shows in every test.
func New(d protoreflect.MessageDescriptor, options Options) *Message {
	return newMessage(d, options, nil)
}

func newMessage(d protoreflect.MessageDescriptor, options Options, parents []protoreflect.FullName) *Message {
	for _, parent := range parents {
		if parent == d.FullName() {
			panic(fmt.Sprintf("message %s contains itself and has no Terraform shape", d.FullName()))
		}
	}
	parents = append(parents[:len(parents):len(parents)], d.FullName())

	m := &Message{descriptor: d}
	only := options.Only
	options.Only = nil
	for i := range d.Fields().Len() {
		fd := d.Fields().Get(i)
		if options.Omit[fd.FullName()] || len(only) > 0 && !contains(only, fd.Name()) {
			continue
		}
		m.fields = append(m.fields, newField(fd, options, parents))
	}

	m.objectType.AttrTypes = make(map[string]attrType, len(m.fields))
	m.valueType.AttributeTypes = make(map[string]tftypes.Type, len(m.fields))
	for _, f := range m.fields {
		m.objectType.AttrTypes[f.name] = f.attrType
		m.valueType.AttributeTypes[f.name] = f.valueType
	}
	m.byName = make(map[string]int, len(m.fields))
	for i, f := range m.fields {
		m.byName[f.name], m.sorted = i, append(m.sorted, i)
	}
	slices.SortFunc(m.sorted, func(a, b int) int { return strings.Compare(m.fields[a].name, m.fields[b].name) })
	m.schemaCache = sync.OnceValue(m.buildAttributes)
	return m
}

// Attributes returns the schema of the message's fields, by attribute name. The map is the caller's to extend.
func (m *Message) Attributes() map[string]schema.Attribute {
	cached := m.schemaCache()
	attributes := make(map[string]schema.Attribute, len(cached))
	for name, a := range cached {
		attributes[name] = a
	}
	return attributes
}

// ObjectType returns the attribute type of a whole object of this shape. It is computed once: a nested attribute
// that carries it as CustomType spares the framework rebuilding its type at every node of every value.
func (m *Message) ObjectType() basetypes.ObjectType { return m.objectType }

// ValueType returns the type of the values that [Message.Encode] makes.
func (m *Message) ValueType() tftypes.Object { return m.valueType }

// Descriptor returns the protobuf message type that the shape was derived from.
func (m *Message) Descriptor() protoreflect.MessageDescriptor { return m.descriptor }

func (m *Message) buildAttributes() map[string]schema.Attribute {
	attributes := make(map[string]schema.Attribute, len(m.fields))
	for _, f := range m.fields {
		attributes[f.name] = f.attribute()
	}
	if m.present != "" {
		attributes[PresentName] = m.presentAttribute()
	}
	return attributes
}

func contains(names []protoreflect.Name, name protoreflect.Name) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}
