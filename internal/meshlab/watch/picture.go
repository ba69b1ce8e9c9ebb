// Package watch is an ADS client that subscribes as an Envoy sidecar does. It keeps the clusters, endpoints and route
// tables that istiod sends, and tells for how long a route that it held named a cluster that it did not hold, or held
// without endpoints.
package watch

import (
	"fmt"
	"maps"
	"slices"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
)

// Types of resources, as a discovery request names them.
const (
	clusterType  = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	endpointType = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	listenerType = "type.googleapis.com/envoy.config.listener.v3.Listener"
	routeType    = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
)

// Picture is what a sidecar holds, and which of its routes lead nowhere. It judges nothing before it has been
// complete once: every EDS cluster with its endpoints, every route table that a listener names.
type Picture struct {
	hosts Hosts

	clusters  map[string]*clusterv3.Cluster // nil before the first answer
	endpoints map[string]*endpointv3.ClusterLoadAssignment
	listeners map[string]*listenerv3.Listener // nil before the first answer
	tables    map[string]*routev3.RouteConfiguration
	inline    map[string]*routev3.RouteConfiguration // by listener and filter chain
	wanted    map[string][]string                    // by type: the names to subscribe to, sorted

	ready bool
	shown map[virtualHost]*routev3.VirtualHost // what the last Change.Routes told
	ledger
}

// NewPicture returns a picture that holds nothing and judges the routes of hosts.
func NewPicture(hosts Hosts) *Picture {
	return &Picture{
		hosts:     hosts,
		endpoints: map[string]*endpointv3.ClusterLoadAssignment{},
		tables:    map[string]*routev3.RouteConfiguration{},
		wanted:    map[string][]string{},
		shown:     map[virtualHost]*routev3.VirtualHost{},
		ledger:    newLedger(),
	}
}

// Change is what one response did to a picture.
type Change struct {
	Changed bool     // the picture is another one than before
	Ready   bool     // this response made it complete for the first time
	Routes  []Routes // of the watched hosts whose routes are new
	Closed  []Window // that ended with this response
}

// Apply takes a response in at a time. After an error the picture is as before.
func (p *Picture) Apply(response *discoveryv3.DiscoveryResponse, at time.Time) (Change, error) {
	changed, err := p.hold(response)
	if err != nil {
		return Change{}, err
	}
	change := Change{Changed: changed}
	if !p.ready {
		p.ready = p.complete()
		change.Ready = p.ready
	}
	if p.ready {
		change.Routes = p.newRoutes()
		change.Closed = p.update(p.faults(), at)
	}
	return change, nil
}

// Wanted returns the names to subscribe to: of EDS clusters for endpoints, of route tables for routes.
func (p *Picture) Wanted(typeURL string) []string { return p.wanted[typeURL] }

// hold replaces all clusters or all listeners, and adds to the endpoints or the route tables what is wanted of them.
func (p *Picture) hold(response *discoveryv3.DiscoveryResponse) (changed bool, err error) {
	switch response.GetTypeUrl() {
	case clusterType:
		clusters, err := decode(response, (*clusterv3.Cluster).GetName)
		if err != nil {
			return false, err
		}
		changed = p.clusters == nil || !same(p.clusters, clusters)
		p.clusters = clusters
		p.want(endpointType, endpointNames(clusters))
		keep(p.endpoints, p.wanted[endpointType])
	case endpointType:
		endpoints, err := decode(response, (*endpointv3.ClusterLoadAssignment).GetClusterName)
		if err != nil {
			return false, err
		}
		changed = add(p.endpoints, endpoints, p.wanted[endpointType])
	case listenerType:
		listeners, err := decode(response, (*listenerv3.Listener).GetName)
		if err != nil {
			return false, err
		}
		changed = p.listeners == nil || !same(p.listeners, listeners)
		p.listeners = listeners
		var names []string
		names, p.inline = routeTables(listeners)
		p.want(routeType, names)
		keep(p.tables, p.wanted[routeType])
	case routeType:
		tables, err := decode(response, (*routev3.RouteConfiguration).GetName)
		if err != nil {
			return false, err
		}
		changed = add(p.tables, tables, p.wanted[routeType])
	default:
		return false, fmt.Errorf("take in %s: a sidecar did not ask for it", response.GetTypeUrl())
	}
	return changed, nil
}

func (p *Picture) want(typeURL string, names []string) {
	slices.Sort(names)
	p.wanted[typeURL] = slices.Compact(names)
}

func (p *Picture) complete() bool {
	return p.clusters != nil && p.listeners != nil &&
		len(p.endpoints) == len(p.wanted[endpointType]) && len(p.tables) == len(p.wanted[routeType])
}

// endpointName is the name under which the endpoints of an EDS cluster come; empty for other clusters.
func endpointName(c *clusterv3.Cluster) string {
	switch {
	case c.GetType() != clusterv3.Cluster_EDS || c.GetClusterType() != nil:
		return ""
	case c.GetEdsClusterConfig().GetServiceName() != "":
		return c.GetEdsClusterConfig().GetServiceName()
	default:
		return c.GetName()
	}
}

func endpointNames(clusters map[string]*clusterv3.Cluster) []string {
	var names []string
	for _, c := range clusters {
		if name := endpointName(c); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// routeTables returns the names of the route tables to ask for, and the tables that the listeners carry themselves.
func routeTables(listeners map[string]*listenerv3.Listener) ([]string, map[string]*routev3.RouteConfiguration) {
	var names []string
	inline := map[string]*routev3.RouteConfiguration{}
	for _, listener := range listeners {
		for i, chain := range append(slices.Clone(listener.GetFilterChains()), listener.GetDefaultFilterChain()) {
			for _, filter := range chain.GetFilters() {
				manager, ok := unpack[*hcmv3.HttpConnectionManager](filter.GetTypedConfig())
				if !ok {
					continue
				}
				if name := manager.GetRds().GetRouteConfigName(); name != "" {
					names = append(names, name)
				}
				if table := manager.GetRouteConfig(); table != nil {
					inline[fmt.Sprintf("%s/%d", listener.GetName(), i)] = table
				}
			}
		}
	}
	return names, inline
}

// keep removes what is not in names.
func keep[R any](held map[string]R, names []string) {
	maps.DeleteFunc(held, func(name string, _ R) bool {
		_, found := slices.BinarySearch(names, name)
		return !found
	})
}

// add puts into held what of news is in names, and says whether that changes anything.
func add[R proto.Message](held, news map[string]R, names []string) bool {
	before := maps.Clone(held)
	maps.Copy(held, news)
	keep(held, names)
	return !same(before, held)
}

func same[R proto.Message](a, b map[string]R) bool {
	return maps.EqualFunc(a, b, func(a, b R) bool { return proto.Equal(a, b) })
}
