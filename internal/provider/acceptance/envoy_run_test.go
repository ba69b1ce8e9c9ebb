package acceptance_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// runningEnvoy is a real Envoy with routes that istiod computed, before a server that tells the path it was asked
// for.
type runningEnvoy struct {
	t       *testing.T
	address string
}

// startEnvoy starts MESH_TEST_ENVOY as a gateway, nil where that is not set. Its settings are those that istiod gives
// a connection manager there, and its runtime flags those of Istio's bootstrap.
func startEnvoy(t *testing.T, routes []byte, table string) *runningEnvoy {
	t.Helper()
	binary := os.Getenv("MESH_TEST_ENVOY")
	if binary == "" {
		t.Log("MESH_TEST_ENVOY names no Envoy: istiod's routes are read by the tests' own matcher alone")
		return nil
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.RequestURI) //nolint:gosec // a test reads it, and no browser
	}))
	t.Cleanup(server.Close)
	e := &runningEnvoy{t: t, address: freeAddress(t)}
	config, err := json.Marshal(map[string]any{
		"layered_runtime": map[string]any{"layers": []any{map[string]any{
			"name":         "istio",
			"static_layer": map[string]any{"envoy.reloadable_features.http_reject_path_with_fragment": false},
		}}},
		"static_resources": map[string]any{
			"listeners": []any{listener(e.address, tableOf(t, routes, table))},
			"clusters":  clusters(routes, server.Listener.Addr().String()),
		},
	})
	file := filepath.Join(t.TempDir(), "envoy.json")
	if err == nil {
		err = os.WriteFile(file, config, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), binary, "-c", file, "--concurrency", "1", "--disable-hot-restart",
		"--log-level", "error")
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Wait() })
	for deadline := time.Now().Add(acctest.Patience); ; time.Sleep(50 * time.Millisecond) {
		if connection, err := net.Dial("tcp", e.address); err == nil {
			_ = connection.Close()
			return e
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// tableOf returns one of istiod's RouteConfigurations.
func tableOf(t *testing.T, routes []byte, name string) json.RawMessage {
	t.Helper()
	for line := range strings.Lines(string(routes)) {
		var table struct{ Name string }
		if err := json.Unmarshal([]byte(line), &table); err != nil {
			t.Fatal(err)
		}
		if table.Name == name {
			return json.RawMessage(line)
		}
	}
	t.Fatalf("istiod has no table %s", name)
	return nil
}

func listener(address string, table json.RawMessage) any {
	const types = "type.googleapis.com/envoy.extensions."
	filter := func(name, kind string) any {
		return map[string]any{"name": name, "typed_config": map[string]any{"@type": types + kind}}
	}
	return map[string]any{
		"name": address, "address": socket(address),
		"filter_chains": []any{map[string]any{"filters": []any{map[string]any{
			"name": "envoy.filters.network.http_connection_manager",
			"typed_config": map[string]any{
				"@type":              types + "filters.network.http_connection_manager.v3.HttpConnectionManager",
				"stat_prefix":        "test",
				"use_remote_address": true,
				"normalize_path":     true,
				"route_config":       table,
				"http_filters": []any{
					filter("envoy.filters.http.fault", "filters.http.fault.v3.HTTPFault"),
					filter("envoy.filters.http.cors", "filters.http.cors.v3.Cors"),
					filter("envoy.filters.http.router", "filters.http.router.v3.Router"),
				},
			},
		}}}},
	}
}

func socket(address string) any {
	host, port, _ := net.SplitHostPort(address)
	return map[string]any{"socket_address": map[string]any{"address": host, "port_value": json.RawMessage(port)}}
}

var clusterNames = regexp.MustCompile(`"cluster":\s*"([^"]+)"`)

// clusters returns all that the routes name, each of them the server.
func clusters(routes []byte, address string) []any {
	var names []string
	for _, found := range clusterNames.FindAllSubmatch(routes, -1) {
		names = append(names, string(found[1]))
	}
	slices.Sort(names)
	var all []any
	for _, name := range slices.Compact(names) {
		endpoint := map[string]any{"endpoint": map[string]any{"address": socket(address)}}
		all = append(all, map[string]any{
			"name": name, "type": "STATIC", "connect_timeout": "1s",
			"load_assignment": map[string]any{
				"cluster_name": name, "endpoints": []any{map[string]any{"lb_endpoints": []any{endpoint}}},
			},
		})
	}
	return all
}

// ask sends a request word for word, and returns the status with the Location or what the server says.
func (e *runningEnvoy) ask(host, path string, headers map[string]string) string {
	e.t.Helper()
	connection, err := net.Dial("tcp", e.address)
	if err != nil {
		e.t.Fatal(err)
	}
	defer connection.Close()
	text := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", path, host)
	for name, value := range headers {
		text += name + ": " + value + "\r\n"
	}
	if _, err = io.WriteString(connection, text+"\r\n"); err != nil {
		e.t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		e.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	switch location := response.Header.Get("Location"); {
	case location != "":
		return fmt.Sprintf("%d %s", response.StatusCode, location)
	case response.StatusCode == http.StatusOK:
		return string(body)
	}
	return fmt.Sprint(response.StatusCode)
}
