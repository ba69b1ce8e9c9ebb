package canary_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
)

func TestRouteProblemsOfMatches(t *testing.T) {
	t.Parallel()
	checkRoutes(t, map[string]routeCase{
		"rule without match": {
			change: inRule(func(h *networking.HTTPRoute) { h.Match = nil }),
			want: []string{
				`rules[1].match: needs an entry`,
			},
		},
		"rule of nothing but a subset": {
			change: func(r *canary.Route) { r.Rules[1].HTTP = nil },
			want: []string{
				`rules[1].match: needs an entry`,
			},
		},
		"match of everything": {
			change: inRule(func(h *networking.HTTPRoute) { h.Match = []*networking.HTTPMatchRequest{{}} }),
			want:   []string{`rules[1].match[0]: has no condition, and takes every request`},
		},
		"match of everything beside others": {
			change: inRule(func(h *networking.HTTPRoute) { h.Match = append(h.Match, &networking.HTTPMatchRequest{}) }),
			want:   []string{`rules[1].match[1]: has no condition, and takes every request`},
		},
		"match of everything by name": {
			change: inRule(func(h *networking.HTTPRoute) { h.Match = []*networking.HTTPMatchRequest{{Name: "all"}} }),
			want: []string{
				`! default: rules[1].match[0] takes every request first; narrow that match, or leave it out`,
			},
		},
		"matches of everything together": {
			change: inRule(func(h *networking.HTTPRoute) {
				h.Match = []*networking.HTTPMatchRequest{
					{Headers: map[string]*networking.StringMatch{"a": {}}},
					{WithoutHeaders: map[string]*networking.StringMatch{"a": {}}},
				}
			}),
			want: []string{`! default: rules[1].match[0] and rules[1].match[1] together take all of its requests ` +
				`first; narrow one of those matches, or leave it out`},
		},
		"match of an earlier rule": {
			change: func(r *canary.Route) { r.Rules[1].HTTP.Match = r.Rules[0].HTTP.Match },
			want: []string{
				`! rules[1]: rules[0].match[0] takes all of its requests first: those with header version=100`,
			},
		},
		"match that contradicts itself": {
			change: inMatch(func(m *networking.HTTPMatchRequest) {
				m.WithoutHeaders = map[string]*networking.StringMatch{"version": {}}
			}),
			want: []string{`! rules[1].match[0].without_headers["version"]: no request can have header version`},
		},
		"fault of nothing": {
			change: inRule(func(h *networking.HTTPRoute) {
				h.Fault = &networking.HTTPFaultInjection{Abort: &networking.HTTPFaultInjection_Abort{}}
			}),
			want: []string{`! rules[1].fault.abort: aborts nothing`},
		},
		"name used twice": {
			change: inRule(func(h *networking.HTTPRoute) { h.Name = "v1" }),
			want:   []string{`rules[1].name: "v1" is the name of rule 0 already`},
		},
		"regex that does not compile": {
			change: inMatch(func(m *networking.HTTPMatchRequest) { m.Headers["version"] = pattern("[") }),
			want:   []string{`rules[1].match[0].headers["version"].regex: is no regular expression: missing closing ]`},
		},
		"the same wrong regex in two rules": {
			change: func(r *canary.Route) {
				r.Rules[0].HTTP.Match[0].Headers["version"] = pattern("[")
				r.Rules[1].HTTP.Match[0].Headers["canary"] = pattern("[")
			},
			want: []string{
				`rules[0].match[0].headers["version"].regex: is no regular expression: missing closing ]`,
				`rules[1].match[0].headers["canary"].regex: is no regular expression: missing closing ]`,
			},
		},
		"regex of 1025 characters": {
			change: inMatch(func(m *networking.HTTPMatchRequest) {
				m.Headers["version"] = pattern(strings.Repeat("v", 1025))
			}),
			want: []string{`rules[1].match[0].headers["version"].regex: regex is too large`},
		},
		"regex that means any value": {
			change: inMatch(func(m *networking.HTTPMatchRequest) { m.Headers["version"] = pattern("*") }),
			want: []string{
				`rules[1].match[0].headers["version"].regex: is no regular expression: missing argument to repetition`,
			},
		},
		"empty header prefix": {
			change: inMatch(func(m *networking.HTTPMatchRequest) { m.Headers["version"] = prefix("") }),
			want:   []string{`rules[1].match[0].headers["version"].prefix: `},
		},
		"empty header value": {
			change: inMatch(func(m *networking.HTTPMatchRequest) { m.Headers["version"] = exact("") }),
			want:   []string{`rules[1].match[0].headers["version"].exact: an empty value is no header value`},
		},
		"header name with a space": {
			change: inMatch(func(m *networking.HTTPMatchRequest) { m.Headers["x y"] = exact("1") }),
			want:   []string{`rules[1].match[0].headers["x y"]: `},
		},
		"header names that differ in case": {
			change: inMatch(func(m *networking.HTTPMatchRequest) { m.Headers["Version"] = exact("2") }),
			want: []string{
				`rules[1].match[0].headers["version"]: "version" is the header "Version" that is matched already`,
				`? rules[1].match[0].headers["Version"]: proxies compare names of headers without case`,
			},
		},
		"uri of nothing": {
			change: inMatch(func(m *networking.HTTPMatchRequest) { m.Uri = &networking.StringMatch{} }),
			want:   []string{`rules[1].match[0].uri: needs one of exact, prefix and regex`},
		},
		"method, scheme and authority of nothing": {
			change: inMatch(func(m *networking.HTTPMatchRequest) {
				m.Method, m.Scheme, m.Authority = &networking.StringMatch{}, &networking.StringMatch{},
					&networking.StringMatch{}
			}),
			want: []string{
				`rules[1].match[0].authority: needs one of exact, prefix and regex`,
				`rules[1].match[0].method: needs one of exact, prefix and regex`,
				`rules[1].match[0].scheme: needs one of exact, prefix and regex`,
			},
		},
		"uri regex that does not compile": {
			change: inMatch(func(m *networking.HTTPMatchRequest) { m.Uri = pattern("(") }),
			want:   []string{`rules[1].match[0].uri.regex: missing closing )`},
		},
		"query parameter's regex that does not compile": {
			change: inMatch(func(m *networking.HTTPMatchRequest) {
				m.QueryParams = map[string]*networking.StringMatch{"debug": pattern("(")}
			}),
			want: []string{`rules[1].match[0].query_params["debug"].regex: missing closing )`},
		},
		"absent header's regex that does not compile": {
			change: inMatch(func(m *networking.HTTPMatchRequest) {
				m.WithoutHeaders = map[string]*networking.StringMatch{"bot": pattern("(")}
			}),
			want: []string{`rules[1].match[0].without_headers["bot"].regex: missing closing )`},
		},
		"port 70000": {
			change: inMatch(func(m *networking.HTTPMatchRequest) { m.Port = 70000 }),
			want:   []string{`rules[1].match[0].port: port number 70000 must be in the range 1..65535`},
		},
		"source namespace with an underscore": {
			change: inMatch(func(m *networking.HTTPMatchRequest) { m.SourceNamespace = "web_1" }),
			want:   []string{`rules[1].match[0].source_namespace: sourceNamespace match web_1 is invalid`},
		},
		"source label with a space": {
			change: inMatch(func(m *networking.HTTPMatchRequest) {
				m.SourceLabels = map[string]string{"app": "my web"}
			}),
			want: []string{`rules[1].match[0].source_labels["app"]: `},
		},
		"gateway of a match with an underscore": {
			change: inMatch(func(m *networking.HTTPMatchRequest) { m.Gateways = []string{"shop/public_one"} }),
			want:   []string{`rules[1].match[0].gateways[0]: `},
		},
		"second match of a rule": {
			change: inRule(func(h *networking.HTTPRoute) {
				h.Match = append(h.Match, &networking.HTTPMatchRequest{Method: prefix("")})
			}),
			want: []string{`rules[1].match[1].method.prefix: `},
		},
	})
}

func TestRouteProblemsOfRules(t *testing.T) {
	t.Parallel()
	delay := func(d time.Duration, percent float64) *networking.HTTPFaultInjection {
		return &networking.HTTPFaultInjection{Delay: &networking.HTTPFaultInjection_Delay{
			HttpDelayType: &networking.HTTPFaultInjection_Delay_FixedDelay{FixedDelay: durationpb.New(d)},
			Percentage:    &networking.Percent{Value: percent},
		}}
	}
	abort := func(status int32, percent float64) *networking.HTTPFaultInjection {
		return &networking.HTTPFaultInjection{Abort: &networking.HTTPFaultInjection_Abort{
			ErrorType:  &networking.HTTPFaultInjection_Abort_HttpStatus{HttpStatus: status},
			Percentage: &networking.Percent{Value: percent},
		}}
	}
	retries := func(r *networking.HTTPRetry) func(*canary.Route) {
		return inRule(func(h *networking.HTTPRoute) { h.Retries = r })
	}
	timeout := func(d time.Duration) func(*canary.Route) {
		return inRule(func(h *networking.HTTPRoute) { h.Timeout = durationpb.New(d) })
	}
	fault := func(f *networking.HTTPFaultInjection) func(*canary.Route) {
		return inRule(func(h *networking.HTTPRoute) { h.Fault = f })
	}
	request := func(o *networking.Headers_HeaderOperations) func(*canary.Route) {
		return inRule(func(h *networking.HTTPRoute) { h.Headers = &networking.Headers{Request: o} })
	}
	response := func(o *networking.Headers_HeaderOperations) func(*canary.Route) {
		return inRule(func(h *networking.HTTPRoute) { h.Headers = &networking.Headers{Response: o} })
	}
	cors := func(c *networking.CorsPolicy) func(*canary.Route) {
		return inRule(func(h *networking.HTTPRoute) { h.CorsPolicy = c })
	}
	rewrite := func(w *networking.HTTPRewrite) func(*canary.Route) {
		return inRule(func(h *networking.HTTPRoute) { h.Rewrite = w })
	}
	mirror := func(m *networking.HTTPMirrorPolicy) func(*canary.Route) {
		return inRule(func(h *networking.HTTPRoute) { h.Mirrors = []*networking.HTTPMirrorPolicy{m} })
	}
	checkRoutes(t, map[string]routeCase{
		"timeout of zero": {
			change: timeout(0),
			want:   []string{`rules[1].timeout: must be at least 1ms; leave it out for no limit`},
		},
		"timeout below zero": {change: timeout(-time.Second), want: []string{`rules[1].timeout: `}},
		"timeout of 1.5ms": {
			change: timeout(1500 * time.Microsecond),
			want:   []string{`rules[1].timeout: only durations to ms precision are supported`},
		},
		"attempts below zero": {
			change: retries(&networking.HTTPRetry{Attempts: -1}),
			want:   []string{`rules[1].retries.attempts: attempts cannot be negative`},
		},
		"unknown retry condition": {
			change: retries(&networking.HTTPRetry{Attempts: 1, RetryOn: "6xx"}),
			want:   []string{`rules[1].retries.retry_on: "6xx" is no condition for a retry (did you mean "5xx"?)`},
		},
		"retry condition untidy": {
			change: retries(&networking.HTTPRetry{Attempts: 1, RetryOn: "5xx, reset"}),
			want:   []string{`rules[1].retries.retry_on: " reset" is no condition for a retry (did you mean "reset"?)`},
		},
		"try of zero": {
			change: retries(&networking.HTTPRetry{Attempts: 1, PerTryTimeout: &durationpb.Duration{}}),
			want:   []string{`rules[1].retries.per_try_timeout: `},
		},
		"tries limited, but none": {
			change: retries(&networking.HTTPRetry{PerTryTimeout: durationpb.New(time.Second)}),
			want:   []string{`rules[1].retries.per_try_timeout: `},
		},
		"delay of zero": {change: fault(delay(0, 50)), want: []string{`rules[1].fault.delay.fixed_delay: `}},
		"delay of 101 percent": {
			change: fault(delay(time.Second, 101)),
			want:   []string{`rules[1].fault.delay.percentage.value: `},
		},
		"delay below zero percent": {
			change: fault(delay(time.Second, -1)),
			want:   []string{`rules[1].fault.delay.percentage.value: `},
		},
		"abort with status 700": {
			change: fault(abort(700, 50)),
			want:   []string{`rules[1].fault.abort.http_status: HTTP status 700 is not in range`},
		},
		"abort of 101 percent": {
			change: fault(abort(503, 101)),
			want:   []string{`rules[1].fault.abort.percentage.value: `},
		},
		"abort with unknown status": {
			change: fault(&networking.HTTPFaultInjection{Abort: &networking.HTTPFaultInjection_Abort{
				ErrorType: &networking.HTTPFaultInjection_Abort_GrpcStatus{GrpcStatus: "GONE"},
			}}),
			want: []string{`rules[1].fault.abort.grpc_status: gRPC status "GONE" is not supported`},
		},
		"fault of nothing": {
			change: fault(&networking.HTTPFaultInjection{}),
			want:   []string{`rules[1].fault: `},
		},
		"pseudo header set": {
			change: request(&networking.Headers_HeaderOperations{Set: map[string]string{":path": "/", "x": "y"}}),
			want:   []string{`rules[1].headers.request.set[":path"]: `},
		},
		"pseudo header removed": {
			change: request(&networking.Headers_HeaderOperations{Remove: []string{"x", ":path"}}),
			want:   []string{`rules[1].headers.request.remove[1]: `},
		},
		"host of the response": {
			change: response(&networking.Headers_HeaderOperations{Add: map[string]string{"host": "x"}}),
			want:   []string{`rules[1].headers.response.add["host"]: `},
		},
		"unknown header variable": {
			change: request(&networking.Headers_HeaderOperations{Set: map[string]string{"x": "%"}}),
			want:   []string{`rules[1].headers.request.set["x"]: `},
		},
		"authority rewritten twice": {
			change: inRule(func(h *networking.HTTPRoute) {
				h.Rewrite = &networking.HTTPRewrite{Authority: "a"}
				h.Headers = &networking.Headers{
					Request: &networking.Headers_HeaderOperations{Set: map[string]string{"host": "b"}},
				}
			}),
			want: []string{`rules[1].headers.request.set["host"]: authority header cannot be set multiple times`},
		},
		"authority set twice": {
			change: request(&networking.Headers_HeaderOperations{
				Set: map[string]string{"host": "b", ":authority": "a"},
			}),
			want: []string{`rules[1].headers.request.set["host"]: authority header cannot be set multiple times`},
		},
		"cors method": {
			change: cors(&networking.CorsPolicy{AllowMethods: []string{"GET", "FETCH"}}),
			want:   []string{`rules[1].cors_policy.allow_methods[1]: "FETCH" is not a supported HTTP method`},
		},
		"cors header": {
			change: cors(&networking.CorsPolicy{AllowHeaders: []string{"x y"}}),
			want:   []string{`rules[1].cors_policy.allow_headers[0]: `},
		},
		"cors empty origin": {
			change: cors(&networking.CorsPolicy{AllowOrigins: []*networking.StringMatch{prefix("")}}),
			want:   []string{`rules[1].cors_policy.allow_origins[0]: `},
		},
		"cors age of 1.5s": {
			change: cors(&networking.CorsPolicy{MaxAge: durationpb.New(1500 * time.Millisecond)}),
			want:   []string{`rules[1].cors_policy.max_age: max_age duration is accurate only to seconds precision`},
		},
		"rewrite to no path": {
			change: rewrite(&networking.HTTPRewrite{Uri: "v2"}),
			want: []string{
				`! rules[1].rewrite.uri: "v2" does not begin with a slash, so that what is sent on is no path`,
			},
		},
		"rewrite to a group that is not there": {
			change: rewrite(&networking.HTTPRewrite{
				UriRegexRewrite: &networking.RegexRewrite{Match: "^/", Rewrite: `/v2/\1`},
			}),
			want: []string{`! rules[1].rewrite.uri_regex_rewrite.rewrite: names group \1, and match has 0`},
		},
		"rewrite to nothing": {
			change: rewrite(&networking.HTTPRewrite{}),
			want: []string{
				`rules[1].rewrite: rewrite must specify at least one of URI, UriRegexRewrite, or authority`,
			},
		},
		"rewrite in two ways": {
			change: rewrite(&networking.HTTPRewrite{
				Uri:             "/",
				UriRegexRewrite: &networking.RegexRewrite{Match: "^/", Rewrite: "/v2/"},
			}),
			want: []string{
				`rules[1].rewrite.uri_regex_rewrite: rewrite may only contain one of URI or UriRegexRewrite`,
			},
		},
		"rewrite with half a regex": {
			change: rewrite(&networking.HTTPRewrite{UriRegexRewrite: &networking.RegexRewrite{Match: "^/"}}),
			want:   []string{`rules[1].rewrite.uri_regex_rewrite: `},
		},
		"mirror of 101 percent": {
			change: mirror(&networking.HTTPMirrorPolicy{
				Destination: &networking.Destination{Subset: "v1"},
				Percentage:  &networking.Percent{Value: 101},
			}),
			want: []string{`rules[1].mirrors[0].percentage.value: `},
		},
		"mirror to an undeclared subset": {
			change: mirror(&networking.HTTPMirrorPolicy{Destination: &networking.Destination{Subset: "v9"}}),
			want:   []string{`rules[1].mirrors[0].destination.subset: there is no subset "v9"`},
		},
		"mirror to an invalid host": {
			change: mirror(&networking.HTTPMirrorPolicy{Destination: &networking.Destination{Host: "a b"}}),
			want:   []string{`rules[1].mirrors[0].destination.host: `},
		},
		"mirror to every host": {
			change: mirror(&networking.HTTPMirrorPolicy{Destination: &networking.Destination{Host: "*"}}),
			want:   []string{`rules[1].mirrors[0].destination.host: `},
		},
		"mirror to port 70000": {
			change: mirror(&networking.HTTPMirrorPolicy{
				Destination: &networking.Destination{Host: "recorder", Port: &networking.PortSelector{Number: 70000}},
			}),
			want: []string{`rules[1].mirrors[0].destination.port.number: `},
		},
		"problem by default": {
			change: func(r *canary.Route) { r.Default.HTTP = &networking.HTTPRoute{Timeout: &durationpb.Duration{}} },
			want:   []string{`default.timeout: `},
		},
		"several problems at once": {
			change: func(r *canary.Route) {
				r.Rules[0].HTTP.Timeout = &durationpb.Duration{}
				r.Rules[1].Subset = "v9"
				r.Default.HTTP = &networking.HTTPRoute{Retries: &networking.HTTPRetry{Attempts: -1}}
			},
			want: []string{
				`rules[1].subset: there is no subset "v9"`,
				`rules[0].timeout: `,
				`default.retries.attempts: `,
			},
		},
	})
}
