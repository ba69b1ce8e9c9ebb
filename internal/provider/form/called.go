package form

import (
	"cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Called returns what a configuration itself calls the object that it describes, whatever the provider block says:
// `VirtualService shop/reviews`, and `shop/reviews` in a compact form. What is not known yet is left out. Without a
// name its first host stands for it; without that, too, the text is empty.
func Called(f Form, config attr.Value) string {
	kind := ""
	if object, ok := f.(Object); ok {
		kind = string(object.Kind) + " "
	}
	text := func(name string) string {
		known, _ := config.Get(name).Text()
		return known
	}
	for _, attribute := range []string{"virtual_service_name", "name", "service"} {
		switch name := text(attribute); {
		case !config.Get(attribute).IsKnown():
			return calledByHost(kind, config)
		case name != "" && attribute == "service":
			return kind + withNamespace(text("namespace"), istio.ServiceName(name))
		case name != "":
			return kind + withNamespace(text("namespace"), name)
		}
	}
	return calledByHost(kind, config)
}

func withNamespace(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

func calledByHost(kind string, config attr.Value) string {
	service, _ := config.Get("service").Text()
	host, _ := config.Get("host").Text()
	first := ""
	if hosts := config.Get("hosts").Elements(); len(hosts) > 0 {
		first, _ = hosts[0].Text()
	}
	if host = cmp.Or(service, host, first); host == "" {
		return ""
	}
	return kind + "for " + host
}
