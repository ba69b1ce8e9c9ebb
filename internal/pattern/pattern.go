// Package pattern says which texts a StringMatch takes, and finds one that some take and others do not. It is pure.
package pattern

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Shape is how a pattern is matched.
type Shape uint8

// The shapes of patterns.
const (
	Anything   Shape = iota // every value
	Exactly                 // one of values
	StartsWith              // the prefix text
	Expression              // the whole value matches re
	Unreadable              // a regular expression that Envoy would refuse: nothing is known about it
)

// Pattern is a StringMatch, made ready once. Regular expressions that are no more than a literal, some literals or a
// prefix become what they are.
type Pattern struct {
	Shape  Shape
	Values []string
	Text   string
	Fold   bool // ASCII letters match in either case; values and text are in lower case
	re     *regexp.Regexp
	lead   string // what everything that re matches starts with
}

// most literals that an alternation may have to be read as a list.
const mostAlternatives = 32

// Exact takes one of some texts.
func Exact(values ...string) *Pattern { return &Pattern{Shape: Exactly, Values: values} }

// Prefix takes what begins with a text.
func Prefix(text string) *Pattern { return &Pattern{Shape: StartsWith, Text: text} }

// New compiles a StringMatch. Nil and `{}` are anything, and so is the regex `*`, which Istio reads as
// presence.
// Source: istio.io/istio pilot/pkg/networking/core/route canBeConvertedToPresentMatch.
func New(m *networking.StringMatch) *Pattern {
	switch t := m.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		return Exact(t.Exact)
	case *networking.StringMatch_Prefix:
		return Prefix(t.Prefix)
	case *networking.StringMatch_Regex:
		if t.Regex == "*" {
			return &Pattern{}
		}
		return NewExpression(t.Regex)
	}
	return &Pattern{}
}

// NewExpression compiles a regular expression.
func NewExpression(text string) *Pattern {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return &Pattern{Shape: Unreadable, Text: text}
	}
	tree = tree.Simplify()
	if values, ok := literals(tree); ok {
		return Exact(values...)
	}
	if lead, ok := literalPrefix(tree); ok {
		return Prefix(lead)
	}
	re, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		return &Pattern{Shape: Unreadable, Text: text}
	}
	return &Pattern{Shape: Expression, Text: text, re: re, lead: leadOf(tree)}
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

// IgnoreCase returns the pattern without regard for the case of ASCII letters. Envoy does so for an exact path and a
// prefix, never for a regular expression that was written as one.
func (p *Pattern) IgnoreCase() *Pattern {
	folded := &Pattern{Shape: p.Shape, Text: LowerASCII(p.Text), Fold: true}
	for _, v := range p.Values {
		folded.Values = append(folded.Values, LowerASCII(v))
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
		slices.Sort(all)
		return slices.Compact(all), true
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
		slices.Sort(all)
		return slices.Compact(all), true
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

// Matches reports whether a value that is there matches.
func (p *Pattern) Matches(value string) bool {
	if p.Fold {
		value = LowerASCII(value)
	}
	return p.MatchesFolded(value)
}

// MatchesFolded is matches for a value that is in lower case already where that matters.
func (p *Pattern) MatchesFolded(value string) bool {
	switch p.Shape {
	case Anything:
		return true
	case Exactly:
		if len(p.Values) == 1 {
			return value == p.Values[0]
		}
		return slices.Contains(p.Values, value)
	case StartsWith:
		return strings.HasPrefix(value, p.Text)
	case Expression:
		return strings.HasPrefix(value, p.lead) && p.re.MatchString(value)
	case Unreadable:
		return false
	}
	return false
}

// Key is equal for patterns that are the same.
func (p *Pattern) Key() string {
	fold := ""
	if p.Fold {
		fold = "i"
	}
	return string('0'+rune(p.Shape)) + fold + p.Text + "\x00" + strings.Join(p.Values, "\x00")
}

// LowerASCII returns a text with its ASCII letters in lower case.
func LowerASCII(s string) string {
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

// Words says what the pattern takes.
func (p *Pattern) Words() string {
	text := ""
	switch p.Shape {
	case Anything:
		return "present"
	case Exactly:
		shownValues := make([]string, len(p.Values))
		for i, v := range p.Values {
			shownValues[i] = istio.Shown(v)
		}
		text = strings.Join(shownValues, "|")
	case StartsWith:
		text = "starting with " + istio.Shown(p.Text)
	case Expression, Unreadable:
		text = "matching " + istio.Shown(p.Text)
	}
	if p.Fold {
		text += " in any case"
	}
	return text
}
