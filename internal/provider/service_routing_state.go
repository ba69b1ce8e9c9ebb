package provider

import (
	"maps"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// The types of what mesh_service_routing tells.
var (
	portType       = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"name": tftypes.String, "number": tftypes.Number}}
	readyType      = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"labels": tftypes.Map{ElementType: tftypes.String}, "ready_endpoints": tftypes.Number}}
	liveRoutesType = objectType(map[string]tftypes.Type{
		"hosts": stringList, "gateways": stringList, "effective": tftypes.Bool, "weights": stringMapMap, "summary": stringList,
	})
	liveRulesType = objectType(map[string]tftypes.Type{"host": tftypes.String, "subsets": tftypes.Map{ElementType: readyType}})
)

// objectType is the type of a live object with what tells its kind.
func objectType(more map[string]tftypes.Type) tftypes.Object {
	attributes := map[string]tftypes.Type{
		"namespace": tftypes.String, "name": tftypes.String, "created": tftypes.String, "owner": tftypes.String, "managed_by": stringList,
	}
	maps.Copy(attributes, more)
	return tftypes.Object{AttributeTypes: attributes}
}

// encodeServing fills in what routes a host. What could not be looked at is null.
func encodeServing(attributes map[string]tftypes.Value, view *cluster.View, host string, service *routing.Service, conflicts []string) {
	ready := func(labels map[string]string) tftypes.Value {
		namespace, _, _ := view.InCluster(host)
		if service != nil {
			if n, known := view.ReadyOf(namespace, *service, labels); known {
				return tftypes.NewValue(tftypes.Number, n)
			}
		}
		return tftypes.NewValue(tftypes.Number, nil)
	}
	attributes["ports"] = tftypes.NewValue(tftypes.List{ElementType: portType}, nil)
	if service != nil {
		attributes["ports"] = encodePorts(service.Ports)
	}
	attributes["ready_endpoints"] = ready(nil)
	attributes["virtual_services"] = tftypes.NewValue(tftypes.List{ElementType: liveRoutesType}, nil)
	if view.Routes != nil {
		attributes["virtual_services"] = encodeRoutes(view, view.RoutesOf(host))
	}
	attributes["destination_rules"] = tftypes.NewValue(tftypes.List{ElementType: liveRulesType}, nil)
	if view.Rules != nil {
		attributes["destination_rules"] = encodeRules(view, view.RulesOf(host), ready)
	}
	attributes["conflicts"] = tftypes.NewValue(stringList, nil)
	if conflicts != nil {
		attributes["conflicts"] = tftypes.NewValue(stringList, stringValues(conflicts))
	}
}

func encodePorts(ports []routing.ServicePort) tftypes.Value {
	values := make([]tftypes.Value, len(ports))
	for i, port := range ports {
		values[i] = tftypes.NewValue(portType, map[string]tftypes.Value{
			"name": encodeString(port.Name), "number": tftypes.NewValue(tftypes.Number, int64(port.Number)),
		})
	}
	return tftypes.NewValue(tftypes.List{ElementType: portType}, values)
}

func encodeRoutes(view *cluster.View, routes []*routing.Neighbor) tftypes.Value {
	values := make([]tftypes.Value, len(routes))
	for i, n := range routes {
		spec := n.Spec.(*networking.VirtualService)
		gateways := spec.Gateways
		if len(gateways) == 0 {
			gateways = []string{routing.MeshGateway}
		}
		values[i] = encodeLive(liveRoutesType, view, n, map[string]tftypes.Value{
			"hosts":     tftypes.NewValue(stringList, stringValues(spec.Hosts)),
			"gateways":  tftypes.NewValue(stringList, stringValues(gateways)),
			"effective": tftypes.NewValue(tftypes.Bool, view.Effective(n.Object)),
			"weights":   encodeWeights(spec),
			"summary":   tftypes.NewValue(stringList, stringValues(view.Summary(n.Object))),
		})
	}
	return tftypes.NewValue(tftypes.List{ElementType: liveRoutesType}, values)
}

func encodeRules(view *cluster.View, rules []*routing.Neighbor, ready func(labels map[string]string) tftypes.Value) tftypes.Value {
	values := make([]tftypes.Value, len(rules))
	for i, n := range rules {
		spec := n.Spec.(*networking.DestinationRule)
		subsets := map[string]tftypes.Value{}
		for _, subset := range spec.Subsets {
			subsets[subset.GetName()] = tftypes.NewValue(readyType, map[string]tftypes.Value{
				"labels": encodeStringMap(subset.GetLabels()), "ready_endpoints": ready(subset.GetLabels()),
			})
		}
		values[i] = encodeLive(liveRulesType, view, n, map[string]tftypes.Value{
			"host": tftypes.NewValue(tftypes.String, spec.Host), "subsets": tftypes.NewValue(tftypes.Map{ElementType: readyType}, subsets),
		})
	}
	return tftypes.NewValue(tftypes.List{ElementType: liveRulesType}, values)
}

// encodeLive returns what an object tells of itself, and what tells its kind.
func encodeLive(of tftypes.Object, view *cluster.View, n *routing.Neighbor, more map[string]tftypes.Value) tftypes.Value {
	tools := []string{}
	for _, tool := range view.Live(n.Object).Tools() {
		tools = append(tools, tool.Name)
	}
	attributes := map[string]tftypes.Value{
		"namespace":  tftypes.NewValue(tftypes.String, n.Namespace),
		"name":       tftypes.NewValue(tftypes.String, n.Name),
		"created":    tftypes.NewValue(tftypes.String, n.Created.UTC().Format(time.RFC3339)),
		"owner":      encodeString(n.Annotations[routing.OwnerAnnotation]),
		"managed_by": tftypes.NewValue(stringList, stringValues(tools)),
	}
	maps.Copy(attributes, more)
	return tftypes.NewValue(of, attributes)
}
