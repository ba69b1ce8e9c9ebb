package argument

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// Routes is what an argument says that is one route or several.
type Routes struct {
	VirtualServices []*istio.Object
	// DestinationRules is nil where none are given.
	DestinationRules         []*istio.Object
	Gateways, ServiceEntries []*istio.Object
	Known                    bool
	// Problem is everything that is wrong, a line each.
	Problem string
	// Host is the service that is asked about where a request says nothing else: that of a
	// data.mesh_service_routing, empty where none is given.
	Host string
	// Foreign are the kinds of objects that were left out because nothing in them routes, each once, and fit for a
	// terminal.
	Foreign []string
	// Table returns what decides about requests, which is made once. Its problem is that nothing does, or that a part
	// of it is not given.
	Table func() (table *traffic.Table, problem string)

	created map[*istio.Object]time.Time
	place   Place
	// inTexts says that only texts of YAML can be given.
	inTexts bool
	// live says that a cluster has no more than this.
	live bool
}

// ReadRoutes reads a route or a list of them: resources, objects with the attributes of one, objects of Istio's API,
// and what the data source says.
func ReadRoutes(value tftypes.Value) *Routes { return withTable(readRoutes(value)) }

// A Text is a text of YAML or JSON, and how it is called.
type Text struct {
	Name, Content string
	// Found says that nobody named it: what is no object of Kubernetes' API is left out.
	Found bool
}

// A Place is where objects of texts are.
type Place struct {
	// Namespace is that of objects that name none.
	Namespace string
	// ClusterDomain and RootNamespace are those of [traffic.Options].
	ClusterDomain, RootNamespace string
}

// ReadTexts reads objects of Istio's API that stand in texts. Each problem begins with the name of its text.
func ReadTexts(texts []Text, in Place) *Routes {
	elements, names := make([]elementReading, len(texts)), make([]string, len(texts))
	for i, text := range texts {
		elements[i] = readYAML(text.Content, documents{
			namespace: in.Namespace, found: text.Found,
			needed: "An object of Istio's API is needed, such as a VirtualService, as YAML or JSON.",
		})
		names[i] = text.Name
	}
	all := joinElements(elements, names)
	all.inTexts, all.place = true, in
	return withTable(all)
}

// RoutesOf returns objects of a cluster as routes.
func RoutesOf(virtualServices, destinationRules []*istio.Object, options traffic.Options) *Routes {
	all := Routes{
		VirtualServices: virtualServices, DestinationRules: destinationRules,
		Gateways: options.Gateways, ServiceEntries: options.ServiceEntries,
		Known: true, live: true, created: options.Created,
		place: Place{ClusterDomain: options.ClusterDomain, RootNamespace: options.RootNamespace},
	}
	return withTable(all)
}

func withTable(reading Routes) *Routes {
	reading.Table = sync.OnceValues(reading.makeTable)
	return &reading
}

func readRoutes(value tftypes.Value) Routes {
	if !value.IsKnown() {
		return Routes{}
	}
	if !isSequence(value) {
		return joinElements([]elementReading{readElement(value)}, []string{""})
	}
	var values []tftypes.Value
	if err := value.As(&values); err != nil {
		return Routes{Problem: report.Sentence(err.Error())}
	}
	elements, names := make([]elementReading, len(values)), make([]string, len(values))
	for i, element := range values {
		elements[i], names[i] = readElement(element), fmt.Sprintf("[%d]", i)
	}
	return joinElements(elements, names)
}

// joinElements puts the objects of elements together. Each problem begins with the name of its element, where that
// has one.
func joinElements(elements []elementReading, names []string) Routes {
	all := Routes{Known: true, created: map[*istio.Object]time.Time{}}
	var problems []string
	first, resources := map[string]firstGiven{}, false
	for i, element := range elements {
		where := func(document string) []string {
			return slices.DeleteFunc([]string{names[i], document}, func(step string) bool { return step == "" })
		}
		all.Known = all.Known && (element.known || element.problem != "")
		all.Host = cmp.Or(all.Host, element.host)
		if element.host != "" {
			all.live, all.place.ClusterDomain = true, domainOf(element.host)
		}
		all.Foreign = istio.Unique(append(all.Foreign, element.foreign...))
		resources = resources || element.resource
		if element.problem != "" {
			for line := range strings.SplitSeq(element.problem, "\n") {
				problems = append(problems, strings.Join(append(where(""), line), ": "))
			}
		}
		for _, o := range element.objects {
			at := where(o.document)
			if before, twice := first[o.String()]; twice {
				if !before.sameAs(o) {
					problems = append(problems, strings.Join(append(at, fmt.Sprintf("%s is given twice, at %s too.", o,
						before.where)), ": "))
				}
				continue
			}
			first[o.String()] = firstGiven{o, strings.Join(at, ", ")}
			all.add(o)
		}
	}
	if resources {
		// How old a resource is nobody knows here, so that the order alone says which of two goes first.
		all.created = nil
	}
	if all.Known && all.Empty() && len(problems) == 0 && len(all.Foreign) > 0 {
		problems = append(problems, fmt.Sprintf("Nothing here routes, only %s.", istio.Enumerate(
			all.Foreign[:min(len(all.Foreign), report.MostProblems)], "and")))
	}
	all.Problem = strings.Join(problems[:min(len(problems), report.MostProblems)], "\n")
	return all
}

// domainOf returns the domain of the cluster in which the full host of a service is, empty for Kubernetes' default
// and where the host does not tell.
func domainOf(host string) string {
	if labels := strings.SplitN(host, ".", 4); len(labels) == 4 && labels[2] == "svc" {
		return labels[3]
	}
	return ""
}

// firstGiven is an object that was given, and where.
type firstGiven struct {
	placed
	where string
}

// sameAs reports whether another object of the same name is this one, as the data sources of two services show it.
func (g firstGiven) sameAs(o placed) bool { return g.live && o.live && istio.SameSpec(g.Spec, o.Spec) }

// add takes an object in.
func (r *Routes) add(given placed) {
	o := given.Object
	if !given.created.IsZero() {
		r.created[o] = given.created
	}
	switch o.Kind() {
	case istio.KindVirtualService:
		r.VirtualServices = append(r.VirtualServices, o)
	case istio.KindDestinationRule:
		r.DestinationRules = append(r.DestinationRules, o)
	case istio.KindGateway:
		r.Gateways = append(r.Gateways, o)
	case istio.KindServiceEntry:
		r.ServiceEntries = append(r.ServiceEntries, o)
	}
}

// Empty reports whether no object is given at all.
func (r *Routes) Empty() bool {
	return len(r.VirtualServices)+len(r.DestinationRules)+len(r.Gateways)+len(r.ServiceEntries) == 0
}

// Options are what the further objects say about the place where requests are routed.
func (r *Routes) Options() traffic.Options {
	return traffic.Options{
		ClusterDomain: r.place.ClusterDomain, RootNamespace: r.place.RootNamespace,
		Gateways: r.Gateways, ServiceEntries: r.ServiceEntries, Created: r.created,
	}
}

func (r *Routes) makeTable() (table *traffic.Table, problem string) {
	if !r.live && !slices.ContainsFunc(r.VirtualServices, func(o *istio.Object) bool {
		return len(o.VirtualServiceSpec().GetHosts()) > 0
	}) {
		if r.inTexts {
			return nil, "Nothing here claims requests: a VirtualService with hosts is needed."
		}
		return nil, "Nothing here claims requests: a mesh_canary_route, a mesh_weighted_split, or a " +
			"mesh_virtual_service or VirtualService with hosts is needed."
	}
	table = traffic.NewTable(r.VirtualServices, r.DestinationRules, r.Options())
	give := "Give it too, in a list: [mesh_virtual_service.root, mesh_virtual_service.delegate]."
	if r.inTexts {
		give = "Give the file in which it is too."
	}
	var missing []string
	for _, d := range table.Dropped() {
		if d.Missing && !r.live {
			missing = append(missing, fmt.Sprintf("%s of %s: %s. %s", d.At, d.Object, d.Reason, give))
		}
	}
	if len(missing) > 0 {
		return nil, strings.Join(missing, "\n")
	}
	return table, ""
}
