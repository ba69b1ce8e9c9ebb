package walk_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// mirroring returns the objects of a rule that mirrors to v3 anyway.
func mirroring(rule string) istio.Objects {
	all := objects(rule)
	o, spec := *all.Routing(), proto.CloneOf(all.Routing().VirtualServiceSpec())
	spec.Http[0].Mirror = &networking.Destination{Host: host, Subset: "v3"}
	o.Spec = spec
	return all.With(&o)
}

// Copies go to the versions that grow, before they get requests, and beside the mirror that the rule has anyway.
func TestNewPlan_mirror(t *testing.T) {
	t.Parallel()
	copies := &networking.HTTPMirrorPolicy{
		Destination: &networking.Destination{Host: host, Subset: "v2"}, Percentage: &networking.Percent{Value: 10},
	}
	other := &networking.HTTPMirrorPolicy{Destination: &networking.Destination{Host: host, Subset: "v3"}}
	for name, test := range map[string]struct {
		from, to istio.Objects
		want     []*networking.HTTPMirrorPolicy
	}{
		"alone": {objects("v1"), objects("v1=0 v2=100"), []*networking.HTTPMirrorPolicy{copies}},
		"beside another": {
			mirroring("v1"), mirroring("v1=0 v2=100"), []*networking.HTTPMirrorPolicy{other, copies},
		},
		"not to what falls": {
			objects("v1=10 v2=90"), objects("v1=0 v2=100"), []*networking.HTTPMirrorPolicy{copies},
		},
		"also where it has some": {
			objects("v1=90 v2=10"), objects("v1=50 v2=50"), []*networking.HTTPMirrorPolicy{copies},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := walk.NewPlan(test.from, test.to, walk.Way{Steps: []int64{50}, Mirror: 10})
			if !p.Mirrored() || p.Last() != 3 {
				t.Fatalf("the stages are %+v", p.Stages())
			}
			rule := p.Objects(1).Routing().VirtualServiceSpec().Http[0]
			if diff := cmp.Diff(test.want, rule.Mirrors, protocmp.Transform()); diff != "" || rule.Mirror != nil {
				t.Errorf("mirrors of the copies (-want +got):\n%s", diff)
			}
			for _, stage := range []int{0, 2} {
				want, is := test.to.Routing().VirtualServiceSpec().
					Http[0], p.Objects(stage).Routing().VirtualServiceSpec()
				if !proto.Equal(want.Mirror, is.Http[0].Mirror) || len(is.Http[0].Mirrors) > 0 {
					t.Errorf("stage %d mirrors to %v and %v", stage, is.Http[0].Mirror, is.Http[0].Mirrors)
				}
			}
			at := walk.Position{Stage: 1, Since: start}
			live := walking(p, 1, p.Remember("prod", at, "").Encode())
			if ended := p.Ended(live); !istio.SameSpec(test.to.Routing().Spec, ended.Routing().Spec) {
				t.Errorf("at the end (-want +got):\n%s", cmp.Diff(test.to.Routing().Spec, ended.Routing().Spec,
					protocmp.Transform()))
			}
			told, m, is, err := walk.Told(live, start)
			if err != nil || is != at || !told.Mirrored() || m.Place() != "at step 1 of 3, copies of 10 %" {
				t.Fatalf("told of %q at %+v: %v", m.Place(), is, err)
			}
			if next := told.Objects(2).Routing().VirtualServiceSpec().Http[0]; len(next.Mirrors) != len(test.want)-1 {
				t.Errorf("the next step of what is told mirrors to %v", next.Mirrors)
			}
			if _, _, ok := walk.Resume(live, test.to, walk.Way{Steps: []int64{50}, Mirror: 20}, "prod", start); ok {
				t.Error("it goes on as a walk with other copies")
			}
		})
	}
}
