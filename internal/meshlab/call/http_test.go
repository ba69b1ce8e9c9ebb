package call

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/echo"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/greeter"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/pki"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/telemetry"
)

// proxied returns clients whose sidecar is an echo, and a request to it.
func proxied(t *testing.T) (*Clients, Request) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := echo.Serve(listener, "v1", greeter.NewAttempts(), echo.NewSeen(), telemetry.Reporter{})
	t.Cleanup(server.Stop)
	clients := NewClients(Source{Proxies: Proxies{Sidecar: "127.0.0.1"}})
	t.Cleanup(clients.Close)
	return clients, Request{
		Via: Sidecar, Protocol: HTTP1, Host: "echo.test", Port: listener.Addr().(*net.TCPAddr).Port, Path: "/a%20b?c#d",
		Headers: map[string]string{"x-one": "1"}, Values: map[string][]string{"x-one": {"2"}}, Count: 5, Concurrency: 2,
		Timeout: Duration(5 * time.Second), Seen: true,
	}
}

// The report says who answered, what that server received, and who received the requests.
func TestRun_http(t *testing.T) {
	t.Parallel()
	for protocol, spoken := range map[Protocol]string{HTTP1: "HTTP/1.1", HTTP2: "HTTP/2.0"} {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			clients, request := proxied(t)
			request.Protocol = protocol
			got, err := clients.Run(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]int{"v1": 5}, got.Answers); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(map[string]int{"v1": 5}, got.Seen); diff != "" {
				t.Errorf("seen (-want +got):\n%s", diff)
			}
			var sample echo.Answer
			if err := json.Unmarshal(got.Sample, &sample); err != nil {
				t.Fatal(err)
			}
			if sample.Authority != "echo.test" || sample.Path != "/a%20b?c#d" || sample.Protocol != spoken ||
				!cmp.Equal(sample.Headers["x-one"], []string{"1", "2"}) {
				t.Errorf("received %+v", sample)
			}
		})
	}
}

// What is no answer of a server: a failure by its status, and what a proxy says by itself.
func TestRun_httpStatus(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    Report
	}{
		"failed": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "no healthy upstream", http.StatusServiceUnavailable)
		}, Report{Answers: map[string]int{}, Errors: map[string]int{"503: no healthy upstream": 2}}},
		"redirected": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://shop.example/new", http.StatusMovedPermanently)
		}, Report{Answers: map[string]int{"301 https://shop.example/new": 2}, Errors: map[string]int{}}},
		"answered by the proxy": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
		}, Report{Answers: map[string]int{"202": 2}, Errors: map[string]int{}}},
		"too late": {func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		}, Report{Answers: map[string]int{}, Errors: map[string]int{"DeadlineExceeded: context deadline exceeded": 2}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.handler)
			t.Cleanup(server.Close)
			clients := NewClients(Source{Proxies: Proxies{Gateway: "127.0.0.1"}})
			t.Cleanup(clients.Close)
			got, err := clients.Run(t.Context(), Request{
				Via: Gateway, Protocol: HTTP1, Host: "shop.example", Port: server.Listener.Addr().(*net.TCPAddr).Port,
				Count: 2, Concurrency: 1, Timeout: Duration(time.Second),
			})
			if err != nil {
				t.Fatal(err)
			}
			got = Report{Answers: got.Answers, Errors: got.Errors}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
		})
	}
}

// With TLS the gateway has to show a certificate of the lab's authority for the host.
func TestRun_https(t *testing.T) {
	t.Parallel()
	authority, err := pki.NewAuthority("lab")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Server("web", "shop.example")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	ca := write("ca.crt", authority.PEM)
	certificate, key := write("web.crt", pair.Certificate), write("web.key", pair.Key)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(greeter.VersionHeader, strconv.Itoa(r.ProtoMajor))
		})}
	go server.ServeTLS(listener, certificate, key) //nolint:errcheck // it ends with Close
	t.Cleanup(func() { server.Close() })
	request := Request{
		Via: Gateway, TLS: true, Host: "shop.example", Port: listener.Addr().(*net.TCPAddr).Port, Count: 1,
		Concurrency: 1, Timeout: Duration(5 * time.Second),
	}
	clients := NewClients(Source{Proxies: Proxies{Gateway: "127.0.0.1", CA: ca}})
	t.Cleanup(clients.Close)
	for protocol, want := range map[Protocol]string{HTTP1: "1", HTTP2: "2"} {
		request.Protocol = protocol
		got, err := clients.Run(t.Context(), request)
		if err != nil || got.Answers[want] != 1 {
			t.Errorf("%s: %v, %+v", protocol, err, got)
		}
	}
	request.Host = "other.example"
	if got, err := clients.Run(t.Context(), request); err != nil || len(got.Errors) != 1 {
		t.Errorf("another host: %v, %+v", err, got)
	}
	for file, want := range map[string]string{
		certificate + "x": "read the gateway's authority: open " + certificate + "x: no such file or directory",
		key:               "read the gateway's authority: " + key + " holds no certificate",
	} {
		clients := NewClients(Source{Proxies: Proxies{Gateway: "127.0.0.1", CA: file}})
		if _, err := clients.Run(t.Context(), request); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
