package traffic_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
	"github.com/meshroute/terraform-provider-mesh/internal/istio/istiotest"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	goldenFile(t, "diagram/"+name+".mmd", got)
}

func goldenFile(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

const canaryRoute = `
http:
- {name: testers, match: [{headers: {version: {exact: '200'}}}], route: [{destination: {host: reviews, subset: v2}}]}
- {route: [{destination: {host: reviews, subset: v1}, weight: 90}, {destination: {host: reviews, subset: v2}, weight: 10}]}`

func TestDiagram(t *testing.T) {
	t.Parallel()
	twenty := "http:\n"
	for i := range 19 {
		twenty += fmt.Sprintf("- {name: team-%d, match: [{uri: {prefix: /team/%d/}}], %s}\n", i, i,
			istiotest.To(fmt.Sprintf("v%d", i%4+1)))
	}
	twenty += "- {" + split("95", "5") + "}"
	for name, spec := range map[string]string{
		"canary":       canaryRoute,
		"twenty_rules": twenty,
		"everything_else_happens": `
hosts: [reviews, www.example.com, '*.example.com', a.example.org, b.example.org]
gateways: [front, mesh]
http:
- {match: [{uri: {prefix: /old}}], redirect: {uri: /new, scheme: https}}
- {match: [{uri: {exact: /tea}}], directResponse: {status: 418}}
- {match: [{uri: {prefix: /a}}, {uri: {prefix: /b}}, {uri: {prefix: /c}}, {uri: {prefix: /d}}, {uri: {prefix: /e}}], timeout: 5s, fault: {abort: {httpStatus: 503, percentage: {value: 1}}}, mirrors: [{destination: {host: shadow}, percentage: {value: 5}}], route: [{destination: {host: reviews, subset: v1}}]}`,
		"hostile_text": `
http:
- {name: "end\"]; click r0 \"javascript:alert(1)\" %%{init: {}}%%", match: [{headers: {x: {exact: "<img src=x onerror=alert(1)>"}}}], route: [{destination: {host: reviews, subset: "1. list"}}]}
- {name: "end", match: [{uri: {exact: "/` + "`**bold**`" +
			`_it_[link](https://example.com)"}}], route: [{destination: {host: reviews, subset: "- item"}}]}
- {name: "*it* **bold** _it_ __bold__ ~~gone~~ # head", match: [{headers: {_x_: {exact: "> quote"}}}], route: [{destination: {host: reviews, subset: "_it_"}}]}
- {name: "fa:fa-car #quot; &lt; $$x$$ style:#1;", match: [{headers: {z: {regex: "a|b\\nc\u202e\t"}}}], route: [{destination: {host: www.example.com, subset: "größe ✓"}}]}`,
		"nothing": "http: []",
		"some_callers": `
http:
- {match: [{sourceLabels: {app: web}, headers: {x-trigger: {exact: 'yes'}}}], route: [{destination: {host: reviews, subset: v2}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, traffic.Diagram([]*istio.Object{istiotest.VirtualService(t, "reviews", spec)},
				traffic.Options{}))
		})
	}
}

func TestDiagramChange(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ before, after string }{
		"change_weights": {canaryRoute, strings.NewReplacer("90", "75", "10}", "25}").Replace(canaryRoute)},
		"change_rules": {`
http:
- {name: first, match: [{uri: {prefix: /a}}], route: [{destination: {host: reviews, subset: v1}}]}
- {name: second, match: [{uri: {prefix: /b}}], route: [{destination: {host: reviews, subset: v1}}]}
- {name: gone, match: [{uri: {prefix: /c}}], route: [{destination: {host: reviews, subset: v3}}]}
- {name: rest, timeout: 1s, route: [{destination: {host: reviews, subset: v1}}]}`, `
hosts: [reviews, ratings]
http:
- {name: second, match: [{uri: {prefix: /b}}], route: [{destination: {host: reviews, subset: v1}}]}
- {name: new, match: [{uri: {prefix: /n}}], mirror: {host: reviews, subset: v2}, route: [{destination: {host: reviews, subset: v2}}]}
- {name: first, match: [{uri: {prefix: /a/b}}], route: [{destination: {host: reviews, subset: v2}}]}
- {name: rest, timeout: 2s, route: [{destination: {host: reviews, subset: v1}}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := istiotest.VirtualService(t, "reviews", test.before), istiotest.VirtualService(t, "reviews",
				test.after)
			golden(t, name, change([]*istio.Object{before}, []*istio.Object{after}))
		})
	}
}

// A route that appears or goes is drawn whole.
func TestDiagramChangeOfWholeRoutes(t *testing.T) {
	t.Parallel()
	o := []*istio.Object{istiotest.VirtualService(t, "reviews", canaryRoute)}
	golden(t, "created", change(nil, o))
	golden(t, "deleted", change(o, nil))
}

// change draws a change of which nothing else is known.
func change(before, after []*istio.Object) string {
	return traffic.DiagramChange(before, after, traffic.Options{}, traffic.Options{})
}

// Hosts that a Gateway does not serve are marked, and a change of that too.
func TestDiagram_gateways(t *testing.T) {
	t.Parallel()
	objects := []*istio.Object{
		istiotest.VirtualService(t, "a", "hosts: [a.test, b.test, c.shop.test]\n"+
			"gateways: [mesh, edge/web, edge/other, edge/else]\n"+
			"http: [{route: [{destination: {host: reviews}}]}]"),
		istiotest.VirtualService(t, "many", "hosts: [a.test, b.test, c.test, d.test, e.test]\ngateways: [edge/web]"),
	}
	serving := func(hosts string) traffic.Options {
		servers := "servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: " + hosts + "}]"
		return traffic.Options{Gateways: []*istio.Object{
			istiotest.Object(t, "Gateway", "edge/web", servers),
			istiotest.Object(t, "Gateway", "edge/other", servers),
		}}
	}
	golden(t, "gateways", traffic.Diagram(objects, serving("['shop/*.shop.test', cart/b.test]")))
	golden(t, "change_gateways", traffic.DiagramChange(objects[:1], objects[:1], serving("['*']"),
		serving("['*.shop.test']")))
}

// A label is letters, digits, a few harmless characters, entities and line breaks.
const labelText = `(?:[^\x00-\x7f]|[A-Za-z0-9 ./=,:-]|#[0-9]+;|%|<br/>)*`

var flowchart = regexp.MustCompile(`\A---\nconfig:\n  flowchart:\n    wrappingWidth: [0-9]+\n---\nflowchart LR\n` +
	`(?:  [hrd][0-9]+(?:\(\["` + labelText + `"\]\)|\["` + labelText + `"\]|\("` + labelText +
	`"\))(?::::(?:added|changed|removed))?\n)*` +
	`(?:  [hr][0-9]+ (?:-->|-\.->)(?:\|"` + labelText + `"\|)? [rd][0-9]+\n)*` +
	`(?:  (?:classDef (?:added|changed|removed)|linkStyle [0-9,]+) [a-z0-9:,#; -]+\n)*\z`)

// Whatever is in a route, the picture of it is a flowchart of the one form, and the same each time; a change from a
// route to itself looks like the route.
func TestPropertyDiagramIsAFlowchart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := hostile(t), hostile(t)
		one := traffic.Diagram([]*istio.Object{a}, traffic.Options{})
		if !flowchart.MatchString(one) {
			t.Fatalf("no flowchart:\n%s", one)
		}
		if again := change([]*istio.Object{a}, []*istio.Object{a}); again != one {
			t.Fatalf("a change to itself (-want +got):\n%s", cmp.Diff(one, again))
		}
		if both := change([]*istio.Object{a}, []*istio.Object{b}); !flowchart.MatchString(both) {
			t.Fatalf("no flowchart:\n%s", both)
		}
	})
}

// hostile is a random table with names that nobody would choose.
func hostile(t *rapid.T) *istio.Object {
	p := picker(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") })
	o := p.table()
	for _, rule := range virtualServiceSpec(o).Http {
		rule.Name = rapid.SampledFrom([]string{"", "end", "subgraph", "1. a", "%%{x}%%", "\"];", "a\nb", "- x"}).Draw(t,
			"name") + rapid.String().Draw(t, "more")
		rule.Route[0].Destination.Subset = rapid.String().Draw(t, "subset")
	}
	return o
}
