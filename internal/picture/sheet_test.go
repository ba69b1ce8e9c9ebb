package picture

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rules are boxes by their names, each to v1.
func rules(names ...string) []Route {
	var boxes []Box
	for i, name := range names {
		boxes = append(boxes, Box{
			Key: name, Number: i + 1, Name: name, Requests: "requests for " + name,
			Sentence: "requests for " + name + " go to v1", Arrows: []Arrow{{To: "v1", Label: "100 %", Percent: 100}},
		})
	}
	return []Route{{Key: "a", Title: []string{"a.example"}, Boxes: boxes}}
}

// short writes rows in one line each.
func short(s *Sheet) (lines []string) {
	for _, part := range s.sections {
		lines = append(lines, strings.TrimSuffix(part.state.word()+part.title+" "+part.note, " "))
		for _, r := range part.rows {
			line := strings.TrimSpace(r.number + " " + r.state.word() + r.name)
			if r.folded || r.name == "" {
				line += r.words
			}
			if len(r.notes) > 0 {
				line += " (" + strings.Join(r.notes, "; ") + ")"
			}
			for _, b := range r.bars {
				if b.when != "" {
					line += " " + b.when
				}
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// What stays is folded, where it is at least two rules, and what changes says what it was.
func TestNewChangeSheet(t *testing.T) {
	t.Parallel()
	letters := strings.Split("abcdefgh", "")
	edited := func(change func(b *Box)) []Route {
		all := rules(letters...)
		change(&all[0].Boxes[3])
		return all
	}
	for name, test := range map[string]struct {
		after []Route
		want  []string
	}{
		"nothing": {rules(letters...), []string{"a.example", "rules 1–8 as before"}},
		"one goes": {rules(slices.Delete(slices.Clone(letters), 3, 4)...), []string{
			"a.example", "rules 1–3 as before", "4 gone: d now", "rules 4–7 as before, were 5–8",
		}},
		"one comes": {rules(slices.Insert(slices.Clone(letters), 1, "x")...), []string{
			"a.example", "1 a", "2 new: x then", "rules 3–9 as before, were 2–8",
		}},
		"the last one becomes the first": {rules("h", "a", "b", "c", "d", "e", "f", "g"), []string{
			"a.example", "1 changed: h (was rule 8)", "rules 2–8 as before, were 1–7",
		}},
		"the first one becomes the third": {rules("b", "c", "a", "d", "e", "f", "g", "h"), []string{
			"a.example", "rules 1–2 as before, were 2–3", "3 changed: a (was rule 1)", "rules 4–8 as before",
		}},
		"other shares": {
			edited(func(b *Box) { b.Arrows = []Arrow{{To: "v2", Label: "100 %", Percent: 100}} }),
			[]string{"a.example", "rules 1–3 as before", "4 changed: d now then", "rules 5–8 as before"},
		},
		"an answer in place of shares": {
			edited(func(b *Box) { b.Arrows = []Arrow{{To: "answer 404 from the proxy"}} }),
			[]string{"a.example", "rules 1–3 as before", "4 changed: d now then", "rules 5–8 as before"},
		},
		"other words": {
			edited(func(b *Box) { b.Requests, b.Sentence = "all requests", "all requests go to v1" }),
			[]string{
				"a.example", "rules 1–3 as before", "4 changed: d (was requests for d)", "rules 5–8 as before",
			},
		},
		"a time limit": {
			edited(func(b *Box) { b.Besides, b.Sentence = []string{"timeout 5s"}, "with a limit" }),
			[]string{
				"a.example", "rules 1–3 as before", "4 changed: d (timeout 5s; was without)", "rules 5–8 as before",
			},
		},
		"another name": {
			edited(func(b *Box) { b.Name = "dd" }),
			[]string{"a.example", "rules 1–3 as before", "4 changed: dd (was d)", "rules 5–8 as before"},
		},
		"another host": {
			[]Route{{Key: "a", Title: []string{"b.example"}}}, append([]string{"changed: b.example was a.example"},
				strings.Split("1 gone: a now,2 gone: b now,3 gone: c now,4 gone: d now,5 gone: e now,6 gone: f now,"+
					"7 gone: g now,8 gone: h now", ",")...),
		},
		"another route": {
			[]Route{{Key: "b", Title: []string{"b.example"}, Boxes: rules("x")[0].Boxes}},
			append([]string{"new: b.example", "1 new: x then", "gone: a.example"},
				strings.Split("1 gone: a now,2 gone: b now,3 gone: c now,4 gone: d now,5 gone: e now,6 gone: f now,"+
					"7 gone: g now,8 gone: h now", ",")...),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := NewChangeSheet(rules(letters...), test.after)
			if diff := cmp.Diff(test.want, short(s)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			for _, width := range widths {
				groups, height := s.layout(width)
				for _, problem := range misplaced(groups, width, height) {
					t.Error(problem)
				}
			}
			if problems := foreign(s.SVG(Width)); problems != nil {
				t.Error(problems)
			}
		})
	}
}

// The rest of a route has no number, and is never folded: it says what becomes of all others.
func TestNewChangeSheet_rest(t *testing.T) {
	t.Parallel()
	with := func() []Route {
		all := rules("a", "b")
		all[0].Boxes = append(all[0].Boxes, Box{
			Key: "rest", Requests: "all other requests", Sentence: "all other requests have no route",
			Arrows: []Arrow{{To: "no route"}},
		})
		return all
	}
	want := []string{"a.example", "rules 1–2 as before", "all other requests"}
	if diff := cmp.Diff(want, short(NewChangeSheet(with(), with()))); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// A folded row has all that it stands for in its title.
func TestNewChangeSheet_foldedTitle(t *testing.T) {
	t.Parallel()
	s := NewChangeSheet(rules("a", "b"), rules("a", "b"))
	want := "rule 1, a: requests for a go to v1\nrule 2, b: requests for b go to v1"
	if diff := cmp.Diff(want, s.sections[0].rows[0].whole); diff != "" {
		t.Errorf("title (-want +got):\n%s", diff)
	}
}

// Of very many rules the first are drawn.
func TestNewSheet_many(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 250 {
		names = append(names, fmt.Sprint("rule-", i))
	}
	got := short(NewSheet(rules(names...)))
	if last := got[len(got)-1]; len(got) != mostRows+2 || last != "and 50 more rows" {
		t.Errorf("%d rows, the last is %q", len(got)-1, last)
	}
}
