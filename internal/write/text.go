package write

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
)

// widest is how many columns a line may have that is broken where it is wider.
const widest = 100

// order is where attributes stand: first what says which routes these are, last where requests go. Those of the same
// number are in the order of the alphabet.
var order = map[string]int{
	"name": -9, "service": -8, "host": -8, "namespace": -7, "virtual_service_name": -6, "destination_rule_name": -5,
	"manage_destination_rule": -4, "hosts": -3, "gateways": -2, "match": -1,
	"subsets": 1, "route": 1, "subset": 2, "weights": 3, "rules": 4, "default": 5, "otherwise": 5,
}

// writeAttributes writes the attributes of a block, those of several lines between empty ones.
func writeAttributes(b *bytes.Buffer, object attr.Value) {
	spread := false
	for i, name := range namesIn(object) {
		value := text(object.Get(name), 2, len(name)+5)
		if several := strings.Contains(value, "\n"); i > 0 && (several || spread) {
			b.WriteByte('\n')
			spread = several
		} else {
			spread = several
		}
		b.WriteString("  " + name + " = " + value + "\n")
	}
}

// text returns a value as HCL, in one line if that ends within the width. Its first line begins at a column, the
// others at an indent.
func text(v attr.Value, indent, column int) string {
	opening, closing, parts := "{", "}", []string(nil)
	switch {
	case v.IsList():
		opening, closing = "[", "]"
	case !v.HasEntries():
		return scalar(v)
	}
	in, inner := strings.Repeat(" ", indent+2), 0
	for key, e := range members(v) {
		if e.IsList() || e.HasEntries() {
			inner++
		}
		parts = append(parts, key+text(e, indent+2, indent+2+len(key)))
	}
	line := strings.Join(parts, ", ")
	switch {
	case len(parts) == 0:
		return opening + closing
	case inner > 1 || strings.Contains(line, "\n") || column+len(line)+4 > widest:
	case v.IsList():
		return opening + line + closing
	default:
		return opening + " " + line + " " + closing
	}
	if v.IsList() && len(parts) == 1 && inner == 1 {
		// The only element of a list stands in its brackets.
		return opening + text(v.Elements()[0], indent, column+1) + closing
	}
	separator := "\n"
	if v.IsList() {
		separator = ",\n"
	}
	return opening + "\n" + in + strings.Join(parts, separator+in) + separator + strings.Repeat(" ", indent) + closing
}

// members goes through what is in a list, a map or an object, each with what stands in front of it.
func members(v attr.Value) iter.Seq2[string, attr.Value] {
	return func(yield func(string, attr.Value) bool) {
		for _, e := range v.Elements() {
			if !yield("", e) {
				return
			}
		}
		for _, name := range namesIn(v) {
			if !yield(key(name)+" = ", v.Get(name)) {
				return
			}
		}
	}
}

// namesIn returns the names of what is set in a map or an object. Keys of a map are in the order of the alphabet.
func namesIn(v attr.Value) (names []string) {
	for name, e := range v.Entries() {
		if !e.IsNull() {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if v.IsMap() {
			return cmp.Compare(a, b)
		}
		return cmp.Or(cmp.Compare(order[a], order[b]), cmp.Compare(a, b))
	})
	return names
}

// key returns a key of an object. `for` would begin an expression.
func key(name string) string {
	if hclsyntax.ValidIdentifier(name) && name != "for" {
		return name
	}
	return quoted(name)
}

// scalar returns a value that has nothing in it.
func scalar(v attr.Value) string {
	if text, ok := v.Text(); ok {
		return quoted(text)
	}
	if yes, ok := v.Bool(); ok {
		return tokens(cty.BoolVal(yes))
	}
	if number, ok := v.Number(); ok {
		return tokens(cty.NumberVal(number))
	}
	return "null"
}

// quoted returns a text as HCL has it, in which nothing begins a template.
func quoted(text string) string { return tokens(cty.StringVal(text)) }

func tokens(v cty.Value) string { return string(hclwrite.TokensForValue(v).Bytes()) }

// changed returns where a value has a text that Terraform does not keep as it is, empty for nowhere.
func changed(at string, v attr.Value) string {
	if text, ok := v.Text(); ok && cty.NormalizeString(text) != text {
		return at
	}
	for i, e := range v.Elements() {
		if found := changed(fmt.Sprintf("%s[%d]", at, i), e); found != "" {
			return found
		}
	}
	for _, name := range namesIn(v) {
		inner := strings.TrimPrefix(at+"."+name, ".")
		if v.IsMap() {
			inner = fmt.Sprintf("%s[%+q]", at, name)
		}
		if cty.NormalizeString(name) != name {
			return inner
		}
		if found := changed(inner, v.Get(name)); found != "" {
			return found
		}
	}
	return ""
}
