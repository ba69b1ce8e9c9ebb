package istio

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Keep returns the wanted object with those fields of the live one that this API does not know: they are written
// along, so that a list that is written as a whole does not lose them. What an object keeps already stays. Neither
// object is changed.
func Keep(wanted, live *Object) *Object {
	if wanted == nil || live == nil || live.RawSpec == nil || wanted.RawSpec != nil {
		return wanted
	}
	kept := *wanted
	kept.RawSpec = live.RawSpec
	return &kept
}

// Lost lists the places of fields that the live object has, that this API does not know, and that go when wanted is
// written: what they are in is gone, or nothing tells any more which one it was.
func Lost(wanted, live *Object) []string {
	if live.RawSpec == nil {
		return nil
	}
	spec, err := specJSON(wanted.Spec)
	if err != nil {
		return nil
	}
	k := keeper{}
	k.message("", wanted.Spec.ProtoReflect().Descriptor(), spec, live.RawSpec)
	return k.lost
}

// keeper puts into the JSON of a message what it does not know and another one has.
type keeper struct {
	// lost are the places, in the other one, of what has no place any more.
	lost []string
}

func (k *keeper) message(at string, d protoreflect.MessageDescriptor, into, from map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(from)) {
		fd := d.Fields().ByJSONName(name)
		if fd == nil {
			fd = d.Fields().ByTextName(name)
		}
		if fd == nil {
			into[name] = from[name]
			continue
		}
		k.field(joinKey(at, name), fd, into, from[name])
	}
}

func (k *keeper) field(at string, fd protoreflect.FieldDescriptor, into map[string]any, value any) {
	unknown := unknownValues(at, fd, value)
	if len(unknown) == 0 {
		return
	}
	name := fd.JSONName()
	switch v := value.(type) {
	case string:
		if is, set := into[name]; (set && !spelledZero(fd, is)) || hasSibling(fd, into) {
			k.lost = append(k.lost, unknown...)
		} else {
			into[name] = v
		}
		return
	case map[string]any:
		if inner, ok := into[name].(map[string]any); ok && fd.IsMap() {
			k.entries(at, fd, inner, v)
			return
		} else if ok {
			k.message(at, fd.Message(), inner, v)
			return
		}
	case []any:
		if inner, ok := into[name].([]any); ok && fd.Message() != nil {
			k.list(at, fd, inner, v)
			return
		}
	}
	k.lost = append(k.lost, unknown...)
}

// entries goes through the entries of a map of messages: only those hold anything that may be unknown.
func (k *keeper) entries(at string, fd protoreflect.FieldDescriptor, into, from map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(from)) {
		entry, isMessage := from[key].(map[string]any)
		inner, stays := into[key].(map[string]any)
		if isMessage && stays {
			k.message(joinKey(at, key), fd.MapValue().Message(), inner, entry)
		} else {
			k.lost = append(k.lost, unknownValues(joinKey(at, key), fd.MapValue(), from[key])...)
		}
	}
}

func (k *keeper) list(at string, fd protoreflect.FieldDescriptor, into, from []any) {
	for i, j := range pairUp(fd.Message(), into, from) {
		at := fmt.Sprintf("%s[%d]", at, i)
		element, isMessage := from[i].(map[string]any)
		if j >= 0 && isMessage {
			//nolint:errcheck,forcetypeassert // its partner is a message too
			k.message(at, fd.Message(), into[j].(map[string]any), element)
		} else {
			k.lost = append(k.lost, unknownValues(at, fd, from[i])...)
		}
	}
}

// pairUp returns for each element of from the one of into that it has become, -1 for none: the one that says the
// same, otherwise the one of the same name or destination, otherwise, in a list that is as long as it was, the one in
// the same place.
func pairUp(d protoreflect.MessageDescriptor, into, from []any) []int {
	pairs, taken := make([]int, len(from)), map[int]bool{}
	was, is := make([]proto.Message, len(from)), make([]proto.Message, len(into))
	for i := range from {
		pairs[i], was[i] = -1, parseElement(d, from[i])
	}
	for j := range into {
		is[j] = parseElement(d, into[j])
	}
	for _, same := range []func(i, j int) bool{
		func(i, j int) bool { return was[i] != nil && is[j] != nil && proto.Equal(was[i], is[j]) },
		func(i, j int) bool { return was[i] != nil && is[j] != nil && sameKey(d, was[i], is[j]) },
		func(i, j int) bool { return i == j && len(from) == len(into) },
	} {
		for i := range from {
			for j := range into {
				if pairs[i] < 0 && !taken[j] && same(i, j) {
					pairs[i], taken[j] = j, true
				}
			}
		}
	}
	return pairs
}

// parseElement reads what this API knows of an element. It returns nil for what it cannot read.
func parseElement(d protoreflect.MessageDescriptor, element any) proto.Message {
	tree, ok := element.(map[string]any)
	if !ok {
		return nil
	}
	raw, err := json.Marshal(spell(d, tree))
	message := dynamicpb.NewMessage(d)
	if err != nil || (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, message) != nil {
		return nil
	}
	return message
}

// keys are the fields that tell one element of a list from the others, the best first.
var keys = []protoreflect.Name{"name", "destination", "port"}

// sameKey reports whether two elements are told from others by the same name, destination or port.
func sameKey(d protoreflect.MessageDescriptor, a, b proto.Message) bool {
	for _, key := range keys {
		if fd := d.Fields().ByName(key); fd != nil && a.ProtoReflect().Has(fd) {
			return a.ProtoReflect().Get(fd).Equal(b.ProtoReflect().Get(fd))
		}
	}
	return false
}

// spelledZero reports whether a value stands there only because the zero of its field is spelled out: that says
// nothing about a value that cannot be read.
func spelledZero(fd protoreflect.FieldDescriptor, value any) bool {
	return DecisiveZero[fd.FullName()] && value == zeroJSON(fd)
}

// hasSibling reports whether another member of the field's oneof is set.
func hasSibling(fd protoreflect.FieldDescriptor, tree map[string]any) bool {
	oneof := fd.ContainingOneof()
	if oneof == nil {
		return false
	}
	for i := range oneof.Fields().Len() {
		if other := oneof.Fields().Get(i); other != fd && tree[other.JSONName()] != nil {
			return true
		}
	}
	return false
}
