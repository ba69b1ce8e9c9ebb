package picture

import (
	"fmt"
	"slices"
	"strings"
)

// mostRows is the number of rules of a route that a sheet draws.
const mostRows = 200

// Sheet is a picture with a row for each rule: its words, and a bar of the shares in which it sends requests. It can
// be drawn in several ways.
type Sheet struct {
	sections []section
	// subsets are those of the destinations.
	subsets map[string]string
	palette palette
	change  bool
}

// section is one route.
type section struct {
	title, note string
	state       change
	rows        []row
}

// row is a rule, or several of which nothing is told.
type row struct {
	state change
	// number is that of the rule, empty for what is none and for what is folded.
	number string
	name   string
	words  string
	// brief takes their place where there is no room for them, if it is not empty.
	brief string
	// notes are what else the rule does, what it was, and where its requests go afterwards.
	notes []string
	// whole is everything that the row says.
	whole string
	// bars are two where the shares change.
	bars   []bar
	folded bool
}

// bar is where a rule sends requests.
type bar struct {
	when   string // empty without a change
	shares []Arrow
	other  string // where requests go that are sent to no destination
}

// NewSheet makes a sheet of routes.
func NewSheet(routes []Route) *Sheet {
	s := &Sheet{}
	for _, r := range routes {
		part := section{title: strings.Join(r.Title, ", ")}
		for i := range r.Boxes {
			part.rows = append(part.rows, single(&r.Boxes[i], stays, ""))
		}
		s.add(part)
	}
	s.subsets = subsetsOf(routes)
	return s.Share(nil)
}

// The words that say which of two bars is which.
const (
	whenNow  = "now"
	whenThen = "then"
)

// NewChangeSheet makes a sheet of routes before and after a change. Rules that stay as they are become one row.
func NewChangeSheet(before, after []Route) *Sheet {
	s := &Sheet{change: true}
	gone := slices.Clone(before)
	for _, r := range after {
		part := section{title: strings.Join(r.Title, ", "), state: added}
		old := slices.IndexFunc(gone, func(o Route) bool { return o.Key == r.Key })
		if old < 0 {
			part.rows = whole(r.Boxes, added, whenThen)
			s.add(part)
			continue
		}
		part.state = stays
		if previous := strings.Join(gone[old].Title, ", "); previous != part.title {
			part.state, part.note = changed, "was "+previous
		}
		part.rows = fold(pair(gone[old].Boxes, r.Boxes))
		s.add(part)
		gone = slices.Delete(gone, old, old+1)
	}
	for _, r := range gone {
		s.add(section{
			title: strings.Join(r.Title, ", "), state: removed, rows: whole(r.Boxes, removed, whenNow),
		})
	}
	s.subsets = subsetsOf(slices.Concat(before, after))
	return s.Share(nil)
}

func (s *Sheet) add(part section) {
	if more := len(part.rows) - mostRows; more > 0 {
		rest := row{folded: true, words: fmt.Sprintf("and %d more rows", more)}
		part.rows = append(part.rows[:mostRows:mostRows], rest)
	}
	s.sections = append(s.sections, part)
}

// Share gives subsets the colours that they have in other pictures of a page, as far as two of one picture do not have
// the same, and adds those of the others. It returns the sheet.
func (s *Sheet) Share(given Colours) *Sheet {
	s.palette = newPalette(s.subsets, given)
	return s
}

func subsetsOf(routes []Route) map[string]string {
	subsets := map[string]string{}
	for _, r := range routes {
		for _, b := range r.Boxes {
			shares, _ := b.shares()
			for _, a := range shares {
				subsets[a.To] = a.Subset
			}
		}
	}
	return subsets
}

// shares returns the destinations of a rule, or where requests go that are sent to none.
func (b *Box) shares() (shares []Arrow, other string) {
	for _, a := range b.Arrows {
		switch {
		case a.Copy:
		case a.Percent > 0:
			shares = append(shares, a)
		default:
			other = a.To
		}
	}
	return shares, other
}

func (b *Box) bar(when string) bar {
	shares, other := b.shares()
	return bar{when: when, shares: shares, other: other}
}

func whole(boxes []Box, state change, when string) []row {
	rows := make([]row, 0, len(boxes))
	for i := range boxes {
		rows = append(rows, single(&boxes[i], state, when))
	}
	return rows
}

// single is a rule of which nothing is compared.
func single(b *Box, state change, when string) row {
	return row{
		state: state, number: b.number(), name: b.Name, words: b.Requests, brief: b.Brief,
		notes: slices.Concat(b.Fate, b.Besides),
		whole: strings.Join(slices.Concat([]string{b.line()}, b.Fate), "; "),
		bars:  []bar{b.bar(when)},
	}
}

func (b *Box) number() string {
	if b.Number == 0 {
		return ""
	}
	return fmt.Sprint(b.Number)
}

// line is everything about a rule.
func (b *Box) line() string {
	line := b.Sentence
	if b.Name != "" {
		line = b.Name + ": " + line
	}
	if b.Number > 0 {
		line = fmt.Sprintf("rule %d, ", b.Number) + line
	}
	return spell(line)
}

// fold makes rows of pairs: rules that follow each other and stay as they are become one.
func fold(pairs []pairing) []row {
	var rows []row
	for i := 0; i < len(pairs); {
		end := i
		for end < len(pairs) && pairs[end].unchanged() && pairs[end].is.Number > 0 {
			end++
		}
		if end-i > 1 {
			rows, i = append(rows, folded(pairs[i:end])), end
			continue
		}
		rows = append(rows, pairs[i].row())
		i++
	}
	return rows
}

func folded(pairs []pairing) row {
	span := func(from, to int) string { return fmt.Sprintf("%d–%d", from, to) }
	first, last := pairs[0], pairs[len(pairs)-1]
	r := row{folded: true, words: "rules " + span(first.is.Number, last.is.Number) + " as before"}
	if first.was.Number != first.is.Number && last.was.Number-first.was.Number == len(pairs)-1 {
		r.words += ", were " + span(first.was.Number, last.was.Number)
	}
	var lines []string
	for _, p := range pairs {
		lines = append(lines, p.is.line())
	}
	r.whole = strings.Join(lines, "\n")
	return r
}

func (p pairing) unchanged() bool {
	return p.was != nil && p.is != nil && !p.moved && p.was.Name == p.is.Name && p.was.Sentence == p.is.Sentence &&
		slices.EqualFunc(p.was.Arrows, p.is.Arrows, func(a, b Arrow) bool { return a == b })
}

// row says what becomes of a rule.
func (p pairing) row() row {
	switch {
	case p.was == nil:
		return single(p.is, added, whenThen)
	case p.is == nil:
		return single(p.was, removed, whenNow)
	case p.unchanged():
		return single(p.is, stays, "")
	}
	r := single(p.is, changed, whenThen)
	now := p.was.bar(whenNow)
	if slices.EqualFunc(now.shares, r.bars[0].shares, sameShare) && now.other == r.bars[0].other {
		r.bars[0].when = ""
	} else {
		r.bars = append([]bar{now}, r.bars...)
	}
	var was []string
	if p.moved {
		was = append(was, fmt.Sprintf("rule %d", p.was.Number))
	}
	if p.was.Name != p.is.Name {
		was = append(was, p.was.Name)
	}
	if p.was.Requests != p.is.Requests {
		was = append(was, p.was.Requests)
	}
	if !slices.Equal(p.was.Besides, p.is.Besides) {
		was = append(was, missing(p.was.Besides, p.is.Besides)...)
	}
	if len(was) > 0 {
		r.notes = append(slices.Clip(r.notes), "was "+strings.Join(was, ", "))
	}
	r.whole += "\nwas " + p.was.line()
	return r
}

func sameShare(a, b Arrow) bool { return a.To == b.To && a.Percent == b.Percent }
