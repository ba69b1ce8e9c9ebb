package argument

import (
	"fmt"
	"slices"
	"strings"
	"sync"

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
	// Table returns what decides about requests, which is made once. Its problem is that nothing does, or that a part
	// of it is not given.
	Table func() (table *traffic.Table, problem string)
}

// ReadRoutes reads a route or a list of them: resources, objects with the attributes of one, objects of Istio's API.
func ReadRoutes(value tftypes.Value) *Routes {
	reading := readRoutes(value)
	reading.Table = sync.OnceValues(reading.makeTable)
	return &reading
}

func readRoutes(value tftypes.Value) Routes {
	if !value.IsKnown() {
		return Routes{}
	}
	if !isSequence(value) {
		return joinElements([]elementReading{readElement(value)}, false)
	}
	var values []tftypes.Value
	if err := value.As(&values); err != nil {
		return Routes{Problem: report.Sentence(err.Error())}
	}
	elements := make([]elementReading, len(values))
	for i, element := range values {
		elements[i] = readElement(element)
	}
	return joinElements(elements, true)
}

// joinElements puts the objects of elements together. In a list each problem begins with where its element is.
func joinElements(elements []elementReading, inList bool) Routes {
	all := Routes{Known: true}
	var problems []string
	first := map[string]string{}
	for i, element := range elements {
		where := func(document string) []string {
			var steps []string
			if inList {
				steps = append(steps, fmt.Sprintf("[%d]", i))
			}
			if document != "" {
				steps = append(steps, document)
			}
			return steps
		}
		all.Known = all.Known && (element.known || element.problem != "")
		if element.problem != "" {
			for line := range strings.SplitSeq(element.problem, "\n") {
				problems = append(problems, strings.Join(append(where(""), line), ": "))
			}
		}
		for _, o := range element.objects {
			at := where(o.document)
			if before, twice := first[o.String()]; twice {
				problems = append(problems, strings.Join(append(at, fmt.Sprintf("%s is given twice, at %s too.", o,
					before)), ": "))
			}
			first[o.String()] = strings.Join(at, ", ")
			all.add(o.Object)
		}
	}
	all.Problem = strings.Join(problems[:min(len(problems), report.MostProblems)], "\n")
	return all
}

// add takes an object in.
func (r *Routes) add(o *istio.Object) {
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
	return traffic.Options{Gateways: r.Gateways, ServiceEntries: r.ServiceEntries}
}

func (r *Routes) makeTable() (table *traffic.Table, problem string) {
	if !slices.ContainsFunc(r.VirtualServices, func(o *istio.Object) bool {
		return len(o.VirtualServiceSpec().GetHosts()) > 0
	}) {
		return nil, "Nothing here claims requests: a mesh_canary_route, a mesh_weighted_split, or a " +
			"mesh_virtual_service or VirtualService with hosts is needed."
	}
	table = traffic.NewTable(r.VirtualServices, r.DestinationRules, r.Options())
	var missing []string
	for _, d := range table.Dropped() {
		if d.Missing {
			missing = append(missing, fmt.Sprintf(
				"%s of %s: %s. Give it too, in a list: [mesh_virtual_service.root, mesh_virtual_service.delegate].",
				d.At, d.Object, d.Reason,
			))
		}
	}
	if len(missing) > 0 {
		return nil, strings.Join(missing, "\n")
	}
	return table, ""
}
