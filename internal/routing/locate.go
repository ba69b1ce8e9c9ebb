package routing

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	networking "istio.io/api/networking/v1"
)

// locate finds the places that a verdict is about: the deepest parts of the message whose removal makes the verdict
// go away. Istio's messages name no field; taking parts away until the complaint stops finds it whatever the text says,
// for every check that exists or will exist. A verdict that no removal silences is about the message as a whole.
func locate(root proto.Message, v verdict, judge func(proto.Message) []verdict) []Path {
	count := max(1, occurrences(v, judge(root)))
	return lastOf(descend(root, nil, v, count, judge), count)
}

// lastOf returns the last places, no more than there are verdicts: where several parts contradict each other, any of
// them could go, and the last one is named.
func lastOf(places []Path, count int) []Path {
	return places[max(0, len(places)-count):]
}

// judged is a spec with all but one of its rules or subsets taken away, and what is said about that.
type judged struct {
	list     string
	index    int
	spec     proto.Message
	verdicts []verdict
}

// judgeElements judges every rule of a VirtualService, or subset of a DestinationRule, alone. Most verdicts are about
// one of them, and a hundred wrong rules would otherwise be judged a thousand times all together.
func judgeElements(root proto.Message, judge func(proto.Message) []verdict) []judged {
	name := "http"
	if _, ok := root.(*networking.DestinationRule); ok {
		name = "subsets"
	}
	fd := root.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(name))
	if fd == nil || root.ProtoReflect().Get(fd).List().Len() < 2 {
		return nil
	}
	list := root.ProtoReflect().Get(fd).List()
	elements := make([]judged, list.Len())
	rest := proto.Clone(root)
	rest.ProtoReflect().Clear(fd)
	for i := range elements {
		spec := proto.Clone(rest)
		spec.ProtoReflect().Mutable(fd).List().Append(list.Get(i))
		elements[i] = judged{list: name, index: i, spec: spec, verdicts: judge(spec)}
	}
	return elements
}

// locateInElements finds the places that a verdict is about inside the elements. It finds none for a verdict that is not
// about single elements: judged alone, they do not give it exactly as often as all together.
func locateInElements(elements []judged, v verdict, count int, judge func(proto.Message) []verdict) []Path {
	total := 0
	for _, e := range elements {
		total += occurrences(v, e.verdicts)
	}
	if total != count {
		return nil
	}
	var places []Path
	for _, e := range elements {
		n := occurrences(v, e.verdicts)
		if n == 0 {
			continue
		}
		for _, at := range lastOf(descend(e.spec, Path{e.list, 0}, v, n, judge), n) {
			at[1] = e.index
			places = append(places, at)
		}
	}
	return places
}

func occurrences(v verdict, verdicts []verdict) int {
	n := 0
	for _, other := range verdicts {
		if other.same(v) {
			n++
		}
	}
	return n
}

func descend(root proto.Message, at Path, v verdict, count int, judge func(proto.Message) []verdict) []Path {
	silenced := func(steps []Path) bool {
		without := proto.Clone(root)
		for _, step := range slices.Backward(steps) {
			remove(without, at, step)
		}
		return occurrences(v, judge(without)) < count
	}
	var places []Path
	for _, step := range culprits(children(root, at), silenced) {
		places = append(places, descend(root, at.At(step...), v, count, judge)...)
	}
	if len(places) == 0 {
		return []Path{at}
	}
	return places
}

// culprits returns the steps whose removal, each by itself, silences. It halves the list, so that one bad rule among
// hundreds costs a dozen checks.
func culprits(steps []Path, silenced func([]Path) bool) []Path {
	if len(steps) == 0 || !silenced(steps) {
		return nil
	}
	if len(steps) == 1 {
		return steps
	}
	half := len(steps) / 2
	return append(culprits(steps[:half:half], silenced), culprits(steps[half:], silenced)...)
}

// quotedOnly is a field that Istio does not check and quotes in what it says about others: without it the text changes,
// and the complaint stays.
const quotedOnly protoreflect.FullName = "istio.networking.v1alpha3.HTTPRoute.name"

// children lists the steps from the value at a path to what is set directly inside it, in the order of the API.
func children(root proto.Message, at Path) []Path {
	value, fd := resolve(root, at)
	if fd != nil && fd.Message() == nil || isMapOfScalars(fd) {
		return nil
	}
	message := value.Message()
	if message.Descriptor().ParentFile().Package() == "google.protobuf" {
		return nil
	}
	var steps []Path
	fields := message.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if !message.Has(f) || f.FullName() == quotedOnly {
			continue
		}
		name, inner := string(f.Name()), message.Get(f)
		switch {
		case f.IsList():
			for j := range inner.List().Len() {
				steps = append(steps, Path{name, j})
			}
		case f.IsMap():
			for _, key := range mapKeys(inner.Map()) {
				steps = append(steps, Path{name, Key(key)})
			}
		default:
			steps = append(steps, Path{name})
		}
	}
	return steps
}

// resolve returns the value at a path, and the field that holds it: nil for the root.
func resolve(root proto.Message, at Path) (protoreflect.Value, protoreflect.FieldDescriptor) {
	value := protoreflect.ValueOfMessage(root.ProtoReflect())
	var fd protoreflect.FieldDescriptor
	for _, step := range at {
		switch s := step.(type) {
		case string:
			fd = value.Message().Descriptor().Fields().ByName(protoreflect.Name(s))
			value = value.Message().Get(fd)
		case int:
			value = value.List().Get(s)
		case Key:
			value = value.Map().Get(protoreflect.ValueOfString(string(s)).MapKey())
		}
	}
	return value, fd
}

func isMapOfScalars(fd protoreflect.FieldDescriptor) bool {
	return fd != nil && fd.IsMap() && fd.MapValue().Message() == nil
}

// remove takes one child away from the value at a path.
func remove(root proto.Message, at, step Path) {
	value, _ := resolve(root, at)
	message := value.Message()
	fd := message.Descriptor().Fields().ByName(protoreflect.Name(step[0].(string)))
	if len(step) == 1 {
		message.Clear(fd)
		return
	}
	switch s := step[1].(type) {
	case int:
		elements := message.Mutable(fd).List()
		for i := s; i+1 < elements.Len(); i++ {
			elements.Set(i, elements.Get(i+1))
		}
		elements.Truncate(elements.Len() - 1)
	case Key:
		message.Mutable(fd).Map().Clear(protoreflect.ValueOfString(string(s)).MapKey())
	}
}

func mapKeys(m protoreflect.Map) []string {
	var keys []string
	m.Range(func(key protoreflect.MapKey, _ protoreflect.Value) bool {
		keys = append(keys, key.String())
		return true
	})
	slices.Sort(keys)
	return keys
}

// comparePaths orders paths into a message as the message is written: fields in the order of the API, elements by
// index, map entries by key, and what contains something before it.
func comparePaths(root proto.Message, a, b Path) int {
	for i := range min(len(a), len(b)) {
		order := 0
		switch step := a[i].(type) {
		case int:
			order = cmp.Compare(step, b[i].(int))
		case Key:
			order = cmp.Compare(step, b[i].(Key))
		case string:
			value, _ := resolve(root, a[:i])
			fields := value.Message().Descriptor().Fields()
			index := func(name any) int { return fields.ByName(protoreflect.Name(name.(string))).Index() }
			order = cmp.Compare(index(step), index(b[i]))
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Compare(len(a), len(b))
}
