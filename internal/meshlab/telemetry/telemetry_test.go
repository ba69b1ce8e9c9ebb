package telemetry

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var v2 = Workload{
	Name: "reviews-v2", Namespace: "shop", App: "reviews", Version: "v2", Service: "reviews.shop.svc.cluster.local",
}

// none is the headers of a request that did not come through an Envoy of the lab.
func none(string) string { return "" }

// through is the headers of a request that an Envoy sent to a cluster.
func through(cluster string) func(string) string {
	return func(name string) string {
		if name == ClusterHeader {
			return cluster
		}
		return ""
	}
}

// scrape returns the lines of /metrics that begin with a text.
func scrape(t *testing.T, m *Mesh, prefix string) []string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	var lines []string
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, prefix) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// The names and labels are Istio's own, and an answer of gRPC has two statuses.
func TestRequestEnd(t *testing.T) {
	t.Parallel()
	const common = `destination_app="reviews",destination_canonical_revision="v2",` +
		`destination_canonical_service="reviews",destination_service="reviews.shop.svc.cluster.local",` +
		`destination_service_name="reviews",destination_service_namespace="shop",destination_version="v2",` +
		`destination_workload="reviews-v2",destination_workload_namespace="shop",`
	for name, c := range map[string]struct {
		protocol Protocol
		answer   Answer
		labels   string
	}{
		"HTTP": {HTTP, Answer{Code: 200}, `grpc_response_status="",reporter="destination",request_protocol="http",` +
			`response_code="200",response_flags="-"`},
		"HTTP that fails": {HTTP, Answer{Code: 503}, `grpc_response_status="",reporter="destination",` +
			`request_protocol="http",response_code="503",response_flags="-"`},
		"gRPC": {GRPC, Answer{Code: 200, GRPCStatus: "0"}, `grpc_response_status="0",reporter="destination",` +
			`request_protocol="grpc",response_code="200",response_flags="-"`},
		"gRPC that fails": {GRPC, Answer{Code: 200, GRPCStatus: "14"}, `grpc_response_status="14",` +
			`reporter="destination",request_protocol="grpc",response_code="200",response_flags="-"`},
		"the sender has gone away": {GRPC, Answer{}, `grpc_response_status="",reporter="destination",` +
			`request_protocol="grpc",response_code="0",response_flags="DC"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := New([]string{"v2"})
			for range 3 {
				m.Reporter(v2).Begin(c.protocol, v2.Service, none).End(c.answer)
			}
			want := []string{"istio_requests_total{" + common + c.labels + "} 3"}
			if diff := cmp.Diff(want, scrape(t, m, "istio_requests_total")); diff != "" {
				t.Errorf("count (-want +got):\n%s", diff)
			}
			want = []string{"istio_request_duration_milliseconds_count{" + common + c.labels + "} 3"}
			if diff := cmp.Diff(want, scrape(t, m, "istio_request_duration_milliseconds_count")); diff != "" {
				t.Errorf("count of durations (-want +got):\n%s", diff)
			}
		})
	}
}

// Durations are in milliseconds, in the buckets that Envoy has.
func TestRequestEnd_duration(t *testing.T) {
	t.Parallel()
	m := New([]string{"v2"})
	request := m.Reporter(v2).Begin(HTTP, v2.Service, none)
	request.arrived = request.arrived.Add(-20 * time.Minute)
	request.End(Answer{Code: 200})
	var got []string
	for _, line := range scrape(t, m, "istio_request_duration_milliseconds_bucket") {
		_, bound, _ := strings.Cut(line, `le="`)
		got = append(got, strings.Replace(bound, `"}`, "", 1))
	}
	want := []string{
		"0.5 0", "1 0", "5 0", "10 0", "25 0", "50 0", "100 0", "250 0", "500 0", "1000 0", "2500 0", "5000 0",
		"10000 0", "30000 0", "60000 0", "300000 0", "600000 0", "1.8e+06 1", "3.6e+06 1", "+Inf 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("buckets (-want +got):\n%s", diff)
	}
	sum := scrape(t, m, "istio_request_duration_milliseconds_sum")
	var milliseconds float64
	if _, err := fmt.Sscan(sum[0][strings.LastIndex(sum[0], " "):], &milliseconds); err != nil ||
		milliseconds < 1.2e6 || milliseconds > 1.21e6 {
		t.Errorf("sum %v, error %v", sum, err)
	}
}

// A request is counted for the Service that was chosen, or that its sender named.
func TestReporterBegin(t *testing.T) {
	t.Parallel()
	const ratings = "ratings.shop.svc.cluster.local"
	for name, c := range map[string]struct{ authority, cluster, want string }{
		"a Service":                            {ratings, "", ratings},
		"with a port":                          {ratings + ":50051", "", ratings},
		"in other letters":                     {"Ratings.Shop.svc.cluster.local.", "", ratings},
		"of another namespace":                 {"x.test.svc.cluster.local", "", "x.test.svc.cluster.local"},
		"a host that is no Service":            {"shop.example", "", v2.Service},
		"an address":                           {"127.0.0.1:50051", "", v2.Service},
		"nothing":                              {"", "", v2.Service},
		"a name without a namespace":           {"ratings.svc.cluster.local", "", v2.Service},
		"a name with more":                     {"v1." + ratings, "", v2.Service},
		"a name that cannot be one":            {`ra"tings.shop.svc.cluster.local`, "", v2.Service},
		"a name that is too long":              {strings.Repeat("a", 64) + ".shop.svc.cluster.local", "", v2.Service},
		"a mirrored request without a cluster": {ratings + "-shadow", "", ratings},
		"a mirrored request":                   {ratings + "-shadow", "outbound|80|v2|" + ratings + ";", ratings},
		"a cluster":                            {"shop.example", "outbound|80||" + ratings, ratings},
		"a cluster's statistical name":         {"shop.example", "outbound|80|v2|" + ratings + ";", ratings},
		"a cluster and an authority":           {v2.Service, "outbound|80|v2|" + ratings, ratings},
		"a cluster of no Service":              {ratings, "outbound|443||api.example.com", ratings},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := New([]string{"v2"}).Reporter(v2).Begin(HTTP, c.authority, through(c.cluster)).service
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Whatever services are asked for, there are counts of a limited number of them, and of those that were last.
func TestMesh_bounded(t *testing.T) {
	t.Parallel()
	m := New([]string{"v2"})
	const kept = "kept.shop.svc.cluster.local"
	for i := range 10 * maxServices {
		for _, service := range []string{fmt.Sprintf("s%d.shop.svc.cluster.local", i), kept} {
			m.Reporter(v2).Begin(HTTP, service, none).End(Answer{Code: 200})
		}
	}
	lines := scrape(t, m, "istio_requests_total")
	if len(lines) != maxServices {
		t.Errorf("%d services, want %d", len(lines), maxServices)
	}
	if got := len(scrape(t, m, "istio_request_duration_milliseconds_count")); got != maxServices {
		t.Errorf("%d services with durations, want %d", got, maxServices)
	}
	all := strings.Join(lines, "\n")
	for service, want := range map[string]string{
		kept:                          fmt.Sprintf("} %d\n", 10*maxServices),
		"s639.shop.svc.cluster.local": "} 1\n",
	} {
		_, rest, found := strings.Cut(all+"\n", `destination_service="`+service+`"`)
		if line, _, _ := strings.Cut(rest, "\n"); !found || !strings.HasSuffix(line+"\n", want) {
			t.Errorf("%s: %t, %q", service, found, line)
		}
	}
}

// A server without a lab counts nothing and does not fail.
func TestReporter_zero(t *testing.T) {
	t.Parallel()
	request := Reporter{}.Begin(GRPC, v2.Service, none)
	if request.Fault(t.Context()) {
		t.Error("the request fails")
	}
	request.End(Answer{Code: 200})
}
