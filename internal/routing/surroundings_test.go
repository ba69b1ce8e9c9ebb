package routing_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/routing"
)

// around is a cluster in which namespace shop has a working reviews in versions v1 and v2, and a Gateway edge, and nothing else.
type around struct {
	t             *testing.T
	routes, rules []*routing.Neighbor
	facts         *routing.Facts
}

func newAround(t *testing.T) *around {
	t.Helper()
	pods := &routing.Endpoints{}
	for _, version := range []string{"v1", "v1", "v2"} {
		pods.Add(map[string]string{"app": "reviews", "version": version})
	}
	pods.Add(map[string]string{"app": "ratings", "version": "v3"})
	return &around{t: t, facts: &routing.Facts{
		Owner: "shop/prod",
		Services: map[string]map[string]routing.Service{"shop": {
			"reviews":  {Ports: []routing.ServicePort{{Name: "http", Number: 80}}, Selector: map[string]string{"app": "reviews"}},
			"headless": {Ports: []routing.ServicePort{{Number: 80}}},
		}, "web": {}},
		Gateways:  map[string]map[string]bool{"shop": {"edge": true}, "web": {}},
		Pods:      map[string]*routing.Endpoints{"shop": pods},
		Workloads: map[string]*routing.Endpoints{"shop": {}},
		Entries:   &routing.HostIndex[struct{}]{},
		Closed:    map[routing.Look]bool{},
	}}
}

// has puts an object into the cluster; what is put later is newer.
func (a *around) has(o *routing.Object) *routing.Neighbor {
	n := &routing.Neighbor{Object: o, Created: time.Unix(int64(1000+len(a.routes)+len(a.rules)), 0)}
	if o.Kind() == routing.KindDestinationRule {
		a.rules = append(a.rules, n)
	} else {
		a.routes = append(a.routes, n)
	}
	return n
}

// ask returns what there is against a route as lines of place and text, and the looks that are wanted.
func (a *around) ask(before, pair routing.Pair) (found []string, wanted []routing.Look) {
	if a.facts.Routes == nil {
		a.facts.Routes = routing.NewNeighbors(a.routes, "cluster.local")
	}
	if a.facts.Rules == nil {
		a.facts.Rules = routing.NewNeighbors(a.rules, "cluster.local")
	}
	findings, wanted := routing.LookAround(before, pair, a.facts)
	for _, f := range findings {
		severity := map[bool]string{true: "error ", false: ""}[f.Severity == routing.Refused]
		found = append(found, severity+f.At.String()+": "+f.Text())
	}
	return found, wanted
}

// says checks that there is one finding for each of some texts, in order, that holds all of its words, which `…` divides.
func says(t *testing.T, found, want []string) {
	t.Helper()
	if len(found) != len(want) {
		t.Fatalf("found %d: %s\nwant %d: %s", len(found), strings.Join(found, "\n"), len(want), strings.Join(want, "\n"))
	}
	for i, text := range want {
		for part := range strings.SplitSeq(text, "…") {
			if !strings.Contains(found[i], part) {
				t.Errorf("finding %q does not say %q", found[i], part)
			}
		}
	}
}

func ours(t *testing.T, spec string) routing.Pair {
	t.Helper()
	return routing.Pair{VirtualService: virtualService(t, "ours", spec), SubsetsElsewhere: true}
}

// Of two VirtualServices that claim a name, the warning says which one holds, where, and for whom.
func TestLookAroundRivals(t *testing.T) {
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
			`hosts[0]: VirtualService "shop/theirs" routes reviews.shop.svc.cluster.local in the mesh already…takes the oldest one…that is VirtualService "shop/theirs": for every caller the rules of VirtualService "shop/ours" have no effect`}},
		"one host, by two spellings and from another namespace": {ours: catchAll, address: "web/theirs", theirs: "hosts: [REVIEWS.shop.svc.cluster.local]\ngateways: [mesh]" + catchAll, want: []string{
			`hosts[0]: VirtualService "web/theirs"…for every caller the rules of VirtualService "shop/ours" have no effect`}},
		"a short name is of its own namespace":       {ours: catchAll, address: "web/theirs", theirs: catchAll},
		"other hosts":                                {ours: catchAll, theirs: "hosts: [ratings]" + catchAll},
		"only sidecars against only a gateway":       {ours: catchAll, theirs: "gateways: [edge]" + catchAll},
		"rules for HTTP against rules for TCP":       {ours: catchAll, theirs: "tcp: [{route: [{destination: {host: reviews}}]}]"},
		"rules for TCP, all of which hold":           {ours: "tcp: [{route: [{destination: {host: reviews}}]}]", theirs: "tcp: [{match: [{port: 3306}], route: [{destination: {host: reviews}}]}]"},
		"rules for TLS, all of which hold":           {ours: "tls: [{match: [{sniHosts: [reviews]}], route: [{destination: {host: reviews}}]}]", theirs: "tls: [{match: [{sniHosts: [reviews]}], route: [{destination: {host: reviews}}]}]"},
		"theirs is for a namespace that ours is not": {ours: "exportTo: [.]" + catchAll, address: "web/theirs", theirs: "hosts: [reviews.shop.svc.cluster.local]\nexportTo: [web]" + catchAll},
		"theirs is for some namespaces": {ours: catchAll, address: "web/theirs", theirs: "hosts: [reviews.shop.svc.cluster.local]\nexportTo: [., api]" + catchAll, want: []string{
			`exported to fewer namespaces…for callers in the namespaces api and web the rules of VirtualService "shop/ours" have no effect`}},
		"ours is for its own namespace, which goes before age": {ours: "exportTo: [.]" + catchAll, theirs: catchAll, want: []string{
			`that is VirtualService "shop/ours": for callers in namespace shop the rules of VirtualService "shop/theirs" have no effect`}},
		"each is for both namespaces, of which each has one": {ours: "hosts: [reviews.shop.svc.cluster.local]\nexportTo: [., web]" + catchAll, address: "web/theirs",
			theirs: "hosts: [reviews.shop.svc.cluster.local]\nexportTo: [., shop]" + catchAll, want: []string{
				`the one that is there…VirtualService "shop/ours": for callers in namespace shop the rules of VirtualService "web/theirs" have no effect`,
				`the one that is there…VirtualService "web/theirs": for callers in namespace web the rules of VirtualService "shop/ours" have no effect`}},
		"their wildcard": {ours: catchAll, theirs: "hosts: ['*.shop.svc.cluster.local']" + catchAll, want: []string{
			`routes *.shop.svc.cluster.local in the mesh already; the more specific host goes first, so for every caller requests to reviews.shop.svc.cluster.local follow the rules of VirtualService "shop/ours", and not those of VirtualService "shop/theirs"`}},
		"our wildcard": {ours: "hosts: ['*.shop.svc.cluster.local']" + catchAll, theirs: catchAll, want: []string{
			`requests to reviews.shop.svc.cluster.local follow the rules of VirtualService "shop/theirs", and not those of VirtualService "shop/ours"`}},
		"two wildcards": {ours: "hosts: ['*.local']" + catchAll, theirs: "hosts: ['*.cluster.local']" + catchAll, want: []string{
			`requests to *.cluster.local follow the rules of VirtualService "shop/theirs"`}},
		"a shared gateway merges": {ours: "hosts: [a.example]\ngateways: [shop/edge]" + catchAll, theirs: "hosts: [a.example]\ngateways: [edge]" + catchAll, want: []string{
			`hosts[0]: VirtualService "shop/theirs" routes a.example at the gateway shop/edge already; a gateway merges both: the rules of VirtualService "shop/theirs" are tried first`}},
		"the mesh and a gateway":                 {ours: "gateways: [mesh, edge]" + catchAll, theirs: "gateways: [edge, mesh]" + catchAll, want: []string{"in the mesh already", "a gateway merges both"}},
		"ours is the older one, as before":       {ours: catchAll, theirs: catchAll, newer: true},
		"a delegate":                             {ours: catchAll, theirs: "hosts: []" + catchAll},
		"a name that no request of the mesh has": {ours: "hosts: [foo.example.]" + catchAll, theirs: "hosts: [foo.example.]" + catchAll},
		"a name with a colon":                    {ours: "hosts: ['x:80.foo.example']" + catchAll, theirs: "hosts: ['*.foo.example']" + catchAll},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAround(t)
			pair, before := ours(t, test.ours), routing.Pair{}
			if test.newer {
				a.has(ours(t, test.ours).VirtualService)
				before = ours(t, test.ours)
			}
			if test.address == "" {
				test.address = "shop/theirs"
			}
			a.has(virtualService(t, test.address, strings.TrimPrefix(test.theirs, "\n")))
			found, _ := a.ask(before, pair)
			says(t, found, test.want)
		})
	}
}

// What the same workspace applied is no surprise, nor are the objects that the route itself had before.
func TestLookAroundExpected(t *testing.T) {
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
			a := newAround(t)
			n := a.has(virtualService(t, "theirs", spec))
			n.Applied = test.applied
			n.Annotations = map[string]string{routing.OwnerAnnotation: test.owner}
			found, _ := a.ask(routing.Pair{}, ours(t, spec))
			if told := len(found) > 0; told != test.told {
				t.Errorf("found %q", found)
			}
			if found, _ = a.ask(routing.Pair{VirtualService: virtualService(t, "theirs", spec)}, ours(t, spec)); len(found) > 0 {
				t.Errorf("found the object under its name of before: %q", found)
			}
		})
	}
}

// A DestinationRule that hides or doubles subsets is told, with whom it concerns.
func TestLookAroundOverlaps(t *testing.T) {
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
		"one subset twice": {ours: two, theirs: "host: " + all + "\nsubsets: [{name: v2, labels: {version: v2b}}]", want: []string{
			`subsets[1]: DestinationRule "shop/theirs" declares a subset v2 of the same host too, with the labels version=v2b…that of the older one, DestinationRule "shop/theirs": that of DestinationRule "shop/ours" has no effect`}},
		"one subset twice, alike": {ours: two, theirs: "host: reviews\nsubsets: [{name: v2, labels: {version: v2}}]", want: []string{"subsets[1]: …in the same way"}},
		"ours is older":           {ours: two, newer: true, theirs: "host: reviews\nsubsets: [{name: v2, labels: {version: v2b}}]"},
		"two traffic policies": {ours: two + "\ntrafficPolicy: {tls: {mode: ISTIO_MUTUAL}}", theirs: "host: reviews\ntrafficPolicy: {tls: {mode: DISABLE}}", want: []string{
			`traffic_policy: DestinationRule "shop/theirs" has a traffic policy…that of DestinationRule "shop/ours" has no effect`}},
		"a wildcard in the same namespace": {ours: two, theirs: "host: '*.shop.svc.cluster.local'\nsubsets: [{name: v2, labels: {a: b}}]"},
		"in the callers' namespace": {ours: two, address: "web/theirs", theirs: "host: " + all + "\nsubsets: [{name: v1, labels: {version: v1}}]", want: []string{
			`subsets: DestinationRule "web/theirs", for the host reviews.shop.svc.cluster.local, stands in the place of DestinationRule "shop/ours" for callers in namespace web…has no subset v2, so that requests to it fail with 503`}},
		"a wildcard in the callers' namespace": {ours: two, address: "web/theirs", theirs: "host: '*.local'\ntrafficPolicy: {tls: {mode: ISTIO_MUTUAL}}", want: []string{
			`for the host *.local…for callers in namespace web…has no subset v1 or v2`}},
		"another meaning in the callers' namespace": {ours: two, address: "web/theirs", theirs: "host: " + all + "\nsubsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v9}}]", want: []string{
			`has another meaning of a subset: v2 means the labels version=v9`}},
		"the same in the callers' namespace":         {ours: two, address: "web/theirs", theirs: "host: " + all + two[len("host: reviews"):]},
		"in a namespace that does not see ours":      {ours: two + "\nexportTo: [.]", address: "web/theirs", theirs: "host: '*.local'"},
		"in the root namespace, which is asked last": {ours: two, address: "istio-system/theirs", theirs: "host: '*.local'"},
		"exported to the callers":                    {ours: "host: a.example\nsubsets: [{name: v1, labels: {version: v1}}]", address: "web/theirs", theirs: "host: a.example\nexportTo: [shop, web]"},
		"a more specific host than our wildcard": {ours: "host: '*.shop.svc.cluster.local'\nsubsets: [{name: v1, labels: {version: v1}}]", theirs: "host: reviews", want: []string{
			`DestinationRule "shop/theirs", for the host reviews, stands in the place of DestinationRule "shop/ours"…for callers in shop and all other namespaces`}},
		"exported to fewer namespaces, and older": {ours: two, theirs: "host: reviews\nexportTo: [.]\nsubsets: [{name: v3, labels: {version: v3}}]", want: []string{
			`subsets: DestinationRule "shop/ours", for the host reviews, stands in the place of DestinationRule "shop/theirs" for callers in namespace shop: of several…exported to the same namespaces…has no subset v3`}},
		"exported to fewer namespaces, and newer": {ours: two, newer: true, theirs: "host: reviews\nexportTo: [.]\nsubsets: [{name: v2, labels: {version: v2}}]", want: []string{
			`subsets: DestinationRule "shop/theirs", for the host reviews, stands in the place of DestinationRule "shop/ours" for callers in namespace shop…has no subset v1, so that`}},
		"exported alike": {ours: two + "\nexportTo: [web, .]", theirs: "host: reviews\nexportTo: [., web]\nsubsets: [{name: v3, labels: {version: v3}}]"},
		"exported to more than an older one, which takes it in": {ours: two + "\nexportTo: [., web]", theirs: "host: reviews\nexportTo: [.]\nsubsets: [{name: v2, labels: {version: v2b}}]", want: []string{
			`subsets[1]: DestinationRule "shop/theirs" declares a subset v2…Istio merges`}},
		"for some workloads only": {ours: two + "\nworkloadSelector: {matchLabels: {a: b}}", theirs: two},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAround(t)
			rule := func() routing.Pair {
				return routing.Pair{DestinationRule: object(t, "DestinationRule", "ours", test.ours)}
			}
			before := routing.Pair{}
			if test.newer {
				a.has(rule().DestinationRule)
				before = rule()
			}
			if test.address == "" {
				test.address = "shop/theirs"
			}
			a.has(object(t, "DestinationRule", test.address, test.theirs))
			found, _ := a.ask(before, rule())
			says(t, found, test.want)
		})
	}
}

// Destinations, ports and gateways have to exist, and somebody has to answer in a subset that gets requests.
func TestLookAroundDestinations(t *testing.T) {
	t.Parallel()
	const declares = "host: reviews\nsubsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}, {name: v3, labels: {version: v3}}]"
	ratingsInWeb := func(f *routing.Facts) { f.Services["web"] = map[string]routing.Service{"ratings": {}} }
	for name, test := range map[string]struct {
		spec string
		// rule is that of the route, declared that of somebody else.
		rule, declared string
		change         func(*routing.Facts)
		want           []string
	}{
		"all is well": {spec: "http: [{" + to("v1") + "}]", rule: declares},
		"a subset without pods": {spec: "http: [{name: all, " + to("v3") + "}]", rule: declares, want: []string{
			`error subsets[2]: http[0] "all" sends requests to the subset v3, and no ready pod or WorkloadEntry of namespace shop has the labels version=v3 and the labels app=reviews…503`}},
		"said once":        {spec: "http: [{match: [{uri: {exact: /}}], " + to("v3") + "}, {" + to("v3") + "}]", rule: declares, want: []string{"error subsets[2]"}},
		"a weight of zero": {spec: "http: [{route: [{destination: {host: reviews, subset: v1}, weight: 100}, {destination: {host: reviews, subset: v3}, weight: 0}]}]", rule: declares},
		"a share": {spec: "http: [{route: [{destination: {host: reviews, subset: v1}, weight: 99}, {destination: {host: reviews, subset: v3}, weight: 1}]}]", rule: declares, want: []string{
			"error subsets[2]: http[0] sends requests"}},
		"an only destination gets all": {spec: "http: [{route: [{destination: {host: reviews, subset: v3}, weight: 0}]}]", rule: declares, want: []string{"error subsets[2]"}},
		"a copy":                       {spec: "http: [{" + to("v1") + ", mirrors: [{destination: {host: reviews, subset: v3}}]}]", rule: declares},
		"TCP":                          {spec: "tcp: [{route: [{destination: {host: reviews, subset: v3}}]}]", rule: declares, want: []string{"error subsets[2]: tcp[0] sends requests"}},
		"TLS":                          {spec: "tls: [{match: [{sniHosts: [reviews]}], route: [{destination: {host: reviews, subset: v3}}]}]", rule: declares, want: []string{"error subsets[2]: tls[0] sends requests"}},
		"a WorkloadEntry": {spec: "http: [{" + to("v3") + "}]", rule: declares, change: func(f *routing.Facts) {
			f.Workloads["shop"].Add(map[string]string{"app": "reviews", "version": "v3"})
		}},
		"a subset of a cluster of the mesh": {spec: "http: [{" + to("far") + "}]", rule: "host: reviews\nsubsets: [{name: far, labels: {topology.istio.io/cluster: far}}]"},
		"a subset of a zone":                {spec: "http: [{" + to("a") + "}]", rule: "host: reviews\nsubsets: [{name: a, labels: {version: v1, topology.kubernetes.io/zone: a}}]"},
		"a subset that somebody else declares": {spec: "http: [{" + to("v3") + "}]", declared: declares, want: []string{
			`http[0].route[0].destination.subset: http[0] sends requests to the subset v3 (DestinationRule "shop/rule" declares it), and no ready pod`}},
		"a subset that nobody declares": {spec: "http: [{" + to("v9") + "}]", declared: declares, want: []string{
			`http[0].route[0].destination.subset: no DestinationRule declares a subset v9 of reviews.shop.svc.cluster.local`}},
		"a subset that another namespace may declare": {spec: "http: [{" + to("v9") + "}]", declared: declares, change: func(f *routing.Facts) {
			f.Narrow = map[routing.Resource]bool{routing.DestinationRules: true}
		}},
		"a ServiceEntry that another namespace may have": {spec: "http: [{route: [{destination: {host: ratings}}]}]", change: func(f *routing.Facts) {
			f.Narrow = map[routing.Resource]bool{routing.ServiceEntries: true}
		}},
		"a Service without a selector": {spec: "http: [{route: [{destination: {host: headless, subset: v1}}]}]", rule: "host: headless\nsubsets: [{name: v1, labels: {version: v9}}]"},
		"no Service": {spec: "http: [{route: [{destination: {host: ratings, subset: v1}}]}, {route: [{destination: {host: ratings}}]}]", want: []string{
			`http[0].route[0].destination.host: there is no Service, and no ServiceEntry, for ratings.shop.svc.cluster.local`}},
		"no Service in another namespace": {spec: "http: [{route: [{destination: {host: ratings.web.svc.cluster.local}}]}]", want: []string{`there is no Service`}},
		"a ServiceEntry": {spec: "http: [{route: [{destination: {host: ratings, subset: v1}}]}]", change: func(f *routing.Facts) {
			f.Entries.Add("*.shop.svc.cluster.local", struct{}{})
		}},
		"outside the cluster": {spec: "http: [{route: [{destination: {host: example.com, subset: v1}}]}]", change: func(f *routing.Facts) { f.Services["com"] = nil }},
		"a name of two parts": {spec: "http: [{route: [{destination: {host: ratings.web, subset: v1}}]}, {route: [{destination: {host: ratings.web}}]}]", change: ratingsInWeb, want: []string{
			`http[0].route[0].destination.host: ratings.web is not completed by Istio…write ratings.web.svc.cluster.local`}},
		"a name of two parts in the same namespace, which its form tells": {spec: "http: [{route: [{destination: {host: reviews.shop}}]}]"},
		"a name of two parts that a ServiceEntry has": {spec: "http: [{route: [{destination: {host: ratings.web}}]}]", change: func(f *routing.Facts) {
			ratingsInWeb(f)
			f.Entries.Add("ratings.web", struct{}{})
		}},
		"a name of two parts that a ServiceEntry of another namespace may have": {spec: "http: [{route: [{destination: {host: ratings.web}}]}]", change: func(f *routing.Facts) {
			ratingsInWeb(f)
			f.Narrow = map[routing.Resource]bool{routing.ServiceEntries: true}
		}},
		"no Service of a rule": {rule: "host: ratings", want: []string{"host: there is no Service"}},
		"no port": {spec: "http: [{route: [{destination: {host: reviews, port: {number: 81}}}]}]", want: []string{
			`http[0].route[0].destination.port: the Service of reviews.shop.svc.cluster.local has no port 81…it has 80`}},
		"a port": {spec: "http: [{route: [{destination: {host: reviews, port: {number: 80}}}]}]"},
		"no gateway": {spec: "gateways: [mesh, edge, web/gone]\nhttp: [{" + to("v1") + ", match: [{gateways: [gone, web/gone]}]}]", rule: declares, want: []string{
			`gateways[2]: there is no Gateway "web/gone"`, `http[0].match[0].gateways[0]: there is no Gateway "shop/gone"`}},
		"a gateway of TLS and TCP": {
			spec: "gateways: [edge]\ntls: [{match: [{sniHosts: [reviews], gateways: [a]}], route: [{destination: {host: reviews}}]}]\ntcp: [{match: [{gateways: [b]}], route: [{destination: {host: reviews}}]}]",
			want: []string{`tls[0].match[0].gateways[0]: there is no Gateway "shop/a"`, `tcp[0].match[0].gateways[0]: there is no Gateway "shop/b"`},
		},
		"a gateway that istiod makes of the Gateway API": {spec: "gateways: [shop/x-istio-autogenerated-k8s-gateway-http]\nhttp: [{" + to("v1") + "}]", rule: declares},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAround(t)
			if test.change != nil {
				test.change(a.facts)
			}
			pair := routing.Pair{SubsetsElsewhere: true}
			if test.spec != "" {
				pair = ours(t, test.spec)
			}
			if test.rule != "" {
				pair.DestinationRule = object(t, "DestinationRule", "rule", test.rule)
			}
			if test.declared != "" {
				a.has(object(t, "DestinationRule", "rule", test.declared))
			}
			found, wanted := a.ask(routing.Pair{}, pair)
			says(t, found, test.want)
			if len(wanted) > 0 {
				t.Errorf("wants %v", wanted)
			}
		})
	}
}

// What is not known is looked for, one thing after the other, and nothing is said of what is closed.
func TestLookAroundWants(t *testing.T) {
	t.Parallel()
	pair := ours(t, "gateways: [web/edge]\nhttp: [{route: [{destination: {host: reviews, subset: v3}, weight: 1}, {destination: {host: ratings}, weight: 1}]}]")
	pair.DestinationRule = object(t, "DestinationRule", "ours", "host: reviews\nsubsets: [{name: v3, labels: {version: v3}}]")
	full := newAround(t)
	full.ask(routing.Pair{}, pair)
	facts := &routing.Facts{
		Services: map[string]map[string]routing.Service{}, Gateways: map[string]map[string]bool{},
		Pods: map[string]*routing.Endpoints{}, Workloads: map[string]*routing.Endpoints{}, Closed: map[routing.Look]bool{},
	}
	learn := map[routing.Resource]func(){
		routing.VirtualServices:  func() { facts.Routes = full.facts.Routes },
		routing.DestinationRules: func() { facts.Rules = full.facts.Rules },
		routing.Services:         func() { facts.Services["shop"] = full.facts.Services["shop"] },
		routing.Gateways:         func() { facts.Gateways["web"] = full.facts.Gateways["web"] },
		routing.ServiceEntries:   func() { facts.Entries = full.facts.Entries },
		routing.Pods:             func() { facts.Pods["shop"] = full.facts.Pods["shop"] },
		routing.WorkloadEntries:  func() { facts.Workloads["shop"] = full.facts.Workloads["shop"] },
	}
	var rounds [][]routing.Look
	for {
		_, wanted := routing.LookAround(routing.Pair{}, pair, facts)
		if len(wanted) == 0 {
			break
		}
		rounds = append(rounds, wanted)
		for _, look := range wanted {
			learn[look.Resource]()
		}
	}
	want := [][]routing.Look{
		{{routing.VirtualServices, ""}, {routing.DestinationRules, ""}, {routing.Services, "shop"}, {routing.Gateways, "web"}},
		{{routing.Pods, "shop"}, {routing.ServiceEntries, ""}},
		{{routing.WorkloadEntries, "shop"}},
	}
	if diff := cmp.Diff(want, rounds); diff != "" {
		t.Errorf("looks (-want +got):\n%s", diff)
	}
	blind := &routing.Facts{Closed: map[routing.Look]bool{}}
	for {
		findings, wanted := routing.LookAround(routing.Pair{}, pair, blind)
		if len(findings) > 0 {
			t.Fatalf("found %v without a look", findings)
		}
		if len(wanted) == 0 {
			return
		}
		for _, look := range wanted {
			blind.Closed[look] = true
		}
	}
}

// Without a look at the pods, or at the WorkloadEntries where there is no pod, nobody knows whether somebody answers.
func TestLookAroundHalfBlind(t *testing.T) {
	t.Parallel()
	pair := ours(t, "http: [{"+to("v3")+"}]")
	pair.DestinationRule = object(t, "DestinationRule", "ours", "host: reviews\nsubsets: [{name: v3, labels: {version: v3}}]")
	for _, blind := range []routing.Resource{routing.Pods, routing.WorkloadEntries} {
		a := newAround(t)
		a.facts.Closed[routing.Look{Resource: blind, Namespace: "shop"}] = true
		delete(map[routing.Resource]map[string]*routing.Endpoints{routing.Pods: a.facts.Pods, routing.WorkloadEntries: a.facts.Workloads}[blind], "shop")
		if found, wanted := a.ask(routing.Pair{}, pair); len(found)+len(wanted) > 0 {
			t.Errorf("blind to %s: found %q, wants %v", blind, found, wanted)
		}
	}
}
