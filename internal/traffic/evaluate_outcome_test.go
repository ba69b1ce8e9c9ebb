package traffic_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// Everything that one rule can do.
func TestEvaluateOutcome(t *testing.T) {
	t.Parallel()
	route := istiotest.VirtualService(t, "reviews", `
http:
- name: checkout
  match: [{name: pay, uri: {prefix: /pay/}}]
  timeout: 5s
  retries: {attempts: 3, perTryTimeout: 2s}
  fault: {delay: {fixedDelay: 1s, percentage: {value: 10}}, abort: {httpStatus: 503}}
  rewrite: {uri: /p/, authority: pay.example.com}
  headers: {request: {set: {x: 'y', host: ignored}, remove: [z]}, response: {add: {a: b}}}
  mirrors: [{destination: {host: shadow}, percentage: {value: 5}}, {destination: {host: ratings}, percentage: {value: 0}}]
  route:
  - {destination: {host: reviews, subset: v1}, weight: 1}
  - {destination: {host: reviews, subset: v2, port: {number: 81}}, weight: 3, headers: {response: {set: {set-cookie: canary}}}}
  - {destination: {host: reviews, subset: v3}, weight: 0}
`)
	rules := []*istio.Object{istiotest.Object(t, "DestinationRule", "reviews",
		"host: reviews\nsubsets: [{name: v1, labels: {version: v1}}]")}
	got := evaluate([]*istio.Object{route}, rules, traffic.Request{Path: "/pay/now?x=1"}, traffic.Options{})
	reviews := "reviews.shop.svc.cluster.local"
	want := traffic.Outcome{
		Kind: traffic.Forward,
		Request: traffic.Request{
			Authority: reviews, Path: "/pay/now?x=1", Method: "GET", Scheme: "http", Port: 80, Gateway: "mesh",
		},
		VirtualService: route,
		Host:           reviews,
		Rule:           traffic.RuleRef{Object: route, DelegateIndex: -1, Name: "checkout"},
		Match:          traffic.MatchRef{Delegate: -1, Name: "pay"},
		RouteName:      "checkout.pay",
		Destinations: []traffic.Share{
			{
				Destination: traffic.Destination{Host: reviews, Subset: "v1"},
				Percent:     25,
				State:       traffic.SubsetDeclared,
				Labels:      map[string]string{"version": "v1"},
			},
			{Destination: traffic.Destination{
				Host:   reviews,
				Subset: "v2",
				Port:   81,
			}, Percent: 75, State: traffic.SubsetMissing,
				ResponseHeaders: traffic.HeaderChanges{Set: map[string]string{"set-cookie": "canary"}}},
		},
		Timeout: 5 * time.Second,
		Retries: &traffic.Retries{
			Attempts:      3,
			On:            "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes",
			PerTryTimeout: 2 * time.Second,
		},
		Fault: &traffic.Fault{Delay: time.Second, DelayPercent: 10, AbortHTTPStatus: 503},
		Mirrors: []traffic.Mirror{{
			Destination: traffic.Destination{Host: "shadow.shop.svc.cluster.local"},
			Percent:     5,
		}},
		Rewrite:         &traffic.Rewrite{Path: "/p/now?x=1", Authority: "pay.example.com"},
		RequestHeaders:  traffic.HeaderChanges{Set: map[string]string{"x": "y"}, Remove: []string{"z"}},
		ResponseHeaders: traffic.HeaderChanges{Add: map[string]string{"a": "b"}},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b *istio.Object) bool { return a == b })); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

// Retries that a rule does not speak of are Istio's, or the mesh's.
func TestEvaluateRetries(t *testing.T) {
	t.Parallel()
	on := "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"
	for name, test := range map[string]struct {
		retries string
		mesh    *networking.HTTPRetry
		want    traffic.Retries
	}{
		"none written": {"", nil, traffic.Retries{Attempts: 2, On: on, Default: true}},
		"of the mesh": {
			"", &networking.HTTPRetry{Attempts: 7, RetryOn: "5xx"},
			traffic.Retries{Attempts: 7, On: "5xx", Default: true},
		},
		"off": {"retries: {attempts: 0}, ", nil, traffic.Retries{}},
		"own": {
			"retries: {attempts: 4, retryOn: reset}, ",
			&networking.HTTPRetry{Attempts: 7},
			traffic.Retries{Attempts: 4, On: "reset"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			route := istiotest.VirtualService(t, "reviews", "http: [{"+test.retries+istiotest.To("v1")+"}]")
			out := evaluate([]*istio.Object{route}, nil, traffic.Request{},
				traffic.Options{DefaultRetries: test.mesh})
			if diff := cmp.Diff(&test.want, out.Retries); diff != "" {
				t.Errorf("retries (-want +got):\n%s", diff)
			}
		})
	}
}

// Evaluate changes none of the objects, delegates included.
func TestEvaluateChangesNothing(t *testing.T) {
	t.Parallel()
	root := istiotest.VirtualService(t, "reviews",
		"http: [{name: a, match: [{uri: {prefix: /a}}], delegate: {name: part}, timeout: 1s}]")
	part := istiotest.Object(t, "VirtualService", "part",
		"http: [{name: b, match: [{uri: {prefix: /a/b}}], "+istiotest.To("v1")+"}]")
	before := []proto.Message{proto.Clone(root.Spec), proto.Clone(part.Spec)}
	out := evaluate([]*istio.Object{root, part}, nil, traffic.Request{Path: "/a/b"}, traffic.Options{})
	if out.Rule.Name != "a-b" || out.Timeout != time.Second {
		t.Errorf("got %+v", out)
	}
	if !proto.Equal(before[0], root.Spec) || !proto.Equal(before[1], part.Spec) {
		t.Error("the objects have changed")
	}
}
