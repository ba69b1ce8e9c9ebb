package argument

import (
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// needed says what an element of a route's argument is.
const needed = "A resource of this provider is needed, or an object with the attributes of one, or an object of " +
	"Istio's API, as YAML or as yamldecode(...) returns it."

// elementReading is what one element of a route's argument says.
type elementReading struct {
	objects []placed
	known   bool
	// problem is everything that is wrong, a line each.
	problem string
	// foreign are the kinds of objects that were left out.
	foreign []string
	// host is the service that it is about, empty where it is about none.
	host string
	// resource says that it is of Terraform, so that nothing tells how old it is.
	resource bool
}

// placed is an object, and the document of the element that it stands in, empty where that is the element itself.
type placed struct {
	*istio.Object
	document string
	// created is when the cluster made it, zero where that is not known.
	created time.Time
	// live says that the data source read it from the cluster: for two services that may be the same one twice.
	live bool
}

// readElement reads a resource, an object with the attributes of one, or objects of Istio's API.
func readElement(value tftypes.Value) elementReading {
	entries, isObject := entriesOf(value)
	switch {
	case !value.IsKnown():
		return elementReading{}
	case value.IsNull():
		return elementReading{problem: needed}
	case value.Type().Is(tftypes.String):
		var text string
		_ = value.As(&text) // a known text
		return readYAML(text, documents{namespace: form.DefaultNamespace})
	case !isObject:
		return elementReading{problem: needed}
	case isManifest(entries):
		return readManifest(entries)
	case isServiceRouting(entries):
		return readServiceRouting(entries)
	}
	route := ReadRoute(value)
	reading := elementReading{
		known: route.Problem == "" && route.IsKnown(), problem: route.Problem, resource: true,
	}
	if reading.known {
		for _, o := range route.Render().All() {
			reading.objects = append(reading.objects, placed{Object: o})
		}
	}
	return reading
}

// isManifest reports whether an object is one of Kubernetes' API: no resource of this provider has such an attribute.
func isManifest(entries map[string]tftypes.Value) bool {
	return slices.ContainsFunc([]string{"apiVersion", "kind", "metadata", "spec"}, func(name string) bool {
		_, ok := entries[name]
		return ok
	})
}

// readManifest reads an object of Kubernetes' API. What a cluster adds to it, and is known only after apply, does not
// matter.
func readManifest(entries map[string]tftypes.Value) elementReading {
	delete(entries, "status")
	if metadata, ok := entries["metadata"]; ok && metadata.IsKnown() {
		if names, ok := entriesOf(metadata); ok {
			for name, value := range names {
				if name != "name" && name != "namespace" && !value.IsFullyKnown() {
					delete(names, name)
				}
			}
			entries["metadata"] = objectOf(names)
		}
	}
	r := treeReader{known: true}
	tree := r.entries(nil, entries)
	switch {
	case len(r.problems) > 0:
		return elementReading{problem: manifestProblems(r.problems)}
	case !r.known:
		return elementReading{}
	}
	d := documents{namespace: form.DefaultNamespace}
	d.take("", tree)
	return d.reading()
}

// manifestProblems lists what is wrong with an object of Kubernetes' API, a line each.
func manifestProblems(problems []istio.Problem) string {
	lines := make([]string, 0, len(problems))
	for _, p := range problems[:min(len(problems), report.MostProblems)] {
		lines = append(lines, report.Located(report.Path(p.At), p.Text()))
	}
	return strings.Join(lines, "\n")
}

// treeReader turns a value into a tree of JSON. What is null is left out, as Kubernetes does.
type treeReader struct {
	known    bool
	problems []istio.Problem
}

func (r *treeReader) refuse(at istio.Path, reason string) any {
	r.problems = append(r.problems, istio.Errorf(at, "%s", reason))
	return nil
}

func (r *treeReader) entries(at istio.Path, entries map[string]tftypes.Value) map[string]any {
	tree := make(map[string]any, len(entries))
	for _, name := range sortedKeys(entries) {
		if !entries[name].IsNull() {
			tree[name] = r.tree(at.At(name), entries[name])
		}
	}
	return tree
}

func (r *treeReader) tree(at istio.Path, value tftypes.Value) any {
	if !value.IsKnown() {
		r.known = false
		return nil
	}
	if entries, ok := entriesOf(value); ok {
		return r.entries(at, entries)
	}
	if isSequence(value) {
		var elements []tftypes.Value
		if err := value.As(&elements); err != nil {
			return r.refuse(at, "cannot be read")
		}
		list := make([]any, len(elements))
		for i, element := range elements {
			if element.IsNull() {
				r.refuse(at.At(i), "must not be null")
				continue
			}
			list[i] = r.tree(at.At(i), element)
		}
		return list
	}
	var text string
	var truth bool
	number := new(big.Float)
	switch {
	case value.Type().Is(tftypes.String) && value.As(&text) == nil:
		return text
	case value.Type().Is(tftypes.Bool) && value.As(&truth) == nil:
		return truth
	case value.Type().Is(tftypes.Number) && value.As(number) == nil && writable(number):
		return json.Number(number.Text('f', -1))
	}
	return r.refuse(at, "cannot be read")
}
