package picture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// The looks of texts in a sheet.
var (
	titleLook = look{size: 15, bold: true}
	nameLook  = look{size: 12, bold: true}
	wordsLook = look{size: 12}
	noteLook  = look{size: 11}
	badgeLook = look{size: 10, bold: true}
	tagLook   = look{size: 10}
)

// Sizes in pixels. A text of 12 pixels is 14 high, one of 11 is 13.
const (
	margin     = 16
	firstLine  = 14
	secondLine = 13
	// What a row has above and below its lines: of one line, and of several.
	rowPadding   = 9
	tightPadding = 3
	// Up to so many rows have more air, and one line more.
	airyRows   = 15
	air        = 7
	barHeight  = 11
	gap        = 10 // between columns
	leadGap    = 7  // between a name and the words behind it
	swatch     = 8
	badgeWidth = 56
)

// rect is a place in a sheet.
type rect struct{ x, y, w, h float64 }

// mark is a text or a rectangle in a sheet.
type mark struct {
	rect
	class string
	// text is shown from the left of the place, or with end up to its right.
	text string
	look look
	end  bool
	// lead is a bold text before it, in the same line.
	lead string
	// place is that of a share in the palette, -1 for what is none.
	place int
}

// group is what belongs together: a row, or the title of a section.
type group struct {
	rect
	class string
	title string // all that it says
	marks []mark
}

// columns are where the parts of rows are.
type columns struct {
	width                          float64
	badge, number, words, tag, bar rect
	shares                         rect
}

func (s *Sheet) columns(width float64) columns {
	c := columns{width: width}
	x := float64(margin)
	if s.change {
		c.badge = rect{x: x, w: badgeWidth}
		x += badgeWidth + gap/2
	}
	c.number = rect{x: x, w: wordsLook.width("000")}
	c.words.x = x + c.number.w + gap
	c.shares.w = width * 0.24
	c.shares.x = width - margin - c.shares.w
	c.bar.w = width * 0.18
	c.bar.x = c.shares.x - gap - c.bar.w
	c.tag.x = c.bar.x
	if s.change {
		c.tag.w = tagLook.width(whenThen) + gap/2
		c.tag.x -= c.tag.w
	}
	c.words.w = c.tag.x - gap - c.words.x
	return c
}

// layout says where everything is in a sheet of a width, and how high it is.
func (s *Sheet) layout(width float64) (groups []group, height float64) {
	c, rows := s.columns(width), 0
	for _, part := range s.sections {
		rows += len(part.rows)
	}
	more, most := 0.0, 2
	if rows <= airyRows {
		more, most = air, 3
	}
	y := float64(gap)
	for i, part := range s.sections {
		if i > 0 {
			y += gap
		}
		head := s.head(part, c, y)
		groups, y = append(groups, head), y+head.h
		for _, r := range part.rows {
			g := s.row(r, c, y, more, most)
			groups, y = append(groups, g), y+g.h
		}
	}
	return groups, y + gap
}

// head is the title of a section.
func (s *Sheet) head(part section, c columns, y float64) group {
	g := group{rect: rect{0, y, c.width, 30}, class: "head", title: part.title}
	right := c.width - margin
	if count := part.count(); s.change && part.state != added && part.state != removed && count != "" {
		w := noteLook.width(count)
		g.add(mark{rect: rect{right - w, y + 6, w, secondLine}, class: "note", text: count, look: noteLook, end: true})
		right -= w + gap
	}
	x := float64(margin)
	if word := part.state.badge(); word != "" {
		g.badge(part.state, word, rect{x, y + 4, badgeWidth, 16})
		x += badgeWidth + gap
	}
	title, below := titleLook.split(spell(part.title), right-x)
	g.add(mark{rect: rect{x, y + 2, right - x, 18}, class: "title", text: title, look: titleLook})
	if part.note != "" {
		g.title += "\n" + part.note
		below = strings.TrimPrefix(below+" · "+spell(part.note), " · ")
	}
	if below != "" {
		g.h += secondLine
		g.add(mark{
			rect: rect{margin, y + 22, c.width - 2*margin, secondLine}, class: "note", text: below, look: noteLook,
		})
	}
	return g
}

// count says how many rules are new, changed and gone.
func (p section) count() string {
	counts := map[change]int{}
	for _, r := range p.rows {
		counts[r.state]++
	}
	var parts []string
	for _, state := range []change{added, changed, removed} {
		if n := counts[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state.badge()))
		}
	}
	if len(parts) == 0 {
		return "as before"
	}
	return strings.Join(parts, ", ")
}

// badge is the word that marks a change.
func (c change) badge() string { return strings.TrimSuffix(c.word(), ": ") }

// row is a rule.
func (s *Sheet) row(r row, c columns, y, more float64, most int) group {
	g := group{rect: rect{0, y, c.width, firstLine + rowPadding + more}, title: r.whole}
	g.class = strings.TrimSpace("row " + r.state.badge())
	if r.folded {
		g.class = "row folded"
		g.add(mark{
			rect:  rect{c.number.x, y + (g.h-secondLine)/2, c.width - margin - c.number.x, secondLine},
			class: "note", text: r.words, look: noteLook,
		})
		return g
	}
	lead := nameLook.fit(spell(r.name), c.words.w*0.45)
	lines := textLines(r, c.words.w-leadWidth(lead), c.words.w, most)
	high := float64(firstLine)
	for _, l := range lines[1:] {
		high += l.h
	}
	if len(r.bars) > 1 {
		high = max(high, firstLine+secondLine)
	}
	g.h = high + rowPadding + more
	if high > firstLine {
		g.h = high + tightPadding + more
	}
	if word := r.state.badge(); word != "" {
		g.badge(r.state, word, rect{c.badge.x, y + (g.h-16)/2, badgeWidth, 16})
	}
	at := y + (g.h-high)/2
	if len(lines) == 1 {
		at = y + (g.h-firstLine)/2
	}
	g.add(mark{
		rect: rect{c.number.x, at, c.number.w, firstLine}, class: "number", text: r.number, look: wordsLook, end: true,
	})
	lines[0].lead = lead
	for _, l := range lines {
		l.x, l.y, l.w = c.words.x, at, c.words.w
		g.add(l)
		at += l.h
	}
	s.bars(&g, r, c)
	return g
}

// textLines breaks the words of a row and what is noted of it into at least one line and at most so many. The first
// has less room, behind the name.
func textLines(r row, first, room float64, most int) []mark {
	notes, forWords := spell(strings.Join(r.notes, " · ")), most
	if notes != "" {
		forWords--
	}
	var lines []mark
	words := wordsLook.lines(spell(r.words), forWords, first, room)
	if last := len(words) - 1; r.brief != "" && wordsLook.width(words[last]) > []float64{first, room}[min(last, 1)] {
		words = wordsLook.lines(spell(r.brief), forWords, first, room)
	}
	for _, line := range words {
		lines = append(lines, mark{rect: rect{h: firstLine}, class: "words", text: line, look: wordsLook})
	}
	if notes == "" {
		return lines
	}
	for _, line := range noteLook.lines(notes, most-len(lines), room, room) {
		lines = append(lines, mark{rect: rect{h: secondLine}, class: "note", text: line, look: noteLook})
	}
	return lines
}

// leadWidth is how wide a bold text is at most before another one, with the gap between the two.
func leadWidth(lead string) float64 {
	if lead == "" {
		return 0
	}
	return nameLook.width(lead) + leadGap
}

// add adds a mark of which there is something to see: a text as far as there is room.
func (g *group) add(m mark) {
	if m.look.size > 0 {
		m.text = m.look.fit(spell(m.text), m.w-leadWidth(m.lead))
		if m.lead == "" && (m.text == "" || m.text == ellipsis) {
			return
		}
		m.place = -1
	}
	g.marks = append(g.marks, m)
}

func (g *group) badge(state change, word string, at rect) {
	g.marks = append(g.marks, mark{rect: at, class: "badge " + state.badge(), place: -1})
	inner := rect{at.x, at.y + 2, at.w, 12}
	g.add(mark{rect: inner, class: "badge-text " + state.badge(), text: word, look: badgeLook})
}

// bars draws the bars of a rule, and beside them what their parts are.
func (s *Sheet) bars(g *group, r row, c columns) {
	for i, b := range r.bars {
		middle := g.y + g.h/2
		if len(r.bars) > 1 {
			middle += []float64{-1, 1}[i] * (firstLine + secondLine) / 4
		}
		g.add(mark{
			rect: rect{c.tag.x, middle - 6, c.tag.w, 12}, class: "note", text: b.when, look: tagLook,
		})
		at := rect{c.bar.x, middle - barHeight/2.0, c.bar.w, barHeight}
		if len(b.shares) == 0 {
			at.y, at.h = at.y+1, at.h-2
			g.marks = append(g.marks, mark{rect: at, class: "elsewhere", place: -1})
			place := rect{c.shares.x, middle - 6.5, c.shares.w, secondLine}
			g.add(mark{rect: place, class: "share", text: b.other, look: noteLook})
			continue
		}
		x, sum := at.x, 0.0
		for _, share := range b.shares {
			sum += share.Percent
		}
		for _, share := range b.shares {
			w := at.w * share.Percent / sum
			g.marks = append(g.marks, mark{rect: rect{x, at.y, w, at.h}, class: "bar", place: s.palette[share.To]})
			x += w
		}
		s.names(g, b.shares, rect{c.shares.x, middle - 6.5, c.shares.w, secondLine})
	}
}

// names writes what the parts of a bar are: a colour, a share and a name each, and how many there is no room for.
func (s *Sheet) names(g *group, shares []Arrow, at rect) {
	count, rooms := legend(shares, at.w)
	for i, share := range shares[:count] {
		percent := noteLook.width(share.Label)
		name := noteLook.fit(spell(share.To), rooms[i])
		g.marks = append(g.marks, mark{
			rect: rect{at.x, at.y + (at.h-swatch)/2, swatch, swatch}, class: "swatch", place: s.palette[share.To],
		})
		label := rect{at.x + swatch + 4, at.y, percent, at.h}
		g.add(mark{rect: label, class: "share percent", text: share.Label, look: noteLook})
		need, w := legendWidth(share), noteLook.width(name)
		g.add(mark{rect: rect{at.x + need, at.y, w, at.h}, class: "share", text: name, look: noteLook})
		at.x, at.w = at.x+need+w+gap, at.w-need-w-gap
	}
	if rest := len(shares) - count; rest > 0 {
		g.add(mark{rect: at, class: "note", text: fmt.Sprintf("+%d", rest), look: noteLook})
	}
}

// legendWidth is how wide the colour and the share of a destination are, with the gap before its name.
func legendWidth(share Arrow) float64 { return swatch + 4 + noteLook.width(share.Label) + 4 }

// legend says how many of the parts of a bar are named in a width, at least one, and how wide the name of each may
// be. A share says more than the end of a long name: names are cut before one is left out.
func legend(shares []Arrow, width float64) (count int, rooms []float64) {
	least := noteLook.width("000" + ellipsis)
	for count = len(shares); ; count-- {
		room, wanted, needed := width+gap, []float64{}, 0.0
		if rest := len(shares) - count; rest > 0 {
			room -= gap + noteLook.width(fmt.Sprintf("+%d", rest))
		}
		for _, share := range shares[:count] {
			room -= legendWidth(share) + gap
			w := noteLook.width(spell(share.To))
			wanted, needed = append(wanted, w), needed+min(w, least)
		}
		if needed <= room || count == 1 {
			return count, spread(room, wanted)
		}
	}
}

// spread shares a room out: who wants less than an equal part leaves the rest of it to the others.
func spread(room float64, wanted []float64) []float64 {
	given, left := make([]float64, len(wanted)), len(wanted)
	order := make([]int, len(wanted))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(wanted[a], wanted[b]) })
	for _, i := range order {
		given[i] = min(wanted[i], room/float64(left))
		room, left = room-given[i], left-1
	}
	return given
}
