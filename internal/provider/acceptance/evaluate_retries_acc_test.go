package acceptance_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// standardRetries is when Istio repeats a request where nothing is said.
const standardRetries = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"

// TestAccEvaluate_retries: how often a request comes to servers of HTTP that fail, or take too long for one try, and
// the policy that evaluate says. A try is long enough that its server hears of it on a busy machine, too.
func TestAccEvaluate_retries(t *testing.T) {
	t.Parallel()
	policies := map[string]struct {
		retries string
		want    traffic.Retries
		// counts are how often a request comes, by the status of the answers, or slow for none in time.
		counts map[string]int
	}{
		"default": {
			"", traffic.Retries{Attempts: 2, On: standardRetries, Default: true},
			map[string]int{"429": 1, "500": 1, "502": 1, "503": 1},
		},
		"no conditions": {
			"attempts: 3, perTryTimeout: 600ms", traffic.Retries{Attempts: 3, On: standardRetries},
			map[string]int{"429": 1, "500": 1, "502": 1, "503": 1, "slow": 1},
		},
		"none": {"attempts: 0", traffic.Retries{}, map[string]int{"503": 1}},
		"5xx": {
			"attempts: 2, perTryTimeout: 600ms, retryOn: 5xx", traffic.Retries{Attempts: 2, On: "5xx"},
			map[string]int{"429": 1, "500": 3, "503": 3, "slow": 3},
		},
		"gateway-error": {
			"attempts: 1, perTryTimeout: 600ms, retryOn: gateway-error",
			traffic.Retries{Attempts: 1, On: "gateway-error"}, map[string]int{"500": 1, "502": 2, "503": 2, "slow": 2},
		},
		"reset": {
			"attempts: 1, perTryTimeout: 600ms, retryOn: reset", traffic.Retries{Attempts: 1, On: "reset"},
			map[string]int{"503": 1, "slow": 2},
		},
		"a status": {
			"attempts: 2, perTryTimeout: 600ms, retryOn: '503,504'", traffic.Retries{Attempts: 2, On: "503,504"},
			map[string]int{"500": 1, "503": 3, "slow": 1},
		},
		"a status beside others": {
			"attempts: 2, retryOn: 'retriable-status-codes,429'",
			traffic.Retries{Attempts: 2, On: "retriable-status-codes,429"}, map[string]int{"429": 3, "503": 1},
		},
		"unavailable": {
			"attempts: 2, perTryTimeout: 600ms, retryOn: 'unavailable,deadline-exceeded,reset-before-request'",
			traffic.Retries{Attempts: 2, On: "unavailable,deadline-exceeded,reset-before-request"},
			map[string]int{"503": 1, "slow": 1},
		},
		"retriable-4xx": {
			"attempts: 2, retryOn: retriable-4xx", traffic.Retries{Attempts: 2, On: "retriable-4xx"},
			map[string]int{"409": 3, "429": 1},
		},
	}
	rules, paths := "", map[string]string{}
	for name, policy := range policies {
		paths[name] = fmt.Sprintf("/%d", len(paths))
		retries := ""
		if policy.retries != "" {
			retries = "retries: {" + policy.retries + "}, "
		}
		rules += "\n  - {match: [{uri: {exact: " + paths[name] + "}}], " + retries +
			"route: [{destination: {host: HOST}}]}"
	}
	r := newRoutes(t, rules)
	r.each(t, http.MethodGet, paths["none"], map[string][]string{}, func(*testing.T, traffic.Outcome, reply) {})
	for name, policy := range policies {
		for status, want := range policy.counts {
			headers := map[string][]string{"x-status": {status}}
			if status == "slow" {
				headers = map[string][]string{"x-sleep": {"5s"}}
			}
			r.each(t, http.MethodGet, paths[name], headers, func(t *testing.T, out traffic.Outcome, _ reply) {
				t.Helper()
				if got := r.attempts(t); got != want {
					t.Errorf("%s: %s came %d times to a server, want %d", name, status, got, want)
				}
				diff := cmp.Diff(policy.want, *out.Retries, cmpopts.IgnoreFields(traffic.Retries{}, "PerTryTimeout"))
				if diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			})
		}
	}
	t.Logf("%d requests; Envoy %s", r.asked, r.lab.Gateway().Version)
}

// TestAccEvaluate_retriesOfGRPC: what Istio repeats where nothing is said are answers of gRPC, through a sidecar.
func TestAccEvaluate_retriesOfGRPC(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	acctest.NeedEmbedded(t)
	if lab.Gateway().Version == "" {
		t.Skip("the lab has no Envoy")
	}
	lab.ApplyAs("test", `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: SERVICE, namespace: NAMESPACE}
spec: {hosts: [HOST], http: [{route: [{destination: {host: HOST}}]}]}
`)
	failing := func(first string) acctest.Request {
		return acctest.Request{
			Via: "sidecar", Count: 20, Headers: map[string]string{"x-fail-first": first},
		}
	}
	lab.Eventually(failing("2"), func(a acctest.Answers) error {
		if diff := cmp.Diff(map[string]int{"3": 20}, a.Attempts); diff != "" {
			return fmt.Errorf("attempts (-want +got):\n%s", diff)
		}
		return nil
	})
	lab.Eventually(failing("3"), acctest.Failing("Unavailable"))
}
