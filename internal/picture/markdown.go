package picture

import (
	"fmt"
	"math"
	"strings"
)

// The number of characters of a bar, and of a line of text.
const (
	barCells    = 30
	longestText = 160
)

// Markdown returns the sheet as a block of code, with bars of characters. The block is a diff, so that GitHub and
// GitLab colour what is new, changed or gone. No name in it ends the block.
func (s *Sheet) Markdown() string {
	t := &textDrawing{palette: s.palette}
	for i, part := range s.sections {
		if i > 0 {
			t.WriteString("\n")
		}
		t.section(part, s.change)
	}
	fence := "```"
	for strings.Contains(t.String(), fence) {
		fence += "`"
	}
	return fence + "diff\n" + t.String() + fence + "\n"
}

type textDrawing struct {
	strings.Builder
	palette palette
}

// sign is the first character of the lines of a change in a diff.
func (c change) sign() string { return [...]string{" ", "+", "!", "-"}[c] }

func (t *textDrawing) section(part section, change bool) {
	title := part.state.word() + part.title
	if part.note != "" {
		title += ", " + part.note
	}
	if count := part.count(); change && (part.state == stays || part.state == changed) {
		title += " (" + count + ")"
	}
	t.line("@@", title+" @@")
	for _, r := range part.rows {
		t.row(r)
	}
}

func (t *textDrawing) line(sign, text string) {
	t.WriteString(strings.TrimRight(sign+" "+cut(text), " ") + "\n")
}

// cut returns a text without its end where it is long.
func cut(text string) string {
	runes := []rune(spell(text))
	if len(runes) > longestText {
		runes = append(runes[:longestText-1], '…')
	}
	return string(runes)
}

func (t *textDrawing) row(r row) {
	sign := r.state.sign()
	if r.folded {
		t.line("#", "      "+r.words)
		return
	}
	words := r.words
	if r.name != "" {
		words = r.name + ": " + words
	}
	t.line(sign, fmt.Sprintf("%3s  %s%s", r.number, r.state.word(), words))
	for _, note := range r.notes {
		t.line(sign, "       "+note)
	}
	for _, b := range r.bars {
		t.line(sign, fmt.Sprintf("     %-4s %s  %s", b.when, t.bar(b), b.names()))
	}
}

// bar draws shares with characters, each at least one.
func (t *textDrawing) bar(b bar) string {
	if len(b.shares) == 0 {
		return strings.Repeat("·", barCells)
	}
	var out strings.Builder
	left, percent := barCells, 0.0
	for _, share := range b.shares {
		percent += share.Percent
	}
	for i, share := range b.shares {
		others := len(b.shares) - i - 1
		n := int(math.Round(share.Percent / percent * float64(left)))
		n = max(1, min(n, left-others))
		percent, left = percent-share.Percent, left-n
		out.WriteString(strings.Repeat(string(fills[t.palette[share.To]%len(fills)]), n))
	}
	return out.String()
}

func (b bar) names() string {
	if len(b.shares) == 0 {
		return b.other
	}
	parts := make([]string, len(b.shares))
	for i, share := range b.shares {
		parts[i] = share.To + " " + share.Label
	}
	return strings.Join(parts, ", ")
}
