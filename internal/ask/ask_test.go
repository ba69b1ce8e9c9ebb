package ask_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshroute/terraform-provider-mesh/internal/ask"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

// routesText is a canary with a Service beside it.
const routesText = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: greeter, namespace: shop}
spec:
  hosts: [greeter, greeter.example.com]
  gateways: [mesh, public]
  http:
  - name: testers
    match: [{headers: {version: {exact: "200"}}}, {name: old, method: {exact: POST}, uri: {prefix: /shop.Greeter/}}]
    route: [{destination: {host: greeter, subset: v2}}]
    fault: {delay: {fixedDelay: 5s, percentage: {value: 10}}}
  - match: [{sourceLabels: {app: web}, sourceNamespace: front}]
    redirect: {authority: www.example.com}
  - match: [{uri: {prefix: /closed}}]
    directResponse: {status: 503, body: {string: "closed\e[31m"}}
  - route:
    - {destination: {host: greeter, subset: v1}, weight: 90, headers: {request: {set: {x: "y z"}, remove: [z]}}}
    - {destination: {host: greeter, subset: v9}, weight: 10}
    timeout: 90s
    retries: {attempts: 3, perTryTimeout: 1s, retryOn: 5xx}
    mirror: {host: greeter, subset: v3}
    mirrorPercentage: {value: 12.5}
    rewrite: {uri: /new, authority: other}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: greeter, namespace: shop}
spec: {host: greeter, subsets: [{name: v1, labels: {version: v1, app: greeter}}, {name: v2, labels: {version: v2}}]}
---
apiVersion: v1
kind: Service
metadata: {name: greeter, namespace: shop}
`

// otherText is a VirtualService for another host.
const otherText = `apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: cart}
spec: {hosts: [cart], http: [{route: [{destination: {host: cart}}]}]}
`

// answer is what the command says.
type answer struct {
	Code           int
	Stdout, Stderr string
}

// folder makes a folder with files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// nowhere connects to no cluster.
func nowhere(string, string) (*cluster.Cluster, string) {
	return nil, "No cluster is configured: none."
}

// run asks. In the arguments and in what is said DIR is a folder.
func run(dir, stdin string, args ...string) answer {
	given := make([]string, len(args))
	for i, arg := range args {
		given[i] = strings.ReplaceAll(arg, "DIR", dir)
	}
	var stdout, stderr strings.Builder
	code := ask.Run(given, nowhere, strings.NewReader(stdin), &stdout, &stderr)
	said := func(b strings.Builder) string {
		if dir == "" {
			return b.String()
		}
		return strings.ReplaceAll(b.String(), dir, "DIR")
	}
	return answer{code, said(stdout), said(stderr)}
}

func check(t *testing.T, got, want answer) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

const toTesters = "Rule http[0] \"testers\": requests with header version=200 or path starting with /shop.Greeter/ " +
	"and method " +
	"POST go to v2, 10 % delayed by 5s.\n"

const toDefault = "Rule http[3]: all other requests: v1 90 %, v9 10 %, timeout 1m30s, 3 retries, 12.5 % copied to " +
	"v3, " +
	"path rewritten to /new, authority rewritten to other; no DestinationRule declares subset v9 of greeter, so that " +
	"requests to it fail with 503.\n"

// Everything that happens to a request is said.
func TestRun_words(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"routes.yaml": routesText})
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"nothing else": {nil, `GET http://greeter.shop.svc.cluster.local/ from a sidecar, port 80
` + toDefault + `
rule     http[3] of VirtualService "shop/greeter"
to       90 % greeter.shop.svc.cluster.local subset v1 (app=greeter, version=v1), sets x: "y z", removes z
         10 % greeter.shop.svc.cluster.local subset v9 (no DestinationRule declares it: 503)
timeout  1m30s
retries  3 on 5xx, each within 1s
copy     12.5 % to greeter.shop.svc.cluster.local subset v3
sent as  other /new
`},
		"a header": {[]string{"-H", "Version: 200"}, `GET http://greeter.shop.svc.cluster.local/ from a sidecar, port 80
` + toTesters + `
rule     http[0] "testers" of VirtualService "shop/greeter"
match    match[0]
to       100 % greeter.shop.svc.cluster.local subset v2 (version=v2)
retries  2 on connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes (Istio's default)
fault    10 % delayed by 5s
`},
		"gRPC": {[]string{"--grpc", "shop.Greeter/Hello", "--service", "greeter", "-n", "shop"}, "" +
			`POST http://greeter.shop.svc.cluster.local/shop.Greeter/Hello from a sidecar, port 80
` + toTesters + `
rule     http[0] "testers" of VirtualService "shop/greeter"
match    match[1] "old"
to       100 % greeter.shop.svc.cluster.local subset v2 (version=v2)
retries  2 on connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes (Istio's default)
fault    10 % delayed by 5s
`},
		"a caller": {
			[]string{"--source-label", "app=web,version=v1", "--source-namespace", "front", "--host", "greeter.shop"},
			`GET http://greeter.shop/ from a sidecar, port 80
Rule http[1]: requests with source label app=web and source namespace front are redirected to ` + "www.example.com." + `

rule      http[1] of VirtualService "shop/greeter"
match     match[0]
redirect  301 to http://www.example.com/
`},
		"an answer, with what would colour a terminal": {[]string{"http://greeter.shop/closed?a=b"}, "" +
			`GET http://greeter.shop/closed?a=b from a sidecar, port 80
Rule http[2]: requests with path starting with /closed get the answer 503 from the proxy.

rule    http[2] of VirtualService "shop/greeter"
match   match[0]
answer  503 "closed\x1b[31m"
`},
		"a host at another address": {
			[]string{"-H", "Host: greeter.shop", "http://127.0.0.1:8080/closed"},
			`GET http://greeter.shop/closed from a sidecar, port 8080
Rule http[2]: requests with path starting with /closed get the answer 503 from the proxy.

rule    http[2] of VirtualService "shop/greeter"
match   match[0]
answer  503 "closed\x1b[31m"
`},
		"a host at a gateway whose port is forwarded": {
			[]string{"--gateway", "shop/public", "-H", "Host: greeter.example.com", "http://127.0.0.1:8080/closed"},
			`GET http://greeter.example.com/closed at gateway shop/public, port 80
Rule http[2]: requests with path starting with /closed get the answer 503 from the proxy.

rule    http[2] of VirtualService "shop/greeter"
match   match[0]
answer  503 "closed\x1b[31m"
`},
		"a gateway": {
			[]string{"--gateway", "shop/public", "http://greeter.example.com:8080", "--header",
				"host: greeter.example.com:8080"},
			`GET http://greeter.example.com:8080/ at gateway shop/public, port 8080
` + toDefault + `
rule     http[3] of VirtualService "shop/greeter"
to       90 % greeter.shop.svc.cluster.local subset v1 (app=greeter, version=v1), sets x: "y z", removes z
         10 % greeter.shop.svc.cluster.local subset v9 (no DestinationRule declares it: 503)
timeout  1m30s
retries  3 on 5xx, each within 1s
copy     12.5 % to greeter.shop.svc.cluster.local subset v3
sent as  other /new
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, run(dir, "", append([]string{"-f", "DIR/routes.yaml"}, test.args...)...),
				answer{Stdout: test.want})
		})
	}
}
