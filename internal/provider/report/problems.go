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

// mostDoubts is how many doubts one warning tells.
const mostDoubts = 20

// The summaries of problems of a configuration.
const (
	Doubtful      = "Doubtful route"
	WithoutEffect = "Route without effect"
)

// doubtsOfRoutes are the ids of the doubts among them.
var doubtsOfRoutes = map[string]string{Doubtful: DoubtOfRoute, WithoutEffect: DoubtOfEffect}

// Naming is what the problems of a configuration are told with.
type Naming struct {
	// Of is what the configuration calls its object, empty where it does not say.
	Of string
	// Void is how bad it is that something never does what it says, which depends on the form.
	Void istio.Severity
	// Names returns those of its own that the texts may hold.
	Names func() []string
	// To is who is told.
	To Audience
}

// Summary is what a warning is called: Terraform shows one of several warnings that have the same summary.
func Summary(kind, of string) string {
	if of == "" {
		return kind
	}
	return fmt.Sprintf("%s (%s)", kind, Printable(of, LongestPath/2))
}

// Problems adds what is wrong with a route. It leaves out what may only be wrong because values are not known yet:
// what is doubtful about one rule, such as that no request ever reaches it, depends on all others. Each text starts
// with the attribute: Terraform prints the line of an attribute at the top of a resource, and of everything nested
// deeper only the line of the resource. The doubts of one kind are one warning, at the first of them.
func Problems(diagnostics *diag.Diagnostics, naming Naming, r *attr.Reader, problems []istio.Problem) {
	refused, left, doubts := 0, 0, Warnings{}
	report := func(at path.Path, severity istio.Severity, summary, reason string) {
		switch {
		case severity != istio.Refused:
			doubts.Add(naming.To, Warning{
				At: at, Kind: summary, Of: naming.Of, Text: Located(at, reason), ID: doubtsOfRoutes[summary],
			})
		case refused == MostProblems:
			left++
		default:
			diagnostics.AddAttributeError(at, summary, Located(at, reason))
			refused++
		}
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
				report(at, naming.Void, WithoutEffect, Text(p))
			}
		case istio.Doubtful:
			if rulesKnown {
				report(at, p.Severity, Doubtful, Text(p))
			}
		}
	}
	if left > 0 {
		diagnostics.AddError("More problems", fmt.Sprintf("%d more are not shown.", left))
	}
	if naming.To.Told != nil {
		for i := range doubts {
			doubts[i].Names = naming.Names()
		}
	}
	doubts.Tell(diagnostics, naming.To)
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
