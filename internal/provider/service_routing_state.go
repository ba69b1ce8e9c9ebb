package provider

import (
	"maps"
	"slices"
	"strings"
	"time"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

// encodeServing fills in what routes a host. What could not be looked at is null.
func encodeServing(
	attributes map[string]attr.Value, view *cluster.View, host string, service *around.Service, conflicts []string,
) {
	ready := func(labels map[string]string) attr.Value {
		namespace, _, _ := view.InCluster(host)
		if service != nil {
			if n, known := view.ReadyOf(namespace, *service, labels); known {
				return attr.Int(int64(n))
			}
		}
		return attr.Null()
	}
	attributes["ports"] = attr.Null()
	if service != nil {
		attributes["ports"] = encodePorts(service.Ports)
	}
	attributes["ready_endpoints"] = ready(nil)
	attributes["virtual_services"] = attr.Null()
	if view.VirtualServices != nil {
		attributes["virtual_services"] = encodeRoutes(view, view.VirtualServicesOf(host))
	}
	attributes["destination_rules"] = attr.Null()
	if view.DestinationRules != nil {
		attributes["destination_rules"] = encodeRules(view, view.DestinationRulesOf(host), ready)
	}
	attributes["conflicts"] = attr.Null()
	if conflicts != nil {
		attributes["conflicts"] = attr.Strings(conflicts)
	}
}

func encodePorts(ports []around.ServicePort) attr.Value {
	values := make([]attr.Value, len(ports))
	for i, port := range ports {
		values[i] = attr.Object(map[string]attr.Value{
			"name": form.Text(port.Name), "number": attr.Int(int64(port.Number)),
		})
	}
	return attr.List(values)
}

func encodeRoutes(view *cluster.View, routes []*around.Neighbor) attr.Value {
	values := make([]attr.Value, len(routes))
	for i, n := range routes {
		spec := n.VirtualServiceSpec()
		gateways := spec.Gateways
		if len(gateways) == 0 {
			gateways = []string{istio.MeshGateway}
		}
		values[i] = encodeLive(view, n, map[string]attr.Value{
			"hosts":     attr.Strings(spec.Hosts),
			"gateways":  attr.Strings(gateways),
			"effective": attr.Bool(view.Effective(n.Object)),
			"weights":   form.Weights(spec),
			"summary":   attr.Strings(view.Summary(n.Object, view.Options)),
		})
	}
	return attr.List(values)
}

func encodeRules(
	view *cluster.View, rules []*around.Neighbor, ready func(labels map[string]string) attr.Value,
) attr.Value {
	values := make([]attr.Value, len(rules))
	for i, n := range rules {
		spec := n.DestinationRuleSpec()
		subsets := map[string]attr.Value{}
		for _, subset := range spec.Subsets {
			subsets[subset.GetName()] = attr.Object(map[string]attr.Value{
				"labels": form.TextMap(subset.GetLabels()), "ready_endpoints": ready(subset.GetLabels()),
			})
		}
		values[i] = encodeLive(view, n, map[string]attr.Value{
			"host": attr.String(spec.Host), "subsets": attr.Map(subsets),
		})
	}
	return attr.List(values)
}

// encodeLive returns what an object tells of itself, and what tells its kind.
func encodeLive(view *cluster.View, n *around.Neighbor, more map[string]attr.Value) attr.Value {
	tools := []string{}
	for _, tool := range view.Live(n.Object).Tools() {
		tools = append(tools, tool.Name)
	}
	attributes := map[string]attr.Value{
		"namespace":  attr.String(n.Namespace),
		"name":       attr.String(n.Name),
		"created":    attr.String(n.Created.UTC().Format(time.RFC3339)),
		"owner":      form.Text(n.Annotations[istio.OwnerAnnotation]),
		"managed_by": attr.Strings(tools),
	}
	maps.Copy(attributes, more)
	return attr.Object(attributes)
}

// encodeManifests returns the objects that decide about requests for a host, ServiceEntries among them where they
// were looked at, which they are for a host that no Service has.
func encodeManifests(view *cluster.View, host string) attr.Value {
	objects, known := view.RoutingOf(host)
	if !known {
		return attr.Null()
	}
	for _, o := range view.ServiceEntryObjects {
		entry, _ := o.Spec.(*networking.ServiceEntry)
		if slices.ContainsFunc(entry.GetHosts(), func(own string) bool {
			return istio.Fits(strings.ToLower(own), strings.ToLower(host))
		}) {
			objects = append(objects, o)
		}
	}
	texts := []string{}
	for _, o := range objects {
		var created time.Time
		if n := view.Neighbor(o); n != nil && n.Object == o {
			created = n.Created
		}
		text, err := istio.LiveYAML(o, created)
		if err != nil {
			return attr.Null()
		}
		texts = append(texts, text)
	}
	return attr.Strings(texts)
}
