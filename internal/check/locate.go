package check

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// effort is how much is judged to find out where verdicts belong, in bytes of specs and verdicts: half a second's
// work for Istio's validation. When it is spent, places are as exact as they are known by then. A spec of the usual
// few kilobytes never comes near it, however much is wrong.
const effort = 1 << 20

// locator judges changed copies of an object's spec until its effort is spent.
type locator struct {
	object *istio.Object
	left   int
}

// judge returns the verdicts on a spec; nothing and false when the effort is spent.
func (c *locator) judge(spec proto.Message) (map[meaning]int, bool) {
	if c.left <= 0 {
		return nil, false
	}
	verdicts := judge(c.object, spec)
	c.left -= 100 + proto.Size(spec)
	for _, v := range verdicts {
		c.left -= len(v.text)
	}
	return count(verdicts), true
}

// locate finds the places that a verdict is about: the deepest parts of the message whose removal makes the verdict
// go away. Istio's messages name no field; taking parts away until the complaint stops finds it whatever the text
// says, for every check that exists or will exist. A verdict that no removal silences is about the message as a
// whole.
func (c *locator) locate(root proto.Message, v verdict, count int) []istio.Path {
	return lastOf(c.descend(root, nil, v, count), count)
}

// lastOf returns the last places, no more than there are verdicts: where several parts contradict each other, any of
// them could go, and the last one is named.
func lastOf(places []istio.Path, count int) []istio.Path {
	return places[max(0, len(places)-count):]
}

// elements are the rules or subsets of a spec, each judged alone.
type elements struct {
	specs []proto.Message
	list  string
	// given says which elements gave a verdict, in order, and how often each.
	given map[meaning][]elementCount
}

type elementCount struct{ index, count int }

// judgeElements judges every rule of a VirtualService, or subset of a DestinationRule, alone. Most verdicts are about
// one of them, and a hundred wrong rules would otherwise be judged a thousand times all together.
func (c *locator) judgeElements(root proto.Message) elements {
	e := elements{list: "http", given: map[meaning][]elementCount{}}
	if _, ok := root.(*networking.DestinationRule); ok {
		e.list = "subsets"
	}
	fd := root.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(e.list))
	if fd == nil || root.ProtoReflect().Get(fd).List().Len() < 2 {
		return elements{}
	}
	list := root.ProtoReflect().Get(fd).List()
	rest := proto.Clone(root)
	rest.ProtoReflect().Clear(fd)
	for i := range list.Len() {
		spec := proto.Clone(rest)
		spec.ProtoReflect().Mutable(fd).List().Append(list.Get(i))
		counts, ok := c.judge(spec)
		if !ok {
			return elements{}
		}
		e.specs = append(e.specs, spec)
		for m, n := range counts {
			e.given[m] = append(e.given[m], elementCount{i, n})
		}
	}
	return e
}

// locateInElements finds the places that a verdict is about inside the elements. It finds none for a verdict that is
// not about single elements: judged alone, they do not give it exactly as often as all together.
func (c *locator) locateInElements(e elements, v verdict, count int) []istio.Path {
	total := 0
	for _, g := range e.given[v.meaning] {
		total += g.count
	}
	if total != count {
		return nil
	}
	var places []istio.Path
	for _, g := range e.given[v.meaning] {
		for _, at := range lastOf(c.descend(e.specs[g.index], istio.Path{e.list, 0}, v, g.count), g.count) {
			at[1] = g.index
			places = append(places, at)
		}
	}
	return places
}

func (c *locator) descend(root proto.Message, at istio.Path, v verdict, count int) []istio.Path {
	if c.left <= 0 {
		return []istio.Path{at}
	}
	silenced := func(steps []istio.Path) bool {
		if c.left <= 0 {
			return false
		}
		counts, ok := c.judge(without(root, at, steps))
		return ok && counts[v.meaning] < count
	}
	var places []istio.Path
	for _, step := range culprits(children(root, at), silenced) {
		places = append(places, c.descend(root, at.At(step...), v, count)...)
	}
	if len(places) == 0 {
		return []istio.Path{at}
	}
	return places
}

// culprits returns the steps whose removal, each by itself, silences. It halves the list, so that one bad rule among
// hundreds costs a dozen checks.
func culprits(steps []istio.Path, silenced func([]istio.Path) bool) []istio.Path {
	if len(steps) == 0 || !silenced(steps) {
		return nil
	}
	if len(steps) == 1 {
		return steps
	}
	half := len(steps) / 2
	return append(culprits(steps[:half:half], silenced), culprits(steps[half:], silenced)...)
}

// quotedOnly is a field that Istio does not check and quotes in what it says about others: without it the text
// changes, and the complaint stays.
const quotedOnly protoreflect.FullName = "istio.networking.v1alpha3.HTTPRoute.name"

// children lists the steps from the value at a path to what is set directly inside it, in the order of the API.
func children(root proto.Message, at istio.Path) []istio.Path {
	value, fd := resolve(root, at)
	if fd != nil && fd.Message() == nil || isMapOfScalars(fd) {
		return nil
	}
	message := value.Message()
	if isWellKnown(message.Descriptor()) {
		return nil
	}
	var steps []istio.Path
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
				steps = append(steps, istio.Path{name, j})
			}
		case f.IsMap():
			for _, key := range mapKeys(inner.Map()) {
				steps = append(steps, istio.Path{name, istio.Key(key)})
			}
		default:
			steps = append(steps, istio.Path{name})
		}
	}
	return steps
}

// resolve returns the value at a path, and the field that holds it: nil for the root.
func resolve(root proto.Message, at istio.Path) (protoreflect.Value, protoreflect.FieldDescriptor) {
	value := protoreflect.ValueOfMessage(root.ProtoReflect())
	var fd protoreflect.FieldDescriptor
	for _, step := range at {
		switch s := step.(type) {
		case string:
			fd = value.Message().Descriptor().Fields().ByName(protoreflect.Name(s))
			value = value.Message().Get(fd)
		case int:
			value = value.List().Get(s)
		case istio.Key:
			value = value.Map().Get(protoreflect.ValueOfString(string(s)).MapKey())
		}
	}
	return value, fd
}

func isMapOfScalars(fd protoreflect.FieldDescriptor) bool {
	return fd != nil && fd.IsMap() && fd.MapValue().Message() == nil
}

// without returns a copy of the root in which the value at a path lacks some of its children.
func without(root proto.Message, at istio.Path, steps []istio.Path) proto.Message {
	rest := proto.Clone(root)
	value, _ := resolve(rest, at)
	message := value.Message()
	gone := map[string]map[int]bool{}
	for _, step := range steps {
		name := step[0].(string) //nolint:errcheck,forcetypeassert // a step begins with a name
		fd := message.Descriptor().Fields().ByName(protoreflect.Name(name))
		if len(step) == 1 {
			message.Clear(fd)
			continue
		}
		switch s := step[1].(type) {
		case int:
			if gone[name] == nil {
				gone[name] = map[int]bool{}
			}
			gone[name][s] = true
		case istio.Key:
			message.Mutable(fd).Map().Clear(protoreflect.ValueOfString(string(s)).MapKey())
		}
	}
	for name, indexes := range gone {
		list := message.Mutable(message.Descriptor().Fields().ByName(protoreflect.Name(name))).List()
		kept := 0
		for i := range list.Len() {
			if !indexes[i] {
				list.Set(kept, list.Get(i))
				kept++
			}
		}
		list.Truncate(kept)
	}
	return rest
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
func comparePaths(root proto.Message, a, b istio.Path) int {
	for i := range min(len(a), len(b)) {
		order := 0
		switch step := a[i].(type) {
		case int:
			//nolint:errcheck,forcetypeassert // what is at the same place is of the same kind
			order = cmp.Compare(step, b[i].(int))
		case istio.Key:
			//nolint:errcheck,forcetypeassert // what is at the same place is of the same kind
			order = cmp.Compare(step, b[i].(istio.Key))
		case string:
			value, _ := resolve(root, a[:i])
			fields := value.Message().Descriptor().Fields()
			//nolint:errcheck,forcetypeassert // a field is a name
			index := func(name any) int { return fields.ByName(protoreflect.Name(name.(string))).Index() }
			order = cmp.Compare(index(step), index(b[i]))
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Compare(len(a), len(b))
}
