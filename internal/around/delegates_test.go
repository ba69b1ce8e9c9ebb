package around_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

const passedOn = "; the requests that it is for go on to the rules behind it, and without one have no route"

// A rule that istiod leaves out because of its delegate is told at the rule, from both sides.
func TestInspectDelegates(t *testing.T) {
	t.Parallel()
	const (
		root = "http: [{match: [{uri: {prefix: /a}}], delegate: {name: part, namespace: web}}]"
		all  = "http: [{route: [{destination: {host: reviews}}]}]"
		wide = "http: [{match: [{uri: {prefix: /a/b}}], route: [{destination: {host: reviews}}]}, " +
			"{match: [{uri: {prefix: /}}], route: [{destination: {host: reviews}}]}]"
		notNarrower = "so that istiod leaves this rule out" + passedOn
	)
	for name, test := range map[string]struct {
		// spec is that of ours, at the address shop/ours; others are those of others.
		spec   string
		others map[string]string
		change func(*around.Facts)
		want   []string
	}{
		"all is well": {spec: root, others: map[string]string{"web/part": all}},
		"missing": {spec: root, want: []string{
			`http[0].delegate: delegate "web/part" is not there, so istiod leaves this rule out` + passedOn +
				"; create it, together with the route at the latest"}},
		"missing in a namespace that was not listed": {
			spec:   root,
			change: func(f *around.Facts) { f.Narrow = map[around.Resource]bool{around.VirtualServices: true} },
		},
		"one that has hosts": {spec: root, others: map[string]string{"web/part": "hosts: " +
			"[part]\n" + all}, want: []string{
			`http[0].delegate: VirtualService "web/part" has hosts, and so is no delegate: istiod leaves this ` +
				`rule out` +
				passedOn}},
		"not exported": {
			spec:   root,
			others: map[string]string{"web/part": "exportTo: ['.']\n" + all},
			want: []string{`http[0].delegate: delegate "web/part" is not exported to namespace "shop", so istiod ` +
				`leaves this rule out` + passedOn},
		},
		"wider": {spec: root, others: map[string]string{"web/part": wide}, want: []string{
			`http[0].delegate: http[1] of delegate "web/part" has a match that is not narrower than a match of this ` +
				`rule, so istiod leaves it out` + passedOn}},
		"as the delegate, all is well": {
			spec: "hosts: []\n" + all, others: map[string]string{"web/root": "hosts: [a.example]\n" + delegating},
		},
		"as the delegate, not exported": {
			spec: "hosts: []\nexportTo: [api]\n" + all, others: map[string]string{"web/root": delegating},
			want: []string{`export_to: VirtualService "web/root" hands over to this one at http[0].delegate, and ` +
				`namespace web is none of those that this one is exported to, so that istiod leaves that rule out` +
				passedOn},
		},
		"as the delegate, wider": {spec: "hosts: []\n" + wide, others: map[string]string{"web/root": delegating},
			want: []string{`http[1].match: is not narrower than a match of the rule that hands over to this one, ` +
				`http[0] of VirtualService "web/root", ` + notNarrower}},
		"as the delegate of one that lacks another": {spec: "hosts: []\n" + all, others: map[string]string{
			"web/root": "hosts: [a.example]\nhttp: [{delegate: {name: gone}}, {delegate: {name: ours, namespace: " +
				"shop}}]",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newNeighborhood(t)
			for address, spec := range test.others {
				a.has(istiotest.Object(t, "VirtualService", address, spec))
			}
			if test.change != nil {
				test.change(a.facts)
			}
			found, _ := a.ask(istio.Objects{}, ours(t, test.spec))
			if diff := cmp.Diff(test.want, found); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
	_, wanted := around.Inspect(istio.Objects{}, ours(t, "hosts: []\n"+all), &around.Facts{})
	if diff := cmp.Diff(around.Query{Resource: around.VirtualServices}, wanted[0]); diff != "" {
		t.Errorf("wants first (-want +got):\n%s", diff)
	}
}

const delegating = "hosts: [a.example]\nhttp: [{match: [{uri: {prefix: /a}}], delegate: {name: ours, namespace: shop}}]"

// What a VirtualService does is said with what istiod leaves out, as far as that is certain.
func TestFacts_Summary_delegates(t *testing.T) {
	t.Parallel()
	a := newNeighborhood(t)
	root := a.has(istiotest.VirtualService(t, "root", "http: [{match: [{uri: {prefix: /a}}], delegate: {name: gone}}, "+
		"{match: [{uri: {prefix: /b}}], delegate: {name: host}}, {"+istiotest.To("v1")+"}]"))
	a.has(istiotest.VirtualService(t, "host", "http: [{"+istiotest.To("v1")+"}]"))
	if diff := cmp.Diff([]string{
		"requests with path starting with /a are handed to VirtualService shop/gone",
		"requests with path starting with /b are handed to VirtualService shop/host", "all other requests go to v1",
	}, a.facts.Summary(root.Object, traffic.Options{})); diff != "" {
		t.Errorf("of nothing (-want +got):\n%s", diff)
	}
	a.ask(istio.Objects{}, istio.Objects{})
	if diff := cmp.Diff([]string{
		"all requests go to v1", `left out: http[0]: delegate "shop/gone" is not there, so istiod leaves this rule out`,
		`left out: http[1]: delegate "shop/host" is not there, so istiod leaves this rule out`,
	}, a.facts.Summary(root.Object, traffic.Options{})); diff != "" {
		t.Errorf("of all (-want +got):\n%s", diff)
	}
	if !around.Delegates(root.Object) || around.Delegates(ours(t, "http: [{"+istiotest.To("v1")+"}]").Routing()) {
		t.Error("Delegates does not tell who hands over")
	}
}
