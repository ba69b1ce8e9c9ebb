package around

import (
	"maps"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// RoutingOf returns the objects that decide what becomes of requests for a full host: the VirtualServices that have
// to do with it, the oldest first, their delegates, the DestinationRules for every host to which these send requests,
// the oldest first, and the Gateways where they are and that are known. It is not known where something of that may
// be which cannot be listed.
func (f *Facts) RoutingOf(host string) (objects []*istio.Object, known bool) {
	if f.VirtualServices == nil || f.DestinationRules == nil {
		return nil, false
	}
	var gateways []string
	hosts := []string{strings.ToLower(host)}
	rules, taken := map[*Neighbor]bool{}, map[*istio.Object]bool{}
	for _, n := range f.VirtualServicesOf(host) {
		delegates, absent := f.delegatesOf(n.Object)
		if len(slices.DeleteFunc(delegateNames(n.Object), func(name string) bool { return absent[name] })) >
			len(delegates) {
			return nil, false
		}
		for _, o := range append([]*istio.Object{n.Object}, delegates...) {
			if taken[o] {
				continue
			}
			objects, taken[o] = append(objects, o), true
			for _, t := range (&inspection{Facts: f, pair: istio.ObjectsOf(o)}).targets() {
				hosts = append(hosts, strings.ToLower(istio.FullHost(t.Host, o.Namespace, f.Domain())))
			}
		}
		gateways = append(gateways, istio.GatewayNames(n.VirtualServiceSpec().Gateways, n.Namespace)...)
	}
	for _, host := range istio.Unique(hosts) {
		for _, n := range f.DestinationRulesOf(host) {
			rules[n] = true
		}
	}
	for _, n := range byAge(slices.Collect(maps.Keys(rules))) {
		objects = append(objects, n.Object)
	}
	for _, name := range istio.Unique(gateways) {
		namespace, name, _ := strings.Cut(name, "/")
		if o := f.Gateways[namespace][name].Object; o != nil {
			objects = append(objects, o)
		}
	}
	return objects, true
}
