package write

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/meshroute/terraform-provider-mesh/internal/commandline"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
)

// document is what is printed.
type document struct {
	names names
	// entries are those of all namespaces.
	entries []entry
}

func (d *document) add(entries []entry) { d.entries = append(d.entries, entries...) }

// format returns the document as terraform fmt formats it.
func (d *document) format() []byte {
	var b bytes.Buffer
	for i, e := range d.entries {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, note := range e.comments() {
			writeComment(&b, note)
		}
		if e.leftOut != "" {
			continue
		}
		typeName := "mesh_" + e.form.TypeName()
		name := d.names.of(typeName, e.objects[0].Namespace, e.name)
		fmt.Fprintf(&b, "import {\n  to = %s.%s\n  id = %s\n}\n\nresource %q %q {\n", typeName, name, quoted(e.id),
			typeName, name)
		writeAttributes(&b, e.config)
		b.WriteString("}\n")
	}
	return hclwrite.Format(b.Bytes())
}

// comments are what is said above a resource, or in its place.
func (e entry) comments() []string {
	if e.leftOut != "" {
		return append([]string{e.leftOut}, e.notes...)
	}
	return e.notes
}

// tell says on standard error what the comments say, and what was written. It returns the exit code.
func (d *document) tell(stderr io.Writer) int {
	code, counts := written, map[string]int{}
	for _, e := range d.entries {
		for i, note := range e.comments() {
			if e.wrong && i == 0 { // why it is left out
				commandline.Error(stderr, oneLine(note))
			} else {
				commandline.Warning(stderr, oneLine(note))
			}
		}
		switch {
		case e.wrong:
			code = leftOut
		case e.leftOut == "":
			counts["mesh_"+e.form.TypeName()]++
		}
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[name], name))
	}
	if len(parts) > 0 {
		fmt.Fprintf(stderr, "Written: %s.\n", strings.Join(parts, ", "))
	}
	return code
}

// oneLine is a text in one line, as it may be shown.
func oneLine(text string) string {
	return report.Printable(strings.Join(strings.Fields(text), " "), report.LongestPath)
}

// writeComment writes a text as a comment, broken between words.
func writeComment(b *bytes.Buffer, text string) {
	line := "#"
	for word := range strings.FieldsSeq(oneLine(text)) {
		if len(line)+1+len(word) > widest && line != "#" {
			b.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
