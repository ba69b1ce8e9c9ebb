package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCallOf(t *testing.T) {
	t.Parallel()
	const istio = "/apis/networking.istio.io/v1"
	for name, c := range map[string]struct {
		method, url string
		want        call
		text        string
	}{
		"an object": {"GET", istio + "/namespaces/shop/virtualservices/reviews",
			call{verb: "GET", resource: "virtualservices", namespace: "shop"}, "GET virtualservices"},
		"those of a namespace": {"GET", istio + "/namespaces/shop/virtualservices?limit=500",
			call{verb: "LIST", resource: "virtualservices", namespace: "shop"}, "LIST virtualservices"},
		"those of the cluster": {"GET", istio +
			"/destinationrules", call{verb: "LIST", resource: "destinationrules"}, "LIST destinationrules"},
		"a watch": {"GET", "/api/v1/namespaces/shop/pods?watch=true",
			call{verb: "WATCH", resource: "pods", namespace: "shop"}, "WATCH pods"},
		"a dry run": {"PATCH", istio + "/namespaces/shop/virtualservices/reviews?dryRun=All&fieldManager=x",
			call{verb: "PATCH", resource: "virtualservices", namespace: "shop", dryRun: true},
			"PATCH virtualservices, dry run"},
		"the core group": {"DELETE", "/api/v1/namespaces/shop/services/reviews",
			call{verb: "DELETE", resource: "services", namespace: "shop"}, "DELETE services"},
		"a namespace itself": {
			"GET", "/api/v1/namespaces/shop", call{verb: "GET", resource: "namespaces"}, "GET namespaces",
		},
		"discovery": {
			"GET", "/apis/networking.istio.io/v1", call{verb: "GET", resource: "/apis/networking.istio.io/v1"},
			"GET /apis/networking.istio.io/v1",
		},
		"no resource": {"GET", "/version", call{verb: "GET", resource: "/version"}, "GET /version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := callOf(httptest.NewRequest(c.method, c.url, http.NoBody))
			if got != c.want || got.String() != c.text {
				t.Errorf("callOf(%s %s) = %+v, %q; want %+v, %q", c.method, c.url, got, got.String(), c.want, c.text)
			}
		})
	}
}

func TestMedianOf(t *testing.T) {
	t.Parallel()
	get := call{verb: "GET", resource: "pods"}
	list := call{verb: "LIST", resource: "pods"}
	samples := []sample{
		{terraform: 3 * time.Second, plugin: time.Second, bytes: 10, calls: calls{get: 5}},
		{terraform: time.Second, plugin: 9 * time.Second, bytes: 30, calls: calls{get: 7, list: 2}},
		{terraform: 2 * time.Second, plugin: 2 * time.Second, bytes: 20, calls: calls{get: 6, list: 4}},
		{terraform: 4 * time.Second, plugin: 4 * time.Second, bytes: 40, calls: calls{get: 8, list: 6}},
	}
	for name, c := range map[string]struct {
		samples []sample
		want    sample
	}{
		"one": {samples[:1], samples[0]},
		"the middle, and 0 for absent": {
			samples[:3],
			sample{terraform: 2 * time.Second, plugin: 2 * time.Second, bytes: 20, calls: calls{get: 6, list: 2}},
		},
		"the mean of the middle two": {samples, sample{
			terraform: 2500 * time.Millisecond, plugin: 3 * time.Second, bytes: 25, calls: calls{get: 6, list: 3},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, medianOf(c.samples), cmp.AllowUnexported(sample{}, call{})); diff != "" {
				t.Errorf("medians (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	results := []result{
		{
			step:  "create",
			floor: sample{terraform: 1500 * time.Millisecond, plugin: 500 * time.Millisecond, bytes: 41e6},
			provider: sample{terraform: 2 * time.Second, plugin: 3 * time.Second, bytes: 103e6, calls: calls{
				{verb: "PATCH", resource: "virtualservices", namespace: "a"}: 1,
				{verb: "PATCH", resource: "virtualservices", namespace: "b"}: 2,
				{verb: "LIST", resource: "services", namespace: "a"}:         1,
				{verb: "LIST", resource: "services", namespace: "b"}:         3,
				{verb: "LIST", resource: "virtualservices"}:                  2,
			}},
		},
		{
			step:  "plan",
			floor: sample{terraform: time.Second, bytes: 40e6},
			provider: sample{
				terraform: time.Second,
				bytes:     50e6,
				calls:     calls{{verb: "LIST", resource: "services", namespace: "a"}: 1},
			},
		},
	}
	want := `
| CPU seconds | floor: Terraform | plugin | both | provider: Terraform | plugin | both | provider / floor | requests | floor, peak MB | provider, peak MB |
|-------------|-----------------:|-------:|-----:|--------------------:|-------:|-----:|-----------------:|---------:|---------------:|------------------:|
| create      |             1.50 |   0.50 | 2.00 |                2.00 |   3.00 | 5.00 |             2.50 |        9 |             41 |               103 |
| plan        |             1.00 |   0.00 | 1.00 |                1.00 |   0.00 | 1.00 |             1.00 |        1 |             40 |                50 |

| requests of the provider            |                  create |               plan |
|-------------------------------------|------------------------:|-------------------:|
| LIST services                       | 4 (1 to 3 in each of 2) | 1 (1 in each of 1) |
| LIST virtualservices of the cluster |                       2 |                  0 |
| PATCH virtualservices               |                       3 |                  0 |
`
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), costs(results)+"\n"+requests(results, 2)); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}

func TestReadUsage(t *testing.T) {
	t.Parallel()
	cpu, peak, err := readUsage([]byte("{\"cpu\":1000,\"bytes\":5}\n{\"cpu\":500,\"bytes\":9}\n"))
	if cpu != 1500 || peak != 9 || err != nil {
		t.Errorf("readUsage = %v, %d, %v; want 1.5µs, 9, nil", cpu, peak, err)
	}
	if _, _, err := readUsage([]byte("{\"cpu\"")); err == nil {
		t.Error("half a line is no error")
	}
}

func TestUnexpectedWarning(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ output, want string }{
		"none": {"Apply complete!\n", ""},
		"those that are always there": {
			"Warning: Provider development overrides are in effect\n\nWarning: Traffic moves in shop/reviews\n", "",
		},
		"another": {
			"Warning: Provider development overrides are in effect\n\n  Warning: No pod is ready\n", "No pod is ready",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := unexpectedWarning(c.output); got != c.want {
				t.Errorf("unexpectedWarning = %q, want %q", got, c.want)
			}
		})
	}
}
