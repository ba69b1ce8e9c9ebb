package canary_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// found spells problems as `path: reason`, doubts with a question mark in front.
func found(problems []routing.Problem) []string {
	var lines []string
	for _, p := range problems {
		line := p.At.String() + ": " + p.Reason
		if p.Severity == routing.Doubtful {
			line = "? " + line
		}
		lines = append(lines, line)
	}
	return lines
}

// checkProblems compares problems with `path: fragment of the reason`, one by one.
func checkProblems(t *testing.T, problems []routing.Problem, want ...string) {
	t.Helper()
	got := found(problems)
	for i := range min(len(got), len(want)) {
		path, fragment, _ := strings.Cut(want[i], ": ")
		if strings.HasPrefix(got[i], path+": ") && strings.Contains(got[i], fragment) {
			got[i] = want[i]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

type routeCase struct {
	change func(*canary.Route)
	want   []string
}

func checkRoutes(t *testing.T, tests map[string]routeCase) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkProblems(t, routeWith(test.change).Problems(), test.want...)
		})
	}
}

// inRule changes what the second rule says besides its destinations.
func inRule(change func(*networking.HTTPRoute)) func(*canary.Route) {
	return func(r *canary.Route) { change(r.Rules[1].HTTP) }
}

// inMatch changes the match of the second rule.
func inMatch(change func(*networking.HTTPMatchRequest)) func(*canary.Route) {
	return inRule(func(http *networking.HTTPRoute) { change(http.Match[0]) })
}

// inSubset changes the subset v2.
func inSubset(change func(*canary.Subset)) func(*canary.Route) {
	return func(r *canary.Route) {
		v2 := r.Subsets["v2"]
		change(&v2)
		r.Subsets["v2"] = v2
	}
}

func TestRouteProblemsOfShares(t *testing.T) {
	t.Parallel()
	share := func(w map[string]*int64) func(*canary.Route) {
		return func(r *canary.Route) { r.Default = &canary.Rule{Weights: w} }
	}
	checkRoutes(t, map[string]routeCase{
		"weight over 100": {
			change: share(weights(map[string]int64{"v1": 101, "v2": 0})),
			want:   []string{`default.weights["v1"]: must be between 0 and 100 percent, got 101`},
		},
		"weight below zero": {
			change: share(weights(map[string]int64{"v1": -1, "v2": 100})),
			want:   []string{`default.weights["v1"]: must be between 0 and 100 percent, got -1`},
		},
		"every wrong weight is named": {
			change: share(weights(map[string]int64{"v1": -1, "v2": 200})),
			want: []string{
				`default.weights["v1"]: must be between 0 and 100 percent, got -1`,
				`default.weights["v2"]: must be between 0 and 100 percent, got 200`,
			},
		},
		"weights below 100": {
			change: share(weights(map[string]int64{"v1": 50, "v2": 49})),
			want:   []string{`default.weights: must sum to 100 percent, got 99`},
		},
		"weights above 100": {
			change: share(weights(map[string]int64{"v1": 50, "v2": 51})),
			want:   []string{`default.weights: must sum to 100 percent, got 101`},
		},
		"weights of zero only": {
			change: share(weights(map[string]int64{"v1": 0, "v2": 0})),
			want:   []string{`default.weights: must sum to 100 percent, got 0`},
		},
		"one weight of 50": {
			change: share(weights(map[string]int64{"v1": 50})),
			want:   []string{`default.weights: must sum to 100 percent, got 50`},
		},
		"two weights left out": {
			change: share(map[string]*int64{"v1": nil, "v2": nil}),
			want:   []string{`default.weights: only one weight may be left out to take the rest, got v1, v2`},
		},
		"nothing left for the rest": {
			change: func(r *canary.Route) {
				r.Subsets["v3"] = canary.Subset{Labels: map[string]string{"app": "greeter-v3"}}
				r.Default = &canary.Rule{Weights: map[string]*int64{"v1": new(int64(60)), "v2": new(int64(60)), "v3": nil}}
			},
			want: []string{`default.weights: must not sum to more than 100 percent, got 120`},
		},
		"weight of an undeclared subset": {
			change: share(weights(map[string]int64{"v1": 90, "v9": 10})),
			want:   []string{`default.weights["v9"]: there is no subset "v9"; subsets declares v1, v2`},
		},
		"weights in a rule": {
			change: func(r *canary.Route) {
				r.Rules[0].Subset, r.Rules[0].Weights = "", weights(map[string]int64{"v1": 1, "v2": 2})
			},
			want: []string{`rules[0].weights: must sum to 100 percent, got 3`},
		},
		"subset and weights": {
			change: func(r *canary.Route) { r.Rules[0].Weights = weights(map[string]int64{"v1": 90, "v2": 10}) },
			want:   []string{`rules[0].weights: cannot be set together with subset`},
		},
		"undeclared subset": {
			change: func(r *canary.Route) { r.Rules[1].Subset = "v9" },
			want:   []string{`rules[1].subset: there is no subset "v9"; subsets declares v1, v2`},
		},
		"undeclared subset by default": {
			change: func(r *canary.Route) { r.Default.Subset = "v9" },
			want:   []string{`default.subset: there is no subset "v9"`},
		},
		"rule without a destination": {
			change: func(r *canary.Route) { r.Rules[0].Subset = "" },
			want:   []string{`rules[0]: needs a subset, or weights for several of them`},
		},
		"default without a destination": {
			change: func(r *canary.Route) { r.Default.Subset = "" },
			want:   []string{`default: needs a subset`},
		},
	})
}

func TestRouteProblemsOfSubsets(t *testing.T) {
	t.Parallel()
	named := func(name string) func(*canary.Route) {
		return func(r *canary.Route) { r.Subsets[name] = canary.Subset{Labels: map[string]string{"app": "greeter"}} }
	}
	checkRoutes(t, map[string]routeCase{
		"no subsets": {
			change: func(r *canary.Route) { r.Subsets = nil },
			want:   []string{`subsets: at least one subset is needed to route to`},
		},
		"subset without labels": {
			change: inSubset(func(s *canary.Subset) { s.Labels = nil }),
			want:   []string{`subsets["v2"].labels: a subset without labels is every pod of the service`},
		},
		"subset's name with a dot": {
			change: named("v1.0"),
			want:   []string{`subsets["v1.0"]: subset name is invalid`},
		},
		"subset's name begins with a dash": {
			change: named("-v1"),
			want:   []string{`subsets["-v1"]: subset name is invalid`},
		},
		"subset's name in upper case": {
			change: named("V3"),
			want:   []string{`subsets["V3"]: a subset's name is part of a host name and must be in lower case`},
		},
		"subset's name is empty": {
			change: named(""),
			want:   []string{`subsets[""]: subset name cannot be empty`},
		},
		"subset's name of 64 characters": {
			change: named(strings.Repeat("v", 64)),
			want:   []string{`subsets["` + strings.Repeat("v", 64) + `"]: subset name is invalid`},
		},
		"label's key with a space": {
			change: inSubset(func(s *canary.Subset) { s.Labels = map[string]string{"a p p": "x", "version": "v2"} }),
			want:   []string{`subsets["v2"].labels["a p p"]: invalid tag key`},
		},
		"label's value with a slash": {
			change: inSubset(func(s *canary.Subset) { s.Labels = map[string]string{"app": "greeter/v2"} }),
			want:   []string{`subsets["v2"].labels["app"]: invalid tag value`},
		},
		"label's value of 64 characters": {
			change: inSubset(func(s *canary.Subset) { s.Labels = map[string]string{"app": strings.Repeat("v", 64)} }),
			want:   []string{`subsets["v2"].labels["app"]: no pod can carry a label value of more than 63 characters, got 64`},
		},
		"labels of a subset declared elsewhere": {
			change: func(r *canary.Route) { r.SubsetsElsewhere = true },
			want: []string{
				`subsets["v1"].labels: belong to the DestinationRule`,
				`subsets["v2"].labels: belong to the DestinationRule`,
			},
		},
		"traffic policies of subsets declared elsewhere": {
			change: func(r *canary.Route) {
				r.SubsetsElsewhere, r.TrafficPolicy = true, &networking.TrafficPolicy{}
				r.Subsets = map[string]canary.Subset{"v1": {TrafficPolicy: &networking.TrafficPolicy{}}, "v2": {}}
			},
			want: []string{
				`subsets["v1"].traffic_policy: belongs to the DestinationRule`,
				`traffic_policy: belongs to the DestinationRule`,
			},
		},
	})
}

func TestRouteProblemsOfPlaces(t *testing.T) {
	t.Parallel()
	hosts := func(hosts ...string) func(*canary.Route) { return func(r *canary.Route) { r.Hosts = hosts } }
	gateways := func(gateways ...string) func(*canary.Route) { return func(r *canary.Route) { r.Gateways = gateways } }
	exports := func(namespaces ...string) func(*canary.Route) {
		return func(r *canary.Route) { r.ExportTo = namespaces }
	}
	checkRoutes(t, map[string]routeCase{
		"host twice": {
			change: hosts("a.example.com", "b.example.com", "a.example.com"),
			want:   []string{`hosts[2]: duplicate hosts`},
		},
		"host within a wildcard": {
			change: hosts("*.example.com", "a.example.com"),
			want:   []string{`hosts[1]: duplicate hosts`},
		},
		"every host of the mesh": {
			change: hosts("*"),
			want:   []string{`hosts[0]: wildcard host * is not allowed for virtual services bound to the mesh gateway`},
		},
		"host with an underscore": {
			change: hosts("greeter_v1.example.com"),
			want:   []string{`hosts[0]: domain name`},
		},
		"host with a scheme": {
			change: hosts("https://example.com"),
			want:   []string{`hosts[0]: domain name`},
		},
		"host is empty": {
			change: hosts("example.com", ""),
			want:   []string{`hosts[1]: domain name`},
		},
		"service with a space": {
			change: func(r *canary.Route) { r.Host = "my greeter.shop.svc.cluster.local" },
			want:   []string{`service: domain name`},
		},
		"gateway with an underscore": {
			change: gateways("shop/public_one"),
			want:   []string{`gateways[0]: invalid value for gateway name`},
		},
		"gateway with two slashes": {
			change: gateways("a/b/c"),
			want:   []string{`gateways[0]: invalid value for gateway name`},
		},
		"gateway is empty": {
			change: gateways(""),
			want:   []string{`gateways[0]: `},
		},
		"exported to an invalid namespace": {
			change: exports("my_shop"),
			want:   []string{`export_to[0]: `},
		},
		"exported to all and one more": {
			change: exports("*", "shop2"),
			want:   []string{`export_to[1]: cannot have both`},
		},
		"no service": {
			change: func(r *canary.Route) { r.Host = "" },
			want:   []string{`service: must not be empty`},
		},
		"namespace in upper case": {
			change: func(r *canary.Route) { r.Namespace = "Shop" },
			want:   []string{`namespace: "Shop" is no namespace`},
		},
		"namespace of 64 characters": {
			change: func(r *canary.Route) { r.Namespace = strings.Repeat("s", 64) },
			want:   []string{`namespace: "` + strings.Repeat("s", 64) + `" is no namespace`},
		},
		"names with an underscore": {
			change: func(r *canary.Route) { r.VirtualServiceName, r.DestinationRuleName = "a_b", "" },
			want: []string{
				`virtual_service_name: "a_b" is no object name`,
				`destination_rule_name: "" is no object name`,
			},
		},
		"the provider's own label": {
			change: func(r *canary.Route) { r.Labels = map[string]string{routing.ManagedByLabel: "helm"} },
			want:   []string{`labels["app.kubernetes.io/managed-by"]: this label tells who writes the objects`},
		},
		"exported to nobody": {
			change: exports("~"),
			want:   []string{`export_to[0]: `},
		},
	})
}

func TestRouteProblemsOfMatches(t *testing.T) {
	t.Parallel()
	checkRoutes(t, map[string]routeCase{
		"rule without match": {
			change: inRule(func(h *networking.HTTPRoute) { h.Match = nil }),
			want: []string{
				`rules[1].match: a rule without match takes every request`,
				`? default: virtualService rule #2 not used`,
			},
		},
		"rule of nothing but a subset": {
			change: func(r *canary.Route) { r.Rules[1].HTTP = nil },
			want: []string{
				`rules[1].match: a rule without match takes every request`,
				`? default: virtualService rule #2 not used`,
			},
		},
		"name used twice": {
			change: inRule(func(h *networking.HTTPRoute) { h.Name = "v1" }),
			want:   []string{`rules[1].name: "v1" is the name of rule 0 already`},
		},
		"regex that does not compile": {
			change: inMatch(func(m *networking.HTTPMatchRequest) { m.Headers["version"] = pattern("[") }),
			want:   []string{`rules[1].match[0].headers["version"].regex: missing closing ]`},
		},
		"the same wrong regex in two rules": {
			change: func(r *canary.Route) {
				r.Rules[0].HTTP.Match[0].Headers["version"] = pattern("[")
				r.Rules[1].HTTP.Match[0].Headers["canary"] = pattern("[")
			},
			want: []string{
				`rules[0].match[0].headers["version"].regex: missing closing ]`,
				`rules[1].match[0].headers["canary"].regex: missing closing ]`,
			},
		},
		"regex of 1025 characters": {
			change: inMatch(func(m *networking.HTTPMatchRequest) { m.Headers["version"] = pattern(strings.Repeat("v", 1025)) }),
			want:   []string{`rules[1].match[0].headers["version"].regex: regex is too large`},
		},
		"regex that means any value": {
			change: inMatch(func(m *networking.HTTPMatchRequest) { m.Headers["version"] = pattern("*") }),
			want:   []string{`rules[1].match[0].headers["version"].regex: missing argument to repetition operator`},
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
			want:   []string{`rules[1].match[0].headers["version"]: "version" is the header "Version" that is matched already`},
		},
		"uri of nothing": {
			change: inMatch(func(m *networking.HTTPMatchRequest) { m.Uri = &networking.StringMatch{} }),
			want:   []string{`rules[1].match[0].uri: needs one of exact, prefix and regex`},
		},
		"method, scheme and authority of nothing": {
			change: inMatch(func(m *networking.HTTPMatchRequest) {
				m.Method, m.Scheme, m.Authority = &networking.StringMatch{}, &networking.StringMatch{}, &networking.StringMatch{}
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
			change: inMatch(func(m *networking.HTTPMatchRequest) { m.SourceLabels = map[string]string{"app": "my web"} }),
			want:   []string{`rules[1].match[0].source_labels["app"]: `},
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
		"timeout of zero":          {change: timeout(0), want: []string{`rules[1].timeout: duration must be greater than 1ms`}},
		"timeout below zero":       {change: timeout(-time.Second), want: []string{`rules[1].timeout: `}},
		"timeout of 1.5ms":         {change: timeout(1500 * time.Microsecond), want: []string{`rules[1].timeout: only durations to ms precision are supported`}},
		"attempts below zero":      {change: retries(&networking.HTTPRetry{Attempts: -1}), want: []string{`rules[1].retries.attempts: attempts cannot be negative`}},
		"unknown retry condition":  {change: retries(&networking.HTTPRetry{Attempts: 1, RetryOn: "6xx"}), want: []string{`rules[1].retries.retry_on: "6xx" is not a valid retryOn policy`}},
		"retry condition untidy":   {change: retries(&networking.HTTPRetry{Attempts: 1, RetryOn: "5xx, reset"}), want: []string{`rules[1].retries.retry_on: " reset" is not a valid retryOn policy`}},
		"try of zero":              {change: retries(&networking.HTTPRetry{Attempts: 1, PerTryTimeout: &durationpb.Duration{}}), want: []string{`rules[1].retries.per_try_timeout: `}},
		"tries limited, but none":  {change: retries(&networking.HTTPRetry{PerTryTimeout: durationpb.New(time.Second)}), want: []string{`rules[1].retries.per_try_timeout: `}},
		"delay of zero":            {change: fault(delay(0, 50)), want: []string{`rules[1].fault.delay.fixed_delay: `}},
		"delay of 101 percent":     {change: fault(delay(time.Second, 101)), want: []string{`rules[1].fault.delay.percentage.value: `}},
		"delay below zero percent": {change: fault(delay(time.Second, -1)), want: []string{`rules[1].fault.delay.percentage.value: `}},
		"abort with status 700":    {change: fault(abort(700, 50)), want: []string{`rules[1].fault.abort.http_status: HTTP status 700 is not in range`}},
		"abort of 101 percent":     {change: fault(abort(503, 101)), want: []string{`rules[1].fault.abort.percentage.value: `}},
		"abort with unknown status": {
			change: fault(&networking.HTTPFaultInjection{Abort: &networking.HTTPFaultInjection_Abort{
				ErrorType: &networking.HTTPFaultInjection_Abort_GrpcStatus{GrpcStatus: "GONE"},
			}}),
			want: []string{`rules[1].fault.abort.grpc_status: gRPC status "GONE" is not supported`},
		},
		"fault of nothing":        {change: fault(&networking.HTTPFaultInjection{}), want: []string{`rules[1].fault: `}},
		"pseudo header set":       {change: request(&networking.Headers_HeaderOperations{Set: map[string]string{":path": "/", "x": "y"}}), want: []string{`rules[1].headers.request.set[":path"]: `}},
		"pseudo header removed":   {change: request(&networking.Headers_HeaderOperations{Remove: []string{"x", ":path"}}), want: []string{`rules[1].headers.request.remove[1]: `}},
		"host of the response":    {change: response(&networking.Headers_HeaderOperations{Add: map[string]string{"host": "x"}}), want: []string{`rules[1].headers.response.add["host"]: `}},
		"unknown header variable": {change: request(&networking.Headers_HeaderOperations{Set: map[string]string{"x": "%"}}), want: []string{`rules[1].headers.request.set["x"]: `}},
		"authority rewritten twice": {
			change: inRule(func(h *networking.HTTPRoute) {
				h.Rewrite = &networking.HTTPRewrite{Authority: "a"}
				h.Headers = &networking.Headers{Request: &networking.Headers_HeaderOperations{Set: map[string]string{"host": "b"}}}
			}),
			want: []string{`rules[1].headers.request.set["host"]: authority header cannot be set multiple times`},
		},
		"authority set twice": {
			change: request(&networking.Headers_HeaderOperations{Set: map[string]string{"host": "b", ":authority": "a"}}),
			want:   []string{`rules[1].headers.request.set["host"]: authority header cannot be set multiple times`},
		},
		"cors method":       {change: cors(&networking.CorsPolicy{AllowMethods: []string{"GET", "FETCH"}}), want: []string{`rules[1].cors_policy.allow_methods[1]: "FETCH" is not a supported HTTP method`}},
		"cors header":       {change: cors(&networking.CorsPolicy{AllowHeaders: []string{"x y"}}), want: []string{`rules[1].cors_policy.allow_headers[0]: `}},
		"cors empty origin": {change: cors(&networking.CorsPolicy{AllowOrigins: []*networking.StringMatch{prefix("")}}), want: []string{`rules[1].cors_policy.allow_origins[0]: `}},
		"cors age of 1.5s":  {change: cors(&networking.CorsPolicy{MaxAge: durationpb.New(1500 * time.Millisecond)}), want: []string{`rules[1].cors_policy.max_age: max_age duration is accurate only to seconds precision`}},
		"rewrite to nothing": {
			change: rewrite(&networking.HTTPRewrite{}),
			want:   []string{`rules[1].rewrite: rewrite must specify at least one of URI, UriRegexRewrite, or authority`},
		},
		"rewrite in two ways": {
			change: rewrite(&networking.HTTPRewrite{Uri: "/", UriRegexRewrite: &networking.RegexRewrite{Match: "^/", Rewrite: "/v2/"}}),
			want:   []string{`rules[1].rewrite.uri_regex_rewrite: rewrite may only contain one of URI or UriRegexRewrite`},
		},
		"rewrite with half a regex": {
			change: rewrite(&networking.HTTPRewrite{UriRegexRewrite: &networking.RegexRewrite{Match: "^/"}}),
			want:   []string{`rules[1].rewrite.uri_regex_rewrite: `},
		},
		"mirror of 101 percent": {
			change: mirror(&networking.HTTPMirrorPolicy{Destination: &networking.Destination{Subset: "v1"}, Percentage: &networking.Percent{Value: 101}}),
			want:   []string{`rules[1].mirrors[0].percentage.value: `},
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
			change: mirror(&networking.HTTPMirrorPolicy{Destination: &networking.Destination{Host: "recorder", Port: &networking.PortSelector{Number: 70000}}}),
			want:   []string{`rules[1].mirrors[0].destination.port.number: `},
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

func TestRouteProblemsOfTrafficPolicies(t *testing.T) {
	t.Parallel()
	policy := func(p *networking.TrafficPolicy) func(*canary.Route) {
		return func(r *canary.Route) { r.TrafficPolicy = p }
	}
	maglev := &networking.TrafficPolicy{LoadBalancer: &networking.LoadBalancerSettings{LbPolicy: &networking.LoadBalancerSettings_ConsistentHash{
		ConsistentHash: &networking.LoadBalancerSettings_ConsistentHashLB{
			HashKey: &networking.LoadBalancerSettings_ConsistentHashLB_HttpHeaderName{HttpHeaderName: "x-user"},
			HashAlgorithm: &networking.LoadBalancerSettings_ConsistentHashLB_Maglev{
				Maglev: &networking.LoadBalancerSettings_ConsistentHashLB_MagLev{TableSize: 65536},
			},
		},
	}}}
	checkRoutes(t, map[string]routeCase{
		"maglev table whose size is no prime": {
			change: policy(maglev),
			want:   []string{`traffic_policy.load_balancer.consistent_hash.maglev: tableSize must be a prime number`},
		},
		"maglev table of a subset": {
			change: inSubset(func(s *canary.Subset) { s.TrafficPolicy = maglev }),
			want:   []string{`subsets["v2"].traffic_policy.load_balancer.consistent_hash.maglev: tableSize must be a prime number`},
		},
		"connection pool of nothing": {
			change: policy(&networking.TrafficPolicy{ConnectionPool: &networking.ConnectionPoolSettings{}}),
			want:   []string{`traffic_policy.connection_pool: connection pool must have at least one field`},
		},
		"connections below zero": {
			change: policy(&networking.TrafficPolicy{ConnectionPool: &networking.ConnectionPoolSettings{Tcp: &networking.ConnectionPoolSettings_TCPSettings{MaxConnections: -1}}}),
			want:   []string{`traffic_policy.connection_pool.tcp.max_connections: `},
		},
		"more than everything ejected": {
			change: policy(&networking.TrafficPolicy{OutlierDetection: &networking.OutlierDetection{MaxEjectionPercent: 101}}),
			want:   []string{`traffic_policy.outlier_detection.max_ejection_percent: `},
		},
		"mutual TLS without certificates": {
			change: policy(&networking.TrafficPolicy{Tls: &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_MUTUAL}}),
			want: []string{
				`traffic_policy.tls.mode: client certificate required for mutual tls`,
				`traffic_policy.tls.mode: private key required for mutual tls`,
			},
		},
		"policy of no port": {
			change: policy(&networking.TrafficPolicy{PortLevelSettings: []*networking.TrafficPolicy_PortTrafficPolicy{{Tls: &networking.ClientTLSSettings{}}}}),
			want:   []string{`traffic_policy.port_level_settings[0]: portTrafficPolicy must have valid port`},
		},
		"policy of nothing": {
			change: policy(&networking.TrafficPolicy{}),
			want:   []string{`traffic_policy: traffic policy must have at least one field`},
		},
		"deprecated count of errors": {
			change: policy(&networking.TrafficPolicy{OutlierDetection: &networking.OutlierDetection{ConsecutiveErrors: 3}}), //nolint:staticcheck // its deprecation is what is tested
			want:   []string{`? traffic_policy.outlier_detection.consecutive_errors: outlier detection consecutive errors is deprecated`},
		},
	})
}

func TestRouteHasNoProblems(t *testing.T) {
	t.Parallel()
	checkRoutes(t, map[string]routeCase{
		"as it is":             {change: func(*canary.Route) {}},
		"without default":      {change: func(r *canary.Route) { r.Default = nil }},
		"default alone":        {change: func(r *canary.Route) { r.Rules = nil }},
		"all to one by weight": {change: func(r *canary.Route) { r.Default = &canary.Rule{Weights: weights(map[string]int64{"v2": 100})} }},
		"one weight left out": {change: func(r *canary.Route) {
			r.Default = &canary.Rule{Weights: map[string]*int64{"v1": nil, "v2": new(int64)}}
		}},
		"nothing for the rest": {change: func(r *canary.Route) {
			r.Default = &canary.Rule{Weights: map[string]*int64{"v1": nil, "v2": new(int64(100))}}
		}},
		"short host":            {change: func(r *canary.Route) { r.Hosts = []string{"greeter"} }},
		"wildcard at a gateway": {change: func(r *canary.Route) { r.Hosts, r.Gateways = []string{"*"}, []string{"ingress/public"} }},
		"exported to own":       {change: func(r *canary.Route) { r.ExportTo = []string{"."} }},
		"present header":        {change: inMatch(func(m *networking.HTTPMatchRequest) { m.Headers["x"] = &networking.StringMatch{} })},
		"empty uri prefix":      {change: inMatch(func(m *networking.HTTPMatchRequest) { m.Uri = prefix("") })},
		"empty query parameter": {change: inMatch(func(m *networking.HTTPMatchRequest) {
			m.QueryParams = map[string]*networking.StringMatch{"q": exact("")}
		})},
		"pseudo header matched": {change: inMatch(func(m *networking.HTTPMatchRequest) { m.Headers[":method"] = exact("POST") })},
		"retries off":           {change: inRule(func(h *networking.HTTPRoute) { h.Retries = &networking.HTTPRetry{} })},
		"mirror to own subset": {change: inRule(func(h *networking.HTTPRoute) {
			h.Mirrors = []*networking.HTTPMirrorPolicy{{Destination: &networking.Destination{Subset: "v1"}}}
		})},
		"mirror to other subset": {change: inRule(func(h *networking.HTTPRoute) {
			h.Mirrors = []*networking.HTTPMirrorPolicy{{Destination: &networking.Destination{Host: "recorder", Subset: "v9"}}}
		})},
		"unnamed rules": {change: func(r *canary.Route) { r.Rules[0].HTTP.Name, r.Rules[1].HTTP.Name = "", "" }},
		"subsets elsewhere": {change: func(r *canary.Route) {
			r.SubsetsElsewhere, r.Subsets = true, map[string]canary.Subset{"v1": {}, "v2": {}}
		}},
	})
}

func TestSplitProblems(t *testing.T) {
	t.Parallel()
	matched := func(s *canary.Split) { s.HTTP.Match = []*networking.HTTPMatchRequest{{Uri: exact("/")}} }
	weight := func(v1, v2 *int64) func(*canary.Split) {
		return func(s *canary.Split) {
			for name, w := range map[string]*int64{"v1": v1, "v2": v2} {
				subset := s.Subsets[name]
				subset.Weight = w
				s.Subsets[name] = subset
			}
		}
	}
	both := func(changes ...func(*canary.Split)) func(*canary.Split) {
		return func(s *canary.Split) {
			for _, change := range changes {
				change(s)
			}
		}
	}
	tests := map[string]struct {
		change func(*canary.Split)
		want   []string
	}{
		"as it is":             {change: func(*canary.Split) {}},
		"one weight left out":  {change: weight(nil, new(int64(90)))},
		"all to one":           {change: weight(new(int64(100)), new(int64))},
		"match with otherwise": {change: both(matched, func(s *canary.Split) { s.Otherwise = "v1" })},
		"match alone": {
			change: matched,
			want:   []string{`? match: requests that do not match have no route at all`},
		},
		"otherwise alone": {
			change: func(s *canary.Split) { s.Otherwise = "v1" },
			want:   []string{`otherwise: is for the requests that match does not cover`},
		},
		"otherwise an undeclared subset": {
			change: both(matched, func(s *canary.Split) { s.Otherwise = "v9" }),
			want:   []string{`otherwise: there is no subset "v9"`},
		},
		"weights below 100": {
			change: weight(new(int64(10)), new(int64(10))),
			want:   []string{`subsets: must sum to 100 percent, got 20`},
		},
		"weight over 100": {
			change: weight(new(int64(101)), new(int64(0))),
			want:   []string{`subsets["v1"].weight: must be between 0 and 100 percent, got 101`},
		},
		"weight over 100 with a match": {
			change: both(matched, weight(new(int64(101)), new(int64(0)))),
			want: []string{
				`subsets["v1"].weight: must be between 0 and 100 percent, got 101`,
				`? match: requests that do not match`,
			},
		},
		"weights of zero only": {
			change: weight(new(int64(0)), new(int64(0))),
			want:   []string{`subsets: must sum to 100 percent, got 0`},
		},
		"two weights left out": {
			change: weight(nil, nil),
			want:   []string{`subsets: only one weight may be left out to take the rest, got v1, v2`},
		},
		"no subsets": {
			change: func(s *canary.Split) { s.Subsets = nil },
			want:   []string{`subsets: at least one subset is needed to route to`},
		},
		"subset without labels": {
			change: func(s *canary.Split) { s.Subsets["v1"] = canary.WeightedSubset{Weight: new(int64(10))} },
			want:   []string{`subsets["v1"].labels: a subset without labels is every pod`},
		},
		"timeout of zero": {
			change: func(s *canary.Split) { s.HTTP.Timeout = &durationpb.Duration{} },
			want:   []string{`timeout: duration must be greater than 1ms`},
		},
		"regex that does not compile": {
			change: func(s *canary.Split) {
				s.HTTP.Match, s.Otherwise = []*networking.HTTPMatchRequest{{Uri: pattern("[")}}, "v1"
			},
			want: []string{`match[0].uri.regex: missing closing ]`},
		},
		"host with a space": {
			change: func(s *canary.Split) { s.Hosts = []string{"a b.example.com"} },
			want:   []string{`hosts[0]: domain name`},
		},
		"subset's name with a dot": {
			change: func(s *canary.Split) {
				s.Subsets["v1.0"] = canary.WeightedSubset{
					Subset: canary.Subset{Labels: map[string]string{"app": "greeter"}}, Weight: new(int64),
				}
			},
			want: []string{`subsets["v1.0"]: subset name is invalid`},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkProblems(t, splitWith(test.change).Problems(), test.want...)
		})
	}
}

// The same problem is reported on every check, in the same order, although Istio ranges over maps.
func TestProblemsAreTheSameEveryTime(t *testing.T) {
	t.Parallel()
	r := routeWith(inRule(func(h *networking.HTTPRoute) {
		h.Match[0].Headers = map[string]*networking.StringMatch{"a": pattern("["), "b": pattern("("), "c": prefix("")}
		h.Headers = &networking.Headers{Request: &networking.Headers_HeaderOperations{
			Set: map[string]string{"host": "a", ":authority": "b"}, Add: map[string]string{":path": "/"},
		}}
	}))
	first := found(r.Problems())
	for range 20 {
		got := found(r.Problems())
		for i := range got {
			// Which of the two authorities comes first in the message is up to Istio.
			if strings.Contains(got[i], "authority header") && i < len(first) {
				got[i] = first[slices.IndexFunc(first, func(s string) bool { return strings.Contains(s, "authority header") })]
			}
		}
		if diff := cmp.Diff(first, got); diff != "" {
			t.Fatalf("problems (-first +again):\n%s", diff)
		}
	}
}
