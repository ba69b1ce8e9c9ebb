package acceptance_test

import (
	"fmt"
	"os"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// BenchmarkList finds a thousand pairs of a namespace on a real control plane, as terraform query does. It needs
// TF_ACC; without it there is nothing to list.
func BenchmarkList(b *testing.B) {
	kubeconfig := os.Getenv("KUBE_CONFIG_PATH")
	if os.Getenv("TF_ACC") == "" || kubeconfig == "" {
		b.Skip("needs a cluster")
	}
	const pairs = 1000
	k, namespace := newKube(b, kubeconfig), fmt.Sprintf("list-bench-%d", os.Getpid())
	create := func(o map[string]any, resource string) {
		object := &unstructured.Unstructured{Object: o}
		if _, err := k.objects(object.GetAPIVersion(), resource, object.GetNamespace()).Create(
			b.Context(), object, metav1.CreateOptions{},
		); err != nil {
			b.Error(err)
		}
	}
	create(map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace}},
		"namespaces")
	var made sync.WaitGroup
	turns := make(chan struct{}, 8)
	for i := range pairs {
		turns <- struct{}{}
		made.Go(func() {
			defer func() { <-turns }()
			name := fmt.Sprintf("service-%04d", i)
			metadata := map[string]any{"name": name, "namespace": namespace}
			subsets := []any{
				map[string]any{"name": "v1", "labels": map[string]any{"version": "v1"}},
				map[string]any{"name": "v2", "labels": map[string]any{"version": "v2"}},
			}
			to := func(subset string) []any {
				return []any{map[string]any{"destination": map[string]any{"host": name, "subset": subset}}}
			}
			rule := func(version, subset string) any {
				return map[string]any{
					"match": []any{map[string]any{
						"headers": map[string]any{"version": map[string]any{"exact": version}},
					}},
					"route": to(subset),
				}
			}
			create(map[string]any{
				"apiVersion": "networking.istio.io/v1",
				"kind":       "DestinationRule",
				"metadata":   metadata,
				"spec":       map[string]any{"host": name, "subsets": subsets},
			}, "destinationrules")
			create(map[string]any{
				"apiVersion": "networking.istio.io/v1",
				"kind":       "VirtualService",
				"metadata":   metadata,
				"spec": map[string]any{
					"hosts": []any{name},
					"http":  []any{rule("100", "v1"), rule("200", "v2"), map[string]any{"route": to("v1")}},
				},
			}, "virtualservices")
		})
	}
	made.Wait()
	for _, whole := range []bool{false, true} {
		b.Run(fmt.Sprintf("with resource %t", whole), func(b *testing.B) {
			s := configured(b, fmt.Sprintf("config_path = %q\n", kubeconfig))
			for b.Loop() {
				found := s.list(b, query{"mesh_canary_route", fmt.Sprintf("namespace = %q", namespace), 0, whole})
				if len(found) != pairs {
					b.Fatalf("found %d", len(found))
				}
			}
		})
	}
}
