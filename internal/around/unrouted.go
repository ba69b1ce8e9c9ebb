package around

import (
	"slices"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Unrouted reports whether it is certain that requests to one of a VirtualService's hosts go to every pod of a
// Service now: the Service is there, and no other VirtualService has rules for it in the mesh.
func (f *Facts) Unrouted(o *istio.Object) bool {
	spec := o.VirtualServiceSpec()
	if len(spec.GetHttp()) == 0 || f.VirtualServices == nil || f.Narrow[VirtualServices] ||
		!slices.Contains(istio.GatewayNames(spec.GetGateways(), o.Namespace), istio.MeshGateway) {
		return false
	}
	return slices.ContainsFunc(spec.GetHosts(), func(host string) bool {
		full := istio.FullHost(host, o.Namespace, f.Domain())
		namespace, name, ok := f.InCluster(full)
		if _, there := f.Services[namespace][name]; !ok || !there {
			return false
		}
		return !slices.ContainsFunc(f.VirtualServices.overlapping(full), func(c claimed) bool {
			return len(f.rivalries(o, c.Object)) > 0
		})
	})
}
