package lint

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// transparent are Terraform's functions that return their arguments, or what is in them.
var transparent = map[string]bool{
	"coalesce": true, "coalescelist": true, "concat": true, "distinct": true, "ephemeralasnull": true, "merge": true,
	"nonsensitive": true, "reverse": true, "sensitive": true, "setunion": true, "tolist": true, "tomap": true,
	"toset": true, "try": true, "values": true,
}

// expression looks at an expression for what is meant at a place.
func (m *module) expression(expr hcl.Expression, p place) {
	if p.shape == nil {
		return
	}
	switch e := expr.(type) {
	case *hclsyntax.ObjectConsExpr:
		pairs, _ := hcl.ExprMap(e)
		m.object(pairs, p)
	case *hclsyntax.TupleConsExpr:
		elements, _ := hcl.ExprList(e)
		m.tuple(elements, p)
	case *hclsyntax.ParenthesesExpr:
		m.expression(e.Expression, p)
	case *hclsyntax.TemplateWrapExpr:
		m.expression(e.Wrapped, p)
	case *hclsyntax.ConditionalExpr:
		m.expression(e.TrueResult, p)
		m.expression(e.FalseResult, p)
	case *hclsyntax.ForExpr:
		m.loop(e, p)
	case *hclsyntax.FunctionCallExpr:
		m.call(e, p)
	case *hclsyntax.IndexExpr:
		m.expression(e.Collection, p.within(anyStep))
	case *hclsyntax.RelativeTraversalExpr:
		if steps, ok := stepsOf(e.Traversal); ok {
			m.expression(e.Source, p.within(steps...))
		}
	case *hclsyntax.ScopeTraversalExpr:
		m.refer(e.Traversal, p)
	case hclsyntax.Expression:
		// What is computed is not looked into.
	default:
		m.json(expr, p)
	}
}

// object looks at what stands between braces.
func (m *module) object(pairs []hcl.KeyValuePair, p place) {
	if p.flat && len(p.steps) == 0 {
		p.flat = false
		p = p.element("*")
	}
	for _, pair := range pairs {
		key, isKnown := keyOf(pair.Key)
		switch {
		case len(p.steps) > 0:
			if p.follows(key, isKnown) {
				m.expression(pair.Value, p.stepped())
			}
		case p.hasElements():
			name := "*"
			if isKnown {
				name = strconv.Quote(cut(key))
			}
			m.expression(pair.Value, p.element(name))
		case !isKnown:
		case key == comment && isJSON(pair.Key):
		default:
			if inner, ok := p.attribute(key); ok {
				m.expression(pair.Value, inner)
			} else {
				m.find(pair.Key.Range(), p, key)
			}
		}
	}
}

// tuple looks at what stands between brackets.
func (m *module) tuple(elements []hcl.Expression, p place) {
	for i, element := range elements {
		switch index := strconv.Itoa(i); {
		case len(p.steps) > 0:
			if p.follows(index, true) {
				m.expression(element, p.stepped())
			}
		case p.hasElements():
			m.expression(element, p.element(index))
		}
	}
}

// loop looks at what a for-expression makes of each element.
func (m *module) loop(e *hclsyntax.ForExpr, p place) {
	levels := 1
	if e.Group {
		levels = 2
	}
	for range levels {
		switch {
		case len(p.steps) > 0:
			p = p.stepped()
		case p.hasElements():
			p = p.element("*")
		default:
			return
		}
	}
	m.expression(e.ValExpr, p)
}

// call looks at the arguments of a function that returns them.
func (m *module) call(e *hclsyntax.FunctionCallExpr, p place) {
	args := slices.Clone(e.Args)
	name := strings.TrimPrefix(e.Name, "core::")
	switch {
	case transparent[name]:
	case name == "flatten" && len(p.steps) == 0:
		p.flat = true
	case name == "lookup" && len(args) == 3:
		m.expression(args[2], p)
		fallthrough
	case slices.Contains([]string{"element", "lookup", "one"}, name) && len(args) > 0:
		args, p = args[:1], p.within(anyStep)
	default:
		return
	}
	for i, arg := range args {
		if e.ExpandFinal && i == len(e.Args)-1 {
			p = p.within(anyStep)
		}
		m.expression(arg, p)
	}
}

// json looks at an expression of a JSON file. A text there is a template, whose places are not those of the file.
func (m *module) json(expr hcl.Expression, p place) {
	if pairs, diagnostics := hcl.ExprMap(expr); !diagnostics.HasErrors() {
		m.object(pairs, p)
		return
	}
	if elements, diagnostics := hcl.ExprList(expr); !diagnostics.HasErrors() {
		m.tuple(elements, p)
		return
	}
	text, ok := textOf(expr)
	if !ok || !strings.Contains(text, "${") || nesting([]byte(text), hclsyntax.LexTemplate) > mostNesting {
		return
	}
	at := expr.Range()
	inner, diagnostics := hclsyntax.ParseTemplate([]byte(text), at.Filename, at.Start)
	if diagnostics.HasErrors() {
		return
	}
	p.at = &at
	m.expression(inner, p)
}

// comment is the key of a comment in JSON. In an object it does nothing, as in a block, because Terraform drops it.
const comment = "//"

// isJSON reports whether a key stands in a JSON file.
func isJSON(key hcl.Expression) bool {
	_, native := key.(hclsyntax.Expression)
	return !native
}

// keyOf returns the key of an object where it is written out.
func keyOf(key hcl.Expression) (name string, isKnown bool) {
	e, native := key.(*hclsyntax.ObjectConsKeyExpr)
	if !native {
		name, isKnown = textOf(key)
		return name, isKnown && !strings.Contains(name, "${") && !strings.Contains(name, "%{")
	}
	if e.ForceNonLiteral {
		return "", false
	}
	if name = hcl.ExprAsKeyword(e.Wrapped); name != "" {
		return name, true
	}
	if template, ok := e.Wrapped.(*hclsyntax.TemplateExpr); ok && template.IsStringLiteral() {
		return textOf(template)
	}
	return "", false
}

// textOf returns the text that an expression is which computes nothing.
func textOf(expr hcl.Expression) (text string, ok bool) {
	v, diagnostics := expr.Value(nil)
	if diagnostics.HasErrors() || v.IsNull() || !v.IsKnown() || v.Type() != cty.String {
		return "", false
	}
	return v.AsString(), true
}

// stepsOf returns the steps of a traversal, or false where it is none of names and indexes.
func stepsOf(traversal hcl.Traversal) (steps []string, ok bool) {
	for _, traverser := range traversal {
		switch t := traverser.(type) {
		case hcl.TraverseAttr:
			steps = append(steps, t.Name)
		case hcl.TraverseIndex:
			switch {
			case t.Key.IsNull() || !t.Key.IsKnown():
				return nil, false
			case t.Key.Type() == cty.String:
				steps = append(steps, t.Key.AsString())
			default:
				index, accuracy := t.Key.AsBigFloat().Int64()
				if accuracy != big.Exact {
					return nil, false
				}
				steps = append(steps, strconv.FormatInt(index, 10))
			}
		default:
			return nil, false
		}
	}
	return steps, true
}
