package traffic

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Diagram draws VirtualServices as the text of a Mermaid flowchart: hosts, the rules in the order in which they are
// tried, and where each sends its requests. Delegates are among the routes. The same routes give the same text, and
// no text of theirs is read as Mermaid, Markdown or HTML.
func Diagram(routes []*istio.Object, options Options) string {
	t := NewTable(routes, nil, options)
	n := newNamer(t)
	d := newDrawing()
	for _, s := range t.virtualServices {
		d.service(t.title(s), n.picture(s), stays)
	}
	return d.text()
}

// DiagramChange draws routes before and after a change in one picture, each with what is known of its place. What is
// new has a thick green line, what changes a thick yellow one, what is gone a broken red one, and their labels say so
// too.
func DiagramChange(before, after []*istio.Object, beforehand, afterwards Options) string {
	was, is := NewTable(before, nil, beforehand), NewTable(after, nil, afterwards)
	n := newNamer(was, is)
	d := newDrawing()
	gone := slices.Clone(was.virtualServices)
	for _, s := range is.virtualServices {
		old := slices.IndexFunc(gone, func(o *virtualService) bool { return o.object.String() == s.object.String() })
		if old < 0 {
			d.service(is.title(s), marked(n.picture(s), added), added)
			continue
		}
		state, title := stays, is.title(s)
		if previous := was.title(gone[old]); !slices.Equal(previous, title) {
			state, title = changed, append(title, "was "+strings.Join(previous, " "))
		}
		d.service(title, compare(n.picture(gone[old]), n.picture(s)), state)
		gone = slices.Delete(gone, old, old+1)
	}
	for _, s := range gone {
		d.service(was.title(s), marked(n.picture(s), removed), removed)
	}
	return d.text()
}

// change is what becomes of a part of a picture.
type change int

const (
	stays change = iota
	added
	changed
	removed
)

// word starts the label of a part.
func (c change) word() string {
	return [...]string{"", "new: ", "changed: ", "gone: "}[c]
}

// style is the look of a part's lines, and its class.
func (c change) style() (class, style string) {
	switch c {
	case added:
		return "added", "stroke:#1a7f37,stroke-width:3px"
	case changed:
		return "changed", "stroke:#bf8700,stroke-width:3px"
	case removed:
		return "removed", "stroke:#cf222e,stroke-width:2px,stroke-dasharray:5 5"
	case stays:
	}
	return "", ""
}

// box is a rule in a picture.
type box struct {
	key    string // equal for what is one rule before and after a change
	number int    // from 1; 0 for what is no rule
	lines  []string
	arrows []arrow
	state  change
}

// arrow leads from a rule to where it sends requests.
type arrow struct {
	to    string
	label string
	copy  bool
	state change
}

// title names the hosts of a VirtualService, with the Gateways that do not serve them, and, if it is not only for
// sidecars, its gateways.
func (t *Table) title(s *virtualService) []string {
	lines := few(s.hosts, "and %d more hosts")
	for i, host := range s.hosts[:min(len(s.hosts), len(lines))] {
		if without := t.unserved(s, s.written[i]); len(without) > 0 && lines[i] == host {
			lines[i] += ", not served at " + strings.Join(few(without, "%d more"), ", ")
		}
	}
	if !slices.Equal(s.gateways, []string{istio.MeshGateway}) {
		lines = append(lines, "at "+strings.Join(few(s.gateways, "%d more"), ", "))
	}
	return lines
}

// few returns at most three texts, and how many more there are.
func few(texts []string, more string) []string {
	if len(texts) <= 4 {
		return slices.Clone(texts)
	}
	return append(slices.Clone(texts[:3]), fmt.Sprintf(more, len(texts)-3))
}

// picture returns the rules of a VirtualService, and a last box for requests without one.
func (n *namer) picture(s *virtualService) []box {
	var boxes []box
	done := false
	for i, rule := range s.rules {
		b := box{number: i + 1, key: rule.ref.Name, lines: rule.ruleLines(i == 0), arrows: n.arrows(rule)}
		if b.key == "" {
			b.key = strings.Join(b.lines, "\n")
		}
		if done {
			b.lines = append(b.lines, "never reached")
		}
		b.lines = append(b.lines, n.boxExtras(rule)...)
		if rule.ref.Name != "" {
			b.lines = append([]string{rule.ref.Name}, b.lines...)
		}
		boxes = append(boxes, b)
		_, all := rule.requests(i == 0)
		done = done || all
	}
	if !done {
		for _, r := range s.left() {
			boxes = append(boxes, box{key: "\x00" + r.to(), lines: []string{r.who}, arrows: []arrow{{to: r.to()}}})
		}
	}
	keys := map[string]int{}
	for i := range boxes {
		keys[boxes[i].key]++
		boxes[i].key = fmt.Sprintf("%s\x00%d", boxes[i].key, keys[boxes[i].key])
	}
	return boxes
}

// ruleLines says which requests a rule is for.
func (r *compiledRule) ruleLines(first bool) []string {
	words, all := r.requests(first)
	if all || slices.ContainsFunc(r.matches, func(m compiledMatch) bool { return m.words() == "" }) {
		return []string{words}
	}
	var lines []string
	for i := range r.matches {
		lines = append(lines, r.matches[i].words())
	}
	lines = few(lines, "%d more matches")
	for i := 1; i < len(lines); i++ {
		lines[i] = "or " + lines[i]
	}
	return lines
}

func (n *namer) boxExtras(rule *compiledRule) []string {
	var extras []string
	if rule.rule.Redirect == nil && rule.rule.DirectResponse == nil {
		for _, extra := range n.extras(rule.rule) {
			if !strings.Contains(extra, "copied to") {
				extras = append(extras, extra)
			}
		}
	}
	if fault := newFault(rule.rule.Fault); fault != nil {
		extras = append(extras, fault.words()...)
	}
	return extras
}

func (n *namer) arrows(rule *compiledRule) []arrow {
	switch {
	case rule.rule.Redirect != nil:
		return []arrow{{to: "redirect" + redirectWords(rule.rule.Redirect)}}
	case rule.rule.DirectResponse != nil:
		return []arrow{{to: fmt.Sprintf("answer %d from the proxy", rule.rule.DirectResponse.Status)}}
	}
	var arrows []arrow
	for _, share := range newShares(rule.rule.Route) {
		arrows = append(arrows, arrow{to: n.name(share.Destination), label: percentWords(share.Percent)})
	}
	if len(arrows) == 0 {
		arrows = []arrow{{to: "no destination"}}
	}
	for _, mirror := range newMirrors(rule.rule) {
		arrows = append(arrows,
			arrow{to: n.name(mirror.Destination), label: "copy of " + percentWords(mirror.Percent), copy: true})
	}
	return arrows
}

// marked gives everything one state.
func marked(boxes []box, state change) []box {
	for i := range boxes {
		boxes[i].state = state
		for j := range boxes[i].arrows {
			boxes[i].arrows[j].state = state
		}
	}
	return boxes
}

// compare joins two pictures of one VirtualService: boxes as they are afterwards, and those that are gone behind the
// boxes that they were behind.
func compare(before, after []box) []box {
	var joined []box
	for _, b := range after {
		old := slices.IndexFunc(before, func(o box) bool { return o.key == b.key })
		if old < 0 {
			joined = append(joined, marked([]box{b}, added)...)
			continue
		}
		if !slices.Equal(b.lines, before[old].lines) {
			b.state = changed
			b.lines = append(b.lines, "was "+strings.Join(missing(before[old].lines, b.lines), ", "))
		} else if b.number != before[old].number && b.number != 0 && swapped(before, after, b.key) {
			b.state = changed
			b.lines = append(b.lines, fmt.Sprintf("was rule %d", before[old].number))
		}
		b.arrows = compareArrows(before[old].arrows, b.arrows)
		joined = append(joined, b)
	}
	at := 0
	for _, o := range before {
		if i := slices.IndexFunc(joined, func(b box) bool { return b.key == o.key }); i >= 0 {
			at = i + 1
			continue
		}
		joined = slices.Insert(joined, at, marked([]box{o}, removed)...)
		at++
	}
	return joined
}

// swapped reports whether a box has another place among those that are in both pictures.
func swapped(before, after []box, key string) bool {
	place := func(boxes, others []box) int {
		n := 0
		for _, b := range boxes {
			if b.key == key {
				return n
			}
			if slices.ContainsFunc(others, func(o box) bool { return o.key == b.key }) {
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

func compareArrows(before, after []arrow) []arrow {
	var joined []arrow
	same := func(a arrow) func(arrow) bool {
		return func(b arrow) bool { return a.to == b.to && a.copy == b.copy }
	}
	for _, a := range after {
		old := slices.IndexFunc(before, same(a))
		switch {
		case old < 0:
			a.state = added
		case before[old].label != a.label:
			a.label, a.state = before[old].label+" → "+a.label, changed
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
