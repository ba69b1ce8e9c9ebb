package routing

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// canMatch reports whether an expression can match a whole text, as Envoy matches, that begins with a rune of begins (any
// text, also the empty one, where that is empty) and holds no rune of lacks. It answers yes where it does not know.
func canMatch(expression, begins, lacks string) bool {
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return true
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return true
	}
	w := walk{program: program, begins: begins, lacks: lacks, seen: map[spot]bool{}}
	return w.reaches(spot{at: program.Start})
}

// spot is a place in a program: whether runes were read on the way, and whether the end of the text was asserted.
type spot struct {
	at           int
	begun, ended bool
}

// walk looks for a way through a program. It takes assertions about lines and words for true.
type walk struct {
	program       *syntax.Prog
	begins, lacks string
	seen          map[spot]bool
}

func (w *walk) reaches(s spot) bool {
	pending := []spot{s}
	for len(pending) > 0 {
		s := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if w.seen[s] {
			continue
		}
		w.seen[s] = true
		instruction := &w.program.Inst[s.at]
		next := spot{at: int(instruction.Out), begun: s.begun, ended: s.ended}
		switch instruction.Op {
		case syntax.InstMatch:
			if s.begun || w.begins == "" {
				return true
			}
		case syntax.InstAlt, syntax.InstAltMatch:
			pending = append(pending, next, spot{at: int(instruction.Arg), begun: s.begun, ended: s.ended})
		case syntax.InstCapture, syntax.InstNop:
			pending = append(pending, next)
		case syntax.InstEmptyWidth:
			assertion := syntax.EmptyOp(instruction.Arg)
			if assertion&syntax.EmptyBeginText != 0 && s.begun {
				continue
			}
			next.ended = s.ended || assertion&syntax.EmptyEndText != 0
			pending = append(pending, next)
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			if !s.ended && w.takes(instruction, s.begun) {
				next.begun = true
				pending = append(pending, next)
			}
		case syntax.InstFail:
		}
	}
	return false
}

// takes reports whether an instruction reads a rune that the text may have there.
func (w *walk) takes(instruction *syntax.Inst, begun bool) bool {
	if !begun && w.begins != "" {
		return strings.ContainsFunc(w.begins, instruction.MatchRune)
	}
	if instruction.Op == syntax.InstRuneAny || instruction.Op == syntax.InstRuneAnyNotNL || len(instruction.Rune) == 1 {
		return len(instruction.Rune) != 1 || !strings.ContainsRune(w.lacks, instruction.Rune[0])
	}
	for i := 0; i+1 < len(instruction.Rune); i += 2 {
		for r := instruction.Rune[i]; r <= instruction.Rune[i+1]; r++ {
			if !strings.ContainsRune(w.lacks, r) {
				return true
			}
		}
	}
	return false
}

// matchesAll reports whether an expression is one of the usual ways to write any text, the empty one included.
func matchesAll(expression string) bool {
	return strings.TrimSuffix(strings.TrimPrefix(expression, "^"), "$") == ".*"
}

// compileWhole compiles an expression that is to match a whole text.
func compileWhole(expression string) (*regexp.Regexp, error) {
	return regexp.Compile(`^(?:` + expression + `)$`)
}
