package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// metadataPage answers a list request with the metadata of VirtualServices of these names, and where the list goes
// on.
func metadataPage(w http.ResponseWriter, next string, names ...string) {
	items := make([]any, len(names))
	for i, name := range names {
		items[i] = map[string]any{
			"metadata": map[string]any{"name": name, "namespace": "shop", "uid": "uid-" + name, "resourceVersion": "7"},
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"apiVersion": "meta.k8s.io/v1",
		"kind":       "PartialObjectMetadataList",
		"metadata":   map[string]any{"continue": next},
		"items":      items,
	})
}

func virtualServiceAt(name string) Address {
	return Address{Kind: istio.KindVirtualService, Namespace: "shop", Name: name}
}

// wantListed checks what a list says of an object: whether it is known, and whether there is one.
func wantListed(t *testing.T, c *Cluster, name string, exists, known bool) {
	t.Helper()
	is, ok := c.Listed(t.Context(), virtualServiceAt(name))
	if ok != known || (is != nil) != exists {
		t.Errorf("%s: %v, known %t, want it there: %t, known: %t", name, is, ok, exists, known)
	}
	if is != nil && *is != (Identity{UID: "uid-" + name, ResourceVersion: "7"}) {
		t.Errorf("%s: %v", name, *is)
	}
}

// One list of metadata answers for every object of a namespace, and follows what is written there.
func TestCluster_Listed(t *testing.T) {
	t.Parallel()
	c, requests := counted(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodDelete:
			_, _ = fmt.Fprint(w, "{}")
		case !strings.Contains(r.Header.Get("Accept"), "PartialObjectMetadataList") ||
			r.URL.Query().Get("limit") != "500":
			http.Error(w, "not this", http.StatusTeapot)
		default:
			metadataPage(w, "", "a", "b")
		}
	})
	for range 3 {
		wantListed(t, c, "a", true, true)
		wantListed(t, c, "c", false, true)
	}
	if got := requests.Load(); got != 1 {
		t.Errorf("%d requests, want one", got)
	}
	if err := c.remove(t.Context(), virtualServiceAt("b"), ""); err != nil {
		t.Fatal(err)
	}
	wantListed(t, c, "a", true, true)
	wantListed(t, c, "b", false, true)
	if got := requests.Load(); got != 2 {
		t.Errorf("%d requests, want a list and a deletion", got)
	}
	// Of a write without an answer nobody knows what it did.
	c.identities[istio.KindVirtualService].wrote(virtualServiceAt("a"), nil, errors.New("no answer"))
	wantListed(t, c, "b", true, true)
	if got := requests.Load(); got != 3 {
		t.Errorf("%d requests, want another list", got)
	}
}

// What is beyond the first page is not known, and the whole namespace is listed only for many such objects.
func TestCluster_Listed_beyondThePage(t *testing.T) {
	t.Parallel()
	c, requests := counted(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("continue") == "" {
			metadataPage(w, "more", "a")
		} else {
			metadataPage(w, "", "z")
		}
	})
	wantListed(t, c, "a", true, true)
	for range mostUnlisted {
		wantListed(t, c, "z", false, false)
	}
	if got := requests.Load(); got != 1 {
		t.Errorf("%d requests, want one", got)
	}
	wantListed(t, c, "z", true, true)
	wantListed(t, c, "y", false, true)
	if got := requests.Load(); got != 3 {
		t.Errorf("%d requests, want three", got)
	}
}

// Who may not list, or gets no answer, is told nothing, and is not kept waiting.
func TestCluster_Listed_refused(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusServiceUnavailable} {
		c, requests := counted(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", status) })
		for range 2 {
			wantListed(t, c, "a", false, false)
		}
		if got := requests.Load(); got != 1 {
			t.Errorf("%d: %d requests, want one", status, got)
		}
	}
}
