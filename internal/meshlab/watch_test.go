package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
)

const watchedHost = "greeter.greeter.svc.cluster.local"

// destinationRule defines a subset for each version.
func destinationRule(versions ...string) string {
	text := "{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: greeter," +
		" namespace: greeter},\n" +
		"spec: {host: " + watchedHost + ", subsets: ["
	for _, version := range versions {
		text += fmt.Sprintf("{name: %s, labels: {app: k8s-combat-service-%s}}, ", version, version)
	}
	return text + "]}}"
}

const splitRoute = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: greeter, namespace: greeter}
spec:
  hosts: [` + watchedHost + `]
  http:
  - name: split
    route:
    - {destination: {host: ` + watchedHost + `, subset: v1}, weight: 90}
    - {destination: {host: ` + watchedHost + `, subset: v2}, weight: 10}
`

// watchLine is any line of `meshlab watch`.
type watchLine struct {
	Event          string
	Kind           string
	Host           string
	Cluster        string
	Route          string
	MS             float64
	Weights        map[string]float64
	Changes        int
	NCMS           float64 `json:"nc_ms"`
	WarmingMS      float64 `json:"warming_ms"`
	UHMS           float64 `json:"uh_ms"`
	Faults         []struct{ Kind, Host, Cluster, Route string }
	NACKs, Windows int
	Open           []any
}

// watchProcess is a `meshlab watch`, which ends when its standard input is closed.
type watchProcess struct {
	stdin io.WriteCloser
	lines <-chan watchLine
}

func startWatchProcess(t *testing.T, p *labProcess, args ...string) watchProcess {
	t.Helper()
	cmd := exec.Command(p.binary, append([]string{"watch"}, args...)...)
	cmd.Env = append(os.Environ(), "MESH_TEST_LAB="+p.dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() }) //nolint:errcheck // it may have ended
	lines := make(chan watchLine, 1000)
	go func() {
		defer close(lines)
		defer cmd.Wait() //nolint:errcheck // the last line says how it ended
		for decoder := json.NewDecoder(stdout); ; {
			var line watchLine
			if err := decoder.Decode(&line); err != nil {
				return
			}
			lines <- line
		}
	}()
	return watchProcess{stdin, lines}
}

// until returns the lines up to the first one that is wanted.
func (w watchProcess) until(t *testing.T, wanted func(watchLine) bool) []watchLine {
	t.Helper()
	var lines []watchLine
	timeout := time.After(20 * time.Second)
	for {
		select {
		case line, ok := <-w.lines:
			if !ok {
				t.Fatalf("the watch ended after %+v", lines)
			}
			lines = append(lines, line)
			if wanted(line) {
				return lines
			}
		case <-timeout:
			t.Fatalf("the watch wrote only %+v", lines)
		}
	}
}

// broken waits until a route leads to a cluster that is not there, and returns the lines until then.
func (w watchProcess) broken(t *testing.T) []watchLine {
	t.Helper()
	var lines []watchLine
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		mark := w.mark(t, "broken?")
		lines = append(lines, mark...)
		for _, fault := range mark[len(mark)-1].Faults {
			if fault.Kind == "NC" {
				return lines
			}
		}
	}
	t.Fatalf("nothing breaks: %+v", lines)
	return nil
}

// mark ends a period, and returns the lines up to what the watch says of it.
func (w watchProcess) mark(t *testing.T, name string) []watchLine {
	t.Helper()
	if _, err := fmt.Fprintf(w.stdin, "{\"mark\": %q}\n", name); err != nil {
		t.Fatal(err)
	}
	return w.until(t, func(line watchLine) bool { return line.Event == "mark" })
}

// routed waits until the routes are those with these weights, and returns the lines until then.
func (w watchProcess) routed(t *testing.T, weights map[string]float64) []watchLine {
	t.Helper()
	return w.until(t, func(line watchLine) bool { return line.Event == "routes" && cmp.Equal(line.Weights, weights) })
}

// windowsOf returns the windows among lines, without those in which a cluster only waited for its endpoints inside
// one push.
func windowsOf(lines []watchLine) []watchLine {
	var windows []watchLine
	for _, line := range lines {
		if line.Event == "window" && (line.Kind != "WARMING" || line.MS > 100) {
			windows = append(windows, line)
		}
	}
	return windows
}

func deleteOrFail(t *testing.T, p *labProcess, resource string) {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(p.dir, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	kind := schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: resource}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := client.Resource(kind).Namespace("greeter").Delete(ctx, "greeter", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TestWatch_order changes the two objects in the right order, which no sidecar notices, and once in the wrong one.
func TestWatch_order(t *testing.T) {
	t.Parallel()
	p := startLabProcess(t, needLab(t))
	p.ready(t)
	client := p.client(t, "kubeconfig-developer")
	w := startWatchProcess(t, p, "--host", watchedHost)
	w.until(t, func(line watchLine) bool { return line.Event == "ready" })

	applyOrFail(t, client, destinationRule("v1", "v2"))
	time.Sleep(time.Second)
	applyOrFail(t, client, splitRoute)
	cluster := func(version string) string { return "outbound|50051|" + version + "|" + watchedHost }
	split := map[string]float64{cluster("v1"): 90, cluster("v2"): 10}
	lines := w.routed(t, split)
	if windows := windowsOf(lines); len(windows) > 0 {
		t.Errorf("subsets first, then the route: %+v", windows)
	}

	begin := time.Now()
	applyOrFail(t, client, destinationRule("v1"))
	lines = w.broken(t)
	isBroken := time.Now()
	time.Sleep(time.Second)
	least := float64(time.Since(isBroken).Milliseconds())
	applyOrFail(t, client, destinationRule("v1", "v2"))
	windows := windowsOf(append(lines, w.until(t, func(line watchLine) bool {
		return line.Event == "window" && line.Kind == "NC"
	})...))
	most := float64(time.Since(begin).Milliseconds())
	if len(windows) != 1 {
		t.Fatalf("a subset removed under its route: %+v", windows)
	}
	got := windows[0]
	if got.Host != watchedHost || got.Cluster != cluster("v2") || got.Route != "50051/split" || got.MS < least ||
		got.MS > most {
		t.Errorf("a subset removed under its route for %.0f to %.0f ms: %+v", least, most, got)
	}

	deleteOrFail(t, p, "virtualservices")
	lines = w.routed(t, map[string]float64{"outbound|50051||" + watchedHost: 100})
	deleteOrFail(t, p, "destinationrules")
	time.Sleep(time.Second)
	if err := w.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	lines = append(lines, w.until(t, func(line watchLine) bool { return line.Event == "summary" })...)
	if windows := windowsOf(lines); len(windows) > 0 {
		t.Errorf("route deleted, then its subsets: %+v", windows)
	}
	summary := lines[len(lines)-1]
	if summary.NCMS != got.MS || summary.UHMS != 0 || summary.NACKs != 0 || len(summary.Open) != 0 ||
		summary.Changes < 5 {
		t.Errorf("summary %+v", summary)
	}
	t.Logf("removed for %.0f to %.0f ms, window %+v\nsummary %+v", least, most, got, summary)
	p.stop(t)
}

func TestIstiodOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ processes, want, problem string }{
		"running lab": {
			`{"istiod": {"argv": ["pilot", "--grpcAddr", "127.0.0.1:20001", "--httpAddr", "127.0.0.1:20002"]}}`,
			"127.0.0.1:20001",
			"",
		},
		"no istiod":          {`{"etcd": {"argv": ["etcd"]}}`, "", "names no --grpcAddr"},
		"not a list of them": {`[]`, "", "find istiod: json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "processes.json"), []byte(c.processes), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := istiodOf(dir)
			if got != c.want || (err == nil) != (c.problem == "") ||
				err != nil && !strings.Contains(err.Error(), c.problem) {
				t.Errorf("got %q, error %v", got, err)
			}
		})
	}
}
