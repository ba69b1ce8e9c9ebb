package acctest

import (
	"strings"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Traces returns every object of both kinds, in every namespace, whose name or hosts begin with the name of the
// test's Service. Only this test can have made them: the name is its own.
func (l *Lab) Traces() []unstructured.Unstructured {
	l.t.Helper()
	ctx, cancel := l.context()
	defer cancel()
	var found []unstructured.Unstructured
	for _, kind := range []string{DestinationRule, VirtualService} {
		list, err := l.client.Resource(resources[kind]).List(ctx, metav1.ListOptions{})
		if err != nil {
			l.t.Fatalf("list every %s: %v", kind, err)
		}
		for _, o := range list.Items {
			host, _, _ := unstructured.NestedString(o.Object, "spec", "host")
			hosts, _, _ := unstructured.NestedStringSlice(o.Object, "spec", "hosts")
			for _, name := range append(hosts, host, o.GetName()) {
				if strings.HasPrefix(name, l.Service) {
					found = append(found, o)
					break
				}
			}
		}
	}
	return found
}

// MarkAs lets another field manager put a label and an annotation on a live object, both named after the manager.
func (l *Lab) MarkAs(manager, kind, namespace, name string) {
	l.t.Helper()
	mark := map[string]any{manager + ".example/mark": "theirs"}
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": resources[kind].GroupVersion().String(), "kind": kind,
		"metadata": map[string]any{"namespace": namespace, "name": name, "labels": mark, "annotations": mark},
	}}
	ctx, cancel := l.context()
	defer cancel()
	if _, err := l.In(namespace).objects(kind).Apply(ctx, name, object, metav1.ApplyOptions{
		FieldManager: manager,
	}); err != nil {
		l.t.Fatalf("mark %s %q as %s: %v", kind, name, manager, err)
	}
}

// Marked reports whether what [Lab.MarkAs] put on an object is still there.
func Marked(manager string, o *unstructured.Unstructured) bool {
	key := manager + ".example/mark"
	return o.GetLabels()[key] == "theirs" && o.GetAnnotations()[key] == "theirs"
}

// Bystand makes a pair of another field manager for a host of its own, next to the test's Service, and returns what
// changed on it since: empty when not a byte did.
func (l *Lab) Bystand() (changed func() string) {
	l.t.Helper()
	objects := []*unstructured.Unstructured{
		l.Create("apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: by-SERVICE, namespace: " +
			"NAMESPACE}\n" +
			"spec: {host: by-SERVICE, subsets: [{name: v1, labels: {app: k8s-combat-service-v1}}]}\n"),
		l.Create("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: by-SERVICE, namespace: " +
			"NAMESPACE}\n" +
			"spec: {hosts: [by-SERVICE], http: [{route: [{destination: {host: by-SERVICE, subset: v1}}]}]}\n"),
	}
	l.t.Cleanup(func() {
		for _, o := range objects {
			l.Delete(o.GetKind(), o.GetName())
		}
	})
	return func() string {
		l.t.Helper()
		var diff string
		for _, o := range objects {
			diff += cmp.Diff(o, l.Get(o.GetKind(), o.GetName()))
		}
		return diff
	}
}
