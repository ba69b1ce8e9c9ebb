package watch

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
)

// Hosts says whose routes count: those with a name in Names or, if that is empty, every service of Namespace.
type Hosts struct {
	Names     []string
	Namespace string
}

// named says whether a host was asked for by its name.
func (h Hosts) named(host string) bool { return slices.Contains(h.Names, host) }

// of returns the hosts among the domains of a virtual host, each once and without its port.
func (h Hosts) of(domains []string) []string {
	var found []string
	for _, domain := range domains {
		if name, _, err := net.SplitHostPort(domain); err == nil {
			domain = name
		}
		if h.named(domain) || len(h.Names) == 0 && strings.HasSuffix(domain, "."+h.Namespace+".svc.cluster.local") {
			found = append(found, domain)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// virtualHost is a place in the route tables.
type virtualHost struct{ host, table, name string }

// Routes are those of one watched host in one route table.
type Routes struct {
	Host  string
	Table string
	// Weights are the shares of Default: what a request meets that has no particular header and path.
	Weights map[string]float64
	Routes  []Route // in the order in which Envoy tries them; none when the host has gone
}

// Route is one route with the clusters that it sends requests to.
type Route struct {
	Name    string             `json:"route"`
	Weights map[string]float64 `json:"weights"` // by cluster, in percent of their sum
	Mirrors []string           `json:"mirrors,omitempty"`
}

func (p *Picture) table(name string) *routev3.RouteConfiguration {
	if table, ok := p.tables[name]; ok {
		return table
	}
	return p.inline[name]
}

// virtualHosts returns those of the watched hosts.
func (p *Picture) virtualHosts() map[virtualHost]*routev3.VirtualHost {
	found := map[virtualHost]*routev3.VirtualHost{}
	for _, names := range []map[string]*routev3.RouteConfiguration{p.inline, p.tables} {
		for name, table := range names {
			for _, vh := range table.GetVirtualHosts() {
				for _, host := range p.hosts.of(vh.GetDomains()) {
					found[virtualHost{host, name, vh.GetName()}] = vh
				}
			}
		}
	}
	return found
}

// newRoutes returns what is different since the last call.
func (p *Picture) newRoutes() []Routes {
	now := p.virtualHosts()
	var news []Routes
	for at, vh := range now {
		if !proto.Equal(p.shown[at], vh) {
			news = append(news, describe(at, p.table(at.table), vh))
		}
	}
	for at := range p.shown {
		if now[at] == nil {
			news = append(news, Routes{Host: at.host, Table: at.table})
		}
	}
	p.shown = now
	slices.SortFunc(news, func(a, b Routes) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Table, b.Table))
	})
	return news
}

func describe(at virtualHost, table *routev3.RouteConfiguration, vh *routev3.VirtualHost) Routes {
	routes := Routes{Host: at.host, Table: at.table}
	for i, route := range vh.GetRoutes() {
		r := Route{
			Name:    label(at.table, i, route),
			Weights: shares(route.GetRoute()),
			Mirrors: mirrors(table, vh, route.GetRoute()),
		}
		routes.Routes = append(routes.Routes, r)
		if routes.Weights == nil && matchesAll(route.GetMatch()) {
			routes.Weights = r.Weights
		}
	}
	return routes
}

// label names a route in a report.
func label(table string, index int, route *routev3.Route) string {
	if route.GetName() != "" {
		return table + "/" + route.GetName()
	}
	return fmt.Sprintf("%s/#%d", table, index)
}

func matchesAll(match *routev3.RouteMatch) bool {
	return match.GetPrefix() == "/" && len(match.GetHeaders()) == 0 && len(match.GetQueryParameters()) == 0 &&
		match.GetRuntimeFraction() == nil
}

// shares returns how the requests of a route are split, in percent. A cluster that only a request header names is not
// in it.
func shares(action *routev3.RouteAction) map[string]float64 {
	split := map[string]float64{}
	if action.GetCluster() != "" {
		split[action.GetCluster()] = 100
	}
	sum := 0.0
	for _, c := range action.GetWeightedClusters().GetClusters() {
		sum += float64(c.GetWeight().GetValue())
	}
	for _, c := range action.GetWeightedClusters().GetClusters() {
		if c.GetName() != "" && sum > 0 {
			split[c.GetName()] += float64(c.GetWeight().GetValue()) * 100 / sum
		}
	}
	return split
}

// mirrors returns the clusters that get a copy of the requests; a route's own policies hide those of what is around
// it.
func mirrors(table *routev3.RouteConfiguration, vh *routev3.VirtualHost, action *routev3.RouteAction) []string {
	if action == nil {
		return nil
	}
	var names []string
	for _, policies := range [][]*routev3.RouteAction_RequestMirrorPolicy{
		action.GetRequestMirrorPolicies(), vh.GetRequestMirrorPolicies(), table.GetRequestMirrorPolicies(),
	} {
		for _, policy := range policies {
			if policy.GetCluster() != "" {
				names = append(names, policy.GetCluster())
			}
		}
		if len(policies) > 0 {
			break
		}
	}
	return names
}

// named returns every cluster that a route names.
func named(table *routev3.RouteConfiguration, vh *routev3.VirtualHost, route *routev3.Route) []string {
	names := slices.Collect(maps.Keys(shares(route.GetRoute())))
	return append(names, mirrors(table, vh, route.GetRoute())...)
}
