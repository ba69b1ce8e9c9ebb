package acceptance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"github.com/hashicorp/terraform-plugin-log/tfsdklogtest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// longestCall is what one call of the provider may take, however hostile its input.
	longestCall = time.Second
	// longestDiagnostic is how many bytes the detail of a diagnostic may have.
	longestDiagnostic = 8192
	// longestAnswer is how many bytes all diagnostics of one call may have.
	longestAnswer = 1 << 20
)

// attack sends hostile inputs to a provider and checks what comes back: no panic, an answer in time, and no text that
// a terminal would take for more than text or that holds a secret.
type attack struct {
	t *testing.T
	server
	ctx  context.Context
	logs *bytes.Buffer
	// secrets must not come back.
	secrets []string
	inputs  map[string]bool
	// longest is what one call may take.
	longest time.Duration
	slowest time.Duration
	slow    string
}

// The least inputs that each test tries. All together they are a thousand, which is more than a constant can say
// wrong: a negative number is no uint.
const (
	leastResources   = 700
	leastConnection  = 200
	leastKubeconfigs = 150
	leastImports     = 100
	leastEncoded     = 100
	_                = uint(leastResources + leastConnection + leastKubeconfigs + leastImports + leastEncoded - 1000)
)

// sampled reports whether a value is tried at a place, given the numbers of both. Every place gets one value in so
// many, a different one at each, and every value one place in so many. With MESH_TEST_HOSTILE=all everything is tried
// everywhere.
func sampled(place, value, oneIn int) bool {
	return os.Getenv("MESH_TEST_HOSTILE") == "all" || (place+value)%oneIn == 0
}

func newAttack(t *testing.T, secrets ...string) *attack {
	t.Helper()
	return attackOn(t, newServer(t), secrets...)
}

func attackOn(t *testing.T, s server, secrets ...string) *attack {
	t.Helper()
	return &attack{
		t:       t,
		server:  s,
		ctx:     t.Context(),
		logs:    &bytes.Buffer{},
		secrets: secrets,
		inputs:  map[string]bool{},
		longest: longestCall,
	}
}

// listen searches the log too, at its lowest level. Writing it takes longer than most calls.
func (a *attack) listen() {
	a.ctx = tfsdklogtest.RootLogger(tflogtest.RootLogger(a.ctx, a.logs), a.logs)
}

// input sends one input in one call.
func (a *attack) input(what string, call func() ([]*tfprotov6.Diagnostic, error)) {
	a.t.Helper()
	a.inputs[what] = true
	a.call(what, call)
}

func (a *attack) call(what string, call func() ([]*tfprotov6.Diagnostic, error)) {
	a.t.Helper()
	took := time.Duration(1<<63 - 1)
	// A machine that is busy with something else is not a provider that hangs: that hangs every time.
	for range 3 {
		a.logs.Reset()
		began, queued := time.Now(), timeInQueue()
		diagnostics, err := survive(call)
		took = min(took, time.Since(began)-(timeInQueue()-queued))
		if err != nil {
			a.t.Errorf("%s: %.2000s", what, err)
		}
		a.check(what, diagnostics)
		if took <= a.longest {
			break
		}
	}
	if took > a.longest {
		a.t.Errorf("%s: takes %s", what, took)
	}
	if took > a.slowest {
		a.slowest, a.slow = took, what
	}
}

// timeInQueue is how long the threads of this process were ready to run while others had the processors, as far as
// the system tells: nearly nothing on a machine that has nothing else to do. A peer's threads are among them, and the
// collector's.
func timeInQueue() time.Duration {
	var total time.Duration
	threads, _ := filepath.Glob("/proc/self/task/*/schedstat")
	for _, thread := range threads {
		raw, err := os.ReadFile(thread)
		if fields := strings.Fields(string(raw)); err == nil && len(fields) == 3 {
			if nanoseconds, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				total += time.Duration(nanoseconds)
			}
		}
	}
	return total
}

// survive returns a panic as an error.
func survive(call func() ([]*tfprotov6.Diagnostic, error)) (diagnostics []*tfprotov6.Diagnostic, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return call()
}

func (a *attack) check(what string, diagnostics []*tfprotov6.Diagnostic) {
	a.t.Helper()
	total := 0
	for _, d := range diagnostics {
		total += len(d.Summary) + len(d.Detail)
		if problem := a.wrong(d); problem != "" {
			a.t.Errorf("%s: %s: %.300q: %.600q", what, problem, d.Summary, d.Detail)
			break
		}
	}
	if total > longestAnswer {
		a.t.Errorf("%s: %d diagnostics of %d bytes", what, len(diagnostics), total)
	}
	for _, secret := range a.secrets {
		if bytes.Contains(a.logs.Bytes(), []byte(secret)) {
			a.t.Errorf("%s: the log holds a secret", what)
		}
	}
}

// wrong says what is wrong with a diagnostic, if anything.
func (a *attack) wrong(d *tfprotov6.Diagnostic) string {
	for _, text := range []string{d.Summary, d.Detail} {
		switch {
		case !utf8.ValidString(text):
			return "no UTF-8"
		case strings.ContainsFunc(text, unprintable):
			return "control characters"
		case len(text) > longestDiagnostic:
			return fmt.Sprintf("%d bytes", len(text))
		}
		for _, secret := range a.secrets {
			if strings.Contains(text, secret) {
				return "a secret"
			}
		}
	}
	for _, step := range d.Attribute.Steps() {
		if key, ok := step.(tftypes.ElementKeyString); ok && !utf8.ValidString(string(key)) {
			return "no UTF-8 in the path"
		}
	}
	return ""
}

// unprintable reports whether a rune moves, colours, turns or hides text instead of being text.
func unprintable(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.Is(unicode.C, r) || r == '\u2028' || r == '\u2029')
}

// report prints how much was tried, and fails the test when it was less than that.
func (a *attack) report(least int) {
	a.t.Helper()
	a.t.Logf("%d hostile inputs; the slowest took %s: %s", len(a.inputs), a.slowest.Round(time.Millisecond), a.slow)
	if len(a.inputs) < least {
		a.t.Errorf("%d hostile inputs, want at least %d", len(a.inputs), least)
	}
}

// resource validates a configuration and, as Terraform does where nothing is wrong, plans a new resource with it if
// asked to. It returns what the validation says.
func (a *attack) resource(what, resourceType string, config tftypes.Value, plan bool) (said []*tfprotov6.Diagnostic) {
	a.t.Helper()
	raw, err := tfprotov6.NewDynamicValue(config.Type(), config)
	if err != nil {
		// No such value can be sent.
		return nil
	}
	a.input("validate "+what, func() ([]*tfprotov6.Diagnostic, error) {
		answer, err := a.ValidateResourceConfig(a.ctx,
			&tfprotov6.ValidateResourceConfigRequest{TypeName: resourceType, Config: &raw})
		if err != nil {
			return nil, err
		}
		said = answer.Diagnostics
		return said, nil
	})
	if !plan || slices.ContainsFunc(said, isError) {
		return said
	}
	none, proposed := tftypes.NewValue(config.Type(), nil), a.proposed(resourceType, config)
	prior, err := tfprotov6.NewDynamicValue(none.Type(), none)
	next, err2 := tfprotov6.NewDynamicValue(proposed.Type(), proposed)
	if err := errors.Join(err, err2); err != nil {
		a.t.Fatal(err)
	}
	a.call("plan "+what, func() ([]*tfprotov6.Diagnostic, error) {
		answer, err := a.PlanResourceChange(a.ctx, &tfprotov6.PlanResourceChangeRequest{
			TypeName: resourceType, Config: &raw, PriorState: &prior, ProposedNewState: &next,
		})
		if err != nil {
			return nil, err
		}
		return answer.Diagnostics, nil
	})
	return said
}

func isError(d *tfprotov6.Diagnostic) bool { return d.Severity == tfprotov6.DiagnosticSeverityError }

// proposed is the configuration with what is computed unknown.
func (a *attack) proposed(resourceType string, config tftypes.Value) tftypes.Value {
	if config.IsNull() || !config.IsKnown() {
		return config
	}
	attributes := entriesOf(config)
	for _, attribute := range a.schemas.ResourceSchemas[resourceType].Block.Attributes {
		if attribute.Computed && attributes[attribute.Name].IsNull() {
			attributes[attribute.Name] = tftypes.NewValue(attribute.ValueType(), tftypes.UnknownValue)
		}
	}
	return tftypes.NewValue(config.Type(), attributes)
}

// emptyCluster is an API server in which nothing exists.
func emptyCluster(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(metav1.Status{
			TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
			Reason: metav1.StatusReasonNotFound, Code: http.StatusNotFound, Message: "not found",
			Details: &metav1.StatusDetails{Group: "networking.istio.io", Kind: path.Base(path.Dir(r.URL.Path))},
		})
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// configure gives the provider its block: attributes in HCL.
func (a *attack) configure(attributes string) {
	a.t.Helper()
	config := parseHCL(a.t, a.schemas.Provider.ValueType(), attributes)
	raw, err := tfprotov6.NewDynamicValue(config.Type(), config)
	if err != nil {
		a.t.Fatal(err)
	}
	answer, err := a.ConfigureProvider(a.ctx,
		&tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.14.0", Config: &raw})
	if err != nil || len(answer.Diagnostics) > 0 {
		a.t.Fatal(err, answer)
	}
}

// oneInResources is one value in how many that TestHostile_resources tries at a place. It plans a quarter of those,
// because a plan takes the framework ten times as long.
const oneInResources = 97

// TestHostile_resources puts hostile values into every place of both resources.
func TestHostile_resources(t *testing.T) { //nolint:paralleltest // it reads what the process logs, and measures
	a := newAttack(t, "marker-token")
	a.configure(fmt.Sprintf("host = %q\ntoken = \"marker-token\"", emptyCluster(t)))
	for _, resourceType := range []string{"mesh_canary_route", "mesh_weighted_split"} {
		objectType := a.schemas.ResourceSchemas[resourceType].ValueType()
		config := parseHCL(t, objectType,
			map[string]string{"mesh_canary_route": validRoute, "mesh_weighted_split": validSplit}[resourceType])
		made := map[string][]hostileValue{}
		for i, p := range places(objectType) {
			key := p.of.String()
			if made[key] == nil {
				made[key] = hostileValues(p.of)
			}
			for j, v := range made[key] {
				if sampled(i, j, oneInResources) {
					a.resource(fmt.Sprintf("%s%s = %s", resourceType, p.name, v.name), resourceType,
						put(config, p.at, v.value), sampled(i, j, 4*oneInResources))
				}
			}
		}
	}
	a.report(leastResources)
}
