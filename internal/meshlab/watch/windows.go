package watch

import (
	"cmp"
	"slices"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
)

// Kind says why Envoy would answer 503 to a request that a route sends to a cluster.
type Kind string

// The flags that Envoy's access log has for it. Warming is logged as NC too: a new cluster serves nothing before its
// endpoints came.
const (
	NoCluster   Kind = "NC"
	Warming     Kind = "WARMING"
	NoEndpoints Kind = "UH"
)

// Fault is a route of a host that names a cluster which cannot serve.
type Fault struct {
	Kind    Kind
	Host    string
	Cluster string
	Route   string // table/name, or table/#index for a route without a name
}

// Window is the time in which a fault was there.
type Window struct {
	Fault
	Began time.Time
	Ended time.Time // zero while it is open
}

// faults judges every cluster that a route of a watched host names.
func (p *Picture) faults() map[Fault]bool {
	found := map[Fault]bool{}
	for at, host := range p.virtualHosts() {
		for i, route := range host.GetRoutes() {
			for _, name := range named(p.table(at.table), host, route) {
				kind, bad := p.judge(name)
				if bad && (kind != NoEndpoints || p.hosts.named(at.host)) {
					found[Fault{Kind: kind, Host: at.host, Cluster: name, Route: label(at.table, i, route)}] = true
				}
			}
		}
	}
	return found
}

// judge says what is wrong with the cluster of a name.
func (p *Picture) judge(name string) (Kind, bool) {
	c, held := p.clusters[name]
	if !held {
		return NoCluster, true
	}
	assignment := c.GetLoadAssignment()
	if service := endpointName(c); service != "" {
		if assignment, held = p.endpoints[service]; !held {
			return Warming, true
		}
	} else if c.GetClusterType() != nil || c.GetType() == clusterv3.Cluster_ORIGINAL_DST {
		return "", false // it finds its endpoints by itself
	}
	return NoEndpoints, !usable(assignment)
}

func usable(assignment *endpointv3.ClusterLoadAssignment) bool {
	for _, locality := range assignment.GetEndpoints() {
		for _, endpoint := range locality.GetLbEndpoints() {
			switch endpoint.GetHealthStatus() {
			case corev3.HealthStatus_UNKNOWN, corev3.HealthStatus_HEALTHY, corev3.HealthStatus_DEGRADED:
				return true
			case corev3.HealthStatus_UNHEALTHY, corev3.HealthStatus_DRAINING, corev3.HealthStatus_TIMEOUT:
			}
		}
	}
	return false
}

// ledger remembers which faults are open, and adds up the time in which there was at least one of a kind.
type ledger struct {
	open    map[Fault]time.Time // when it began
	since   map[Kind]time.Time  // when the first of the open ones began
	total   map[Kind]time.Duration
	windows int
}

func newLedger() ledger {
	return ledger{open: map[Fault]time.Time{}, since: map[Kind]time.Time{}, total: map[Kind]time.Duration{}}
}

// update makes found the open faults and returns the windows that this closes, in the order in which they began.
func (l *ledger) update(found map[Fault]bool, at time.Time) []Window {
	var closed []Window
	for fault, began := range l.open {
		if !found[fault] {
			closed = append(closed, Window{Fault: fault, Began: began, Ended: at})
			delete(l.open, fault)
		}
	}
	kinds := map[Kind]bool{}
	for fault := range found {
		kinds[fault.Kind] = true
		if _, open := l.open[fault]; !open {
			l.open[fault] = at
			l.windows++
		}
	}
	for kind, since := range l.since {
		if !kinds[kind] {
			l.total[kind] += at.Sub(since)
			delete(l.since, kind)
		}
	}
	for kind := range kinds {
		if _, running := l.since[kind]; !running {
			l.since[kind] = at
		}
	}
	return inOrder(closed)
}

// Open returns the windows that have not ended, in the order in which they began.
func (l *ledger) Open() []Window {
	var windows []Window
	for fault, began := range l.open {
		windows = append(windows, Window{Fault: fault, Began: began})
	}
	return inOrder(windows)
}

// Windows returns how many windows there were, with those that are open.
func (l *ledger) Windows() int { return l.windows }

// Total returns for how long, until a time, at least one window of a kind was open.
func (l *ledger) Total(kind Kind, until time.Time) time.Duration {
	if since, running := l.since[kind]; running {
		return l.total[kind] + until.Sub(since)
	}
	return l.total[kind]
}

func inOrder(windows []Window) []Window {
	slices.SortFunc(windows, func(a, b Window) int {
		return cmp.Or(a.Began.Compare(b.Began), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Route, b.Route),
			cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Kind, b.Kind))
	})
	return windows
}
