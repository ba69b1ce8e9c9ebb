package traffic_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/around"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// A delegate's rule holds when its match is narrower than one of the root's, by Istio's own comparison.
func TestDelegates(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		root, delegate string // matches, empty for none
		in             traffic.Request
		want           string
	}{
		"both without a match": {"", "", traffic.Request{}, "a-b match -1 of -1 and -1"},
		"the root's match alone": {
			"{uri: {prefix: /a}}", "", traffic.Request{Path: "/a"}, "a-b match 0 of 0 and -1",
		},
		"the delegate's match alone": {
			"", "{uri: {prefix: /a}}", traffic.Request{Path: "/a"}, "a-b match 0 of -1 and 0",
		},
		"a longer prefix": {
			"{uri: {prefix: /a}}", "{uri: {prefix: /a/b}}", traffic.Request{Path: "/a/b"}, "a-b match 0 of 0 and 0",
		},
		"an exact path below a prefix": {
			"{uri: {prefix: /a}}", "{uri: {exact: /a/b}}", traffic.Request{Path: "/a/b"}, "a-b match 0 of 0 and 0",
		},
		"another prefix": {
			"{uri: {prefix: /a}}", "{uri: {prefix: /b}}", traffic.Request{Path: "/b"}, "left out",
		},
		"a prefix below an exact path": {
			"{uri: {exact: /a}}", "{uri: {prefix: /a}}", traffic.Request{Path: "/a"}, "left out",
		},
		"a regex": {
			"{uri: {regex: '/a.*'}}", "{uri: {exact: /a}}", traffic.Request{Path: "/a"}, "left out",
		},
		"equal regexes": {
			"{uri: {regex: '/a.*'}}", "{uri: {regex: '/a.*'}}", traffic.Request{Path: "/a"}, "left out",
		},
		"the second match of the root": {
			"{uri: {prefix: /a}}, {uri: {prefix: /b}}",
			"{uri: {prefix: /b}}",
			traffic.Request{Path: "/b"},
			"a-b match 0 of 1 and 0",
		},
		"every match must find one": {
			"{uri: {prefix: /a}}", "{uri: {prefix: /a}}, {uri: {prefix: /b}}", traffic.Request{Path: "/a"}, "left out",
		},
		"headers are added": {
			"{headers: {v: {exact: '1'}}}",
			"{headers: {w: {exact: '1'}}}",
			traffic.Request{Headers: headers("v", "1", "w", "1")},
			"a-b match 0 of 0 and 0",
		},
		"and both are needed": {
			"{headers: {v: {exact: '1'}}}", "{headers: {w: {exact: '1'}}}", traffic.Request{Headers: headers("w", "1")},
			"no_route",
		},
		"other values of one header": {
			"{headers: {v: {exact: '1'}}}", "{headers: {v: {exact: '2'}}}", traffic.Request{Headers: headers("v", "2")},
			"left out",
		},
		"presence twice is a conflict": {
			"{headers: {v: {}}}", "{headers: {v: {}}}", traffic.Request{Headers: headers("v", "2")}, "left out",
		},
		"the case of paths": {
			"{uri: {prefix: /a}}", "{uri: {prefix: /a}, ignoreUriCase: true}", traffic.Request{Path: "/a"}, "left out",
		},
		"other ports": {"{port: 80}", "{port: 81}", traffic.Request{}, "left out"},
		"a port of the root": {
			"{port: 81}", "{uri: {prefix: /a}}", traffic.Request{Path: "/a", Port: 81}, "a-b match 0 of 0 and 0",
		},
		"a namespace that only one names": {
			"{sourceNamespace: web}", "{uri: {prefix: /a}}", traffic.Request{Path: "/a", SourceNamespace: "web"},
			"left out",
		},
		"other labels": {
			"{sourceLabels: {a: b}}",
			"{sourceLabels: {a: c}}",
			traffic.Request{SourceLabels: map[string]string{"a": "c"}},
			"left out",
		},
		"more labels": {
			"{sourceLabels: {a: b}}",
			"{sourceLabels: {c: d}}",
			traffic.Request{SourceLabels: map[string]string{"a": "b", "c": "d"}},
			"a-b match 0 of 0 and 0",
		},
		"a gateway that the root has not": {
			"{gateways: [mesh]}", "{gateways: [front]}", traffic.Request{}, "left out",
		},
		"gateways are named in each's own": {
			"{gateways: [mesh, shop/front]}", "{gateways: [mesh]}", traffic.Request{}, "a-b match 0 of 0 and 0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule := func(name, match, action string) string {
				if match != "" {
					match = "match: [" + match + "], "
				}
				return fmt.Sprintf("http: [{name: %s, %s%s}]", name, match, action)
			}
			table := traffic.NewTable([]*istio.Object{
				istiotest.VirtualService(t, "reviews", rule("a", test.root, "delegate: {name: part, namespace: web}")),
				istiotest.Object(t, "VirtualService", "web/part", rule("b", test.delegate, istiotest.To("v1"))),
			}, nil, traffic.Options{})
			out := table.Evaluate(test.in)
			got := string(out.Kind)
			switch {
			case len(table.Dropped()) > 0:
				got = "left out"
			case out.Kind == traffic.Forward:
				got = fmt.Sprintf("%s match %d of %d and %d", out.Rule.Name, out.Match.Index, out.Match.Root,
					out.Match.Delegate)
				if host := out.Destinations[0].Host; host != "reviews.web.svc.cluster.local" {
					t.Errorf("goes to %s, which is not the delegate's", host)
				}
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A delegate inherits what it does not say itself.
func TestDelegatesInherit(t *testing.T) {
	t.Parallel()
	root := istiotest.VirtualService(t, "reviews", `
http:
- delegate: {name: part}
  timeout: 1s
  retries: {attempts: 5}
  rewrite: {authority: root}
  mirrors: [{destination: {host: shadow}}]
  headers: {request: {set: {x: root}}}
  fault: {delay: {fixedDelay: 1s, percentage: {value: 1}}}`)
	part := istiotest.Object(t, "VirtualService", "part", `
http:
- {match: [{uri: {exact: /own}}], timeout: 2s, retries: {attempts: 1}, rewrite: {authority: own}, headers: {request: {set: {x: own}}}, route: [{destination: {host: reviews}}]}
- {route: [{destination: {host: reviews}}]}`)
	table := traffic.NewTable([]*istio.Object{part, root}, nil, traffic.Options{})
	var got []string
	for _, path := range []string{"/own", "/other"} {
		out := table.Evaluate(traffic.Request{Path: path})
		got = append(got, fmt.Sprintln(out.Timeout, out.Retries.Attempts, out.Rewrite.Authority,
			out.RequestHeaders.Set["x"], out.Fault.Delay, len(out.Mirrors), out.Rule.Delegate))
	}
	want := []string{
		"2s 1 own own 1s 1 VirtualService \"shop/part\"\n",
		"1s 5 root root 1s 1 VirtualService \"shop/part\"\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

// Which DestinationRule holds for a caller, and whether it has the subset.
func TestSubsets(t *testing.T) {
	t.Parallel()
	host := "reviews.shop.svc.cluster.local"
	rule := func(host, subset string) string {
		return "host: '" + host + "'\nsubsets: [{name: " + subset + ", labels: {version: x}}]"
	}
	for name, test := range map[string]struct {
		rules  map[string]string // by namespace/name
		caller string
		want   traffic.SubsetState
	}{
		"none at all": {map[string]string{}, "web", traffic.SubsetMissing},
		"beside the service": {
			map[string]string{"shop/a": rule(host, "v1")}, "web", traffic.SubsetDeclared,
		},
		"by a short name": {
			map[string]string{"shop/a": rule("reviews", "v1")}, "web", traffic.SubsetDeclared,
		},
		"without the subset": {
			map[string]string{"shop/a": rule(host, "v2")}, "web", traffic.SubsetMissing,
		},
		"two of one namespace are one": {
			map[string]string{"shop/a": rule(host, "v2"), "shop/b": rule(host, "v1")}, "web", traffic.SubsetDeclared,
		},
		"a wildcard of the caller hides all": {
			map[string]string{"shop/a": rule(host, "v1"), "web/b": "host: '*.local'"}, "web", traffic.SubsetMissing,
		},
		"but not for others": {
			map[string]string{"shop/a": rule(host, "v1"), "web/b": "host: '*.local'"}, "cart", traffic.SubsetDeclared,
		},
		"and only if the caller is known": {
			map[string]string{"shop/a": rule(host, "v1"), "web/b": "host: '*.local'"}, "", traffic.SubsetDeclared,
		},
		"a name before a wildcard": {
			map[string]string{"shop/a": rule(host, "v1"), "shop/b": rule("*.local", "v2")},
			"web",
			traffic.SubsetDeclared,
		},
		"not exported": {
			map[string]string{"shop/a": "exportTo: ['.']\n" + rule(host, "v1")}, "web", traffic.SubsetMissing,
		},
		"for the whole mesh": {
			map[string]string{"istio-system/a": rule("*.local", "v1")}, "web", traffic.SubsetDeclared,
		},
		"beside the service before the mesh": {
			map[string]string{"istio-system/a": rule("*.local", "v1"), "shop/a": "host: reviews"},
			"web",
			traffic.SubsetMissing,
		},
		"somewhere else it means nothing": {
			map[string]string{"cart/a": rule(host, "v1")}, "web", traffic.SubsetMissing,
		},
		"for some workloads of the namespace": {
			map[string]string{"shop/a": rule(host, "v1"), "web/b": "workloadSelector: {matchLabels: {a: b}}\n" +
				rule(host, "v2")}, "web", traffic.SubsetDeclared,
		},
		"exported otherwise, and newer": {map[string]string{"shop/a": rule(host, "v1"), "shop/b": "exportTo: [web]\n" +
			rule(host, "v2")}, "web", traffic.SubsetMissing},
		"exported otherwise, and older": {map[string]string{"shop/a": "exportTo: [web]\n" +
			rule(host, "v2"), "shop/b": rule(host, "v1")}, "web", traffic.SubsetDeclared},
		"exported otherwise, to others": {map[string]string{"shop/a": rule(host, "v1"), "shop/b": "exportTo: [web]\n" +
			rule(host, "v2")}, "cart", traffic.SubsetDeclared},
		"taken in by an older one": {map[string]string{"shop/a": "exportTo: [web]\n" +
			rule(host, "v2"), "shop/b": "exportTo: [web, cart]\n" + rule(host, "v1")}, "web", traffic.SubsetDeclared},
		"and gone for those who see no older": {map[string]string{"shop/a": "exportTo: [web]\n" +
			rule(host, "v2"), "shop/b": "exportTo: [web, cart]\n" + rule(host, "v1")}, "cart", traffic.SubsetMissing},
		"for the caller alone, in the root": {map[string]string{"istio-system/a": "exportTo: [.]\n" +
			rule("*.local", "v1"), "shop/a": rule(host, "v2")}, "istio-system", traffic.SubsetDeclared},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules := []*istio.Object{}
			for _, name := range slices.Sorted(maps.Keys(test.rules)) { // the oldest first
				rules = append(rules, istiotest.Object(t, "DestinationRule", name, test.rules[name]))
			}
			out := evaluate([]*istio.Object{istiotest.VirtualService(t, "reviews",
				"http: [{"+istiotest.To("v1")+"}]")}, rules,
				traffic.Request{Authority: host, SourceNamespace: test.caller}, traffic.Options{})
			if got := out.Destinations[0].State; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A DestinationRule of the caller's namespace that chooses callers by their labels holds for those it chooses, and
// leaves the others to its neighbours alone.
func TestSubsetsByLabels(t *testing.T) {
	t.Parallel()
	host := "reviews.shop.svc.cluster.local"
	rule := func(app, subset string) string {
		selector := ""
		if app != "" {
			selector = "workloadSelector: {matchLabels: {app: " + app + "}}\n"
		}
		return selector + "host: " + host + "\nsubsets: [{name: " + subset + ", labels: {version: x}}]"
	}
	for name, test := range map[string]struct {
		rules           map[string]string // by namespace/name
		namespace, want string
	}{
		"chosen": {
			map[string]string{"web/a": rule("cart", "v1"), "shop/a": rule("", "v2")}, "web", "v1",
		},
		"another one is chosen": {
			map[string]string{"web/a": rule("other", "v1"), "shop/a": rule("", "v2")}, "web", "",
		},
		"chosen among several": {
			map[string]string{"web/a": rule("other", "v2"), "web/b": rule("cart", "v1"), "web/c": rule("", "v3")},
			"web",
			"v1",
		},
		"chosen by two": {
			map[string]string{"web/a": rule("cart", "v2"), "web/b": rule("cart", "v1")}, "web", "v1 v2",
		},
		"what is for all of them": {
			map[string]string{"web/a": rule("other", "v1"), "web/b": rule("", "v3"), "shop/a": rule("", "v2")},
			"web",
			"v3",
		},
		"what is for more than them": {
			map[string]string{"web/a": rule("other", "v1"), "web/b": "exportTo: [., shop]\n" + rule("", "v3")},
			"web",
			"v3",
		},
		"chosen beside that": {map[string]string{"web/a": rule("cart", "v1"), "web/b": "exportTo: [., shop]\n" +
			rule("", "v3")}, "web", "v1 v3"},
		"what goes into others": {
			map[string]string{"web/a": rule("other", "v1"), "web/b": "exportTo: [.]\n" + rule("", "v3")}, "web", "",
		},
		"chosen in another namespace": {
			map[string]string{"web/a": rule("cart", "v1"), "shop/a": rule("", "v2")}, "third", "v2",
		},
		"beside the service": {map[string]string{"shop/a": rule("cart", "v1")}, "web", ""},
		"of the root namespace, at all": {
			map[string]string{"istio-system/a": rule("cart", "v1"), "shop/a": rule("", "v2")}, "istio-system", "v1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules := []*istio.Object{}
			for _, name := range slices.Sorted(maps.Keys(test.rules)) {
				rules = append(rules, istiotest.Object(t, "DestinationRule", name, test.rules[name]))
			}
			request := traffic.Request{
				Authority:       host,
				SourceNamespace: test.namespace,
				SourceLabels:    map[string]string{"app": "cart", "zone": "a"},
			}
			var declared []string
			for _, subset := range []string{"v1", "v2", "v3"} {
				out := evaluate(
					[]*istio.Object{istiotest.VirtualService(t, "reviews", "http: [{"+istiotest.To(subset)+"}]")},
					rules, request, traffic.Options{},
				)
				if out.Destinations[0].State == traffic.SubsetDeclared {
					declared = append(declared, subset)
				}
			}
			if got := strings.Join(declared, " "); got != test.want {
				t.Errorf("declared: %q, want %q", got, test.want)
			}
		})
	}
}

// Only a name and a namespace are a Service: of other names under its domain nothing is known, and nothing is cut
// off.
func TestHostOfNoService(t *testing.T) {
	t.Parallel()
	const host = "a.reviews.shop.svc.cluster.local"
	o := istiotest.VirtualService(t, "reviews",
		"http: [{route: [{destination: {host: "+host+", subset: v1}}]}, {route: [{destination: {host: reviews}}]}]")
	out := evaluate([]*istio.Object{o}, []*istio.Object{}, traffic.Request{Authority: "reviews"},
		traffic.Options{})
	if state := out.Destinations[0].State; state != traffic.SubsetUnknown {
		t.Errorf("the subset is %q", state)
	}
	if summary := traffic.Summary([]*istio.Object{o}, traffic.Options{}); !strings.Contains(summary[0], host) {
		t.Errorf("%q does not name %s", summary, host)
	}
	for host, want := range map[string]bool{
		host:                             false,
		"*.shop.svc.cluster.local":       false,
		"reviews.svc.cluster.local":      false,
		"reviews.shop.svc.cluster.local": true,
	} {
		if _, _, is := new(around.Facts).InCluster(host); is != want {
			t.Errorf("%s is a Service of the cluster: %t", host, is)
		}
	}
}

func TestGatewayName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"mesh": "mesh", "front": "shop/front", "./front": "shop/front", "web/front": "web/front",
		"front.web": "web/front", "front.web.svc.cluster.local": "web/front",
	} {
		if got := istio.GatewayName(name, "shop"); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
