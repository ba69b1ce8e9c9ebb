package traffic

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/picture"
)

// Diagram draws VirtualServices as the text of a Mermaid flowchart: hosts, the rules in the order in which they are
// tried, and where each sends its requests. Delegates are among the routes.
func Diagram(routes []*istio.Object, options Options) string {
	t := NewTable(routes, nil, options)
	return picture.Draw(newNamer(t).pictures(t))
}

// DiagramChange draws routes before and after a change in one picture, each with what is known of its place.
func DiagramChange(before, after []*istio.Object, beforehand, afterwards Options) string {
	was, is := NewTable(before, nil, beforehand), NewTable(after, nil, afterwards)
	n := newNamer(was, is)
	return picture.DrawChange(n.pictures(was), n.pictures(is))
}

// Sheet makes a picture of VirtualServices with a row for each rule, in the words of a summary. Delegates are among
// the routes; what is not known of them is a stand-in, as there.
func Sheet(routes []*istio.Object, options Options) *picture.Sheet {
	t := tableOf(routes, options, isWhole(routes, options))
	return picture.NewSheet(newNamer(t).rows(t))
}

// SheetOfChange makes a picture of routes before and after a change, each with what is known of its place. It says of
// rules that go where their requests go afterwards.
func SheetOfChange(before, after []*istio.Object, beforehand, afterwards Options) *picture.Sheet {
	whole := isWhole(before, beforehand) && isWhole(after, afterwards)
	was, is := tableOf(before, beforehand, whole), tableOf(after, afterwards, whole)
	n := newNamer(was, is)
	now, then := n.rows(was), n.rows(is)
	n.tellFates(was, is, now, then)
	return picture.NewChangeSheet(now, then)
}

// isWhole reports whether routes need no stand-ins: no delegate is missing, and they are not delegates alone.
func isWhole(routes []*istio.Object, options Options) bool {
	t := NewTable(routes, nil, options)
	return (len(routes) == 0 || len(t.virtualServices) > 0) &&
		!slices.ContainsFunc(t.dropped, func(d Dropped) bool { return d.Missing })
}

// tableOf makes a table for a sheet. One with stand-ins has the destinations of a rule in another order.
func tableOf(routes []*istio.Object, options Options, whole bool) *Table {
	if whole {
		return NewTable(routes, nil, options)
	}
	return newWordTable(routes, options)
}

// rows returns what a sheet has of each VirtualService: its TLS and TCP rules too, as in a summary.
func (n *namer) rows(t *Table) []picture.Route {
	routes := n.pictures(t)
	for i, s := range t.virtualServices {
		flows := newFlows(s, n.clusterDomain)
		if len(s.rules) == 0 && len(flows) > 0 {
			routes[i].Boxes = nil // no HTTP is expected
		}
		for _, f := range flows {
			words := f.words()
			routes[i].Boxes = append(routes[i].Boxes, picture.Box{
				Key: "\x00" + words, Requests: words, Sentence: words + n.forward(f.routes, false),
				Arrows: n.toDestinations(f.routes),
			})
		}
	}
	return routes
}

// pictures returns what is drawn of each VirtualService.
func (n *namer) pictures(t *Table) []picture.Route {
	var routes []picture.Route
	for _, s := range t.virtualServices {
		routes = append(routes, picture.Route{Key: s.object.String(), Title: t.title(s), Boxes: n.boxes(s)})
	}
	return routes
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

const neverReached = "never reached"

// boxes returns the rules of a VirtualService, and a last box for requests without one.
func (n *namer) boxes(s *virtualService) []picture.Box {
	var boxes []picture.Box
	done := false
	for i, rule := range s.rules {
		b := picture.Box{
			Number: i + 1, Key: rule.ref.Name, Lines: rule.ruleLines(i == 0), Arrows: n.arrows(rule),
			Name: rule.ref.Name, Besides: n.besides(rule.rule),
		}
		words, all := rule.requests(i == 0)
		b.Requests, b.Brief, b.Sentence = words, strings.TrimPrefix(words, requestsThat), words+n.action(rule.rule)
		if b.Key == "" {
			b.Key = strings.Join(b.Lines, "\n")
		}
		if done {
			b.Lines, b.Besides = append(b.Lines, neverReached), append([]string{neverReached}, b.Besides...)
		}
		for _, words := range n.besides(rule.rule) {
			if !strings.Contains(words, "copied to") {
				b.Lines = append(b.Lines, words)
			}
		}
		if rule.ref.Name != "" {
			b.Lines = append([]string{rule.ref.Name}, b.Lines...)
		}
		boxes = append(boxes, b)
		done = done || all
	}
	if !done {
		for _, r := range s.left() {
			boxes = append(boxes, picture.Box{
				Key: "\x00" + r.to(), Lines: []string{r.who}, Arrows: []picture.Arrow{{To: r.to()}},
				Requests: r.who, Sentence: r.String(),
			})
		}
	}
	keys := map[string]int{}
	for i := range boxes {
		keys[boxes[i].Key]++
		boxes[i].Key = fmt.Sprintf("%s\x00%d", boxes[i].Key, keys[boxes[i].Key])
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

func (n *namer) arrows(rule *compiledRule) []picture.Arrow {
	switch {
	case rule.rule.Redirect != nil:
		return []picture.Arrow{{To: "redirect" + redirectWords(rule.rule.Redirect)}}
	case rule.rule.DirectResponse != nil:
		return []picture.Arrow{{To: fmt.Sprintf("answer %d from the proxy", rule.rule.DirectResponse.Status)}}
	}
	arrows := n.toDestinations(rule.rule.Route)
	for _, mirror := range newMirrors(rule.rule) {
		arrows = append(arrows,
			picture.Arrow{To: n.name(mirror.Destination), Label: "copy of " + PercentWords(mirror.Percent), Copy: true})
	}
	return arrows
}

// toDestinations are the arrows of shares.
func (n *namer) toDestinations(routes []*networking.HTTPRouteDestination) (arrows []picture.Arrow) {
	for _, share := range newShares(routes) {
		arrows = append(arrows, picture.Arrow{
			To: n.name(share.Destination), Label: PercentWords(share.Percent), Percent: share.Percent,
			Subset: cmp.Or(share.Subset, share.Host),
		})
	}
	if len(arrows) == 0 {
		return []picture.Arrow{{To: "no destination"}}
	}
	return arrows
}
