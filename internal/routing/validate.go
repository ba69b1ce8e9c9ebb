package routing

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/go-multierror"
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/schema/gvk"
	"istio.io/istio/pkg/config/validation"
	"istio.io/istio/pkg/log"
)

// Istio's validation also logs what it returns, to stdout, which belongs to the plugin protocol.
func init() {
	if scope := log.FindScope("validation"); scope != nil {
		scope.SetOutputLevel(log.NoneLevel)
	}
}

// Validate returns everything that Istio's own webhook would say about the object, what Envoy would refuse after the
// webhook let it pass, and what both accept and does nothing, without a cluster, and where: in the order of the API.
func Validate(o *Object) []Problem {
	problems := refusedByIstiod(o)
	problems = append(problems, unlessRefused(unsaid(o), problems)...)
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(comparePaths(o.Spec, a.At, b.At), cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Text(), b.Text()))
	})
	return problems
}

// unlessRefused leaves out what is said about a place of which said refuses something: a place is not refused twice, and
// neither doubted nor blamed before it is mended, inside too.
func unlessRefused(problems, said []Problem) []Problem {
	return slices.DeleteFunc(problems, func(p Problem) bool {
		return slices.ContainsFunc(said, func(s Problem) bool {
			return s.Severity == Refused && (s.At.Within(p.At) && (p.Severity != Refused || len(s.At) == len(p.At)) ||
				slices.ContainsFunc(p.By, s.At.Within))
		})
	})
}

// refusedByIstiod runs the webhook's code: what this accepts, the webhook of the same Istio version accepts. What it says
// about HTTP rules that no request reaches is left out: [FindDead] knows better, where istiod compares texts.
func refusedByIstiod(o *Object) []Problem {
	verdicts := judge(o, o.Spec)
	if spec, ok := o.Spec.(*networking.VirtualService); ok && len(spec.GetTcp())+len(spec.GetTls()) == 0 {
		verdicts = slices.DeleteFunc(verdicts, func(v verdict) bool { return v.unreached })
	}
	if len(verdicts) == 0 {
		return nil
	}
	var problems []Problem
	c := &court{object: o, left: effort}
	counts := count(verdicts)
	elements := c.judgeElements(o.Spec)
	seen := map[verdict]bool{}
	for _, v := range verdicts {
		if seen[v] {
			continue
		}
		seen[v] = true
		places := c.locateInElements(elements, v, counts[v.meaning])
		if len(places) == 0 {
			places = c.locate(o.Spec, v, counts[v.meaning])
		}
		for _, at := range places {
			if v.unreached && at.Within(Path{"http"}) {
				continue
			}
			problems = append(problems, Problem{At: at, Severity: v.severity, Reason: v.text})
		}
	}
	return problems
}

// verdict is one message of Istio's validation. It says what is wrong, but seldom where.
type verdict struct {
	meaning
	text string
	// unreached says that it is about a rule or a match that an earlier one covers.
	unreached bool
}

// meaning is what verdicts are compared by: their words in any order. Istio ranges over maps, and a message about two
// entries names them in the order met.
type meaning struct {
	severity Severity
	words    string
}

func verdictOf(severity Severity, text string) verdict {
	words := slices.Sorted(strings.FieldsFuncSeq(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) }))
	return verdict{meaning: meaning{severity: severity, words: strings.Join(words, " ")}, text: text}
}

// count returns how often each verdict was given.
func count(verdicts []verdict) map[meaning]int {
	counts := make(map[meaning]int, len(verdicts))
	for _, v := range verdicts {
		counts[v.meaning]++
	}
	return counts
}

func judge(o *Object, spec proto.Message) (verdicts []verdict) {
	validate, kind := validation.ValidateVirtualService, gvk.VirtualService
	if o.Kind() == KindDestinationRule {
		validate, kind = validation.ValidateDestinationRule, gvk.DestinationRule
	}
	// A message that the webhook cannot even look at must not take the plan down with it.
	defer func() {
		if cause := recover(); cause != nil {
			verdicts = append(verdicts, verdictOf(Refused, fmt.Sprintf("cannot be checked: %v", cause)))
		}
	}()
	warning, err := validate(config.Config{
		Meta: config.Meta{
			GroupVersionKind: kind, Name: o.Name, Namespace: o.Namespace, Labels: o.Labels, Annotations: o.Annotations,
		},
		Spec: spec,
	})
	for _, e := range flatten(err) {
		verdicts = append(verdicts, verdictOf(Refused, strings.TrimSpace(e.Error())))
	}
	for _, e := range flatten(warning) {
		v := verdictOf(Doubtful, strings.TrimSpace(e.Error()))
		if known := (*validation.AnalysisAwareError)(nil); errors.As(e, &known) {
			v.unreached = known.Type == "VirtualServiceUnreachableRule" || known.Type == "VirtualServiceIneffectiveMatch"
		}
		verdicts = append(verdicts, v)
	}
	return verdicts
}

// flatten lists the messages of nested multi-errors.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	if many := new(multierror.Error); errors.As(err, &many) {
		var all []error
		for _, e := range many.Errors {
			all = append(all, flatten(e)...)
		}
		return all
	}
	return []error{err}
}
