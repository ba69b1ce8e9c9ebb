package watch

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
)

// pilot is an ADS server that a test plays by hand, one stream at a time.
type pilot struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer
	streams chan discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer
	end     chan error
}

func (p *pilot) StreamAggregatedResources(
	stream discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer,
) error {
	select {
	case p.streams <- stream:
	case <-stream.Context().Done():
		return stream.Context().Err()
	}
	select {
	case err := <-p.end:
		return err
	case <-stream.Context().Done():
		return stream.Context().Err()
	}
}

// servePilot serves on a loopback port and returns its address.
func servePilot(t *testing.T) (*pilot, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &pilot{
		streams: make(chan discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer),
		end:     make(chan error),
	}
	server := grpc.NewServer()
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(server, p)
	go server.Serve(listener) //nolint:errcheck // it ends with the test
	t.Cleanup(server.Stop)
	return p, listener.Addr().String()
}

// request is what a test looks at in a DiscoveryRequest.
type request struct {
	Type, Version, Nonce string
	Names                []string
	Node                 string
	Refused              bool
}

func receive(t *testing.T, stream discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer) request {
	t.Helper()
	r, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	return request{
		Type: r.GetTypeUrl(), Version: r.GetVersionInfo(), Nonce: r.GetResponseNonce(), Names: r.GetResourceNames(),
		Node: r.GetNode().GetId(), Refused: r.GetErrorDetail() != nil,
	}
}

// send gives a response a version and a nonce of its own, and sends it.
func send(
	t *testing.T,
	stream discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer,
	r *discoveryv3.DiscoveryResponse,
	version string,
) {
	t.Helper()
	r.VersionInfo, r.Nonce = version, "nonce "+version
	if err := stream.Send(r); err != nil {
		t.Fatal(err)
	}
}

// acknowledged waits until the watch has taken in the response of a version.
func acknowledged(
	t *testing.T, stream discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer, version string,
) {
	t.Helper()
	for receive(t, stream).Nonce != "nonce "+version {
	}
}

func expect(
	t *testing.T, stream discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer, want ...request,
) {
	t.Helper()
	for _, w := range want {
		if diff := cmp.Diff(w, receive(t, stream)); diff != "" {
			t.Fatalf("request (-want +got):\n%s", diff)
		}
	}
}

// watching is a Run in progress whose events a test reads.
type watching struct {
	events *json.Decoder
	stdin  io.WriteCloser
	stop   context.CancelFunc
	ended  chan error
}

func startWatching(t *testing.T, address string) watching {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	in, stdin := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := Run(ctx, Options{
			XDS: address, Namespace: "greeter", Hosts: Hosts{Namespace: "greeter"}, Commands: Commands(ctx, in),
		}, w)
		w.CloseWithError(io.EOF)
		ended <- err
	}()
	t.Cleanup(cancel)
	return watching{json.NewDecoder(bufio.NewReader(r)), stdin, cancel, ended}
}

// ask sends a command and returns the event that answers it.
func (w watching) ask(t *testing.T, command, want string) map[string]any {
	t.Helper()
	if _, err := fmt.Fprintln(w.stdin, command); err != nil {
		t.Fatal(err)
	}
	return w.next(t, want)
}

// next returns the next event, and fails unless it is the wanted one.
func (w watching) next(t *testing.T, want string) map[string]any {
	t.Helper()
	var event map[string]any
	if err := w.events.Decode(&event); err != nil {
		t.Fatal(err)
	}
	if event["event"] != want {
		t.Fatalf("event %v, want %s", event, want)
	}
	return event
}

// TestRun plays an istiod: a first picture, a response that is refused, a fault, the end of the stream, and a second
// stream.
func TestRun(t *testing.T) {
	t.Parallel()
	p, address := servePilot(t)
	w := startWatching(t, address)
	node := "sidecar~127.0.0.99~watch.greeter~greeter.svc.cluster.local"
	v12 := []string{"v1", "v2"}

	s := <-p.streams
	expect(t, s, request{Type: clusterType, Node: node}, request{Type: listenerType})
	send(t, s, edsClusters(t, v12...), "c1")
	expect(t, s, request{Type: endpointType, Names: v12}, request{Type: clusterType, Version: "c1", Nonce: "nonce c1"})
	send(t, s, healthy(t, v12...), "e1")
	expect(t, s, request{Type: endpointType, Version: "e1", Nonce: "nonce e1", Names: v12})
	send(t, s, listeners(t, "80"), "l1")
	expect(t, s, request{Type: routeType, Names: []string{"80"}},
		request{Type: listenerType, Version: "l1", Nonce: "nonce l1"})
	send(t, s, table(t, routeToOne("", "v2")), "r1")
	w.next(t, "ready")
	w.next(t, "routes")
	expect(t, s, request{Type: routeType, Version: "r1", Nonce: "nonce r1", Names: []string{"80"}})

	send(t, s, invalidClusters(t), "c2")
	if event := w.next(t, "nack"); event["type"] != clusterType {
		t.Errorf("refusal %v", event)
	}
	expect(t, s, request{Type: clusterType, Version: "c1", Nonce: "nonce c2", Refused: true})

	send(t, s, edsClusters(t, "v1"), "c3")
	expect(t, s, request{Type: endpointType, Version: "e1", Nonce: "nonce e1", Names: []string{"v1"}},
		request{Type: clusterType, Version: "c3", Nonce: "nonce c3"})

	p.end <- errors.New("istiod stops")
	w.next(t, "disconnected")
	s = <-p.streams
	expect(t, s, request{Type: clusterType, Version: "c3", Node: node},
		request{Type: endpointType, Version: "e1", Names: []string{"v1"}},
		request{Type: listenerType, Version: "l1"}, request{Type: routeType, Version: "r1", Names: []string{"80"}})
	send(t, s, table(t, routeToOne("", "v1")), "r2")
	w.next(t, "connected")
	window := w.next(t, "window")
	w.next(t, "routes")
	if window["kind"] != "NC" || window["cluster"] != "v2" || window["host"] != shopHost ||
		window["ms"].(float64) <= 0 {
		t.Errorf("window %v", window)
	}
	expect(t, s, request{Type: routeType, Version: "r2", Nonce: "nonce r2", Names: []string{"80"}})

	send(t, s, table(t, routeToOne("", "v3")), "r3")
	w.next(t, "routes")
	w.stop()
	summary := w.next(t, "summary")
	if err := <-w.ended; err != nil {
		t.Error(err)
	}
	open, _ := json.Marshal(summary["open"])
	if n := len(summary["open"].([]any)); n != 1 {
		t.Errorf("open %s", open)
	}
	got := fmt.Sprint(summary["ready"], summary["changes"], summary["windows"], summary["nacks"], summary["warming_ms"])
	if want := fmt.Sprint(true, 3, 2, 1, 0); got != want {
		t.Errorf("summary %v, want %s", summary, want)
	}
	if summary["nc_ms"].(float64) < window["ms"].(float64) {
		t.Errorf("summary %v, window %v", summary, window)
	}
}

// TestRun_nobodyThere ends without having been ready, and says why.
func TestRun_nobodyThere(t *testing.T) {
	t.Parallel()
	w := startWatching(t, "127.0.0.1:1")
	w.next(t, "disconnected")
	time.Sleep(3 * retryDelay)
	w.stop()
	if summary := w.next(t, "summary"); summary["ready"] != false {
		t.Errorf("summary %v", summary)
	}
	if err := <-w.ended; err != nil {
		t.Error(err)
	}
}

// first plays what makes a picture complete whose one route leads to v2.
func first(t *testing.T, p *pilot, w watching) discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer {
	t.Helper()
	s := <-p.streams
	send(t, s, edsClusters(t, "v1", "v2"), "c1")
	send(t, s, healthy(t, "v1", "v2"), "e1")
	send(t, s, listeners(t, "80"), "l1")
	send(t, s, table(t, routeToOne("", "v2")), "r1")
	w.next(t, "ready")
	w.next(t, "routes")
	return s
}

// TestRun_marks cuts a fault in two: each period has its part of the time, and names the route and the cluster.
func TestRun_marks(t *testing.T) {
	t.Parallel()
	p, address := servePilot(t)
	w := startWatching(t, address)
	s := first(t, p, w)
	if got := w.ask(t, `{"mark": "quiet"}`, "mark"); got["mark"] != "quiet" || got["ready"] != true ||
		got["nc_ms"] != 0.0 || len(got["faults"].([]any)) != 0 {
		t.Errorf("before the fault: %v", got)
	}
	send(t, s, edsClusters(t, "v1"), "c2")
	acknowledged(t, s, "c2")
	begins := w.ask(t, `{"mark": "it begins"}`, "mark")
	time.Sleep(50 * time.Millisecond)
	send(t, s, table(t, routeToOne("", "v1")), "r2")
	window := w.next(t, "window")
	w.next(t, "routes")
	ends := w.ask(t, `{"mark": "it ends"}`, "mark")
	for _, got := range []map[string]any{begins, ends} {
		faults, _ := got["faults"].([]any)
		if len(faults) != 1 || got["changes"] != 1.0 || got["connected"] != true {
			t.Fatalf("mark %v", got)
		}
		fault := faults[0].(map[string]any)
		if fault["kind"] != "NC" || fault["cluster"] != "v2" || fault["route"] != window["route"] ||
			(fault["ended"] != nil) != (got["mark"] == "it ends") {
			t.Errorf("fault %v of mark %v", fault, got["mark"])
		}
	}
	if sum := begins["nc_ms"].(float64) + ends["nc_ms"].(float64); sum < window["ms"].(float64)-0.01 ||
		sum > window["ms"].(float64)+0.01 {
		t.Errorf("%v + %v ms in two periods of a window of %v ms", begins["nc_ms"], ends["nc_ms"], window["ms"])
	}
	if got := w.ask(t, `{"mark": "over"}`, "mark"); got["nc_ms"] != 0.0 || len(got["faults"].([]any)) != 0 ||
		got["changes"] != 0.0 {
		t.Errorf("after the fault: %v", got)
	}
	w.ask(t, `{"marks": "x"}`, "error")
	w.ask(t, `{"stop": true}`, "summary")
	if err := <-w.ended; err != nil {
		t.Error(err)
	}
}

// TestRun_marksWhileBlind tells a period without faults from one in which nothing was seen.
func TestRun_marksWhileBlind(t *testing.T) {
	t.Parallel()
	w := startWatching(t, "127.0.0.1:1")
	w.next(t, "disconnected")
	if got := w.ask(t, `{"mark": "blind"}`, "mark"); got["ready"] != false || got["connected"] != false ||
		got["disconnects"] != 1.0 {
		t.Errorf("mark %v", got)
	}
	w.stdin.Close()
	w.next(t, "summary")
}
