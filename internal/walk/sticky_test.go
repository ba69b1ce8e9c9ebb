package walk_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/walk"
)

// sticky returns objects whose rules all keep subsets.
func sticky(all istio.Objects, subsets []string) istio.Objects {
	spec := all.Routing().VirtualServiceSpec()
	keeps := make([]*istio.Sticky, len(spec.Http))
	for i := range keeps {
		keeps[i] = &istio.Sticky{Cookie: "canary", MaxAge: time.Hour, Subsets: subsets}
	}
	spec.Http = istio.Stick(spec.Http, keeps)
	return all
}

// A rule honours the cookie of a subset at those stages at which it has a share. A walk is none the less taken up
// from any of them: what follows from sticky comes and goes with the shares.
func TestPlan_sticky(t *testing.T) {
	t.Parallel()
	with, without := []string{"beta-sticky-v2", "beta", "sticky-v2", ""}, []string{"beta", ""}
	for name, test := range map[string]struct {
		from, to istio.Objects
		want     [][]string
	}{
		"a canary begins": {
			sticky(objects("beta: v1=100 v2=0", "v1=100 v2=0"), []string{"v2"}),
			sticky(objects("beta: v1=60 v2=40", "v1=60 v2=40"), []string{"v2"}),
			[][]string{without, with, with},
		},
		"a canary goes back": {
			sticky(objects("beta: v1=60 v2=40", "v1=60 v2=40"), []string{"v2"}),
			sticky(objects("beta: v1=100 v2=0", "v1=100 v2=0"), []string{"v2"}),
			[][]string{with, with, without},
		},
		"sticky comes with the walk": {
			objects("beta: v1=60 v2=40", "v1=60 v2=40"),
			sticky(objects("beta: v1=40 v2=60", "v1=40 v2=60"), []string{"v2"}),
			[][]string{with, with, with},
		},
		"sticky goes with the walk": {
			sticky(objects("beta: v1=60 v2=40", "v1=60 v2=40"), []string{"v2"}),
			objects("beta: v1=40 v2=60", "v1=40 v2=60"),
			[][]string{without, without, without},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := walk.NewPlan(test.from, test.to, walk.Way{Steps: []int64{50}})
			var got [][]string
			for i := range p.Stages() {
				var names []string
				for _, rule := range p.Objects(i).Routing().VirtualServiceSpec().Http {
					names = append(names, rule.Name)
				}
				got = append(got, names)
				live := walking(p, i, p.Remember("prod", walk.Position{Stage: i}, "").Encode())
				if _, at, ok := walk.Resume(live, test.to, walk.Way{Steps: []int64{50}}, "prod", start); !ok ||
					at.Stage != i {
					t.Errorf("stopped at %d, resumed at %d: %t", i, at.Stage, ok)
				}
				if m, _ := walk.Recall(live.Routing()); !m.Describes(live) {
					t.Errorf("at %d the annotation does not describe what is live", i)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("rules by stage (-want +got):\n%s", diff)
			}
			for i, o := range p.Objects(p.Last()).All() {
				if diff := cmp.Diff(test.to.All()[i].Spec, o.Spec, protocmp.Transform()); diff != "" {
					t.Errorf("the end of %s (-want +got):\n%s", o, diff)
				}
			}
		})
	}
}
