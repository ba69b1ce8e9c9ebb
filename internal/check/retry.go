package check

import (
	"fmt"
	"strconv"
	"strings"

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
