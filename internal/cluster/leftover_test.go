package cluster

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

func TestLeftovers(t *testing.T) {
	t.Parallel()
	wanted := func() *networking.DestinationRule {
		return &networking.DestinationRule{
			Host:          "a",
			TrafficPolicy: &networking.TrafficPolicy{Tls: &networking.ClientTLSSettings{}},
		}
	}
	tests := map[string]struct {
		change func(*networking.DestinationRule)
		// origin is the live spec where it has fields that this version does not know.
		origin map[string]any
		want   map[string]any
	}{
		"nothing":       {change: func(*networking.DestinationRule) {}},
		"another value": {change: func(r *networking.DestinationRule) { r.Host = "b" }, want: map[string]any{}},
		"a field": {
			change: func(r *networking.DestinationRule) { r.ExportTo = []string{"."} },
			want:   map[string]any{"exportTo": nil},
		},
		"a nested field": {
			change: func(r *networking.DestinationRule) { r.TrafficPolicy.Tls.Sni = "a" },
			want:   map[string]any{"trafficPolicy": map[string]any{"tls": map[string]any{"sni": nil}}},
		},
		"a field that this version does not know stays": {
			change: func(r *networking.DestinationRule) { r.ExportTo = []string{"."} },
			origin: map[string]any{
				"host":          "a",
				"exportTo":      []any{"."},
				"trafficPolicy": map[string]any{"tls": map[string]any{}, "new": "a"},
			},
			want: map[string]any{"exportTo": nil},
		},
		"an unknown field goes with what it is in": {
			change: func(r *networking.DestinationRule) {
				r.TrafficPolicy.OutlierDetection = &networking.OutlierDetection{}
			},
			origin: map[string]any{"host": "a", "trafficPolicy": map[string]any{
				"tls":              map[string]any{},
				"outlierDetection": map[string]any{"new": "a"},
			}},
			want: map[string]any{"trafficPolicy": map[string]any{"outlierDetection": nil}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live := wanted()
			test.change(live)
			got, err := leftovers(&Live{Object: istio.Object{Spec: live, RawSpec: test.origin}},
				&istio.Object{Spec: wanted()})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("leftovers (-want +got):\n%s", diff)
			}
		})
	}
}

// What is being deleted is not taken up by another create of the same run, and what was taken up is not deleted.
func TestTakesUp(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		answerNotFound(w, r)
	}))
	t.Cleanup(server.Close)
	c, err := Connect(Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if !c.takesUp("left", &asked) || c.TakenFrom(&asked, "left") {
			t.Error("what was left behind is not taken up")
		}
	}
	if c.takesUp("left", c) || !c.TakenFrom(c, "left") {
		t.Error("what one took up another one takes up too")
	}
	for uid, requests := range map[string]int64{"going": 1, "left": 0} {
		asked.Store(0)
		if err := c.remove(t.Context(), address, uid); err != nil || asked.Load() != requests {
			t.Errorf("remove %q: %v, %d requests, want %d", uid, err, asked.Load(), requests)
		}
	}
	if c.takesUp("going", c) || c.TakenFrom(c, "going") {
		t.Error("what is being deleted is taken up")
	}
}

// What a create of the same run took up is not deleted, and nothing is waited for that does not happen: with
// create_before_destroy under one name the proxies see no change.
func TestApply_keeps(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(answerNotFound))
	t.Cleanup(server.Close)
	c, err := Connect(Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	c.takesUp("kept", c)
	pair := istio.ObjectsOf(
		&istio.Object{Namespace: "shop", Name: "reviews", Spec: &networking.VirtualService{Hosts: []string{"reviews"}}},
		&istio.Object{Namespace: "shop", Name: "reviews", Spec: &networking.DestinationRule{Host: "reviews"}},
	)
	identities := Identities{}
	for _, o := range pair.All() {
		identities[AddressOf(o)] = Identity{UID: "kept"}
	}
	began := time.Now()
	_, err = c.Apply(t.Context(), Change{
		From: pair, Identities: identities, Progress: func(string) {},
		Propagation: Propagation{Mode: Settle, Settle: time.Minute},
	})
	if took := time.Since(began); err != nil || took > 10*time.Second {
		t.Errorf("%v after %s", err, took)
	}
}
