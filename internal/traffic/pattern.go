package traffic

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"
)

// shape is how a pattern is matched.
type shape uint8

const (
	anything   shape = iota // every value
	exactly                 // one of values
	startsWith              // the prefix text
	expression              // the whole value matches re
	unreadable              // a regular expression that Envoy would refuse: nothing is known about it
)

// pattern is a StringMatch, made ready once. Regular expressions that are no more than a literal, some literals or a
// prefix become what they are.
type pattern struct {
	shape  shape
	values []string
	text   string
	fold   bool // ASCII letters match in either case; values and text are in lower case
	re     *regexp.Regexp
	lead   string // what everything that re matches starts with
}

// most literals that an alternation may have to be read as a list.
const mostAlternatives = 32

func exact(values ...string) *pattern { return &pattern{shape: exactly, values: values} }

func prefix(text string) *pattern { return &pattern{shape: startsWith, text: text} }

// newPattern compiles a StringMatch. Nil and `{}` are anything, and so is the regex `*`, which Istio reads as
// presence.
// Source: istio.io/istio pilot/pkg/networking/core/route canBeConvertedToPresentMatch.
func newPattern(m *networking.StringMatch) *pattern {
	switch t := m.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		return exact(t.Exact)
	case *networking.StringMatch_Prefix:
		return prefix(t.Prefix)
	case *networking.StringMatch_Regex:
		if t.Regex == "*" {
			return &pattern{}
		}
		return newExpression(t.Regex)
	}
	return &pattern{}
}

func newExpression(text string) *pattern {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return &pattern{shape: unreadable, text: text}
	}
	tree = tree.Simplify()
	if values, ok := literals(tree); ok {
		return exact(values...)
	}
	if lead, ok := literalPrefix(tree); ok {
		return prefix(lead)
	}
	re, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		return &pattern{shape: unreadable, text: text}
	}
	return &pattern{shape: expression, text: text, re: re, lead: leadOf(tree)}
}

// leadOf returns text that all matches of an expression start with; there may be more of it.
func leadOf(tree *syntax.Regexp) string {
	for tree.Op == syntax.OpCapture || tree.Op == syntax.OpConcat {
		tree = tree.Sub[0]
	}
	if tree.Op != syntax.OpLiteral || tree.Flags&syntax.FoldCase != 0 {
		return ""
	}
	return string(tree.Rune)
}

// ignoreCase returns the pattern without regard for the case of ASCII letters. Envoy does so for an exact path and a
// prefix, never for a regular expression that was written as one.
func (p *pattern) ignoreCase() *pattern {
	folded := &pattern{shape: p.shape, text: lowerASCII(p.text), fold: true}
	for _, v := range p.values {
		folded.values = append(folded.values, lowerASCII(v))
	}
	return folded
}

// literals returns the strings that an expression stands for, if it is a short list of them.
func literals(tree *syntax.Regexp) ([]string, bool) {
	if tree.Flags&syntax.FoldCase != 0 && tree.Op == syntax.OpLiteral {
		return nil, false
	}
	switch tree.Op {
	case syntax.OpEmptyMatch:
		return []string{""}, true
	case syntax.OpLiteral:
		return []string{string(tree.Rune)}, true
	case syntax.OpCapture:
		return literals(tree.Sub[0])
	case syntax.OpQuest:
		rest, ok := literals(tree.Sub[0])
		return append([]string{""}, rest...), ok
	case syntax.OpCharClass:
		return classLiterals(tree.Rune)
	case syntax.OpAlternate:
		var all []string
		for _, sub := range tree.Sub {
			some, ok := literals(sub)
			if !ok || len(all)+len(some) > mostAlternatives {
				return nil, false
			}
			all = append(all, some...)
		}
		return unique(all), true
	case syntax.OpConcat:
		all := []string{""}
		for _, sub := range tree.Sub {
			some, ok := literals(sub)
			if !ok || len(all)*len(some) > mostAlternatives {
				return nil, false
			}
			var longer []string
			for _, head := range all {
				for _, tail := range some {
					longer = append(longer, head+tail)
				}
			}
			all = longer
		}
		return unique(all), true
	case syntax.OpNoMatch, syntax.OpAnyCharNotNL, syntax.OpAnyChar, syntax.OpBeginLine, syntax.OpEndLine,
		syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
	}
	return nil, false
}

func classLiterals(ranges []rune) ([]string, bool) {
	var all []string
	for i := 0; i+1 < len(ranges); i += 2 {
		if int(ranges[i+1]-ranges[i])+len(all) >= mostAlternatives {
			return nil, false
		}
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			all = append(all, string(r))
		}
	}
	return all, len(all) > 0
}

func unique(values []string) []string {
	slices.Sort(values)
	return slices.Compact(values)
}

// literalPrefix returns the text before `.*`, if an expression is no more than that. No value has a line break, which
// is all that the dot leaves out.
func literalPrefix(tree *syntax.Regexp) (string, bool) {
	for tree.Op == syntax.OpCapture {
		tree = tree.Sub[0]
	}
	if isDotStar(tree) {
		return "", true
	}
	if tree.Op != syntax.OpConcat || len(tree.Sub) != 2 || !isDotStar(tree.Sub[1]) {
		return "", false
	}
	lead, ok := literals(tree.Sub[0])
	if !ok || len(lead) != 1 {
		return "", false
	}
	return lead[0], true
}

func isDotStar(tree *syntax.Regexp) bool {
	for tree.Op == syntax.OpCapture {
		tree = tree.Sub[0]
	}
	return tree.Op == syntax.OpStar && (tree.Sub[0].Op == syntax.OpAnyCharNotNL || tree.Sub[0].Op == syntax.OpAnyChar)
}

// matches reports whether a value that is there matches.
func (p *pattern) matches(value string) bool {
	if p.fold {
		value = lowerASCII(value)
	}
	return p.matchesFolded(value)
}

// matchesFolded is matches for a value that is in lower case already where that matters.
func (p *pattern) matchesFolded(value string) bool {
	switch p.shape {
	case anything:
		return true
	case exactly:
		if len(p.values) == 1 {
			return value == p.values[0]
		}
		return slices.Contains(p.values, value)
	case startsWith:
		return strings.HasPrefix(value, p.text)
	case expression:
		return strings.HasPrefix(value, p.lead) && p.re.MatchString(value)
	case unreadable:
		return false
	}
	return false
}

// key is equal for patterns that are the same.
func (p *pattern) key() string {
	fold := ""
	if p.fold {
		fold = "i"
	}
	return string('0'+rune(p.shape)) + fold + p.text + "\x00" + strings.Join(p.values, "\x00")
}

func lowerASCII(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if 'A' <= b[j] && b[j] <= 'Z' {
					b[j] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
