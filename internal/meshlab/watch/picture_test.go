package watch

import (
	"strings"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/anypb"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// applyAll applies responses one second apart, the first at start, and returns the windows that they close.
func applyAll(t *testing.T, p *Picture, from int, responses ...*discoveryv3.DiscoveryResponse) []Window {
	t.Helper()
	var closed []Window
	for i, r := range responses {
		change, err := p.Apply(r, second(from+i))
		if err != nil {
			t.Fatalf("response %d: %v", i, err)
		}
		closed = append(closed, change.Closed...)
	}
	return closed
}

func second(n int) time.Time { return start.Add(time.Duration(n) * time.Second) }

// fullPicture holds the clusters v1 and v2, and a route that splits the requests of the shop between them.
func fullPicture(t *testing.T, hosts Hosts) *Picture {
	t.Helper()
	p := NewPicture(hosts)
	applyAll(t, p, 0, edsClusters(t, "v1", "v2"), listeners(t, "80"), healthy(t, "v1", "v2"),
		table(t, routeTo("", share("v1", 90), share("v2", 10))))
	if !p.ready || len(p.Open()) != 0 {
		t.Fatalf("ready %t, open %v", p.ready, p.Open())
	}
	return p
}

func TestPicture_windows(t *testing.T) {
	t.Parallel()
	byName := Hosts{Names: []string{shopHost}}
	fault := func(kind Kind, cluster, route string) Fault {
		return Fault{Kind: kind, Host: shopHost, Cluster: cluster, Route: route}
	}
	for name, c := range map[string]struct {
		hosts     Hosts
		responses []*discoveryv3.DiscoveryResponse // at seconds 10, 11, …
		closed    []Window
		open      []Window
	}{
		"cluster added, then named": {
			byName,
			[]*discoveryv3.DiscoveryResponse{
				edsClusters(t, "v1", "v2", "v3"), healthy(t, "v3"), table(t, routeToOne("", "v3")),
			},
			nil, nil,
		},
		"no longer named, then removed": {
			byName,
			[]*discoveryv3.DiscoveryResponse{table(t, routeToOne("", "v1")), edsClusters(t, "v1")},
			nil, nil,
		},
		"removed while a weight names it, and put back": {
			byName,
			[]*discoveryv3.DiscoveryResponse{edsClusters(t, "v1"), edsClusters(t, "v1", "v2"), healthy(t, "v2")},
			[]Window{
				{fault(NoCluster, "v2", "80/#0"), second(10), second(11)},
				{fault(Warming, "v2", "80/#0"), second(11), second(12)},
			}, nil,
		},
		"removed, then no longer named": {
			byName,
			[]*discoveryv3.DiscoveryResponse{edsClusters(t, "v1"), table(t, routeToOne("", "v1"))},
			[]Window{{fault(NoCluster, "v2", "80/#0"), second(10), second(11)}}, nil,
		},
		"a cluster that changes keeps its endpoints": {
			byName,
			[]*discoveryv3.DiscoveryResponse{response(t, clusterType,
				&clusterv3.Cluster{
					Name:                 "v1",
					AltStatName:          "x",
					ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS},
				},
				&clusterv3.Cluster{
					Name:                 "v2",
					ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS},
				})},
			nil, nil,
		},
		"named before it is there": {
			byName,
			[]*discoveryv3.DiscoveryResponse{table(t, routeToOne("", "v1"), routeToOne("next", "v3"))},
			nil,
			[]Window{{fault(NoCluster, "v3", "80/next"), second(10), time.Time{}}},
		},
		"a mirror that is not there": {
			byName,
			[]*discoveryv3.DiscoveryResponse{table(t, mirroredTo(routeToOne("", "v1"), "v3"))},
			nil,
			[]Window{{fault(NoCluster, "v3", "80/#0"), second(10), time.Time{}}},
		},
		"every endpoint is drained": {
			byName,
			[]*discoveryv3.DiscoveryResponse{
				response(t, endpointType, endpoints("v2", corev3.HealthStatus_DRAINING, corev3.HealthStatus_UNHEALTHY)),
				response(t, endpointType, endpoints("v2", corev3.HealthStatus_DRAINING, corev3.HealthStatus_UNKNOWN)),
			},
			[]Window{{fault(NoEndpoints, "v2", "80/#0"), second(10), second(11)}}, nil,
		},
		"no endpoints, host not asked for by name": {
			Hosts{Namespace: "greeter"},
			[]*discoveryv3.DiscoveryResponse{response(t, endpointType, endpoints("v2"))},
			nil, nil,
		},
		"missing cluster, host not asked for by name": {
			Hosts{Namespace: "greeter"},
			[]*discoveryv3.DiscoveryResponse{edsClusters(t, "v1")},
			nil,
			[]Window{{fault(NoCluster, "v2", "80/#0"), second(10), time.Time{}}},
		},
		"host of another namespace": {
			Hosts{Namespace: "default"},
			[]*discoveryv3.DiscoveryResponse{edsClusters(t, "v1")},
			nil, nil,
		},
		"host not asked for": {
			Hosts{Names: []string{"cart.greeter.svc.cluster.local"}},
			[]*discoveryv3.DiscoveryResponse{edsClusters(t, "v1")},
			nil, nil,
		},
		"the host goes": {
			byName,
			[]*discoveryv3.DiscoveryResponse{edsClusters(t, "v1"), response(t, routeType, &routev3.RouteConfiguration{
				Name: "80",
			})},
			[]Window{{fault(NoCluster, "v2", "80/#0"), second(10), second(11)}}, nil,
		},
		"the listener goes": {
			byName,
			[]*discoveryv3.DiscoveryResponse{edsClusters(t, "v1"), listeners(t)},
			[]Window{{fault(NoCluster, "v2", "80/#0"), second(10), second(11)}}, nil,
		},
		"endpoints of other kinds of clusters": {
			byName,
			[]*discoveryv3.DiscoveryResponse{
				response(t, clusterType,
					&clusterv3.Cluster{
						Name:                 "v1",
						ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_ORIGINAL_DST},
					},
					&clusterv3.Cluster{
						Name:                 "v2",
						ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC},
					}),
				response(t, clusterType,
					&clusterv3.Cluster{
						Name:                 "v1",
						ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_ORIGINAL_DST},
					},
					&clusterv3.Cluster{
						Name: "v2", ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STRICT_DNS},
						LoadAssignment: endpoints("v2", corev3.HealthStatus_UNKNOWN),
					}),
			},
			[]Window{{fault(NoEndpoints, "v2", "80/#0"), second(10), second(11)}}, nil,
		},
		"a route table inside a listener": {
			byName,
			[]*discoveryv3.DiscoveryResponse{response(
				t, listenerType, listenerWith(t, "in", &hcmv3.HttpConnectionManager{
					RouteSpecifier: &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: &routev3.RouteConfiguration{
						VirtualHosts: []*routev3.VirtualHost{virtualHostOf(shopHost, routeToOne("", "v3"))},
					}},
				}),
			)},
			nil,
			[]Window{{fault(NoCluster, "v3", "in/0/#0"), second(10), time.Time{}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := fullPicture(t, c.hosts)
			closed := applyAll(t, p, 10, c.responses...)
			if diff := cmp.Diff(c.closed, closed); diff != "" {
				t.Errorf("closed (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.open, p.Open()); diff != "" {
				t.Errorf("open (-want +got):\n%s", diff)
			}
		})
	}
}

func mirroredTo(route *routev3.Route, cluster string) *routev3.Route {
	route.GetRoute().RequestMirrorPolicies = []*routev3.RouteAction_RequestMirrorPolicy{{Cluster: cluster}}
	return route
}

// Nothing counts before the picture is full, in whatever order it fills; what is missing then is missing from then
// on.
func TestPicture_ready(t *testing.T) {
	t.Parallel()
	p := NewPicture(Hosts{Namespace: "greeter"})
	for i, r := range []*discoveryv3.DiscoveryResponse{
		listeners(t, "80", "8080"), table(t, routeToOne("", "v3")), edsClusters(t, "v1", "v2"), healthy(t, "v1"),
		response(t, routeType, &routev3.RouteConfiguration{Name: "8080"}),
	} {
		if change, err := p.Apply(r, second(i)); err != nil || !cmp.Equal(change, Change{Changed: true}) ||
			len(p.Open()) > 0 {
			t.Errorf("response %d: %+v, error %v", i, change, err)
		}
	}
	change, err := p.Apply(healthy(t, "v2", "nobody asked for"), second(9))
	if err != nil || !change.Ready || len(change.Routes) != 1 {
		t.Errorf("the last response: %+v, error %v", change, err)
	}
	want := []Window{{Fault: Fault{NoCluster, shopHost, "v3", "80/#0"}, Began: second(9)}}
	if diff := cmp.Diff(want, p.Open()); diff != "" {
		t.Errorf("open (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"v1", "v2"}, p.Wanted(endpointType)); diff != "" {
		t.Errorf("endpoints to subscribe to (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"80", "8080"}, p.Wanted(routeType)); diff != "" {
		t.Errorf("routes to subscribe to (-want +got):\n%s", diff)
	}
	if change, err := p.Apply(healthy(t, "v2"), second(10)); err != nil || !cmp.Equal(change, Change{}) {
		t.Errorf("the same again: %+v, error %v", change, err)
	}
}

// The time of a kind runs once, however many routes are open at the same time.
func TestPicture_total(t *testing.T) {
	t.Parallel()
	p := fullPicture(t, Hosts{Names: []string{shopHost}})
	applyAll(t, p, 10, edsClusters(t, "v1"), table(t, routeToOne("a", "v2"), routeToOne("b", "v3")),
		table(t, routeToOne("b", "v3")),
		table(t, routeToOne("", "v1")), table(t, routeToOne("", "v3")))
	if got := p.Total(NoCluster, second(16)); got != 5*time.Second {
		t.Errorf("NC for %s, want 3 s and the 2 s until now", got)
	}
	if got := p.Windows(); got != 4 {
		t.Errorf("%d windows, want 4", got)
	}
	if got := p.Total(NoEndpoints, second(16)); got != 0 {
		t.Errorf("UH for %s, want none", got)
	}
}

// A response that a sidecar would refuse changes nothing.
func TestPicture_refusals(t *testing.T) {
	t.Parallel()
	badFault := routeToOne("", "v1")
	badFault.TypedPerFilterConfig = map[string]*anypb.Any{
		"envoy.filters.http.fault": packed(t, &faultv3.HTTPFault{Abort: &faultv3.FaultAbort{
			ErrorType: &faultv3.FaultAbort_HttpStatus{HttpStatus: 7},
		}}),
	}
	unknown := edsClusters(t, "v1")
	unknown.TypeUrl = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
	brokenFilter := listenerWith(t, "in", &hcmv3.HttpConnectionManager{})
	brokenFilter.FilterChains[0].Filters[0].GetTypedConfig().Value = []byte("x")
	mixed := healthy(t, "v1")
	mixed.TypeUrl = clusterType
	for name, c := range map[string]struct {
		response *discoveryv3.DiscoveryResponse
		want     string
	}{
		"constraint of the resource":     {invalidClusters(t), `validate "v2": `},
		"constraint of a packed message": {table(t, badFault), "HttpStatus"},
		"same cluster twice":             {edsClusters(t, "v1", "v1"), `validate "v1": it is there twice`},
		"type that nobody subscribed to": {unknown, "a sidecar did not ask for it"},
		"resource of another type":       {mixed, "want a type.googleapis.com/envoy.config.cluster.v3.Cluster"},
		"resource that does not unmarshal": {&discoveryv3.DiscoveryResponse{
			TypeUrl:   clusterType,
			Resources: []*anypb.Any{{TypeUrl: clusterType, Value: []byte("x")}},
		}, "decode resource 0"},
		"packed message that does not unmarshal": {response(t, listenerType, brokenFilter), `validate "in": `},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := fullPicture(t, Hosts{Names: []string{shopHost}})
			if _, err := p.Apply(c.response, second(10)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if len(p.clusters) != 2 || len(p.endpoints) != 2 || len(p.listeners) != 1 || len(p.Open()) != 0 {
				t.Errorf("the picture has changed: %v", p)
			}
		})
	}
}

func TestPicture_routes(t *testing.T) {
	t.Parallel()
	p := NewPicture(Hosts{Names: []string{shopHost}})
	withHeader := mirroredTo(routeToOne("canary", "v2"), "v3")
	withHeader.Match.Headers = []*routev3.HeaderMatcher{{Name: "x-canary"}}
	applyAll(t, p, 0, edsClusters(t), listeners(t, "80"))
	for i, step := range []struct {
		response *discoveryv3.DiscoveryResponse
		want     []Routes
	}{
		{table(t, routeToOne("default", "v1")), []Routes{{
			Host: shopHost, Table: "80", Weights: map[string]float64{"v1": 100},
			Routes: []Route{{Name: "80/default", Weights: map[string]float64{"v1": 100}}},
		}}},
		{table(t, withHeader, routeTo("", share("v1", 3), share("v2", 1))), []Routes{{
			Host: shopHost, Table: "80", Weights: map[string]float64{"v1": 75, "v2": 25},
			Routes: []Route{
				{Name: "80/canary", Weights: map[string]float64{"v2": 100}, Mirrors: []string{"v3"}},
				{Name: "80/#1", Weights: map[string]float64{"v1": 75, "v2": 25}},
			},
		}}},
		{table(t, withHeader, routeTo("", share("v1", 3), share("v2", 1))), nil},
		{response(t, routeType, &routev3.RouteConfiguration{Name: "80"}), []Routes{{Host: shopHost, Table: "80"}}},
	} {
		change, err := p.Apply(step.response, second(i))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, change.Routes); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
	}
}
