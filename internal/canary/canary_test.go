package canary_test

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

const domain = "cluster.local"

func exact(s string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: s}}
}

func prefix(s string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: s}}
}

func pattern(s string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Regex{Regex: s}}
}

func byHeader(name, value string) []*networking.HTTPMatchRequest {
	return []*networking.HTTPMatchRequest{{Headers: map[string]*networking.StringMatch{name: exact(value)}}}
}

func weights(percent map[string]int64) map[string]*int64 {
	pointers := make(map[string]*int64, len(percent))
	for name, w := range percent {
		pointers[name] = new(w)
	}
	return pointers
}

func placement() canary.Placement {
	return canary.Placement{
		Namespace: "shop", VirtualServiceName: "greeter", DestinationRuleName: "greeter",
		Host: "greeter.shop.svc.cluster.local", ClusterDomain: domain,
	}
}

// routeWith returns a valid route by the header `version`, changed.
func routeWith(change func(*canary.Route)) *canary.Route {
	r := &canary.Route{
		Placement: placement(),
		Subsets: map[string]canary.Subset{
			"v1": {Labels: map[string]string{"app": "greeter-v1"}},
			"v2": {Labels: map[string]string{"app": "greeter-v2"}},
		},
		Rules: []canary.Rule{
			{HTTP: &networking.HTTPRoute{Name: "v1", Match: byHeader("version", "100")}, Subset: "v1"},
			{HTTP: &networking.HTTPRoute{Name: "v2", Match: byHeader("version", "200")}, Subset: "v2"},
		},
		Default: &canary.Rule{Subset: "v1"},
	}
	change(r)
	return r
}

// splitWith returns a valid split of every request, changed.
func splitWith(change func(*canary.Split)) *canary.Split {
	s := &canary.Split{
		Placement: placement(),
		Subsets: map[string]canary.WeightedSubset{
			"v1": {Subset: canary.Subset{Labels: map[string]string{"app": "greeter-v1"}}, Weight: new(int64(10))},
			"v2": {Subset: canary.Subset{Labels: map[string]string{"app": "greeter-v2"}}, Weight: new(int64(90))},
		},
		HTTP: &networking.HTTPRoute{Timeout: durationpb.New(5 * time.Second)},
	}
	change(s)
	return s
}

// checkSame reports every object of want that got says otherwise.
func checkSame(t interface {
	Helper()
	Errorf(format string, args ...any)
}, got, want istio.Objects) {
	t.Helper()
	if want.Routing() != nil && !istio.SameSpec(got.Routing().Spec, want.Routing().Spec) {
		t.Errorf("VirtualService differs at %v", istio.Differences(got.Routing().Spec, want.Routing().Spec))
	}
	if want.Declaring() != nil && !istio.SameSpec(got.Declaring().Spec, want.Declaring().Spec) {
		t.Errorf("DestinationRule differs at %v", istio.Differences(got.Declaring().Spec, want.Declaring().Spec))
	}
}
