package around_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

func names(all []*around.Neighbor) []string {
	found := []string{}
	for _, n := range all {
		found = append(found, n.Namespace+"/"+n.Name)
	}
	return found
}

// A VirtualService is effective where some caller follows it.
func TestFactsOfAService(t *testing.T) {
	t.Parallel()
	const all = "http: [{route: [{destination: {host: reviews.shop.svc.cluster.local, subset: v1}}]}]"
	const host = "hosts: [reviews.shop.svc.cluster.local]\n"
	a := newNeighborhood(t)
	effective := map[string]bool{}
	put := func(name, spec string, is bool) {
		a.has(istiotest.VirtualService(t, name, spec))
		effective[name] = is
	}
	put("web/private", host+"exportTo: [web]\n"+all, true)
	put("shop/oldest", host+all, true)
	put("shop/newer", host+all, false)
	put("web/late", host+"exportTo: [web]\n"+all, false)
	put("shop/wildcard", "hosts: ['*.cluster.local']\n"+all, true)
	put("shop/edge", "hosts: [reviews.example]\ngateways: [edge]\n"+all, true)
	put("shop/merged", host+"gateways: [edge, mesh]\n"+all, true)
	put("shop/tcp", host+"tcp: [{route: [{destination: {host: reviews.shop.svc.cluster.local}}]}]", true)
	put("shop/tcp-too",
		host+"tcp: [{match: [{port: 3306}], route: [{destination: {host: reviews.shop.svc.cluster.local}}]}]", true)
	put("shop/dotted", "hosts: [a.example.]\n"+all, true)
	put("shop/dotted-too", "hosts: [a.example.]\n"+all, true)
	a.has(istiotest.VirtualService(t, "shop/other",
		"hosts: [ratings]\nhttp: [{route: [{destination: {host: ratings}}]}]"))
	a.has(istiotest.VirtualService(t, "shop/root", "hosts: [ratings]\nhttp: [{delegate: {name: leaf}}]"))
	a.has(istiotest.VirtualService(t, "shop/leaf", "hosts: []\n"+all))
	a.has(istiotest.Object(t, "DestinationRule", "shop/two", "host: reviews"))
	a.has(istiotest.Object(t, "DestinationRule", "shop/any", "host: '*.local'"))
	a.has(istiotest.Object(t, "DestinationRule", "shop/ratings", "host: ratings"))
	a.ask(istio.Objects{}, istio.Objects{})

	want := []string{
		"web/private", "shop/oldest", "shop/newer", "web/late", "shop/wildcard", "shop/edge", "shop/merged", "shop/tcp",
		"shop/tcp-too", "shop/dotted", "shop/dotted-too",
	}
	routes := a.facts.VirtualServicesOf("reviews.shop.svc.cluster.local")
	if diff := cmp.Diff(want, names(routes)); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
	for _, n := range routes {
		if is := a.facts.Effective(n.Object); is != effective[n.Namespace+"/"+n.Name] {
			t.Errorf("%s is effective: %t", n.Object, is)
		}
	}
	if diff := cmp.Diff(
		[]string{"shop/two", "shop/any"}, names(a.facts.DestinationRulesOf("reviews.shop.svc.cluster.local")),
	); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	root := a.facts.VirtualServices.Named(&istio.Object{Namespace: "shop", Name: "root"})
	if diff := cmp.Diff([]string{"all requests go to v1"}, a.facts.Summary(root.Object, a.facts.Options)); diff != "" {
		t.Errorf("summary of a delegation (-want +got):\n%s", diff)
	}
	reviews := a.facts.Services["shop"]["reviews"]
	if ready, known := a.facts.ReadyOf("shop", reviews, map[string]string{"version": "v1"}); ready != 2 || !known {
		t.Errorf("ready in v1: %d, known %t", ready, known)
	}
	if ready, known := a.facts.ReadyOf("shop", reviews, nil); ready != 3 || !known {
		t.Errorf("ready: %d, known %t", ready, known)
	}
	if _, known := a.facts.ReadyOf("shop", reviews, map[string]string{
		"version":                     "v1",
		"topology.kubernetes.io/zone": "a",
	}); known {
		t.Error("who answers in a zone is known, which only istiod tells")
	}
	for name, namespace := range map[string]string{"headless": "shop", "reviews": "web"} {
		if _, known := a.facts.ReadyOf(namespace, a.facts.Services["shop"][name], nil); known {
			t.Errorf("who answers in %s of %s is known", name, namespace)
		}
	}
}

func TestHostIndex(t *testing.T) {
	t.Parallel()
	var index around.HostIndex[string]
	for _, host := range []string{"a.b.c", "*.b.c", "*b.c", "*.c", "*", "x.c", "*.a.b.c"} {
		index.Add(host, host)
	}
	for host, want := range map[string][]string{
		"A.B.c": {"a.b.c", "*.b.c", "*b.c", "*.c", "*"},
		"*.b.c": {"*.b.c", "*b.c", "*.c", "*"},
		"x.c":   {"x.c", "*.c", "*"},
		"y":     {"*"},
		"b.c":   {"*.c", "*"},
	} {
		if diff := cmp.Diff(want, index.Covering(host)); diff != "" {
			t.Errorf("what covers %s (-want +got):\n%s", host, diff)
		}
	}
	for host, want := range map[string][]string{
		"*.b.c": {"*.a.b.c", "a.b.c"},
		"*b.c":  {"*.a.b.c", "*.b.c", "a.b.c"},
		"x.c":   nil,
	} {
		if diff := cmp.Diff(want, index.Within(host)); diff != "" {
			t.Errorf("what is within %s (-want +got):\n%s", host, diff)
		}
	}
	long := strings.Repeat("a.", 50_000) + "b.c"
	index.Add(long, "long")
	if diff := cmp.Diff([]string{"long"}, index.Covering(long)); diff != "" {
		t.Errorf("what covers a name that is none (-want +got):\n%s", diff)
	}
}

// checkGrowth fails where something takes more than most times as long among ten times as many. Turns that the
// machine interrupts say nothing, so it keeps the best ones, and takes more turns before it fails. Its tests do not
// run beside others.
func checkGrowth(t *testing.T, most float64, prepare func(among int) (timed func())) {
	t.Helper()
	fastest := func(least time.Duration, timed func()) time.Duration {
		for range 5 {
			began := time.Now()
			timed()
			least = min(least, time.Since(began))
		}
		return least
	}
	few, many := prepare(50), prepare(500)
	ofFew, ofMany, times := time.Hour, time.Hour, 0.0
	for range 30 {
		ofFew, ofMany = fastest(ofFew, few), fastest(ofMany, many)
		if times = float64(ofMany) / float64(ofFew); times <= most {
			return
		}
	}
	t.Errorf("among ten times as many it takes %.1f times as long", times)
}

// Routes are looked at in a time that does not grow with their number.
func TestInspectManyRoutes(t *testing.T) { //nolint:paralleltest // it measures
	const asked = 50
	checkGrowth(t, 4, func(many int) func() {
		a := newNeighborhood(t)
		var pairs []istio.Objects
		for i := range many {
			pair := ours(t, fmt.Sprintf("hosts: [s%d]\nhttp: [{%s}]", i, istiotest.To("v1")))
			pair.Routing().Name = fmt.Sprintf("s%d", i)
			pair = pair.With(istiotest.Object(t, "DestinationRule", fmt.Sprintf("s%d", i),
				fmt.Sprintf("host: s%d\nsubsets: [{name: v1, labels: {version: v1}}]", i)))
			a.has(pair.Routing())
			a.has(pair.Declaring())
			pairs = append(pairs, pair)
		}
		a.ask(istio.Objects{}, istio.Objects{})
		return func() {
			for _, pair := range pairs[:asked] {
				a.ask(istio.Objects{}, pair)
			}
		}
	})
}

// VirtualServices for every host of one gateway cost next to nothing, whether they are rivals or not.
func TestInspectManyRivals(t *testing.T) { //nolint:paralleltest // it measures
	rules := "http:\n" + strings.Repeat("- {match: [{uri: {regex: '/a.*b'}}], "+istiotest.To("v1")+"}\n", 20)
	before := ours(t, "hosts: ['*']\ngateways: [edge]\n"+rules)
	for name, after := range map[string]istio.Objects{ //nolint:paralleltest // it measures
		"unchanged": before,
		"one host":  ours(t, "hosts: [a.example]\ngateways: [edge]\n"+rules),
		"in mesh":   ours(t, "hosts: ['*']\ngateways: [mesh]\n"+rules),
	} {
		t.Run(name, func(t *testing.T) {
			checkGrowth(t, 7, func(many int) func() {
				a := newNeighborhood(t)
				for i := range many {
					a.has(istiotest.VirtualService(t, fmt.Sprintf("s%d", i), "hosts: ['*']\ngateways: [edge]\n"+rules))
				}
				a.has(before.Routing())
				a.ask(istio.Objects{}, istio.Objects{})
				return func() {
					for range 10 {
						a.ask(before, after)
					}
				}
			})
		})
	}
}

// What routes one service is told in a time that grows as the number of those that delegate to it.
func TestFactsOfManyServices(t *testing.T) { //nolint:paralleltest // it measures
	checkGrowth(t, 40, func(many int) func() {
		a := newNeighborhood(t)
		for i := range many {
			a.has(istiotest.VirtualService(t, fmt.Sprintf("shop/leaf%d", i),
				"hosts: []\nhttp: [{route: [{destination: {host: reviews, subset: v1}}]}]"))
			a.has(istiotest.VirtualService(t, fmt.Sprintf("shop/root%d", i),
				fmt.Sprintf("hosts: ['*']\ngateways: [edge]\nhttp: [{delegate: {name: leaf%d}}]", i)))
		}
		a.ask(istio.Objects{}, istio.Objects{})
		return func() {
			routes := a.facts.VirtualServicesOf("reviews.shop.svc.cluster.local")
			if len(routes) != many {
				t.Fatalf("%d routes, want %d", len(routes), many)
			}
			for _, n := range routes {
				if diff := cmp.Diff([]string{"all requests go to " +
					"v1"}, a.facts.Summary(n.Object, a.facts.Options)); diff != "" {
					t.Fatalf("summary of %s (-want +got):\n%s", n.Object, diff)
				}
			}
		}
	})
}

// What contradicts what about a host is told of all that route it, whoever owns them; of other hosts nothing is, and
// no more is looked at.
func TestInspectHost(t *testing.T) {
	t.Parallel()
	const host = "reviews.shop.svc.cluster.local"
	a := newNeighborhood(t)
	for _, name := range []string{"first", "second"} {
		n := a.has(istiotest.VirtualService(t, name, "hosts: [reviews, ratings]\nhttp: [{"+istiotest.To("v3")+
			"}, {route: [{destination: {host: gone}}]}, {route: [{destination: {host: a.far.svc.cluster.local}}]}]"))
		n.Applied, n.Annotations = true, map[string]string{istio.OwnerAnnotation: "shop/prod"}
	}
	a.has(istiotest.VirtualService(t, "sender", "hosts: [ratings]\nhttp: [{"+istiotest.To("v9")+"}]"))
	a.has(istiotest.Object(t, "DestinationRule", "rule",
		"host: '*.shop.svc.cluster.local'\nsubsets: [{name: v3, labels: {version: v3}}]"))
	a.has(istiotest.Object(t, "DestinationRule", "other",
		"host: ratings\nsubsets: [{name: v1, labels: {version: v1}}]"))
	a.facts.Owner = ""
	a.ask(istio.Objects{}, istio.Objects{})
	findings, wanted := around.InspectHost(host, a.facts)
	var found []string
	for _, f := range findings {
		found = append(found, f.Text())
	}
	says(t, found, []string{
		`http[0] sends requests to the subset v3 (DestinationRule "shop/rule" declares it)`,
		`VirtualService "shop/first" routes reviews.shop.svc.cluster.local in the mesh already…the rules of ` +
			`VirtualService "shop/second" have no effect`,
		`no DestinationRule declares a subset v9`,
	})
	if len(wanted) > 0 {
		t.Errorf("wants %v", wanted)
	}
}

// However many gateways a VirtualService names, and however much contradicts it, there is an end.
func TestInspectHostTooMuch(t *testing.T) {
	t.Parallel()
	const host, many = "reviews.shop.svc.cluster.local", 200
	a := newNeighborhood(t)
	gateways := make([]string, many)
	for i := range gateways {
		gateways[i] = fmt.Sprintf("n%d/edge", i)
		a.has(istiotest.VirtualService(t, fmt.Sprintf("v%d", i),
			"hosts: [reviews]\nhttp: [{route: [{destination: {host: reviews}}]}]"))
	}
	a.has(istiotest.VirtualService(t, "edge", "hosts: [reviews]\ngateways: ["+strings.Join(gateways, ", ")+
		"]\nhttp: [{route: [{destination: {host: reviews}}]}]"))
	a.ask(istio.Objects{}, istio.Objects{})
	if findings, _ := around.InspectHost(host, a.facts); len(findings) != 100 {
		t.Errorf("%d findings", len(findings))
	}
	a.facts.VirtualServices = around.NewNeighbors(a.routes[many:], "cluster.local")
	looked := 0
	for {
		_, wanted := around.InspectHost(host, a.facts)
		if len(wanted) == 0 {
			break
		}
		looked += len(wanted)
		for i, query := range wanted {
			if i%2 == 0 {
				a.facts.Closed[query] = true
			} else {
				a.facts.Gateways[query.Namespace] = map[string]around.Gateway{"edge": {}}
			}
		}
	}
	if looked == 0 || looked > 50 {
		t.Errorf("%d looks", looked)
	}
}
