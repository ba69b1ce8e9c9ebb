package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
)

// root is the folder of the repository.
const root = "../.."

func readPage(t *testing.T, name string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func theSchema(t *testing.T) *tfjson.ProviderSchema {
	t.Helper()
	schema, err := providerSchema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

var (
	item      = regexp.MustCompile("^( *)- `([a-z0-9_]+)` \\(")
	sees      = regexp.MustCompile(`\(#(nestedatt--[a-z0-9_-]+)\)\.$`)
	sectionID = regexp.MustCompile(`^<a id="(nestedatt--[a-z0-9_-]+)"></a>$`)
)

// described is an attribute as a page describes it.
type described struct {
	text   string
	see    string
	within map[string]*described
}

// readReference reads the reference of a page: the attributes of each section, by its anchor, those of the resource
// under none.
func readReference(page string) map[string]map[string]*described {
	_, schema, _ := strings.Cut(page, "\n## Schema\n")
	section := map[string]*described{}
	sections := map[string]map[string]*described{"": section}
	var open []*described
	for line := range strings.SplitSeq(schema, "\n") {
		if strings.HasPrefix(line, "## ") {
			break
		}
		if id := sectionID.FindStringSubmatch(line); id != nil {
			section = map[string]*described{}
			sections[id[1]], open = section, nil
		}
		found := item.FindStringSubmatch(line)
		if found == nil {
			if len(open) > 0 && strings.HasPrefix(line, "  ") {
				last := open[len(open)-1]
				last.text += "\n" + strings.TrimSpace(line)
			}
			if see := sees.FindStringSubmatch(line); see != nil && len(open) > 0 {
				open[len(open)-1].see = see[1]
			}
			continue
		}
		d := &described{text: line, within: map[string]*described{}}
		if see := sees.FindStringSubmatch(line); see != nil {
			d.see = see[1]
		}
		depth := len(found[1]) / 2
		in := section
		if depth > 0 {
			in = open[depth-1].within
		}
		in[found[2]] = d
		open = append(open[:depth], d)
	}
	return sections
}

// Every attribute of every resource is found on its page, by the links, with all that its description says.
func TestDocs_reference(t *testing.T) {
	t.Parallel()
	for name, resource := range theSchema(t).ResourceSchemas {
		sections := readReference(readPage(t, "resources/"+strings.TrimPrefix(name, "mesh_")+".md"))
		seen := 0
		var look func(path string, of attributes, described map[string]*described)
		look = func(path string, of attributes, described map[string]*described) {
			for inner, a := range of {
				seen++
				d := described[inner]
				if d == nil {
					t.Errorf("%s: the page lacks %s%s", name, path, inner)
					continue
				}
				for paragraph := range strings.SplitSeq(a.Description, "\n\n") {
					if !strings.Contains(d.text, paragraph) {
						t.Errorf("%s: %s%s lacks %q on the page: %q", name, path, inner, paragraph, d.text)
					}
				}
				if a.AttributeNestedType == nil {
					continue
				}
				within := d.within
				if d.see != "" {
					within = sections[d.see]
				}
				look(path+inner+".", a.AttributeNestedType.Attributes, within)
			}
			if len(described) != len(of) {
				t.Errorf("%s: %s has %d attributes, and %d on the page", name, path, len(of), len(described))
			}
		}
		look("", resource.Block.Attributes, sections[""])
		if seen < 100 {
			t.Errorf("%s: only %d attributes were looked for", name, seen)
		}
	}
}

// A page that nobody reads to its end helps nobody.
func TestDocs_size(t *testing.T) {
	t.Parallel()
	for name := range theSchema(t).ResourceSchemas {
		file := "resources/" + strings.TrimPrefix(name, "mesh_") + ".md"
		if lines := strings.Count(readPage(t, file), "\n"); lines >= 700 {
			t.Errorf("%s has %d lines, and shall have fewer than 700", file, lines)
		}
	}
}
