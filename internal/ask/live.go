package ask

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// noHost says how a cluster is asked.
const noHost = "Which service? Give -n NAMESPACE with --service NAME, or --host, or a URL, such as\n" +
	"  terraform-provider-mesh ask --live -n shop --service greeter"

// cluster reads the routes of a cluster. A request without a port goes to a port that the service has.
func (q *question) cluster(connect Connect, request *traffic.Request) (k *known, problem string) {
	if request.Authority == "" {
		return nil, noHost
	}
	c, problem := connect(q.kubeconfig, q.context)
	if problem != "" {
		return nil, report.Printable(problem, report.LongestDetail)
	}
	called, port := istio.SplitAuthority(request.Authority)
	if request.SourceNamespace == "" && istio.IsNamespaceName(called) {
		// Of all namespaces that have such a name the one is meant in which to look.
		request.Authority = istio.FullHost(called, q.namespace, q.clusterDomain) + strings.TrimPrefix(
			request.Authority, called)
	}
	namespace, service, inside := q.serviceOf(called)
	view := cluster.NewSurroundings(c, q.clusterDomain).View(namespace,
		traffic.Options{RootNamespace: q.rootNamespace}, "")
	wanted := []around.Query{
		{Resource: around.VirtualServices}, {Resource: around.DestinationRules}, {Resource: around.ServiceEntries},
	}
	if inside {
		wanted = append(wanted, around.Query{Resource: around.Services, Namespace: namespace})
	}
	gatewayNamespace, gateway, entered := strings.Cut(request.Gateway, "/")
	if entered {
		wanted = append(wanted, around.Query{Resource: around.Gateways, Namespace: gatewayNamespace})
	}
	view.List(context.Background(), wanted)
	if view.VirtualServices == nil {
		return nil, unlisted(view)
	}
	options := view.Options
	virtualServices, created := view.VirtualServices.All()
	var destinationRules []*istio.Object
	if view.DestinationRules != nil {
		rules, ages := view.DestinationRules.All()
		destinationRules = append([]*istio.Object{}, rules...)
		maps.Copy(created, ages)
	}
	options.Created, options.ServiceEntries = created, view.ServiceEntryObjects
	k = &known{asked: called, notes: unseen(view)}
	if gateways, listed := view.Gateways[gatewayNamespace]; listed {
		if found := gateways[gateway].Object; found != nil {
			options.Gateways = []*istio.Object{found}
		} else {
			k.notes = append(k.notes, fmt.Sprintf("There is no Gateway %s%s.", request.Gateway,
				nearest(gateway, slices.Sorted(maps.Keys(gateways)))))
		}
	}
	if services, listed := view.Services[namespace]; inside && listed {
		q.look(k, view, services, namespace, service, request, port == "" && !entered)
	}
	k.Routes = argument.RoutesOf(virtualServices, destinationRules, options)
	return k, ""
}

// serviceOf returns of which Service of the cluster a host is the name, in full or short, and otherwise the namespace
// in which to look.
func (q *question) serviceOf(host string) (namespace, name string, inside bool) {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	switch labels := strings.Split(host, "."); {
	case len(labels) == 1:
		host = istio.FullHost(host, q.namespace, q.clusterDomain)
	case len(labels) == 2:
		host += ".svc." + q.clusterDomain
	case len(labels) == 3 && labels[2] == "svc":
		host += "." + q.clusterDomain
	}
	if namespace, name, inside = istio.InCluster(host, q.clusterDomain); inside {
		return namespace, name, true
	}
	return q.namespace, "", false
}

// look looks at the service that is called: whether it exists, and on which port.
func (q *question) look(
	k *known, view *cluster.View, services map[string]around.Service, namespace, name string,
	request *traffic.Request, portless bool,
) {
	service, exists := services[name]
	host := istio.FullHost(name, namespace, q.clusterDomain)
	switch {
	case exists:
		k.exists = request.Gateway == "" || request.Gateway == istio.MeshGateway
	case view.Unentered(host) && (q.service != "" || strings.EqualFold(request.Authority, host)):
		k.notes = append(k.notes, fmt.Sprintf("There is no Service %s in namespace %s%s.", name, namespace,
			nearest(name, slices.Sorted(maps.Keys(services)))))
		return
	default:
		return
	}
	numbers := make([]uint32, len(service.Ports))
	for i, port := range service.Ports {
		numbers[i] = port.Number
	}
	switch {
	case len(numbers) == 0 || request.Gateway != "" && request.Gateway != istio.MeshGateway:
	case request.Port == 0 && portless && !slices.Contains(numbers, 80):
		request.Port = numbers[0]
	case request.Port != 0 && !slices.Contains(numbers, request.Port):
		k.notes = append(k.notes, fmt.Sprintf("Service %s/%s has no port %d, but %s.", namespace, name, request.Port,
			enumerate(strings.Fields(strings.Trim(fmt.Sprint(numbers), "[]")))))
	}
}

// unlisted says why there are no VirtualServices.
func unlisted(view *cluster.View) string {
	for _, u := range view.Unlisted {
		if u.Resource != around.VirtualServices {
			continue
		}
		if cluster.IsReason(u.Err, cluster.Forbidden) {
			return report.Printable(report.Sentence(u.Err.Error()), report.LongestPath) + "\nThe verb list on " +
				"virtualservices of the API group networking.istio.io lets it look, for one namespace at least: " +
				"-n NAMESPACE says which."
		}
		var diagnostics diag.Diagnostics
		report.Errors(&diagnostics, nil, u.Err)
		var lines []string
		for _, d := range diagnostics {
			lines = append(lines, d.Summary()+"\n\n"+d.Detail())
		}
		return strings.Join(lines, "\n\n")
	}
	return "There are no VirtualServices to be seen."
}

// unseen says what could not be looked at, and what of it.
func unseen(view *cluster.View) []string {
	lines, missing := report.UnseenLines(view)
	if lines = append(lines, report.NarrowLines(view)...); len(lines) == 0 {
		return nil
	}
	return []string{report.UnseenText("The answer does not say:", lines, missing)}
}
