package pattern

import (
	"encoding/binary"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// Limits of the search for a common string. Beyond them the answer is unknown.
const (
	mostStates  = 3000
	longestWord = 300
)

// Machine is the program of a pattern, for following it rune by rune. A rune that is in no range of any instruction
// behaves like every other such rune, so that one of them stands for all.
type Machine struct {
	program *syntax.Prog
	edges   []rune // the first rune of each range, and the first behind it
}

// NewMachine returns the program of a pattern, nil for one that is too large or looks at what follows.
func NewMachine(p *Pattern) *Machine {
	tree, err := syntax.Parse(p.source(), syntax.Perl)
	if err != nil {
		return nil
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil || len(program.Inst) > 2000 {
		return nil
	}
	m := &Machine{program: program}
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

func (m *Machine) addEdges(inst *syntax.Inst) {
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
func (p *Pattern) source() string {
	quote := func(text string) string {
		if !p.Fold {
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
	switch p.Shape {
	case Anything:
		return `(?s:.*)`
	case Exactly:
		quoted := make([]string, len(p.Values))
		for i, v := range p.Values {
			quoted[i] = quote(v)
		}
		return "(?:" + strings.Join(quoted, "|") + ")"
	case StartsWith:
		return quote(p.Text) + `(?s:.*)`
	case Expression:
		return "(?:" + p.Text + ")"
	case Unreadable:
		return `[`
	}
	return `[`
}

// threads is the set of instructions that a machine is in, in order; nothing in it is an alternative.
type threads []uint32

// start returns the threads before the first rune.
func (m *Machine) start(final bool) threads {
	return m.follow([]uint32{uint32(m.program.Start)}, syntax.EmptyBeginText, final) //nolint:gosec // an instruction
}

// follow walks along everything that takes no rune.
func (m *Machine) follow(from []uint32, at syntax.EmptyOp, final bool) threads {
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
func (m *Machine) step(in threads, r rune) threads {
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
func (m *Machine) accepts(in threads, atStart bool) bool {
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
	machines []*Machine
	wanted   int // how many of the machines must accept; the others must not
	runes    []rune
	size     int // of all machines, in instructions
}

// Common finds a shortest text of the given alphabet that the first of some machines take, as many as are wanted, and
// the others do not. That there is none is certain only where it says so, and for valid UTF-8. What it follows is
// taken from left.
func Common(machines []*Machine, wanted int, allowed func(rune) bool, left *int) (text string, found, certain bool) {
	q := search{machines: machines, wanted: wanted}
	edges := []rune{}
	for _, m := range machines {
		if m == nil {
			return "", false, false
		}
		q.size += len(m.program.Inst)
		edges = append(edges, m.edges...)
	}
	q.runes = representatives(edges, allowed)
	return q.run(left)
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
func (q *search) run(left *int) (text string, found, certain bool) {
	first := node{states: make([]threads, len(q.machines))}
	for i, m := range q.machines {
		first.states[i] = m.start(false)
	}
	if q.done(first, true) {
		return "", true, true
	}
	seen := map[string]bool{}
	for queue := []node{first}; len(queue) > 0; queue = queue[1:] {
		if *left -= q.size * len(q.runes); *left < 0 {
			return "", false, false
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
				return next.word, true, true
			}
			seen[key] = true
			if len(seen) > mostStates || len(next.word) > longestWord {
				return "", false, false
			}
			queue = append(queue, next)
		}
	}
	return "", false, true
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
