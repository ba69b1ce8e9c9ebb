package cluster

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// listOf answers a list request with objects.
func listOf(w http.ResponseWriter, items ...map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"apiVersion": "v1", "kind": "List", "metadata": map[string]any{}, "items": items})
}

func item(name string, more map[string]any) map[string]any {
	o := map[string]any{"apiVersion": "v1", "kind": "Any", "metadata": map[string]any{"name": name, "namespace": "shop"}}
	for key, value := range more {
		o[key] = value
	}
	return o
}

// forbidden answers as an API server does to somebody who may not list.
func forbidden(w http.ResponseWriter) {
	answer(http.StatusForbidden, "application/json",
		`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"you may not","details":{"kind":"any"}}`)(w, nil)
}

// TestView_look: what a look comes to, and how often the API server is asked for it.
func TestView_look(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer   func(w http.ResponseWriter, r *http.Request)
		look     routing.Look
		requests int32
		unseen   Reason
		narrow   bool
		holds    func(*View) bool
	}{
		"what cannot be read is left out": {
			answer: func(w http.ResponseWriter, _ *http.Request) { page(w, "", "broken", "b") },
			look:   routing.Look{Resource: routing.VirtualServices}, requests: 1,
			holds: func(v *View) bool {
				n := v.Routes.Named(&routing.Object{Namespace: "shop", Name: "b"})
				return n != nil && v.Live(n.Object).Name == "b" && v.Routes.Named(&routing.Object{Namespace: "shop", Name: "broken"}) == nil
			},
		},
		"one namespace where all are forbidden": {
			answer: func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/namespaces/shop/") {
					page(w, "", "b")
					return
				}
				forbidden(w)
			},
			look: routing.Look{Resource: routing.VirtualServices}, requests: 2, narrow: true, holds: func(v *View) bool { return v.Routes != nil },
		},
		"everything is forbidden": {
			answer: func(w http.ResponseWriter, _ *http.Request) { forbidden(w) },
			look:   routing.Look{Resource: routing.ServiceEntries}, requests: 2, unseen: Forbidden, holds: func(v *View) bool { return v.Entries == nil },
		},
		"an API that is not served": {
			answer: answer(http.StatusNotFound, "text/plain", "404 page not found\n"), look: routing.Look{Resource: routing.Gateways, Namespace: "shop"}, requests: 1, unseen: CRDMissing,
			holds: func(v *View) bool { return v.Gateways["shop"] == nil },
		},
		"hosts of ServiceEntries": {
			answer: func(w http.ResponseWriter, _ *http.Request) {
				listOf(w, item("a", map[string]any{"spec": map[string]any{"hosts": []any{"*.shop.example"}}}), item("b", nil))
			},
			look: routing.Look{Resource: routing.ServiceEntries}, requests: 1, holds: func(v *View) bool { return len(v.Entries.Covering("a.shop.example")) == 1 },
		},
		"services": {
			answer: func(w http.ResponseWriter, _ *http.Request) {
				spec := func(more map[string]any) map[string]any {
					more["selector"] = map[string]any{"app": "a"}
					return map[string]any{"spec": more}
				}
				listOf(w, item("a", spec(map[string]any{"ports": []any{map[string]any{"name": "grpc", "port": 80}}})), item("named", spec(map[string]any{"type": "ExternalName"})),
					item("eager", spec(map[string]any{"publishNotReadyAddresses": true})))
			},
			look: routing.Look{Resource: routing.Services, Namespace: "shop"}, requests: 1,
			holds: func(v *View) bool {
				return cmp.Equal(v.Services["shop"], map[string]routing.Service{
					"a": {Ports: []routing.ServicePort{{Name: "grpc", Number: 80}}, Selector: map[string]string{"app": "a"}}, "named": {}, "eager": {},
				})
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, requests := counted(t, test.answer)
			s := NewSurroundings(c, "cluster.local")
			for range 3 {
				v := s.View("shop", routing.Options{}, "")
				v.Look(t.Context(), []routing.Look{test.look})
				switch {
				case test.unseen != Unknown && (len(v.Unseen) != 1 || !IsReason(v.Unseen[0].Err, test.unseen) || !v.Closed[test.look]):
					t.Errorf("unseen %v", v.Unseen)
				case test.unseen == Unknown && len(v.Unseen) > 0:
					t.Errorf("unseen %v", v.Unseen)
				}
				if !test.holds(v) || v.Narrow[test.look.Resource] != test.narrow {
					t.Errorf("saw something else: %+v", v.Facts)
				}
			}
			if requests.Load() != test.requests {
				t.Errorf("%d requests, want %d", requests.Load(), test.requests)
			}
		})
	}
}

// TestView_live: nothing is known of an object that was not listed.
func TestView_live(t *testing.T) {
	t.Parallel()
	v := (&Surroundings{}).View("shop", routing.Options{}, "")
	if live := v.Live(&routing.Object{}); live != nil {
		t.Errorf("an object that nobody listed: %v", live)
	}
}
