package attr

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// PresentName is the attribute that says of a message that it is there and has nothing in it. Without one, {} would
// say so, which is also what Terraform makes of an object in which every name is misspelt.
const PresentName = "present"

// addPresent gives the shape that attribute. An empty object is then wrong.
func (m *Message) addPresent(description string) {
	m.present = description
	m.objectType.AttrTypes[PresentName] = types.BoolType
	m.valueType.AttributeTypes[PresentName] = tftypes.Bool
}

func (m *Message) presentAttribute() schema.Attribute {
	return schema.BoolAttribute{Optional: true, MarkdownDescription: m.present}
}

// decodePresent judges what is said of an object whose fields were read into a message.
func (r *Reader) decodePresent(at *place, object Value, into protoreflect.Message) {
	v := object.Get(PresentName)
	presentAt := at.name(PresentName)
	switch {
	case v.IsNull():
		if object.Len() == 0 {
			r.problem(at, "is empty; write %s = true if any value will do, and else look for a misspelt name: "+
				"Terraform drops those that it does not know", PresentName)
		}
	case !r.is(boolValue, presentAt, v):
	case v.whole == 0:
		r.problem(presentAt, "must be true, or left out")
	default:
		into.Range(func(fd protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
			r.problem(presentAt, "cannot be set together with %q; choose one of them", fd.Name())
			return false
		})
	}
}
