package check

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/spelling"
)

// The fields of every object of Kubernetes' API, and of its metadata.
var (
	objectFields   = []string{"apiVersion", "kind", "metadata", "spec", "status"}
	metadataFields = []string{
		"name", "namespace", "labels", "annotations", "uid", "resourceVersion", "generation", "creationTimestamp",
		"deletionTimestamp", "deletionGracePeriodSeconds", "finalizers", "ownerReferences", "managedFields",
		"generateName", "selfLink",
	}
)

// apiVersions are those in which Istio serves its kinds, all with the same schema.
var apiVersions = []string{apiGroup + "/v1", apiGroup + "/v1beta1", apiGroup + "/v1alpha3"}

// Manifest reads an object as it stands in a file for `kubectl apply`, a tree of JSON with numbers as [json.Number],
// and says what the API server and istiod refuse of it: at paths with the names of that file. Without a namespace it
// is of the given one. There is no object where its shape is not that of its kind.
func Manifest(tree map[string]any, namespace string) (*istio.Object, []istio.Problem) {
	s := &shape{}
	kind, ok := s.kind(tree)
	s.metadata(tree)
	spec, isObject := tree["spec"].(map[string]any)
	switch {
	case tree["spec"] == nil:
		s.refuse(istio.Path{"spec"}, "is missing")
	case !isObject:
		s.refuse(istio.Path{"spec"}, "must be an object")
	case ok:
		s.message(istio.Path{"spec"}, istio.NewSpec(kind).ProtoReflect(), spec)
	}
	if ok {
		s.names(nil, tree, objectFields, "a "+string(kind))
	}
	if len(s.problems) > 0 {
		return nil, s.problems
	}
	o, err := parsed(tree)
	if err != nil {
		return nil, []istio.Problem{istio.Errorf(nil, "%v", err)}
	}
	if o.Namespace == "" {
		o.Namespace = namespace
	}
	for _, p := range append(Name("name", o.Name), Namespace(o.Namespace)...) {
		p.At = append(istio.Path{"metadata"}, p.At...)
		s.problems = append(s.problems, p)
	}
	for _, p := range Validate(o) {
		if p.Severity == istio.Refused {
			p.At = append(istio.Path{"spec"}, written(p.At)...)
			s.problems = append(s.problems, p)
		}
	}
	return o, s.problems
}

// parsed reads a tree whose shape is right.
func parsed(tree map[string]any) (*istio.Object, error) {
	raw, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	return istio.ParseAny(raw)
}

// kind returns the kind of an object.
func (s *shape) kind(tree map[string]any) (kind istio.Kind, ok bool) {
	known := istio.Enumerate(kindNames(), "or")
	text, isText := tree["kind"].(string)
	switch {
	case tree["kind"] == nil:
		s.refuse(istio.Path{"kind"}, "is missing; it is %s", known)
	case !isText:
		s.refuse(istio.Path{"kind"}, "must be a string")
	case !slices.Contains(istio.Kinds(), istio.Kind(text)):
		s.refuse(istio.Path{"kind"}, "%.80q has nothing to do with this route: it must be %s%s", text, known,
			nearestKind(text))
	default:
		ok = true
	}
	version, isText := tree["apiVersion"].(string)
	switch {
	case tree["apiVersion"] == nil:
		s.refuse(istio.Path{"apiVersion"}, "is missing; it is %s", istio.Enumerate(apiVersions, "or"))
	case !isText:
		s.refuse(istio.Path{"apiVersion"}, "must be a string")
	case !slices.Contains(apiVersions, version):
		s.refuse(istio.Path{"apiVersion"}, "must be %s, got %.80q", istio.Enumerate(apiVersions, "or"), version)
	default:
		return istio.Kind(text), ok
	}
	return "", false
}

// nearestKind says which kind a misspelt one may stand for, nothing where none is near.
func nearestKind(text string) string {
	if nearest := spelling.Nearest(text, kindNames()); nearest != "" {
		return "; the nearest is " + nearest
	}
	return ""
}

func (s *shape) metadata(tree map[string]any) {
	at := istio.Path{"metadata"}
	metadata, ok := tree["metadata"].(map[string]any)
	switch {
	case tree["metadata"] == nil:
		s.refuse(at.At("name"), "is missing")
		return
	case !ok:
		s.refuse(at, "must be an object")
		return
	case metadata["name"] == nil:
		s.refuse(at.At("name"), "is missing")
	}
	for _, name := range []string{"name", "namespace"} {
		if _, ok := metadata[name].(string); !ok && metadata[name] != nil {
			s.refuse(at.At(name), "must be a string")
		}
	}
	for _, name := range []string{"labels", "annotations"} {
		entries, ok := metadata[name].(map[string]any)
		if !ok && metadata[name] != nil {
			s.refuse(at.At(name), "must be an object")
		}
		for _, key := range slices.Sorted(maps.Keys(entries)) {
			if _, ok := entries[key].(string); !ok {
				s.refuse(at.At(name, istio.Key(key)), "must be a string")
			}
		}
	}
	s.names(at, metadata, metadataFields, "the metadata of an object")
}

// names refuses entries that are no fields.
func (s *shape) names(at istio.Path, entries map[string]any, fields []string, of string) {
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		if !slices.Contains(fields, name) {
			s.unknown(at.At(name), name, fields, of)
		}
	}
}

func (s *shape) unknown(at istio.Path, name string, fields []string, of string) {
	if nearest := spelling.Nearest(name, fields); nearest != "" {
		s.refuse(at, "is no field of %s; the nearest is %s", of, nearest)
		return
	}
	s.refuse(at, "is no field of %s", of)
}

// written returns a path with the names of fields as files have them.
func written(at istio.Path) istio.Path {
	names := slices.Clone(at)
	for i, step := range names {
		if name, ok := step.(string); ok {
			names[i] = camel(name)
		}
	}
	return names
}

// camel returns the name that a field of protobuf has in JSON.
func camel(name string) string {
	parts := strings.Split(name, "_")
	for i, part := range parts[1:] {
		if part != "" {
			parts[i+1] = strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return strings.Join(parts, "")
}
