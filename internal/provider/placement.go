package provider

import (
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

var stringList = tftypes.List{ElementType: tftypes.String}

// readPlacement reads what both resources have in common. What is unknown gets a stand-in that is valid, so that the
// rest can be checked.
func readPlacement(r *attr.Reader, s settings) canary.Placement {
	place := canary.Placement{
		Namespace:        firstOf(r.String("namespace"), s.namespace, canary.UndecidedNamespace),
		ClusterDomain:    firstOf(s.clusterDomain, defaultClusterDomain),
		SubsetsElsewhere: !r.Bool("manage_destination_rule") && r.Known("manage_destination_rule"),
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
	place.Host = firstOf(r.String("host"), routing.FullHost(service, place.Namespace, place.ClusterDomain))
	name := firstOf(r.String("name"), routing.ServiceName(place.Host))
	place.VirtualServiceName = firstOf(r.String("virtual_service_name"), name)
	place.DestinationRuleName = firstOf(r.String("destination_rule_name"), name)
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

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// completePlacement plans the values that follow from others. What follows from something unknown stays unknown.
func completePlacement(planned, prior map[string]tftypes.Value, config *attr.Reader, s settings, route described) {
	place := route.Place()
	// follows plans a value where the configuration has none.
	follows := func(name string, valueType tftypes.Type, known bool, value any) {
		switch {
		case config.Has(name):
		case known:
			planned[name] = tftypes.NewValue(valueType, value)
		default:
			planned[name] = tftypes.NewValue(valueType, tftypes.UnknownValue)
		}
	}
	known := func(name string) bool { return !config.Has(name) || config.Known(name) }

	namespace := known("namespace") && (config.Has("namespace") || s.namespace != "")
	host := namespace && known("service") && s.clusterDomain != ""
	name := known("name") && (config.Has("name") || known("service"))
	follows("namespace", tftypes.String, s.namespace != "", place.Namespace)
	follows("host", tftypes.String, host, place.Host)
	follows("name", tftypes.String, name, firstOf(config.String("name"), routing.ServiceName(place.Host)))
	follows("virtual_service_name", tftypes.String, name, place.VirtualServiceName)
	follows("destination_rule_name", tftypes.String, name, place.DestinationRuleName)
	follows("manage_destination_rule", tftypes.Bool, true, true)
	follows("hosts", stringList, host, stringValues([]string{place.Host}))
	follows("gateways", stringList, true, stringValues([]string{routing.MeshGateway}))
	follows("foreign_fields", stringList, true, []tftypes.Value{})
	keepEqualService(planned, prior, place)
}

// keepEqualService plans the prior spelling of a service that is still the same host.
func keepEqualService(planned, prior map[string]tftypes.Value, place *canary.Placement) {
	var before string
	if was, ok := prior["service"]; !ok || was.IsNull() || was.As(&before) != nil {
		return
	}
	if planned["service"].IsKnown() && routing.FullHost(before, place.Namespace, place.ClusterDomain) == place.Host {
		planned["service"] = prior["service"]
	}
}

// encodePlacement returns the attributes that both resources have in common.
func encodePlacement(place *canary.Placement) map[string]tftypes.Value {
	name := firstOf(place.VirtualServiceName, place.DestinationRuleName)
	if place.DestinationRuleName != "" && place.DestinationRuleName != name {
		// Names that are set one by one leave name at its default.
		name = routing.ServiceName(place.Host)
	}
	policy := tftypes.NewValue(policyShape.ValueType(), nil)
	if place.TrafficPolicy != nil {
		policy = policyShape.Encode(place.TrafficPolicy)
	}
	return map[string]tftypes.Value{
		"service":                 tftypes.NewValue(tftypes.String, shortService(place)),
		"host":                    tftypes.NewValue(tftypes.String, place.Host),
		"port":                    encodePort(place.Port),
		"namespace":               tftypes.NewValue(tftypes.String, place.Namespace),
		"name":                    tftypes.NewValue(tftypes.String, name),
		"virtual_service_name":    tftypes.NewValue(tftypes.String, firstOf(place.VirtualServiceName, name)),
		"destination_rule_name":   tftypes.NewValue(tftypes.String, firstOf(place.DestinationRuleName, name)),
		"manage_destination_rule": tftypes.NewValue(tftypes.Bool, !place.SubsetsElsewhere),
		"hosts":                   tftypes.NewValue(stringList, stringValues(place.Hosts)),
		"gateways":                tftypes.NewValue(stringList, stringValues(place.Gateways)),
		"export_to":               encodeStrings(place.ExportTo),
		"labels":                  encodeStringMap(place.Labels),
		"annotations":             encodeStringMap(place.Annotations),
		"owner":                   encodeString(place.Owner),
		"traffic_policy":          policy,
	}
}

// shortService is how people write the service: its bare name, where that resolves to the same host.
func shortService(place *canary.Placement) string {
	short := routing.ServiceName(place.Host)
	if routing.FullHost(short, place.Namespace, place.ClusterDomain) == place.Host {
		return short
	}
	return strings.TrimSuffix(place.Host, ".")
}

// encodeString returns a text, null for an empty one.
func encodeString(s string) tftypes.Value {
	if s == "" {
		return tftypes.NewValue(tftypes.String, nil)
	}
	return tftypes.NewValue(tftypes.String, s)
}

// encodePort returns a port, null for none.
func encodePort(port int64) tftypes.Value {
	if port == 0 {
		return tftypes.NewValue(tftypes.Number, nil)
	}
	return tftypes.NewValue(tftypes.Number, port)
}

func stringValues(list []string) []tftypes.Value {
	values := make([]tftypes.Value, len(list))
	for i, s := range list {
		values[i] = tftypes.NewValue(tftypes.String, s)
	}
	return values
}

// encodeStrings returns a list, null when it is empty.
func encodeStrings(list []string) tftypes.Value {
	if len(list) == 0 {
		return tftypes.NewValue(stringList, nil)
	}
	return tftypes.NewValue(stringList, stringValues(list))
}

// encodeStringMap returns a map, null when it is empty.
func encodeStringMap(m map[string]string) tftypes.Value {
	if len(m) == 0 {
		return tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, nil)
	}
	values := make(map[string]tftypes.Value, len(m))
	for key, s := range m {
		values[key] = tftypes.NewValue(tftypes.String, s)
	}
	return tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, values)
}

// attributesOf returns the attributes of an object, none of a null one.
func attributesOf(object tftypes.Value) map[string]tftypes.Value {
	attributes := map[string]tftypes.Value{}
	if object.IsNull() || !object.IsKnown() || object.As(&attributes) != nil {
		return map[string]tftypes.Value{}
	}
	return maps.Clone(attributes)
}
