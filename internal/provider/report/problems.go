// Package report tells what is wrong in the words of a configuration: problems of a route at their attributes, what
// the cluster answered, whose an object is, and all that as it may be shown to a person.
package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// MostProblems is how many problems are reported at once: nobody reads more.
const MostProblems = 100

// Problems adds what is wrong with a route. It leaves out what may only be wrong because values are not known yet:
// what is doubtful about one rule, such as that no request ever reaches it, depends on all others. Each text starts
// with the attribute: Terraform prints the line of an attribute at the top of a resource, and of everything nested
// deeper only the line of the resource. How bad it is that something never does what it says, void, depends on the
// form.
func Problems(diagnostics *diag.Diagnostics, void istio.Severity, r *attr.Reader, problems []istio.Problem) {
	said, left, leftErrors := 0, 0, false
	report := func(at path.Path, severity istio.Severity, summary, reason string) {
		switch {
		case said == MostProblems:
			left++
			leftErrors = leftErrors || severity == istio.Refused
			return
		case severity == istio.Refused:
			diagnostics.AddAttributeError(at, summary, Located(at, reason))
		default:
			diagnostics.AddAttributeWarning(at, summary, Located(at, reason))
		}
		said++
	}
	unknown, wrong := PathSetOf(r.Unknown()), PathSet{}
	for _, p := range r.Problems() {
		wrong.add(p.At)
		report(p.At, istio.Refused, "Invalid value", p.Reason)
	}
	rulesKnown := !unknown.touchAny(r, "rules", "match")
	tableKnown := rulesKnown && !unknown.touchAny(r, "http", "hosts", "gateways", "export_to")
	for _, p := range problems {
		at := Path(configured(p.At, r))
		if unknown.Touch(at) || wrong.Touch(at) {
			continue
		}
		switch p.Severity {
		case istio.Refused:
			report(at, p.Severity, "Invalid route", Text(p))
		case istio.Void:
			if !dependsOnOthers(p) || tableKnown && !touchesRules(wrong, p) {
				report(at, void, "Route without effect", Text(p))
			}
		case istio.Doubtful:
			if rulesKnown {
				report(at, p.Severity, "Doubtful route", Text(p))
			}
		}
	}
	switch more := fmt.Sprintf("%d more are not shown.", left); {
	case leftErrors:
		diagnostics.AddError("More problems", more)
	case left > 0:
		diagnostics.AddWarning("More problems", more)
	}
}

// touchesRules reports whether a member is in one of the rules that a problem follows from.
func touchesRules(members PathSet, p istio.Problem) bool {
	return slices.ContainsFunc(append(slices.Clone(p.By), p.At), func(at istio.Path) bool {
		return members.Touch(Path(at[:min(2, len(at))]))
	})
}

// Located is the text of a problem, with the attribute in front, as it may be shown.
func Located(at path.Path, reason string) string {
	if len(at.Steps()) == 0 {
		return Sentence(reason)
	}
	return Printable(at.String(), LongestPath) + ": " + strings.TrimSuffix(printable(reason), ".") + "."
}

// configured returns where a value was written: an object's name that is not set itself follows from another
// attribute.
func configured(at istio.Path, r *attr.Reader) istio.Path {
	if len(at) != 1 || at[0] != "virtual_service_name" && at[0] != "destination_rule_name" {
		return at
	}
	of, _ := at[0].(string)
	for _, name := range []string{of, "name"} {
		if r.Has(name) {
			return istio.Path{name}
		}
	}
	return istio.Path{"service"}
}

// touchAny reports whether a part of some attributes is a member.
func (p *PathSet) touchAny(r *attr.Reader, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return p.Touch(r.Path(name)) })
}

// dependsOnOthers reports whether a problem follows from several parts: it is about a match, all of which holds
// together, or about a rule that others keep from its requests.
func dependsOnOthers(p istio.Problem) bool {
	return len(p.By) > 0 || slices.Contains(p.At, any("match"))
}

// Sentence makes a sentence of a fragment, as it may be shown.
func Sentence(fragment string) string {
	if fragment == "" {
		return fragment
	}
	text := printable(fragment)
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(text[size:], ".") + "."
}
