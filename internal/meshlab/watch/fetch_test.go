package watch

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// TestFetch waits for all that the listeners name, and says that it is a gateway.
func TestFetch(t *testing.T) {
	t.Parallel()
	p, address := servePilot(t)
	tables, failed := make(chan map[string]*routev3.RouteConfiguration, 1), make(chan error, 1)
	go func() {
		fetched, err := Fetch(t.Context(), Options{XDS: address, Namespace: "greeter", Gateway: true})
		tables <- fetched
		failed <- err
	}()
	s := <-p.streams
	expect(t, s, request{Type: clusterType, Node: "router~127.0.0.99~watch.greeter~greeter.svc.cluster.local"})
	send(t, s, edsClusters(t, "v1"), "c1")
	send(t, s, healthy(t, "v1"), "e1")
	send(t, s, listeners(t, "80"), "l1")
	send(t, s, table(t, routeToOne("", "v1")), "r1")
	if got, err := slices.Collect(maps.Keys(<-tables)), <-failed; err != nil || !slices.Equal(got, []string{"80"}) {
		t.Errorf("tables %q, error %v", got, err)
	}
}

// TestFetch_nobodyThere says why there is nothing.
func TestFetch_nobodyThere(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if tables, err := Fetch(ctx, Options{XDS: "127.0.0.1:1", Namespace: "greeter"}); err == nil {
		t.Errorf("fetched %v", tables)
	}
}
