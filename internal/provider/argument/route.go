package argument

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
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

// Route is what an object says that has the attributes of a resource.
type Route struct {
	form.Route
	// Unknown are the places of values that were looked for and are not known yet; the empty path is the object
	// itself.
	Unknown []path.Path
	// Problem is everything that is wrong, a line each.
	Problem string
	// Form is the resource that the object is, and Reader has its values; nil where that could not be told.
	Form   form.Form
	Reader *attr.Reader
}

// IsKnown reports whether everything is known on which it depends what becomes of a request.
func (r *Route) IsKnown() bool {
	return !slices.ContainsFunc(r.Unknown, func(at path.Path) bool { return form.Has(at, form.Deciding) })
}

// IsKnownButOwner reports whether everything is known that a manifest shows: nothing of the owner is in one.
func (r *Route) IsKnownButOwner() bool {
	return !slices.ContainsFunc(r.Unknown, func(at path.Path) bool { return !at.Equal(path.Root("owner")) })
}

// ReadRoute reads a resource, or an object with the attributes of one.
func ReadRoute(value tftypes.Value) Route { return ReadRouteIn(form.DefaultClusterDomain, value) }

// ReadRouteIn is [ReadRoute] in a cluster of that domain.
func ReadRouteIn(domain string, value tftypes.Value) Route {
	if !value.IsKnown() {
		return Route{Unknown: []path.Path{path.Empty()}}
	}
	entries, ok := entriesOf(value)
	if !ok || value.IsNull() {
		return Route{Problem: "A resource of this provider is needed, or an object with the attributes of one."}
	}
	p := resourceFor(entries)
	if p == nil {
		return Route{Problem: "Which resource this is cannot be told: a mesh_canary_route has service and " +
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
		return Route{Problem: problemsText(p.Void(), r, c.problems, nil)}
	}
	route := p.Route(r, form.Defaults{Namespace: form.DefaultNamespace, ClusterDomain: domain})
	return Route{
		Route: route, Unknown: r.Unknown(), Problem: problemsText(p.Void(), r, r.Problems(), route.Problems()),
		Form: p.Form, Reader: r,
	}
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
