package picture

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// longestLabel is the number of characters of a text in a picture, beyond which it is cut.
const longestLabel = 90

// wide lets a line of a label be as long as it is, where Mermaid would break it at 200 pixels.
const wide = "---\nconfig:\n  flowchart:\n    wrappingWidth: 600\n---\n"

// drawing writes a Mermaid flowchart.
type drawing struct {
	nodes, links              strings.Builder
	hosts, boxes, ends, edges int // how many there are
	used                      map[change]bool
	linksOf                   map[change][]string
}

func newDrawing() *drawing {
	return &drawing{used: map[change]bool{}, linksOf: map[change][]string{}}
}

// route draws the title of a route and its rules.
func (d *drawing) route(title []string, boxes []Box, state change) {
	host := fmt.Sprintf("h%d", d.hosts)
	d.hosts++
	d.node(host, `(["%s"])`, state, title)
	for _, b := range boxes {
		id := fmt.Sprintf("r%d", d.boxes)
		d.boxes++
		lines := b.Lines
		if b.Number > 0 {
			lines = append([]string{fmt.Sprintf("rule %d", b.Number)}, lines...)
		}
		d.node(id, `["%s"]`, b.state, lines)
		d.link(host, id, Arrow{state: b.state})
		targets := map[string]string{}
		for _, a := range b.Arrows {
			if targets[a.To] == "" {
				targets[a.To] = d.target(a.To)
			}
			d.link(id, targets[a.To], a)
		}
	}
}

// target draws where a rule sends requests, and returns its id. Rules that send them to the same place each have a
// node of their own: with a common one the layout would put rules next to each other by where they lead, and not in
// the order in which they are tried.
func (d *drawing) target(text string) string {
	id := fmt.Sprintf("d%d", d.ends)
	d.ends++
	d.node(id, `("%s")`, stays, []string{text})
	return id
}

func (d *drawing) node(id, form string, state change, lines []string) {
	escaped := make([]string, len(lines))
	for i, line := range lines {
		escaped[i] = escape(line)
	}
	fmt.Fprintf(&d.nodes, "  %s"+form, id, state.word()+strings.Join(escaped, "<br/>"))
	if class, _ := state.style(); class != "" {
		d.nodes.WriteString(":::" + class)
		d.used[state] = true
	}
	d.nodes.WriteByte('\n')
}

func (d *drawing) link(from, to string, a Arrow) {
	line := "-->"
	if a.Copy {
		line = "-.->"
	}
	label := a.Label
	if strings.HasPrefix(to, "d") {
		label = strings.TrimSuffix(a.state.word()+label, ": ")
		if a.state == changed {
			label = a.Label
		}
	}
	if label != "" {
		line += `|"` + label + `"|`
	}
	fmt.Fprintf(&d.links, "  %s %s %s\n", from, line, to)
	if a.state != stays {
		d.linksOf[a.state] = append(d.linksOf[a.state], strconv.Itoa(d.edges))
	}
	d.edges++
}

func (d *drawing) text() string {
	var b strings.Builder
	b.WriteString(wide + "flowchart LR\n")
	b.WriteString(d.nodes.String())
	b.WriteString(d.links.String())
	for _, state := range []change{added, changed, removed} {
		class, style := state.style()
		if d.used[state] {
			fmt.Fprintf(&b, "  classDef %s %s\n", class, style)
		}
		if links := d.linksOf[state]; len(links) > 0 {
			fmt.Fprintf(&b, "  linkStyle %s %s\n", strings.Join(links, ","), style)
		}
	}
	return b.String()
}

// escape makes a text one that Mermaid shows as it is: characters that Mermaid, Markdown or HTML could read become
// Mermaid's entities, those that cannot be seen are spelled out, and what is too long is cut.
func escape(text string) string {
	runes := []rune(spell(text))
	if len(runes) > longestLabel {
		runes = append(runes[:longestLabel-1], '…')
	}
	var b strings.Builder
	for i, r := range runes {
		after := rune(' ')
		if i+1 < len(runes) {
			after = runes[i+1]
		}
		if harmless(r, i, after) && !afterWWW(runes, i) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "#%d;", r)
		}
		if startsMarkup(runes, i) {
			b.WriteString(noSpace)
		}
	}
	return b.String()
}

// spell writes characters that cannot be seen as Go does, and so accents on top of two others.
func spell(text string) string {
	var b strings.Builder
	accents := 0
	for _, r := range text {
		if unicode.Is(unicode.M, r) {
			accents++
		} else {
			accents = 0
		}
		if unicode.IsPrint(r) && !strings.ContainsRune(blanks, r) && accents <= 2 {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// blanks are characters that count as printable, and leave no ink.
const blanks = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"

// harmless reports whether a character may stay. Punctuation at the start of a line, and a full stop at the end of a
// word, make lists in Markdown.
func harmless(r rune, place int, after rune) bool {
	switch {
	case r > unicode.MaxASCII:
		return true
	case '0' <= r && r <= '9', 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r == '/':
		return true
	case place == 0:
		return false
	case r == ' ':
		return after != ' '
	case r == '.':
		return after != ' '
	}
	return strings.ContainsRune("-=,", r)
}

// noSpace is a space without a width.
const noSpace = "#65279;"

// startsMarkup reports whether Mermaid would read a character and what follows as markup even where all of it is
// entities: a formula between two $ each, emphasis, a line break, an icon behind fa and a colon. A space behind the
// character prevents it.
func startsMarkup(runes []rune, i int) bool {
	rest := string(runes[i+1 : min(i+4, len(runes))])
	word := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]))
	}
	switch runes[i] {
	case '$':
		return strings.HasPrefix(rest, "$")
	case '\\':
		return strings.HasPrefix(rest, "n")
	case ':':
		return rest == "fa-"
	case '*':
		return true
	case '_':
		return !word(i-1) || !word(i+1)
	}
	return false
}

// afterWWW reports whether a full stop follows www, which Markdown takes for a link.
func afterWWW(runes []rune, i int) bool {
	return runes[i] == '.' && i >= 3 && strings.EqualFold(string(runes[i-3:i]), "www")
}
