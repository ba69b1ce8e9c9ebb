package around_test

import (
	"strings"
	"testing"

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
		"only sidecars against only a gateway": {
			ours:   catchAll,
			theirs: "gateways: [edge]\nhttp: [{route: [{destination: {host: ratings}}]}]",
		},
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
		// along says that it is told with the doubt that it may be about to go.
		along bool
	}{
		"of this workspace":            {owner: "shop/prod", applied: true, told: true, along: true},
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
			if told := len(found) > 0; told != test.told ||
				told && strings.HasSuffix(found[0], ", unless it changes together with the route") != test.along {
				t.Errorf("found %q", found)
			}
			for _, more := range []string{"hosts: ['*.svc.cluster.local']", "hosts: [a.example]\ngateways: [edge]"} {
				theirs := more + "\n" + spec
				b := newNeighborhood(t)
				n := b.has(istiotest.VirtualService(t, "theirs", theirs))
				n.Applied, n.Annotations = test.applied, map[string]string{istio.OwnerAnnotation: test.owner}
				pair := ours(t, strings.Replace(theirs, "'*.svc.cluster.local'", "reviews", 1))
				if found, _ := b.ask(istio.Objects{}, pair); (len(found) > 0) == test.along {
					t.Errorf("found of what comes together with %q: %q", more, found)
				}
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
