package picture

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// elements are those of a picture, and the attributes that they may have.
var elements = map[string]string{
	"svg":     "xmlns class width height viewBox x y overflow",
	"style":   "",
	"defs":    "",
	"pattern": "id width height patternUnits",
	"path":    "class d",
	"g":       "class",
	"title":   "",
	"rect":    "class x y width height rx fill fill-opacity",
	"text":    "class x y font-size text-anchor",
	"tspan":   "class dx",
}

// foreign says what a text has that is in no picture.
func foreign(text string) (problems []string) {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return problems
		}
		if err != nil {
			return append(problems, err.Error())
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		allowed, known := elements[start.Name.Local]
		if !known {
			problems = append(problems, "the element "+start.Name.Local)
		}
		for _, a := range start.Attr {
			if !strings.Contains(" "+allowed+" ", " "+a.Name.Local+" ") {
				problems = append(problems, fmt.Sprintf("the attribute %s of %s", a.Name.Local, start.Name.Local))
			}
			if a.Name.Local == "fill" && !strings.HasPrefix(a.Value, "url(#mp-h") {
				problems = append(problems, "the fill "+a.Value)
			}
		}
	}
}

// tag is the beginning of an element or of its end in HTML.
var tag = regexp.MustCompile(`<(?:!DOCTYPE html>|` +
	`/?(?:html|head|meta|title|style|body|div|svg|defs|pattern|path|g|rect|text|tspan)[ />])`)

// Whatever the rules are, a picture is XML with the elements of a picture alone, a page has no others than these and
// its own, and Markdown is one block of code whose lines begin as those of a diff. All are the same each time.
func TestPropertyNothingBreaksOut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := someSheet(t)
		svg := s.SVG(Width)
		for _, problem := range foreign(svg) {
			t.Errorf("the SVG has %s", problem)
		}
		page := s.Page()
		if got, want := strings.Count(page, "<"), len(tag.FindAllString(page, -1)); got != want {
			t.Errorf("%d times < in a page of %d tags", got, want)
		}
		markdown := s.Markdown()
		lines := strings.Split(strings.TrimSuffix(markdown, "\n"), "\n")
		fence := strings.TrimSuffix(lines[0], "diff")
		if strings.Trim(fence, "`") != "" || len(fence) < 3 || lines[len(lines)-1] != fence ||
			strings.Count(markdown, fence) != 2 {
			t.Errorf("the block ends early:\n%s", markdown)
		}
		for _, line := range lines[1 : len(lines)-1] {
			if line != "" && !strings.ContainsRune(" +-!@#", rune(line[0])) || len([]rune(line)) > longestText+8 {
				t.Errorf("the line %q", line)
			}
		}
		if svg != s.SVG(Width) || page != s.Page() || markdown != s.Markdown() {
			t.Error("it is not the same again")
		}
	})
}

// What is cut is whole in a title, and what cannot be seen is spelled out.
func TestSVG_wholeTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 1000)
	for name, test := range map[string]struct{ text, want string }{
		"long":            {long, long},
		"right to left":   {"\u202eevil", `\u202eevil`},
		"no width":        {"a\u200bb", `a\u200bb`},
		"markup":          {"</title></svg>", "&lt;/title&gt;&lt;/svg&gt;"},
		"many accents":    {"a\u0301\u0301\u0301\u0301b", "a\u0301\u0301" + `\u0301\u0301b`},
		"blank letters":   {"a\u3164b", `a\u3164b`},
		"no character":    {"a\x00\xffb", `a\x00` + "\ufffdb"},
		"a line break":    {"a\nb", `a\nb`},
		"Hebrew as it is": {"שלום", "שלום"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := NewSheet([]Route{{Title: []string{"host"}, Boxes: []Box{{
				Number: 1, Name: test.text, Requests: "all", Sentence: "all requests go to v1",
				Arrows: []Arrow{{To: test.text, Label: "100 %", Percent: 100}},
			}}}})
			got := s.SVG(Width)
			if !strings.Contains(got, "<title>rule 1, "+test.want+": all requests go to v1</title>") {
				t.Errorf("no title has it whole:\n%.2000s", got)
			}
			groups, _ := s.layout(Width)
			for _, m := range groups[1].marks {
				if len([]rune(m.text)) > 80 {
					t.Errorf("%s has %d characters", m.class, len([]rune(m.text)))
				}
			}
		})
	}
}

// A text of which nobody knows how wide it is, is clipped.
func TestSVG_clipped(t *testing.T) {
	t.Parallel()
	for text, clipped := range map[string]bool{"v1 → é…": false, "שלום": true, "\ufdfd": true, "a\u0301": true} {
		box := Box{Number: 1, Requests: text, Sentence: "x", Arrows: []Arrow{{To: "none"}}}
		s := NewSheet([]Route{{Boxes: []Box{box}}})
		if got := strings.Contains(s.SVG(Width), `overflow="hidden"><text class="mp-words"`); got != clipped {
			t.Errorf("%q is clipped: %v", text, got)
		}
	}
}

// A subset has the same colour whatever is beside it, and no two of one picture have the same look.
func TestPalette(t *testing.T) {
	t.Parallel()
	names := func(texts ...string) map[string]string {
		subsets := map[string]string{}
		for _, text := range texts {
			subsets[text] = text
		}
		return subsets
	}
	for name, test := range map[string]struct {
		subsets map[string]string
		want    palette
	}{
		"versions":             {names("v3", "v1", "v2"), palette{"v1": 0, "v2": 1, "v3": 2}},
		"one version":          {names("v2"), palette{"v2": 1}},
		"stable and canary":    {names("stable", "canary"), palette{"stable": 0, "canary": 1}},
		"names of colours":     {names("blue", "green"), palette{"blue": 0, "green": 2}},
		"two that are alike":   {names("v1", "v9"), palette{"v1": 0, "v9": 1}},
		"a name that gives in": {names("next", "v1"), palette{"v1": 0, "next": 1}},
		"one subset of two hosts": {
			map[string]string{"v1 of a": "v1", "v1 of b": "v1"}, palette{"v1 of a": 0, "v1 of b": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, newPalette(test.subsets, nil)); diff != "" {
				t.Errorf("palette (-want +got):\n%s", diff)
			}
		})
	}
	looks := map[[2]int]string{}
	many := map[string]string{}
	for i := range 40 {
		many[fmt.Sprint("s-", i)] = "s"
	}
	for name, place := range newPalette(many, Colours{}) {
		look := [2]int{colourOf(place), hatchOf(place)}
		if other, taken := looks[look]; taken {
			t.Errorf("%s and %s look alike", name, other)
		}
		looks[look] = name
	}
}

// A subset has one colour in all pictures of a page, also where it would have another one in some of them.
func TestSheet_Share(t *testing.T) {
	t.Parallel()
	sheet := func(subsets ...string) *Sheet {
		var arrows []Arrow
		for _, name := range subsets {
			arrows = append(arrows, Arrow{To: name, Subset: name, Percent: 1})
		}
		return NewSheet([]Route{{Boxes: []Box{{Number: 1, Arrows: arrows}}}})
	}
	given := Colours{}
	var got []palette
	for _, subsets := range [][]string{{"next", "v1"}, {"next"}, {"other", "v2"}, {"next", "other", "v1"}} {
		got = append(got, sheet(subsets...).Share(given).palette)
	}
	want := []palette{{"next": 1, "v1": 0}, {"next": 1}, {"other": 5, "v2": 1}, {"next": 1, "other": 5, "v1": 0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("palettes (-want +got):\n%s", diff)
	}
}
