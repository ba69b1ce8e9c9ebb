package around_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
)

// Of two VirtualServices that claim a name, the warning says which one holds, where, and for whom.
func TestInspectRivals(t *testing.T) {
	t.Parallel()
	const catchAll = "\nhttp: [{route: [{destination: {host: reviews}}]}]"
	for name, test := range map[string]struct {
		ours, theirs string
		// address is that of theirs, by default shop/theirs.
		address string
		// newer says that ours is in the cluster since before theirs.
		newer bool
		want  []string
	}{
		"one host": {ours: catchAll, theirs: catchAll, want: []string{
			`hosts[0]: VirtualService "shop/theirs" routes reviews.shop.svc.cluster.local in the mesh already…takes ` +
				`the oldest one…that is VirtualService "shop/theirs": for every caller the rules of VirtualService ` +
				`"shop/ours" have no effect`}},
		"one host, by two spellings and from another namespace": {
			ours:    catchAll,
			address: "web/theirs",
			theirs:  "hosts: [REVIEWS.shop.svc.cluster.local]\ngateways: [mesh]" + catchAll,
			want: []string{
				`hosts[0]: VirtualService "web/theirs"…for every caller the rules of VirtualService "shop/ours" have ` +
					`no effect`},
		},
		"a short name is of its own namespace": {ours: catchAll, address: "web/theirs", theirs: catchAll},
		"other hosts":                          {ours: catchAll, theirs: "hosts: [ratings]" + catchAll},
		"only sidecars against only a gateway": {ours: catchAll, theirs: "gateways: [edge]" + catchAll},
		"rules for HTTP against rules for TCP": {
			ours:   catchAll,
			theirs: "tcp: [{route: [{destination: {host: reviews}}]}]",
		},
		"rules for TCP, all of which hold": {
			ours:   "tcp: [{route: [{destination: {host: reviews}}]}]",
			theirs: "tcp: [{match: [{port: 3306}], route: [{destination: {host: reviews}}]}]",
		},
		"rules for TLS, all of which hold": {
			ours:   "tls: [{match: [{sniHosts: [reviews]}], route: [{destination: {host: reviews}}]}]",
			theirs: "tls: [{match: [{sniHosts: [reviews]}], route: [{destination: {host: reviews}}]}]",
		},
		"theirs is for a namespace that ours is not": {
			ours:    "exportTo: [.]" + catchAll,
			address: "web/theirs",
			theirs:  "hosts: [reviews.shop.svc.cluster.local]\nexportTo: [web]" + catchAll,
		},
		"theirs is for some namespaces": {
			ours:    catchAll,
			address: "web/theirs",
			theirs:  "hosts: [reviews.shop.svc.cluster.local]\nexportTo: [., api]" + catchAll,
			want: []string{
				`exported to fewer namespaces…for callers in the namespaces api and web the rules of VirtualService ` +
					`"shop/ours" have no effect`},
		},
		"ours is for its own namespace, which goes before age": {ours: "exportTo: [.]" +
			catchAll, theirs: catchAll, want: []string{
			`that is VirtualService "shop/ours": for callers in namespace shop the rules of VirtualService ` +
				`"shop/theirs" have no effect`}},
		"each is for both namespaces, of which each has one": {
			ours:    "hosts: [reviews.shop.svc.cluster.local]\nexportTo: [., web]" + catchAll,
			address: "web/theirs",

			theirs: "hosts: [reviews.shop.svc.cluster.local]\nexportTo: [., shop]" + catchAll,
			want: []string{
				`the one that is there…VirtualService "shop/ours": for callers in namespace shop the rules of ` +
					`VirtualService "web/theirs" have no effect`,
				`the one that is there…VirtualService "web/theirs": for callers in namespace web the rules of ` +
					`VirtualService "shop/ours" have no effect`},
		},
		"their wildcard": {ours: catchAll, theirs: "hosts: ['*.shop.svc.cluster.local']" + catchAll, want: []string{
			`routes *.shop.svc.cluster.local in the mesh already; the more specific host goes first, so for every ` +
				`caller requests to reviews.shop.svc.cluster.local follow the rules of VirtualService "shop/ours", ` +
				`and not those of VirtualService "shop/theirs"`}},
		"our wildcard": {ours: "hosts: ['*.shop.svc.cluster.local']" + catchAll, theirs: catchAll, want: []string{
			`requests to reviews.shop.svc.cluster.local follow the rules of VirtualService "shop/theirs", and not ` +
				`those of VirtualService "shop/ours"`}},
		"two wildcards": {
			ours:   "hosts: ['*.local']" + catchAll,
			theirs: "hosts: ['*.cluster.local']" + catchAll,
			want: []string{
				`requests to *.cluster.local follow the rules of VirtualService "shop/theirs"`},
		},
		"a shared gateway merges": {ours: "hosts: [a.example]\ngateways: [shop/edge]" +
			catchAll, theirs: "hosts: [a.example]\ngateways: [edge]" + catchAll, want: []string{
			`hosts[0]: VirtualService "shop/theirs" routes a.example at the gateway shop/edge already; a gateway ` +
				`merges both: the rules of VirtualService "shop/theirs" are tried first`}},
		"the mesh and a gateway": {
			ours:   "gateways: [mesh, edge]" + catchAll,
			theirs: "gateways: [edge, mesh]" + catchAll,
			want:   []string{"in the mesh already", "a gateway merges both"},
		},
		"ours is the older one, as before": {ours: catchAll, theirs: catchAll, newer: true},
		"a delegate":                       {ours: catchAll, theirs: "hosts: []" + catchAll},
		"a name that no request of the mesh has": {
			ours:   "hosts: [foo.example.]" + catchAll,
			theirs: "hosts: [foo.example.]" + catchAll,
		},
		"a name with a colon": {
			ours:   "hosts: ['x:80.foo.example']" + catchAll,
			theirs: "hosts: ['*.foo.example']" + catchAll,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newNeighborhood(t)
			pair, before := ours(t, test.ours), istio.Objects{}
			if test.newer {
				a.has(ours(t, test.ours).Routing())
				before = ours(t, test.ours)
			}
			if test.address == "" {
				test.address = "shop/theirs"
			}
			a.has(istiotest.VirtualService(t, test.address, strings.TrimPrefix(test.theirs, "\n")))
			found, _ := a.ask(before, pair)
			says(t, found, test.want)
		})
	}
}

// What the same workspace applied is no surprise, nor are the objects that the route itself had before.
func TestInspectExpected(t *testing.T) {
	t.Parallel()
	const spec = "http: [{route: [{destination: {host: reviews}}]}]"
	for name, test := range map[string]struct {
		owner   string
		applied bool
		told    bool
	}{
		"of this workspace":            {owner: "shop/prod", applied: true},
		"of another workspace":         {owner: "web/prod", applied: true, told: true},
		"with a mark that was copied":  {owner: "shop/prod", told: true},
		"of nobody that has an owner":  {applied: true, told: true},
		"of somebody with other tools": {told: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newNeighborhood(t)
			n := a.has(istiotest.VirtualService(t, "theirs", spec))
			n.Applied = test.applied
			n.Annotations = map[string]string{istio.OwnerAnnotation: test.owner}
			found, _ := a.ask(istio.Objects{}, ours(t, spec))
			if told := len(found) > 0; told != test.told {
				t.Errorf("found %q", found)
			}
			if found, _ = a.ask(
				istio.ObjectsOf(istiotest.VirtualService(t, "theirs", spec)), ours(t, spec),
			); len(found) > 0 {
				t.Errorf("found the object under its name of before: %q", found)
			}
		})
	}
}

// A DestinationRule that hides or doubles subsets is told, with whom it concerns.
func TestInspectOverlaps(t *testing.T) {
	t.Parallel()
	const two = "host: reviews\nsubsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]"
	const all = "reviews.shop.svc.cluster.local"
	for name, test := range map[string]struct {
		ours, theirs string
		address      string
		newer        bool
		want         []string
	}{
		"each declares its own": {ours: two, theirs: "host: reviews\nsubsets: [{name: v3, labels: {version: v3}}]"},
		"one subset twice": {ours: two, theirs: "host: " + all +
			"\nsubsets: [{name: v2, labels: {version: v2b}}]", want: []string{
			`subsets[1]: DestinationRule "shop/theirs" declares a subset v2 of the same host too, with the labels ` +
				`version=v2b…that of the older one, DestinationRule "shop/theirs": that of DestinationRule ` +
				`"shop/ours" has no effect`}},
		"one subset twice, alike": {
			ours:   two,
			theirs: "host: reviews\nsubsets: [{name: v2, labels: {version: v2}}]",
			want:   []string{"subsets[1]: …in the same way"},
		},
		"ours is older": {
			ours:   two,
			newer:  true,
			theirs: "host: reviews\nsubsets: [{name: v2, labels: {version: v2b}}]",
		},
		"two traffic policies": {
			ours:   two + "\ntrafficPolicy: {tls: {mode: ISTIO_MUTUAL}}",
			theirs: "host: reviews\ntrafficPolicy: {tls: {mode: DISABLE}}",
			want: []string{
				`traffic_policy: DestinationRule "shop/theirs" has a traffic policy…that of DestinationRule ` +
					`"shop/ours" has no effect`},
		},
		"a wildcard in the same namespace": {
			ours:   two,
			theirs: "host: '*.shop.svc.cluster.local'\nsubsets: [{name: v2, labels: {a: b}}]",
		},
		"in the callers' namespace": {ours: two, address: "web/theirs", theirs: "host: " + all +
			"\nsubsets: [{name: v1, labels: {version: v1}}]", want: []string{
			`subsets: DestinationRule "web/theirs", for the host reviews.shop.svc.cluster.local, stands in the place ` +
				`of DestinationRule "shop/ours" for callers in namespace web…has no subset v2, so that requests to ` +
				`it fail with 503`}},
		"a wildcard in the callers' namespace": {
			ours:    two,
			address: "web/theirs",
			theirs:  "host: '*.local'\ntrafficPolicy: {tls: {mode: ISTIO_MUTUAL}}",
			want: []string{
				`for the host *.local…for callers in namespace web…has no subset v1 or v2`},
		},
		"another meaning in the callers' namespace": {ours: two, address: "web/theirs", theirs: "host: " + all +
			"\nsubsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v9}}]", want: []string{
			`has another meaning of a subset: v2 means the labels version=v9`}},
		"the same in the callers' namespace": {
			ours:    two,
			address: "web/theirs",
			theirs:  "host: " + all + two[len("host: reviews"):],
		},
		"in a namespace that does not see ours": {
			ours:    two + "\nexportTo: [.]",
			address: "web/theirs",
			theirs:  "host: '*.local'",
		},
		"in the root namespace, which is asked last": {
			ours:    two,
			address: "istio-system/theirs",
			theirs:  "host: '*.local'",
		},
		"exported to the callers": {
			ours:    "host: a.example\nsubsets: [{name: v1, labels: {version: v1}}]",
			address: "web/theirs",
			theirs:  "host: a.example\nexportTo: [shop, web]",
		},
		"a more specific host than our wildcard": {
			ours:   "host: '*.shop.svc.cluster.local'\nsubsets: [{name: v1, labels: {version: v1}}]",
			theirs: "host: reviews",
			want: []string{
				`DestinationRule "shop/theirs", for the host reviews, stands in the place of DestinationRule ` +
					`"shop/ours"…for callers in shop and all other namespaces`},
		},
		"exported to fewer namespaces, and older": {
			ours:   two,
			theirs: "host: reviews\nexportTo: [.]\nsubsets: [{name: v3, labels: {version: v3}}]",
			want: []string{
				`subsets: DestinationRule "shop/ours", for the host reviews, stands in the place of DestinationRule ` +
					`"shop/theirs" for callers in namespace shop: of several…exported to the same namespaces…has no ` +
					`subset v3`},
		},
		"exported to fewer namespaces, and newer": {
			ours:   two,
			newer:  true,
			theirs: "host: reviews\nexportTo: [.]\nsubsets: [{name: v2, labels: {version: v2}}]",
			want: []string{
				`subsets: DestinationRule "shop/theirs", for the host reviews, stands in the place of ` +
					`DestinationRule "shop/ours" for callers in namespace shop…has no subset v1, so that`},
		},
		"exported alike": {
			ours:   two + "\nexportTo: [web, .]",
			theirs: "host: reviews\nexportTo: [., web]\nsubsets: [{name: v3, labels: {version: v3}}]",
		},
		"exported to more than an older one, which takes it in": {
			ours:   two + "\nexportTo: [., web]",
			theirs: "host: reviews\nexportTo: [.]\nsubsets: [{name: v2, labels: {version: v2b}}]",
			want: []string{
				`subsets[1]: DestinationRule "shop/theirs" declares a subset v2…Istio merges`},
		},
		"for some workloads only": {ours: two + "\nworkloadSelector: {matchLabels: {a: b}}", theirs: two},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newNeighborhood(t)
			rule := func() istio.Objects {
				return istio.ObjectsOf(istiotest.Object(t, "DestinationRule", "ours", test.ours))
			}
			before := istio.Objects{}
			if test.newer {
				a.has(rule().Declaring())
				before = rule()
			}
			if test.address == "" {
				test.address = "shop/theirs"
			}
			a.has(istiotest.Object(t, "DestinationRule", test.address, test.theirs))
			found, _ := a.ask(before, rule())
			says(t, found, test.want)
		})
	}
}

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
				f.Entries.Add("*.shop.svc.cluster.local", struct{}{})
			},
		},
		"outside the cluster": {
			spec:   "http: [{route: [{destination: {host: example.com, subset: v1}}]}]",
			change: func(f *around.Facts) { f.Services["com"] = nil },
		},
		"a name of two parts": {spec: "http: [{route: [{destination: {host: ratings.web, subset: v1}}]}, {route: " +
			"[{destination: {host: ratings.web}}]}]", change: ratingsInWeb, want: []string{
			`http[0].route[0].destination.host: ratings.web is not completed by Istio…write ` +
				`ratings.web.svc.cluster.local`}},
		"a name of two parts in the same namespace, which its form tells": {
			spec: "http: [{route: [{destination: {host: reviews.shop}}]}]",
		},
		"a name of two parts that a ServiceEntry has": {
			spec: "http: [{route: [{destination: {host: ratings.web}}]}]",
			change: func(f *around.Facts) {
				ratingsInWeb(f)
				f.Entries.Add("ratings.web", struct{}{})
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
		Services: map[string]map[string]around.Service{}, Gateways: map[string]map[string]bool{},
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

// Without a look at the pods, or at the WorkloadEntries where there is no pod, nobody knows whether somebody answers.
func TestInspectHalfBlind(t *testing.T) {
	t.Parallel()
	pair := ours(t, "http: [{"+istiotest.To("v3")+"}]")
	pair = pair.With(istiotest.Object(t, "DestinationRule", "ours",
		"host: reviews\nsubsets: [{name: v3, labels: {version: v3}}]"))
	for _, blind := range []around.Resource{around.Pods, around.WorkloadEntries} {
		a := newNeighborhood(t)
		a.facts.Closed[around.Query{Resource: blind, Namespace: "shop"}] = true
		delete(map[around.Resource]map[string]*around.Endpoints{
			around.Pods:            a.facts.Pods,
			around.WorkloadEntries: a.facts.Workloads,
		}[blind], "shop")
		if found, wanted := a.ask(istio.Objects{}, pair); len(found)+len(wanted) > 0 {
			t.Errorf("blind to %s: found %q, wants %v", blind, found, wanted)
		}
	}
}
