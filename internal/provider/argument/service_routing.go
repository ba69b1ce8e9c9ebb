package argument

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
)

// ManifestsAttribute is the attribute of the data source in which the objects stand that route its service, and
// hostAttribute the one of the service.
const (
	ManifestsAttribute = "manifests"
	hostAttribute      = "host"
)

// isServiceRouting reports whether an object is a data.mesh_service_routing: no resource of this provider has such
// attributes.
func isServiceRouting(entries map[string]tftypes.Value) bool {
	_, manifests := entries[ManifestsAttribute]
	_, routes := entries["virtual_services"]
	return manifests && routes
}

// readServiceRouting reads what routes a service now.
func readServiceRouting(entries map[string]tftypes.Value) elementReading {
	manifests, of := entries[ManifestsAttribute], entries[hostAttribute]
	var host string
	switch {
	case of.Type() == nil:
		return elementReading{problem: needed}
	case !manifests.IsFullyKnown() || !of.IsFullyKnown():
		return elementReading{}
	case manifests.IsNull():
		return elementReading{problem: "What routes this service could not be read: " + ManifestsAttribute +
			" is null, and a warning of the data source names the right that is missing."}
	}
	texts, ok := textsOf(manifests)
	if !ok || !of.Type().Is(tftypes.String) || of.As(&host) != nil || host == "" {
		return elementReading{problem: needed}
	}
	d := documents{}
	for i, text := range texts {
		one := readYAML(text, documents{namespace: form.DefaultNamespace})
		if one.problem != "" {
			d.refuse(fmt.Sprintf("%s[%d]", ManifestsAttribute, i), one.problem)
		}
		for _, o := range one.objects {
			o.live = true
			d.objects = append(d.objects, o)
		}
	}
	reading := d.reading()
	reading.host = host
	return reading
}

// textsOf returns the elements of a list of texts.
func textsOf(list tftypes.Value) (texts []string, ok bool) {
	var elements []tftypes.Value
	if !isSequence(list) || list.As(&elements) != nil {
		return nil, false
	}
	for _, element := range elements {
		var text string
		if element.IsNull() || !element.Type().Is(tftypes.String) || element.As(&text) != nil {
			return nil, false
		}
		texts = append(texts, text)
	}
	return texts, true
}
