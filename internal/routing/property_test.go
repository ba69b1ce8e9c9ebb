package routing_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/routing"
	"github.com/meshroute/terraform-provider-mesh/internal/routing/routingtest"
)

func randomSpec(t *rapid.T) proto.Message {
	if rapid.Bool().Draw(t, "DestinationRule") {
		return routingtest.Fill(t, &networking.DestinationRule{})
	}
	return routingtest.Fill(t, &networking.VirtualService{})
}

// A spec that was written as a manifest is read back as the same spec, with nothing unknown in it.
func TestPropertyParseSpecInvertsManifest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := &routing.Object{Namespace: "shop", Name: "reviews", Spec: randomSpec(t)}
		manifest, err := routing.Manifest(o)
		if err != nil {
			t.Fatal(err)
		}
		got, unknown, err := routing.ParseSpec(o.Kind(), manifest["spec"].(map[string]any))
		if err != nil || len(unknown) > 0 {
			t.Fatalf("unknown %v, error %v", unknown, err)
		}
		if diff := cmp.Diff(o.Spec, got, protocmp.Transform()); diff != "" {
			t.Fatalf("spec (-written +read):\n%s", diff)
		}
	})
}

// Every spec means the same as itself and as a copy of itself, and has the same fingerprint.
func TestPropertySameSpecIsReflexive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spec := randomSpec(t)
		if same := proto.Clone(spec); !routing.SameSpec(spec, same) || routing.Fingerprint(spec) != routing.Fingerprint(same) {
			t.Fatalf("differs from itself at %v", routing.Differences(spec, same))
		}
	})
}

// Whether two specs mean the same does not depend on which comes first. Equal fingerprints, no differences and the same
// meaning are one thing.
func TestPropertySameSpecIsSymmetric(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := randomPair(t)
		same := routing.SameSpec(a, b)
		if same != routing.SameSpec(b, a) {
			t.Fatalf("same: %v one way only", same)
		}
		if there, back := routing.Differences(a, b), routing.Differences(b, a); !slices.Equal(there, back) || same != (len(there) == 0) {
			t.Fatalf("same: %v, differences: %v and %v", same, there, back)
		}
		if same != (routing.Fingerprint(a) == routing.Fingerprint(b)) {
			t.Fatalf("same: %v, but not by fingerprint", same)
		}
	})
}

// Specs of which each means the same as the next all mean the same.
func TestPropertySameSpecIsTransitive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := randomPair(t)
		c := shuffled(t, b)
		if routing.SameSpec(a, b) && routing.SameSpec(b, c) && !routing.SameSpec(a, c) {
			t.Fatalf("a and c differ at %v", routing.Differences(a, c))
		}
	})
}

// randomPair returns two specs of the same kind: mostly the second is the first in another order or slightly changed.
func randomPair(t *rapid.T) (a, b proto.Message) {
	a = routingtest.Fill(t, &networking.VirtualService{})
	switch rapid.IntRange(0, 3).Draw(t, "second") {
	case 0:
		return a, routingtest.Fill(t, &networking.VirtualService{})
	case 1:
		b = proto.Clone(a)
		proto.Merge(b, routingtest.Fill(t, &networking.VirtualService{}, "hosts", "gateways"))
		return a, b
	}
	return a, shuffled(t, a)
}

func shuffled(t *rapid.T, spec proto.Message) proto.Message {
	s := proto.Clone(spec).(*networking.VirtualService)
	if slices.Equal(s.Gateways, []string{"mesh"}) {
		s.Gateways = nil
	}
	for _, rule := range s.Http {
		if len(rule.Route) > 0 {
			rule.Route = rapid.Permutation(rule.Route).Draw(t, "destinations")
		}
	}
	return s
}

// A full name is its own full name.
func TestPropertyFullHostIsIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		host := rapid.OneOf(rapid.StringMatching(`[a-z*.]{0,6}`), rapid.String()).Draw(t, "host")
		once := routing.FullHost(host, "shop", "cluster.local")
		if twice := routing.FullHost(once, "shop", "cluster.local"); twice != once {
			t.Fatalf("%q is %q, and that is %q", host, once, twice)
		}
	})
}

// A single wrong leaf in a valid VirtualService is found at that leaf, or at what contains it, whatever rule it is in.
func TestPropertyValidateLocatesTheLeaf(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spec := &networking.VirtualService{Hosts: []string{"reviews.shop.svc.cluster.local"}}
		rules := rapid.IntRange(1, 24).Draw(t, "rules")
		for i := range rules {
			spec.Http = append(spec.Http, validRule(i))
		}
		o := &routing.Object{Namespace: "shop", Name: "reviews", Spec: spec}
		if problems := routing.Validate(o); len(problems) > 0 {
			t.Fatalf("valid spec has problems: %v", problems)
		}
		i := rapid.IntRange(0, rules-1).Draw(t, "rule")
		name := rapid.SampledFrom(slices.Sorted(maps.Keys(wrongLeaves))).Draw(t, "leaf")
		wrong := wrongLeaves[name]
		wrong.spoil(spec.Http[i])

		problems := routing.Validate(o)
		if len(problems) == 0 {
			t.Fatalf("%s: no problem", name)
		}
		leaf := routing.Path{"http", i}.At(wrong.leaf...)
		for _, p := range problems {
			if !leaf.Within(p.At) || len(p.At) < 3 {
				t.Fatalf("%s: problem at %s instead of %s: %s", name, p.At, leaf, p.Reason)
			}
		}
	})
}

// validRule is a rule with everything in it. It matches nothing that another one of them matches.
func validRule(i int) *networking.HTTPRoute {
	return &networking.HTTPRoute{
		Name: fmt.Sprint("rule ", i),
		Match: []*networking.HTTPMatchRequest{{
			Headers: map[string]*networking.StringMatch{
				"version": {MatchType: &networking.StringMatch_Regex{Regex: fmt.Sprint("^", i, "$")}}, "x": {},
			},
			Port: 80, SourceNamespace: "web",
		}},
		Route: []*networking.HTTPRouteDestination{
			{Destination: &networking.Destination{Host: "reviews.shop.svc.cluster.local", Subset: "v1"}, Weight: 90},
			{Destination: &networking.Destination{Host: "reviews.shop.svc.cluster.local", Subset: "v2"}, Weight: 10},
		},
		Timeout: durationpb.New(time.Second),
		Retries: &networking.HTTPRetry{Attempts: 2, PerTryTimeout: durationpb.New(time.Second / 2), RetryOn: "5xx"},
		Fault: &networking.HTTPFaultInjection{Abort: &networking.HTTPFaultInjection_Abort{
			ErrorType: &networking.HTTPFaultInjection_Abort_HttpStatus{HttpStatus: 503}, Percentage: &networking.Percent{Value: 1},
		}},
		Mirrors: []*networking.HTTPMirrorPolicy{{Destination: &networking.Destination{Host: "recorder.shop.svc.cluster.local"}}},
		CorsPolicy: &networking.CorsPolicy{
			AllowOrigins: []*networking.StringMatch{{MatchType: &networking.StringMatch_Exact{Exact: "https://shop.example"}}},
			AllowMethods: []string{"GET", "POST"}, MaxAge: durationpb.New(time.Minute),
		},
		Headers: &networking.Headers{Request: &networking.Headers_HeaderOperations{
			Set: map[string]string{"x-a": "1", "x-b": "2"}, Remove: []string{"x-c"},
		}},
		Rewrite: &networking.HTTPRewrite{Uri: "/"},
	}
}

// wrongLeaves spoil a valid rule at one leaf.
var wrongLeaves = map[string]struct {
	leaf  routing.Path
	spoil func(*networking.HTTPRoute)
}{
	"timeout of zero": {
		leaf:  routing.Path{"timeout"},
		spoil: func(r *networking.HTTPRoute) { r.Timeout = &durationpb.Duration{} },
	},
	"header regex": {
		leaf: routing.Path{"match", 0, "headers", routing.Key("version"), "regex"},
		spoil: func(r *networking.HTTPRoute) {
			r.Match[0].Headers["version"] = &networking.StringMatch{MatchType: &networking.StringMatch_Regex{Regex: "["}}
		},
	},
	"match port": {
		leaf:  routing.Path{"match", 0, "port"},
		spoil: func(r *networking.HTTPRoute) { r.Match[0].Port = 70000 },
	},
	"source namespace": {
		leaf:  routing.Path{"match", 0, "source_namespace"},
		spoil: func(r *networking.HTTPRoute) { r.Match[0].SourceNamespace = "a_b" },
	},
	"negative weight": {
		leaf:  routing.Path{"route", 1, "weight"},
		spoil: func(r *networking.HTTPRoute) { r.Route[1].Weight = -1 },
	},
	"destination host": {
		leaf:  routing.Path{"route", 0, "destination", "host"},
		spoil: func(r *networking.HTTPRoute) { r.Route[0].Destination.Host = "a b" },
	},
	"subset": {
		leaf:  routing.Path{"route", 1, "destination", "subset"},
		spoil: func(r *networking.HTTPRoute) { r.Route[1].Destination.Subset = "v.2" },
	},
	"attempts": {
		leaf:  routing.Path{"retries", "attempts"},
		spoil: func(r *networking.HTTPRoute) { r.Retries.Attempts = -1 },
	},
	"retry condition": {
		leaf:  routing.Path{"retries", "retry_on"},
		spoil: func(r *networking.HTTPRoute) { r.Retries.RetryOn = "sometimes" },
	},
	"abort status": {
		leaf: routing.Path{"fault", "abort", "http_status"},
		spoil: func(r *networking.HTTPRoute) {
			r.Fault.Abort.ErrorType = &networking.HTTPFaultInjection_Abort_HttpStatus{HttpStatus: 700}
		},
	},
	"abort percentage": {
		leaf:  routing.Path{"fault", "abort", "percentage", "value"},
		spoil: func(r *networking.HTTPRoute) { r.Fault.Abort.Percentage.Value = 101 },
	},
	"mirror host": {
		leaf:  routing.Path{"mirrors", 0, "destination", "host"},
		spoil: func(r *networking.HTTPRoute) { r.Mirrors[0].Destination.Host = "a b" },
	},
	"cors method": {
		leaf:  routing.Path{"cors_policy", "allow_methods", 1},
		spoil: func(r *networking.HTTPRoute) { r.CorsPolicy.AllowMethods[1] = "FETCH" },
	},
	"header set": {
		leaf:  routing.Path{"headers", "request", "set", routing.Key(":path")},
		spoil: func(r *networking.HTTPRoute) { r.Headers.Request.Set[":path"] = "/" },
	},
	"header removed": {
		leaf:  routing.Path{"headers", "request", "remove", 0},
		spoil: func(r *networking.HTTPRoute) { r.Headers.Request.Remove[0] = "host" },
	},
}
