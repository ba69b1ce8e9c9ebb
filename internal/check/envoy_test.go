package check_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Each of these passes istiod's webhook and is then refused by Envoy, which leaves every proxy on its old routes.
func TestValidate_refusedByEnvoy(t *testing.T) {
	t.Parallel()
	const host = `"host": "reviews.shop.svc.cluster.local"`
	rule := func(parts string) string {
		return `{"hosts": ["reviews.shop.svc.cluster.local"], "http": [{` + parts + `}]}`
	}
	route := func(parts string) string { return rule(`"route": [{"destination": {` + host + `}}], ` + parts) }
	policy := func(parts string) string { return `{` + host + `, "trafficPolicy": {` + parts + `}}` }
	for name, c := range map[string]struct{ spec, want string }{
		"redirect code 305": {
			rule(`"redirect": {"uri": "/x", "redirectCode": 305}`),
			`http[0].redirect.redirect_code: must be 301, 302, 303, 307 or 308, got 305`,
		},
		"direct response 600": {
			rule(`"directResponse": {"status": 600}`), `http[0].direct_response.status: must be below 600`,
		},
		"abort with 600": {
			route(`"fault": {"abort": {"httpStatus": 600, "percentage": {"value": 1}}}`),
			`http[0].fault.abort.http_status: must be below 600`,
		},
		"query parameter of no name": {
			route(`"match": [{"queryParams": {"": {"exact": "x"}}}]`), `http[0].match[0].query_params[""]: a query ` +
				`parameter needs a name; Envoy refuses the whole route table without`,
		},
		"line break in a redirect": {
			rule(`"redirect": {"uri": "/x\ny"}`), `http[0].redirect.uri: must not hold line breaks or NUL characters`,
		},
		"NUL in a rewrite": {
			route(`"rewrite": {"authority": "x\u0000"}`),
			`http[0].rewrite.authority: must not hold line breaks or NUL characters`,
		},
		"line break in a header's name": {route(`"headers": {"request": {"set": {"x\ny": "1"}}}`),
			`http[0].headers.request.set["x\ny"]: must not hold line breaks or NUL characters`},
		"line break in a removed header": {route(`"headers": {"response": {"remove": ["a", "x\ny"]}}`),
			`http[0].headers.response.remove[1]: must not hold line breaks or NUL characters`},
		"hash by a header of no name": {
			policy(`"loadBalancer": {"consistentHash": {"httpHeaderName": ""}}`),
			`traffic_policy.load_balancer.consistent_hash.http_header_name: must not be empty`,
		},
		"hash by a parameter of no name": {policy(`"loadBalancer": {"consistentHash": {"httpQueryParameterName": ""}}`),
			`traffic_policy.load_balancer.consistent_hash.http_query_parameter_name: must not be empty`},
		"a ring too large": {policy(
			`"loadBalancer": {"consistentHash": {"useSourceIp": true, "ringHash": {"minimumRingSize": 8388609}}}`,
		),
			`traffic_policy.load_balancer.consistent_hash.ring_hash.minimum_ring_size: must not be over 8388608, got ` +
				`8388609`},
		"a server name too long": {policy(`"tls": {"mode": "SIMPLE", "sni": "` + strings.Repeat("x", 256) + `"}`),
			`traffic_policy.tls.sni: must not be longer than 255 bytes, got 256`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var spec proto.Message = &networking.VirtualService{}
			if strings.HasPrefix(c.spec, "{"+host) {
				spec = &networking.DestinationRule{}
			}
			if err := protojson.Unmarshal([]byte(c.spec), spec); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range check.Validate(&istio.Object{Namespace: "shop", Name: "reviews", Spec: spec}) {
				if p.Severity == istio.Refused {
					got = append(got, p.At.String()+": "+p.Reason)
				}
			}
			if diff := cmp.Diff([]string{c.want}, got); diff != "" {
				t.Errorf("refusals (-want +got):\n%s", diff)
			}
		})
	}
}
