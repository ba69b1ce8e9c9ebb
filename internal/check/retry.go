package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/spelling"
)

// retryConditions are Envoy's for HTTP and gRPC, without the statuses, which are conditions too. A test compares them
// with what istiod takes.
// Source: istio.io/istio pkg/config/validation supportedRetryOnPolicies.
var retryConditions = []string{
	"5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "retriable-4xx", "refused-stream",
	"retriable-status-codes", "retriable-headers", "envoy-ratelimited", "http3-post-connect-failure",
	"cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable",
}

// noRetryCondition says what can be written in place of a condition that istiod refuses, given in Go's syntax.
func noRetryCondition(quoted string) string {
	meant := ""
	if written, err := strconv.Unquote(quoted); err == nil {
		if nearest := spelling.Nearest(written, retryConditions); nearest != "" {
			meant = fmt.Sprintf(" (did you mean %q?)", nearest)
		}
	}
	return quoted + " is no condition for a retry" + meant + "; write some of " +
		strings.Join(retryConditions, ", ") + " and HTTP statuses, joined by commas without spaces"
}

// cutOff looks for tries that nobody repeats when they have taken too long: Envoy resets such a try, and counts that
// as no answer of the service.
// Source: Envoy's Filter::onPerTryTimeoutCommon and RetryStateImpl::wouldRetryFromReset; run with 1.40.
func (c *checker) cutOff(m *networking.HTTPRetry) {
	if m.PerTryTimeout == nil || m.Attempts <= 0 {
		return
	}
	known, repeated := true, false
	for on := range strings.SplitSeq(m.RetryOn, ",") {
		_, err := strconv.Atoi(on)
		known = known && (m.RetryOn == "" || err == nil || slices.Contains(retryConditions, on))
		repeated = repeated || slices.Contains([]string{"5xx", "gateway-error", "reset"}, on)
	}
	if known && !repeated {
		c.doubt(istio.Path{"per_try_timeout"}, "ends a try that takes longer, and no other one follows: that takes "+
			"reset, 5xx or gateway-error in retry_on")
	}
}
