package argument

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// mostManifestValues is how many values a text of YAML may stand for: a short one can stand for many.
const mostManifestValues = 50_000

// needed says what an element of a route's argument is.
const needed = "A resource of this provider is needed, or an object with the attributes of one, or an object of " +
	"Istio's API, as YAML or as yamldecode(...) returns it."

// elementReading is what one element of a route's argument says.
type elementReading struct {
	objects []placed
	known   bool
	// problem is everything that is wrong, a line each.
	problem string
}

// placed is an object, and the document of the element that it stands in, empty where that is the element itself.
type placed struct {
	*istio.Object
	document string
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
		return readYAML(text)
	case !isObject:
		return elementReading{problem: needed}
	case isManifest(entries):
		return readManifest(entries)
	}
	route := ReadRoute(value)
	reading := elementReading{known: route.Problem == "" && route.IsKnown(), problem: route.Problem}
	if reading.known {
		for _, o := range route.Render().All() {
			reading.objects = append(reading.objects, placed{o, ""})
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
		return elementReading{problem: manifestProblems("", r.problems)}
	case !r.known:
		return elementReading{}
	}
	o, problems := check.Manifest(tree, form.DefaultNamespace)
	if len(problems) > 0 {
		return elementReading{problem: manifestProblems("", problems)}
	}
	return elementReading{objects: []placed{{o, ""}}, known: true}
}

// readYAML reads the documents of a text.
func readYAML(text string) elementReading {
	trees, err := istio.ReadYAML(text)
	switch {
	case err != nil:
		return elementReading{problem: report.Sentence(err.Error())}
	case len(trees) == 0:
		return elementReading{problem: "There is nothing in this text."}
	}
	reading := elementReading{known: true}
	var wrong []string
	values := 0
	for i, tree := range trees {
		document := ""
		if len(trees) > 1 {
			document = fmt.Sprintf("document %d", i+1)
		}
		manifest, ok := tree.(map[string]any)
		if values += valuesIn(tree); values > mostManifestValues {
			return elementReading{problem: fmt.Sprintf("This text stands for more than %d values.", mostManifestValues)}
		}
		if !ok {
			wrong = append(wrong, documentPrefix(document)+needed)
			continue
		}
		o, problems := check.Manifest(manifest, form.DefaultNamespace)
		if len(problems) > 0 {
			wrong = append(wrong, manifestProblems(document, problems))
			continue
		}
		reading.objects = append(reading.objects, placed{o, document})
	}
	if len(wrong) > 0 {
		return elementReading{problem: strings.Join(wrong, "\n")}
	}
	return reading
}

// valuesIn counts the values of a tree, and no more of them than matter.
func valuesIn(tree any) int {
	n := 1
	switch t := tree.(type) {
	case []any:
		for i := 0; i < len(t) && n <= mostManifestValues; i++ {
			n += valuesIn(t[i])
		}
	case map[string]any:
		for _, value := range t {
			if n += valuesIn(value); n > mostManifestValues {
				break
			}
		}
	}
	return n
}

// manifestProblems lists what is wrong with an object of Kubernetes' API, a line each.
func manifestProblems(document string, problems []istio.Problem) string {
	lines := make([]string, 0, len(problems))
	for _, p := range problems[:min(len(problems), report.MostProblems)] {
		lines = append(lines, documentPrefix(document)+report.Located(report.Path(p.At), p.Text()))
	}
	return strings.Join(lines, "\n")
}

func documentPrefix(document string) string {
	if document == "" {
		return ""
	}
	return document + ": "
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
