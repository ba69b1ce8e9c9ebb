package cluster

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// listOf answers a list request with objects.
func listOf(w http.ResponseWriter, items ...map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"apiVersion": "v1",
		"kind":       "List",
		"metadata":   map[string]any{},
		"items":      items,
	})
}

func item(name string, more map[string]any) map[string]any {
	o := map[string]any{
		"apiVersion": "v1",
		"kind":       "Any",
		"metadata":   map[string]any{"name": name, "namespace": "shop"},
	}
	for key, value := range more {
		o[key] = value
	}
	return o
}

// forbidden answers as an API server does to somebody who may not list.
func forbidden(w http.ResponseWriter) {
	answer(http.StatusForbidden, "application/json",
		`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,`+
			`"message":"you may not","details":{"kind":"any"}}`)(w, nil)
}

// TestView_look: what a look comes to, and how often the API server is asked for it.
func TestView_List(t *testing.T) {
	t.Parallel()
	missing := answer(http.StatusNotFound, "text/plain", "404 page not found\n")
	for name, test := range map[string]struct {
		answer   func(w http.ResponseWriter, r *http.Request)
		query    around.Query
		requests int32
		unlisted Reason
		narrow   bool
		holds    func(*View) bool
	}{
		"what cannot be read is left out": {
			answer: func(w http.ResponseWriter, _ *http.Request) { page(w, "", "broken", "b") },
			query:  around.Query{Resource: around.VirtualServices}, requests: 1,
			holds: func(v *View) bool {
				n := v.VirtualServices.Named(&istio.Object{Namespace: "shop", Name: "b"})
				return n != nil && v.Live(n.Object).Name == "b" &&
					v.VirtualServices.Named(&istio.Object{Namespace: "shop", Name: "broken"}) == nil
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
			query:    around.Query{Resource: around.VirtualServices},
			requests: 2,
			narrow:   true,
			holds:    func(v *View) bool { return v.VirtualServices != nil },
		},
		"everything is forbidden": {
			answer:   func(w http.ResponseWriter, _ *http.Request) { forbidden(w) },
			query:    around.Query{Resource: around.ServiceEntries},
			requests: 2,
			unlisted: Forbidden,
			holds:    func(v *View) bool { return v.Entries == nil },
		},
		"an API that is not served": {
			answer:   missing,
			query:    around.Query{Resource: around.VirtualServices},
			requests: 1,
			unlisted: CRDMissing,
			holds:    func(v *View) bool { return v.VirtualServices == nil },
		},
		"ServiceEntries are not served": {
			answer:   missing,
			query:    around.Query{Resource: around.ServiceEntries},
			requests: 1,
			holds:    func(v *View) bool { return v.Entries != nil },
		},
		"Gateways are not served": {
			answer:   missing,
			query:    around.Query{Resource: around.Gateways, Namespace: "shop"},
			requests: 1,
			holds:    func(v *View) bool { return v.Gateways["shop"] != nil },
		},
		"servers of Gateways": {
			answer: func(w http.ResponseWriter, _ *http.Request) {
				listOf(w, item("a", map[string]any{"spec": map[string]any{"servers": []any{map[string]any{
					"hosts": []any{"shop/*.shop.example", "b.example"},
					"port":  map[string]any{"number": 80, "name": "http", "protocol": "HTTP"},
					"tls":   map[string]any{"httpsRedirect": true},
				}}}}), item("b", nil))
			},
			query:    around.Query{Resource: around.Gateways, Namespace: "shop"},
			requests: 1,
			holds: func(v *View) bool {
				a, b := v.Gateways["shop"]["a"], v.Gateways["shop"]["b"]
				return cmp.Equal(a.Servers, []istio.Server{
					{Port: 80, Protocol: "HTTP", Hosts: []string{"shop/*.shop.example", "b.example"}, Redirects: true},
				}) && len(b.Servers) == 0 && a.Object.String() == `Gateway "shop/a"` && b.Object.Name == "b"
			},
		},
		"WorkloadEntries are not served": {
			answer:   missing,
			query:    around.Query{Resource: around.WorkloadEntries, Namespace: "shop"},
			requests: 1,
			holds:    func(v *View) bool { return v.Workloads["shop"] != nil },
		},
		"hosts of ServiceEntries": {
			answer: func(w http.ResponseWriter, _ *http.Request) {
				listOf(w, item("a", map[string]any{"spec": map[string]any{"hosts": []any{"*.shop.example"}}}),
					item("b", nil))
			},
			query:    around.Query{Resource: around.ServiceEntries},
			requests: 1,
			holds: func(v *View) bool {
				return len(v.Entries.Covering("a.shop.example")) == 1 &&
					v.ServiceEntryObjects[0].String() == `ServiceEntry "shop/a"`
			},
		},
		"services": {
			answer: func(w http.ResponseWriter, _ *http.Request) {
				spec := func(more map[string]any) map[string]any {
					more["selector"] = map[string]any{"app": "a"}
					return map[string]any{"spec": more}
				}
				listOf(w, item("a", spec(map[string]any{"ports": []any{
					map[string]any{"name": "grpc", "port": 80}, map[string]any{"name": "any", "port": 81},
					map[string]any{"name": "any", "port": 3306, "protocol": "TCP"},
					map[string]any{"name": "tcp-http", "port": 82},
					map[string]any{"name": "tcp", "port": 83, "appProtocol": "kubernetes.io/h2c"},
					map[string]any{"name": "http", "port": 84, "protocol": "UDP"},
				}})),
					item("named", spec(map[string]any{"type": "ExternalName"})),
					item("eager", spec(map[string]any{"publishNotReadyAddresses": true})))
			},
			query: around.Query{Resource: around.Services, Namespace: "shop"}, requests: 1,
			holds: func(v *View) bool {
				return cmp.Equal(v.Services["shop"], map[string]around.Service{
					"a": {
						Ports: []around.ServicePort{
							{Name: "grpc", Number: 80, Protocol: "GRPC"}, {Name: "any", Number: 81},
							{Name: "any", Number: 3306, Protocol: "TCP"},
							{Name: "tcp-http", Number: 82, Protocol: "TCP"},
							{Name: "tcp", Number: 83, Protocol: "HTTP2"}, {Name: "http", Number: 84, Protocol: "UDP"},
						},
						Selector: map[string]string{"app": "a"},
					}, "named": {}, "eager": {},
				})
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, requests := counted(t, test.answer)
			s := NewSurroundings(c, "cluster.local")
			for range 3 {
				v := s.View("shop", traffic.Options{}, "")
				v.List(t.Context(), []around.Query{test.query})
				switch {
				case test.unlisted != Unknown &&
					(len(v.Unlisted) != 1 || !IsReason(v.Unlisted[0].Err, test.unlisted) || !v.Closed[test.query]):
					t.Errorf("unseen %v", v.Unlisted)
				case test.unlisted == Unknown && len(v.Unlisted) > 0:
					t.Errorf("unseen %v", v.Unlisted)
				}
				if !test.holds(v) || v.Narrow[test.query.Resource] != test.narrow {
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
	v := (&Surroundings{}).View("shop", traffic.Options{}, "")
	if live := v.Live(&istio.Object{}); live != nil {
		t.Errorf("an object that nobody listed: %v", live)
	}
}

// TestView_look_together: the looks of one round are taken side by side, and told of in their order.
func TestView_List_together(t *testing.T) {
	t.Parallel()
	wanted := []around.Query{
		{Resource: around.Services, Namespace: "shop"}, {Resource: around.Pods, Namespace: "shop"},
		{Resource: around.Services, Namespace: "web"},
	}
	var arrived sync.WaitGroup
	arrived.Add(len(wanted))
	c, _ := counted(t, func(w http.ResponseWriter, _ *http.Request) {
		arrived.Done()
		arrived.Wait()
		forbidden(w)
	})
	v := NewSurroundings(c, "cluster.local").View("shop", traffic.Options{}, "")
	v.List(t.Context(), wanted)
	if len(v.Unlisted) != len(wanted) {
		t.Fatalf("unseen %v", v.Unlisted)
	}
	for i, unseen := range v.Unlisted {
		if unseen.Query != wanted[i] || !IsReason(unseen.Err, Forbidden) {
			t.Errorf("unseen %d is %v", i, unseen)
		}
	}
}

// TestView_look_deadline: a cluster that does not answer holds up one resource for the time of one look, and the next
// ones not at all.
func TestView_List_deadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, requests := counted(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		s := NewSurroundings(c, "cluster.local")
		began := time.Now()
		v := s.View("shop", traffic.Options{}, "")
		for _, of := range []around.Resource{around.VirtualServices, around.DestinationRules, around.ServiceEntries} {
			v.List(t.Context(), []around.Query{{Resource: of}})
		}
		if took := time.Since(began); took < listTimeout || took > listTimeout+5*time.Second {
			t.Errorf("it took %s", took)
		}
		for _, unseen := range v.Unlisted {
			if !IsReason(unseen.Err, TimedOut) {
				t.Errorf("unseen %v", unseen)
			}
		}
		time.Sleep(time.Second)
		asked := requests.Load()
		s.View("shop", traffic.Options{}, "").List(t.Context(), []around.Query{{Resource: around.VirtualServices}})
		if took := time.Since(began); took > listTimeout+8*time.Second || requests.Load() != asked {
			t.Errorf("the next one waits until %s, with %d requests more", took, requests.Load()-asked)
		}
	})
}

// TestView_look_interrupted: who gives up does not leave an error to others.
func TestView_List_interrupted(t *testing.T) {
	t.Parallel()
	asked, answered := make(chan struct{}), make(chan struct{})
	c, requests := counted(t, func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answered
		listOf(w, item("a", nil))
	})
	s := NewSurroundings(c, "cluster.local")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	query := []around.Query{{Resource: around.Gateways, Namespace: "shop"}}
	v := s.View("shop", traffic.Options{}, "")
	v.List(ctx, query)
	if len(v.Unlisted) != 1 || !IsReason(v.Unlisted[0].Err, Interrupted) {
		t.Errorf("unseen %v", v.Unlisted)
	}
	close(answered)
	v = s.View("shop", traffic.Options{}, "")
	v.List(t.Context(), query)
	if _, there := v.Gateways["shop"]["a"]; !there || requests.Load() != 1 {
		t.Errorf("saw %v in %d requests", v.Gateways, requests.Load())
	}
}

// TestView_renew: what was listed before the view began is listed once more, and once only; what cannot be is not
// known any more.
func TestView_renew(t *testing.T) {
	t.Parallel()
	var lists atomic.Int32
	c, _ := counted(t, func(w http.ResponseWriter, _ *http.Request) {
		switch n := lists.Add(1); n {
		case 3:
			forbidden(w)
		default:
			listOf(w, item(strconv.Itoa(int(n)), map[string]any{"spec": map[string]any{}}))
		}
	})
	s := NewSurroundings(c, "cluster.local")
	look := []around.Query{{Resource: around.Services, Namespace: "shop"}}
	early, late := s.View("shop", traffic.Options{}, ""), s.View("shop", traffic.Options{}, "")
	late.List(t.Context(), look)
	early.List(t.Context(), look)
	if early.Renew(t.Context()) || late.Renew(t.Context()) {
		t.Error("a list that began after the view is renewed")
	}
	for want := int32(2); want <= 3; want++ {
		v := s.View("shop", traffic.Options{}, "")
		v.List(t.Context(), look)
		if !v.Renew(t.Context()) || v.Renew(t.Context()) || lists.Load() != want {
			t.Errorf("%d lists, want %d", lists.Load(), want)
		}
		if _, seen := v.Services["shop"]["2"]; seen != (want == 2) || v.Closed[look[0]] != (want == 3) {
			t.Errorf("services %v, closed %v", v.Services, v.Closed)
		}
	}
}

// TestView_anew: a view that wants to know how things are now takes nothing that was kept.
func TestView_anew(t *testing.T) {
	t.Parallel()
	c, requests := counted(t, func(w http.ResponseWriter, _ *http.Request) { listOf(w) })
	s := NewSurroundings(c, "cluster.local")
	for _, anew := range []bool{false, false, true} {
		v := s.View("shop", traffic.Options{}, "")
		if anew {
			v.Anew()
		}
		v.List(t.Context(), []around.Query{{Resource: around.VirtualServices}})
	}
	if requests.Load() != 2 {
		t.Errorf("%d requests", requests.Load())
	}
}
