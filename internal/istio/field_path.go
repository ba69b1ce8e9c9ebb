package istio

import (
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// mentioned finds where a text names a field of a spec, as the API server, field managers (`.spec.http[0].timeout`)
// and policy engines (`/spec/http/0/timeout/`) do.
var mentioned = regexp.MustCompile(`(?:^|[^A-Za-z0-9_])((?:spec|metadata)(?:[./][^\s./,:;"'()\[\]]+|\[[^\]]*\])+)`)

// FieldsIn returns the places of an object that a text names, in the order in which it does: fields of its spec,
// labels and annotations. Of a field that this API does not know it returns what that is in.
func FieldsIn(text string, o *Object) []Path {
	var found []Path
	for _, m := range mentioned.FindAllStringSubmatch(text, -1) {
		if at := FieldPath(m[1], o); len(at) > 0 {
			found = append(found, at)
		}
	}
	return found
}

// FieldPath returns the place of an object that a field is, such as `.spec.http[0].retries.perTryTimeout`,
// `spec.subsets[1].name` or `.metadata.labels.team`. It is as long as this API knows the field, and empty for one of
// another part of the object.
func FieldPath(field string, o *Object) Path {
	top, rest, _ := strings.Cut(strings.TrimPrefix(field, "."), ".")
	if top == "metadata" {
		name, key, _ := strings.Cut(rest, ".")
		switch {
		case name == "name" || name == "namespace":
			return Path{name}
		case name != "labels" && name != "annotations":
			return nil
		case key == "":
			return Path{name}
		}
		return Path{name, Key(key)}
	}
	steps := fieldSteps(field)
	if len(steps) < 2 || steps[0] != "spec" {
		return nil
	}
	return specPath(steps[1:], o.Spec.ProtoReflect().Descriptor())
}

// fieldSteps divides a field's path: indexes and keys in brackets are steps of their own.
func fieldSteps(field string) []string {
	return strings.FieldsFunc(field, func(r rune) bool { return strings.ContainsRune("./[]", r) })
}

// specPath follows steps as far as they are fields of a message.
func specPath(steps []string, d protoreflect.MessageDescriptor) Path {
	var at Path
	for len(steps) > 0 && d != nil {
		fd := d.Fields().ByJSONName(steps[0])
		if fd == nil {
			fd = d.Fields().ByTextName(steps[0])
		}
		if fd == nil {
			break
		}
		at, steps = append(at, string(fd.Name())), steps[1:]
		if len(steps) == 0 {
			break
		}
		d = fd.Message()
		switch {
		case fd.IsMap():
			at, steps, d = append(at, Key(steps[0])), steps[1:], fd.MapValue().Message()
		case fd.IsList():
			i, err := strconv.Atoi(steps[0])
			if err != nil || i < 0 {
				return at
			}
			at, steps = append(at, i), steps[1:]
		}
	}
	return at
}
