package around_test

import (
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// Who still hands requests over to a VirtualService that goes is told, with the rule and what becomes of them.
func TestUses_delegates(t *testing.T) {
	t.Parallel()
	const (
		all  = "http: [{route: [{destination: {host: reviews}}]}]"
		root = "hosts: [web.test]\nhttp: [{name: shop, match: [{uri: {prefix: /shop}}], " +
			"delegate: {name: ours, namespace: shop}}, {delegate: {name: else, namespace: shop}}]"
		lost = `http[0] "shop" in VirtualService "web/root" hands requests over to it, ` +
			"and istiod leaves that rule out then; the requests that it is for go on to the rules behind it, and " +
			"without one have no route"
		gone = "error name: is taken away: " + lost
	)
	for name, test := range map[string]struct {
		before, after string
		// named is what the object is called afterwards.
		named, root, owner string
		want               []string
	}{
		"it goes":  {before: all, root: root, want: []string{gone}},
		"it stays": {before: all, after: all, root: root},
		"it changes": {before: all, after: "http: [{timeout: 1s, route: [{destination: {host: " +
			"reviews}}]}]", root: root},
		"it was not there":  {after: all, root: root},
		"another name":      {before: all, after: all, named: "shop/new", root: root, want: []string{gone}},
		"another namespace": {before: all, after: all, named: "b/ours", root: root, want: []string{gone}},
		"it gets hosts": {before: all, after: "hosts: [a]\n" + all, root: root, want: []string{
			"error hosts: is no delegate with hosts: " + lost}},
		"it has hosts": {before: "hosts: [a]\n" + all, root: root},
		"nobody names it": {before: all, root: "hosts: [web.test]\nhttp: [{delegate: {name: else, namespace: " +
			"shop}}]"},
		"a short name":       {before: all, root: "hosts: [web.test]\nhttp: [{delegate: {name: ours}}]"},
		"not exported to it": {before: "exportTo: [.]\n" + all, root: root},
		"wider than its root, as a whole": {
			before: "http: [{match: [{uri: {prefix: /}}], route: [{destination: {host: reviews}}]}]", root: root,
		},
		"the same workspace": {before: all, root: root, owner: "shop/prod", want: []string{"own " + gone}},
		"another workspace":  {before: all, root: root, owner: "web", want: []string{gone}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newNeighborhood(t)
			n := a.has(istiotest.VirtualService(t, "web/root", test.root))
			if test.owner != "" {
				n.Applied, n.Annotations = true, map[string]string{istio.OwnerAnnotation: test.owner}
			}
			objects := func(name, spec string) istio.Objects {
				if spec == "" {
					return istio.Objects{}
				}
				return istio.ObjectsOf(istiotest.Object(t, "VirtualService", name, spec))
			}
			named := "shop/ours"
			before := objects(named, test.before)
			if test.named != "" {
				named = test.named
			}
			after := objects(named, test.after)
			for _, o := range before.All() {
				a.has(o)
			}
			a.facts.VirtualServices = around.NewNeighbors(a.routes, "cluster.local")
			findings, wanted := around.Uses(before, after, a.facts)
			if len(wanted) > 0 {
				t.Errorf("wants %v", wanted)
			}
			says(t, usesIn(findings), test.want)
		})
	}
}

// What may be a delegate asks who hands over to it when it goes.
func TestUses_delegatesWanted(t *testing.T) {
	t.Parallel()
	delegate := istio.ObjectsOf(istiotest.Object(t, "VirtualService", "shop/ours", "http: [{route: [{destination: "+
		"{host: a}}]}]"))
	if _, wanted := around.Uses(delegate, delegate, &around.Facts{}); len(wanted) > 0 {
		t.Errorf("wants %v where nothing goes", wanted)
	}
	_, wanted := around.Uses(delegate, istio.Objects{}, &around.Facts{})
	if len(wanted) != 1 || wanted[0].Resource != around.VirtualServices {
		t.Errorf("wants %v", wanted)
	}
}
