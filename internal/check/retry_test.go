package check_test

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// takenByIstiod reads the conditions for retries from the source of istiod's checks, which do not export them.
func takenByIstiod(t *testing.T) []string {
	t.Helper()
	istiod, err := build.Import("istio.io/istio/pkg/config/validation", ".", build.FindOnly)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(istiod.Dir, "validation.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var taken []string
	ast.Inspect(file, func(n ast.Node) bool {
		variable, ok := n.(*ast.ValueSpec)
		if !ok || variable.Names[0].Name != "supportedRetryOnPolicies" {
			return true
		}
		ast.Inspect(variable, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok {
				condition, err := strconv.Unquote(text.Value)
				if err != nil {
					t.Error(err)
				}
				taken = append(taken, condition)
			}
			return true
		})
		return false
	})
	return taken
}

// TestValidate_retries: what is said of a rule's time limits and of when it tries again.
func TestValidate_retries(t *testing.T) {
	t.Parallel()
	some := "; write some of " + strings.Join(takenByIstiod(t), ", ") +
		" and HTTP statuses, joined by commas without spaces"
	retryOn := func(conditions string) func(*networking.HTTPRoute) {
		return func(r *networking.HTTPRoute) {
			r.Retries = &networking.HTTPRetry{Attempts: 1, RetryOn: conditions}
		}
	}
	const cutOff = "ends a try that takes longer, and no other one follows: that takes reset, 5xx or gateway-error " +
		"in retry_on"
	const noLimit = "http[0].timeout: must be at least 1ms; leave it out for no limit, which is Istio's default"
	for name, test := range map[string]struct {
		change func(*networking.HTTPRoute)
		want   []string
	}{
		"conditions and statuses": {change: retryOn(strings.Join(takenByIstiod(t), ",") + ",503")},
		"a try that is cut off and not repeated": {
			func(r *networking.HTTPRoute) {
				r.Retries = &networking.HTTPRetry{Attempts: 1, PerTryTimeout: durationpb.New(time.Millisecond)}
			},
			[]string{"http[0].retries.per_try_timeout: " + cutOff},
		},
		"a try that is cut off, where others are repeated": {
			func(r *networking.HTTPRoute) {
				r.Retries = &networking.HTTPRetry{
					Attempts: 1, PerTryTimeout: durationpb.New(time.Millisecond), RetryOn: "503,504,unavailable",
				}
			},
			[]string{"http[0].retries.per_try_timeout: " + cutOff},
		},
		"a try that is cut off and repeated": {change: func(r *networking.HTTPRoute) {
			r.Retries = &networking.HTTPRetry{
				Attempts: 1, PerTryTimeout: durationpb.New(time.Millisecond), RetryOn: "503,gateway-error",
			}
		}},
		"a condition misspelt": {
			retryOn("5xx,conect-failure"),
			[]string{`http[0].retries.retry_on: "conect-failure" is no condition for a retry (did you mean ` +
				`"connect-failure"?)` + some},
		},
		"a condition in another case": {
			retryOn("gatewayError"),
			[]string{`http[0].retries.retry_on: "gatewayError" is no condition for a retry (did you mean ` +
				`"gateway-error"?)` + some},
		},
		"a space between conditions": {
			retryOn("5xx, reset"),
			[]string{`http[0].retries.retry_on: " reset" is no condition for a retry (did you mean "reset"?)` + some},
		},
		"a condition that is like none": {
			retryOn("5xx,sometimes"),
			[]string{`http[0].retries.retry_on: "sometimes" is no condition for a retry` + some},
		},
		"a status that is none": {
			retryOn("999"), []string{`http[0].retries.retry_on: "999" is no condition for a retry` + some},
		},
		"no time at all": {
			func(r *networking.HTTPRoute) { r.Timeout, r.Retries = durationpb.New(0), nil }, []string{noLimit},
		},
		"negative time": {
			func(r *networking.HTTPRoute) { r.Timeout, r.Retries = durationpb.New(-time.Second), nil },
			[]string{noLimit},
		},
		"a try of nothing": {
			func(r *networking.HTTPRoute) { r.Retries.PerTryTimeout = durationpb.New(0) },
			[]string{"http[0].retries.per_try_timeout: duration must be greater than 1ms"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule := istiotest.ValidRule(0)
			test.change(rule)
			var got []string
			for _, p := range check.Validate(&istio.Object{Namespace: "shop", Name: "reviews",
				Spec: &networking.VirtualService{Hosts: []string{"reviews"}, Http: []*networking.HTTPRoute{rule}},
			}) {
				got = append(got, p.At.String()+": "+p.Text())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
