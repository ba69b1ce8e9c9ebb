package outlook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/outlook"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// shared are the objects of a route with these shares.
func shared(v1, v2, v3 int32) istio.Objects {
	const host = "reviews.shop.svc.cluster.local"
	rule, declared := &networking.HTTPRoute{}, &networking.DestinationRule{Host: host}
	for i, weight := range []int32{v1, v2, v3} {
		name := []string{"v1", "v2", "v3"}[i]
		rule.Route = append(rule.Route, &networking.HTTPRouteDestination{
			Destination: &networking.Destination{Host: host, Subset: name}, Weight: weight,
		})
		declared.Subsets = append(declared.Subsets,
			&networking.Subset{Name: name, Labels: map[string]string{"version": name}})
	}
	at := istio.Object{Namespace: "shop", Name: "reviews"}
	routing, declaring := at, at
	routing.Spec = &networking.VirtualService{Hosts: []string{host}, Http: []*networking.HTTPRoute{rule}}
	declaring.Spec = declared
	return istio.ObjectsOf(&routing, &declaring)
}

// A plan says of gates that compare at which steps there is nothing to compare, and which steps nothing judges.
func TestWalk_Lines_comparisons(t *testing.T) {
	t.Parallel()
	than := func(subset string) walk.Gate {
		return walk.Gate{Name: "errors", SuccessRate: &walk.SuccessRate{WorseThan: subset}}
	}
	least := walk.Gate{Name: "rate", SuccessRate: &walk.SuccessRate{Min: 99}}
	for name, test := range map[string]struct {
		gates    []walk.Gate
		from, to istio.Objects
		// at is the step that is live, 0 for the start.
		at      int
		byApply bool
		want    []string
	}{
		"no gates":                   {nil, shared(100, 0, 0), shared(0, 100, 0), 0, false, nil},
		"none that compares":         {[]walk.Gate{least}, shared(100, 0, 0), shared(0, 100, 0), 0, false, nil},
		"a share that does not end":  {[]walk.Gate{than("v1")}, shared(100, 0, 0), shared(1, 99, 0), 0, false, nil},
		"one that compares with all": {[]walk.Gate{than("v2")}, shared(80, 20, 0), shared(0, 40, 60), 0, false, nil},
		"a share that ends, and another gate": {
			[]walk.Gate{than("v1"), least}, shared(100, 0, 0), shared(0, 100, 0), 0, false,
			[]string{"errors has nothing to compare at step 3, and passes: v1 gets no requests there."},
		},
		"a share that ends, and no other gate": {
			[]walk.Gate{than("v1")}, shared(100, 0, 0), shared(0, 100, 0), 0, false, []string{
				"errors has nothing to compare at step 3, and passes: v1 gets no requests there.",
				"So nothing judges step 3; a gate with min would.",
			},
		},
		"one step for each apply": {
			[]walk.Gate{than("v1")}, shared(100, 0, 0), shared(0, 100, 0), 0, true, []string{
				"errors has nothing to compare at step 3, and passes: v1 gets no requests there.",
				"So nothing judges step 3; a gate with min would.",
			},
		},
		"a version that gets nothing at all": {
			[]walk.Gate{than("v3"), least}, shared(100, 0, 0), shared(0, 100, 0), 0, false,
			[]string{"errors has nothing to compare at steps 1, 2, 3, and passes: v3 gets no requests there."},
		},
		"the version that grows": {
			[]walk.Gate{than("v2")}, shared(100, 0, 0), shared(0, 100, 0), 0, false, []string{
				"errors has nothing to compare at steps 1, 2, 3, and passes: v2 is the version that gets more " +
					"requests.",
				"So nothing judges steps 1, 2, 3; a gate with min would.",
			},
		},
		"on the last steps": {
			[]walk.Gate{than("v2"), least}, shared(100, 0, 0), shared(0, 100, 0), 2, false,
			[]string{
				"errors has nothing to compare at steps 2, 3, and passes: v2 is the version that gets more requests.",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := &form.Walk{
				Way: walk.Way{Steps: []int64{10, 50}}, Pause: time.Minute, Patience: time.Minute, Gates: test.gates,
				ByApply: test.byApply,
			}
			w := outlook.Walk{
				Plan: walk.NewPlan(test.from, test.to, to.Way), At: walk.Position{Stage: test.at}, Resumed: test.at > 0,
			}
			var said []string
			for _, line := range w.Lines(to) {
				if strings.Contains(line, "nothing") {
					said = append(said, line)
				}
			}
			if diff := cmp.Diff(test.want, said); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}
