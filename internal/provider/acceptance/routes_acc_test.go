package acceptance_test

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// routes is a VirtualService for the test's Service of HTTP, at the lab's sidecar and gateway, and the table that
// internal/traffic makes of it.
type routes struct {
	lab     *acctest.Lab
	table   *traffic.Table
	proxies map[string]acctest.EnvoyPod // by the gateway that internal/traffic knows them as
	client  *envoyClient
	older   bool // the Envoys join the lines of a header before they compare it
	asked   int
	// server is one that tells which requests were received, and last the name of the last one.
	server, last string
}

// newRoutes applies rules, in YAML, and waits until both Envoys have them.
func newRoutes(t *testing.T, rules string) *routes {
	t.Helper()
	lab := acctest.StartProxied(t)
	sidecar, gateway, _ := lab.Envoys()
	at := lab.Gateway().Namespace + "/" + lab.Gateway().Name
	r := &routes{
		lab: lab, older: minorOf(t, lab.Gateway().Version) < individually,
		proxies: map[string]acctest.EnvoyPod{istio.MeshGateway: sidecar, at: gateway},
	}
	text := lab.Expand(fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: SERVICE, namespace: NAMESPACE}
spec:
  hosts: [HOST]
  gateways: [mesh, %s]
  http:
%s
  - {name: ready, match: [{uri: {exact: /ready}}], directResponse: {status: 299}}
  - {name: served, match: [{uri: {exact: /served}}], route: [{destination: {host: HOST}}]}
`, at, rules))
	lab.ApplyAs("test", text)
	raw, err := lab.MustGet(acctest.VirtualService, lab.Service).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	object, err := istio.ParseAny(raw)
	if err != nil {
		t.Fatal(err)
	}
	r.table = traffic.NewTable([]*istio.Object{object}, nil, traffic.Options{})
	var addresses []string
	for _, proxy := range r.proxies {
		addresses = append(addresses, r.address(proxy))
	}
	r.client = newEnvoyClient(t, "", addresses...)
	for _, proxy := range r.proxies {
		// The rules may be there before the service's endpoints are.
		r.await(t, proxy, "/ready", func(got reply) bool { return got.Status == 299 })
		r.await(t, proxy, "/served", func(got reply) bool { return got.Received != nil })
	}
	return r
}

// await sends requests to an Envoy until one is answered as it should be.
func (r *routes) await(t *testing.T, proxy acctest.EnvoyPod, path string, ready func(reply) bool) {
	t.Helper()
	for deadline := time.Now().Add(acctest.Patience); ; time.Sleep(50 * time.Millisecond) {
		got, err := r.client.send(t.Context(), message{
			address: r.address(proxy), method: http.MethodGet, authority: r.lab.Host, path: path,
		})
		if err == nil && ready(got) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the Envoy at %s does not have the rules: %+v, error %v", r.address(proxy), got, err)
		}
	}
}

func (r *routes) address(proxy acctest.EnvoyPod) string {
	return net.JoinHostPort(proxy.Host, strconv.Itoa(httpPort))
}

// each sends a request to both Envoys, and hands over what becomes of it and what internal/traffic says of it.
func (r *routes) each(
	t *testing.T, method, path string, headers map[string][]string,
	look func(t *testing.T, out traffic.Outcome, got reply),
) {
	t.Helper()
	for _, gateway := range slices.Sorted(maps.Keys(r.proxies)) {
		proxy := r.proxies[gateway]
		out := r.table.Evaluate(traffic.Request{
			Method: method, Authority: r.lab.Host, Path: path, Headers: headers, Port: httpPort, Gateway: gateway,
			SourceNamespace: proxy.Namespace, SourceLabels: proxy.Labels,
		})
		r.last = fmt.Sprintf("%s-%d", r.lab.Service, r.asked)
		sent := maps.Clone(headers)
		sent["x-count-as"] = []string{r.last}
		got, err := r.client.send(t.Context(), message{
			address: r.address(proxy), method: method, authority: r.lab.Host, path: path, headers: sent,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got.Received != nil {
			r.server = got.Received.Address
		}
		if r.older && out.Older != nil {
			out = *out.Older
		}
		look(t, out, got)
		if t.Failed() {
			t.Fatalf("at %s, %s %s with %v: %s, but %d with %v", gateway, method, path, headers, r.table.Explain(out),
				got.Status, got.Header)
		}
		r.asked++
	}
}

// attempts returns how often the last request came to a server.
func (r *routes) attempts(t *testing.T) int {
	t.Helper()
	n := 0
	for _, times := range seenBy(t, r.server, r.last) {
		n += times
	}
	return n
}

// TestAccEvaluate_takenAway: which headers of a caller an Envoy knows when it routes, and what evaluate says of them.
func TestAccEvaluate_takenAway(t *testing.T) {
	t.Parallel()
	names := []string{
		"keep-alive", "proxy-connection", "te", "upgrade", "grpc-timeout", "via", "x-forwarded-host",
		"x-forwarded-port", "x-forwarded-client-cert", "x-client-trace-id", "traceparent",
	}
	for _, name := range []string{
		"attempt-count", "decorator-operation", "downstream-service-cluster", "downstream-service-node",
		"expected-rq-timeout-ms", "external-address", "force-trace", "hedge-on-per-try-timeout", "internal", "ip-tags",
		"is-timeout-retry", "max-retries", "original-dst-host", "original-host", "original-path", "original-url",
		"peer-metadata", "retriable-header-names", "retriable-status-codes", "retry-grpc-on", "retry-on",
		"upstream-alt-stat-name", "upstream-rq-per-try-timeout-ms", "upstream-rq-timeout-alt-response",
		"upstream-rq-timeout-ms", "upstream-service-time", "upstream-stream-duration-ms",
	} {
		names = append(names, "x-envoy-"+name)
	}
	rules := ""
	for i, name := range names {
		rules += fmt.Sprintf(`
  - {name: same, match: [{uri: {exact: /%d}, headers: {%s: {exact: probe}}}], directResponse: {status: 201}}
  - {name: other, match: [{uri: {exact: /%d}, headers: {%s: {}}}], directResponse: {status: 202}}
  - {name: absent, match: [{uri: {exact: /%d}}], directResponse: {status: 203}}`, i, name, i, name, i)
	}
	r := newRoutes(t, rules)
	for i, name := range names {
		if name == "x-envoy-upstream-stream-duration-ms" && minorOf(t, r.lab.Gateway().Version) < 40 {
			continue // which those leave
		}
		for _, headers := range []map[string][]string{{name: {"probe"}}, {name: {"a", "probe"}}, {}} {
			r.each(t, http.MethodGet, fmt.Sprintf("/%d", i), headers,
				func(t *testing.T, out traffic.Outcome, got reply) {
					t.Helper()
					if got.Status != int(out.Response.Status) {
						t.Errorf("%s is answered by %d", name, got.Status)
					}
				})
		}
	}
	r.each(t, http.MethodGet, "/2", map[string][]string{"te": {"trailers"}},
		func(t *testing.T, out traffic.Outcome, got reply) {
			t.Helper()
			if got.Status != int(out.Response.Status) {
				t.Errorf("trailers are answered by %d", got.Status)
			}
		})
	t.Logf("%d requests; Envoy %s", r.asked, r.lab.Gateway().Version)
}
