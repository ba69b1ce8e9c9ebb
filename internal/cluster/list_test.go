package cluster

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// page answers a list request with VirtualServices of these names, and where the list goes on.
func page(w http.ResponseWriter, next string, names ...string) {
	items := make([]any, len(names))
	for i, name := range names {
		spec := map[string]any{"hosts": []string{"a"}}
		if name == "broken" {
			spec = map[string]any{"hosts": "a"}
		}
		items[i] = map[string]any{
			"apiVersion": istio.APIVersion,
			"kind":       "VirtualService",
			"metadata":   map[string]any{"name": name, "namespace": "shop"},
			"spec":       spec,
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"apiVersion": istio.APIVersion,
		"kind":       "VirtualServiceList",
		"metadata":   map[string]any{"continue": next},
		"items":      items,
	})
}

// expired answers as an API server does that has forgotten where a list was.
func expired(w http.ResponseWriter, next string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusGone)
	_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","metadata":{"continue":%q},"status":"Failure",`+
		`"message":"too old","reason":"Expired","code":410}`, next)
}

// TestCluster_each: what a list comes to, and how many requests it takes.
func TestCluster_each(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		// pages are the answers by the token that asks for them.
		pages map[string]func(http.ResponseWriter)
		few   int64
		// most is how many objects the caller looks at.
		most     int
		want     []string
		requests int32
		asked    string
	}{
		"pages": {
			pages: map[string]func(http.ResponseWriter){
				"":  func(w http.ResponseWriter) { page(w, "1", "a", "b") },
				"1": func(w http.ResponseWriter) { page(w, "2", "c") },
				"2": func(w http.ResponseWriter) { page(w, "", "d") },
			},
			most: 10, want: []string{"a", "b", "c", "d"}, requests: 3, asked: "500",
		},
		"a caller that has enough": {
			pages: map[string]func(http.ResponseWriter){"": func(w http.ResponseWriter) { page(w, "1", "a", "b") }},
			few:   2, most: 2, want: []string{"a", "b"}, requests: 1, asked: "2",
		},
		"a caller that wants more than a page": {
			pages: map[string]func(http.ResponseWriter){"": func(w http.ResponseWriter) { page(w, "", "a") }},
			few:   501, most: 600, want: []string{"a"}, requests: 1, asked: "500",
		},
		"an object that cannot be read": {
			pages: map[string]func(http.ResponseWriter){"": func(w http.ResponseWriter) {
				page(w, "", "a", "broken", "c")
			}},
			most: 10, want: []string{"a", "error", "c"}, requests: 1, asked: "500",
		},
		"a server that has forgotten where the list was": {
			pages: map[string]func(http.ResponseWriter){
				"":     func(w http.ResponseWriter) { page(w, "1", "a") },
				"1":    func(w http.ResponseWriter) { expired(w, "anew") },
				"anew": func(w http.ResponseWriter) { page(w, "", "b") },
			},
			most: 10, want: []string{"a", "b"}, requests: 3, asked: "500",
		},
		"a server that forgets again and again": {
			pages: map[string]func(http.ResponseWriter){
				"":  func(w http.ResponseWriter) { page(w, "1", "a") },
				"1": func(w http.ResponseWriter) { expired(w, "1") },
			},
			most: 10, want: []string{"a", "error"}, requests: 2, asked: "500",
		},
		"a server that does not know how to go on": {
			pages: map[string]func(http.ResponseWriter){
				"":  func(w http.ResponseWriter) { page(w, "1", "a") },
				"1": func(w http.ResponseWriter) { expired(w, "") },
			},
			most: 10, want: []string{"a", "error"}, requests: 2, asked: "500",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := ""
			c, requests := counted(t, func(w http.ResponseWriter, r *http.Request) {
				asked = r.URL.Query().Get("limit")
				test.pages[r.URL.Query().Get("continue")](w)
			})
			var got []string
			for live, err := range c.Each(t.Context(), Query{
				Kind:      istio.KindVirtualService,
				Namespace: "shop",
				Few:       test.few,
			}) {
				if err != nil {
					got = append(got, "error")
				} else {
					got = append(got, live.Name)
				}
				if len(got) == test.most {
					break
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			if requests.Load() != test.requests || asked != test.asked {
				t.Errorf("%d requests for %s objects each, want %d for %s", requests.Load(), asked, test.requests,
					test.asked)
			}
		})
	}
}

func TestCheckLabelSelector(t *testing.T) {
	t.Parallel()
	for text, valid := range map[string]bool{
		"": true, "app": true, "!app": true, "app=greeter,env!=dev": true, "env in (a, b)": true,
		"app==": true, "=greeter": false, "app=a b": false, "env in": false, "-app=a": false, "app=\x1b[31m": false,
	} {
		if err := CheckLabelSelector(text); (err == nil) != valid {
			t.Errorf("%q: %v, want valid: %t", text, err, valid)
		}
	}
}
