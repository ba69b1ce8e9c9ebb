package traffic

import (
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// survey is a table, and of some of its rules a request for each match that one is known for.
type survey struct {
	table *Table
	finds []reached
	// known are all matches by their keys, and taken those of the rules looked at that are not known to be dead.
	known map[string]*entry
	taken map[string]bool
}

// reached is a match, a request that it takes, and what happens to that. Without a request nobody knows whether there
// is one.
type reached struct {
	analysis *analysis
	entry    *entry
	at       int
	first    bool
	witness  *Request
	outcome  Outcome
}

// key is equal for matches that say the same about requests for the same object.
func (f reached) key() string {
	return f.analysis.virtualService.object.String() + " " + f.entry.match.words()
}

// newSurvey looks for requests that some of the rules of a table take.
func newSurvey(table *Table, wanted func(*compiledRule) bool) *survey {
	s := &survey{table: table, known: map[string]*entry{}, taken: map[string]bool{}}
	for _, virtualService := range table.virtualServices {
		a := newAnalysis(virtualService, table.options)
		for at, e := range a.entries {
			f := reached{analysis: a, entry: e, at: at, first: e.rule == virtualService.rules[0], outcome: e.rule.aim()}
			if _, known := s.known[f.key()]; !known {
				s.known[f.key()] = e
			}
			if !wanted(e.rule) {
				continue
			}
			v := a.judge(at)
			switch v.Life {
			case Dead:
				continue
			case Undecided:
			case Alive:
				f.witness, f.outcome = v.Witness, s.table.follow(*v.Witness)
				if f.outcome.Rule != e.rule.ref || f.outcome.Match != e.match.ref {
					continue // another VirtualService takes it
				}
			}
			s.taken[f.key()] = true
			s.finds = append(s.finds, f)
		}
	}
	return s
}

func everyRule(*compiledRule) bool { return true }

func noRule(*compiledRule) bool { return false }

// otherAims returns the rules that do something else with their requests than those at the same places in another
// table. It is not ok where it is not plain that the rules of both take the same requests.
func (t *Table) otherAims(other *Table) (others map[*compiledRule]bool, ok bool) {
	if len(t.virtualServices) != len(other.virtualServices) {
		return nil, false
	}
	others = map[*compiledRule]bool{}
	for i, s := range t.virtualServices {
		if !s.claimsAlike(other.virtualServices[i]) {
			return nil, false
		}
		for j, rule := range s.rules {
			was := other.virtualServices[i].rules[j]
			if !slices.EqualFunc(rule.rule.Match, was.rule.Match, func(a, b *networking.HTTPMatchRequest) bool {
				return proto.Equal(a, b)
			}) {
				return nil, false
			}
			if !rule.aimsAlike(was) {
				others[rule] = true
			}
		}
	}
	return others, true
}

// claimsAlike reports whether two VirtualServices claim the same requests, and have as many rules for them.
func (s *virtualService) claimsAlike(other *virtualService) bool {
	return s.object.Namespace == other.object.Namespace && slices.Equal(s.hosts, other.hosts) &&
		slices.Equal(s.gateways, other.gateways) &&
		slices.Equal(istio.ExportedTo(s.object), istio.ExportedTo(other.object)) && len(s.rules) == len(other.rules)
}

// aimsAlike reports whether it is plain that two rules send requests to the same places.
func (r *compiledRule) aimsAlike(other *compiledRule) bool {
	if r.forwards() && other.forwards() {
		return sameTarget(r.aim(), other.aim())
	}
	return proto.Equal(r.rule.Redirect, other.rule.Redirect) &&
		proto.Equal(r.rule.DirectResponse, other.rule.DirectResponse)
}

// chooses reports whether a match is for some requests and not for all.
func (e *entry) chooses() bool {
	return e.match.words() != "" && (!e.match.last || len(e.match.place) > 0)
}

// forwards reports whether a rule sends its requests to destinations, and aim says to which.
func (r *compiledRule) forwards() bool { return r.rule.Redirect == nil && r.rule.DirectResponse == nil }

func (r *compiledRule) aim() Outcome {
	return Outcome{Kind: Forward, Rule: r.ref, Destinations: newShares(r.rule.Route)}
}

// allAlike reports whether all requests that reach the match have the same outcome in another survey as its witness.
func (f reached) allAlike(other *survey, out Outcome) bool {
	r, is, _ := f.analysis.start(f.entry)
	if is != yes {
		return false
	}
	for _, service := range other.table.virtualServices {
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
	return r.forwards() && sameTarget(out, r.aim())
}

// implies reports whether all requests of a region satisfy a match.
func (f reached) implies(r region, m *compiledMatch) bool {
	return !slices.ContainsFunc(m.all(), func(l literal) bool {
		return !f.analysis.excludes(r, l.not(), f.analysis.authorities)
	})
}

// passes reports whether no request that reaches the match satisfies another one: they exclude each other, or an
// earlier match takes what they share.
func (f reached) passes(r region, m *compiledMatch) bool {
	a := f.analysis
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
