package crud

import (
	"strconv"
	"testing"
	"time"

	networking "istio.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/canary"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form"
	"github.com/meshroute/terraform-provider-mesh/internal/provider/form/formtest"
)

// A route whose 500 rules have all changed behind Terraform's back is read, at a cost that does not grow with their
// square: that was a minute and more.
func TestRefresh_everyRuleDrifted(t *testing.T) {
	t.Parallel()
	p := newObjectsResource(form.CanaryRoute{})
	p.settings = Settings{
		Defaults: form.Defaults{Namespace: form.DefaultNamespace, ClusterDomain: form.DefaultClusterDomain},
	}
	state := formtest.CanaryRoute(500)
	route := p.routeOf(state)
	drifted := route.Render()
	for i, rule := range drifted.Routing().VirtualServiceSpec().Http {
		for _, m := range rule.Match {
			m.Headers["version"].MatchType = &networking.StringMatch_Exact{Exact: strconv.Itoa(5000 + i)}
		}
	}
	live := liveObjects{cluster.LiveObjectsOf(
		liveObject(drifted.Routing().VirtualServiceSpec()), liveObject(drifted.Declaring().DestinationRuleSpec()),
	)}
	began := time.Now()
	got := p.refresh(state, p.routeOf(state), form.Lifecycle{}, live, nil)
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("takes %s", took)
	}
	if !cluster.Same(p.routeOf(got).Render(), drifted) || !isEmptyList(got.Get("foreign_fields")) {
		t.Error("the state does not say what is there")
	}
}

// What a refresh writes into the state means what is in the cluster; where it cannot, foreign_fields says so. A
// refresh of what the state already says changes nothing, and an import of what it says gives a state that says the
// same.
func TestPropertyRefreshSaysWhatIsThere(t *testing.T) {
	t.Parallel()
	for _, f := range []form.Form{form.CanaryRoute{}, form.WeightedSplit{}} {
		t.Run(f.TypeName(), func(t *testing.T) {
			t.Parallel()
			p := newObjectsResource(f)
			p.settings = Settings{
				Defaults: form.Defaults{Namespace: form.DefaultNamespace, ClusterDomain: form.DefaultClusterDomain},
			}
			rapid.Check(t, func(t *rapid.T) {
				live := liveObjects{cluster.LiveObjectsOf(
					liveObject(istiotest.Fill(t, &networking.VirtualService{})),
					liveObject(istiotest.Fill(t, &networking.DestinationRule{})),
				)}
				imported := importedState(p, live.Routing().Namespace)
				state := p.refresh(imported, p.routeOf(imported), form.Lifecycle{}, live, nil)

				foreign := state.Get("foreign_fields").Elements()
				ours := canary.Resolve(live.Ours(istio.Objects{}), form.DefaultClusterDomain)
				if says := len(cluster.Steps(ours, p.routeOf(state).Render())) == 0; len(foreign) == 0 && !says {
					t.Fatalf("the state does not say what is there, and foreign_fields is empty\nlive %v", live)
				}
				if words := p.words(form.Lifecycle{}, p.routeOf(state).Render(), nil); len(foreign) == 0 &&
					!state.Get("summary").Equal(words) {
					t.Fatalf("a plan of what is there has other words: %s, not %s", words, state.Get("summary"))
				}
				applied := liveObjects{cluster.LiveObjectsOf(
					liveObject(p.routeOf(state).Render().Routing().VirtualServiceSpec()),
					liveObject(p.routeOf(state).Render().Declaring().DestinationRuleSpec()),
				)}
				reimported := p.refresh(imported, p.routeOf(imported), form.Lifecycle{}, applied, nil)
				if !isEmptyList(reimported.Get("foreign_fields")) ||
					!cluster.Same(p.routeOf(reimported).Render(), p.routeOf(state).Render()) {
					t.Fatalf("an import of what the state says gives something else\nlive %v", applied)
				}
				if again := p.refresh(state, p.routeOf(state), form.Lifecycle{}, live, nil); !again.Equal(state) {
					t.Fatalf("a second refresh changes the state\nlive %v", live)
				}
			})
		})
	}
}

func liveObject[M interface {
	*networking.VirtualService | *networking.DestinationRule
}](spec M) *cluster.Live {
	labels := map[string]string{istio.ManagedByLabel: istio.ManagedBy}
	o := istio.Object{Namespace: "shop", Name: "reviews", Labels: labels}
	switch s := any(spec).(type) {
	case *networking.VirtualService:
		o.Spec = s
	case *networking.DestinationRule:
		o.Spec = s
	}
	return &cluster.Live{Object: o, Owned: cluster.OwnedKeys{Labels: map[string]bool{istio.ManagedByLabel: true}}}
}

// importedState is what an import leaves for the refresh: the address and nothing else.
func importedState(p *objectsResource, namespace string) attr.Value {
	return attr.Object(p.Seed(&canary.Placement{
		Namespace:           namespace,
		VirtualServiceName:  "reviews",
		DestinationRuleName: "reviews",
	}))
}
