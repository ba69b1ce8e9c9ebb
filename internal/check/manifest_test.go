package check_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	networking "istio.io/api/networking/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/check"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

const gatewayManifest = `
apiVersion: networking.istio.io/v1beta1
kind: Gateway
metadata: {name: web, namespace: edge, labels: {team: a}, uid: x}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {name: http, number: 80, protocol: HTTP}, hosts: ["shop/*.example"], tls: {httpsRedirect: true}}
status: {}
`

// readManifest reads YAML of one object, and returns what is wrong with it in words.
func readManifest(t *testing.T, text string) (*istio.Object, []string) {
	t.Helper()
	trees, err := istio.ReadYAML(text)
	if err != nil {
		t.Fatal(err)
	}
	tree, ok := trees[0].(map[string]any)
	if !ok {
		t.Fatalf("%T is no object", trees[0])
	}
	o, problems := check.Manifest(tree, "default")
	var wrong []string
	for _, p := range problems {
		wrong = append(wrong, p.At.String()+": "+p.Text())
	}
	return o, wrong
}

func TestManifest(t *testing.T) {
	t.Parallel()
	want := &istio.Object{
		Namespace: "edge", Name: "web", Labels: map[string]string{"team": "a"},
		Spec: &networking.Gateway{
			Selector: map[string]string{"istio": "ingressgateway"},
			Servers: []*networking.Server{{
				Port:  &networking.Port{Name: "http", Number: 80, Protocol: "HTTP"},
				Hosts: []string{"shop/*.example"}, Tls: &networking.ServerTLSSettings{HttpsRedirect: true},
			}},
		},
	}
	got, wrong := readManifest(t, gatewayManifest)
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" || wrong != nil {
		t.Errorf("wrong %v, object (-want +got):\n%s", wrong, diff)
	}
}

const (
	withoutSpec = "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}"
	aService    = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec:\n" +
		"  hosts: [a]\n  http:\n  - timeout: 5s\n    retries: {attempts: 2, perTryTimeout: 100ms}\n" +
		"    match: [{headers: {x: {exact: a}}, withoutHeaders: {y: {}}}]\n" +
		"    corsPolicy: {maxAge: 24h, allowCredentials: true}\n    route: [{destination: {host: a}, weight: 1}]\n"
	aEntry = "apiVersion: networking.istio.io/v1alpha3\nkind: ServiceEntry\nmetadata: {name: a}\nspec:\n" +
		"  hosts: [a.example]\n  location: MESH_EXTERNAL\n  resolution: DNS\n" +
		"  ports: [{number: 80, name: http, protocol: HTTP}]\n"
	aRule = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec:\n" +
		"  host: a\n  trafficPolicy: {outlierDetection: {consecutive5xxErrors: 5, baseEjectionTime: 1h}}\n" +
		"  subsets: [{name: v1, labels: {version: v1}}]\n"
)

// What the API server and istiod refuse is said at its place, in the names of the file.
func TestManifest_refused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		of, was, is string
		want        []string
	}{
		"nothing, of a VirtualService":  {of: aService},
		"nothing, of a DestinationRule": {of: aRule},
		"nothing, of a ServiceEntry":    {of: aEntry},
		"no kind": {of: aEntry, was: "kind: ServiceEntry", want: []string{
			"kind: is missing; it is VirtualService, DestinationRule, Gateway or ServiceEntry",
		}},
		"a kind that is a number": {of: aEntry, was: "kind: ServiceEntry", is: "kind: 1", want: []string{
			"kind: must be a string",
		}},
		"another kind": {of: aEntry, was: "kind: ServiceEntry", is: "kind: Sidecar", want: []string{
			`kind: "Sidecar" has nothing to do with this route: it must be VirtualService, DestinationRule, Gateway ` +
				`or ServiceEntry`,
		}},
		"no version": {of: aEntry, was: "apiVersion: networking.istio.io/v1alpha3", want: []string{
			"apiVersion: is missing; it is networking.istio.io/v1, networking.istio.io/v1beta1 or " +
				"networking.istio.io/v1alpha3",
		}},
		"a version that is a list": {of: aEntry, was: "networking.istio.io/v1alpha3", is: "[]", want: []string{
			"apiVersion: must be a string",
		}},
		"the Gateway API": {
			of: gatewayManifest, was: "networking.istio.io/v1beta1", is: "gateway.networking.k8s.io/v1",
			want: []string{"apiVersion: must be networking.istio.io/v1, networking.istio.io/v1beta1 or " +
				`networking.istio.io/v1alpha3, got "gateway.networking.k8s.io/v1"`},
		},
		"no metadata": {of: aEntry, was: "metadata: {name: a}", want: []string{"metadata.name: is missing"}},
		"metadata that is a text": {
			of: aEntry, was: "{name: a}", is: "a", want: []string{"metadata: must be an object"},
		},
		"no name": {of: aEntry, was: "{name: a}", is: "{}", want: []string{"metadata.name: is missing"}},
		"names that are numbers": {of: aEntry, was: "{name: a}", is: "{name: 1, namespace: 2}", want: []string{
			"metadata.name: must be a string", "metadata.namespace: must be a string",
		}},
		"names of nothing": {of: aEntry, was: "{name: a}", is: "{name: A, namespace: a.b}", want: []string{
			`metadata.name: "A" is no object name: at most 253 lower-case letters, digits, - and ., with a letter or ` +
				`digit at both ends`,
			`metadata.namespace: "a.b" is no namespace: at most 63 lower-case letters, digits and -, with a letter ` +
				`or digit at both ends`,
		}},
		"labels": {
			of: aEntry, was: "{name: a}", is: "{name: a, labels: [], annotations: {x: 1, y: z}, labls: {}, q: 1}",
			want: []string{
				"metadata.labels: must be an object", `metadata.annotations["x"]: must be a string`,
				"metadata.labls: is no field of the metadata of an object; the nearest is labels",
				"metadata.q: is no field of the metadata of an object",
			},
		},
		"no spec": {
			of: withoutSpec, want: []string{"spec: is missing"},
		},
		"a spec that is a list": {
			of: withoutSpec + "\nspec: []", want: []string{"spec: must be an object"},
		},
		"a field beside the spec": {of: aEntry + "hosts: [a]\n", want: []string{
			"hosts: is no field of a ServiceEntry",
		}},
		"fields that are not": {of: aService, was: "timeout", is: "time_out", want: []string{
			"spec.http[0].time_out: is no field of a HTTPRoute; the nearest is timeout",
		}},
		"a name of protobuf": {of: aService, was: "withoutHeaders", is: "without_headers", want: []string{
			"spec.http[0].match[0].without_headers: is no field of a HTTPMatchRequest; the nearest is withoutHeaders",
		}},
		"no list": {of: aService, was: "[{destination: {host: a}, weight: 1}]", is: "{}", want: []string{
			"spec.http[0].route: must be a list",
		}},
		"no object": {of: aService, was: "{host: a}", is: "a", want: []string{
			"spec.http[0].route[0].destination: must be an object",
		}},
		"no map": {of: aService, was: "{x: {exact: a}}", is: "[]", want: []string{
			"spec.http[0].match[0].headers: must be an object",
		}},
		"a text in a map": {of: aService, was: "{exact: a}", is: "a", want: []string{
			`spec.http[0].match[0].headers["x"]: must be an object`,
		}},
		"two of one": {of: aService, was: "{exact: a}", is: "{exact: a, prefix: b}", want: []string{
			`spec.http[0].match[0].headers["x"].prefix: cannot be set beside exact`,
		}},
		"a number in quotes": {of: aService, was: "weight: 1", is: "weight: '1'", want: []string{
			"spec.http[0].route[0].weight: must be a whole number from -2147483648 to 2147483647",
		}},
		"a part of a number": {of: aService, was: "weight: 1", is: "weight: 1.5", want: []string{
			"spec.http[0].route[0].weight: must be a whole number from -2147483648 to 2147483647",
		}},
		"too large a number": {of: gatewayManifest, was: "number: 80", is: "number: 4294967296", want: []string{
			"spec.servers[0].port.number: must be a whole number from 0 to 4294967295",
		}},
		"a text that is a number": {of: gatewayManifest, was: "protocol: HTTP", is: "protocol: 1", want: []string{
			"spec.servers[0].port.protocol: must be a string",
		}},
		"no truth": {of: gatewayManifest, was: "httpsRedirect: true", is: "httpsRedirect: 'yes'", want: []string{
			"spec.servers[0].tls.httpsRedirect: must be true or false",
		}},
		"no wrapped truth": {of: aService, was: "allowCredentials: true", is: "allowCredentials: 1", want: []string{
			"spec.http[0].corsPolicy.allowCredentials: must be true or false",
		}},
		"no wrapped number": {of: aRule, was: "Errors: 5", is: "Errors: -5", want: []string{
			"spec.trafficPolicy.outlierDetection.consecutive5xxErrors: must be a whole number from 0 to 4294967295",
		}},
		"no duration": {of: aService, was: "timeout: 5s", is: "timeout: 5", want: []string{
			"spec.http[0].timeout: must be a duration such as 5s",
		}},
		"no choice": {of: aEntry, was: "resolution: DNS", is: "resolution: DSN", want: []string{
			"spec.resolution: must be one of NONE, STATIC, DNS, DNS_ROUND_ROBIN and DYNAMIC_DNS",
		}},
		"a null is nothing": {of: aEntry, was: "resolution: DNS", is: "resolution: DNS\n  exportTo: null"},
		"what istiod says of a Gateway": {of: gatewayManifest, was: "number: 80", is: "number: 99999", want: []string{
			"spec.servers[0].port.number: port number 99999 must be in the range 1..65535",
		}},
		"what istiod says of a ServiceEntry": {of: aEntry, was: "[a.example]", is: "[]", want: []string{
			"spec: service entry must have at least one host",
		}},
		"what istiod says of a VirtualService": {of: aService, was: "attempts: 2", is: "attempts: -2", want: []string{
			"spec.http[0].retries.attempts: attempts cannot be negative",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(test.of, test.was) {
				t.Fatalf("there is no %q in\n%s", test.was, test.of)
			}
			_, got := readManifest(t, strings.Replace(test.of, test.was, test.is, 1))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// What is right has the shape of its kind, whatever is in it.
func FuzzManifest(f *testing.F) {
	for _, text := range []string{gatewayManifest, aService, aEntry, aRule} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		trees, err := istio.ReadYAML(text)
		if err != nil {
			return
		}
		for _, tree := range trees {
			if manifest, ok := tree.(map[string]any); ok {
				o, problems := check.Manifest(manifest, "default")
				if o == nil && len(problems) == 0 {
					raw, _ := json.Marshal(manifest)
					t.Errorf("neither an object nor a problem: %s", raw)
				}
			}
		}
	})
}
