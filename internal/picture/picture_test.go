package picture_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/picture"
)

// golden compares a picture with the one of testdata that was looked at.
func golden(t *testing.T, name, got string) {
	t.Helper()
	want, err := os.ReadFile("testdata/" + name + ".mmd")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func box(number int, name string, arrows ...picture.Arrow) picture.Box {
	return picture.Box{Key: name, Number: number, Lines: []string{name}, Arrows: arrows}
}

func to(name, label string) picture.Arrow { return picture.Arrow{To: name, Label: label} }

var before = []picture.Route{
	{Key: "stays", Title: []string{"shop.example"}, Boxes: []picture.Box{
		box(1, "as before", to("v1", "90 %"), to("v2", "10 %")),
		box(2, "other shares", to("v1", "90 %"), to("v2", "10 %")),
		box(3, "goes", to("v1", "100 %")),
		box(4, "first of two", to("v1", "")),
		box(5, "second of two", to("v1", "")),
		{Key: "other words", Number: 6, Lines: []string{"path /a", "5s"}},
		{Key: "rest", Lines: []string{"all others"}, Arrows: []picture.Arrow{{To: "nowhere"}}},
	}},
	{Key: "other title", Title: []string{"a.example"}},
	{Key: "gone", Title: []string{"gone.example"}, Boxes: []picture.Box{box(1, "all", to("v1", "100 %"))}},
}

var after = []picture.Route{
	{Key: "stays", Title: []string{"shop.example"}, Boxes: []picture.Box{
		box(1, "as before", to("v1", "90 %"), to("v2", "10 %")),
		box(2, "other shares", to("v1", "50 %"), to("v3", "50 %"), picture.Arrow{To: "v2", Label: "copy", Copy: true}),
		box(3, "second of two", to("v1", "")),
		box(4, "first of two", to("v1", "")),
		{Key: "other words", Number: 5, Lines: []string{"path /b", "5s"}},
		box(6, "new", to("v2", "100 %")),
		{Key: "rest", Lines: []string{"all others"}, Arrows: []picture.Arrow{{To: "nowhere"}}},
	}},
	{Key: "other title", Title: []string{"b.example"}},
	{Key: "new", Title: []string{"new.example"}, Boxes: []picture.Box{box(1, "all", to("v1", "100 %"))}},
}

// Rules hang from what they are for in the order in which they are tried, each with where it leads.
func TestDraw(t *testing.T) {
	t.Parallel()
	golden(t, "draw", picture.Draw(after))
}

// What is new, changed or gone is marked, and says what it was; what was given stays as it is.
func TestDrawChange(t *testing.T) {
	t.Parallel()
	for range 2 {
		golden(t, "change", picture.DrawChange(before, after))
		golden(t, "draw", picture.Draw(after))
	}
}

// Where nothing changes nothing is marked.
func TestDrawChange_none(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(picture.Draw(after), picture.DrawChange(after, after)); diff != "" {
		t.Errorf("picture (-want +got):\n%s", diff)
	}
}

// No text is read as Mermaid, Markdown or HTML, and none is longer than a label may be.
func TestDraw_hostile(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a quote":          `a"] --> b["c`,
		"HTML":             "<script>alert(1)</script>",
		"an entity":        "&lt;b&gt;",
		"Markdown":         "`**bold**` _it_ [a](http://b)",
		"a class":          "a:::gone",
		"a line break":     "a\nb\r\u2028c",
		"an address":       "www.example.com and https://example.com",
		"a list":           "- a",
		"a heading":        "# a",
		"a number of one":  "1. a",
		"what is not seen": "a\u200b\u202eb\x00",
		"bad UTF-8":        "a\xffb",
		"long":             strings.Repeat("long ", 100),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := picture.Draw([]picture.Route{{Title: []string{text}, Boxes: []picture.Box{
				{Number: 1, Lines: []string{text}, Arrows: []picture.Arrow{to(text, "")}},
			}}})
			lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
			if len(lines) != 11 {
				t.Errorf("%d lines:\n%s", len(lines), got)
			}
			label := strings.TrimSuffix(strings.TrimPrefix(lines[6], `  h0(["`), `"])`)
			if strings.ContainsAny(label, "\"<>`\n[]*_") || len(label) > 800 || label == text {
				t.Errorf("the label is %q", label)
			}
		})
	}
}
