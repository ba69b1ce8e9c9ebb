package istio_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

const (
	newService = `
newAtTheTop: {a: [1]}
hosts: [reviews]
http:
- name: first
  timeout: 100ms
  newInARule: 1
  route:
  - destination: {host: reviews, subset: v1, newInADestination: a}
    weight: 90
  - destination: {host: reviews, subset: v2}
    weight: 10
    newBesideIt: b
- match:
  - headers: {x: {newMatcher: c}}
  route:
  - destination: {host: reviews}
`
	newRule = `
host: reviews
trafficPolicy:
  newInAPolicy: 1
  loadBalancer: {simple: NEWEST}
  tls: {mode: NEWEST}
  portLevelSettings:
  - port: {number: 80}
    newOfAPort: true
subsets:
- name: v1
  newOfASubset: a
- name: v2
  trafficPolicy: {outlierDetection: {newInside: b}}
`
)

// TestKeep: what a live object holds and this version does not know is written along where what it is in still is
// there.
func TestKeep(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind         istio.Kind
		live, wanted string
		// want is the spec that is written, lost what is not in it any more.
		want string
		lost []string
	}{
		"nothing else changes": {
			istio.KindVirtualService, newService, `
hosts: [reviews]
http:
- name: first
  timeout: 0.1s
  route:
  - {destination: {host: reviews, subset: v1}, weight: 90}
  - {destination: {host: reviews, subset: v2}, weight: 10}
- match: [{headers: {x: {}}}]
  route: [{destination: {host: reviews}}]
`, `
newAtTheTop: {a: [1]}
hosts: [reviews]
http:
- name: first
  timeout: 0.100s
  newInARule: 1
  route:
  - {destination: {host: reviews, subset: v1, newInADestination: a}, weight: 90}
  - {destination: {host: reviews, subset: v2}, weight: 10, newBesideIt: b}
- match: [{headers: {x: {newMatcher: c}}}]
  route: [{destination: {host: reviews}}]
`, nil,
		},
		"rules and destinations change their places and their content": {
			istio.KindVirtualService, newService, `
hosts: [ratings]
http:
- match: [{uri: {prefix: /new}}]
  route: [{destination: {host: ratings}}]
- match: [{headers: {x: {}}}]
  route: [{destination: {host: reviews}}]
- name: first
  route:
  - {destination: {host: reviews, subset: v2}, weight: 50}
  - {destination: {host: reviews, subset: v1}, weight: 30}
  - {destination: {host: reviews, subset: v3}, weight: 20}
`, `
newAtTheTop: {a: [1]}
hosts: [ratings]
http:
- match: [{uri: {prefix: /new}}]
  route: [{destination: {host: ratings}}]
- match: [{headers: {x: {newMatcher: c}}}]
  route: [{destination: {host: reviews}}]
- name: first
  newInARule: 1
  route:
  - {destination: {host: reviews, subset: v2}, weight: 50, newBesideIt: b}
  - {destination: {host: reviews, subset: v1, newInADestination: a}, weight: 30}
  - {destination: {host: reviews, subset: v3}, weight: 20}
`, nil,
		},
		"what they are in goes": {
			istio.KindVirtualService, newService, `
hosts: [reviews]
http:
- name: first
  route: [{destination: {host: reviews, subset: v1}}]
- match: [{headers: {z: {}}}]
  route: [{destination: {host: reviews}}]
`, `
newAtTheTop: {a: [1]}
hosts: [reviews]
http:
- name: first
  newInARule: 1
  route: [{destination: {host: reviews, subset: v1, newInADestination: a}}]
- match: [{headers: {z: {}}}]
  route: [{destination: {host: reviews}}]
`, []string{"http[0].route[1].newBesideIt", "http[1].match[0].headers.x.newMatcher"},
		},
		"every rule goes": {
			istio.KindVirtualService, newService, "hosts: [reviews]\n", "newAtTheTop: {a: [1]}\nhosts: [reviews]\n",
			[]string{
				"http[0].newInARule", "http[0].route[0].destination.newInADestination", "http[0].route[1].newBesideIt",
				"http[1].match[0].headers.x.newMatcher",
			},
		},
		"values of enums": {
			istio.KindDestinationRule, newRule, `
host: reviews
trafficPolicy: {loadBalancer: {}, tls: {}, portLevelSettings: [{port: {number: 443}}, {port: {number: 80}, tls: {}}]}
subsets: [{name: v2, trafficPolicy: {outlierDetection: {}}}, {name: v1}]
`, `
host: reviews
trafficPolicy:
  newInAPolicy: 1
  loadBalancer: {simple: NEWEST}
  tls: {mode: NEWEST}
  portLevelSettings: [{port: {number: 443}}, {port: {number: 80}, tls: {mode: DISABLE}, newOfAPort: true}]
subsets: [{name: v2, trafficPolicy: {outlierDetection: {newInside: b}}}, {name: v1, newOfASubset: a}]
`, nil,
		},
		"another value, and another member of a oneof": {
			istio.KindDestinationRule, newRule, `
host: reviews
trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true}}, tls: {mode: SIMPLE}}
subsets: [{name: v2}, {name: v3}]
`, `
host: reviews
trafficPolicy: {newInAPolicy: 1, loadBalancer: {consistentHash: {useSourceIp: true}}, tls: {mode: SIMPLE}}
subsets: [{name: v2}, {name: v3}]
`, []string{
				"subsets[0].newOfASubset", "subsets[1].trafficPolicy.outlierDetection.newInside",
				"trafficPolicy.loadBalancer.simple", "trafficPolicy.portLevelSettings[0].newOfAPort",
				"trafficPolicy.tls.mode",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live, wanted := parseObject(t, test.kind, test.live), parseObject(t, test.kind, test.wanted)
			if len(live.Unknown) == 0 {
				t.Fatal("nothing is unknown")
			}
			manifest, err := istio.Manifest(istio.Keep(wanted, live))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(parseTree(t, test.want), asTree(t, manifest["spec"])); diff != "" {
				t.Errorf("spec (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.lost, istio.Lost(wanted, live)); diff != "" {
				t.Errorf("lost (-want +got):\n%s", diff)
			}
		})
	}
}

// TestKeep_itself: a live object is written as it is, and one without unknown fields keeps nothing.
func TestKeep_itself(t *testing.T) {
	t.Parallel()
	for kind, text := range map[istio.Kind]string{
		istio.KindVirtualService:  newService,
		istio.KindDestinationRule: newRule,
	} {
		live := parseObject(t, kind, text)
		manifest, err := istio.Manifest(live)
		if err != nil {
			t.Fatal(err)
		}
		again := parseObject(t, kind, string(encode(t, manifest["spec"])))
		if diff := cmp.Diff(live.Unknown, again.Unknown); diff != "" || istio.Lost(live, live) != nil {
			t.Errorf("unknown fields (-live +written), lost %q:\n%s", istio.Lost(live, live), diff)
		}
		known := parseObject(t, kind, "{}")
		if istio.Keep(live, known) != live || istio.Keep(known, nil) != known || istio.Keep(nil, live) != nil ||
			istio.Lost(live, known) != nil {
			t.Error("an object without unknown fields is kept from")
		}
	}
}

func parseObject(t *testing.T, kind istio.Kind, spec string) *istio.Object {
	t.Helper()
	raw := encode(t, map[string]any{
		"apiVersion": istio.APIVersion,
		"kind":       kind,
		"metadata":   map[string]any{"namespace": "shop", "name": "reviews"},
		"spec":       parseTree(t, spec),
	})
	o, err := istio.ParseManifest(raw)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func parseTree(t *testing.T, text string) map[string]any {
	t.Helper()
	var tree map[string]any
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

func asTree(t *testing.T, value any) map[string]any {
	t.Helper()
	return parseTree(t, string(encode(t, value)))
}

func encode(t *testing.T, value any) []byte {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
