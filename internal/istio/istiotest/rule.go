package istiotest

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"
)

// ValidRule is a rule with everything in it. It matches nothing that another one of them matches.
func ValidRule(i int) *networking.HTTPRoute {
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
			ErrorType:  &networking.HTTPFaultInjection_Abort_HttpStatus{HttpStatus: 503},
			Percentage: &networking.Percent{Value: 1},
		}},
		Mirrors: []*networking.HTTPMirrorPolicy{{
			Destination: &networking.Destination{Host: "recorder.shop.svc.cluster.local"},
		}},
		CorsPolicy: &networking.CorsPolicy{
			AllowOrigins: []*networking.StringMatch{{
				MatchType: &networking.StringMatch_Exact{Exact: "https://shop.example"},
			}},
			AllowMethods: []string{"GET", "POST"}, MaxAge: durationpb.New(time.Minute),
		},
		Headers: &networking.Headers{Request: &networking.Headers_HeaderOperations{
			Set: map[string]string{"x-a": "1", "x-b": "2"}, Remove: []string{"x-c"},
		}},
		Rewrite: &networking.HTTPRewrite{Uri: "/"},
	}
}
