package traffic

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// flow is a TLS or TCP rule.
type flow struct {
	// connections are those of the rule in words, such as `TCP connections on port 3306`; all says that they are all
	// of that protocol, and first that the rule is the first for it.
	connections string
	all, first  bool
	routes      []*networking.HTTPRouteDestination
}

// newFlows returns the TLS rules of a VirtualService, then its TCP rules: hosts are in full.
func newFlows(s *virtualService, clusterDomain string) []flow {
	var flows []flow
	add := func(protocol string, i int, matches []string, routes []*networking.RouteDestination) {
		f := flow{
			connections: protocol + " connections",
			all:         len(matches) == 0 || slices.Contains(matches, ""),
			first:       i == 0,
		}
		if !f.all {
			f.connections += " " + strings.Join(matches, " or ")
		}
		for _, route := range routes {
			d := &networking.Destination{
				Host:   istio.FullHost(route.GetDestination().GetHost(), s.object.Namespace, clusterDomain),
				Subset: route.GetDestination().GetSubset(),
				Port:   route.GetDestination().GetPort(),
			}
			f.routes = append(f.routes, &networking.HTTPRouteDestination{Destination: d, Weight: route.GetWeight()})
		}
		flows = append(flows, f)
	}
	for i, rule := range s.spec().Tls {
		var matches []string
		for _, m := range rule.GetMatch() {
			sni := ""
			if len(m.GetSniHosts()) > 0 {
				sni = "with SNI " + alternatives(m.SniHosts)
			}
			matches = append(matches, connectionWords(sni, m))
		}
		add("TLS", i, matches, rule.GetRoute())
	}
	for i, rule := range s.spec().Tcp {
		var matches []string
		for _, m := range rule.GetMatch() {
			matches = append(matches, connectionWords("", m))
		}
		add("TCP", i, matches, rule.GetRoute())
	}
	return flows
}

// connectionMatch is what the matches of TLS and of TCP have in common.
type connectionMatch interface {
	GetDestinationSubnets() []string
	GetPort() uint32
	GetSourceLabels() map[string]string
	GetGateways() []string
	GetSourceNamespace() string
}

// connectionWords says the conditions of a match, empty when it has none.
func connectionWords(first string, m connectionMatch) string {
	var parts []string
	add := func(set bool, words string) {
		if set {
			parts = append(parts, words)
		}
	}
	add(first != "", first)
	add(m.GetPort() != 0, "on port "+strconv.FormatUint(uint64(m.GetPort()), 10))
	add(len(m.GetDestinationSubnets()) > 0, "to "+alternatives(m.GetDestinationSubnets()))
	for _, name := range slices.Sorted(maps.Keys(m.GetSourceLabels())) {
		add(true, fmt.Sprintf("from %s=%s", istio.Shown(name), istio.Shown(m.GetSourceLabels()[name])))
	}
	add(m.GetSourceNamespace() != "", "from namespace "+istio.Shown(m.GetSourceNamespace()))
	add(len(m.GetGateways()) > 0, "at gateway "+alternatives(m.GetGateways()))
	return strings.Join(parts, " ")
}

func alternatives(texts []string) string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = istio.Shown(text)
	}
	return strings.Join(all, "|")
}

// flows says what the TLS and TCP rules of a VirtualService do. Nobody but Terraform sets their weights.
func (n *namer) flows(s *virtualService) []string {
	var lines []string
	for _, f := range newFlows(s, n.clusterDomain) {
		lines = append(lines, f.words()+n.forward(f.routes, false))
	}
	return lines
}

func (f flow) words() string {
	switch {
	case !f.all:
		return f.connections
	case f.first:
		return "all " + f.connections
	}
	return "all other " + f.connections
}

// moveFlows says which connections go elsewhere: those of rules with the same conditions before and after.
func moveFlows(was, is *Table, names *namer) []Move {
	before := map[string][]Share{}
	for _, s := range was.virtualServices {
		for _, f := range newFlows(s, names.clusterDomain) {
			if _, known := before[f.connections]; !known {
				before[f.connections] = newShares(f.routes)
			}
		}
	}
	var moves []Move
	for _, s := range is.virtualServices {
		for _, f := range newFlows(s, names.clusterDomain) {
			from, known := before[f.connections]
			m := Move{
				Requests: f.words(),
				Before:   Outcome{Kind: Forward, Destinations: from},
				After:    Outcome{Kind: Forward, Destinations: newShares(f.routes)},
				names:    names,
			}
			if known && !sameTarget(m.Before, m.After) {
				moves = append(moves, m)
			}
			delete(before, f.connections)
		}
	}
	return moves
}
