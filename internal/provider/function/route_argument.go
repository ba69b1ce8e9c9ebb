package function

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/guard"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// argumentResource is a resource as the functions need it: a framework builds schemas and types anew for every call.
type argumentResource struct {
	form.Form
	object tftypes.Object
}

// argumentResources are the resources that an argument may be, in the order of [form.All].
var argumentResources = sync.OnceValue(func() []argumentResource {
	resources := make([]argumentResource, len(form.All))
	for i, f := range form.All {
		typ := form.SchemaOf(f).Type().TerraformType(context.Background())
		object := typ.(tftypes.Object) //nolint:errcheck,forcetypeassert // a schema is an object
		resources[i] = argumentResource{f, object}
	}
	return resources
})

// argumentValue returns the value of an argument of any type. The problem is that there is none, in the given words.
func argumentValue(ctx context.Context, argument types.Dynamic, none string) (value tftypes.Value, problem string) {
	value, err := argument.ToTerraformValue(ctx)
	if err != nil || value.IsNull() {
		return tftypes.Value{}, none
	}
	return value, ""
}

// routeReading is what an object says that has the attributes of a resource.
type routeReading struct {
	form.Route
	// unknown are the places of values that were looked for and are not known yet; the empty path is the object
	// itself.
	unknown []path.Path
	// problem is everything that is wrong, a line each.
	problem string
}

// isKnown reports whether everything is known on which it depends what becomes of a request.
func (r *routeReading) isKnown() bool {
	return !slices.ContainsFunc(r.unknown, func(at path.Path) bool { return form.Has(at, form.Deciding) })
}

// isKnownButOwner reports whether everything is known that a manifest shows: nothing of the owner is in one.
func (r *routeReading) isKnownButOwner() bool {
	return !slices.ContainsFunc(r.unknown, func(at path.Path) bool { return !at.Equal(path.Root("owner")) })
}

// readRoute reads a resource, or an object with the attributes of one.
func readRoute(value tftypes.Value) routeReading {
	if !value.IsKnown() {
		return routeReading{unknown: []path.Path{path.Empty()}}
	}
	entries, ok := entriesOf(value)
	if !ok || value.IsNull() {
		return routeReading{problem: "A resource of this provider is needed, or an object with the attributes of one."}
	}
	p := resourceFor(entries)
	if p == nil {
		return routeReading{problem: "Which resource this is cannot be told: a mesh_canary_route has service and " +
			"default, a mesh_weighted_split has service and subsets, a mesh_destination_rule has host, a " +
			"mesh_virtual_service has http, tls, tcp or hosts. Of resources with for_each give one, or " +
			"values(...), and of a kubernetes_manifest its manifest."}
	}
	if mocked, ok := entries["foreign_fields"]; ok && !mocked.IsKnown() {
		entries = withoutComputed(entries, form.SchemaOf(p.Form).Attributes)
		value = objectOf(entries)
	}
	c := coercion{}
	state := c.to(p.object, path.Empty(), value)
	r := attr.Read(attr.FromTerraform(state))
	if len(c.problems) > 0 {
		return routeReading{problem: problemsText(p.Void(), r, c.problems, nil)}
	}
	route := p.Route(r, form.Defaults{Namespace: form.DefaultNamespace, ClusterDomain: form.DefaultClusterDomain})
	return routeReading{route, r.Unknown(), problemsText(p.Void(), r, r.Problems(), route.Problems())}
}

// resourceFor tells by the attributes which resource an object is.
func resourceFor(entries map[string]tftypes.Value) *argumentResource {
	set := func(name string) bool { v, ok := entries[name]; return ok && !v.IsNull() }
	_, hasDefault := entries["default"]
	_, hasRules := entries["rules"]
	resources := argumentResources()
	switch {
	case (hasDefault || hasRules) && set("service"):
		return &resources[0]
	case set("service"):
		return &resources[1]
	case set("http") || set("tls") || set("tcp") || set("hosts"):
		return &resources[2]
	case set("host"):
		return &resources[3]
	}
	return nil
}

// withoutComputed leaves out computed values that are unknown. This provider plans what follows from the
// configuration; where a test puts mock_provider in its place, nobody does, and what is not configured is then read
// as not set.
func withoutComputed(
	entries map[string]tftypes.Value, attributes map[string]schema.Attribute,
) map[string]tftypes.Value {
	for name, a := range attributes {
		entry, ok := entries[name]
		nested, isMap := a.(schema.MapNestedAttribute)
		switch {
		case !ok || entry.IsNull():
		case !entry.IsKnown():
			if a.IsComputed() {
				delete(entries, name)
			}
		case isMap:
			elements, _ := entriesOf(entry)
			for key, element := range elements {
				inner, ok := entriesOf(element)
				if ok && element.IsKnown() && !element.IsNull() {
					elements[key] = objectOf(withoutComputed(inner, nested.NestedObject.Attributes))
				}
			}
			entries[name] = objectOf(elements)
		}
	}
	return entries
}

// objectOf returns an object of these attributes.
func objectOf(entries map[string]tftypes.Value) tftypes.Value {
	object := tftypes.Object{AttributeTypes: make(map[string]tftypes.Type, len(entries))}
	for name, entry := range entries {
		object.AttributeTypes[name] = entry.Type()
	}
	return tftypes.NewValue(object, entries)
}

// routesReading is what an argument says that is one route or several.
type routesReading struct {
	virtualServices []*istio.Object
	// destinationRules is nil where none are given.
	destinationRules         []*istio.Object
	gateways, serviceEntries []*istio.Object
	known                    bool
	// problem is everything that is wrong, a line each.
	problem string
	// table returns what decides about requests, which is made once. Its problem is that nothing does, or that a part
	// of it is not given.
	table func() (table *traffic.Table, problem string)
}

// readRoutes reads the argument at a place: an element, or a list of them. The same argument is read once.
func readRoutes(ctx context.Context, at int, argument types.Dynamic) *routesReading {
	return guard.Once(ctx, at, func() *routesReading {
		reading := readRoutesAnew(ctx, argument)
		reading.table = sync.OnceValues(reading.makeTable)
		return &reading
	})
}

func readRoutesAnew(ctx context.Context, argument types.Dynamic) routesReading {
	value, problem := argumentValue(ctx, argument, "There is no route.")
	if problem != "" || !value.IsKnown() {
		return routesReading{problem: problem}
	}
	if !isSequence(value) {
		return joinElements([]elementReading{readElement(value)}, false)
	}
	var values []tftypes.Value
	if err := value.As(&values); err != nil {
		return routesReading{problem: report.Sentence(err.Error())}
	}
	elements := make([]elementReading, len(values))
	for i, element := range values {
		elements[i] = readElement(element)
	}
	return joinElements(elements, true)
}

// joinElements puts the objects of elements together. In a list each problem begins with where its element is.
func joinElements(elements []elementReading, inList bool) routesReading {
	all := routesReading{known: true}
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
		all.known = all.known && (element.known || element.problem != "")
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
	all.problem = strings.Join(problems[:min(len(problems), report.MostProblems)], "\n")
	return all
}

// add takes an object in.
func (r *routesReading) add(o *istio.Object) {
	switch o.Kind() {
	case istio.KindVirtualService:
		r.virtualServices = append(r.virtualServices, o)
	case istio.KindDestinationRule:
		r.destinationRules = append(r.destinationRules, o)
	case istio.KindGateway:
		r.gateways = append(r.gateways, o)
	case istio.KindServiceEntry:
		r.serviceEntries = append(r.serviceEntries, o)
	}
}

// empty reports whether no object is given at all.
func (r *routesReading) empty() bool {
	return len(r.virtualServices)+len(r.destinationRules)+len(r.gateways)+len(r.serviceEntries) == 0
}

// options are what the further objects say about the place where requests are routed.
func (r *routesReading) options() traffic.Options {
	return traffic.Options{Gateways: r.gateways, ServiceEntries: r.serviceEntries}
}

func (r *routesReading) makeTable() (table *traffic.Table, problem string) {
	if !slices.ContainsFunc(r.virtualServices, func(o *istio.Object) bool {
		return len(o.VirtualServiceSpec().GetHosts()) > 0
	}) {
		return nil, "Nothing here claims requests: a mesh_canary_route, a mesh_weighted_split, or a " +
			"mesh_virtual_service or VirtualService with hosts is needed."
	}
	table = traffic.NewTable(r.virtualServices, r.destinationRules, r.options())
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

// problemsText lists refusals, a line each; empty if there are none.
func problemsText(void istio.Severity, r *attr.Reader, wrong []attr.Problem, problems []istio.Problem) string {
	diagnostics := diag.Diagnostics{}
	for _, p := range wrong {
		diagnostics.AddAttributeError(p.At, "Invalid value", report.Located(p.At, p.Reason))
	}
	if len(wrong) == 0 {
		report.Problems(&diagnostics, report.Naming{Void: void}, r, problems)
	}
	var lines []string
	for _, d := range diagnostics.Errors() {
		lines = append(lines, d.Detail())
	}
	return strings.Join(lines, "\n")
}
