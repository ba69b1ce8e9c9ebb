// Package picture draws rules and where they lead as the text of a Mermaid flowchart, before and after a change in
// one. It is pure, and knows nothing of what it draws.
package picture

import (
	"cmp"
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

// compare joins two pictures of one VirtualService.
func compare(before, after []Box) []Box {
	var joined []Box
	for _, p := range pair(before, after) {
		switch {
		case p.was == nil:
			joined = append(joined, marked([]Box{*p.is}, added)...)
			continue
		case p.is == nil:
			joined = append(joined, marked([]Box{*p.was}, removed)...)
			continue
		}
		b := *p.is
		if !slices.Equal(b.Lines, p.was.Lines) {
			b.state = changed
			b.Lines = append(slices.Clip(b.Lines), "was "+strings.Join(missing(p.was.Lines, b.Lines), ", "))
		} else if p.swapped {
			b.state = changed
			b.Lines = append(slices.Clip(b.Lines), fmt.Sprintf("was rule %d", p.was.Number))
		}
		b.Arrows = compareArrows(p.was.Arrows, b.Arrows)
		joined = append(joined, b)
	}
	return joined
}

// pairing is a box before and after a change, one of them nil where it is new or gone.
type pairing struct {
	was, is *Box
	// swapped says that it has another place among those that are in both pictures, and moved that it is one of the
	// fewest that have to move to come from one order to the other.
	swapped, moved bool
}

// pair joins the boxes of two pictures: as they are afterwards, and those that are gone behind the boxes that they
// were behind.
func pair(before, after []Box) []pairing {
	places := make(map[string]int, len(before))
	for i := range before {
		places[before[i].Key] = i
	}
	joined := make([]pairing, 0, len(after))
	behind := make(map[string]int, len(after)) // where in joined
	for i := range after {
		p := pairing{is: &after[i]}
		if old, stays := places[p.is.Key]; stays {
			p.was = &before[old]
		}
		behind[p.is.Key] = len(joined)
		joined = append(joined, p)
	}
	markMoves(joined)
	at, gone := 0, make([][]pairing, len(joined)+1)
	for i := range before {
		if place, stays := behind[before[i].Key]; stays {
			at = place + 1
			continue
		}
		gone[at] = append(gone[at], pairing{was: &before[i]})
	}
	all := gone[0]
	for i, p := range joined {
		all = append(append(all, p), gone[i+1]...)
	}
	return all
}

// markMoves marks the boxes of both pictures that have another place among them.
func markMoves(joined []pairing) {
	var stay []*pairing // in the order of afterwards
	for i := range joined {
		if joined[i].was != nil {
			stay = append(stay, &joined[i])
		}
	}
	before := slices.Clone(stay)
	slices.SortStableFunc(before, func(a, b *pairing) int { return cmp.Compare(a.was.Number, b.was.Number) })
	// The longest row of boxes that are in the same order in both stays where it is: length is that of the longest
	// one that ends with a box, and previous the box before in it.
	length, previous, last := make([]int, len(stay)), make([]int, len(stay)), -1
	for i, p := range stay {
		p.swapped = before[i] != p && p.is.Number != 0 && p.is.Number != p.was.Number
		length[i], previous[i] = 1, -1
		for j := range i {
			if stay[j].was.Number < p.was.Number && length[j] >= length[i] {
				length[i], previous[i] = length[j]+1, j
			}
		}
		if last < 0 || length[i] > length[last] {
			last = i
		}
		p.moved = p.is.Number != 0
	}
	for ; last >= 0; last = previous[last] {
		stay[last].moved = false
	}
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
