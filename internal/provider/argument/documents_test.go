package argument_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/meshroute/terraform-provider-mesh/internal/provider/argument"
	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

// virtualService is a manifest of one in the namespace shop that sends all requests for a host to a subset.
func virtualService(name, host, subset string) string {
	return fmt.Sprintf("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: %s, namespace: "+
		"shop}\n"+
		"spec: {hosts: [%s], http: [{route: [{destination: {host: %[2]s, subset: %s}}]}]}\n", name, host, subset)
}

// What stands beside routes in files, and is none.
const (
	serviceText    = "apiVersion: v1\nkind: Service\nmetadata: {name: greeter}\nspec: {ports: [{port: 80}]}\n"
	deploymentText = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: greeter}\nspec: {replicas: 1}\n"
)

// listText is what kubectl get -o yaml prints of two VirtualServices for one host, of which the second is the older.
const listText = `apiVersion: v1
kind: List
metadata:
  resourceVersion: ""
items:
- apiVersion: networking.istio.io/v1
  kind: VirtualService
  metadata:
    annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}"}
    creationTimestamp: "2026-11-02T10:00:00Z"
    generation: 3
    managedFields: [{manager: kubectl, operation: Apply, fieldsV1: {"f:spec": {".": {}}}}]
    name: greeter
    namespace: shop
    resourceVersion: "812"
    uid: 0f6b8f0e-3a3c-4a0a-9d43-6c9a1a0c2f00
  spec: {hosts: [greeter], http: [{route: [{destination: {host: greeter, subset: young}}]}]}
- apiVersion: networking.istio.io/v1beta1
  kind: VirtualService
  metadata: {name: old, namespace: shop, creationTimestamp: "2026-11-01T10:00:00Z"}
  spec: {hosts: [greeter], http: [{route: [{destination: {host: greeter, subset: old}}]}]}
  status: {observedGeneration: "1"}
- apiVersion: v1
  kind: Service
  metadata: {name: greeter, namespace: shop}
`

// values are texts as an argument.
func values(texts ...string) tftypes.Value {
	if len(texts) == 1 {
		return tftypes.NewValue(tftypes.String, texts[0])
	}
	elements, kinds := make([]tftypes.Value, len(texts)), make([]tftypes.Type, len(texts))
	for i, text := range texts {
		elements[i], kinds[i] = tftypes.NewValue(tftypes.String, text), tftypes.String
	}
	return tftypes.NewValue(tftypes.Tuple{ElementTypes: kinds}, elements)
}

// goes returns the subset to which a request goes, or what is wrong.
func goes(routes *argument.Routes, request traffic.Request) string {
	if routes.Problem != "" {
		return routes.Problem
	}
	answer, problem := routes.Ask(request)
	if problem != "" {
		return problem
	}
	if len(answer.Destinations) == 0 {
		return string(answer.Kind)
	}
	return answer.Destinations[0].Subset
}

func TestReadRoutes_texts(t *testing.T) {
	t.Parallel()
	one := virtualService("greeter", "greeter", "v1")
	for name, test := range map[string]struct {
		texts []string
		want  string
	}{
		"one document":             {[]string{one}, "v1"},
		"a mark before it":         {[]string{"---\n" + one}, "v1"},
		"a mark behind it":         {[]string{one + "---\n"}, "v1"},
		"a byte order mark":        {[]string{"\ufeff" + one}, "v1"},
		"lines of Windows":         {[]string{strings.ReplaceAll(one+"---\n"+serviceText, "\n", "\r\n")}, "v1"},
		"foreign kinds beside it":  {[]string{serviceText + "---\n" + one + "---\n" + deploymentText}, "v1"},
		"a foreign text beside it": {[]string{serviceText, one}, "v1"},
		"what kubectl get prints":  {[]string{listText}, "old"},
		"a list of one kind": {[]string{strings.Replace(listText, "kind: List", "kind: VirtualServiceList",
			1)}, "old"},
		"a new one beside a list": {[]string{virtualService("a-new", "greeter", "v1"), listText}, "old"},
		"without times":           {[]string{one, virtualService("a", "greeter", "v2")}, "v1"},
		"JSON": {[]string{`{"apiVersion": "networking.istio.io/v1alpha3", "kind": "VirtualService", ` +
			`"metadata": {"name": "a"}, "spec": {"hosts": ["a"], ` +
			`"http": [{"route": [{"destination": {"host": "a", "subset": "v7"}}]}]}}`}, "v7"},
		"anchors": {[]string{"apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: " +
			"a}\nspec:\n  hosts: [a]\n" +
			"  http:\n  - match: [{uri: {prefix: /x}}]\n    route: &to [{destination: {host: a, subset: v3}}]\n  - " +
			"route: *to\n"}, "v3"},
		"a merged anchor": {[]string{"apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: " +
			"a}\nspec:\n  hosts: [a]\n" +
			"  http:\n  - match: [{uri: {prefix: /x}}]\n    route: [{destination: &to {host: a, subset: v3}}]\n  - " +
			"route: [{destination: {<<: *to, port: {number: 80}}}]\n"}, "v3"},
		"long, and what it is": {[]string{strings.Repeat(serviceText+"---\n", 9_000) + one}, "v1"},

		"only a foreign kind": {[]string{serviceText + "---\n" + deploymentText},
			"Nothing here routes, only Deployment and Service."},
		"foreign ones in two texts": {[]string{deploymentText, serviceText, serviceText},
			"Nothing here routes, only Deployment and Service."},
		"an empty list": {[]string{"apiVersion: v1\nkind: List\nitems: []\n"}, "Nothing here claims requests: a " +
			"mesh_canary_route, " +
			"a mesh_weighted_split, or a mesh_virtual_service or VirtualService with hosts is needed."},
		"a misspelt kind": {[]string{strings.Replace(one, "VirtualService", "VirtualServise", 1)},
			`kind: "VirtualServise" has nothing to do with this route: it must be VirtualService, DestinationRule, ` +
				"Gateway " +
				"or ServiceEntry; the nearest is VirtualService."},
		"a misspelt group": {[]string{serviceText + "---\n" + strings.Replace(one, "istio.io", "istio.oi", 1)},
			"document 2: apiVersion: must be networking.istio.io/v1, networking.istio.io/v1beta1 or " +
				`networking.istio.io/v1alpha3, got "networking.istio.oi/v1".`},
		"wrong in a list": {[]string{strings.Replace(listText, "subset: old", "subst: old", 1)},
			"items[1]: spec.http[0].route[0].destination.subst: is no field of a Destination; the nearest is subset."},
		"wrong in a list of a document": {[]string{one, serviceText + "---\n" + strings.Replace(listText,
			"subset: old", "subset: 1", 1)},
			"[1]: document 2, items[1]: spec.http[0].route[0].destination.subset: must be a string."},
		"an item that is none": {[]string{"kind: List\nitems: [a]\n"}, "items[0]: A resource of this provider is " +
			"needed"},
		"items of what is none": {[]string{"kind: Lis\nitems: [a]\n"}, `kind: "Lis" has nothing to do with this route`},
		"wrong at a line": {[]string{one + "---\n" + serviceText + "---\na: [\n"},
			"Read document 3 of YAML: yaml: line 11: did not find expected node content."},
		"the same object twice": {[]string{one, one},
			`[1]: VirtualService "shop/greeter" is given twice, at [0] too.`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := goes(argument.ReadRoutes(values(test.texts...)), traffic.Request{})
			if !strings.HasPrefix(got, test.want) {
				t.Errorf("goes to %q, want %q", got, test.want)
			}
		})
	}
}

// What Foreign says is said once, and what texts are called is said of what is wrong with them.
func TestReadTexts(t *testing.T) {
	t.Parallel()
	routes := argument.ReadTexts([]argument.Text{
		{Name: "a.yaml", Content: serviceText + "---\n" + serviceText}, {Name: "b.yaml", Content: deploymentText},
		{Name: "c.yaml", Content: virtualService("greeter", "greeter", "v1")},
	}, argument.Place{})
	if diff := cmp.Diff([]string{"Deployment", "Service"}, routes.Foreign); diff != "" || goes(routes,
		traffic.Request{}) != "v1" {
		t.Errorf("goes to %s, foreign (-want +got):\n%s", goes(routes, traffic.Request{}), diff)
	}
	routes = argument.ReadTexts([]argument.Text{
		{Name: "a.yaml", Content: "a: ["}, {Name: "b.yaml", Content: serviceText + "---\n[]"},
		{Name: "c.yaml", Content: virtualService("greeter", "greeter", "v1")},
		{Name: "d.yaml", Content: virtualService("greeter", "greeter", "v1")},
	}, argument.Place{})
	want := "a.yaml: Read document 1 of YAML: yaml: line 1: did not find expected node content.\n" +
		"b.yaml: document 2: An object of Istio's API is needed, such as a VirtualService, as YAML or JSON.\n" +
		`d.yaml: VirtualService "shop/greeter" is given twice, at c.yaml too.`
	if diff := cmp.Diff(want, routes.Problem); diff != "" {
		t.Errorf("problem (-want +got):\n%s", diff)
	}
}

// A resource is as old as its place in the list says, also beside what a cluster printed.
func TestReadRoutes_besideResource(t *testing.T) {
	t.Parallel()
	text := func(s string) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }
	object := func(entries map[string]tftypes.Value) tftypes.Value {
		kinds := map[string]tftypes.Type{}
		for name, value := range entries {
			kinds[name] = value.Type()
		}
		return tftypes.NewValue(tftypes.Object{AttributeTypes: kinds}, entries)
	}
	split := object(map[string]tftypes.Value{
		"service": text("greeter"), "namespace": text("shop"), "name": text("split"),
		"subsets": object(map[string]tftypes.Value{"resource": object(map[string]tftypes.Value{
			"labels": object(map[string]tftypes.Value{"version": text("v1")}),
			"weight": tftypes.NewValue(tftypes.Number, 100),
		})},
		),
	})
	for want, elements := range map[string][]tftypes.Value{
		"resource": {split, text(listText)},
		// The first of the list, which is not the older one there.
		"young": {text(listText), split},
	} {
		kinds := make([]tftypes.Type, len(elements))
		for i, element := range elements {
			kinds[i] = element.Type()
		}
		routes := argument.ReadRoutes(tftypes.NewValue(tftypes.Tuple{ElementTypes: kinds}, elements))
		if got := goes(routes, traffic.Request{Authority: "greeter.shop"}); got != want {
			t.Errorf("goes to %s, want %s", got, want)
		}
	}
}

// What is huge, deep or many times itself is refused in a moment.
func TestReadRoutes_hostile(t *testing.T) {
	t.Parallel()
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		bomb += fmt.Sprintf("a%d: &a%[1]d [%s]\n", i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i),
			10), ", "))
	}
	for name, test := range map[string]struct{ text, want string }{
		"a bomb": {bomb, "excessive aliasing"},
		"deep":   {strings.Repeat("[", 20_000), "exceeded max depth"},
		"lists in each": {strings.Repeat("{kind: List, items: [", 2_000) + strings.Repeat("]}", 2_000),
			"Nothing here claims requests"},
		"many values": {"a: [" + strings.Repeat("x,", 50_000) + "x]\n", "stands for more than 50000 values"},
		"no text":     {"\x00\x01", "control characters are not allowed"},
		"a key that hides": {"kind: Gateway\napiVersion: networking.istio.io/v1\nmetadata: {name: a}\nspec: " +
			"{\"x\\u202ey\": 1}\n",
			"is no field of a Gateway"},
		"a kind that hides": {"kind: \"x\\u202ey\"\napiVersion: v1\n", `Nothing here routes, only x`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := goes(argument.ReadRoutes(values(test.text)), traffic.Request{})
			if !strings.Contains(got, test.want) || strings.Contains(got, "\u202e") || len(got) > 10_000 {
				t.Errorf("says %.300q, want %q", got, test.want)
			}
		})
	}
}
