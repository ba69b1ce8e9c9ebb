package argument

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// mostManifestValues is how many values any text of YAML may stand for, and bytesOfValue how many bytes of a longer
// one stand for a value at least: with anchors a short text can stand for many.
const (
	mostManifestValues = 50_000
	bytesOfValue       = 4
)

// noObject is what is left out of files that nobody named.
const noObject = "YAML of something else"

// documents are objects of Kubernetes' API as they are read one after the other.
type documents struct {
	// namespace is that of objects that name none.
	namespace string
	// found says that what is no object of Kubernetes' API is left out.
	found bool
	// needed says what a text has to be that nobody would take for an object, empty for an element of an argument.
	needed string

	objects []placed
	foreign []string
	// wrong has a line for each thing that is wrong.
	wrong []string
}

// readYAML reads the documents of a text.
func readYAML(text string, d documents) elementReading {
	trees, err := istio.ReadYAML(text)
	switch {
	case err != nil:
		return elementReading{problem: report.Sentence(err.Error())}
	case len(trees) == 0 && d.found:
		return elementReading{known: true}
	case len(trees) == 0:
		return elementReading{problem: "There is nothing in this text."}
	}
	values, most := 0, max(mostManifestValues, len(text)/bytesOfValue)
	for i, tree := range trees {
		if values += valuesIn(tree, most); values > most {
			return elementReading{problem: fmt.Sprintf("This text stands for more than %d values.", most)}
		}
		document := ""
		if len(trees) > 1 {
			document = fmt.Sprintf("document %d", i+1)
		}
		d.take(document, tree)
	}
	return d.reading()
}

func (d *documents) reading() elementReading {
	if len(d.wrong) > 0 {
		return elementReading{problem: strings.Join(d.wrong, "\n")}
	}
	return elementReading{objects: d.objects, foreign: d.foreign, known: true}
}

// take reads an object, or each of a list of them as `kubectl get -o yaml` prints it.
func (d *documents) take(document string, tree any) {
	manifest, ok := tree.(map[string]any)
	_, isOne := manifest["kind"]
	switch isNone := !ok || !isOne && manifest["apiVersion"] == nil; {
	case d.found && isNone:
		d.foreign = append(d.foreign, noObject)
		return
	case !ok, isNone && d.needed != "":
		d.refuse(document, cmp.Or(d.needed, needed))
		return
	}
	if items, ok := itemsOf(manifest); ok {
		for i, item := range items {
			d.take(strings.TrimPrefix(fmt.Sprintf("%s, items[%d]", document, i), ", "), item)
		}
		return
	}
	if kind, foreign := check.Foreign(manifest); foreign {
		d.foreign = append(d.foreign, report.Printable(kind, report.LongestPath))
		return
	}
	o, problems := check.Manifest(manifest, d.namespace)
	if len(problems) > 0 {
		d.refuse(document, strings.Split(manifestProblems(problems), "\n")...)
		return
	}
	d.objects = append(d.objects, placed{Object: o, document: document, created: createdOf(manifest)})
}

func (d *documents) refuse(document string, lines ...string) {
	for _, line := range lines {
		if document != "" {
			line = document + ": " + line
		}
		d.wrong = append(d.wrong, line)
	}
}

// itemsOf returns the objects of a list: of any kinds, or of one.
func itemsOf(manifest map[string]any) (items []any, ok bool) {
	kind, _ := manifest["kind"].(string)
	items, ok = manifest["items"].([]any)
	return items, ok && strings.HasSuffix(kind, "List")
}

// createdOf returns when the cluster made an object, zero where it does not say.
func createdOf(manifest map[string]any) time.Time {
	metadata, _ := manifest["metadata"].(map[string]any)
	text, _ := metadata["creationTimestamp"].(string)
	created, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return created
}

// valuesIn counts the values of a tree, and no more of them than matter.
func valuesIn(tree any, most int) int {
	n := 1
	switch t := tree.(type) {
	case []any:
		for i := 0; i < len(t) && n <= most; i++ {
			n += valuesIn(t[i], most)
		}
	case map[string]any:
		for _, value := range t {
			if n += valuesIn(value, most); n > most {
				break
			}
		}
	}
	return n
}
