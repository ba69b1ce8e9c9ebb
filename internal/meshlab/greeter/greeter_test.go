package greeter

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/telemetry"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/telemetry/telemetrytest"
)

func connect(t *testing.T, version string, attempts *Attempts) *grpc.ClientConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := Serve(listener, version, attempts, telemetry.Reporter{})
	t.Cleanup(server.Stop)
	channel, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { channel.Close() })
	return channel
}

func ask(t *testing.T, channel *grpc.ClientConn, method string, headers ...string) (string, metadata.MD, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(t.Context(), headers...), 5*time.Second)
	defer cancel()
	reply := &Message{}
	var header metadata.MD
	err := channel.Invoke(ctx, method, wrapperspb.String("you"), reply, grpc.Header(&header))
	return reply.GetValue(), header, err
}

func TestServe(t *testing.T) {
	t.Parallel()
	channel := connect(t, "v2", NewAttempts())
	for method, greeting := range map[string]string{
		SayHello:                            "SayHello",
		"/helloworld.Greeter/SayHelloAgain": "SayHelloAgain",
		"/any.Service/Method":               "Method",
	} {
		reply, header, err := ask(t, channel, method)
		want := greeting + " you, from v2 at " + channel.Target()
		if err != nil || reply != want || first(header, VersionHeader) != "v2" ||
			first(header, AddressHeader) != channel.Target() {
			t.Errorf("%s: reply %q, header %v, error %v; want %q", method, reply, header, err, want)
		}
	}
}

func TestServe_sleep(t *testing.T) {
	t.Parallel()
	channel := connect(t, "v1", NewAttempts())
	begin := time.Now()
	if _, _, err := ask(t, channel, SayHello, SleepHeader, "120ms"); err != nil ||
		time.Since(begin) < 120*time.Millisecond {
		t.Errorf("answered after %s, error %v", time.Since(begin), err)
	}
	if _, _, err := ask(t, channel, SayHello, SleepHeader, "long"); status.Code(err) != codes.InvalidArgument {
		t.Errorf("error %v", err)
	}
}

// Attempts count wherever they land, and the first ones fail.
func TestServe_failFirst(t *testing.T) {
	t.Parallel()
	attempts := NewAttempts()
	one, two := connect(t, "v1", attempts), connect(t, "v1", attempts)
	headers := []string{FailFirstHeader, "2", CallIDHeader, "a"}
	for _, channel := range []*grpc.ClientConn{one, two} {
		if _, _, err := ask(t, channel, SayHello, headers...); status.Code(err) != codes.Unavailable {
			t.Errorf("error %v", err)
		}
	}
	if _, header, err := ask(t, one, SayHello, headers...); err != nil || first(header, AttemptsHeader) != "3" {
		t.Errorf("header %v, error %v", header, err)
	}
	if _, header, err := ask(t, two, SayHello, CallIDHeader, "b"); err != nil || first(header, AttemptsHeader) != "1" {
		t.Errorf("header %v, error %v", header, err)
	}
	if _, _, err := ask(
		t, two, SayHello, CallIDHeader, "c", FailFirstHeader, "x",
	); status.Code(err) != codes.InvalidArgument {
		t.Errorf("error %v", err)
	}
}

// Where each version has several processes, the client says how often it has tried.
func TestServe_attemptsElsewhere(t *testing.T) {
	t.Parallel()
	channel := connect(t, "v1", NewAttempts())
	headers := []string{FailFirstHeader, "2", CallIDHeader, "a", previousAttempts}
	for previous, want := range map[string]codes.Code{
		"1": codes.Unavailable, "2": codes.OK, "many": codes.InvalidArgument,
	} {
		_, header, err := ask(t, channel, SayHello, append(headers, previous)...)
		if status.Code(err) != want || want == codes.OK && first(header, AttemptsHeader) != "3" {
			t.Errorf("%s attempts before: header %v, error %v", previous, header, err)
		}
	}
}

// A greeter that listens on every address says which of them was asked.
func TestServe_everyAddress(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", ":0") //nolint:gosec // every address is what this is about
	if err != nil {
		t.Fatal(err)
	}
	server := Serve(listener, "v1", NewAttempts(), telemetry.Reporter{})
	t.Cleanup(server.Stop)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	at := "127.0.0.1:" + port
	channel, err := grpc.NewClient(at, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { channel.Close() })
	if _, header, err := ask(t, channel, SayHello); err != nil || first(header, AddressHeader) != at {
		t.Errorf("header %v, error %v, want %s", header, err, at)
	}
}

// What a greeter answers is counted, with the status of gRPC, for the Service that the request names.
func TestServe_counts(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mesh := telemetry.New([]string{"v2"})
	server := Serve(listener, "v2", NewAttempts(), mesh.Reporter(telemetry.Workload{Name: "greeter-v2", Version: "v2"}))
	t.Cleanup(server.Stop)
	const host = "greeter.shop.svc.cluster.local"
	channel, err := grpc.NewClient(listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority(host+":50051"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { channel.Close() })
	for _, method := range []string{SayHello, "/any.Service/Method"} {
		if _, _, err := ask(t, channel, method); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := ask(t, channel, SayHello, SleepHeader, "long"); status.Code(err) != codes.InvalidArgument {
		t.Errorf("error %v", err)
	}
	request := httptest.NewRequest(http.MethodPut, "/faults?version=v2&fail=100&service="+host, nil)
	mesh.Handler().ServeHTTP(httptest.NewRecorder(), request)
	for _, method := range []string{SayHello, "/any.Service/Method"} {
		if _, _, err := ask(t, channel, method); status.Code(err) != codes.Unavailable ||
			status.Convert(err).Message() != telemetry.Failed {
			t.Errorf("error %v", err)
		}
	}
	// An answer is counted before its sender has it, but not one that nobody waits for. The time is enough for the
	// request to arrive.
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, SleepHeader, "1m")
	mesh.Handler().ServeHTTP(httptest.NewRecorder(),
		httptest.NewRequest(http.MethodDelete, "/faults?version=v2&service="+host, nil))
	if err := channel.Invoke(ctx, SayHello, wrapperspb.String("you"), &Message{}); err == nil {
		t.Error("answered")
	}
	want := map[string]int{"0": 2, "3": 1, "14": 2, "": 1}
	var got map[string]int
	for range 100 {
		w := httptest.NewRecorder()
		mesh.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		got, err = telemetrytest.Requests(w.Body, "grpc_response_status",
			map[string]string{"destination_service": host})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == len(want) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers by status (-want +got):\n%s", diff)
	}
}
