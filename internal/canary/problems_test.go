package canary_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// found spells problems as `path: reason`, doubts with a question mark in front, and what is void with an exclamation
// mark.
func found(problems []istio.Problem) []string {
	var lines []string
	for _, p := range problems {
		line := p.At.String() + ": " + p.Text()
		switch p.Severity {
		case istio.Refused:
		case istio.Void:
			line = "! " + line
		case istio.Doubtful:
			line = "? " + line
		}
		lines = append(lines, line)
	}
	return lines
}

// checkProblems compares problems with `path: fragment of the reason`, one by one.
func checkProblems(t *testing.T, problems []istio.Problem, want ...string) {
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
				r.Default = &canary.Rule{
					Weights: map[string]*int64{"v1": new(int64(60)), "v2": new(int64(60)), "v3": nil},
				}
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
		"subset without labels, which others bring": {
			change: func(r *canary.Route) {
				r.SharesByOthers = true
				inSubset(func(s *canary.Subset) { s.Labels = nil })(r)
			},
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
			want: []string{
				`! subsets["v2"].labels["app"]: no pod can carry a label value of more than 63 characters, got 64`,
			},
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
	outside := func(gateways ...string) func(*canary.Route) {
		return func(r *canary.Route) { r.Gateways, r.Hosts = gateways, nil }
	}
	gateways := func(gateways ...string) func(*canary.Route) {
		return func(r *canary.Route) { r.Gateways, r.Hosts = gateways, []string{"a.example"} }
	}
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
		"only the mesh, without hosts": {change: outside("mesh")},
		"a gateway without hosts": {
			change: outside("mesh", "shop/public"),
			want: []string{`? gateways: no hosts are given, so that the rules are for ` +
				`greeter.shop.svc.cluster.local, a ` +
				`name that no client outside the cluster asks a gateway for; write the hosts that it asks for`},
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
		"port 70000": {
			change: func(r *canary.Route) { r.Port = 70000 },
			want:   []string{`port: must be between 1 and 65535`},
		},
		"port below zero": {
			change: func(r *canary.Route) { r.Port = -1 },
			want:   []string{`port: must be between 1 and 65535`},
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
			change: func(r *canary.Route) { r.Labels = map[string]string{istio.ManagedByLabel: "helm"} },
			want:   []string{`labels["app.kubernetes.io/managed-by"]: this label tells who writes the objects`},
		},
		"exported to nobody": {
			change: exports("~"),
			want:   []string{`export_to[0]: `},
		},
	})
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
				got[i] = first[slices.IndexFunc(first, func(s string) bool {
					return strings.Contains(s, "authority header")
				})]
			}
		}
		if diff := cmp.Diff(first, got); diff != "" {
			t.Fatalf("problems (-first +again):\n%s", diff)
		}
	}
}
