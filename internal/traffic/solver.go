package traffic

import (
	"slices"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/pattern"
)

// solver answers whether something can satisfy conditions. It remembers what is dear to find out.
type solver struct {
	machines map[string]*pattern.Machine
	found    map[string]sample
	left     int // instructions of regular expressions that may still be followed
	// lines says that a header may come in several lines, of which proxies compare each by itself.
	lines bool
}

// mostFollowed is how many instructions of regular expressions are followed for one VirtualService: about a tenth of
// a second's work, which no table comes near that somebody reads. Beyond it answers are unknown.
const mostFollowed = 1 << 23

func newSolver() *solver {
	return &solver{machines: map[string]*pattern.Machine{}, found: map[string]sample{}, left: mostFollowed}
}

func (s *solver) machine(p *pattern.Pattern) *pattern.Machine {
	key := p.Key()
	m, ok := s.machines[key]
	if !ok {
		m = pattern.NewMachine(p)
		s.machines[key] = m
	}
	return m
}

// answer is what is known of a question that is not always decided.
type answer uint8

const (
	unknown answer = iota
	no
	yes
)

// commonString finds a shortest string of the given alphabet that matches every one of in and none of out. No is
// certain for valid UTF-8.
func (s *solver) commonString(in, out []*pattern.Pattern, allowed func(rune) bool) (string, answer) {
	var machines []*pattern.Machine
	for _, p := range slices.Concat(in, out) {
		machines = append(machines, s.machine(p))
	}
	text, found, certain := pattern.Common(machines, len(in), allowed, &s.left)
	switch {
	case found:
		return text, yes
	case certain:
		return "", no
	}
	return "", unknown
}

// sample is a value that satisfies some literals, and whether there is one. Absent values have no text.
type sample struct {
	text    string
	more    []string // further lines of a header
	present bool
	is      answer
}

// satisfies reports whether the value satisfies a literal.
func (s sample) satisfies(l *literal) bool {
	if len(s.more) > 0 {
		return l.holdsFor(s.values())
	}
	return l.holds(s.text, s.present)
}

func (s sample) values() []string { return append([]string{s.text}, s.more...) }

// favourites are values to try first: what people expect to see.
var favourites = map[variable][]string{
	{kind: onPath}:                         {"/"},
	{kind: onHeader, name: methodHeader}:   {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"},
	{kind: onHeader, name: schemeHeader}:   {"http", "https"},
	{kind: onHeader, name: pathHeader}:     {"/"},
	{kind: onPort}:                         {"80", "8080", "443", "8443", "9090", "50051"},
	{kind: onGateway}:                      {istio.MeshGateway},
	{kind: onNamespace}:                    {"default", "other", "another"},
	{kind: onHeader, name: "content-type"}: {"application/grpc"},
}

// settle finds a value for one variable. authorities are values for the authority to try first.
func (s *solver) settle(on variable, literals []literal, authorities []string) sample {
	absent, present := !on.always(), !on.never()
	var in, out []*pattern.Pattern
	for _, l := range literals {
		absent = absent && l.absent
		switch l.present {
		case none:
			present = false
		case matching:
			in = append(in, l.pattern)
		case others:
			out = append(out, l.pattern)
		}
	}
	switch {
	case absent:
		return sample{is: yes}
	case slices.ContainsFunc(in, isUnreadable) || slices.ContainsFunc(out, isUnreadable):
		return sample{is: unknown}
	case !present:
		return sample{is: no}
	}
	tries := favourites[on]
	if on.kind == onHeader && on.name == authorityHeader {
		tries = authorities
	}
	for _, text := range tries {
		if fits(text, in, out) {
			return sample{text: text, present: true, is: yes}
		}
	}
	text, is := s.value(on, in, out)
	if is == yes && text == "" && on.name == forwardedProto { // with which no sidecar has a route
		if other, is := s.value(on, in, append(slices.Clip(out), pattern.Exact(""))); is == yes {
			text = other
		}
	}
	if is != yes && s.lines && len(in) > 1 && on.repeats() {
		return s.settleLines(on, in, out)
	}
	return sample{text: text, present: is == yes, is: is}
}

// settleLines finds several lines for a header: for each pattern one that matches it, and none that matches one of
// out.
func (s *solver) settleLines(on variable, in, out []*pattern.Pattern) sample {
	var lines []string
	for _, p := range in {
		text, is := s.value(on, []*pattern.Pattern{p}, out)
		if is != yes {
			return sample{is: is}
		}
		lines = append(lines, text)
	}
	lines = istio.Unique(lines)
	return sample{text: lines[0], more: lines[1:], present: true, is: yes}
}

func isUnreadable(p *pattern.Pattern) bool { return p.Shape == pattern.Unreadable }

func fits(text string, in, out []*pattern.Pattern) bool {
	return !slices.ContainsFunc(in, func(p *pattern.Pattern) bool { return !p.Matches(text) }) &&
		!slices.ContainsFunc(out, func(p *pattern.Pattern) bool { return p.Matches(text) })
}

// value finds a text that matches all of in and none of out.
func (s *solver) value(on variable, in, out []*pattern.Pattern) (string, answer) {
	if i := slices.IndexFunc(in, func(p *pattern.Pattern) bool {
		return p.Shape == pattern.Exactly && !p.Fold
	}); i >= 0 {
		for _, text := range in[i].Values {
			if possible(on, text) && fits(text, in, out) {
				return text, yes
			}
		}
		return "", no
	}
	if slices.ContainsFunc(out, func(p *pattern.Pattern) bool { return p.Shape == pattern.Anything }) {
		return "", no
	}
	if lead, ok := commonLead(in); ok && !slices.ContainsFunc(out, needsSearch) {
		if text, is := startingWith(on, lead, out); is != unknown {
			return text, is
		}
	}
	return s.remember(on, in, out)
}

func needsSearch(p *pattern.Pattern) bool { return p.Shape == pattern.Expression || p.Fold }

// commonLead returns the longest of some prefixes; false when they are not all prefixes.
func commonLead(in []*pattern.Pattern) (string, bool) {
	lead := ""
	for _, p := range in {
		if p.Shape == pattern.Anything {
			continue
		}
		if needsSearch(p) || p.Shape != pattern.StartsWith {
			return "", false
		}
		if len(p.Text) > len(lead) {
			lead = p.Text
		}
	}
	return lead, !slices.ContainsFunc(in, func(p *pattern.Pattern) bool { return !strings.HasPrefix(lead, p.Text) })
}

// startingWith finds a text with the given start that matches none of out, which are literals and prefixes.
func startingWith(on variable, lead string, out []*pattern.Pattern) (string, answer) {
	if on.kind == onPath && lead == "" {
		return "", unknown
	}
	if !possible(on, lead) && lead != "" {
		return "", no
	}
	for _, p := range out {
		if p.Shape == pattern.StartsWith && strings.HasPrefix(lead, p.Text) {
			return "", no
		}
	}
	for _, tail := range []string{"", "x", "1", "a", "0", "-z", "z", "b", "c", "2", "other", "yet-another"} {
		if text := lead + tail; possible(on, text) && fits(text, nil, out) {
			return text, yes
		}
	}
	return "", unknown
}

// remember searches among all texts, once for each question.
func (s *solver) remember(on variable, in, out []*pattern.Pattern) (string, answer) {
	var b strings.Builder
	b.WriteByte('0' + byte(on.kind))
	b.WriteString(on.name)
	for _, list := range [][]*pattern.Pattern{in, out} {
		b.WriteByte(1)
		for _, p := range list {
			b.WriteString(p.Key())
			b.WriteByte(2)
		}
	}
	if known, ok := s.found[b.String()]; ok {
		return known.text, known.is
	}
	text, is := s.search(on, in, out)
	s.found[b.String()] = sample{text: text, is: is}
	return text, is
}

func (s *solver) search(on variable, in, out []*pattern.Pattern) (string, answer) {
	allowed := func(r rune) bool { return allowedRune(on, r) }
	in = slices.Clip(in)
	switch {
	case on.kind == onPath:
		if text, is := s.commonString(append(in, pattern.Prefix("/")), out, allowed); is != no {
			return text, is
		}
		return s.commonString(append(in, pattern.Exact("*")), out, allowed)
	case on.kind == onHeader && (on.name == methodHeader || on.name == schemeHeader):
		return s.commonString(in, append(slices.Clip(out), pattern.Exact("")), allowed)
	}
	return s.commonString(in, out, allowed)
}

// allowedRune reports whether a value may have the character at all.
func allowedRune(on variable, r rune) bool {
	if r == 0 || r == '\r' || r == '\n' {
		return false
	}
	switch on.kind {
	case onPath:
		return r != '?' && r != '#'
	case onQuery:
		return r != '&' && r != '#'
	case onHeader, onClaim, onPort, onGateway, onLabel, onNamespace:
	}
	return true
}

// possible reports whether a variable can have the value at all: a path starts with a slash, but for the one of
// `OPTIONS *`, and has no query.
func possible(on variable, text string) bool {
	for _, r := range text {
		if !allowedRune(on, r) {
			return false
		}
	}
	switch {
	case on.kind == onPath:
		return strings.HasPrefix(text, "/") || text == "*"
	case on.kind == onHeader && (on.name == methodHeader || on.name == schemeHeader):
		return text != ""
	}
	return true
}
