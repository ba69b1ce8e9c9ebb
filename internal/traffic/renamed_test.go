package traffic_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// A subset is its pods: another name moves nothing, and other labels move everything.
func TestUnderNewNames(t *testing.T) {
	t.Parallel()
	const old, canary = "{name: v1, labels: {version: a}}", "{name: v2, labels: {version: b}}"
	for name, test := range map[string]struct {
		before, after string // subsets
		rules         string // afterwards
		want          []string
	}{
		"nothing changes": {old + ", " + canary, old + ", " + canary, canaries("", split("90", "10")), nil},
		"another name": {
			old + ", " + canary, old + ", {name: v3, labels: {version: b}}", "http: [{route: [{destination: {host: " +
				"reviews, subset: v1}, weight: 90}, {destination: {host: reviews, subset: v3}, weight: 10}]}]", nil,
		},
		"other pods": {
			old + ", " + canary,
			old + ", {name: v2, labels: {version: c}}",
			canaries("", split("90", "10")),
			[]string{"all requests: v2 0 % → 10 % (v2 (version=b) 10 % → 0 %)"},
		},
		"names are swapped": {
			old + ", " + canary,
			"{name: v2, labels: {version: a}}, {name: v1, labels: {version: b}}",
			canaries("", split("90", "10")),
			[]string{"all requests: v1 10 % → 90 % (v2 90 % → 10 %)"},
		},
		"a controller's label": {old + ", " + canary, old +
			", {name: v2, labels: {version: b, rollouts-pod-template-hash: x}}", canaries("", split("90", "10")), nil},
		"one is gone": {old + ", " +
			canary, old, canaries("", istiotest.To("v1")), []string{"all requests: v1 90 % → 100 % (v2 10 % → 0 %)"}},
		"two of the same pods": {
			old + ", " + canary, old + ", {name: v3, labels: {version: b}}, {name: v4, labels: {version: b}}",
			canaries("", istiotest.To("v1")), []string{"all requests: v1 90 % → 100 % (v2 10 % → 0 %)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pair := func(rules, subsets string) istio.Objects {
				return istio.ObjectsOf(istiotest.VirtualService(t, "reviews", rules),
					istiotest.Object(t, "DestinationRule", "reviews", "host: reviews\nsubsets: ["+subsets+"]"))
			}
			before, after := pair(canaries("", split("90", "10")), test.before), pair(test.rules, test.after)
			var got []string
			for _, m := range traffic.Moves(
				[]*istio.Object{istio.UnderNewNames(before, after)},
				[]*istio.Object{after.Routing()},
				traffic.Options{},
			) {
				got = append(got, m.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("moves (-want +got):\n%s", diff)
			}
		})
	}
	bare := istio.ObjectsOf(istiotest.VirtualService(t, "reviews",
		canaries("", istiotest.To("v1")))).WithSubsetsElsewhere(true)
	if istio.UnderNewNames(bare, bare) != bare.Routing() {
		t.Error("without a DestinationRule names are what they are")
	}
}
