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

// Validate returns everything that Istio's own webhook would say about the object, and what Envoy would refuse after the
// webhook let it pass, without a cluster, and where: in the order of the API.
func Validate(o *Object) []Problem {
	problems := append(refusedByIstiod(o), refusedByEnvoy(o.Spec)...)
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(comparePaths(o.Spec, a.At, b.At), cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Reason, b.Reason))
	})
	return problems
}

// refusedByIstiod runs the webhook's code: what this accepts, the webhook of the same Istio version accepts.
func refusedByIstiod(o *Object) []Problem {
	judge := func(spec proto.Message) []verdict { return judge(o, spec) }
	verdicts := judge(o.Spec)
	if len(verdicts) == 0 {
		return nil
	}
	var problems []Problem
	elements := judgeElements(o.Spec, judge)
	seen := map[verdict]bool{}
	for _, v := range verdicts {
		if seen[v] {
			continue
		}
		seen[v] = true
		places := locateInElements(elements, v, occurrences(v, verdicts), judge)
		if len(places) == 0 {
			places = locate(o.Spec, v, judge)
		}
		for _, at := range places {
			problems = append(problems, Problem{At: at, Severity: v.severity, Reason: v.text})
		}
	}
	return problems
}

// verdict is one message of Istio's validation. It says what is wrong, but seldom where.
type verdict struct {
	severity Severity
	text     string
}

// same compares verdicts by their words in any order: Istio ranges over maps, and a message about two entries names
// them in the order met.
func (v verdict) same(other verdict) bool {
	if v == other {
		return true
	}
	return v.severity == other.severity && len(v.text) == len(other.text) && slices.Equal(words(v.text), words(other.text))
}

func words(text string) []string {
	return slices.Sorted(strings.FieldsFuncSeq(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) }))
}

func judge(o *Object, spec proto.Message) (verdicts []verdict) {
	validate, kind := validation.ValidateVirtualService, gvk.VirtualService
	if o.Kind() == KindDestinationRule {
		validate, kind = validation.ValidateDestinationRule, gvk.DestinationRule
	}
	// A message that the webhook cannot even look at must not take the plan down with it.
	defer func() {
		if cause := recover(); cause != nil {
			verdicts = append(verdicts, verdict{text: fmt.Sprintf("cannot be checked: %v", cause)})
		}
	}()
	warning, err := validate(config.Config{
		Meta: config.Meta{
			GroupVersionKind: kind, Name: o.Name, Namespace: o.Namespace, Labels: o.Labels, Annotations: o.Annotations,
		},
		Spec: spec,
	})
	for _, text := range flatten(err) {
		verdicts = append(verdicts, verdict{severity: Refused, text: text})
	}
	for _, text := range flatten(warning) {
		verdicts = append(verdicts, verdict{severity: Doubtful, text: text})
	}
	return verdicts
}

// flatten lists the messages of nested multi-errors.
func flatten(err error) []string {
	if err == nil {
		return nil
	}
	if many := new(multierror.Error); errors.As(err, &many) {
		var texts []string
		for _, e := range many.Errors {
			texts = append(texts, flatten(e)...)
		}
		return texts
	}
	return []string{strings.TrimSpace(err.Error())}
}
