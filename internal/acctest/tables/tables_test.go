package tables

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/meshroute/terraform-provider-mesh/internal/traffic"
)

var sidecars = Options{
	GRPC: true, Service: "reviews", Namespace: "shop", Elsewhere: "default", Port: 80, OtherPort: 81,
	Callers: []Caller{
		{Namespace: "default", Labels: map[string]string{"app": "a"}},
		{Namespace: "shop", Labels: map[string]string{"app": "b"}},
	},
}

// atGateway are callers of which one is a gateway.
func atGateway() Options {
	o := sidecars
	o.GRPC, o.Gateway, o.GatewayPort, o.GatewayTLSPort = false, "edge/web", 8080, 8443
	o.Callers = []Caller{
		{Namespace: "default", Labels: map[string]string{"app": "client", "proxy": "sidecar"}},
		{Namespace: "edge", Labels: map[string]string{"gateway": "web"}, Gateway: true},
	}
	return o
}

// The same seed draws the same table and the same requests.
func TestDraw_deterministic(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3 * kinds) {
		first, again := Draw(seed, sidecars), Draw(seed, sidecars)
		if first.HCL("t") != again.HCL("t") {
			t.Errorf("seed %d draws two tables", seed)
		}
		for range 20 {
			if a, b := fmt.Sprint(first.Request()), fmt.Sprint(again.Request()); a != b {
				t.Errorf("seed %d draws two requests: %s and %s", seed, a, b)
			}
		}
	}
}

// Requests to tables come to everything that can become of them, and by most rules that a request can reach.
func TestDraw_varied(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options Options
		fields  []string // of matches and rules
	}{
		"grpc": {sidecars, []string{
			"uri", "ignoreUriCase", "headers", "withoutHeaders", "port", "sourceLabels", "sourceNamespace", "gateways",
			"delegate", "weight", "fault",
			"redirect", "directResponse", "timeout", "retries", "exact", "prefix", "regex", "set-cookie",
		}},
		"envoy": {atGateway(), []string{
			"queryParams", "method", "scheme", "authority", "@request.auth.claims", "mirror", "mirrors", "rewrite",
			"uriRegexRewrite", "headers", "delay", "set-cookie",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outcomes, kept := map[traffic.OutcomeKind]int{}, 0
			var text strings.Builder
			for seed := range uint64(200) {
				drawn := Draw(seed, c.options)
				kept += len(drawn.Kept())
				for _, o := range drawn.Services {
					raw, err := protojson.Marshal(o.Spec)
					if err != nil {
						t.Fatal(err)
					}
					text.Write(raw)
				}
				table := traffic.NewTable(drawn.Services, drawn.Rules, traffic.Options{})
				for range 10 {
					outcomes[table.Evaluate(drawn.Request()).Kind]++
				}
			}
			if kept < 10 {
				t.Errorf("%d rules of 200 tables keep a subset", kept)
			}
			for _, field := range c.fields {
				if !strings.Contains(text.String(), `"`+field) {
					t.Errorf("no table has a %s", field)
				}
			}
			for _, kind := range []traffic.OutcomeKind{
				traffic.Forward, traffic.RedirectTo, traffic.Respond, traffic.NoRoute, traffic.Unclaimed,
			} {
				if outcomes[kind] < 20 {
					t.Errorf("%d of 2000 requests come to %s: %v", outcomes[kind], kind, outcomes)
				}
			}
			if outcomes[traffic.Forward] < 1000 {
				t.Errorf("%d of 2000 requests are forwarded", outcomes[traffic.Forward])
			}
		})
	}
}
