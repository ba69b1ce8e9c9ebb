package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/picture"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/outlook"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/report"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// entry is what is shown of resources that route together.
type entry struct {
	ID    string
	Lines []line
	// sheet draws, which takes time; it is nil where no rule can be drawn.
	sheet func() *picture.Sheet
	// Moves say which requests go elsewhere, Walks how shares get there, Warnings what is doubtful and Notes what is
	// not shown.
	Moves    []string
	Walks    []walks
	Warnings []string
	Notes    []string
	Subsets  []*subset
	// Words are those of the resources, where they change.
	Words []words
	// Seen is what is live, where somebody looked.
	Seen []Seen

	services []Service
	// home is the cluster where there are several, nil where that is not told. domain is that of the cluster.
	home   *site
	domain string
	lookup *lookup
	// unsure says that something decided which resources are shown together that the plan does not say.
	unsure bool
}

// line says what a plan does with a resource; From is the address that it had before, empty for the same.
type line struct{ Address, Does, From string }

// walks are how the shares of a resource move.
type walks struct {
	Address string
	Lines   []string
}

// words are the attribute summary of a resource, before and after.
type words struct {
	Address   string
	Now, Then []string
}

// subset is one that a DestinationRule declares.
type subset struct {
	Host, Name, Now, Then string
	// State is empty for one that stays as it is.
	State string
}

// The most lines of one kind that are shown of an entry.
const mostLines = 40

// newEntry makes an entry of resources, nil where they are no routes: a Gateway alone has no rules.
func newEntry(group []resource, around surroundings) *entry {
	before, after := join(group, underNewName), join(group, then)
	known := isReadable(group, now) && isReadable(group, then)
	if known && len(before.VirtualServices)+len(after.VirtualServices)+len(before.DestinationRules)+
		len(after.DestinationRules) == 0 {
		return nil
	}
	domain := group[0].domain
	around.now.ClusterDomain, around.then.ClusterDomain = domain, domain
	e := &entry{
		Subsets: subsetsOf(before, after, domain, known), services: servicesOf(before, after, domain),
		home: group[0].home, domain: domain,
	}
	for _, r := range group {
		e.Lines = append(e.Lines, line{shown(r.address), r.does, shown(r.from)})
		e.tell(r)
		e.unsure = e.unsure || r.unsure
	}
	if e.unsure {
		e.Notes = append(e.Notes, "other resources have the same objects, which can only be in other clusters; the "+
			"plan does not say in which, so that the order in which they stand decides what is shown together")
	}
	e.draw(group, before.VirtualServices, after.VirtualServices, around)
	if known {
		e.Moves = movesOf(group, before, after, around.then)
	}
	for _, lines := range []*[]string{&e.Moves, &e.Warnings, &e.Notes} {
		*lines = atMost(mostLines, *lines)
	}
	return e
}

// isReadable reports whether a side of all resources can be drawn.
func isReadable(group []resource, of func(resource) *side) bool {
	return !slices.ContainsFunc(group, func(r resource) bool { return of(r) != nil && of(r).routes == nil })
}

// isRenamed reports whether the VirtualService of a resource gets another name.
func (r resource) isRenamed() bool {
	if r.now == nil || r.then == nil {
		return false
	}
	was, is := r.now.pair.Routing(), r.then.pair.Routing()
	return was != nil && is != nil && was.Namespace == is.Namespace && was.Name != is.Name
}

// underNewName is a resource as it is, under the name that its VirtualService gets: people know it as one.
func underNewName(r resource) *side {
	if !r.isRenamed() {
		return r.now
	}
	renamed, side := *r.now.pair.Routing(), *r.now
	renamed.Name = r.then.pair.Routing().Name
	side.pair = side.pair.With(&renamed)
	side.routes = routesOf(side.pair)
	return &side
}

// draw draws what can be drawn: the change, or one of its sides.
func (e *entry) draw(group []resource, was, is []*istio.Object, around surroundings) {
	wasKnown, isKnown := isReadable(group, now), isReadable(group, then)
	unchanged := !slices.ContainsFunc(group, func(r resource) bool { return r.now != r.then })
	switch {
	case len(was)+len(is) == 0:
	case unchanged, wasKnown && !isKnown && len(was) > 0:
		e.sheet = func() *picture.Sheet { return traffic.Sheet(was, around.now) }
	case !wasKnown && isKnown && len(is) > 0:
		e.sheet = func() *picture.Sheet { return traffic.Sheet(is, around.then) }
	case wasKnown && isKnown:
		e.sheet = func() *picture.Sheet { return traffic.SheetOfChange(was, is, around.now, around.then) }
	}
	if e.sheet != nil && !isKnown {
		e.Notes = append(e.Notes, "The picture shows what is there now.")
	}
}

// surroundings are what the Gateways and ServiceEntries of a plan say of its routes, before and after.
type surroundings struct{ now, then traffic.Options }

func surroundingsOf(all []resource) surroundings {
	return surroundings{join(all, now).Options(), join(all, then).Options()}
}

// movesOf says which requests go elsewhere. Where shares walk, it is what moves before their first step.
func movesOf(group []resource, before, after *argument.Routes, options traffic.Options) []string {
	if len(before.VirtualServices) == 0 {
		return nil // who had the requests of a new route is not known here
	}
	var moves []traffic.Move
	if r := group[0]; len(group) == 1 && r.now != nil && r.then != nil && r.now.pair.Routing() != nil {
		wanted := r.then.pair
		if w := walkOf(r); w.Plan.Last() > 0 {
			wanted = w.Plan.Objects(w.At.Stage)
		}
		moves = outlook.Moves(r.now.pair, settled(wanted, r.now.pair), options)
	} else {
		moves = traffic.Moves(before.VirtualServices, after.VirtualServices, options)
	}
	lines := make([]string, len(moves))
	for i, m := range moves {
		lines[i] = shown(m.String())
	}
	return lines
}

// walkOf returns how the shares of a resource are going to walk, which a walk that was stopped on its way does not
// tell: where it is, is no part of a plan.
func walkOf(r resource) outlook.Walk {
	if r.now == nil || r.then == nil || r.now.routes == nil || r.then.routes == nil || r.then.life.Walk == nil ||
		r.now.isUnderWay() {
		return outlook.Walk{}
	}
	return outlook.WalkOf(r.then.life, r.now.pair, r.then.pair, r.then.route.Place().Owner, "")
}

func (s *side) isUnderWay() bool { return s.walkState != "" && s.walkState != outlook.Arrived }

// tell says of a resource what is no part of a picture.
func (e *entry) tell(r resource) {
	address := shown(r.address)
	note := func(format string, values ...any) {
		e.Notes = append(e.Notes, address+": "+fmt.Sprintf(format, values...))
	}
	if r.drifted {
		note("somebody has changed it since the last apply; what is shown as now is what is live")
	}
	for _, s := range r.sides() {
		if s.problem != "" {
			note("cannot be drawn: %s", shown(inLine(s.problem)))
		}
		if s.life.HandedOver && s == r.then {
			note("somebody else sets the weights; those that are drawn hold for what is new")
		}
	}
	if r.isRenamed() {
		note("its VirtualService is called %s now, and %s then", istio.Shown(r.now.pair.Routing().Name),
			istio.Shown(r.then.pair.Routing().Name))
	}
	if s := r.then; s != nil {
		if len(s.unknown) > 0 {
			note("not known until apply: %s", shown(names(s.unknown)))
		}
		if len(s.hidden) > 0 {
			note("cannot be drawn without what is sensitive: %s", shown(names(s.hidden)))
		}
		if len(s.sensitive) > 0 {
			note("sensitive, and so not shown: %s", shown(names(s.sensitive)))
		}
		e.Warnings = append(e.Warnings, warningsOf(r)...)
	}
	e.tellWalk(r, address)
	e.tellWords(r, address)
}

// tellWalk says how the shares of a resource move.
func (e *entry) tellWalk(r resource, address string) {
	if r.now == nil || r.then == nil || r.then == r.now || r.then.life.Walk == nil {
		return
	}
	var lines []string
	if w := walkOf(r); w.Plan.Last() > 0 {
		lines = append([]string{"from: " + w.Plan.Words(0)}, w.Lines(r.then.life.Walk)...)
	} else if r.now.isUnderWay() {
		lines = []string{"now: " + r.now.walkState}
		if r.then.walkState != "" {
			lines = append(lines, "after this apply, if every gate passes: "+r.then.walkState)
		}
	}
	for i := range lines {
		lines[i] = shown(lines[i])
	}
	if len(lines) > 0 {
		e.Walks = append(e.Walks, walks{address, lines})
	}
}

// tellWords says what the attribute summary of a resource says, where it changes.
func (e *entry) tellWords(r resource, address string) {
	var was, is []string
	if r.now != nil {
		was = r.now.summary
	}
	if r.then != nil {
		is = r.then.summary
	}
	if slices.Equal(was, is) {
		return
	}
	e.Words = append(e.Words, words{address, allShown(was), allShown(is)})
}

func allShown(texts []string) []string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = shown(text)
	}
	return all
}

// warningsOf are the doubts of a resource that need no cluster, as a plan tells them.
func warningsOf(r resource) []string {
	s := r.then
	if r.stays || s.reader == nil || s.route.Route == nil || s == r.now {
		return nil
	}
	var told diag.Diagnostics
	report.Problems(&told, report.Naming{
		Void: s.route.Form.Void(), To: report.Audience{Accepted: s.life.Acknowledged},
	}, s.reader, s.route.Problems())
	var lines []string
	for _, d := range told {
		lines = append(lines, shown(r.address)+": "+shown(inLine(d.Detail())))
	}
	return lines
}

// inLine is a text in one line.
func inLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// subsetsOf returns the subsets that DestinationRules declare, before and after.
func subsetsOf(before, after *argument.Routes, domain string, known bool) []*subset {
	var all []*subset
	find := func(host, name string) *subset {
		for _, s := range all {
			if s.Host == host && s.Name == name {
				return s
			}
		}
		all = append(all, &subset{Host: host, Name: name})
		return all[len(all)-1]
	}
	policies := map[*subset][]*networking.TrafficPolicy{}
	each := func(routes *argument.Routes, keep func(*subset, *networking.Subset)) {
		for _, o := range routes.DestinationRules {
			for _, declared := range o.DestinationRuleSpec().GetSubsets() {
				host := fullHost(o.DestinationRuleSpec().GetHost(), o, domain)
				keep(find(shown(host), shown(declared.GetName())), declared)
			}
		}
	}
	const unsaid = "no labels"
	labels := func(of *networking.Subset) string {
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(of.GetLabels())) {
			switch value := of.GetLabels()[name]; {
			case name == unsettled, name == masked:
				parts = append(parts, name)
			case value == unsettled, value == masked:
				parts = append(parts, istio.Shown(name)+"="+value)
			default:
				parts = append(parts, istio.Shown(name)+"="+istio.Shown(value))
			}
		}
		if len(parts) == 0 {
			return unsaid
		}
		return shown(strings.Join(parts, ", "))
	}
	each(before, func(s *subset, is *networking.Subset) {
		s.Now, policies[s] = labels(is), append(policies[s], is.GetTrafficPolicy())
	})
	each(after, func(s *subset, is *networking.Subset) {
		s.Then, policies[s] = labels(is), append(policies[s], is.GetTrafficPolicy())
	})
	for _, s := range all {
		both := policies[s]
		switch {
		case !known:
			s.Then = ""
		case s.Now == "":
			s.State = "new"
		case s.Then == "":
			s.State = "gone"
		case s.Now != s.Then:
			s.State = "changed"
		case len(both) == 2 && !proto.Equal(both[0], both[1]):
			s.State = "traffic policy changed"
		}
	}
	return all
}
