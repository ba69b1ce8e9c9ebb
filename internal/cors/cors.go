// Package cors says what a proxy makes of requests that pages of other origins send. It is pure.
package cors

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/pattern"
)

// Request is what a proxy looks at, with headers in one line each.
type Request struct {
	Method string
	// Origin is who asks. Asks and AsksHeaders are which method and which headers a browser wants to send:
	// access-control-request-method and access-control-request-headers.
	Origin, Asks, AsksHeaders string
}

// preflight reports whether a browser asks before it sends a request.
func (r Request) preflight() bool { return r.Method == http.MethodOptions && r.Asks != "" }

// Verdict is what becomes of a request with an origin.
type Verdict struct {
	// Preflight says that a browser asks before it sends a request, and Answered that the proxy answers that by
	// itself.
	Preflight, Answered bool
	// Allowed says that the policy allows the origin. A proxy refuses nobody else: a browser does.
	Allowed bool
	// Headers are those that the proxy sets in the answer.
	Headers map[string]string
}

// Judge says what a policy makes of a request, nil where it does nothing. A proxy does not look at the method and the
// headers that a browser asks for: it says which ones are allowed.
// Source: istio.io/istio pilot/pkg/networking/core/route TranslateCORSPolicy, Envoy's CorsFilter; run with Envoy 1.36
// to 1.40.
func Judge(policy *networking.CorsPolicy, r Request) *Verdict {
	if policy == nil || r.Origin == "" {
		return nil
	}
	v := &Verdict{Preflight: r.preflight(), Allowed: allows(policy, r.Origin), Headers: map[string]string{}}
	v.Answered = v.Preflight &&
		(v.Allowed || policy.UnmatchedPreflights == networking.CorsPolicy_IGNORE)
	set := func(name, value string, when bool) {
		if when {
			v.Headers["access-control-"+name] = value
		}
	}
	set("allow-origin", r.Origin, v.Allowed)
	set("allow-credentials", "true", policy.AllowCredentials.GetValue() && (v.Allowed || v.Answered))
	exposed := strings.Join(policy.ExposeHeaders, ",")
	set("expose-headers", exposed, exposed != "" && v.Allowed)
	methods, headers := strings.Join(policy.AllowMethods, ","), strings.Join(policy.AllowHeaders, ",")
	set("allow-methods", wild(methods, r.Asks), methods != "" && v.Answered)
	set("allow-headers", wild(headers, r.AsksHeaders), headers != "" && v.Answered)
	set("max-age", strconv.FormatInt(policy.MaxAge.GetSeconds(), 10), policy.MaxAge != nil && v.Answered)
	return v
}

// Words says what becomes of a preflight, to be put behind what else is said of a request, empty for any other one.
func (v *Verdict) Words() string {
	const allows = "; this one is a preflight from an origin that the CORS policy allows"
	const refuses = "; this one is a preflight from an origin that the CORS policy does not allow"
	switch {
	case v == nil || !v.Preflight:
		return ""
	case v.Allowed:
		return allows + ", and the proxy answers it by itself, with 200"
	case v.Answered:
		return refuses + ", and the proxy answers it by itself, with 200 and without access-control-allow-origin"
	}
	return refuses + ", and goes on like any other request, because the policy does not ignore unmatched preflights"
}

// wild returns what is allowed, for a star what was asked for.
func wild(allowed, asked string) string {
	if allowed == "*" {
		return asked
	}
	return allowed
}

// allows reports whether a policy allows an origin. What matches a star allows every one.
func allows(policy *networking.CorsPolicy, origin string) bool {
	takes := func(p *pattern.Pattern) bool { return p.Matches("*") || p.Matches(origin) }
	if len(policy.AllowOrigins) == 0 {
		return takes(pattern.Exact(policy.AllowOrigin...)) //nolint:staticcheck // istiod reads it still
	}
	return slices.ContainsFunc(policy.AllowOrigins, func(m *networking.StringMatch) bool {
		return m.GetMatchType() != nil && takes(pattern.New(m))
	})
}
