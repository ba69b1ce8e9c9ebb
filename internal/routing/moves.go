package routing

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Move is traffic that goes elsewhere than before.
type Move struct {
	// Rule is the rule that takes the requests afterwards, or if Gone the one that took them before.
	Rule RuleRef
	Gone bool
	// Requests are the requests in words, such as `all other requests` or `requests with header version=200`.
	Requests string
	// Partly says that some of these requests move, and others perhaps not or elsewhere.
	Partly bool
	// Before and After are what happens to one of them.
	Before, After Outcome

	names *namer
}

// Step returns the largest share of the requests, 0 to 100 percent points, that any destination gains.
func (m Move) Step() float64 {
	step := 0.0
	for _, share := range m.After.Destinations {
		step = max(step, share.Percent-shareOf(m.Before.Destinations, share.Destination))
	}
	if m.After.Kind != Forward {
		return 100
	}
	return step
}

// String says the move: `share of v2 of all other requests: 10 % → 25 %`, or `requests with header version=200 move from
// v1 to v2`.
func (m Move) String() string {
	requests := m.Requests
	if m.Partly {
		requests = "some " + strings.TrimPrefix(requests, "all ")
	}
	if m.Before.Kind != Forward || m.After.Kind != Forward || len(m.Before.Destinations) < 2 && len(m.After.Destinations) < 2 {
		return fmt.Sprintf("%s move from %s to %s", requests, m.names.target(m.Before), m.names.target(m.After))
	}
	var parts []string
	for _, d := range m.changed() {
		before, after := shareOf(m.Before.Destinations, d), shareOf(m.After.Destinations, d)
		parts = append(parts, fmt.Sprintf("share of %s of %s: %s → %s", m.names.name(d), requests, percentWords(before), percentWords(after)))
	}
	return strings.Join(parts, ", ")
}

// changed lists the destinations whose share changes: of two the one that had less, because the other has the rest.
func (m Move) changed() []Destination {
	var all []Destination
	for _, share := range slices.Concat(m.After.Destinations, m.Before.Destinations) {
		if !slices.Contains(all, share.Destination) {
			all = append(all, share.Destination)
		}
	}
	if len(all) == 2 {
		if shareOf(m.Before.Destinations, all[0]) < shareOf(m.Before.Destinations, all[1]) {
			return all[:1]
		}
		return all[1:]
	}
	return slices.DeleteFunc(all, func(d Destination) bool {
		return nearly(shareOf(m.Before.Destinations, d), shareOf(m.After.Destinations, d))
	})
}

func shareOf(shares []Share, d Destination) float64 {
	sum := 0.0
	for _, share := range shares {
		if share.Destination == d {
			sum += share.Percent
		}
	}
	return sum
}

func nearly(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

// target says where requests go.
func (n *namer) target(out Outcome) string {
	switch out.Kind {
	case Forward:
		if len(out.Destinations) > 0 {
			return n.shares(out.Destinations)
		}
		return "no destination"
	case RedirectTo:
		return "a redirect to " + shown(out.Redirect.Location)
	case Respond:
		return fmt.Sprintf("the answer %d from the proxy", out.Response.Status)
	case NoRoute:
		return "no route"
	case Unclaimed:
		return "the service itself, without a rule"
	}
	return ""
}

// sameTarget reports whether two outcomes send requests to the same places in the same shares.
func sameTarget(a, b Outcome) bool {
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case Forward:
		return !slices.ContainsFunc(slices.Concat(a.Destinations, b.Destinations), func(s Share) bool {
			return !nearly(shareOf(a.Destinations, s.Destination), shareOf(b.Destinations, s.Destination))
		})
	case RedirectTo:
		return *a.Redirect == *b.Redirect
	case Respond:
		return a.Response.Status == b.Response.Status
	case NoRoute, Unclaimed:
	}
	return true
}

// Moves says where traffic goes elsewhere after a change: rule by rule as they are afterwards, then the rules that are
// gone. Both lists have the VirtualServices with hosts and the delegates of them. Matches that no request could be found
// for are passed over, since nothing is known to move.
func Moves(before, after []*Object, options Options) []Move {
	was, is := newSurvey(before, options), newSurvey(after, options)
	names := newNamer(was.table, is.table)
	var moves []Move
	known := map[string]bool{}
	for _, f := range is.finds {
		known[f.key()] = true
		if out := was.table.Evaluate(*f.witness); !sameTarget(out, f.outcome) {
			moves = addMove(moves, Move{Rule: f.entry.rule.ref, Before: out, After: f.outcome, Partly: !f.allAlike(was, out)}, f, names)
		}
	}
	for _, f := range was.finds {
		if known[f.key()] {
			continue
		}
		out := is.table.Evaluate(*f.witness)
		told := slices.ContainsFunc(moves, func(m Move) bool {
			return m.Rule == out.Rule && sameTarget(m.Before, f.outcome) && sameTarget(m.After, out)
		})
		if !told && !sameTarget(out, f.outcome) {
			f.first = f.first && len(is.finds) == 0
			left := f.entry.match.words() == "" && out.Kind == NoRoute // all that no rule takes afterwards
			moves = addMove(moves, Move{Rule: f.entry.rule.ref, Gone: true, Before: f.outcome, After: out, Partly: !left && !f.allAlike(is, out)}, f, names)
		}
	}
	return moves
}

// addMove adds a move of the requests of one match, or joins it with that of the match before in the same rule.
func addMove(moves []Move, m Move, f reached, names *namer) []Move {
	m.names, m.Requests = names, requestsWith([]string{f.entry.match.words()}, f.first)
	if len(moves) > 0 {
		last := &moves[len(moves)-1]
		if last.Rule == m.Rule && last.Gone == m.Gone && last.Partly == m.Partly && sameTarget(last.Before, m.Before) && sameTarget(last.After, m.After) {
			if with, ok := strings.CutPrefix(m.Requests, "requests with "); ok {
				last.Requests += " or " + with
				return moves
			}
		}
	}
	return append(moves, m)
}

// survey is a table and a request for each match that one is known for.
type survey struct {
	table *Table
	finds []reached
}

// reached is a match, a request that it takes, and what happens to that.
type reached struct {
	autopsy *autopsy
	entry   *entry
	at      int
	first   bool
	witness *Request
	outcome Outcome
}

// key is equal for matches that say the same about requests for the same object.
func (f reached) key() string { return f.autopsy.service.object.String() + " " + f.entry.match.words() }

func newSurvey(routes []*Object, options Options) *survey {
	s := &survey{table: NewTable(routes, nil, options)}
	for _, service := range s.table.services {
		a := newAutopsy(service, options)
		for at, e := range a.entries {
			v := a.judge(at)
			if v.Life != Alive {
				continue
			}
			out := s.table.Evaluate(*v.Witness)
			if out.Rule != e.rule.ref || out.Match != e.match.ref {
				continue // another VirtualService takes it
			}
			s.finds = append(s.finds, reached{autopsy: a, entry: e, at: at, first: e.rule == service.rules[0], witness: v.Witness, outcome: out})
		}
	}
	return s
}

// allAlike reports whether all requests that reach the match have the same outcome in another survey as its witness.
func (f reached) allAlike(other *survey, out Outcome) bool {
	r, is, _ := f.autopsy.start(f.entry)
	if is != yes {
		return false
	}
	for _, service := range other.table.services {
		if service.object != out.VirtualService {
			continue
		}
		for _, rule := range service.rules {
			alike := rule.ref == out.Rule || rule.sends(out)
			for i := range rule.matches {
				m := &rule.matches[i]
				if alike && f.implies(r, m) {
					return true
				}
				if !alike && !f.passes(r, m) {
					return false
				}
			}
		}
		return out.Kind == NoRoute
	}
	return out.Kind == Unclaimed
}

// sends reports whether the rule sends requests where an outcome says.
func (r *compiledRule) sends(out Outcome) bool {
	return r.rule.Redirect == nil && r.rule.DirectResponse == nil &&
		sameTarget(out, Outcome{Kind: Forward, Destinations: newShares(r.rule.Route)})
}

// implies reports whether all requests of a region satisfy a match.
func (f reached) implies(r region, m *compiledMatch) bool {
	return !slices.ContainsFunc(m.all(), func(l literal) bool { return !f.autopsy.excludes(r, l.not(), f.autopsy.authorities) })
}

// passes reports whether no request that reaches the match satisfies another one: they exclude each other, or an earlier
// match takes what they share.
func (f reached) passes(r region, m *compiledMatch) bool {
	a := f.autopsy
	for _, l := range m.all() {
		next, is := a.confine(r, l, a.authorities)
		switch is {
		case no:
			return true
		case yes:
			r = next
		case unknown:
			return false
		}
	}
	return a.shadow(r, f.at) >= 0
}
