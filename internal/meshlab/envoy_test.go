package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/call"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/echo"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/lab"
)

// shop routes the HTTP service, in the mesh and at the gateway: all to one version, with the path as a header.
const shop = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: echo, namespace: greeter}
spec:
  host: echo
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: echo, namespace: greeter}
spec:
  hosts: [echo.greeter.svc.cluster.local, shop.example]
  gateways: [mesh, edge/web]
  http:
  - match: [{uri: {prefix: /old}}]
    redirect: {uri: /new}
  - match: [{uri: {prefix: /mirror}}]
    route: [{destination: {host: echo, subset: VERSION}}]
    mirrors: [{destination: {host: echo, subset: v1}}]
  - route: [{destination: {host: echo, subset: VERSION}}]
    retries: {attempts: 2, retryOn: 5xx}
    rewrite: {uri: /rewritten/}
`

// needEnvoy returns a lab that has an Envoy.
func needEnvoy(t *testing.T) *labProcess {
	t.Helper()
	p := startLabProcess(t, needLab(t))
	p.ready(t)
	if env := p.env(t); env["MESHLAB_ENVOY_VERSION"] == "" {
		t.Skip("there is no Envoy: " + p.output.String())
	}
	return p
}

func (p *labProcess) env(t *testing.T) map[string]string {
	t.Helper()
	env, err := lab.ReadEnv(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// ways are those through an Envoy to the HTTP service.
var ways = []call.Request{
	{Via: call.Sidecar, Protocol: call.HTTP1, Host: "echo.greeter.svc.cluster.local"},
	{Via: call.Sidecar, Protocol: call.HTTP2, Host: "echo.greeter.svc.cluster.local"},
	{Via: call.Gateway, Protocol: call.HTTP1, Host: "shop.example"},
	{Via: call.Gateway, Protocol: call.HTTP2, Host: "shop.example"},
	{Via: call.Gateway, Protocol: call.HTTP1, Host: "shop.example", TLS: true},
	{Via: call.Gateway, Protocol: call.HTTP2, Host: "shop.example", TLS: true},
}

// batch sends requests by one process.
func (p *labProcess) batch(t *testing.T, requests []call.Request) []call.Report {
	t.Helper()
	var in, out bytes.Buffer
	for _, request := range requests {
		request.Count, request.Concurrency, request.Timeout = 10, 2, call.Duration(5*time.Second)
		if err := json.NewEncoder(&in).Encode(request); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("/bin/sh", "-c", fmt.Sprintf(". %s/env; $MESH_TEST_CALL --batch", p.dir))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	var reports []call.Report
	for decoder := json.NewDecoder(&out); ; {
		var report call.Report
		if err := decoder.Decode(&report); errors.Is(err, io.EOF) {
			return reports
		} else if err != nil {
			t.Fatal(err)
		}
		reports = append(reports, report)
	}
}

// awaitVersion waits until all requests of each way are answered by one version.
func (p *labProcess) awaitVersion(t *testing.T, version string) {
	t.Helper()
	p.waitFor(t, version+" to answer", 30*time.Second, func() error {
		for i, r := range p.batch(t, ways) {
			if r.Answers[version] != 10 {
				return fmt.Errorf("%+v: answers %v, errors %v", ways[i], r.Answers, r.Errors)
			}
		}
		return nil
	})
}

// TestEnvoy sends through the sidecar and the gateway, and changes the routes while istiod and they come and go.
func TestEnvoy(t *testing.T) { //nolint:tparallel // one lab, step by step
	t.Parallel()
	p := needEnvoy(t)
	client := p.client(t, "kubeconfig")
	for _, args := range [][]string{{"--via", "sidecar"}, {"--via", "sidecar", "--protocol", "http2"}} {
		if r := p.call(t, append(args, "-n", "200")...); len(r.Errors) > 0 || len(r.Endpoints) != 6 {
			t.Errorf("%v: answers from %v, errors %v", args, r.Endpoints, r.Errors)
		}
	}
	applyOrFail(t, client, strings.ReplaceAll(shop, "VERSION", "v2"))
	p.awaitVersion(t, "v2")
	t.Run("what becomes of requests", p.askedThroughEnvoy)
	t.Run("what is counted", p.countedThroughEnvoy)
	t.Run("load", func(t *testing.T) {
		p.loadedThroughEnvoy(t, func(version string) {
			applyOrFail(t, client, strings.ReplaceAll(shop, "VERSION", version))
		})
	})

	asked := slices.Clone(ways)
	for i := range asked {
		asked[i].Path, asked[i].Headers = "/a?b", map[string]string{"x-fail-first": "2"}
	}
	for i, r := range p.batch(t, asked) {
		if diff := cmp.Diff(map[string]int{"3": 10}, r.Attempts); diff != "" {
			t.Errorf("%+v: attempts (-want +got):\n%s", ways[i], diff)
		}
		var got echo.Answer
		if err := json.Unmarshal(r.Sample, &got); err != nil {
			t.Fatal(err)
		}
		if got.Path != "/rewritten/a?b" || got.Authority != ways[i].Host {
			t.Errorf("%+v: received %+v", ways[i], got)
		}
	}

	for _, server := range []string{cluster.Istiod, lab.SidecarServer, lab.GatewayServer} {
		out, err := exec.Command(p.binary, "control", "--dir", p.dir, "restart", server).CombinedOutput()
		if err != nil {
			t.Fatalf("restart %s: %v\n%s", server, err, out)
		}
	}
	p.waitFor(t, "istiod's webhook", 30*time.Second, func() error {
		return client.Apply(t.Context(), []byte(strings.ReplaceAll(shop, "VERSION", "v1")))
	})
	p.awaitVersion(t, "v1")
	p.stop(t)
}

// askedThroughEnvoy: what an Envoy does that gRPC's own client does not.
func (p *labProcess) askedThroughEnvoy(t *testing.T) {
	r := p.call(t, "--via", "sidecar", "--protocol", "http1", "-n", "5", "--path", "/old/x")
	if diff := cmp.Diff(map[string]int{"301 http://echo.greeter.svc.cluster.local/new": 5}, r.Answers); diff != "" {
		t.Errorf("redirect (-want +got):\n%s", diff)
	}
	r = p.call(t, "--via", "sidecar", "--protocol", "http1", "-n", "20", "--path", "/mirror", "--seen")
	if diff := cmp.Diff(map[string]int{"v1": 20, "v2": 20}, r.Seen); diff != "" {
		t.Errorf("mirrored (-want +got):\n%s", diff)
	}
	r = p.call(t, "--via", "gateway", "--protocol", "http1", "-n", "5", "--host", "nobody.example")
	if diff := cmp.Diff(map[string]int{"404: ": 5}, r.Errors); diff != "" {
		t.Errorf("no route (-want +got):\n%s", diff)
	}
}

// loadedThroughEnvoy: a load goes through both Envoys while the routes move from v2 to v1 and back.
func (p *labProcess) loadedThroughEnvoy(t *testing.T, moveTo func(version string)) {
	t.Helper()
	l := startLoadProcess(t, p, "--rate 300 --timeout 5s --via sidecar --protocol http1", "")
	if a := l.ask(t, `{"streams": [{"host": "echo.greeter.svc.cluster.local"}, `+
		`{"host": "shop.example", "via": "gateway", "protocol": "http2", "tls": true}, `+
		`{"host": "greeter.greeter.svc.cluster.local", "protocol": "grpc"}]}`); !a.OK || len(a.Late) > 0 {
		t.Fatalf("streams: %+v", a)
	}
	for _, version := range []string{"v1", "v2"} {
		moveTo(version)
		time.Sleep(2 * time.Second)
	}
	total := l.ask(t, `{"stop": true}`)
	if err := l.cmd.Wait(); err != nil || total.Failed > 0 || len(total.Streams) != 3 {
		t.Fatalf("total %+v, error %v", total, err)
	}
	for i, versions := range []int{2, 2, 3} {
		if s := total.Streams[i]; s.Answered < 50 || len(s.Versions) != versions {
			t.Errorf("%s: %+v", s.Name, s)
		}
	}
}

// TestEnvoy_sideBySide: each lab's sidecar and gateway send to the lab's own services.
func TestEnvoy_sideBySide(t *testing.T) {
	t.Parallel()
	one := needEnvoy(t)
	two := needEnvoy(t)
	applyOrFail(t, one.client(t, "kubeconfig"), strings.ReplaceAll(shop, "VERSION", "v1"))
	applyOrFail(t, two.client(t, "kubeconfig"), strings.ReplaceAll(shop, "VERSION", "v2"))
	one.awaitVersion(t, "v1")
	two.awaitVersion(t, "v2")
	one.awaitVersion(t, "v1")
	one.stop(t)
	two.awaitVersion(t, "v2")
	two.stop(t)
}

// TestEnvoy_none: without an Envoy a lab says so in a line, and gRPC's own client works.
func TestEnvoy_none(t *testing.T) {
	t.Parallel()
	p := startLabProcess(t, needLab(t), "env", "MESHLAB_ENVOY=none")
	p.ready(t)
	if want := "no Envoy, requests go by gRPC's own client alone: MESHLAB_ENVOY=none\n"; !strings.Contains(
		p.output.String(), want,
	) {
		t.Errorf("said %q", p.output)
	}
	for name := range p.env(t) {
		if strings.HasPrefix(name, "MESHLAB_ENVOY_") || strings.HasSuffix(name, "_ADDRESS") {
			t.Errorf("%s is set", name)
		}
	}
	// Nobody who does not ask for a Prometheus is told of one.
	if _, there := p.env(t)["MESHLAB_PROMETHEUS"]; there || strings.Contains(p.output.String(), "rometheus") {
		t.Errorf("said %q", p.output)
	}
	if r := p.call(t, "-n", "10"); len(r.Errors) > 0 {
		t.Errorf("errors %v", r.Errors)
	}
	out, err := exec.Command(p.binary, "call", "--dir", p.dir, "--via", string(call.Gateway)).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "this lab has no gateway") {
		t.Errorf("by the gateway: %v, %s", err, out)
	}
	p.stop(t)
}
