package istiotest

import "google.golang.org/protobuf/reflect/protoreflect"

// WalkFields visits every field below a message, by the names of the attributes that lead to it.
func WalkFields(
	d protoreflect.MessageDescriptor, at string, visit func(at string, fd protoreflect.FieldDescriptor, leaf bool),
) {
	for i := range d.Fields().Len() {
		fd := d.Fields().Get(i)
		inner := at + "/" + string(fd.Name())
		message := fd.Message()
		if fd.IsMap() {
			message = fd.MapValue().Message()
		}
		if message != nil && message.FullName().Parent() == "google.protobuf" {
			message = nil
		}
		visit(inner, fd, message == nil)
		if message != nil {
			WalkFields(message, inner, visit)
		}
	}
}
