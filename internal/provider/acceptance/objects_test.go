package acceptance

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	networking "istio.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

// ReadObjects reads the objects of testdata/objects, as people write them for kubectl, into a namespace.
func ReadObjects(t *testing.T, namespace string) []*unstructured.Unstructured {
	t.Helper()
	files, err := filepath.Glob("testdata/objects/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no objects: %v", err)
	}
	var all []*unstructured.Unstructured
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for document := range strings.SplitSeq(strings.ReplaceAll(string(text), "NAMESPACE", namespace), "\n---\n") {
			o := &unstructured.Unstructured{}
			if err := yaml.UnmarshalStrict([]byte(document), &o.Object); err != nil {
				t.Fatalf("read %s: %v\n%s", file, err, document)
			}
			o.SetNamespace(namespace)
			all = append(all, o)
		}
	}
	return all
}

// neverAccepted are fields for which every value is refused by istiod.
var neverAccepted = []string{"/http/fault/delay/exponential_delay", "/http/fault/abort/http2_error"}

// TestObjects: the objects that are brought under Terraform use every field, in every place, that the API server
// takes, and this provider finds no fault with them.
func TestObjects(t *testing.T) {
	t.Parallel()
	objects := ReadObjects(t, sampleNamespace)
	if len(objects) < 60 {
		t.Errorf("there are only %d objects", len(objects))
	}
	used := map[istio.Kind]map[string]bool{istio.KindVirtualService: {}, istio.KindDestinationRule: {}}
	for _, o := range objects {
		kind := istio.Kind(o.GetKind())
		tree, _, err := unstructured.NestedMap(normalJSON(t, o.Object), "spec")
		if err != nil {
			t.Fatal(err)
		}
		spec, unknown, err := istio.ParseSpec(kind, tree)
		if err != nil || len(unknown) > 0 {
			t.Errorf("%s: %v, unknown %q", o.GetName(), err, unknown)
			continue
		}
		useFields(spec.ProtoReflect().Descriptor(), tree, "", used[kind])
		is := &istio.Object{
			Namespace:   sampleNamespace,
			Name:        o.GetName(),
			Labels:      o.GetLabels(),
			Annotations: o.GetAnnotations(),
			Spec:        spec,
		}
		described, _ := form.OfKind(kind).Recognize(istio.ObjectsOf(is), &canary.Placement{}, form.Defaults{})
		for _, p := range described.Problems() {
			if p.Severity == istio.Refused {
				t.Errorf("%s: %s: %s", o.GetName(), p.At, p.Reason)
			}
		}
	}
	for kind, spec := range map[istio.Kind]proto.Message{
		istio.KindVirtualService:  &networking.VirtualService{},
		istio.KindDestinationRule: &networking.DestinationRule{},
	} {
		leaves := 0
		istiotest.WalkFields(spec.ProtoReflect().Descriptor(),
			"", func(at string, _ protoreflect.FieldDescriptor, leaf bool) {
				if !leaf || slices.Contains(neverAccepted, at) {
					return
				}
				if leaves++; !used[kind][at] {
					t.Errorf("no %s uses %s", kind, at)
				}
			})
		t.Logf("%d leaf fields of %s, in every place", leaves, kind)
	}
	t.Logf("%d objects", len(objects))
}

// useFields notes the fields that the JSON of a message spells, by the names of the attributes that lead to them.
func useFields(d protoreflect.MessageDescriptor, tree map[string]any, at string, used map[string]bool) {
	for name, value := range tree {
		fd := d.Fields().ByJSONName(name)
		if fd == nil {
			fd = d.Fields().ByTextName(name)
		}
		inner := at + "/" + string(fd.Name())
		used[inner] = true
		message, values := fd.Message(), []any{value}
		switch v := value.(type) {
		case []any:
			values = v
		case map[string]any:
			if fd.IsMap() {
				message, values = fd.MapValue().Message(), slices.Collect(maps.Values(v))
			}
		}
		for _, v := range values {
			if tree, ok := v.(map[string]any); ok && message != nil {
				useFields(message, tree, inner, used)
			}
		}
	}
}

// normalJSON returns a tree with the types of numbers that the API server's answers have.
func normalJSON(t *testing.T, tree map[string]any) map[string]any {
	t.Helper()
	raw, err := (&unstructured.Unstructured{Object: tree}).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	normal := &unstructured.Unstructured{}
	if err := normal.UnmarshalJSON(raw); err != nil {
		t.Fatal(err)
	}
	return normal.Object
}
