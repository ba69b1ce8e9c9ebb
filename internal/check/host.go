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
		if istio.InMesh(m) {
			c.hostCase(istio.Path{"hosts", i}, host)
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

// hostCase looks for capitals: Services have none, and Istio looks names up as they are written.
func (c *checker) hostCase(at istio.Path, host string) {
	if host != strings.ToLower(host) {
		c.doubt(at, "%.80q is found only where a ServiceEntry spells it so, which is not known here; names of "+
			"Services are in lower case", host)
	}
}

// destinationHost looks at a name that Istio looks up among the services it knows.
func (c *checker) destinationHost(field, host string) {
	at := istio.Path{field}
	c.hostCase(at, host)
	name, namespace, _ := strings.Cut(host, ".")
	switch {
	case name == "" || strings.HasPrefix(host, "*"):
	case strings.HasSuffix(host, ".svc"):
		c.doubt(at, "%.80q is not completed by Istio, which completes names without a dot only: unless a "+
			"ServiceEntry has that name, which is not known here, there is no such service; add the cluster's "+
			"domain, as in %.80s.cluster.local", host, host)
	case namespace == c.object.Namespace:
		c.doubt(at, "%.80q is not completed by Istio, which completes names without a dot only: unless a "+
			"ServiceEntry has that name, which is not known here, there is no such service; write %.63q, or the full "+
			"name as in %.80s.svc.cluster.local",
			host, name, host)
	}
}
