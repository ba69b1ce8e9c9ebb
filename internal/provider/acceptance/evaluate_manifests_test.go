package acceptance_test

import (
	"fmt"
	"strings"
	"testing"
)

// The objects of canaryObject as others have them, and a Gateway.
const (
	serviceManifest = `{ apiVersion = "networking.istio.io/v1", kind = "VirtualService"
  metadata = { name = "reviews", namespace = "shop", uid = unknown, labels = null }
  spec = { hosts = ["reviews"], exportTo = null, http = [
    { match = [{ headers = { x-tester = { exact = "yes" } } }], route = [{ destination = { host = "reviews", subset = "v2" } }] },
    { timeout = "1m30s", route = [
      { destination = { host = "reviews", subset = "v1" }, weight = 90 }, { destination = { host = "reviews", subset = "v2" }, weight = 10 } ] } ] }
  status = unknown }`
	ruleManifest = `{ apiVersion = "networking.istio.io/v1beta1", kind = "DestinationRule", metadata = { name = "reviews", namespace = "shop" }
  spec = { host = "reviews", subsets = [{ name = "v1", labels = { version = "v1" } }] } }`
	gatewayManifest = `{ apiVersion = "networking.istio.io/v1alpha3", kind = "Gateway", metadata = { name = "web", namespace = "edge" }
  spec = { selector = { istio = "ingressgateway" }, servers = [{ port = { number = 80, name = "http", protocol = "HTTP" }, hosts = ["shop/*"] }] } }`
	// manifestsText is all of them in one text, where they have the namespace default.
	manifestsText = `
# Two documents.
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http: [{route: [{destination: {host: reviews, subset: v1}}]}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews, subsets: [{name: v1, labels: {version: v1}}]}
`
)

// quotedYAML is a text as an HCL expression.
func quotedYAML(text string) string { return fmt.Sprintf("<<E\n%s\nE\n", strings.TrimSpace(text)) }

// What is not in Terraform yet is asked as what is.
func TestFunction_evaluateManifests(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, test := range map[string]struct{ route, request, want string }{
		"one object": {serviceManifest, `{ headers = { x-tester = "yes" } }`, `{
			kind = "forward", virtual_service = "shop/reviews", host = "reviews.shop.svc.cluster.local", subset = "v2", rule_index = 0 }`},
		"several": {"[" + serviceManifest + "," + ruleManifest + "," + gatewayManifest + "]", `{}`, `{
			shares = { v1 = 90, v2 = 10 }, timeout = "1m30s", rule_index = 1,
			summary = "Rule http[1]: all other requests: v1 90 %, v2 10 %, timeout 1m30s; no DestinationRule declares subset v2 of reviews, so that requests to it fail with 503." }`},
		"beside a resource": {"[" + rootObject + "," + strings.Replace(cartObject, `name = "cart", namespace = "cart"`,
			`apiVersion = "networking.istio.io/v1", kind = "VirtualService", metadata = { name = "cart", `+
				`namespace = "cart" }, spec = {`, 1) + `} ]`, `{ gateway = "edge/web", path = "/cart/x" }`,
			`{ delegate = "cart/cart", virtual_service = "shop/shop" }`},
		"YAML": {
			quotedYAML(manifestsText), `{}`, `{ virtual_service = "default/reviews", subset = "v1" }`,
		},
		"YAML in a list": {
			"[" + quotedYAML(manifestsText) + ", " + gatewayManifest + "]", `{}`, `{ subset = "v1" }`,
		},
		"YAML of one object": {quotedYAML(strings.Split(manifestsText, "---")[0]), `{}`, `{ subset = "v1" }`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, wrong := s.evaluate(t, anyValue(t, test.route), anyValue(t, test.request))
			if wrong != nil {
				t.Fatal(wrong.Text)
			}
			wantOutcome(t, got, test.want)
		})
	}
	for name, route := range map[string]string{
		"the kind": strings.Replace(serviceManifest, `"VirtualService"`, "unknown", 1),
		"the name": strings.Replace(serviceManifest, `"reviews"`, "unknown", 1),
		"metadata": strings.Replace(ruleManifest, `{ name = "reviews", namespace = "shop" }`, "unknown", 1),
		"a weight": strings.Replace(serviceManifest, "10", "unknown", 1),
		"the spec": `{ apiVersion = "networking.istio.io/v1", kind = "Gateway", metadata = { name = "a" }, ` +
			`spec = unknown }`,
	} {
		t.Run("not known: "+name, func(t *testing.T) {
			t.Parallel()
			got, wrong := s.evaluate(t, anyValue(t, "["+canaryObject+","+route+"]"), anyValue(t, "{}"))
			if wrong != nil {
				t.Fatal(wrong.Text)
			}
			if got.IsKnown() {
				t.Errorf("the answer is %s", asWritten(t, got))
			}
		})
	}
}

// What is wrong with an object of Kubernetes is said at its element and its field.
func TestFunction_evaluateManifestsWrong(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const kinds = "it is VirtualService, DestinationRule, Gateway or ServiceEntry."
	for name, test := range map[string]struct{ route, say string }{
		"no kind": {
			`[` + canaryObject + `, { apiVersion = "networking.istio.io/v1", metadata = { name = "a" }, spec = {} }]`,
			"[1]: kind: is missing; " + kinds,
		},
		"another kind": {
			strings.Replace(gatewayManifest, `"Gateway"`, `"Service"`, 1),
			`kind: "Service" has nothing to do with this route: it must be VirtualService, DestinationRule, ` +
				`Gateway or ServiceEntry; the nearest is ServiceEntry.`,
		},
		"a resource of Kubernetes": {
			`{ metadata = [{ name = "a" }], spec = [] }`, "kind: is missing; " + kinds + "\napiVersion: is missing; " +
				"it is networking.istio.io/v1, networking.istio.io/v1beta1 or networking.istio.io/v1alpha3.\n" +
				"metadata: must be an object.\nspec: must be an object.",
		},
		"a whole kubernetes_manifest": {
			`{ manifest = ` + gatewayManifest + `, object = null }`, "and of a kubernetes_manifest its manifest.",
		},
		"no name, and no spec": {
			`{ apiVersion = "networking.istio.io/v1", kind = "Gateway", metadata = { name = null } }`,
			"metadata.name: is missing.\nspec: is missing.",
		},
		"a misspelt field": {
			"[" + strings.Replace(gatewayManifest, "hosts", "host", 1) + "]",
			"[0]: spec.servers[0].host: is no field of a Server; the nearest is hosts.",
		},
		"a wrong type": {
			strings.Replace(gatewayManifest, "80", `"80"`, 1),
			"spec.servers[0].port.number: must be a whole number from 0 to 4294967295.",
		},
		"a null in a list": {
			strings.Replace(gatewayManifest, `"shop/*"`, "null", 1), "spec.servers[0].hosts[0]: must not be null.",
		},
		"a huge number": {
			strings.Replace(gatewayManifest, "80", "1e4000", 1), "spec.servers[0].port.number: cannot be read.",
		},
		"what istiod refuses": {
			strings.Replace(gatewayManifest, "80", "0", 1),
			"spec.servers[0].port: port number 0 must be in the range 1..65535.",
		},
		"twice": {
			"[" + serviceManifest + "," + canaryObject + "]",
			`[1]: VirtualService "shop/reviews" is given twice, at [0] too.`,
		},
		"twice in a text": {
			"[" + quotedYAML(manifestsText+"---"+manifestsText) + "]",
			`[0]: document 3: VirtualService "default/reviews" is given twice, at [0], document 1 too.`,
		},
		"no YAML":         {`"a: ["`, "Read document 1 of YAML: "},
		"an empty text":   {`"# nothing"`, "There is nothing in this text."},
		"YAML of a list":  {`"[]"`, "or an object of Istio's API, as YAML or as yamldecode(...) returns it."},
		"a document of 3": {quotedYAML("a: b\n---\nc\n---\n" + manifestsText), "document 1: apiVersion: is missing"},
		"too long a text": {
			quotedYAML("a: [" + strings.Repeat("x,", 50_000) + "x]\n"), "This text stands for more than 50000 values.",
		},
		"a Gateway alone": {gatewayManifest, "Nothing here claims requests"},
		"a key that hides": {
			strings.Replace(gatewayManifest, "selector =", `"x\u202ey" = 1, selector =`, 1), "is no field of a Gateway",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, wrong := s.evaluate(t, anyValue(t, test.route), anyValue(t, "{}"))
			if wrong == nil {
				t.Fatal("it is taken")
			}
			if !strings.Contains(wrong.Text+".", test.say) || strings.Contains(wrong.Text, "\u202e") {
				t.Errorf("the error does not say %q: %s", test.say, wrong.Text)
			}
		})
	}
}
