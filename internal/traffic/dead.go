package traffic

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/pattern"
)

// Life says whether a rule or a match can ever take a request.
type Life string

const (
	// Alive says that there is a request that it takes.
	Alive Life = "alive"
	// Dead says that there is none.
	Dead Life = "dead"
	// Undecided says that neither could be shown.
	Undecided Life = "unknown"
)

// Place is a rule, or a match of it, among those of a VirtualService.
type Place struct {
	Rule RuleRef
	// Match has the index -1 for the rule as a whole.
	Match MatchRef
}

// Path returns the place in the root VirtualService's spec, or in that of the delegate if it has its own there.
func (p Place) Path() (*istio.Object, istio.Path) {
	o, at, match := p.Rule.Object, p.Rule.Path(), p.Match.Root
	if p.Rule.Delegate != nil {
		o, at, match = p.Rule.Delegate, istio.Path{"http", p.Rule.DelegateIndex}, p.Match.Delegate
	}
	if p.Match.Index >= 0 && match >= 0 {
		at = at.At("match", match)
	}
	return o, at
}

// String returns the place as `http[1].match[0]`, with the name of the rule if it has one.
func (p Place) String() string {
	_, at := p.Path()
	text := at.String()
	if p.Rule.Delegate != nil {
		text += " of delegate " + p.Rule.Delegate.Namespace + "/" + p.Rule.Delegate.Name
	}
	if p.Rule.Name != "" {
		text += fmt.Sprintf(" (%q)", p.Rule.Name)
	}
	return text
}

// Verdict says whether one rule or match can ever take a request.
type Verdict struct {
	Place
	Life Life
	// By are the earlier rules or matches that take its requests, for what is dead because of them. Each takes part.
	By []Place
	// Reason says why something is dead or not decided, as a sentence fragment that starts in lower case.
	Reason string
	// rest is the reason behind the names of By.
	rest string
	// clash is the condition that no request can meet, for a match that is dead by itself.
	clash *clash
	// Witness is a request that it takes, for what is alive.
	Witness *Request
	// Repeated is a request that it takes although it is dead: one with a header in several lines, which proxies
	// since Istio 1.31 compare each by itself. Nil where there is none.
	Repeated *Request
}

// FindDead says of each rule, and of each match of a rule that has matches, whether it can ever take a request: for
// each VirtualService with hosts by itself, in order, each rule before its matches. Delegates are among the routes.
//
// Dead is certain, for requests whose parts are valid UTF-8, and whose headers have one line each or which no
// Repeated stands for. Alive comes with a request that proves it. A rule that only other VirtualServices keep from
// its requests is not called dead.
func FindDead(routes []*istio.Object, options Options) []Verdict {
	var verdicts []Verdict
	for _, s := range NewTable(routes, nil, options).virtualServices {
		verdicts = append(verdicts, newAnalysis(s, options).verdicts()...)
	}
	return verdicts
}

// clash is a condition, and what else is asked of the same part of a request.
type clash struct {
	condition *literal
	before    []literal
}

// analysis is that of one VirtualService: which of its matches take a request.
type analysis struct {
	*solver
	virtualService *virtualService
	table          *Table
	entries        []*entry
	base           region
	authorities    []string
	left           int       // steps that the searches for witnesses may still take
	ofLines        *analysis // the same for headers in several lines, filled on demand
}

// entry is one match, in the order in which proxies try them.
type entry struct {
	rule     *compiledRule
	match    *compiledMatch
	literals []literal
}

func (e *entry) place() Place { return Place{Rule: e.rule.ref, Match: e.match.ref} }

// Steps that the search for one witness, and for all those of a VirtualService, may take.
const (
	stepsPerMatch = 300
	stepsInAll    = 20000
)

func newAnalysis(s *virtualService, options Options) *analysis {
	a := &analysis{solver: newSolver(), virtualService: s, base: region{}, left: stepsInAll}
	a.table = &Table{options: options, virtualServices: []*virtualService{s}}
	for _, rule := range s.rules {
		for i := range rule.matches {
			a.entries = append(a.entries, &entry{rule: rule, match: &rule.matches[i], literals: rule.matches[i].all()})
		}
	}
	a.authorities = []string{a.table.firstHost()}
	for _, h := range s.hosts {
		if suffix, wildcard := strings.CutPrefix(h, "*"); wildcard {
			h = "any" + suffix
		}
		a.authorities = append(a.authorities, h, h+":80", istio.ServiceName(h))
	}
	limits := []literal{want(variable{kind: onGateway}, pattern.Exact(s.gateways...))}
	if namespaces := istio.ExportedTo(s.object); len(namespaces) > 0 {
		limits = append(limits, want(variable{kind: onNamespace}, pattern.Exact(namespaces...)))
	}
	for _, l := range limits {
		if r, is := a.confine(a.base, l, nil); is == yes {
			a.base = r
		}
	}
	return a
}

// byLines returns the analysis in which a header may come in several lines.
func (a *analysis) byLines() *analysis {
	if a.ofLines == nil {
		lines := *a
		lines.solver, lines.left = newSolver(), stepsInAll
		lines.lines = true
		a.ofLines = &lines
	}
	return a.ofLines
}

func (a *analysis) verdicts() []Verdict {
	var verdicts []Verdict
	at := 0
	for _, rule := range a.virtualService.rules {
		var of []Verdict
		for range rule.matches {
			v := a.judge(at)
			if v.Life == Dead {
				switch ofLines := a.byLines().judge(at); ofLines.Life {
				case Alive:
					v.Repeated = ofLines.Witness
				case Undecided:
					v = ofLines
				case Dead:
				}
			}
			of = append(of, v)
			at++
		}
		verdicts = append(verdicts, sumUp(rule, of))
		if rule.matches[0].ref.Index >= 0 {
			verdicts = append(verdicts, of...)
		}
	}
	for _, d := range a.virtualService.dropped {
		index, _ := d.At[1].(int)
		v := Verdict{Life: Dead, Reason: d.Reason, Place: Place{
			Rule:  RuleRef{Object: d.Object, Index: index, Delegate: d.Delegate, DelegateIndex: d.DelegateIndex},
			Match: MatchRef{Index: -1, Root: -1, Delegate: -1},
		}}
		if d.Delegate != nil && d.DelegateIndex < 0 {
			v.Rule.Delegate = nil // the rule that hands over is dead, not one of the delegate's
		}
		if d.Missing {
			v.Life = Undecided
		}
		verdicts = append(verdicts, v)
	}
	slices.SortStableFunc(verdicts, func(x, y Verdict) int { return x.Rule.Index - y.Rule.Index })
	return verdicts
}

// sumUp says of a rule what its matches say together.
func sumUp(rule *compiledRule, of []Verdict) Verdict {
	v := Verdict{Place: Place{Rule: rule.ref, Match: MatchRef{Index: -1, Root: -1, Delegate: -1}}, Life: Dead}
	var reasons []string
	for _, match := range of {
		switch match.Life {
		case Alive:
			return Verdict{Place: v.Place, Life: Alive, Witness: match.Witness}
		case Undecided:
			v.Life, v.Reason = Undecided, match.Reason
		case Dead:
			reasons = append(reasons, match.Reason)
			v.Repeated = cmp.Or(v.Repeated, match.Repeated)
			for _, by := range match.By {
				if !slices.ContainsFunc(v.By, func(p Place) bool { return p == by }) {
					v.By = append(v.By, by)
				}
			}
		}
	}
	if v.Life != Dead {
		v.By, v.Repeated = nil, nil
		return v
	}
	v.Reason, v.rest = reasons[0], of[0].rest
	if reasons = istio.Unique(slices.Clone(reasons)); len(reasons) > 1 {
		v.Reason, v.rest = fmt.Sprintf("none of its %d matches can take a request", len(of)), ""
	}
	return v
}

// judge says whether the match at a place in the order can take a request.
func (a *analysis) judge(at int) Verdict {
	e := a.entries[at]
	v := Verdict{Place: e.place()}
	start, is, clash := a.start(e)
	switch is {
	case no:
		v.Life, v.Reason, v.clash = Dead, clash.reason(), clash
		return v
	case unknown:
	case yes:
		if by := a.shadow(start, at); by >= 0 {
			return v.shadowed([]Place{a.entries[by].place()}, a.shadowReason(by))
		}
		w := witness{analysis: a, at: at, steps: min(stepsPerMatch, a.left)}
		request, is := w.find(start)
		a.left -= min(stepsPerMatch, a.left) - w.steps
		switch is {
		case yes:
			v.Life, v.Witness = Alive, &request
			return v
		case no:
			by := w.culprits()
			if len(by) == 1 {
				return v.shadowed(by, "takes all of its requests first")
			}
			return v.shadowed(by, "together take all of its requests first")
		case unknown:
		}
	}
	v.Life, v.Reason = Undecided, "no request was found that it takes, and no proof that there is none"
	return v
}

// shadowed returns the verdict that others are to blame.
func (v Verdict) shadowed(by []Place, rest string) Verdict {
	names := make([]string, len(by))
	for i, p := range by {
		names[i] = p.String()
	}
	v.Life, v.By, v.Reason, v.rest = Dead, by, istio.Enumerate(names, "and")+" "+rest, rest
	return v
}

// start returns the requests that a match describes, without regard for earlier ones. No comes with the reason.
func (a *analysis) start(e *entry) (region, answer, *clash) {
	literals := append(slices.Clip(e.match.place), e.match.about...)
	r, open := a.base, false
	for i := range literals {
		next, is := a.confine(r, literals[i], a.authorities)
		switch is {
		case yes:
			r = next
		case no:
			return nil, no, &clash{condition: &literals[i], before: r[literals[i].on].literals}
		case unknown:
			open = true
		}
	}
	if open {
		return nil, unknown, nil
	}
	return r, yes, nil
}

// shadow returns the first earlier match that takes every request of a region, -1 if there is none.
func (a *analysis) shadow(r region, at int) int {
	return slices.IndexFunc(a.entries[:at], func(earlier *entry) bool {
		return !slices.ContainsFunc(earlier.literals, func(l literal) bool {
			return !a.excludes(r, l.not(), a.authorities)
		})
	})
}

func (c *clash) reason() string {
	if len(c.before) == 0 {
		return fmt.Sprintf("no request can have %s", c.condition.words())
	}
	var parts []string
	for i := range c.before {
		parts = append(parts, c.before[i].words())
	}
	parts = append(istio.Unique(parts), c.condition.words())
	return fmt.Sprintf("no request can have %s", istio.Enumerate(parts, "and"))
}

func (a *analysis) shadowReason(by int) string {
	if words := a.entries[by].match.words(); words != "" {
		return "takes all of its requests first: those with " + words
	}
	return "takes every request first"
}
