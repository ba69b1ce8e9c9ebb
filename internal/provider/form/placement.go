package form

import (
	"cmp"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// readPlacement reads what both resources have in common. What is unknown gets a stand-in that is valid, so that the
// rest can be checked.
func readPlacement(r *attr.Reader, s Defaults) canary.Placement {
	place := canary.Placement{
		Namespace:        cmp.Or(r.String("namespace"), s.Namespace, canary.UndecidedNamespace),
		ClusterDomain:    cmp.Or(s.ClusterDomain, DefaultClusterDomain),
		SubsetsElsewhere: !r.Bool("manage_destination_rule") && r.Known("manage_destination_rule"),
		SharesByOthers:   r.String("weights_managed_by") == weightsByOther,
		Labels:           r.StringMap("labels"),
		Annotations:      r.StringMap("annotations"),
		Owner:            r.String("owner"),
		Hosts:            r.Strings("hosts"),
		Gateways:         r.Strings("gateways"),
		ExportTo:         r.Strings("export_to"),
	}
	place.Port, _ = r.Int("port")
	if place.Port == 0 && r.Known("port") {
		// Zero is what Istio means by none; here none is null, and 0 is a mistake.
		place.Port = -1
	}
	if r.Has("namespace") && !r.Known("namespace") {
		place.Namespace = canary.UndecidedNamespace
	}
	service := r.String("service")
	if r.Has("service") && !r.Known("service") {
		service = "unknown"
	}
	// A plan and a state know the full name, whatever the provider block says by now.
	place.Host = cmp.Or(r.String("host"), istio.FullHost(service, place.Namespace, place.ClusterDomain))
	name := cmp.Or(r.String("name"), istio.ServiceName(place.Host))
	place.VirtualServiceName = cmp.Or(r.String("virtual_service_name"), name)
	place.DestinationRuleName = cmp.Or(r.String("destination_rule_name"), name)
	if policy := r.Object("traffic_policy"); policy != nil {
		place.TrafficPolicy = readPolicy(policy)
	}
	return place
}

func readPolicy(r *attr.Reader) *networking.TrafficPolicy {
	policy := &networking.TrafficPolicy{}
	r.Message(policyShape, policy)
	return policy
}

// completePlacement plans the values that follow from others. What follows from something unknown stays unknown.
func completePlacement(planned, prior map[string]attr.Value, config *attr.Reader, s Defaults, route Route) {
	place := route.Place()
	// follows plans a value where the configuration has none.
	follows := func(name string, known bool, value attr.Value) {
		switch {
		case config.Has(name):
		case known:
			planned[name] = value
		default:
			planned[name] = attr.Unknown()
		}
	}
	known := func(name string) bool { return !config.Has(name) || config.Known(name) }

	namespace := known("namespace") && (config.Has("namespace") || s.Namespace != "")
	host := namespace && known("service") && s.ClusterDomain != ""
	name := known("name") && (config.Has("name") || known("service"))
	follows("namespace", s.Namespace != "", attr.String(place.Namespace))
	follows("host", host, attr.String(place.Host))
	follows("name", name, attr.String(cmp.Or(config.String("name"), istio.ServiceName(place.Host))))
	follows("virtual_service_name", name, attr.String(place.VirtualServiceName))
	follows("destination_rule_name", name, attr.String(place.DestinationRuleName))
	follows("manage_destination_rule", true, attr.Bool(true))
	follows("hosts", host, attr.Strings([]string{place.Host}))
	follows("gateways", true, attr.Strings([]string{istio.MeshGateway}))
	follows("foreign_fields", true, attr.Strings(nil))
	keepEqualService(planned, prior, place)
}

// keepEqualService plans the prior spelling of a service that is still the same host.
func keepEqualService(planned, prior map[string]attr.Value, place *canary.Placement) {
	before, ok := prior["service"].Text()
	if !ok {
		return
	}
	if planned["service"].IsKnown() && istio.FullHost(before, place.Namespace, place.ClusterDomain) == place.Host {
		planned["service"] = prior["service"]
	}
}

// encodePlacement returns the attributes that both resources have in common.
func encodePlacement(place *canary.Placement) map[string]attr.Value {
	name := cmp.Or(place.VirtualServiceName, place.DestinationRuleName)
	if place.DestinationRuleName != "" && place.DestinationRuleName != name {
		// Names that are set one by one leave name at its default.
		name = istio.ServiceName(place.Host)
	}
	policy := attr.Null()
	if place.TrafficPolicy != nil {
		policy = policyShape.Encode(place.TrafficPolicy)
	}
	return map[string]attr.Value{
		"service":                 attr.String(shortService(place)),
		"host":                    attr.String(place.Host),
		"port":                    encodePort(place.Port),
		"namespace":               attr.String(place.Namespace),
		"name":                    attr.String(name),
		"virtual_service_name":    attr.String(cmp.Or(place.VirtualServiceName, name)),
		"destination_rule_name":   attr.String(cmp.Or(place.DestinationRuleName, name)),
		"manage_destination_rule": attr.Bool(!place.SubsetsElsewhere),
		"hosts":                   attr.Strings(place.Hosts),
		"gateways":                attr.Strings(place.Gateways),
		"export_to":               encodeStrings(place.ExportTo),
		"labels":                  TextMap(place.Labels),
		"annotations":             TextMap(place.Annotations),
		"owner":                   Text(place.Owner),
		"traffic_policy":          policy,
	}
}

// shortService is how people write the service: its bare name, where that resolves to the same host.
func shortService(place *canary.Placement) string {
	short := istio.ServiceName(place.Host)
	if istio.FullHost(short, place.Namespace, place.ClusterDomain) == place.Host {
		return short
	}
	return strings.TrimSuffix(place.Host, ".")
}

// Text returns a text, null for an empty one.
func Text(s string) attr.Value {
	if s == "" {
		return attr.Null()
	}
	return attr.String(s)
}

// encodePort returns a port, null for none.
func encodePort(port int64) attr.Value {
	if port == 0 {
		return attr.Null()
	}
	return attr.Int(port)
}

// encodeStrings returns a list, null when it is empty.
func encodeStrings(list []string) attr.Value {
	if len(list) == 0 {
		return attr.Null()
	}
	return attr.Strings(list)
}

// TextMap returns a map, null when it is empty.
func TextMap(m map[string]string) attr.Value {
	if len(m) == 0 {
		return attr.Null()
	}
	values := make(map[string]attr.Value, len(m))
	for key, s := range m {
		values[key] = attr.String(s)
	}
	return attr.Map(values)
}
