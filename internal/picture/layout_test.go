package picture

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// widths are those in which sheets are drawn.
var widths = []float64{Width, wideWidth}

// misplaced says which marks of a layout are over each other, outside their row or outside the sheet, and which texts
// are wider than their place.
func misplaced(groups []group, width, height float64) (problems []string) {
	y := 0.0
	for _, g := range groups {
		if g.y < y-0.01 || g.x < 0 || g.x+g.w > width || g.y+g.h > height {
			problems = append(problems, fmt.Sprintf("the group %q is at %v, after %v", g.title, g.rect, y))
		}
		y = g.y + g.h
		for i, m := range g.marks {
			if !m.within(g.rect) {
				problems = append(problems, fmt.Sprintf("%s %q at %v is outside its row at %v", m.class, m.text, m.rect,
					g.rect))
			}
			if w := m.look.width(m.text) + leadWidth(m.lead); w > m.w+0.01 {
				problems = append(problems, fmt.Sprintf("%q is %v wide, there is room for %v", m.text, w, m.w))
			}
			for _, o := range g.marks[:i] {
				onBadge := strings.HasPrefix(o.class, "badge") && strings.HasPrefix(m.class, "badge")
				if !onBadge && m.overlaps(o.rect) {
					problems = append(problems, fmt.Sprintf("%s %q at %v is over %s %q at %v", m.class, m.text, m.rect,
						o.class, o.text, o.rect))
				}
			}
		}
	}
	return problems
}

func (r rect) within(o rect) bool {
	return r.x >= o.x-0.01 && r.y >= o.y-0.01 && r.x+r.w <= o.x+o.w+0.01 && r.y+r.h <= o.y+o.h+0.01
}

func (r rect) overlaps(o rect) bool {
	const touch = 0.01
	return r.x+touch < o.x+o.w && o.x+touch < r.x+r.w && r.y+touch < o.y+o.h && o.y+touch < r.y+r.h
}

// text is a text that somebody may have written, or that nobody would.
func text(t *rapid.T, label string) string {
	return rapid.OneOf(
		rapid.SampledFrom([]string{
			"", "v1", "canary", "requests with path starting with /a", "all other requests", "a\nb", "</title>", "]]>",
			"&amp;", "```", "שלום", "مرحبا", "\u202eevil\u202c", "a\u200bb", "\ufdfd", "𒐫𒐫𒐫", "👩‍👩‍👧‍👦",
			"z" + strings.Repeat("\u0300", 40), strings.Repeat("long ", 100), strings.Repeat("W", 300),
		}),
		rapid.String(),
	).Draw(t, label)
}

func someBoxes(t *rapid.T, prefix string) []Box {
	boxes := make([]Box, rapid.IntRange(0, 6).Draw(t, "rules"))
	for i := range boxes {
		b := &boxes[i]
		b.Key, b.Number = fmt.Sprint(rapid.IntRange(0, 12).Draw(t, "key")), i+1
		for j := range boxes[:i] {
			if boxes[j].Key == b.Key {
				b.Key = fmt.Sprint(prefix, i)
			}
		}
		b.Name, b.Requests, b.Sentence = text(t, "name"), text(t, "requests"), text(t, "sentence")
		b.Besides, b.Fate = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return text(t, "besides") }), 0, 3).
			Draw(t, "besides"), rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return text(t, "fate") }), 0, 2).
			Draw(t, "fate")
		for range rapid.IntRange(1, 6).Draw(t, "arrows") {
			percent := rapid.SampledFrom([]float64{0, 0.01, 5, 12.5, 33.33, 100}).Draw(t, "percent")
			a := Arrow{To: text(t, "to"), Copy: rapid.Bool().Draw(t, "copy"), Percent: percent}
			if percent > 0 {
				a.Label = fmt.Sprint(percent, " %")
			}
			a.Subset = a.To
			b.Arrows = append(b.Arrows, a)
		}
	}
	return boxes
}

func someSheet(t *rapid.T) *Sheet {
	route := func(key string) []Route {
		return []Route{{Key: key, Title: []string{text(t, "host"), text(t, "gateway")}, Boxes: someBoxes(t, key)}}
	}
	if rapid.Bool().Draw(t, "change") {
		return NewChangeSheet(route("a"), append(route("a"), route("b")...))
	}
	return NewSheet(append(route("a"), route("b")...))
}

// Whatever the rules are, nothing in a picture of them is over something else, outside its row or wider than its
// place.
func TestPropertyNothingIsMisplaced(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := someSheet(t)
		for _, width := range widths {
			groups, height := s.layout(width)
			for _, problem := range misplaced(groups, width, height) {
				t.Error(problem)
			}
		}
	})
}

// What is misplaced is found.
func TestMisplaced(t *testing.T) {
	t.Parallel()
	at := rect{0, 0, 100, 20}
	word := mark{rect: rect{0, 0, 50, 14}, class: "words", text: "abc", look: wordsLook}
	for name, marks := range map[string][]mark{
		"two in one place": {word, {rect: rect{20, 10, 50, 10}, class: "bar"}},
		"below its row":    {{rect: rect{0, 10, 50, 14}, class: "bar"}},
		"right of it":      {{rect: rect{60, 0, 50, 14}, class: "bar"}},
		"too wide":         {{rect: rect{0, 0, 10, 14}, class: "words", text: "abc", look: wordsLook}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := misplaced([]group{{rect: at, marks: marks}}, 100, 20); len(got) != 1 {
				t.Errorf("found %q", got)
			}
			if got := misplaced([]group{{rect: at, marks: []mark{word}}}, 100, 20); got != nil {
				t.Errorf("without it %q", got)
			}
			if got := misplaced([]group{{rect: at}}, 100, 19); len(got) != 1 {
				t.Errorf("outside the sheet: %q", got)
			}
		})
	}
}

// Thirty rules are less than 1,000 pixels high, also where each of them changes, has long words or a note, and where
// the title is long.
func TestThirtyRulesAreLow(t *testing.T) {
	t.Parallel()
	boxes := func(percent float64, besides []string) []Box {
		var all []Box
		for i := range 30 {
			all = append(all, Box{
				Key: fmt.Sprint(i), Number: i + 1, Name: fmt.Sprint("rule-", i),
				Requests: strings.Repeat("requests with ", 20), Sentence: fmt.Sprint(percent),
				Besides: besides,
				Arrows: []Arrow{
					{To: "v1", Label: "x", Percent: percent}, {To: "v2", Label: "y", Percent: 100 - percent},
				},
			})
		}
		return all
	}
	title := []string{strings.Repeat("reviews.shop.example.com ", 10)}
	for _, besides := range [][]string{nil, {"timeout 5s"}} {
		before := []Route{{Title: title, Boxes: boxes(90, besides)}}
		after := []Route{{Title: title, Boxes: boxes(50, besides)}}
		for _, width := range widths {
			for name, s := range map[string]*Sheet{"one": NewSheet(before), "a change": NewChangeSheet(before, after)} {
				if groups, height := s.layout(width); height >= 1000 || len(groups) != 31 {
					t.Errorf("%s: %d rows are %v high", name, len(groups), height)
				}
			}
		}
	}
}

// textsOf are the texts of marks of a class.
func textsOf(g group, class string) (texts []string) {
	for _, m := range g.marks {
		if strings.Contains(m.class, class) && m.look.size > 0 {
			texts = append(texts, m.text)
		}
	}
	return texts
}

// A share is told before all of a long name is, and who has no room at all is counted.
func TestLegend(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrows                []Arrow
		shares, names, others []string
	}{
		"short names": {
			[]Arrow{{To: "v1", Label: "90 %", Percent: 90}, {To: "v2", Label: "10 %", Percent: 10}},
			[]string{"90 %", "10 %"}, []string{"v1", "v2"}, nil,
		},
		"long names": {
			[]Arrow{
				{To: "v1 of greeter", Label: "90 %", Percent: 90}, {To: "v2 of greeter", Label: "10 %", Percent: 10},
			},
			[]string{"90 %", "10 %"}, []string{"v1 of gr…", "v2 of gr…"}, nil,
		},
		"a short name leaves its room": {
			[]Arrow{{To: "v1 of greeter", Label: "90 %", Percent: 90}, {To: "v2", Label: "10 %", Percent: 10}},
			[]string{"90 %", "10 %"}, []string{"v1 of greeter", "v2"}, nil,
		},
		"too many": {
			[]Arrow{
				{To: "v1", Label: "20 %", Percent: 20}, {To: "v2", Label: "20 %", Percent: 20},
				{To: "v3", Label: "20 %", Percent: 20}, {To: "v4", Label: "20 %", Percent: 20},
				{To: "v5", Label: "20 %", Percent: 20},
			},
			[]string{"20 %", "20 %"}, []string{"v1", "v2"}, []string{"+3"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := NewSheet([]Route{{Boxes: []Box{{Number: 1, Arrows: test.arrows}}}})
			groups, _ := s.layout(Width)
			g := groups[1]
			var names []string
			for _, m := range g.marks {
				if m.class == "share" {
					names = append(names, m.text)
				}
			}
			for _, c := range []struct{ got, want []string }{
				{textsOf(g, "percent"), test.shares}, {names, test.names}, {textsOf(g, "note"), test.others},
			} {
				if diff := cmp.Diff(c.want, c.got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// What of a title has no room beside the number of changes stands below it.
func TestHead_long(t *testing.T) {
	t.Parallel()
	r := []Route{{Title: []string{
		"shop.example.com", "www.shop.example.com", "a.example", "and 2 more hosts", "at istio-ingress/public, mesh",
	}}}
	old := []Route{{Title: []string{"shop.example.com"}}}
	groups, _ := NewChangeSheet(old, r).layout(Width)
	above := "shop.example.com, www.shop.example.com, a.example, and 2 more"
	if diff := cmp.Diff([]string{above}, textsOf(groups[0], "title")); diff != "" {
		t.Error(diff)
	}
	below := "hosts, at istio-ingress/public, mesh · was shop.example.com"
	if diff := cmp.Diff([]string{"as before", below}, textsOf(groups[0], "note")); diff != "" {
		t.Error(diff)
	}
}

// Where there is no room for the words of a rule, those that are brief stand there.
func TestTextLines_brief(t *testing.T) {
	t.Parallel()
	const words, brief = "requests with path starting with /team/01/", "path starting with /team/01/"
	for name, test := range map[string]struct {
		room  float64
		brief string
		most  int
		want  []string
	}{
		"there is room":    {400, brief, 1, []string{words}},
		"there is none":    {250, brief, 1, []string{brief}},
		"there is no word": {250, "", 1, []string{words}},
		"in two lines":     {250, brief, 2, []string{"requests with path starting with", "/team/01/"}},
		"not in two lines": {110, brief, 2, []string{"path starting with", "/team/01/"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, line := range textLines(row{words: words, brief: test.brief}, test.room, test.room, test.most) {
				got = append(got, line.text)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
