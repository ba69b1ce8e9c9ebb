package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/write"
)

// BenchmarkWrite writes namespaces of 1,000 and of 4,000 objects, and reports how many times as long the larger one
// takes: four times, while nothing looks at all objects for each of them.
func BenchmarkWrite(b *testing.B) {
	few, many := writing(b, 1000), writing(b, 4000)
	var took [2]time.Duration
	for b.Loop() {
		for i, run := range []func(){few, many} {
			begun := time.Now()
			run()
			took[i] += time.Since(begun)
		}
	}
	b.ReportMetric(float64(took[0].Microseconds())/float64(b.N)/1000, "ms-1000-objects")
	b.ReportMetric(float64(took[1].Microseconds())/float64(b.N)/1000, "ms-4000-objects")
	b.ReportMetric(float64(took[1])/float64(took[0]), "x-objects-4x")
}

// writing returns what writes the configuration of so many objects.
func writing(b *testing.B, objects int) func() {
	b.Helper()
	server := httptest.NewServer(sharedPairs(b, objects))
	b.Cleanup(server.Close)
	kubeconfig := filepath.Join(b.TempDir(), "kubeconfig")
	text := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: "+
		"{cluster: c, user: u}}], users: [{name: u, user: {token: t}}], clusters: [{name: c, cluster: {server: %q}}]}",
		server.URL)
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return func() {
		var said bytes.Buffer
		arguments := []string{"--kubeconfig", kubeconfig, "shop"}
		if code := write.Run(arguments, OpenWrite("bench"), io.Discard, &said); code != 0 {
			b.Fatalf("it ends with %d: %s", code, said.String())
		}
	}
}

// sharedPairs is an API server with so many objects in the namespace shop. A quarter of them are pairs of two names,
// a quarter are VirtualServices that share a DestinationRule with another one, and a quarter hold what no pair says.
func sharedPairs(b *testing.B, objects int) http.Handler {
	b.Helper()
	const collection = "/apis/networking.istio.io/v1/namespaces/shop/"
	at, lists := map[string]any{}, map[string][]any{}
	add := func(kind, name string, spec map[string]any) {
		resource := strings.ToLower(kind) + "s"
		o := map[string]any{
			"apiVersion": "networking.istio.io/v1", "kind": kind, "spec": spec, "metadata": map[string]any{
				"name": name, "namespace": "shop", "uid": resource + name, "resourceVersion": "1",
			},
		}
		at[collection+resource+"/"+name], lists[resource] = o, append(lists[resource], o)
	}
	for i := range objects / 4 {
		host := fmt.Sprintf("service-%d", i)
		to := map[string]any{"destination": map[string]any{"host": host, "subset": "v1"}}
		service := func(name string, more map[string]any) {
			spec := map[string]any{
				"hosts": []any{name + ".example"}, "http": []any{map[string]any{"route": []any{to}}},
			}
			for key, value := range more {
				spec[key] = value
			}
			add("VirtualService", name, spec)
		}
		service(host+"-a", nil)
		service(host+"-b", nil)
		service(host+"-c", map[string]any{"exportTo": []any{"."}})
		add("DestinationRule", host+"-rule", map[string]any{
			"host": host, "subsets": []any{map[string]any{"name": "v1", "labels": map[string]any{"version": "v1"}}},
		})
	}
	answers := map[string][]byte{}
	encode := func(path string, o any) {
		text, err := json.Marshal(o)
		if err != nil {
			b.Fatal(err)
		}
		answers[path] = text
	}
	for path, o := range at {
		encode(path, o)
	}
	for resource, items := range lists {
		encode(collection+resource, map[string]any{
			"apiVersion": "networking.istio.io/v1", "kind": items[0].(map[string]any)["kind"].(string) + "List",
			"metadata": map[string]any{"resourceVersion": "1"}, "items": items,
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer, ok := answers[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			answer = []byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,` +
				`"details":{"name":"a","group":"networking.istio.io","kind":"virtualservices"}}`)
		}
		_, _ = w.Write(answer)
	})
}
