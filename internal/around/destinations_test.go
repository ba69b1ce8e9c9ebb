package around_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// Destinations, ports and gateways have to exist, and somebody has to answer in a subset that gets requests.
func TestInspectDestinations(t *testing.T) {
	t.Parallel()
	const declares = "host: reviews\nsubsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}, " +
		"{name: v3, labels: {version: v3}}]"
	ratingsInWeb := func(f *around.Facts) { f.Services["web"] = map[string]around.Service{"ratings": {}} }
	for name, test := range map[string]struct {
		spec string
		// rule is that of the route, declared that of somebody else.
		rule, declared string
		change         func(*around.Facts)
		want           []string
	}{
		"all is well": {spec: "http: [{" + istiotest.To("v1") + "}]", rule: declares},
		"a subset without pods": {spec: "http: [{name: all, " + istiotest.To("v3") +
			"}]", rule: declares, want: []string{
			`error subsets[2]: http[0] "all" sends requests to the subset v3, and no ready pod or WorkloadEntry of ` +
				`namespace shop has the labels version=v3 and the labels app=reviews…503`}},
		"said once": {
			spec: "http: [{match: [{uri: {exact: /}}], " + istiotest.To("v3") + "}, {" + istiotest.To("v3") + "}]",
			rule: declares,
			want: []string{"error subsets[2]"},
		},
		"a weight of zero": {spec: "http: [{route: [{destination: {host: reviews, subset: v1}, weight: 100}, " +
			"{destination: {host: reviews, subset: v3}, weight: 0}]}]", rule: declares},
		"a share": {spec: "http: [{route: [{destination: {host: reviews, subset: v1}, weight: 99}, {destination: " +
			"{host: reviews, subset: v3}, weight: 1}]}]", rule: declares, want: []string{
			"error subsets[2]: http[0] sends requests"}},
		"an only destination gets all": {
			spec: "http: [{route: [{destination: {host: reviews, subset: v3}, weight: 0}]}]",
			rule: declares,
			want: []string{"error subsets[2]"},
		},
		"a copy": {
			spec: "http: [{" + istiotest.To("v1") + ", mirrors: [{destination: {host: reviews, subset: v3}}]}]",
			rule: declares,
		},
		"TCP": {
			spec: "tcp: [{route: [{destination: {host: reviews, subset: v3}}]}]",
			rule: declares,
			want: []string{"error subsets[2]: tcp[0] sends requests"},
		},
		"TLS": {
			spec: "tls: [{match: [{sniHosts: [reviews]}], route: [{destination: {host: reviews, subset: v3}}]}]",
			rule: declares,
			want: []string{"error subsets[2]: tls[0] sends requests"},
		},
		"a WorkloadEntry": {
			spec: "http: [{" + istiotest.To("v3") + "}]",
			rule: declares,
			change: func(f *around.Facts) {
				f.Workloads["shop"].Add(map[string]string{"app": "reviews", "version": "v3"})
			},
		},
		"a subset of a cluster of the mesh": {
			spec: "http: [{" + istiotest.To("far") + "}]",
			rule: "host: reviews\nsubsets: [{name: far, labels: {topology.istio.io/cluster: far}}]",
		},
		"a subset of a zone": {
			spec: "http: [{" + istiotest.To("a") + "}]",
			rule: "host: reviews\nsubsets: [{name: a, labels: {version: v1, topology.kubernetes.io/zone: a}}]",
		},
		"a subset that somebody else declares": {spec: "http: [{" + istiotest.To("v3") +
			"}]", declared: declares, want: []string{
			`http[0].route[0].destination.subset: http[0] sends requests to the subset v3 (DestinationRule ` +
				`"shop/rule" declares it), and no ready pod`}},
		"a subset that nobody declares": {spec: "http: [{" + istiotest.To("v9") +
			"}]", declared: declares, want: []string{
			`http[0].route[0].destination.subset: no DestinationRule declares a subset v9 of ` +
				`reviews.shop.svc.cluster.local`}},
		"a subset that another namespace may declare": {
			spec:     "http: [{" + istiotest.To("v9") + "}]",
			declared: declares,
			change: func(f *around.Facts) {
				f.Narrow = map[around.Resource]bool{around.DestinationRules: true}
			},
		},
		"a ServiceEntry that another namespace may have": {
			spec: "http: [{route: [{destination: {host: ratings}}]}]",
			change: func(f *around.Facts) {
				f.Narrow = map[around.Resource]bool{around.ServiceEntries: true}
			},
		},
		"a Service without a selector": {
			spec: "http: [{route: [{destination: {host: headless, subset: v1}}]}]",
			rule: "host: headless\nsubsets: [{name: v1, labels: {version: v9}}]",
		},
		"no Service": {spec: "http: [{route: [{destination: {host: ratings, subset: v1}}]}, {route: [{destination: " +
			"{host: ratings}}]}]", want: []string{
			`http[0].route[0].destination.host: there is no Service, and no ServiceEntry, for ` +
				`ratings.shop.svc.cluster.local`}},
		"no Service in another namespace": {
			spec: "http: [{route: [{destination: {host: ratings.web.svc.cluster.local}}]}]",
			want: []string{`there is no Service`},
		},
		"a ServiceEntry": {
			spec: "http: [{route: [{destination: {host: ratings, subset: v1}}]}]",
			change: func(f *around.Facts) {
				f.Entries.Add("*.shop.svc.cluster.local", "*.shop.svc.cluster.local")
			},
		},
		"a name of two parts": {spec: "http: [{route: [{destination: {host: ratings.web, subset: v1}}]}, {route: " +
			"[{destination: {host: ratings.web}}]}]", change: ratingsInWeb, want: []string{
			`http[0].route[0].destination.host: ratings.web is not completed by Istio…write ` +
				`ratings.web.svc.cluster.local`}},
		"a name of two parts that a ServiceEntry has": {
			spec: "http: [{route: [{destination: {host: ratings.web}}]}]",
			change: func(f *around.Facts) {
				ratingsInWeb(f)
				f.Entries.Add("ratings.web", "ratings.web")
			},
		},
		"a name of two parts that a ServiceEntry of another namespace may have": {
			spec: "http: [{route: [{destination: {host: ratings.web}}]}]",
			change: func(f *around.Facts) {
				ratingsInWeb(f)
				f.Narrow = map[around.Resource]bool{around.ServiceEntries: true}
			},
		},
		"no Service of a rule": {rule: "host: ratings", want: []string{"host: there is no Service"}},
		"no port": {spec: "http: [{route: [{destination: {host: reviews, port: {number: 81}}}]}]", want: []string{
			`http[0].route[0].destination.port: the Service of reviews.shop.svc.cluster.local has no port ` +
				`81…it has 80`}},
		"a port": {spec: "http: [{route: [{destination: {host: reviews, port: {number: 80}}}]}]"},
		"no gateway": {spec: "gateways: [mesh, edge, web/gone]\nhttp: [{" + istiotest.To("v1") +
			", match: [{gateways: [gone, web/gone]}]}]", rule: declares, want: []string{
			`gateways[2]: there is no Gateway "web/gone"`,
			`http[0].match[0].gateways[0]: there is no Gateway "shop/gone"`}},
		"a gateway of TLS and TCP": {
			spec: "gateways: [edge]\ntls: [{match: [{sniHosts: [reviews], gateways: [a]}], route: [{destination: " +
				"{host: reviews}}]}]\ntcp: [{match: [{gateways: [b]}], route: [{destination: {host: reviews}}]}]",
			want: []string{
				`tls[0].match[0].gateways[0]: there is no Gateway "shop/a"`,
				`tcp[0].match[0].gateways[0]: there is no Gateway "shop/b"`,
			},
		},
		"a gateway that istiod makes of the Gateway API": {
			spec: "gateways: [shop/x-istio-autogenerated-k8s-gateway-http]\nhttp: [{" + istiotest.To("v1") + "}]",
			rule: declares,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newNeighborhood(t)
			if test.change != nil {
				test.change(a.facts)
			}
			pair := istio.ObjectsOf().WithSubsetsElsewhere(true)
			if test.spec != "" {
				pair = ours(t, test.spec)
			}
			if test.rule != "" {
				pair = pair.With(istiotest.Object(t, "DestinationRule", "rule", test.rule))
			}
			if test.declared != "" {
				a.has(istiotest.Object(t, "DestinationRule", "rule", test.declared))
			}
			found, wanted := a.ask(istio.Objects{}, pair)
			says(t, found, test.want)
			if len(wanted) > 0 {
				t.Errorf("wants %v", wanted)
			}
		})
	}
}

// What is not known is looked for, one thing after the other, and nothing is said of what is closed.
func TestInspectWants(t *testing.T) {
	t.Parallel()
	pair := ours(t, "gateways: [web/edge]\nhttp: [{route: [{destination: {host: reviews, subset: v3}, weight: 1}, "+
		"{destination: {host: ratings}, weight: 1}]}]")
	pair = pair.With(istiotest.Object(t, "DestinationRule", "ours",
		"host: reviews\nsubsets: [{name: v3, labels: {version: v3}}]"))
	full := newNeighborhood(t)
	full.ask(istio.Objects{}, pair)
	facts := &around.Facts{
		Services: map[string]map[string]around.Service{}, Gateways: map[string]map[string]around.Gateway{},
		Pods:      map[string]*around.Endpoints{},
		Workloads: map[string]*around.Endpoints{},
		Closed:    map[around.Query]bool{},
	}
	learn := map[around.Resource]func(){
		around.VirtualServices:  func() { facts.VirtualServices = full.facts.VirtualServices },
		around.DestinationRules: func() { facts.DestinationRules = full.facts.DestinationRules },
		around.Services:         func() { facts.Services["shop"] = full.facts.Services["shop"] },
		around.Gateways:         func() { facts.Gateways["web"] = full.facts.Gateways["web"] },
		around.ServiceEntries:   func() { facts.Entries = full.facts.Entries },
		around.Pods:             func() { facts.Pods["shop"] = full.facts.Pods["shop"] },
		around.WorkloadEntries:  func() { facts.Workloads["shop"] = full.facts.Workloads["shop"] },
	}
	var rounds [][]around.Query
	for {
		_, wanted := around.Inspect(istio.Objects{}, pair, facts)
		if len(wanted) == 0 {
			break
		}
		rounds = append(rounds, wanted)
		for _, query := range wanted {
			learn[query.Resource]()
		}
	}
	want := [][]around.Query{
		{
			{Resource: around.VirtualServices, Namespace: ""},
			{Resource: around.DestinationRules, Namespace: ""},
			{Resource: around.Services, Namespace: "shop"},
			{Resource: around.Gateways, Namespace: "web"},
		},
		{{Resource: around.Pods, Namespace: "shop"}, {Resource: around.ServiceEntries, Namespace: ""}},
		{{Resource: around.WorkloadEntries, Namespace: "shop"}},
	}
	if diff := cmp.Diff(want, rounds); diff != "" {
		t.Errorf("looks (-want +got):\n%s", diff)
	}
	blind := &around.Facts{Closed: map[around.Query]bool{}}
	for {
		findings, wanted := around.Inspect(istio.Objects{}, pair, blind)
		if len(findings) > 0 {
			t.Fatalf("found %v without a look", findings)
		}
		if len(wanted) == 0 {
			return
		}
		for _, query := range wanted {
			blind.Closed[query] = true
		}
	}
}
