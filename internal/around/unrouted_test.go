package around_test

import (
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// Requests go to every pod of a Service as long as nobody has rules for it in the mesh.
func TestFacts_Unrouted(t *testing.T) {
	t.Parallel()
	const all = "http: [{" + "route: [{destination: {host: reviews, subset: v1}}]" + "}]"
	for name, test := range map[string]struct {
		ours, theirs string
		narrow       bool
		want         bool
	}{
		"nobody has rules":                 {ours: all, want: true},
		"others have rules":                {ours: all, theirs: all},
		"others have rules for another":    {ours: all, theirs: "hosts: [ratings]\n" + all, want: true},
		"others have rules at a gateway":   {ours: all, theirs: "gateways: [edge]\n" + all, want: true},
		"ours are at a gateway":            {ours: "gateways: [edge]\n" + all},
		"ours are at both":                 {ours: "gateways: [edge, mesh]\n" + all, want: true},
		"there is no Service":              {ours: "hosts: [nobody]\n" + all},
		"it is no Service of the cluster":  {ours: "hosts: [www.example.com]\n" + all},
		"one of two hosts is a Service":    {ours: "hosts: [www.example.com, reviews]\n" + all, want: true},
		"ours has no rules for HTTP":       {ours: "tcp: [{route: [{destination: {host: reviews}}]}]"},
		"not all of the cluster was asked": {ours: all, narrow: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newNeighborhood(t)
			a.facts.Narrow = map[around.Resource]bool{around.VirtualServices: test.narrow}
			if test.theirs != "" {
				a.has(istiotest.VirtualService(t, "theirs", test.theirs))
			}
			a.facts.VirtualServices = around.NewNeighbors(a.routes, "cluster.local")
			if got := a.facts.Unrouted(istiotest.VirtualService(t, "ours", test.ours)); got != test.want {
				t.Errorf("unrouted: %v, want %v", got, test.want)
			}
		})
	}
}
