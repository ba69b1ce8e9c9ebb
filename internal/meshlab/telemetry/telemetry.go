// Package telemetry counts the requests to the lab's servers with Istio's standard metrics, as the sidecars in front
// of them would, and makes some of the requests fail or wait where somebody asks for that.
package telemetry

import (
	"cmp"
	"container/list"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/util/validation"
)

// What the metrics are called, and what their labels are. Those that say who sent a request are left out: the lab has
// no mTLS and none of Istio's filters, by which a sidecar would know.
// Source: https://istio.io/latest/docs/reference/config/metrics/.
const (
	requestsTotal   = "istio_requests_total"
	requestDuration = "istio_request_duration_milliseconds"

	serviceLabel = "destination_service"
	versionLabel = "destination_version"
)

// labels are all of both metrics. The first ones are the workload's own.
var labels = []string{
	"reporter", "destination_workload", "destination_workload_namespace", "destination_app", versionLabel,
	"destination_canonical_service", "destination_canonical_revision",
	serviceLabel, "destination_service_name", "destination_service_namespace",
	"request_protocol", "response_code", "grpc_response_status", "response_flags",
}

// bounds are those of the durations, in milliseconds, which Istio leaves as Envoy has them.
// Source: HistogramSettingsImpl::defaultBuckets of Envoy.
var bounds = []float64{
	0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000,
}

// maxServices is of how many services there are counts. The one that was not asked for longest gives way, because
// every test of a long run has a service of its own.
const maxServices = 64

// ClusterHeader is where the lab's Envoys say to which of their clusters they sent a request.
const ClusterHeader = "x-meshlab-cluster"

// clusterDomain ends the full name of every Service.
const clusterDomain = ".svc.cluster.local"

// Protocol is what Istio calls that of a request.
type Protocol string

// The protocols.
const (
	HTTP Protocol = "http"
	GRPC Protocol = "grpc"
)

// Mesh counts for all workloads of a lab, and knows what shall be wrong with them.
type Mesh struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	faults    faults

	mu     sync.Mutex
	recent *list.List // of the names of services, that of the last request first
	places map[string]*list.Element
}

// New returns a count of nothing, for workloads of these versions.
func New(versions []string) *Mesh {
	m := &Mesh{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: requestsTotal, Help: "Requests that a workload has answered.",
		}, labels),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: requestDuration, Help: "Time until a workload has answered, in milliseconds.", Buckets: bounds,
		}, labels),
		faults: faults{versions: versions, all: map[target]Fault{}},
		recent: list.New(),
		places: map[string]*list.Element{},
	}
	m.registry.MustRegister(m.requests, m.durations)
	return m
}

// Workload is a version of a service.
type Workload struct {
	Name      string
	Namespace string
	App       string // of the label `app`, which Istio takes for the name of the canonical service too
	Version   string
	Service   string // the full name of its first Service, to which requests belong whose authority names none
}

// Reporter counts for a workload. The zero value counts nothing, and nothing is wrong with its workload.
type Reporter struct {
	mesh     *Mesh
	workload Workload
}

// Reporter returns that of a workload.
func (m *Mesh) Reporter(w Workload) Reporter { return Reporter{m, w} }

// Request is one that has arrived.
type Request struct {
	reporter Reporter
	service  string
	protocol Protocol
	arrived  time.Time
}

// Begin notes that a request has arrived, of which header returns the first value of a header.
//
// A sidecar takes the first Service of its workload for the one that was asked for. In the lab all tests share the
// workloads, each with a Service of its own, so it is the one that the sender's Envoy chose, or else the one that the
// authority names, as gRPC's own client has it.
func (r Reporter) Begin(protocol Protocol, authority string, header func(name string) string) Request {
	service := serviceOfCluster(header(ClusterHeader))
	if service == "" {
		service = serviceOf(authority)
	}
	return Request{r, cmp.Or(service, r.workload.Service), protocol, time.Now()}
}

// Answer is what the sender of a request was told. The zero value is nothing, because it has gone away.
type Answer struct {
	Code       int
	GRPCStatus string // as a number
}

// End counts the request.
func (q Request) End(a Answer) {
	if q.reporter.mesh == nil {
		return
	}
	flags := "-"
	if a.Code == 0 {
		flags = "DC" // what Envoy calls the end of a connection by its client
	}
	w := q.reporter.workload
	name, rest, _ := strings.Cut(q.service, ".")
	namespace, _, _ := strings.Cut(rest, ".")
	q.reporter.mesh.count(q.service, time.Since(q.arrived), []string{
		"destination", w.Name, w.Namespace, w.App, w.Version, w.App, w.Version,
		q.service, name, namespace, string(q.protocol), strconv.Itoa(a.Code), a.GRPCStatus, flags,
	})
}

func (m *Mesh) count(service string, took time.Duration, values []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.touch(service)
	m.requests.WithLabelValues(values...).Inc()
	m.durations.WithLabelValues(values...).Observe(float64(took.Milliseconds())) // an Envoy counts whole ones
}

// touch makes a service the last one that was asked for, and forgets another one where there are too many.
func (m *Mesh) touch(service string) {
	if place := m.places[service]; place != nil {
		m.recent.MoveToFront(place)
		return
	}
	m.places[service] = m.recent.PushFront(service)
	if m.recent.Len() <= maxServices {
		return
	}
	oldest := fmt.Sprint(m.recent.Remove(m.recent.Back()))
	delete(m.places, oldest)
	m.requests.DeletePartialMatch(prometheus.Labels{serviceLabel: oldest})
	m.durations.DeletePartialMatch(prometheus.Labels{serviceLabel: oldest})
}

// serviceOfCluster returns the Service of a cluster, such as outbound|50051|v2|reviews.shop.svc.cluster.local, or
// nothing.
func serviceOfCluster(cluster string) string {
	// Envoy says what istiod names a cluster in statistics, which ends in a semicolon.
	return serviceOf(strings.TrimSuffix(cluster[strings.LastIndex(cluster, "|")+1:], ";"))
}

// serviceOf returns the Service that an authority names by its full name, or nothing.
func serviceOf(authority string) string {
	host := authority
	if name, _, err := net.SplitHostPort(authority); err == nil {
		host = name
	}
	host = strings.TrimSuffix(host, "-shadow") // which Envoy adds to that of a mirrored request
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !isService(host) {
		return ""
	}
	return host
}

// isService says whether a host is the full name of a Service.
func isService(host string) bool {
	short, found := strings.CutSuffix(host, clusterDomain)
	name, namespace, both := strings.Cut(short, ".")
	return found && both && len(validation.IsDNS1123Label(name)) == 0 && len(validation.IsDNS1123Label(namespace)) == 0
}
