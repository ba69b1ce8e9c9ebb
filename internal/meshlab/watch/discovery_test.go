package watch

import (
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Hand-made discovery responses: a service `shop` on port 80 whose routes are in the table "80".
const shopHost = "shop.greeter.svc.cluster.local"

func packed(t *testing.T, message proto.Message) *anypb.Any {
	t.Helper()
	a, err := anypb.New(message)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func response[M proto.Message](t *testing.T, typeURL string, messages ...M) *discoveryv3.DiscoveryResponse {
	t.Helper()
	r := &discoveryv3.DiscoveryResponse{TypeUrl: typeURL}
	for _, message := range messages {
		r.Resources = append(r.Resources, packed(t, message))
	}
	return r
}

func edsClusters(t *testing.T, names ...string) *discoveryv3.DiscoveryResponse {
	t.Helper()
	var clusters []*clusterv3.Cluster
	for _, name := range names {
		clusters = append(clusters, &clusterv3.Cluster{
			Name:                 name,
			ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS},
		})
	}
	return response(t, clusterType, clusters...)
}

func endpoints(cluster string, health ...corev3.HealthStatus) *endpointv3.ClusterLoadAssignment {
	assignment := &endpointv3.ClusterLoadAssignment{ClusterName: cluster}
	if len(health) > 0 {
		locality := &endpointv3.LocalityLbEndpoints{}
		for _, status := range health {
			locality.LbEndpoints = append(locality.LbEndpoints, &endpointv3.LbEndpoint{HealthStatus: status})
		}
		assignment.Endpoints = append(assignment.Endpoints, locality)
	}
	return assignment
}

// healthy gives each cluster one endpoint.
func healthy(t *testing.T, clusters ...string) *discoveryv3.DiscoveryResponse {
	t.Helper()
	var assignments []*endpointv3.ClusterLoadAssignment
	for _, name := range clusters {
		assignments = append(assignments, endpoints(name, corev3.HealthStatus_HEALTHY))
	}
	return response(t, endpointType, assignments...)
}

// listenerWith returns a listener with one HTTP connection manager.
func listenerWith(t *testing.T, name string, manager *hcmv3.HttpConnectionManager) *listenerv3.Listener {
	t.Helper()
	manager.StatPrefix = name
	return &listenerv3.Listener{
		Name: name,
		Address: &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
			Address: "0.0.0.0", PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: 80},
		}}},
		FilterChains: []*listenerv3.FilterChain{{Filters: []*listenerv3.Filter{{
			Name:       "http",
			ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: packed(t, manager)},
		}}}},
	}
}

// listeners subscribe to route tables.
func listeners(t *testing.T, tables ...string) *discoveryv3.DiscoveryResponse {
	t.Helper()
	var all []*listenerv3.Listener
	for _, table := range tables {
		all = append(all, listenerWith(t, "0.0.0.0_"+table, &hcmv3.HttpConnectionManager{
			RouteSpecifier: &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{
				RouteConfigName: table,
				ConfigSource: &corev3.ConfigSource{
					ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
				},
			}},
		}))
	}
	return response(t, listenerType, all...)
}

func routeTo(name string, clusters ...*routev3.WeightedCluster_ClusterWeight) *routev3.Route {
	action := &routev3.RouteAction{ClusterSpecifier: &routev3.RouteAction_WeightedClusters{
		WeightedClusters: &routev3.WeightedCluster{Clusters: clusters},
	}}
	return &routev3.Route{
		Name:   name,
		Match:  &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}},
		Action: &routev3.Route_Route{Route: action},
	}
}

func share(cluster string, weight uint32) *routev3.WeightedCluster_ClusterWeight {
	return &routev3.WeightedCluster_ClusterWeight{Name: cluster, Weight: wrapperspb.UInt32(weight)}
}

func routeToOne(name, cluster string) *routev3.Route {
	route := routeTo(name)
	route.GetRoute().ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: cluster}
	return route
}

func virtualHostOf(host string, routes ...*routev3.Route) *routev3.VirtualHost {
	return &routev3.VirtualHost{Name: host + ":80", Domains: []string{host, host + ":80", "shop"}, Routes: routes}
}

// table is route table "80" with the virtual host of the shop.
func table(t *testing.T, routes ...*routev3.Route) *discoveryv3.DiscoveryResponse {
	t.Helper()
	return response(t, routeType, &routev3.RouteConfiguration{
		Name: "80", VirtualHosts: []*routev3.VirtualHost{virtualHostOf(shopHost, routes...)},
	})
}

// Invalid by the constraints of Envoy's protos, not by those of protobuf.
func invalidClusters(t *testing.T) *discoveryv3.DiscoveryResponse {
	t.Helper()
	return response(t, clusterType,
		&clusterv3.Cluster{Name: "v1"}, &clusterv3.Cluster{Name: "v2", ConnectTimeout: durationpb.New(-1)})
}
