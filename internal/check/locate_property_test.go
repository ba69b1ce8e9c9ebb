package check_test

import (
	"maps"
	"slices"
	"testing"

	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// A single wrong leaf in a valid VirtualService is found at that leaf, or at what contains it, whatever rule it is
// in.
func TestPropertyValidateLocatesTheLeaf(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spec := &networking.VirtualService{Hosts: []string{"reviews.shop.svc.cluster.local"}}
		rules := rapid.IntRange(1, 24).Draw(t, "rules")
		for i := range rules {
			spec.Http = append(spec.Http, istiotest.ValidRule(i))
		}
		o := &istio.Object{Namespace: "shop", Name: "reviews", Spec: spec}
		if problems := check.Validate(o); len(problems) > 0 {
			t.Fatalf("valid spec has problems: %v", problems)
		}
		i := rapid.IntRange(0, rules-1).Draw(t, "rule")
		name := rapid.SampledFrom(slices.Sorted(maps.Keys(wrongLeaves))).Draw(t, "leaf")
		wrong := wrongLeaves[name]
		wrong.spoil(spec.Http[i])

		problems := check.Validate(o)
		if len(problems) == 0 {
			t.Fatalf("%s: no problem", name)
		}
		leaf := istio.Path{"http", i}.At(wrong.leaf...)
		for _, p := range problems {
			if !leaf.Within(p.At) || len(p.At) < 3 {
				t.Fatalf("%s: problem at %s instead of %s: %s", name, p.At, leaf, p.Reason)
			}
		}
	})
}

// wrongLeaves spoil a valid rule at one leaf.
var wrongLeaves = map[string]struct {
	leaf  istio.Path
	spoil func(*networking.HTTPRoute)
}{
	"timeout of zero": {
		leaf:  istio.Path{"timeout"},
		spoil: func(r *networking.HTTPRoute) { r.Timeout = &durationpb.Duration{} },
	},
	"header regex": {
		leaf: istio.Path{"match", 0, "headers", istio.Key("version"), "regex"},
		spoil: func(r *networking.HTTPRoute) {
			r.Match[0].Headers["version"] = &networking.StringMatch{
				MatchType: &networking.StringMatch_Regex{Regex: "["},
			}
		},
	},
	"match port": {
		leaf:  istio.Path{"match", 0, "port"},
		spoil: func(r *networking.HTTPRoute) { r.Match[0].Port = 70000 },
	},
	"source namespace": {
		leaf:  istio.Path{"match", 0, "source_namespace"},
		spoil: func(r *networking.HTTPRoute) { r.Match[0].SourceNamespace = "a_b" },
	},
	"negative weight": {
		leaf:  istio.Path{"route", 1, "weight"},
		spoil: func(r *networking.HTTPRoute) { r.Route[1].Weight = -1 },
	},
	"destination host": {
		leaf:  istio.Path{"route", 0, "destination", "host"},
		spoil: func(r *networking.HTTPRoute) { r.Route[0].Destination.Host = "a b" },
	},
	"subset": {
		leaf:  istio.Path{"route", 1, "destination", "subset"},
		spoil: func(r *networking.HTTPRoute) { r.Route[1].Destination.Subset = "v.2" },
	},
	"attempts": {
		leaf:  istio.Path{"retries", "attempts"},
		spoil: func(r *networking.HTTPRoute) { r.Retries.Attempts = -1 },
	},
	"retry condition": {
		leaf:  istio.Path{"retries", "retry_on"},
		spoil: func(r *networking.HTTPRoute) { r.Retries.RetryOn = "sometimes" },
	},
	"abort status": {
		leaf: istio.Path{"fault", "abort", "http_status"},
		spoil: func(r *networking.HTTPRoute) {
			r.Fault.Abort.ErrorType = &networking.HTTPFaultInjection_Abort_HttpStatus{HttpStatus: 700}
		},
	},
	"abort percentage": {
		leaf:  istio.Path{"fault", "abort", "percentage", "value"},
		spoil: func(r *networking.HTTPRoute) { r.Fault.Abort.Percentage.Value = 101 },
	},
	"mirror host": {
		leaf:  istio.Path{"mirrors", 0, "destination", "host"},
		spoil: func(r *networking.HTTPRoute) { r.Mirrors[0].Destination.Host = "a b" },
	},
	"cors method": {
		leaf:  istio.Path{"cors_policy", "allow_methods", 1},
		spoil: func(r *networking.HTTPRoute) { r.CorsPolicy.AllowMethods[1] = "FETCH" },
	},
	"header set": {
		leaf:  istio.Path{"headers", "request", "set", istio.Key(":path")},
		spoil: func(r *networking.HTTPRoute) { r.Headers.Request.Set[":path"] = "/" },
	},
	"header removed": {
		leaf:  istio.Path{"headers", "request", "remove", 0},
		spoil: func(r *networking.HTTPRoute) { r.Headers.Request.Remove[0] = "host" },
	},
}
