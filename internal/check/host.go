package check

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// hosts looks at the names that a VirtualService is for.
func (c *checker) hosts(m *networking.VirtualService) {
	short := map[string]int{}
	for i, host := range m.Hosts {
		if host != "" && !strings.ContainsAny(host, ".:*") {
			short[host+"."+c.object.Namespace+".svc."] = i
		}
	}
	for i, host := range m.Hosts {
		for prefix, j := range short {
			if strings.HasPrefix(host, prefix) && !slices.Contains(m.Hosts[:i], host) {
				c.doubt(istio.Path{"hosts", i}, "%.80q is hosts[%d] (%.80q) in full; leave one of the two out",
					host, j, m.Hosts[j])
			}
		}
	}
}
