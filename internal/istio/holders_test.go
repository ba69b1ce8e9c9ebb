package istio_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// Which DestinationRules decide for a caller: those of its namespace, of the service's, of the root namespace, and
// before them those that choose it by its labels.
func TestDestinationRulesFor(t *testing.T) {
	t.Parallel()
	const host = "reviews.shop.svc.cluster.local"
	full := "host: " + host
	own, root := map[string]string{
		"shop/own": full,
	}, map[string]string{"istio-system/root": "host: '*.shop.svc.cluster.local'"}
	with := func(all ...map[string]string) map[string]string {
		joined := map[string]string{}
		for _, m := range all {
			maps.Copy(joined, m)
		}
		return joined
	}
	choosing := map[string]string{"web/choosing": full + "\nworkloadSelector: {matchLabels: {app: a}}"}
	a, b := map[string]string{"app": "a"}, map[string]string{"app": "b"}
	for name, test := range map[string]struct {
		rules  map[string]string
		caller string
		labels map[string]string
		want   string // with a ! behind those that choose callers
	}{
		"the caller's own": {
			with(own, root, map[string]string{"web/own": full}), "web", nil, "web/own",
		},
		"the service's":             {with(own, root), "web", nil, "shop/own"},
		"the service's, for itself": {with(own, root), "shop", nil, "shop/own"},
		"the root namespace's":      {root, "web", nil, "istio-system/root"},
		"not exported to the caller": {
			with(root, map[string]string{"shop/own": full + "\nexportTo: ['.']"}), "web", nil, "istio-system/root",
		},
		"exported to nobody but itself": {
			with(root, map[string]string{"shop/own": full + "\nexportTo: ['.']"}), "shop", nil, "shop/own",
		},
		"of an unknown caller the service's": {with(own, root), "", nil, "shop/own"},
		"of an unknown caller the root's":    {root, "", a, "istio-system/root"},
		"of the root namespace, for all":     {root, "istio-system", nil, "istio-system/root"},
		"of the root namespace, for itself": {map[string]string{"istio-system/root": full +
			"\nexportTo: ['.']"}, "istio-system", nil, "istio-system/root"},
		"none": {map[string]string{"web/other": "host: ratings"}, "web", nil, ""},
		"the longer wildcard": {
			map[string]string{"shop/long": "host: '*.shop.svc.cluster.local'", "shop/short": "host: '*.local'"},
			"web", nil, "shop/long",
		},
		"the name before a wildcard": {
			with(own, map[string]string{"shop/all": "host: '*.shop.svc.cluster.local'"}), "web", nil, "shop/own",
		},
		"merged, the older first": {
			map[string]string{"shop/b": full, "shop/a": full}, "web", nil, "shop/a shop/b",
		},
		"exported to more is merged": {map[string]string{"shop/a": full +
			"\nexportTo: [web]", "shop/b": full + "\nexportTo: [web, api]"}, "web", nil, "shop/a shop/b"},
		"exported to others is not": {map[string]string{"shop/a": full +
			"\nexportTo: [web]", "shop/b": full + "\nexportTo: [api]"}, "api", nil, "shop/b"},
		"chosen by its labels": {with(choosing, own), "web", a, "web/choosing !"},
		"with other labels":    {with(choosing, own), "web", b, " !"},
		"with other labels, and one for all": {
			with(choosing, map[string]string{"web/rest": full}), "web", b, "web/rest !",
		},
		"with labels that are not known": {with(choosing, own), "web", nil, "shop/own"},
		"one that chooses others is by itself": {
			with(choosing, map[string]string{"web/b": full + "\nworkloadSelector: {matchLabels: {app: b}}"}), "web",
			b, "web/b !",
		},
		"labels where nobody chooses by labels": {with(own, root), "web", a, "shop/own"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var objects []*istio.Object
			created := map[*istio.Object]time.Time{}
			for i, name := range slices.Sorted(maps.Keys(test.rules)) {
				o := istiotest.Object(t, "DestinationRule", name, test.rules[name])
				created[o] = time.Unix(int64(i), 0)
				objects = append([]*istio.Object{o}, objects...)
			}
			objects = append(objects, istiotest.VirtualService(t, "shop/none", "http: [{"+istiotest.To("v1")+"}]"))
			rules := istio.NewDestinationRules(objects, istio.Mesh{Created: created})
			holders, chosen := rules.For(host, test.caller, test.labels)
			var got []string
			for _, o := range holders {
				got = append(got, o.Namespace+"/"+o.Name)
			}
			text := strings.Join(got, " ")
			if chosen {
				text += " !"
			}
			if text != test.want {
				t.Errorf("got %q, want %q", text, test.want)
			}
		})
	}
}

// Objects are as old as their times say, those without one the newest in their order.
func TestMesh_CompareAge(t *testing.T) {
	t.Parallel()
	object := func(name string) *istio.Object { return &istio.Object{Namespace: "shop", Name: name} }
	old, alike, young, none := object("z"), object("a"), object("b"), object("0")
	mesh := istio.Mesh{Created: map[*istio.Object]time.Time{
		old: time.Unix(1, 0), alike: time.Unix(1, 0), young: time.Unix(2, 0),
	}}
	got := slices.SortedStableFunc(slices.Values([]*istio.Object{none, young, old, alike}), mesh.CompareAge)
	if diff := cmp.Diff("[a z b 0]", fmt.Sprint(names(got))); diff != "" {
		t.Errorf("by age (-want +got):\n%s", diff)
	}
	if domain := mesh.Domain(); domain != "cluster.local" {
		t.Errorf("the domain is %q", domain)
	}
}

func names(objects []*istio.Object) []string {
	var all []string
	for _, o := range objects {
		all = append(all, o.Name)
	}
	return all
}

// Names go before wildcards, longer ones before shorter ones, and what is written before what it stands for.
func TestMoreSpecific(t *testing.T) {
	t.Parallel()
	hosts := []string{"*", "*.example", "a.example", "=a", "b.a.example", "*.a.example"}
	slices.SortFunc(hosts, func(a, b string) int {
		if istio.MoreSpecific(a, b) {
			return -1
		}
		return 1
	})
	want := []string{"=a", "b.a.example", "a.example", "*.a.example", "*.example", "*"}
	if diff := cmp.Diff(want, hosts); diff != "" {
		t.Errorf("in order (-want +got):\n%s", diff)
	}
}
