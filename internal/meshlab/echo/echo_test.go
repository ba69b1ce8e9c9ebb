package echo

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/greeter"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/telemetry"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/telemetry/telemetrytest"
)

// servers are two that count together, v1 and v2.
func servers(t *testing.T) (v1, v2 *Server) {
	t.Helper()
	attempts, seen := greeter.NewAttempts(), NewSeen()
	var all []*Server
	for _, version := range []string{"v1", "v2"} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s := Serve(listener, version, attempts, seen, telemetry.Reporter{})
		t.Cleanup(s.Stop)
		all = append(all, s)
	}
	return all[0], all[1]
}

func send(t *testing.T, client *http.Client, s *Server, path string, headers ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	request.Host = "shop.example"
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, strings.TrimSpace(string(body))
}

// A server answers with what it received, in both versions of HTTP.
func TestServe(t *testing.T) {
	t.Parallel()
	v1, _ := servers(t)
	for name, protocols := range map[string]func(*http.Protocols){
		"HTTP/1.1": func(p *http.Protocols) { p.SetHTTP1(true) },
		"HTTP/2.0": func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transport := &http.Transport{Protocols: new(http.Protocols), DisableCompression: true}
			protocols(transport.Protocols)
			t.Cleanup(transport.CloseIdleConnections)
			client := &http.Client{Transport: transport}
			response, body := send(t, client, v1, "/a%20b?c=d", "X-Twice", "1", "X-Twice", "2")
			if got := response.Header.Get(greeter.VersionHeader); got != "v1" {
				t.Errorf("answered by %q", got)
			}
			var got Answer
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatal(err)
			}
			want := Answer{
				Version: "v1", Address: v1.address, Protocol: name, Method: "GET", Authority: "shop.example",
				Path: "/a%20b?c=d",
				Headers: map[string][]string{
					"x-twice": {"1", "2"}, "user-agent": {"Go-http-client/" + name[len("HTTP/"):]},
				},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// What a request asks for by its headers.
func TestServe_headers(t *testing.T) {
	t.Parallel()
	v1, _ := servers(t)
	for name, c := range map[string]struct {
		headers []string
		want    string
	}{
		"a status":    {[]string{StatusHeader, "500"}, "500"},
		"no status":   {[]string{StatusHeader, "99"}, "400 header x-status: 99 is no status"},
		"no number":   {[]string{StatusHeader, "x"}, `400 header x-status: strconv.Atoi: parsing "x": invalid syntax`},
		"no duration": {[]string{greeter.SleepHeader, "x"}, `400 header x-sleep: time: invalid duration "x"`},
		"failing": {
			[]string{greeter.FailFirstHeader, "1", greeter.CallIDHeader, "a"}, "503 failed as the request asked for",
		},
		"no count": {
			[]string{greeter.FailFirstHeader, "x", greeter.CallIDHeader, "b"}, "400 header x-fail-first: ",
		},
		"nothing of a kind": {nil, "200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := send(t, http.DefaultClient, v1, "/", c.headers...)
			got := response.Status[:3]
			if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusInternalServerError {
				got += " " + body
			}
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Attempts are counted over both servers, and so are requests of a name.
func TestServe_together(t *testing.T) {
	t.Parallel()
	v1, v2 := servers(t)
	ask := []string{greeter.FailFirstHeader, "2", greeter.CallIDHeader, "x", CountHeader, "mirrored"}
	var got []string
	for _, s := range []*Server{v1, v2, v2} {
		response, _ := send(t, http.DefaultClient, s, "/", ask...)
		got = append(got, response.Status[:3]+" "+response.Header.Get(greeter.AttemptsHeader))
	}
	if diff := cmp.Diff([]string{"503 ", "503 ", "200 3"}, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if _, body := send(t, http.DefaultClient, v1, SeenPath+"mirrored"); body != `{"v1":1,"v2":2}` {
		t.Errorf("seen %s", body)
	}
}

func TestServe_sleeps(t *testing.T) {
	t.Parallel()
	v1, _ := servers(t)
	begin := time.Now()
	send(t, http.DefaultClient, v1, "/", greeter.SleepHeader, "50ms")
	if took := time.Since(begin); took < 50*time.Millisecond {
		t.Errorf("took %s", took)
	}
	impatient := &http.Client{Timeout: 50 * time.Millisecond}
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+v1.address, nil)
	request.Header.Set(greeter.SleepHeader, "1h")
	if response, err := impatient.Do(request); err == nil {
		response.Body.Close()
		t.Error("answered")
	}
	v1.Stop()
	if err := v1.Wait(); err == nil {
		t.Error("stopped without a reason")
	}
}

// What an echo answers is counted by its status for the Service that the Envoy chose, and the answer does not tell of
// the Envoy's header.
func TestServe_counts(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mesh := telemetry.New([]string{"v2"})
	server := Serve(listener, "v2", greeter.NewAttempts(), NewSeen(),
		mesh.Reporter(telemetry.Workload{Name: "echo-v2", Version: "v2"}))
	t.Cleanup(server.Stop)
	const chosen = "outbound|80||shop.test.svc.cluster.local;"
	_, text := send(t, http.DefaultClient, server, "/", telemetry.ClusterHeader, chosen)
	if strings.Contains(text, chosen) {
		t.Errorf("answer %s", text)
	}
	send(t, http.DefaultClient, server, "/", telemetry.ClusterHeader, chosen, StatusHeader, "404")
	send(t, http.DefaultClient, server, "/", telemetry.ClusterHeader, chosen, StatusHeader, "4")
	send(t, http.DefaultClient, server, SeenPath+"x", telemetry.ClusterHeader, chosen)
	put := httptest.NewRequest(http.MethodPut, "/faults?version=v2&fail=100&service=shop.test.svc.cluster.local", nil)
	mesh.Handler().ServeHTTP(httptest.NewRecorder(), put)
	for range 2 {
		response, text := send(t, http.DefaultClient, server, "/", telemetry.ClusterHeader, chosen)
		if response.StatusCode != http.StatusServiceUnavailable || text != telemetry.Failed ||
			response.Header.Get(greeter.VersionHeader) != "v2" {
			t.Errorf("%s: %s, headers %v", response.Status, text, response.Header)
		}
	}
	w := httptest.NewRecorder()
	mesh.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	got, err := telemetrytest.Requests(w.Body, "response_code", map[string]string{
		"destination_service": "shop.test.svc.cluster.local",
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"200": 1, "400": 1, "404": 1, "503": 2}, got); diff != "" {
		t.Errorf("answers by status (-want +got):\n%s", diff)
	}
}
