package cluster

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// A workload has a sidecar where istiod's webhook says so, or where it asks for one; so has every machine outside.
func TestView_List_sidecars(t *testing.T) {
	t.Parallel()
	query := around.Query{Resource: around.Sidecars, Namespace: "shop"}
	with := func(where, key, value string) map[string]any {
		return map[string]any{"metadata": map[string]any{"name": "a", where: map[string]any{key: value}}}
	}
	for name, test := range map[string]struct {
		pod, machine map[string]any
		denied       string
		want         map[string]bool
	}{
		"injected": {pod: with("annotations", "sidecar.istio.io/status", "{}"), want: map[string]bool{"shop": true}},
		"asks by a label": {
			pod: with("labels", "sidecar.istio.io/inject", "true"), want: map[string]bool{"shop": true},
		},
		"asks by an annotation": {
			pod: with("annotations", "sidecar.istio.io/inject", "true"), want: map[string]bool{"shop": true},
		},
		"wants " +
			"none": {pod: with("labels", "sidecar.istio.io/inject", "false"), want: map[string]bool{"shop": false}},
		"says nothing of it":         {pod: with("labels", "app", "a"), want: map[string]bool{"shop": false}},
		"nobody is there":            {want: map[string]bool{"shop": false}},
		"a machine":                  {machine: with("labels", "app", "a"), want: map[string]bool{"shop": true}},
		"pods are forbidden":         {denied: "pods", want: map[string]bool{}},
		"machines are forbidden too": {denied: "workloadentries", want: map[string]bool{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := counted(t, func(w http.ResponseWriter, r *http.Request) {
				var items []map[string]any
				there := map[string]map[string]any{"pods": test.pod, "workloadentries": test.machine}
				for resource, one := range there {
					if one != nil && strings.HasSuffix(r.URL.Path, "/namespaces/shop/"+resource) {
						items = append(items, item("a", one))
					}
				}
				if test.denied != "" && strings.HasSuffix(r.URL.Path, test.denied) {
					forbidden(w)
					return
				}
				listOf(w, items...)
			})
			v := NewSurroundings(c, "cluster.local").View("shop", traffic.Options{}, "")
			v.List(t.Context(), []around.Query{query})
			if diff := cmp.Diff(test.want, v.Sidecars); diff != "" {
				t.Errorf("sidecars (-want +got):\n%s", diff)
			}
			if v.Closed[query] != (test.denied != "") {
				t.Errorf("closed: %t", v.Closed[query])
			}
		})
	}
}

// Namespaces are listed with their labels. Who may not is not asked for the one of its own: there is none inside it.
func TestView_List_namespaces(t *testing.T) {
	t.Parallel()
	query := []around.Query{{Resource: around.Namespaces}}
	c, _ := counted(t, func(w http.ResponseWriter, _ *http.Request) {
		listOf(w, map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{
			"name": "web", "labels": map[string]any{"istio-injection": "enabled"},
		}})
	})
	v := NewSurroundings(c, "cluster.local").View("shop", traffic.Options{}, "")
	v.List(t.Context(), query)
	if diff := cmp.Diff(map[string]map[string]string{"web": {"istio-injection": "enabled"}}, v.Namespaces); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
	c, requests := counted(t, func(w http.ResponseWriter, _ *http.Request) { forbidden(w) })
	v = NewSurroundings(c, "cluster.local").View("shop", traffic.Options{}, "")
	v.List(t.Context(), query)
	if v.Namespaces != nil || requests.Load() != 1 || !v.Closed[query[0]] {
		t.Errorf("forbidden: %v after %d requests", v.Namespaces, requests.Load())
	}
}
