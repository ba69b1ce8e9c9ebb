package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/binaries"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/telemetry"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/telemetry/telemetrytest"
)

// counts returns the requests to a version of the HTTP service by the status of their answer.
func (p *labProcess) counts(t *testing.T, version string) map[string]int {
	t.Helper()
	body, err := cluster.Get(t.Context(), http.DefaultClient, p.env(t)["MESHLAB_METRICS"]+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	counts, err := telemetrytest.Requests(bytes.NewReader(body), "response_code", map[string]string{
		"destination_service": "echo.greeter.svc.cluster.local", "destination_version": version,
	})
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// faults changes what is wrong with v2 of the HTTP service.
func (p *labProcess) faults(t *testing.T, method, query string) {
	t.Helper()
	at := p.env(t)["MESHLAB_METRICS"] + "/faults?service=echo.greeter.svc.cluster.local&version=v2" + query
	request, err := http.NewRequestWithContext(t.Context(), method, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		t.Fatalf("%s %s: %s", method, at, response.Status)
	}
}

// countedThroughEnvoy: however a request came, it is counted for the Service that it reached, each of its attempts
// too, and fails where that was asked for.
func (p *labProcess) countedThroughEnvoy(t *testing.T) {
	sum := func(step string, want map[string]int, do func()) {
		t.Helper()
		before := p.counts(t, "v2")
		do()
		var got map[string]int
		for range 500 { // what an Envoy mirrors takes a moment
			got = map[string]int{}
			for code, n := range p.counts(t, "v2") {
				if n > before[code] {
					got[code] = n - before[code]
				}
			}
			if cmp.Equal(want, got) {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Errorf("%s: counted %v, want %v", step, got, want)
	}
	all := 10 * len(ways)
	sum("answered", map[string]int{"200": all}, func() { p.batch(t, ways) })
	p.faults(t, http.MethodPut, "&fail=100")
	sum("failed", map[string]int{"503": 3 * all}, func() {
		for i, r := range p.batch(t, ways) {
			if diff := cmp.Diff(map[string]int{"503: " + telemetry.Failed: 10}, r.Errors); diff != "" {
				t.Errorf("%+v: errors (-want +got):\n%s", ways[i], diff)
			}
		}
	})
	p.faults(t, http.MethodPut, "&delay=300ms")
	sum("late", map[string]int{"200": 5}, func() {
		if r := p.call(t, "--via", "gateway", "--protocol", "http1", "--host", "shop.example", "-n", "5",
			"--concurrency", "5"); r.Latency["min"] < 300 || r.Answers["v2"] != 5 {
			t.Errorf("answers %v, latency %v, errors %v", r.Answers, r.Latency, r.Errors)
		}
	})
	p.faults(t, http.MethodDelete, "")
	sum("answered again", map[string]int{"200": all}, func() { p.batch(t, ways) })
	before := p.counts(t, "v1")["200"]
	p.call(t, "--via", "gateway", "--protocol", "http1", "--host", "shop.example", "-n", "20", "--path", "/mirror")
	p.waitFor(t, "mirrored requests", 30*time.Second, func() error {
		if n := p.counts(t, "v1")["200"] - before; n != 20 {
			return fmt.Errorf("%d are counted", n)
		}
		return nil
	})
}

// needPrometheus keeps the tests that build a Prometheus out of those that start a lab.
func needPrometheus(t *testing.T) string {
	t.Helper()
	if os.Getenv("MESHLAB_PROMETHEUS_E2E") == "" {
		t.Skip("builds Prometheus, for 5 minutes the first time: make test-prometheus")
	}
	binary := needLab(t)
	if out, err := exec.Command(binary, "build", "--prometheus").CombinedOutput(); err != nil {
		t.Fatalf("build Prometheus: %v\n%s", err, out)
	}
	return binary
}

// vector returns the values of an answer of Prometheus by a label.
func vector(body, label string) (map[string]string, error) {
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		return nil, fmt.Errorf("%w: %s", err, body)
	}
	values := map[string]string{}
	for _, r := range answer.Data.Result {
		values[r.Metric[label]] = fmt.Sprint(r.Value[1])
	}
	return values, nil
}

// TestPrometheus asks a lab's Prometheus what was sent, at its own address and through the API server, and takes it
// away for a while.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	p := startLabProcess(t, needPrometheus(t), "sh", "-c", `exec "$@" --prometheus`, "sh")
	p.ready(t)
	at := p.env(t)["MESHLAB_PROMETHEUS"]
	if !strings.Contains(p.output.String(), "\nPrometheus  "+at+"\n") {
		t.Errorf("said %q", p.output)
	}
	if r := p.call(t, "-n", "60", "--concurrency", "1"); len(r.Errors) > 0 {
		t.Fatalf("errors %v", r.Errors)
	}
	const sum = `sum by (destination_version) (istio_requests_total{grpc_response_status="0",` +
		`destination_service="greeter.greeter.svc.cluster.local"})`
	query := "/api/v1/query?query=" + url.QueryEscape(sum)
	// Each endpoint answers in its turn; the lab itself has sent the first requests.
	counted := func(get func(ctx context.Context) (string, error)) func() error {
		return func() error {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			body, err := get(ctx)
			if err != nil {
				return err
			}
			values, err := vector(body, "destination_version")
			if err != nil {
				return err
			}
			for _, version := range []string{"v1", "v2", "v3"} {
				if n, err := strconv.Atoi(values[version]); err != nil || n < 20 {
					return fmt.Errorf("%s: %v", version, values)
				}
			}
			return nil
		}
	}
	direct := counted(func(ctx context.Context) (string, error) {
		body, err := cluster.Get(ctx, http.DefaultClient, at+query)
		return string(body), err
	})
	p.waitFor(t, "the count", 30*time.Second, direct)
	for _, user := range []string{"kubeconfig", "kubeconfig-acker"} {
		p.waitFor(t, "the count through the API server as "+user, 30*time.Second, counted(
			func(ctx context.Context) (string, error) {
				return forwarded(ctx, p.config(t, user), "as kubectl does", "prometheus-0", 9090, query)
			}))
	}
	p.behindService(t, "prometheus", "prometheus-0")
	control := func(action string) {
		command := exec.Command(p.binary, "control", "--dir", p.dir, action, binaries.PrometheusServer)
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", action, err, out)
		}
	}
	control("kill")
	if err := direct(); err == nil {
		t.Error("a Prometheus that was killed answers")
	}
	control("restart")
	p.waitFor(t, "the count of a new Prometheus", 30*time.Second, direct)
	endpoints := p.endpoints(t)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.waitFor(t, "end of everything", 30*time.Second, func() error { return p.gone(endpoints) })
	p.onlyLogs(t)
}

// behindService fails when a Service of Istio's namespace does not select a pod, to which a port-forward to the
// Service would go.
func (p *labProcess) behindService(t *testing.T, name, pod string) {
	t.Helper()
	client, err := dynamic.NewForConfig(p.config(t, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	in := func(resource string) dynamic.ResourceInterface {
		return client.Resource(schema.GroupVersionResource{Version: "v1", Resource: resource}).Namespace("istio-system")
	}
	service, err := in("services").Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	selector, _, err := unstructured.NestedStringMap(service.Object, "spec", "selector")
	if err != nil {
		t.Fatal(err)
	}
	pods, err := in("pods").List(t.Context(), metav1.ListOptions{
		LabelSelector: metav1.FormatLabelSelector(&metav1.LabelSelector{MatchLabels: selector}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(pods.Items) != 1 || pods.Items[0].GetName() != pod {
		t.Errorf("Service %s selects %v", name, pods.Items)
	}
}
