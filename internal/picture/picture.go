// Package picture draws rules and where they lead as the text of a Mermaid flowchart, before and after a change in
// one. It is pure, and knows nothing of what it draws.
package picture

import (
	"fmt"
	"slices"
	"strings"
)

// Route is one set of rules, in the order in which they are tried.
type Route struct {
	// Key is equal for what is one route before and after a change.
	Key string
	// Title says what the rules are for, a line each.
	Title []string
	Boxes []Box
}

// Draw draws routes, each as a node from which its rules hang. The same routes give the same text, and no text of
// theirs is read as Mermaid, Markdown or HTML.
func Draw(routes []Route) string {
	d := newDrawing()
	for _, r := range routes {
		d.route(r.Title, r.Boxes, stays)
	}
	return d.text()
}

// DrawChange draws routes before and after a change. What is new has a thick green line, what changes a thick yellow
// one, what is gone a broken red one, and their labels say so too.
func DrawChange(before, after []Route) string {
	d := newDrawing()
	gone := slices.Clone(before)
	for _, r := range after {
		old := slices.IndexFunc(gone, func(o Route) bool { return o.Key == r.Key })
		if old < 0 {
			d.route(r.Title, marked(r.Boxes, added), added)
			continue
		}
		state, title := stays, r.Title
		if previous := gone[old].Title; !slices.Equal(previous, title) {
			state, title = changed, append(slices.Clip(title), "was "+strings.Join(previous, " "))
		}
		d.route(title, compare(gone[old].Boxes, r.Boxes), state)
		gone = slices.Delete(gone, old, old+1)
	}
	for _, r := range gone {
		d.route(r.Title, marked(r.Boxes, removed), removed)
	}
	return d.text()
}

// marked gives copies of everything with one state.
func marked(boxes []Box, state change) []Box {
	boxes = slices.Clone(boxes)
	for i := range boxes {
		boxes[i].state = state
		boxes[i].Arrows = slices.Clone(boxes[i].Arrows)
		for j := range boxes[i].Arrows {
			boxes[i].Arrows[j].state = state
		}
	}
	return boxes
}

// compare joins two pictures of one VirtualService: boxes as they are afterwards, and those that are gone behind the
// boxes that they were behind.
func compare(before, after []Box) []Box {
	var joined []Box
	for _, b := range after {
		old := slices.IndexFunc(before, func(o Box) bool { return o.Key == b.Key })
		if old < 0 {
			joined = append(joined, marked([]Box{b}, added)...)
			continue
		}
		if !slices.Equal(b.Lines, before[old].Lines) {
			b.state = changed
			b.Lines = append(slices.Clip(b.Lines), "was "+strings.Join(missing(before[old].Lines, b.Lines), ", "))
		} else if b.Number != before[old].Number && b.Number != 0 && swapped(before, after, b.Key) {
			b.state = changed
			b.Lines = append(slices.Clip(b.Lines), fmt.Sprintf("was rule %d", before[old].Number))
		}
		b.Arrows = compareArrows(before[old].Arrows, b.Arrows)
		joined = append(joined, b)
	}
	at := 0
	for _, o := range before {
		if i := slices.IndexFunc(joined, func(b Box) bool { return b.Key == o.Key }); i >= 0 {
			at = i + 1
			continue
		}
		joined = slices.Insert(joined, at, marked([]Box{o}, removed)...)
		at++
	}
	return joined
}

// swapped reports whether a box has another place among those that are in both pictures.
func swapped(before, after []Box, key string) bool {
	place := func(boxes, others []Box) int {
		n := 0
		for _, b := range boxes {
			if b.Key == key {
				return n
			}
			if slices.ContainsFunc(others, func(o Box) bool { return o.Key == b.Key }) {
				n++
			}
		}
		return n
	}
	return place(before, after) != place(after, before)
}

// missing returns the old lines that the new ones have not, and all if it is only their order.
func missing(old, now []string) []string {
	lost := slices.DeleteFunc(slices.Clone(old), func(line string) bool { return slices.Contains(now, line) })
	if len(lost) == 0 {
		return []string{"without"}
	}
	return lost
}

func compareArrows(before, after []Arrow) []Arrow {
	var joined []Arrow
	same := func(a Arrow) func(Arrow) bool {
		return func(b Arrow) bool { return a.To == b.To && a.Copy == b.Copy }
	}
	for _, a := range after {
		old := slices.IndexFunc(before, same(a))
		switch {
		case old < 0:
			a.state = added
		case before[old].Label != a.Label:
			a.Label, a.state = before[old].Label+" → "+a.Label, changed
		}
		joined = append(joined, a)
	}
	for _, a := range before {
		if !slices.ContainsFunc(after, same(a)) {
			a.state = removed
			joined = append(joined, a)
		}
	}
	return joined
}
