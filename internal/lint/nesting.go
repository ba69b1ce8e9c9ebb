package lint

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// mostNesting is how deep in each other the expressions of a file may be. The parsers call themselves for each level,
// and a process whose stack is full ends without a word of where.
const mostNesting = 1000

// opens are the brackets, and what closes each.
var opens = map[hclsyntax.TokenType]hclsyntax.TokenType{
	hclsyntax.TokenOBrace:          hclsyntax.TokenCBrace,
	hclsyntax.TokenOBrack:          hclsyntax.TokenCBrack,
	hclsyntax.TokenOParen:          hclsyntax.TokenCParen,
	hclsyntax.TokenOQuote:          hclsyntax.TokenCQuote,
	hclsyntax.TokenOHeredoc:        hclsyntax.TokenCHeredoc,
	hclsyntax.TokenTemplateInterp:  hclsyntax.TokenTemplateSeqEnd,
	hclsyntax.TokenTemplateControl: hclsyntax.TokenTemplateSeqEnd,
}

// level is a bracket that is open.
type level struct {
	closes hclsyntax.TokenType
	// depth is how deep it is in others, and inner how much deeper one is in what follows in it by now.
	depth, inner int
}

// nesting returns how deep a text is parsed, or more than that: brackets, and the prefixes, conditions and directives
// that have none.
func nesting(src []byte, lex func([]byte, string, hcl.Pos) (hclsyntax.Tokens, hcl.Diagnostics)) int {
	tokens, _ := lex(src, "", hcl.InitialPos)
	levels := []level{{closes: hclsyntax.TokenEOF}}
	most := 0
	for i, token := range tokens {
		last := &levels[len(levels)-1]
		switch token.Type { //nolint:exhaustive // the other tokens lead no deeper
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenQuestion:
			last.inner++
		case hclsyntax.TokenTemplateControl:
			last.inner += directive(tokens[i+1:])
		case hclsyntax.TokenComma:
			last.inner = 0
		case hclsyntax.TokenNewline:
			if last.closes == hclsyntax.TokenCBrace || last.closes == hclsyntax.TokenEOF {
				last.inner = 0
			}
		case last.closes:
			if len(levels) > 1 {
				levels = levels[:len(levels)-1]
			}
		}
		most = max(most, last.depth+last.inner)
		if closes, ok := opens[token.Type]; ok {
			levels = append(levels, level{closes: closes, depth: last.depth + last.inner + 1})
		}
	}
	return max(most, levels[len(levels)-1].depth)
}

// directive returns how much deeper one is after a directive of a template that begins with these tokens.
func directive(tokens hclsyntax.Tokens) int {
	if len(tokens) == 0 {
		return 0
	}
	switch string(tokens[0].Bytes) {
	case "endif", "endfor":
		return -1
	case "else":
		return 0
	}
	return 1
}

// jsonNesting returns how deep a text in JSON is parsed.
func jsonNesting(src []byte) int {
	depth, most := 0, 0
	inText, escaped := false, false
	for _, c := range src {
		switch {
		case escaped:
			escaped = false
		case inText:
			escaped = c == '\\'
			inText = c != '"'
		case c == '"':
			inText = true
		case c == '[' || c == '{':
			depth++
			most = max(most, depth)
		case c == ']' || c == '}':
			depth--
		}
	}
	return most
}
