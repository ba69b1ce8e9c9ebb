package traffic

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Move is traffic that goes elsewhere than before.
type Move struct {
	// Rule is the rule that takes the requests afterwards, or if Gone the one that took them before.
	Rule RuleRef
	Gone bool
	// Named says that the rule is new and says by its conditions whom it is for. Nobody else's requests move.
	Named bool
	// Requests are the requests in words, such as `all other requests` or `requests with header version=200`.
	Requests string
	// Partly says that some of these requests move, and others perhaps not or elsewhere.
	Partly bool
	// Before and After are what happens to one of them.
	Before, After Outcome

	names *namer
}

// Gain returns the destination that gains most, and its shares before and after. It is empty unless requests are sent
// to destinations before and after.
func (m Move) Gain() (to string, before, after float64) {
	if m.Before.Kind != Forward || m.After.Kind != Forward {
		return "", 0, 0
	}
	from, into := m.sides()
	for _, share := range into {
		was, is := shareOf(from, share.Destination), shareOf(into, share.Destination)
		if to == "" || is-was > after-before {
			to, before, after = m.names.name(share.Destination), was, is
		}
	}
	return to, before, after
}

// sides are the shares before and after by who answers: another port of the same host and subset is no other
// destination, unless there are several ports of it on one side.
func (m Move) sides() (before, after []Share) {
	ports := func(shares []Share, of Destination) (all []uint32) {
		for _, share := range shares {
			if share.Host == of.Host && share.Subset == of.Subset && !slices.Contains(all, share.Port) {
				all = append(all, share.Port)
			}
		}
		return all
	}
	moved := func(d Destination) bool {
		was, is := ports(m.Before.Destinations, d), ports(m.After.Destinations, d)
		return len(was) == 1 && len(is) == 1 && was[0] != is[0]
	}
	without := func(shares []Share) []Share {
		shares = slices.Clone(shares)
		for i := range shares {
			if moved(shares[i].Destination) {
				shares[i].Port = 0
			}
		}
		return shares
	}
	return without(m.Before.Destinations), without(m.After.Destinations)
}

// Jumps reports whether a destination gains more than so many percent points of requests that had another one. A new
// rule that names whom it is for is no jump.
func (m Move) Jumps(most float64) bool {
	_, before, after := m.Gain()
	return !m.Named && after-before > most && !nearly(after-before, most)
}

// String says the move: `all other requests: v2 10 % → 25 % (v1 90 % → 75 %)`, who gains first and then who loses, or
// `requests with header version=200 move from v1 to v2`.
func (m Move) String() string {
	requests := m.Who()
	from, into := m.sides()
	one := len(m.Before.Destinations) < 2 && len(m.After.Destinations) < 2
	if m.Before.Kind != Forward || m.After.Kind != Forward || one || sameShares(from, into) {
		return shortened(fmt.Sprintf("%s move from %s to %s", requests, m.names.target(m.Before),
			m.names.target(m.After)))
	}
	var gains, losses []string
	for _, d := range shifted(from, into) {
		before, after := shareOf(from, d), shareOf(into, d)
		words := fmt.Sprintf("%s %s → %s", m.names.name(d), PercentWords(before), PercentWords(after))
		if after > before {
			gains = append(gains, words)
		} else {
			losses = append(losses, words)
		}
	}
	return shortened(fmt.Sprintf("%s: %s (%s)", requests, strings.Join(gains, ", "), strings.Join(losses, ", ")))
}

// Who says which requests move.
func (m Move) Who() string {
	if m.Partly {
		return shortened("some " + strings.TrimPrefix(m.Requests, "all "))
	}
	return shortened(m.Requests)
}

// shifted lists the destinations whose share changes.
func shifted(before, after []Share) []Destination {
	var all []Destination
	for _, share := range slices.Concat(after, before) {
		if !slices.Contains(all, share.Destination) {
			all = append(all, share.Destination)
		}
	}
	return slices.DeleteFunc(all, func(d Destination) bool { return nearly(shareOf(before, d), shareOf(after, d)) })
}

// sameShares reports whether every destination has the same share on both sides.
func sameShares(a, b []Share) bool {
	return !slices.ContainsFunc(slices.Concat(a, b), func(s Share) bool {
		return !nearly(shareOf(a, s.Destination), shareOf(b, s.Destination))
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
		return "a redirect to " + istio.Shown(out.Redirect.Location)
	case Respond:
		return fmt.Sprintf("the answer %d from the proxy", out.Response.Status)
	case NoRoute:
		return "no route"
	case Unclaimed:
		return theService + " (no rule)"
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
		return sameShares(a.Destinations, b.Destinations)
	case RedirectTo:
		return *a.Redirect == *b.Redirect
	case Respond:
		return a.Response.Status == b.Response.Status
	case NoRoute, Unclaimed:
	}
	return true
}

// mostCompared is of how many moves it is found out whether all their requests move alike, which takes as long as the
// table is large. Of others it is said that some do.
const mostCompared = 50

// Moves says where traffic goes elsewhere after a change: rule by rule as they are afterwards, then the rules that
// are gone, then connections. Both lists have the VirtualServices with hosts and the delegates of them; what is not
// known of them is a stand-in, as in a [Summary]. A match that no request could be found for is passed over, unless
// the same one sends its requests elsewhere.
func Moves(before, after []*istio.Object, options Options) []Move {
	was, is := newWordTable(before, options), newWordTable(after, options)
	names := newNamer(was, is)
	return slices.Concat(moveRequests(was, is, names), moveFlows(was, is, names))
}

// FirstMoves says where traffic goes elsewhere when rules come for services which none held for: their requests went
// to every pod. A rule that sends them to the service as before moves nothing.
func FirstMoves(o *istio.Object, options Options) []Move {
	full := func(host string) string { return istio.FullHost(host, o.Namespace, options.Domain()) }
	return slices.DeleteFunc(Moves(nil, []*istio.Object{o}, options), func(m Move) bool {
		to := m.After.Destinations
		return m.After.Kind == Forward && len(to) == 1 && to[0].Subset == "" &&
			slices.ContainsFunc(o.VirtualServiceSpec().GetHosts(), func(host string) bool {
				return full(host) == full(to[0].Host)
			})
	})
}

// moveRequests says which requests go elsewhere. Where the same rules take them, only those are looked at that do
// something else.
func moveRequests(was, is *Table, names *namer) []Move {
	others, alike := is.otherAims(was)
	if alike && len(others) == 0 {
		return nil
	}
	here, there := everyRule, everyRule
	if alike {
		here, there = noRule, func(r *compiledRule) bool { return others[r] }
	}
	c := comparison{was: newSurvey(was, here), is: newSurvey(is, there), alike: alike, names: names, left: mostCompared}
	for _, f := range c.is.finds {
		c.compare(f)
	}
	for _, f := range c.was.finds {
		c.compareGone(f)
	}
	return c.moves
}

// comparison is the search for moves.
type comparison struct {
	was, is *survey
	alike   bool // the same rules take the same requests
	names   *namer
	left    int // how often requests may still be compared all
	moves   []Move
}

// compare looks at a match as it is afterwards.
func (c *comparison) compare(f reached) {
	before, known := c.was.known[f.key()]
	m := Move{Rule: f.entry.rule.ref, After: f.outcome, Partly: true, Named: !known && f.entry.chooses()}
	switch {
	case f.witness != nil:
		m.Before = c.was.table.follow(*f.witness)
	case known && before.rule.forwards() && f.entry.rule.forwards():
		m.Before = before.rule.aim()
	default:
		return
	}
	if !sameTarget(m.Before, m.After) {
		m.Partly = !c.allAlike(f, c.was, m.Before)
		c.add(m, f)
	}
}

// compareGone looks at a match as it was before, where there is none like it afterwards.
func (c *comparison) compareGone(f reached) {
	if _, stays := c.is.taken[f.key()]; stays || f.witness == nil {
		return
	}
	out := c.is.table.follow(*f.witness)
	if sameTarget(out, f.outcome) {
		return
	}
	told := false
	for i := range c.moves {
		if m := &c.moves[i]; m.Rule == out.Rule && sameTarget(m.Before, f.outcome) && sameTarget(m.After, out) {
			told, m.Named = true, false // these requests were somebody's before
		}
	}
	if !told {
		f.first = f.first && len(c.is.finds) == 0
		left := f.entry.match.words() == "" && out.Kind == NoRoute // all that no rule takes afterwards
		c.add(Move{Rule: f.entry.rule.ref, Gone: true, Before: f.outcome, After: out, Partly: !left &&
			!c.allAlike(f, c.is, out)}, f)
	}
}

// allAlike reports whether all requests of a match are known to have the same outcome in another survey as its
// witness.
func (c *comparison) allAlike(f reached, other *survey, out Outcome) bool {
	c.left--
	return f.witness != nil && (c.alike || c.left >= 0 && f.allAlike(other, out))
}

// add adds a move of the requests of one match, or joins it with that of the match before in the same rule.
func (c *comparison) add(m Move, f reached) {
	m.names, m.Requests = c.names, requestsWith([]string{f.entry.match.words()}, f.first)
	if len(c.moves) > 0 {
		last := &c.moves[len(c.moves)-1]
		alike := last.Rule == m.Rule && last.Gone == m.Gone && last.Partly == m.Partly && last.Named == m.Named
		if alike && sameTarget(last.Before, m.Before) && sameTarget(last.After, m.After) {
			if with, ok := strings.CutPrefix(m.Requests, requestsThat); ok {
				last.Requests += " or " + with
				return
			}
		}
	}
	c.moves = append(c.moves, m)
}
