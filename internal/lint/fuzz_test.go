package lint

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// FuzzRead reads whatever stands in the files of a folder: it never panics, each file that is not understood is told
// once, and what is told has a place in its file and can be shown in one line.
func FuzzRead(f *testing.F) {
	add := func(native, json string) { f.Add([]byte(native), []byte(json)) }
	add("", "{}")
	add(`resource "mesh_canary_route" "a" { rules = [for r in local.r : merge(r, { b = 1 })] }`,
		`{"locals": {"r": []}}`)
	add(`resource "mesh_canary_route" "a" { default = local.a[0].b["c"] }`, `{"locals": {"a": "${[{ b = local.a }]}"}}`)
	add("resource mesh_canary_route a {\nfor_each = each.value\ndefault = each.value.a\n}", `{"resource": [{"//": 1}]}`)
	add(`locals { a = "${"%{ if a }${{ (b) = c[*].d }}%{ endif }"}" }`,
		`{"resource": {"mesh_canary_route": {"a": {"b": 1}}}}`)
	add("\xef\xbb\xbfa = <<E\n${[{\nE\n", "[[[")
	for _, name := range examples(f) {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		add(string(src), "{}")
	}
	schema := Schema{Provider: "mesh", Block: tftypes.Object{}, Resources: map[string]tftypes.Type{
		"mesh_canary_route": tftypes.Object{AttributeTypes: map[string]tftypes.Type{
			"default": tftypes.Object{AttributeTypes: map[string]tftypes.Type{"weights": tftypes.Map{}}},
			"rules": tftypes.List{ElementType: tftypes.Object{AttributeTypes: map[string]tftypes.Type{
				"match": tftypes.List{ElementType: tftypes.Object{AttributeTypes: map[string]tftypes.Type{
					"headers": tftypes.Map{ElementType: tftypes.Object{}},
				}}},
			}}},
		}},
	}}
	f.Fuzz(func(t *testing.T, native, json []byte) {
		files := map[string][]byte{"a.tf": native, "b.tf.json": json}
		folder := fstest.MapFS{}
		for name, src := range files {
			folder[name] = &fstest.MapFile{Data: src}
		}
		findings, unread := read(folder, schema)
		for _, l := range slices.Concat(findings, unread) {
			src, ok := files[l.at.Filename]
			if !ok || l.at.Start.Byte > len(src) || l.at.Start.Line > strings.Count(string(src), "\n")+1 {
				t.Errorf("%q has no place in %v", l, slices.Sorted(maps.Keys(files)))
			}
			if strings.ContainsFunc(l.String(), func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q cannot be shown", l)
			}
		}
		told := map[string]bool{}
		for _, l := range unread {
			if told[l.at.Filename] {
				t.Errorf("%s is told twice: %v", l.at.Filename, unread)
			}
			told[l.at.Filename] = true
		}
	})
}

// examples are the files of the repository's examples.
func examples(tb testing.TB) (names []string) {
	tb.Helper()
	for _, pattern := range []string{"../../examples/*/*.tf", "../../examples/*/*/*.tf"} {
		matches, err := filepath.Glob(pattern)
		if err != nil {
			tb.Fatal(err)
		}
		names = append(names, matches...)
	}
	return names
}
