package acceptance_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/ask"
	"github.com/meshroute/terraform-provider-mesh/internal/provider"
)

// kubectlRoutes makes what no Terraform wrote: a delegate behind a root, and a younger VirtualService for the same
// host, which has no effect.
func kubectlRoutes(lab *acctest.Lab) {
	const begin = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {namespace: NAMESPACE, " +
		"name: SERVICE"
	lab.Create("apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {namespace: NAMESPACE, name: " +
		"SERVICE}\n" +
		"spec: {host: SERVICE, subsets: [{name: one, labels: {app: k8s-combat-service-v1}}, " +
		"{name: two, labels: {app: k8s-combat-service-v2}}]}\n")
	lab.Create(begin + "-d}\nspec: {http: [{name: testers, match: [{headers: {version: {exact: '200'}}}], " +
		"route: [{destination: {host: SERVICE, subset: two}}]}, " +
		"{match: [{headers: {x-tester: {prefix: a}}}], fault: {abort: {grpcStatus: DATA_LOSS, percentage: {value: " +
		"100}}}, " +
		"route: [{destination: {host: SERVICE, subset: one}}]}, " +
		"{name: shares, route: [{destination: {host: SERVICE, subset: one}, weight: 75}, " +
		"{destination: {host: SERVICE, subset: two}, weight: 25}]}]}\n")
	lab.Create(begin + "-a}\nspec: {hosts: [SERVICE], http: [{name: all, delegate: {name: SERVICE-d}}]}\n")
	lab.Create(begin + "-b}\nspec: {hosts: [HOST], http: [{name: late, route: [{destination: {host: SERVICE, " +
		"subset: two}}]}]}\n")
}

// askedRequests are requests by their headers, and the rules that take them.
var askedRequests = map[string]struct{ header, value string }{
	"all-testers": {"version", "200"}, "all": {"x-tester", "abc"}, "all-shares": {"version", "100"},
}

// agrees checks that what is said of a request becomes of it.
func agrees(lab *acctest.Lab, header, value string, shares map[string]any, fault any) {
	request := acctest.Request{Headers: map[string]string{header: value}, Count: 1000}
	if fault != nil {
		lab.Eventually(request, acctest.Failing("DataLoss"))
		return
	}
	want := map[string]float64{}
	for subset, percent := range shares {
		want[map[string]string{"one": "v1", "two": "v2"}[subset]], _ = percent.(float64)
	}
	lab.Eventually(request, acctest.Shares(want))
}

// TestAccAsk: what the command says of the live cluster is what becomes of real requests, and what it says when
// somebody may not look.
func TestAccAsk(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	kubectlRoutes(lab)
	live := []string{"--live", "--kubeconfig", lab.Kubeconfig}
	for rule, test := range askedRequests {
		for _, where := range [][]string{
			{"-n", lab.Namespace, "--service", lab.Service}, {"--host", lab.Host},
			{"-n", lab.Namespace, "--host", lab.Service + ":50051"},
			{"http://" + lab.Service + "." + lab.Namespace + "/helloworld.Greeter/SayHello"},
		} {
			args := append(append([]string{}, live...), where...)
			outcome := askFor(t, append(args, "--grpc", "helloworld.Greeter/SayHello", "-H",
				test.header+": "+test.value)...)
			if outcome["virtual_service"] != lab.Namespace+"/"+lab.Service+"-a" || outcome["rule"] != rule {
				t.Errorf("ask %q: %v", where, outcome["summary"])
			}
			shares, _ := outcome["shares"].(map[string]any)
			agrees(lab, test.header, test.value, shares, outcome["fault"])
		}
	}
	say := func(code int, want string, args ...string) {
		t.Helper()
		var stdout, stderr strings.Builder
		got := ask.Run(append([]string{"--live"}, args...), provider.Connector("test"), strings.NewReader(""),
			&stdout, &stderr)
		if said := stdout.String() + stderr.String(); got != code || !strings.Contains(said, lab.Expand(want)) {
			t.Errorf("ask %q ends with %d, wants %d and %q:\n%s", args, got, code, lab.Expand(want), said)
		}
	}
	config := []string{"--kubeconfig", lab.Kubeconfig, "-n", lab.Namespace}
	say(1, "There is no Service SERVICEx in namespace NAMESPACE; the nearest is SERVICE", append(config, "--service",
		lab.Service+"x")...)
	say(0, "Service NAMESPACE/SERVICE has no port 1, but ", append(config, "--service", lab.Service, "--port", "1")...)
	say(1, "There is no Gateway NAMESPACE/none", append(config, "--service", lab.Service, "--gateway",
		lab.Namespace+"/none")...)
	say(2, "Which service? Give -n ", config...)
	say(2, `context "none" does not exist`, append(config, "--context", "none", "--service", lab.Service)...)
	say(2, "Could not read kubeconfig", "--kubeconfig", t.TempDir()+"/none", "--service", lab.Service)
	if lab.Nobody != "" {
		say(2, "The verb list on virtualservices of the API group networking.istio.io lets it look",
			"--kubeconfig", lab.Nobody,
			"-n", lab.Namespace, "--service", lab.Service)
	}
	if lab.Developer != "" {
		say(0, "what other namespaces than NAMESPACE have: list in all of them is not allowed", "--kubeconfig",
			lab.Developer,
			"-n", lab.Namespace, "--service", lab.Service)
	}
}

// TestAccAsk_proxied: at a gateway the rules of two VirtualServices hold, what the Gateway does not serve is not
// found, and in the mesh the older one holds, for the command as for real requests.
func TestAccAsk_proxied(t *testing.T) {
	t.Parallel()
	e := newEffects(t)
	e.edge("SERVICE.example", "")
	const begin = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {namespace: NAMESPACE, " +
		"name: SERVICE"
	e.lab.Create("apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {namespace: NAMESPACE, " +
		"name: SERVICE}\n" +
		"spec: {host: SERVICE, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}\n")
	e.lab.Create(e.in(begin + "-a}\nspec: {hosts: [SERVICE.example, other.SERVICE.example, HOST], gateways: " +
		"[SERVICE, mesh], http: [" +
		"{match: [{uri: {prefix: /one}}], route: [{destination: {host: HOST, subset: v1}}]}]}\n"))
	e.lab.Create(e.in(begin + "-b}\nspec: {hosts: [SERVICE.example, HOST], gateways: [EDGE, mesh], http: [" +
		"{route: [{destination: {host: HOST, subset: v2}}]}]}\n"))
	for name, test := range map[string]struct {
		via, host, path string
		// want is the subset, or the kind of what becomes of it.
		want string
	}{
		"the first at the gateway":  {"gateway", "SERVICE.example", "/one/x", "v1"},
		"the second at the gateway": {"gateway", "SERVICE.example", "/two", "v2"},
		"a host that is not served": {"gateway", "other.SERVICE.example", "/one", "unclaimed"},
		"the first in the mesh":     {"sidecar", "HOST", "/one", "v1"},
		"no rule in the mesh":       {"sidecar", "HOST", "/two", "no_route"},
	} {
		args := []string{"--live", "--kubeconfig", e.lab.Kubeconfig, "--host", e.in(test.host), "--path", test.path}
		if test.via == "gateway" {
			args = append(args, "--gateway", e.in("EDGE"), "--port", fmt.Sprint(e.gateway.Port))
		}
		outcome := askFor(t, args...)
		want := answeredWith("404")
		if outcome["kind"] == "forward" {
			subset, _ := outcome["subset"].(string)
			if subset != test.want {
				t.Errorf("%s: %v", name, outcome["summary"])
			}
			want = acctest.Only(subset)
		} else if outcome["kind"] != test.want {
			t.Errorf("%s: %v", name, outcome["summary"])
		}
		e.await(test.via, test.host, test.path, nil, want)
	}
}

// TestAccServiceRouting_asked: of what routes a service now, evaluate and the pictures say what becomes of requests.
func TestAccServiceRouting_asked(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	kubectlRoutes(lab)
	c := newCLI(t, reattach(t))
	guide := readFile(t, "../../../templates/guides/ask-where-a-request-goes.md")
	_, block, _ := strings.Cut(guide, "```terraform\n")
	block, _, _ = strings.Cut(block, "```")
	_, routes, _ := strings.Cut(guide, "```yaml\n")
	routes, _, _ = strings.Cut(routes, "```")
	file := c.write("greeter.yaml", routes)
	c.configure(fmt.Sprintf("config_path = %q\n", lab.Kubeconfig), strings.NewReplacer(
		`service   = "greeter"`, fmt.Sprintf("service = %q", lab.Service), `"shop"`, quote(lab.Namespace),
		`"routes/greeter.yaml"`, quote(file),
	).Replace(block)+`
output "asked" {
  value = { for rule, headers in {
    "all-testers" = { version = "200" }, all = { x-tester = "abc" }, "all-shares" = { version = "100" }
  } : rule => provider::mesh::evaluate(data.mesh_service_routing.greeter, { headers = headers }) }
}
`)
	c.must("apply")
	state := &tfjson.State{}
	c.show(state)
	outputs := state.Values.Outputs
	raw, err := json.Marshal(outputs["asked"].Value)
	if err != nil {
		t.Fatal(err)
	}
	var asked map[string]map[string]any
	if err := json.Unmarshal(raw, &asked); err != nil {
		t.Fatal(err)
	}
	for rule, test := range askedRequests {
		outcome := asked[rule]
		if outcome["virtual_service"] != lab.Namespace+"/"+lab.Service+"-a" || outcome["rule"] != rule {
			t.Errorf("%s: %v", rule, outcome["summary"])
		}
		shares, _ := outcome["shares"].(map[string]any)
		agrees(lab, test.header, test.value, shares, outcome["fault"])
	}
	for output, want := range map[string]string{
		"testers": `Rule http[0] > ` + lab.Namespace + "/" + lab.Service +
			`-d http[0] "all-testers": requests with header ` +
			"version=200 go to two.",
		"planned": `Rule http[0] "testers": requests with header version=200 go to v2.`,
	} {
		if got := outputs[output].Value; got != want {
			t.Errorf("output %s is %q, want %q", output, got, want)
		}
	}
	for _, words := range []string{"one 75 %, two 25 %", "all-testers: requests with header version=200"} {
		if picture := fmt.Sprint(outputs["picture"].Value); !strings.Contains(picture, words) {
			t.Errorf("the picture does not say %q:\n%s", words, picture)
		}
	}
}
