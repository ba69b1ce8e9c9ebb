package acceptance_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	ctymsgpack "github.com/zclconf/go-cty/cty/msgpack"
)

// evaluate calls the function, and returns the object that it returns.
func (s server) evaluate(t testing.TB, route, request *tfprotov6.DynamicValue) (cty.Value, *tfprotov6.FunctionError) {
	t.Helper()
	resp, err := s.CallFunction(t.Context(),
		&tfprotov6.CallFunctionRequest{Name: "evaluate", Arguments: []*tfprotov6.DynamicValue{route, request}})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Error != nil {
		return cty.NilVal, resp.Error
	}
	functions, err := s.GetFunctions(t.Context(), &tfprotov6.GetFunctionsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	//nolint:staticcheck // the type as Terraform gets it
	encoded, err := functions.Functions["evaluate"].Return.Type.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	returned, err := ctyjson.UnmarshalType(encoded)
	if err != nil {
		t.Fatal(err)
	}
	value, err := ctymsgpack.Unmarshal(resp.Result.MsgPack, returned)
	if err != nil {
		t.Fatal(err)
	}
	return value, nil
}

// asWritten returns a value as JSON, which is the same for a number however it came about.
func asWritten(t testing.TB, value cty.Value) string {
	t.Helper()
	raw, err := ctyjson.Marshal(value, value.Type())
	if err != nil {
		t.Fatal(err)
	}
	var anything any
	if err := json.Unmarshal(raw, &anything); err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(anything, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wantOutcome compares those attributes of an outcome that are wanted, given as an HCL object.
func wantOutcome(t *testing.T, got cty.Value, want string) {
	t.Helper()
	parsed, diagnostics := hclsyntax.ParseExpression([]byte(want), "want.tf", hcl.InitialPos)
	if diagnostics.HasErrors() {
		t.Fatalf("%s\n%s", diagnostics.Error(), want)
	}
	wanted, diagnostics := parsed.Value(nil)
	if diagnostics.HasErrors() {
		t.Fatalf("%s\n%s", diagnostics.Error(), want)
	}
	some := map[string]cty.Value{}
	for name := range wanted.Type().AttributeTypes() {
		some[name] = got.GetAttr(name)
	}
	if diff := cmp.Diff(asWritten(t, wanted), asWritten(t, cty.ObjectVal(some))); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

const splitObject = `{ service = "ratings", subsets = { v1 = { labels = { version = "v1" } },` +
	` v2 = { labels = { version = "v2" }, weight = 29 } }, timeout = "90s" }`

const rootObject = `{
  name = "shop", namespace = "shop", hosts = ["shop.example"], gateways = ["edge/web"]
  http = [
    { name = "old", match = [{ uri = { prefix = "/old" } }], redirect = { uri = "/new", redirect_code = 308 } },
    { match = [{ name = "tea", uri = { exact = "/tea" } }], direct_response = { status = 418, body = { string = "short and stout" } } },
    { name = "cart", match = [{ uri = { prefix = "/cart" } }], delegate = { name = "cart", namespace = "cart" } },
    {
      name = "rest", match = [{ method = { exact = "POST" } }, { name = "browse", method = { exact = "GET" }, uri = { prefix = "/browse/" } }]
      route = [
        { destination = { host = "web", subset = "v1" }, weight = 1, headers = { request = { set = { x-lane = "one" } } } },
        { destination = { host = "web2", subset = "v1", port = { number = 81 } }, weight = 2 },
        { destination = { host = "web3" }, weight = 0 },
      ]
      rewrite = { uri = "/b/", authority = "inside" }, retries = { attempts = 3, per_try_timeout = "2s", retry_on = "5xx" }
      fault = { delay = { fixed_delay = "1500ms", percentage = { value = 5 } }, abort = { http_status = 503, percentage = { value = 1 } } }
      mirrors = [{ destination = { host = "shadow" }, percentage = { value = 12.5 } }]
      headers = { response = { add = { x-a = "b" }, remove = ["server"] } }
    },
  ]
}`

const cartObject = `{
  name = "cart", namespace = "cart"
  http = [{ match = [{ uri = { prefix = "/cart/pay" } }], route = [{ destination = { host = "pay" } }] }, { name = "view", route = [{ destination = { host = "cart" } }] }]
}`

const rulesObject = `{ name = "web", namespace = "shop", host = "web", subsets = [{ name = "v1",` +
	` labels = { version = "v1" } }] }`

const withCORS = `{ service = "reviews", namespace = "shop", subsets = { v1 = { labels = { version = "v1" } },` +
	` v2 = { labels = { version = "v2" } } }, default = { weights = { v1 = 90, v2 = 10 }, timeout = "5s",` +
	` headers = { response = { set = { x-a = "b" } } },` +
	` cors_policy = { allow_origins = [{ exact = "https://a.example" }], allow_methods = ["GET"] } } }`

func TestFunction_evaluate(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	all := "[" + strings.Join([]string{rootObject, cartObject, rulesObject, splitObject, canaryObject}, ",") + "]"
	mocked := strings.Replace(canaryObject, `namespace = "shop"`, `namespace = unknown, foreign_fields = unknown, `+
		`name = unknown, virtual_service_name = unknown, `+
		`destination_rule_name = unknown, host = unknown, hosts = unknown, gateways = unknown, `+
		`manage_destination_rule = unknown, owner = unknown`, 1)
	for name, test := range map[string]struct{ route, request, want string }{
		"a rule of a canary": {canaryObject, `{ headers = { X-Tester = "yes" } }`, `{
			kind = "forward", virtual_service = "shop/reviews", host = "reviews.shop.svc.cluster.local", rule = null, rule_index = 0, delegate = null, delegate_rule_index = null
			match = null, match_index = 0, route_name = null, subset = "v2", shares = { v2 = 100 }
			destinations = [{ host = "reviews.shop.svc.cluster.local", subset = "v2", port = null, percent = 100, authority = null, declared = true
				request_headers = { set = {}, add = {}, remove = [] }, response_headers = { set = {}, add = {}, remove = [] } }]
			timeout = null, fault = null, mirrors = [], rewrite = null, redirect = null, direct_response = null, cors = null
			retries = { attempts = 2, on = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes", per_try_timeout = null, default = true }
			request_headers = { set = {}, add = {}, remove = [] }, response_headers = { set = {}, add = {}, remove = [] }
			summary = "Rule http[0]: requests with header x-tester go to v2.", depends_on = []
		}`},
		"a header that the proxy sets": {
			strings.Replace(canaryObject, "x-tester = { present = true }", `x-request-id = { prefix = "a" }`, 1), `{}`,
			`{ shares = { v1 = 90, v2 = 10 }, depends_on = ["x-request-id"], summary = "Rule http[1]: all other ` +
				`requests: v1 90 %, v2 10 %; this depends on header x-request-id, which the proxy may set, replace ` +
				`or take away before it routes." }`,
		},
		"a preflight": {
			withCORS,
			`{ method = "OPTIONS", headers = { Origin = "https://a.example", Access-Control-Request-Method = "PUT" } }`,
			`{ kind = "direct_response", direct_response = { status = 200, body = "" }, destinations = [], shares = {}
			subset = null
			retries = null, timeout = null, rule_index = 0, response_headers = { set = {}, add = {}, remove = [] }
			cors = { preflight = true, allowed = true, headers = { access-control-allow-origin = "https://a.example", access-control-allow-methods = "GET" } }
			summary = "Rule http[0]: all requests: v1 90 %, v2 10 %, timeout 5s; this one is a preflight from an origin that the CORS policy allows, and the proxy answers it by itself, with 200." }`,
		},
		"a preflight of another origin": {
			withCORS,
			`{ method = "OPTIONS", headers = { Origin = "https://b.example", Access-Control-Request-Method = "PUT" } }`,
			`{ kind = "forward", shares = { v1 = 90, v2 = 10 }
			cors = { preflight = true, allowed = false, headers = {} }
			summary = "Rule http[0]: all requests: v1 90 %, v2 10 %, timeout 5s; this one is a preflight from an origin that the CORS policy does not allow, ` +
				`and goes on like any other request, because the policy does not ignore unmatched preflights." }`,
		},
		"a preflight that is ignored": {
			strings.Replace(withCORS, "cors_policy = { ", `cors_policy = { unmatched_preflights = "IGNORE", `, 1),
			`{ method = "OPTIONS", headers = { Origin = "https://b.example", Access-Control-Request-Method = "PUT" } }`,
			`{ kind = "direct_response"
			cors = { preflight = true, allowed = false, headers = { access-control-allow-methods = "GET" } }
			summary = "Rule http[0]: all requests: v1 90 %, v2 10 %, timeout 5s; this one is a preflight from an origin that the CORS policy does not allow, ` +
				`and the proxy answers it by itself, with 200 and without access-control-allow-origin." }`,
		},
		"a request of another origin": {
			withCORS, `{ headers = { Origin = "https://a.example" } }`,
			`{ kind = "forward"
			cors = { preflight = false, allowed = true, headers = { access-control-allow-origin = "https://a.example" } }
			response_headers = { set = { x-a = "b" }, add = {}, remove = [] }, summary = "Rule http[0]: all requests: v1 90 %, v2 10 %, timeout 5s." }`,
		},
		"the default of a canary": {
			canaryObject, `{}`, `{ subset = null, shares = { v1 = 90, v2 = 10 }, rule_index = 1, match_index = null,
			summary = "Rule http[1]: all other requests: v1 90 %, v2 10 %." }`,
		},
		"null is absent": {
			canaryObject,
			`{ authority = null, path = null, method = null, scheme = null, headers = { x-tester = null, a = [] },
			port = null, gateway = null, source_labels = null, source_namespace = null }`,
			`{ shares = { v1 = 90, v2 = 10 } }`,
		},
		"a number in a header": {
			strings.Replace(canaryObject, "{}", `{ exact = "200" }`, 1),
			`{ headers = { x-tester = 200 } }`,
			`{ subset = "v2" }`,
		},
		"a header of two values": {
			strings.Replace(canaryObject, "{}", `{ exact = "a,b" }`, 1),
			`{ headers = { x-tester = ["a", "b"] } }`,
			`{ subset = "v2" }`,
		},
		"a split": {
			splitObject,
			`{}`,
			`{ virtual_service = "default/ratings", shares = { v1 = 71, v2 = 29 }, timeout = "1m30s" }`,
		},
		"another host": {
			canaryObject, `{ authority = "ratings.shop" }`, `{ kind = "unclaimed", virtual_service = null,` +
				` host = null, rule_index = null, shares = {}, destinations = [], retries = null, summary = "No ` +
				`VirtualService claims requests for ratings.shop in the mesh: they go to the service of that name, ` +
				`whatever its version." }`,
		},
		"at another gateway": {canaryObject, `{ gateway = "edge/web" }`, `{ kind = "unclaimed",` +
			` summary = "No VirtualService claims requests for reviews.shop.svc.cluster.local at gateway edge/web: ` +
			`it answers 404." }`},
		"a redirect": {
			all,
			`{ authority = "shop.example", gateway = "edge/web", path = "/old?a=b", scheme = "https", port = 443 }`,
			`{ kind = "redirect", rule = "old", route_name = "old", redirect = { code = 308,` +
				` location = "https://shop.example/new?a=b" }, retries = null, subset = null }`,
		},
		"an answer of the proxy": {all, `{ gateway = "edge/web", path = "/tea" }`,
			`{ kind = "direct_response", match = "tea", route_name = ".tea", direct_response = { status = 418,` +
				` body = "short and stout" } }`},
		"a rule of a delegate": {all, `{ gateway = "edge/web", path = "/cart/view" }`,
			`{ kind = "forward", virtual_service = "shop/shop", delegate = "cart/cart", rule = "cart-view",` +
				` rule_index = 2, delegate_rule_index = 1, shares = { "cart.cart.svc.cluster.local" = 100 }, subset ` +
				`= null }`},
		"everything at once": {all, `{ gateway = "edge/web", path = "/browse/x?q=1" }`, `{
			kind = "forward", rule = "rest", rule_index = 3, match = "browse", match_index = 1, route_name = "rest.browse"
			shares = { "web.shop.svc.cluster.local subset v1" = 33.333333333333336, "web2.shop.svc.cluster.local:81 subset v1" = 66.66666666666667 }, subset = null
			destinations = [
				{ host = "web.shop.svc.cluster.local", subset = "v1", port = null, percent = 33.333333333333336, authority = null, declared = true
					request_headers = { set = { x-lane = "one" }, add = {}, remove = [] }, response_headers = { set = {}, add = {}, remove = [] } },
				{ host = "web2.shop.svc.cluster.local", subset = "v1", port = 81, percent = 66.66666666666667, authority = null, declared = false
					request_headers = { set = {}, add = {}, remove = [] }, response_headers = { set = {}, add = {}, remove = [] } },
			]
			rewrite = { path = "/b/x?q=1", authority = "inside" }, retries = { attempts = 3, on = "5xx", per_try_timeout = "2s", default = false }
			fault = { delay = "1.5s", delay_percent = 5, abort_http_status = 503, abort_grpc_status = null, abort_percent = 1 }
			mirrors = [{ host = "shadow.shop.svc.cluster.local", subset = null, port = null, percent = 12.5 }]
			request_headers = { set = {}, add = {}, remove = [] }, response_headers = { set = {}, add = { x-a = "b" }, remove = ["server"] }
		}`},
		"no rule": {all, `{ gateway = "edge/web", path = "/" }`, `{ kind = "no_route", virtual_service = "shop/shop",` +
			` rule = null, rule_index = null, summary = "VirtualService \"shop/shop\" claims requests for ` +
			`shop.example and none of its rules takes this one: the proxy answers 404." }`},
		"a subset that is not declared": {
			`[{ name = "a", hosts = ["a"], namespace = "shop", http = [{ route = [{ destination = { host = "web",` +
				` subset = "v1" }, weight = 60 }, { destination = { host = "web", subset = "v2" }, weight = 40 ` +
				`}] }] },` + rulesObject + `]`,
			`{}`, `{ summary = "Rule http[0]: all requests: v1 60 %,` +
				` v2 40 %; no DestinationRule declares subset v2 of web, so that requests to it fail with 503." }`,
		},
		"an authority of one of two": {
			`{ name = "a", namespace = "shop", hosts = ["a.example"], http = [{ route = [
				{ destination = { host = "a" }, weight = 1, headers = { request = { set = { Host = "b.example" } } } },
				{ destination = { host = "c" }, weight = 0 }] }] }`,
			`{}`,
			`{ rewrite = null, destinations = [{ host = "a.shop.svc.cluster.local", subset = null, port = null,
				percent = 100, authority = "b.example", declared = null
				request_headers = { set = {}, add = {}, remove = [] }, response_headers = { set = {}, add = {}, remove = [] } }] }`,
		},
		"another route of the list": {
			all, `{ authority = "reviews", source_namespace = "shop" }`, `{ virtual_service = "shop/reviews" }`,
		},
		"what a mocked provider computes": {mocked, `{}`, `{ virtual_service = "default/reviews", shares = { v1 = 90,` +
			` v2 = 10 }, host = "reviews.default.svc.cluster.local" }`},
		"a mocked weight": {
			`{ foreign_fields = unknown, service = "a", subsets = { v1 = { labels = { a = "b" }, weight = unknown },` +
				` v2 = { labels = { a = "c" }, weight = 25 } } }`,
			`{}`, `{ shares = { v1 = 75, v2 = 25 } }`,
		},
		"values that decide nothing": {
			`{ service = "a", annotations = unknown, labels = { a = unknown }, owner = unknown, adopted = unknown,
			live_weights = unknown, traffic_policy = unknown, adopt = unknown, timeouts = unknown,
			subsets = { v1 = { labels = unknown, traffic_policy = unknown }, v2 = { labels = { a = unknown } } }, default = { subset = "v2" } }`,
			`{}`, `{ subset = "v2" }`,
		},
		"a labelled set of paths": {
			strings.Replace(
				canaryObject, "headers = { x-tester = { present = true } }", `source_labels = { app = "web" }`, 1,
			),
			`{ source_labels = { app = "web" } }`,
			`{ subset = "v2" }`,
		},
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
}
