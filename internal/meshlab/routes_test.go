package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/call"
)

const routes = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: greeter, namespace: greeter}
spec:
  host: greeter.greeter.svc.cluster.local
  subsets:
  - {name: v1, labels: {app: k8s-combat-service-v1}}
  - {name: v2, labels: {app: k8s-combat-service-v2}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: greeter, namespace: greeter}
spec:
  hosts: [greeter.greeter.svc.cluster.local]
  http:
  - match: [{headers: {version: {exact: "100"}}}]
    route: [{destination: {host: greeter.greeter.svc.cluster.local, subset: v1}}]
  - match: [{headers: {version: {exact: "200"}}}]
    route: [{destination: {host: greeter.greeter.svc.cluster.local, subset: v2}}]
    retries: {attempts: 2, retryOn: unavailable}
    timeout: 2s
  - match: [{sourceNamespace: other}]
    fault: {abort: {httpStatus: 503, percentage: {value: 100}}}
    route: [{destination: {host: greeter.greeter.svc.cluster.local, subset: v1}}]
  - match: [{sourceLabels: {app: tester}}]
    route: [{destination: {host: greeter.greeter.svc.cluster.local, subset: v2}}]
  - route:
    - {destination: {host: greeter.greeter.svc.cluster.local, subset: v1}, weight: 90}
    - {destination: {host: greeter.greeter.svc.cluster.local, subset: v2}, weight: 10}
`

// TestLab_routes applies the scenario's routes by hand and looks at who answers.
func TestLab_routes(t *testing.T) {
	t.Parallel()
	p := startLabProcess(t, needLab(t))
	p.ready(t)
	applyOrFail(t, p.client(t, "kubeconfig-developer"), routes)
	p.waitFor(t, "routes at the client", 30*time.Second, func() error {
		if r := p.call(t, "-n", "100", "--header", "version=200"); r.Answers["v2"] != 100 {
			return fmt.Errorf("answers %v, errors %v", r.Answers, r.Errors)
		}
		return nil
	})

	for name, c := range map[string]struct {
		args []string
		want map[string]int
	}{
		"version 100":             {[]string{"--header", "version=100"}, map[string]int{"v1": 1000}},
		"version 200":             {[]string{"--header", "version=200"}, map[string]int{"v2": 1000}},
		"labels of the client":    {[]string{"--client-labels", "app=tester"}, map[string]int{"v2": 1000}},
		"namespace of the client": {[]string{"--client-namespace", "other"}, map[string]int{}},
	} {
		if r := p.call(t, c.args...); !maps.Equal(r.Answers, c.want) {
			t.Errorf("%s: answers %v, errors %v, want %v", name, r.Answers, r.Errors, c.want)
		}
	}

	// 9000 is the mean and 30 the standard deviation: ±117 holds 99.99 % of all runs.
	begin := time.Now()
	r := p.call(t, "-n", "10000")
	if r.Answers["v1"] < 8883 || r.Answers["v1"] > 9117 || r.Answers["v1"]+r.Answers["v2"] != 10000 {
		t.Errorf("90/10: answers %v, errors %v", r.Answers, r.Errors)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("10,000 calls took %s", took)
	}
	if r := p.call(t, "-n", "20", "--header", "version=200", "--header", "x-fail-first=2"); r.Attempts["3"] != 20 {
		t.Errorf("two failing attempts of three: attempts %v, errors %v", r.Attempts, r.Errors)
	}
	if r := p.call(
		t, "-n", "20", "--header", "version=200", "--header", "x-fail-first=3",
	); total(r, "Unavailable") != 20 {
		t.Errorf("three failing attempts of three: answers %v, errors %v", r.Answers, r.Errors)
	}
	if r := p.call(
		t, "-n", "5", "--header", "version=200", "--header", "x-sleep=3s",
	); total(r, "DeadlineExceeded") != 5 || r.Latency["max"] > 2900 {
		t.Errorf("timeout of 2 s: answers %v, errors %v, latency %v", r.Answers, r.Errors, r.Latency)
	}
	refusals(t, p)
	p.stop(t)
	left, err := os.ReadDir(p.dir)
	if err != nil || len(left) != 1 || left[0].Name() != "logs" {
		t.Errorf("left in the lab's directory: %v, error %v", left, err)
	}
}

func total(r call.Report, code string) int {
	n := 0
	for text, count := range r.Errors {
		if strings.HasPrefix(text, code+":") {
			n += count
		}
	}
	return n
}

// refusals checks who is refused, and by whom.
func refusals(t *testing.T, p *labProcess) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := p.client(t, "kubeconfig-nobody").Apply(ctx, []byte(routes)); !apierrors.IsForbidden(err) {
		t.Errorf("a user without rights: %v", err)
	}
	elsewhere := strings.ReplaceAll(routes, "namespace: greeter", "namespace: default")
	if err := p.client(t, "kubeconfig-developer").Apply(ctx, []byte(elsewhere)); !apierrors.IsForbidden(err) {
		t.Errorf("the developer in another namespace: %v", err)
	}
	negative := strings.ReplaceAll(routes, "weight: 10", "weight: -10")
	if err := p.client(t, "kubeconfig").Apply(ctx, []byte(negative)); err == nil ||
		!strings.Contains(err.Error(), "weight -10 < 0") {
		t.Errorf("a negative weight: %v", err)
	}
}

// TestLab_sideBySide starts two labs at the same time; a route in one does not show in the other.
func TestLab_sideBySide(t *testing.T) {
	t.Parallel()
	binary := needLab(t)
	one, two := startLabProcess(t, binary), startLabProcess(t, binary)
	one.ready(t)
	two.ready(t)
	applyOrFail(t, one.client(t, "kubeconfig"), routes)
	one.waitFor(t, "routes at the client", 30*time.Second, func() error {
		if r := one.call(t, "-n", "100", "--header", "version=200"); r.Answers["v2"] != 100 {
			return fmt.Errorf("answers %v, errors %v", r.Answers, r.Errors)
		}
		return nil
	})
	first, second := one.call(t, "-n", "600"), two.call(t, "-n", "600", "--header", "version=200")
	if len(second.Answers) != 3 || len(second.Errors) != 0 {
		t.Errorf("the lab without routes: answers %v, errors %v", second.Answers, second.Errors)
	}
	for endpoint := range first.Endpoints {
		if second.Endpoints[endpoint] > 0 {
			t.Errorf("%s answers in both labs", endpoint)
		}
	}
	one.stop(t)
	if r := two.call(t, "-n", "600"); len(r.Errors) != 0 {
		t.Errorf("after the other lab ended: errors %v", r.Errors)
	}
	two.stop(t)
}
