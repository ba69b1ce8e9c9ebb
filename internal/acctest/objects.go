package acctest

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"
)

// The kinds that tests look at.
const (
	VirtualService  = "VirtualService"
	DestinationRule = "DestinationRule"
)

var resources = map[string]schema.GroupVersionResource{
	VirtualService:  {Group: "networking.istio.io", Version: "v1", Resource: "virtualservices"},
	DestinationRule: {Group: "networking.istio.io", Version: "v1", Resource: "destinationrules"},
}

func (l *Lab) objects(kind string) dynamic.ResourceInterface {
	return l.client.Resource(resources[kind]).Namespace(l.Namespace)
}

// Get returns a live object, nil where there is none.
func (l *Lab) Get(kind, name string) *unstructured.Unstructured {
	l.t.Helper()
	ctx, cancel := l.context()
	defer cancel()
	object, err := l.objects(kind).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		l.t.Fatalf("read %s %q: %v", kind, name, err)
	}
	return object
}

// MustGet returns a live object that must exist.
func (l *Lab) MustGet(kind, name string) *unstructured.Unstructured {
	l.t.Helper()
	object := l.Get(kind, name)
	if object == nil {
		l.t.Fatalf("there is no %s %q", kind, name)
	}
	return object
}

// Create makes an object from YAML in which SERVICE, NAMESPACE and HOST stand for the test's names.
func (l *Lab) Create(text string) *unstructured.Unstructured {
	l.t.Helper()
	object := l.parse(text)
	ctx, cancel := l.context()
	defer cancel()
	made, err := l.objects(object.GetKind()).Create(ctx, object, metav1.CreateOptions{FieldManager: "kubectl-create"})
	if err != nil {
		l.t.Fatalf("create %s %q: %v", object.GetKind(), object.GetName(), err)
	}
	return made
}

// Edit changes a live object as `kubectl edit` does: as another field manager, by an update.
func (l *Lab) Edit(kind, name string, change func(spec map[string]any)) {
	l.t.Helper()
	l.EditObject(kind, name, func(o *unstructured.Unstructured) { change(l.within(o.Object, "spec")) })
}

// EditObject is [Lab.Edit] for the whole object.
func (l *Lab) EditObject(kind, name string, change func(*unstructured.Unstructured)) {
	l.t.Helper()
	object := l.MustGet(kind, name)
	change(object)
	ctx, cancel := l.context()
	defer cancel()
	if _, err := l.objects(kind).Update(ctx, object, metav1.UpdateOptions{FieldManager: "kubectl-edit"}); err != nil {
		l.t.Fatalf("edit %s %q: %v", kind, name, err)
	}
}

// ApplyAs applies YAML as another field manager, and takes the fields that it names.
func (l *Lab) ApplyAs(manager, text string) {
	l.t.Helper()
	object := l.parse(text)
	ctx, cancel := l.context()
	defer cancel()
	options := metav1.ApplyOptions{FieldManager: manager, Force: true}
	if _, err := l.objects(object.GetKind()).Apply(ctx, object.GetName(), object, options); err != nil {
		l.t.Fatalf("apply %s %q as %s: %v", object.GetKind(), object.GetName(), manager, err)
	}
}

// Delete removes a live object.
func (l *Lab) Delete(kind, name string) {
	l.t.Helper()
	ctx, cancel := l.context()
	defer cancel()
	if err := l.objects(kind).Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		l.t.Fatalf("delete %s %q: %v", kind, name, err)
	}
}

func (l *Lab) parse(text string) *unstructured.Unstructured {
	l.t.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(l.Expand(text)), &object.Object); err != nil {
		l.t.Fatalf("parse manifest: %v", err)
	}
	return object
}

// ManifestYAML returns a live object as a person would look at it: without what only the API server writes.
func (l *Lab) ManifestYAML(kind, name string) string {
	l.t.Helper()
	object := l.MustGet(kind, name).Object
	metadata := l.within(object, "metadata")
	for _, field := range []string{"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"} {
		delete(metadata, field)
	}
	delete(object, "status")
	text, err := yaml.Marshal(object)
	if err != nil {
		l.t.Fatalf("render %s %q: %v", kind, name, err)
	}
	return string(text)
}

// Spec checks that the spec of a live object is the given YAML, in which SERVICE, NAMESPACE and HOST stand for the
// test's names.
func (l *Lab) Spec(kind, name, want string) resource.TestCheckFunc {
	return l.Live(func() error {
		object := l.Get(kind, name)
		if object == nil {
			return fmt.Errorf("there is no %s %q", kind, name)
		}
		var wanted map[string]any
		if err := yaml.Unmarshal([]byte(l.Expand(want)), &wanted); err != nil {
			return fmt.Errorf("parse the wanted spec: %w", err)
		}
		if diff := cmp.Diff(wanted, normal(object.Object["spec"])); diff != "" {
			return fmt.Errorf("spec of %s %q (-want +got):\n%s", kind, name, diff)
		}
		return nil
	})
}

// normal turns the integers of a live object into what YAML is read into.
func normal(value any) map[string]any {
	var tree map[string]any
	if raw, err := yaml.Marshal(value); err == nil {
		// What was just written can be read.
		_ = yaml.Unmarshal(raw, &tree)
	}
	return tree
}

// Missing checks that an object does not exist.
func (l *Lab) Missing(kind, name string) resource.TestCheckFunc {
	return l.Live(func() error {
		if l.Get(kind, name) != nil {
			return fmt.Errorf("%s %q exists", kind, name)
		}
		return nil
	})
}

// Live turns a look at the cluster into a check of a step.
func (l *Lab) Live(look func() error) resource.TestCheckFunc {
	return func(*terraform.State) error { return look() }
}

// Destroyed checks that nothing for the test's host is left, in any namespace.
func (l *Lab) Destroyed(*terraform.State) error {
	ctx, cancel := l.context()
	defer cancel()
	for _, kind := range []string{VirtualService, DestinationRule} {
		for _, left := range l.forHost(ctx, kind) {
			return fmt.Errorf("%s %q is left in namespace %q", kind, left.GetName(), left.GetNamespace())
		}
	}
	return nil
}

// forHost returns the objects that speak for the test's host.
func (l *Lab) forHost(ctx context.Context, kind string) []unstructured.Unstructured {
	list, err := l.client.Resource(resources[kind]).List(ctx, metav1.ListOptions{})
	if err != nil {
		l.t.Errorf("list every %s: %v", kind, err)
		return nil
	}
	return slices.DeleteFunc(list.Items, func(o unstructured.Unstructured) bool {
		host, _, _ := unstructured.NestedString(o.Object, "spec", "host")
		hosts, _, _ := unstructured.NestedStringSlice(o.Object, "spec", "hosts")
		return !slices.ContainsFunc(append(hosts, host), func(h string) bool { return h == l.Host || h == l.Service })
	})
}

// deleteLeftovers removes what a failed test left for its host.
func (l *Lab) deleteLeftovers(ctx context.Context) {
	for _, kind := range []string{VirtualService, DestinationRule} {
		for _, left := range l.forHost(ctx, kind) {
			objects := l.client.Resource(resources[kind]).Namespace(left.GetNamespace())
			if err := objects.Delete(ctx, left.GetName(), metav1.DeleteOptions{}); err != nil &&
				!apierrors.IsNotFound(err) {
				l.t.Errorf("delete %s %q: %v", kind, left.GetName(), err)
			}
		}
	}
}

// within returns the object under a key of another one.
func (l *Lab) within(object map[string]any, key string) map[string]any {
	l.t.Helper()
	inner, ok := object[key].(map[string]any)
	if !ok {
		l.t.Fatalf("%s is %T, want an object", key, object[key])
	}
	return inner
}

// portsOf returns the ports of a Service, one at least.
func (l *Lab) portsOf(service *unstructured.Unstructured) []map[string]any {
	l.t.Helper()
	var ports []map[string]any
	all, _ := l.within(service.Object, "spec")["ports"].([]any)
	for _, p := range all {
		if port, ok := p.(map[string]any); ok {
			ports = append(ports, port)
		}
	}
	if len(ports) == 0 {
		l.t.Fatalf("service %s has no port", service.GetName())
	}
	return ports
}

// Declares reports whether the API of a kind has a field, which is named by the fields that lead to it.
func (l *Lab) Declares(kind string, fields ...string) bool {
	l.t.Helper()
	ctx, cancel := l.context()
	defer cancel()
	definitions := schema.GroupVersionResource{
		Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions",
	}
	definition, err := l.client.Resource(definitions).Get(ctx, resources[kind].GroupResource().String(),
		metav1.GetOptions{})
	if err != nil {
		l.t.Fatalf("read the definition of %s: %v", kind, err)
	}
	versions, _, _ := unstructured.NestedSlice(definition.Object, "spec", "versions")
	for _, version := range versions {
		of, _ := version.(map[string]any)
		at := l.within(l.within(of, "schema"), "openAPIV3Schema")
		for _, field := range append([]string{"spec"}, fields...) {
			if items, ok := at["items"].(map[string]any); ok {
				at = items
			}
			properties, _ := at["properties"].(map[string]any)
			at, _ = properties[field].(map[string]any)
		}
		if at == nil {
			return false
		}
	}
	return len(versions) > 0
}
