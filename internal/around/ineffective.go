package around

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// notHTTP are the protocols of ports whose connections a sidecar forwards without looking for requests in them. What
// is no protocol is sniffed.
// Source: istio.io/istio pilot/pkg/networking ModelProtocolToListenerProtocol.
var notHTTP = []string{"TCP", "UDP", "TLS", "HTTPS", "Mongo", "Redis", "MySQL"}

// ports tells of Services that the route is for in the mesh, and none of whose ports carries HTTP as Istio sees it:
// rules for HTTP hold for nothing there.
func (l *inspection) ports() {
	o := l.pair.Routing()
	spec := o.VirtualServiceSpec()
	if len(spec.GetHttp()) == 0 || !istio.InMesh(spec) {
		return
	}
	for i, host := range spec.GetHosts() {
		host = istio.FullHost(host, o.Namespace, l.Domain())
		service, ok := l.service(host)
		if !ok || len(service.Ports) == 0 || slices.ContainsFunc(service.Ports, ServicePort.mayBeHTTP) {
			continue
		}
		l.find(Opaque, o, nil, istio.Doubtful, istio.Path{"hosts", i},
			"Istio takes no port of the Service of %s for HTTP, as their names and protocols say (%s), so that "+
				"sidecars "+
				"follow no rule for HTTP there; begin the port's name with http, http2 or grpc, or set its appProtocol",
			host, service.protocolWords())
	}
}

func (p ServicePort) mayBeHTTP() bool { return !slices.Contains(notHTTP, p.Protocol) }

func (s Service) protocolWords() string {
	words := make([]string, 0, len(s.Ports))
	for _, p := range s.Ports[:min(len(s.Ports), istio.MostNamed)] {
		words = append(words, strings.TrimSpace(fmt.Sprintf("%s %d", p.Name, p.Number))+" is "+p.Protocol)
	}
	if more := len(s.Ports) - len(words); more > 0 {
		words = append(words, fmt.Sprintf("%d more", more))
	}
	return strings.Join(words, ", ")
}

// alike tells of subsets of the route that are the same pods as another one, or all pods of the service.
func (l *inspection) alike() {
	o := l.pair.Declaring()
	spec := o.DestinationRuleSpec()
	for i, subset := range spec.GetSubsets() {
		labels := subset.GetLabels()
		if _, argo := labels[istio.RolloutsLabel]; argo || len(labels) == 0 {
			continue
		}
		twin := slices.IndexFunc(spec.Subsets[:i], func(other *networking.Subset) bool {
			return maps.Equal(labels, other.GetLabels()) &&
				proto.Equal(subset.GetTrafficPolicy(), other.GetTrafficPolicy())
		})
		if twin >= 0 {
			l.find(Alike, o, nil, istio.Doubtful, istio.Path{"subsets", i},
				"has %s, as the subset %s has, so that both are the same "+
					"pods", labelWords(labels), spec.Subsets[twin].GetName())
			continue
		}
		host := istio.FullHost(spec.GetHost(), o.Namespace, l.Domain())
		if service, ok := l.service(host); ok && len(service.Selector) > 0 && istio.Carries(service.Selector,
			[]map[string]string{labels}) {
			l.find(Alike, o, nil, istio.Doubtful, istio.Path{"subsets", i},
				"has %s, which the selector of the Service of %s has too, so that the subset is every pod of the "+
					"service",
				labelWords(labels), host)
		}
	}
}
