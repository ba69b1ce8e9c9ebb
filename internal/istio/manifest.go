package istio

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	networking "istio.io/api/networking/v1"
)

// APIVersion is the version of Istio's API that objects are written in. Istio serves v1 since 1.22, with the schema
// of v1beta1 and v1alpha3.
const APIVersion = apiGroup + "/v1"

const apiGroup = "networking.istio.io"

// DecisiveZero holds the fields whose zero is a decision and not an absence: `attempts: 0` switches retries off,
// `value: 0` is zero percent, `mode: DISABLE` and `version: V1` are the enums' zero. Protobuf's JSON leaves zeros
// out, so that a reader would see an empty block; objects and states spell these out.
var DecisiveZero = map[protoreflect.FullName]bool{
	"istio.networking.v1alpha3.HTTPRetry.attempts":                  true,
	"istio.networking.v1alpha3.Percent.value":                       true,
	"istio.networking.v1alpha3.ClientTLSSettings.mode":              true,
	"istio.networking.v1alpha3.TrafficPolicy.ProxyProtocol.version": true,
}

// Manifest returns the object as the Kubernetes API takes it, and as a person would write it: no nulls, no empty
// blocks, zeros only where they say something. The unknown fields of the object's raw spec are in it, where there is
// still a place for them.
func Manifest(o *Object) (map[string]any, error) {
	spec, err := specJSON(o.Spec)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", o, err)
	}
	if o.RawSpec != nil {
		new(keeper).message("", o.Spec.ProtoReflect().Descriptor(), spec, o.RawSpec)
	}
	metadata := map[string]any{"name": o.Name, "namespace": o.Namespace}
	if len(o.Labels) > 0 {
		metadata["labels"] = anyMap(o.Labels)
	}
	if len(o.Annotations) > 0 {
		metadata["annotations"] = anyMap(o.Annotations)
	}
	return map[string]any{
		"apiVersion": APIVersion,
		"kind":       string(o.Kind()),
		"metadata":   metadata,
		"spec":       spec,
	}, nil
}

// EncodeManifest returns a manifest as JSON of which a reader of YAML makes the same: the API server reads what is
// applied as YAML, which takes control characters only as escapes, and makes a space of a next line, U+0085.
func EncodeManifest(manifest map[string]any) ([]byte, error) {
	raw, err := json.Marshal(manifest)
	if err != nil {
		return nil, err
	}
	var escaped []byte
	for _, r := range string(raw) {
		if '\u007f' <= r && r <= '\u009f' || r == '\ufeff' || r == '\ufffe' || r == '\uffff' {
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
			continue
		}
		escaped = utf8.AppendRune(escaped, r)
	}
	return escaped, nil
}

// ParseSpec reads the spec of a live object into message and returns what of it the API of this provider does not
// know: unknown lists the places of the fields and enum values that were left out. An object without a spec has an
// empty one.
func ParseSpec(kind Kind, spec map[string]any) (message proto.Message, unknown []string, err error) {
	message = NewSpec(kind)
	if spec == nil {
		return message, nil, nil
	}
	spec = spell(message.ProtoReflect().Descriptor(), spec)
	raw, err := json.Marshal(spec)
	if err != nil {
		return nil, nil, fmt.Errorf("read spec: %w", err)
	}
	if err := protojson.Unmarshal(raw, message); err == nil {
		return message, nil, nil
	}
	message = NewSpec(kind)
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, message); err != nil {
		return nil, nil, fmt.Errorf("read spec: %w", err)
	}
	return message, unknownFields("", message.ProtoReflect().Descriptor(), spec), nil
}

// NewSpec returns an empty spec of a kind.
func NewSpec(kind Kind) proto.Message {
	switch kind {
	case KindDestinationRule:
		return &networking.DestinationRule{}
	case KindGateway:
		return &networking.Gateway{}
	case KindServiceEntry:
		return &networking.ServiceEntry{}
	case KindVirtualService:
	}
	return &networking.VirtualService{}
}

// unknownFields lists the places in the JSON of a message that its descriptor does not know.
func unknownFields(at string, d protoreflect.MessageDescriptor, tree map[string]any) []string {
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		fd := d.Fields().ByJSONName(name)
		if fd == nil {
			fd = d.Fields().ByTextName(name)
		}
		if fd == nil {
			unknown = append(unknown, joinKey(at, name))
			continue
		}
		unknown = append(unknown, unknownValues(joinKey(at, name), fd, tree[name])...)
	}
	return unknown
}

func unknownValues(at string, fd protoreflect.FieldDescriptor, value any) []string {
	var unknown []string
	switch v := value.(type) {
	case []any:
		for i := range v {
			unknown = append(unknown, unknownValues(fmt.Sprintf("%s[%d]", at, i), fd, v[i])...)
		}
	case map[string]any:
		if !fd.IsMap() {
			return unknownFields(at, fd.Message(), v)
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			unknown = append(unknown, unknownValues(joinKey(at, key), fd.MapValue(), v[key])...)
		}
	case string:
		if fd.Enum() != nil && fd.Enum().Values().ByName(protoreflect.Name(v)) == nil {
			return []string{at}
		}
	}
	return unknown
}

func specJSON(spec proto.Message) (map[string]any, error) {
	raw, err := protojson.Marshal(spec)
	if err != nil {
		return nil, err
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, err
	}
	spellZeros(spec.ProtoReflect(), tree)
	return tree, nil
}

// spellZeros writes the zeros that say something into the JSON of message, and as numbers the 64-bit numbers that
// protobuf's JSON writes as strings: the API server's schemas take no strings for them.
func spellZeros(message protoreflect.Message, tree map[string]any) {
	fields := message.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if DecisiveZero[fd.FullName()] && !message.Has(fd) {
			tree[fd.JSONName()] = zeroJSON(fd)
		}
	}
	message.Range(func(fd protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch inner := tree[fd.JSONName()].(type) {
		case []any:
			if fd.Message() == nil {
				break
			}
			for i := range inner {
				//nolint:errcheck,forcetypeassert // a message is an object
				spellZeros(value.List().Get(i).Message(), inner[i].(map[string]any))
			}
			spellWeights(fd, inner)
		case map[string]any:
			if !fd.IsMap() {
				spellZeros(value.Message(), inner)
			} else if fd.MapValue().Message() != nil {
				value.Map().Range(func(key protoreflect.MapKey, v protoreflect.Value) bool {
					//nolint:errcheck,forcetypeassert // a message is an object
					spellZeros(v.Message(), inner[key.String()].(map[string]any))
					return true
				})
			}
		case string:
			if fd.Kind() == protoreflect.Uint64Kind || fd.Kind() == protoreflect.Int64Kind {
				tree[fd.JSONName()] = json.Number(inner)
			}
		}
		return true
	})
}

// spellWeights writes the weight 0 of a destination that has siblings: without it a reader cannot tell it from a
// forgotten one.
func spellWeights(fd protoreflect.FieldDescriptor, destinations []any) {
	if fd.FullName() != "istio.networking.v1alpha3.HTTPRoute.route" || len(destinations) < 2 {
		return
	}
	for _, d := range destinations {
		if destination, ok := d.(map[string]any); ok && destination["weight"] == nil {
			destination["weight"] = float64(0)
		}
	}
}

func zeroJSON(fd protoreflect.FieldDescriptor) any {
	if fd.Enum() != nil {
		return string(fd.Enum().Values().ByNumber(0).Name())
	}
	return float64(0)
}

func anyMap(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// ParseManifest reads what [Manifest] made, as JSON: one of the kinds that decide about routes.
func ParseManifest(raw []byte) (*Object, error) {
	return parseManifest(raw, KindVirtualService, KindDestinationRule)
}

// ParseAny reads an object of any kind, as JSON.
func ParseAny(raw []byte) (*Object, error) { return parseManifest(raw, Kinds()...) }

func parseManifest(raw []byte, kinds ...Kind) (*Object, error) {
	var manifest struct {
		APIVersion string
		Kind       Kind
		Metadata   struct {
			Namespace, Name     string
			Labels, Annotations map[string]string
		}
		Spec map[string]any
	}
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	if !slices.Contains(kinds, manifest.Kind) {
		names := make([]string, len(kinds))
		for i, kind := range kinds {
			names[i] = string(kind)
		}
		return nil, fmt.Errorf("read manifest: %.80q is neither a %s", manifest.Kind, Enumerate(names, "nor a"))
	}
	// Other projects have kinds of the same names.
	if group, _, _ := strings.Cut(manifest.APIVersion, "/"); group != apiGroup {
		return nil, fmt.Errorf("read manifest: a %s of %.80q is none of %s", manifest.Kind, manifest.APIVersion,
			apiGroup)
	}
	spec, unknown, err := ParseSpec(manifest.Kind, manifest.Spec)
	if err != nil {
		return nil, err
	}
	m := manifest.Metadata
	o := &Object{
		Namespace:   m.Namespace,
		Name:        m.Name,
		Labels:      m.Labels,
		Annotations: m.Annotations,
		Spec:        spec,
		Unknown:     unknown,
	}
	if len(unknown) > 0 {
		o.RawSpec = manifest.Spec
	}
	return o, nil
}
