package acceptance_test

import (
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/provider/acceptance"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/siblings"
)

// answered is what a call comes to, in a form that can be compared.
type answered struct {
	State, Private, Identity string
	Replace, Diagnostics     []string
	kind                     string
}

// outOfReach is where no API server answers.
const outOfReach = "out of reach"

// compare asks both servers, and fails where their answers differ.
func (y *yardstick) compare(call string, guarded server, ask func(server) answered) answered {
	y.t.Helper()
	y.calls++
	want, got := ask(y.plain), ask(guarded)
	y.kinds[call+": "+want.kind]++
	if call == "plan" && notConverted(want) {
		if strings.Contains(want.Diagnostics[0], "Configuration Read Error") && got.kind != want.kind {
			y.t.Errorf("%s: %s: the framework refuses what the provider takes:\n%s\n%s", y.which, call,
				want.Diagnostics, got.Diagnostics)
		}
		return want
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(answered{})); diff != "" {
		y.t.Errorf("%s: %s: (-framework +provider):\n%s", y.which, call, diff)
	}
	return want
}

// isMisled reports whether the framework takes an attribute for missing because the object around it is not known
// yet. What answers at the protocol does not. Source:
// https://github.com/hashicorp/terraform-plugin-framework/issues/186.
func isMisled(config tftypes.Value, d *tfprotov6.Diagnostic) bool {
	if d.Summary != "Missing Configuration for Required Attribute" {
		return false
	}
	steps := stepsIn(d.Detail)
	for n := range steps {
		around, _, err := tftypes.WalkAttributePath(config, tftypes.NewAttributePathWithSteps(steps[:n]))
		if v, ok := around.(tftypes.Value); err == nil && ok && !v.IsKnown() {
			return true
		}
	}
	return false
}

// step is a step of a path in a text.
var step = regexp.MustCompile(`\.?([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]`)

// stepsIn returns the path for which the framework says in a text that a value must be set: what is sent beside the
// text is cut to what Terraform finds.
func stepsIn(detail string) []tftypes.AttributePathStep {
	_, rest, _ := strings.Cut(detail, "Must set a configuration value for the ")
	at, _, _ := strings.Cut(rest, " attribute as the provider")
	var steps []tftypes.AttributePathStep
	for _, found := range step.FindAllStringSubmatch(at, -1) {
		switch {
		case found[1] != "":
			steps = append(steps, tftypes.AttributeName(found[1]))
		case found[2] != "":
			index, err := strconv.ParseInt(found[2], 10, 64)
			if err != nil {
				return nil
			}
			steps = append(steps, tftypes.ElementKeyInt(index))
		default:
			key, err := strconv.Unquote(found[3])
			if err != nil {
				return nil
			}
			steps = append(steps, tftypes.ElementKeyString(key))
		}
	}
	return steps
}

// stateUnread is what the framework says of a state with a number that its schema does not take, such as a port that
// is a fraction. No provider wrote it, and with that error nobody comes to another state: a read or an apply puts in
// order what somebody wrote there.
const stateUnread = "State Read Error"

// notConverted reports whether the framework made nothing of a number that its schema does not take, which it says at
// a plan before the provider is asked. Terraform plans no configuration that is refused, and the provider's plan says
// itself what is wrong with it.
func notConverted(a answered) bool {
	return len(a.Diagnostics) == 1 && (strings.Contains(a.Diagnostics[0], "Configuration Read Error") ||
		strings.Contains(a.Diagnostics[0], stateUnread))
}

// ofMore is how a process tells of one object after many. Where the framework refuses what the provider takes, only
// the provider has told of one more.
var ofMore = regexp.MustCompile(`(?s)\(more objects\): In (.+?): `)

func (y *yardstick) must(ok bool, err error) {
	y.t.Helper()
	if err != nil || !ok {
		y.t.Fatalf("%s: no answer: %v", y.which, err)
	}
}

func (y *yardstick) answer(
	state *tfprotov6.DynamicValue,
	private []byte,
	identity *tfprotov6.ResourceIdentityData,
	replace []*tftypes.AttributePath,
	said []*tfprotov6.Diagnostic,
) answered {
	y.t.Helper()
	a := answered{State: y.text(state, y.typed), Private: string(private)}
	if identity != nil {
		a.Identity = y.text(identity.IdentityData, identityValue)
	}
	for _, at := range replace {
		a.Replace = append(a.Replace, at.String())
	}
	for _, d := range acceptance.Shown(said) {
		// This is told of two. Where the framework refuses what the provider takes, only the provider knows of one
		// more.
		if strings.HasPrefix(d.Summary, siblings.MadeAnew) {
			continue
		}
		text := fmt.Sprintf("%s at %s: %s: %s", d.Severity, d.Attribute, d.Summary, d.Detail)
		a.Diagnostics = append(a.Diagnostics, ofMore.ReplaceAllString(text, "($1): "))
	}
	// The framework checks attributes in the order of a Go map, which is none.
	slices.Sort(a.Diagnostics)
	return a
}

// text is a value in one spelling: whatever is known of an unknown value counts for nothing, because the framework
// forgets it.
func (y *yardstick) text(v *tfprotov6.DynamicValue, of tftypes.Type) string {
	y.t.Helper()
	if v == nil {
		return "no value"
	}
	value, err := v.Unmarshal(of)
	if err != nil {
		y.t.Fatalf("%s: read an answer: %v", y.which, err)
	}
	return spelled(value)
}

func spelled(v tftypes.Value) string {
	switch {
	case v.IsNull():
		return "null"
	case !v.IsKnown():
		return "unknown"
	case v.Type().Is(tftypes.Object{}), v.Type().Is(tftypes.Map{}):
		entries := entriesOf(v)
		var fields []string
		for _, name := range slices.Sorted(maps.Keys(entries)) {
			if inner := spelled(entries[name]); inner != "null" || v.Type().Is(tftypes.Map{}) {
				fields = append(fields, fmt.Sprintf("%q: %s", name, inner))
			}
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case v.Type().Is(tftypes.List{}):
		var elements []tftypes.Value
		if err := v.As(&elements); err != nil {
			panic(err)
		}
		texts := make([]string, len(elements))
		for i, e := range elements {
			texts[i] = spelled(e)
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case v.Type().Is(tftypes.Number):
		n := new(big.Float)
		if err := v.As(&n); err != nil {
			panic(err)
		}
		if n.Sign() == 0 {
			return "0"
		}
		return n.Text('g', 150)
	case v.Type().Is(tftypes.Bool):
		var yes bool
		if err := v.As(&yes); err != nil {
			panic(err)
		}
		return fmt.Sprint(yes)
	}
	var text string
	if err := v.As(&text); err != nil {
		panic(err)
	}
	return fmt.Sprintf("%q", text)
}

// worst is what an answer says, in one word: otherwise where it says nothing.
func worst(said []*tfprotov6.Diagnostic, otherwise string) string {
	switch {
	case slices.ContainsFunc(said, isError):
		return "error"
	case len(said) > 0:
		return "warned"
	}
	return otherwise
}
