package check

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"google.golang.org/protobuf/proto"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/schema/gvk"
	"istio.io/istio/pkg/config/validation"
	"istio.io/istio/pkg/log"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Istio's validation also logs what it returns, to stdout, which belongs to the plugin protocol.
func init() {
	if scope := log.FindScope("validation"); scope != nil {
		scope.SetOutputLevel(log.NoneLevel)
	}
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
	severity istio.Severity
	words    string
}

func verdictOf(severity istio.Severity, text string) verdict {
	words := slices.Sorted(strings.FieldsFuncSeq(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsPunct(r)
	}))
	return verdict{meaning: meaning{severity: severity, words: strings.Join(words, " ")}, text: text}
}

// aboutRegex is how Istio begins what it says of a regular expression: with the name of a field, which the place says
// better.
var aboutRegex = regexp.MustCompile(`^(?:UriRegexRewrite has errors\s+)?"[A-Za-z.]+": (error parsing regexp: |regex )`)

// aboutRetryOn is what Istio says of a condition for retries that it does not know.
var aboutRetryOn = regexp.MustCompile(`^(".*") is not a valid retryOn policy$`)

// reasonAt returns the text without what the place says, and with what to write there.
func (v verdict) reasonAt(at istio.Path) string {
	if condition := aboutRetryOn.FindStringSubmatch(v.text); condition != nil {
		return noRetryCondition(condition[1])
	}
	if v.text == "duration must be greater than 1ms" && len(at) == 3 && at[2] == "timeout" {
		return "must be at least 1ms; leave it out for no limit, which is Istio's default"
	}
	found := aboutRegex.FindStringSubmatch(v.text)
	switch {
	case found == nil:
		return v.text
	case found[1] == "regex ":
		return found[1] + v.text[len(found[0]):]
	}
	return "is no regular expression: " + v.text[len(found[0]):]
}

// place returns where a message belongs that was located: the two fields of a rewrite by a regex need each other, so
// that without either of them Istio says something else.
func (v verdict) place(at istio.Path) istio.Path {
	const both = "uri_regex_rewrite"
	last := len(at) - 1
	if strings.Contains(v.text, `"HTTPRewrite.UriRegexRewrite.Match": `) && last > 0 && at[last-1] == both {
		return at[:last].At("match")
	}
	return at
}

// count returns how often each verdict was given.
func count(verdicts []verdict) map[meaning]int {
	counts := make(map[meaning]int, len(verdicts))
	for _, v := range verdicts {
		counts[v.meaning]++
	}
	return counts
}

func judge(o *istio.Object, spec proto.Message) (verdicts []verdict) {
	validate, kind := validation.ValidateVirtualService, gvk.VirtualService
	switch o.Kind() {
	case istio.KindVirtualService:
	case istio.KindDestinationRule:
		validate, kind = validation.ValidateDestinationRule, gvk.DestinationRule
	case istio.KindGateway:
		validate, kind = validation.ValidateGateway, gvk.Gateway
	case istio.KindServiceEntry:
		validate, kind = validation.ValidateServiceEntry, gvk.ServiceEntry
	}
	// A message that the webhook cannot even look at must not take the plan down with it.
	defer func() {
		if cause := recover(); cause != nil {
			verdicts = append(verdicts, verdictOf(istio.Refused, fmt.Sprintf("cannot be checked: %v", cause)))
		}
	}()
	warning, err := validate(config.Config{
		Meta: config.Meta{
			GroupVersionKind: kind, Name: o.Name, Namespace: o.Namespace, Labels: o.Labels, Annotations: o.Annotations,
		},
		Spec: spec,
	})
	for _, e := range flatten(err) {
		verdicts = append(verdicts, verdictOf(istio.Refused, strings.TrimSpace(e.Error())))
	}
	for _, e := range flatten(warning) {
		v := verdictOf(istio.Doubtful, strings.TrimSpace(e.Error()))
		if known := (*validation.AnalysisAwareError)(nil); errors.As(e, &known) {
			v.unreached = known.Type == "VirtualServiceUnreachableRule" ||
				known.Type == "VirtualServiceIneffectiveMatch"
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
	// istiod's checks return github.com/hashicorp/go-multierror.
	var many interface{ WrappedErrors() []error }
	if errors.As(err, &many) {
		var all []error
		for _, e := range many.WrappedErrors() {
			all = append(all, flatten(e)...)
		}
		return all
	}
	return []error{err}
}
