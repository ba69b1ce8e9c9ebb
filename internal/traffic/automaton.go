package traffic

import (
	"encoding/binary"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// answer is what is known of a question that is not always decided.
type answer uint8

const (
	unknown answer = iota
	no
	yes
)

// Limits of the search for a common string. Beyond them the answer is unknown.
const (
	mostStates  = 3000
	longestWord = 300
)

// machine is the program of a pattern, for following it rune by rune. A rune that is in no range of any instruction
// behaves like every other such rune, so that one of them stands for all.
type machine struct {
	program *syntax.Prog
	edges   []rune // the first rune of each range, and the first behind it
}

func newMachine(p *pattern) *machine {
	tree, err := syntax.Parse(p.source(), syntax.Perl)
	if err != nil {
		return nil
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil || len(program.Inst) > 2000 {
		return nil
	}
	m := &machine{program: program}
	for i := range program.Inst {
		inst := &program.Inst[i]
		at := syntax.EmptyOp(inst.Arg) //nolint:gosec // regexp/syntax says that it is one
		if inst.Op == syntax.InstEmptyWidth && at&^(syntax.EmptyBeginText|syntax.EmptyEndText) != 0 {
			return nil // needs to look at the next rune
		}
		m.addEdges(inst)
	}
	return m
}

func (m *machine) addEdges(inst *syntax.Inst) {
	switch inst.Op {
	case syntax.InstRune1, syntax.InstRune:
		runes := inst.Rune
		if len(runes) == 1 {
			r := runes[0]
			m.edges = append(m.edges, r, r+1)
			if syntax.Flags(inst.Arg)&syntax.FoldCase != 0 { //nolint:gosec // regexp/syntax says that they are some
				for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
					m.edges = append(m.edges, f, f+1)
				}
			}
			return
		}
		for i := 0; i+1 < len(runes); i += 2 {
			m.edges = append(m.edges, runes[i], runes[i+1]+1)
		}
	case syntax.InstAlt, syntax.InstAltMatch, syntax.InstCapture, syntax.InstEmptyWidth, syntax.InstMatch,
		syntax.InstFail, syntax.InstNop, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
	}
}

// source returns the pattern as a regular expression for the whole value.
func (p *pattern) source() string {
	quote := func(text string) string {
		if !p.fold {
			return regexp.QuoteMeta(text)
		}
		var b strings.Builder
		for _, r := range text {
			if 'a' <= r && r <= 'z' {
				b.WriteString("[" + string(r) + string(r-'a'+'A') + "]")
			} else {
				b.WriteString(regexp.QuoteMeta(string(r)))
			}
		}
		return b.String()
	}
	switch p.shape {
	case anything:
		return `(?s:.*)`
	case exactly:
		quoted := make([]string, len(p.values))
		for i, v := range p.values {
			quoted[i] = quote(v)
		}
		return "(?:" + strings.Join(quoted, "|") + ")"
	case startsWith:
		return quote(p.text) + `(?s:.*)`
	case expression:
		return "(?:" + p.text + ")"
	case unreadable:
		return `[`
	}
	return `[`
}

// threads is the set of instructions that a machine is in, in order; nothing in it is an alternative.
type threads []uint32

// start returns the threads before the first rune.
func (m *machine) start(final bool) threads {
	return m.follow([]uint32{uint32(m.program.Start)}, syntax.EmptyBeginText, final) //nolint:gosec // an instruction
}

// follow walks along everything that takes no rune.
func (m *machine) follow(from []uint32, at syntax.EmptyOp, final bool) threads {
	if final {
		at |= syntax.EmptyEndText
	}
	seen := make([]bool, len(m.program.Inst))
	var out threads
	stack := slices.Clone(from)
	for len(stack) > 0 {
		pc := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[pc] {
			continue
		}
		seen[pc] = true
		inst := &m.program.Inst[pc]
		switch inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			stack = append(stack, inst.Out, inst.Arg)
		case syntax.InstCapture, syntax.InstNop:
			stack = append(stack, inst.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(inst.Arg)&^at == 0 { //nolint:gosec // regexp/syntax says that it is one
				stack = append(stack, inst.Out)
			}
			out = append(out, pc)
		case syntax.InstMatch, syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			out = append(out, pc)
		case syntax.InstFail:
		}
	}
	slices.Sort(out)
	return out
}

// step returns the threads behind a rune.
func (m *machine) step(in threads, r rune) threads {
	var next []uint32
	for _, pc := range in {
		inst := &m.program.Inst[pc]
		switch inst.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			if inst.MatchRune(r) {
				next = append(next, inst.Out)
			}
		case syntax.InstAlt, syntax.InstAltMatch, syntax.InstCapture, syntax.InstEmptyWidth, syntax.InstMatch,
			syntax.InstFail, syntax.InstNop:
		}
	}
	return m.follow(next, 0, false)
}

// accepts reports whether the value may end here.
func (m *machine) accepts(in threads, atStart bool) bool {
	at := syntax.EmptyOp(0)
	if atStart {
		at = syntax.EmptyBeginText
	}
	return slices.ContainsFunc(m.follow(in, at, true), func(pc uint32) bool {
		return m.program.Inst[pc].Op == syntax.InstMatch
	})
}

// search is the question for a string that matches all of some patterns and none of others.
type search struct {
	machines []*machine
	wanted   int // how many of the machines must accept; the others must not
	runes    []rune
	size     int // of all machines, in instructions
}

// commonString finds a shortest string of the given alphabet that matches every one of in and none of out. No is
// certain for valid UTF-8.
func (s *solver) commonString(in, out []*pattern, allowed func(rune) bool) (string, answer) {
	q := search{wanted: len(in)}
	edges := []rune{}
	for _, p := range slices.Concat(in, out) {
		m := s.machine(p)
		if m == nil {
			return "", unknown
		}
		q.machines = append(q.machines, m)
		q.size += len(m.program.Inst)
		edges = append(edges, m.edges...)
	}
	q.runes = representatives(edges, allowed)
	return q.run(&s.left)
}

// readable are runes that stand for others with pleasure, in this order.
const readable = "x1a0-zbc23456789defghijklmnopqrstuvwyABCDEFGHIJKLMNOPQRSTUVWXYZ._/~:=@+,;!$'()*%&\"<>[]^`{}|\\?# "

// representatives returns one rune of each range between edges, readable ones first and foremost.
func representatives(edges []rune, allowed func(rune) bool) []rune {
	edges = append(edges, 0, 0xD800, 0xE000, 0x110000)
	slices.Sort(edges)
	edges = slices.Compact(edges)
	taken := make([]bool, len(edges))
	var runes []rune
	place := func(r rune) int {
		i, found := slices.BinarySearch(edges, r)
		if !found {
			i--
		}
		return i
	}
	for _, r := range readable {
		if i := place(r); !taken[i] && allowed(r) {
			taken[i] = true
			runes = append(runes, r)
		}
	}
	for i := range len(edges) - 1 {
		if taken[i] || edges[i] == 0xD800 {
			continue
		}
		for r := edges[i]; r < edges[i+1] && r <= 0x10FFFF && r < edges[i]+256; r++ {
			if allowed(r) {
				runes = append(runes, r)
				break
			}
		}
	}
	return runes
}

type node struct {
	states []threads
	word   string
}

// run searches while something is left to follow.
func (q *search) run(left *int) (string, answer) {
	first := node{states: make([]threads, len(q.machines))}
	for i, m := range q.machines {
		first.states[i] = m.start(false)
	}
	if q.done(first, true) {
		return "", yes
	}
	seen := map[string]bool{}
	for queue := []node{first}; len(queue) > 0; queue = queue[1:] {
		if *left -= q.size * len(q.runes); *left < 0 {
			return "", unknown
		}
		for _, r := range q.runes {
			next, alive := q.step(queue[0], r)
			if !alive {
				continue
			}
			key := next.key()
			if seen[key] {
				continue
			}
			if q.done(next, false) {
				return next.word, yes
			}
			seen[key] = true
			if len(seen) > mostStates || len(next.word) > longestWord {
				return "", unknown
			}
			queue = append(queue, next)
		}
	}
	return "", no
}

func (q *search) step(from node, r rune) (node, bool) {
	next := node{states: make([]threads, len(q.machines)), word: from.word + string(r)}
	for i, m := range q.machines {
		next.states[i] = m.step(from.states[i], r)
		if i < q.wanted && len(next.states[i]) == 0 {
			return node{}, false
		}
	}
	return next, true
}

func (q *search) done(n node, atStart bool) bool {
	for i, m := range q.machines {
		if m.accepts(n.states[i], atStart) != (i < q.wanted) {
			return false
		}
	}
	return true
}

func (n node) key() string {
	var b []byte
	for _, threads := range n.states {
		b = binary.AppendUvarint(b, uint64(len(threads)))
		for _, pc := range threads {
			b = binary.AppendUvarint(b, uint64(pc))
		}
	}
	return string(b)
}
