package acceptance_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// canaryExample is an example of the page of a resource, for a service of the lab.
type canaryExample struct {
	*cli
	lab *acctest.Lab
}

// newCanaryExample writes an example into a working directory. The names of the lab take the place of the example's,
// and those of pairs too.
func newCanaryExample(t *testing.T, lab *acctest.Lab, name string, pairs ...string) canaryExample {
	t.Helper()
	e := canaryExample{newCLI(t, reattach(t), "KUBE_CONFIG_PATH="+lab.Kubeconfig), lab}
	pairs = append(pairs, `service   = "greeter"`, fmt.Sprintf("service   = %q", lab.Service),
		`service            = "greeter"`, fmt.Sprintf("service            = %q", lab.Service),
		"greeter.greeter.svc.cluster.local", lab.Host, `"greeter"`+"\n", fmt.Sprintf("%q\n", lab.Namespace))
	text := readFile(t, "../../../examples/"+name+"/main.tf")
	text = strings.NewReplacer(pairs...).Replace(text)
	if provider := "provider \"mesh\" {\n"; strings.Contains(text, provider) {
		block, rest, _ := strings.Cut(strings.SplitN(text, provider, 2)[1], "\n}\n")
		e.configure(block, strings.SplitN(text, provider, 2)[0]+rest)
	} else {
		e.configure("", text)
	}
	return e
}

// applied applies the example, looks at what it does, checks that a plan is empty then, and destroys it.
func (e canaryExample) applied(look func()) {
	e.t.Helper()
	e.must("apply")
	look()
	if r := e.run("plan", "-detailed-exitcode"); !r.ok {
		e.t.Errorf("the plan is not empty:\n%s", r)
	}
	e.must("destroy")
}

// TestAccExamples_canary applies the examples of mesh_canary_route, and that of mesh_weighted_split, that gRPC's own
// client shows.
func TestAccExamples_canary(t *testing.T) {
	t.Parallel()
	shares := func(lab *acctest.Lab, v1, v2 float64) {
		lab.Eventually(acctest.Request{Count: 1000}, acctest.Shares(map[string]float64{"v1": v1, "v2": v2}))
	}
	tests := map[string]func(*testing.T, *acctest.Lab){
		"weights": func(t *testing.T, lab *acctest.Lab) {
			newCanaryExample(t, lab, "canary-route/weights").applied(func() { shares(lab, 90, 10) })
		},
		"split": func(t *testing.T, lab *acctest.Lab) {
			newCanaryExample(t, lab, "weighted-split/shares").applied(func() { shares(lab, 90, 10) })
		},
		"policies": func(t *testing.T, lab *acctest.Lab) {
			newCanaryExample(t, lab, "canary-route/policies").applied(func() {
				shares(lab, 90, 10)
				broken := acctest.Request{Headers: map[string]string{"try": "broken"}}
				lab.Eventually(broken, acctest.Failing("Unavailable"))
				lab.Eventually(acctest.Request{Headers: map[string]string{"x-sleep": "4s"}, Count: 8, Timeout: "6s"},
					acctest.Failing("DeadlineExceeded"))
			})
		},
		"services": func(t *testing.T, lab *acctest.Lab) {
			other := acctest.Start(t)
			newCanaryExample(t, lab, "canary-route/services", "cart =", fmt.Sprintf("%q =", lab.Service),
				"checkout =", fmt.Sprintf("%q =", other.Service)).applied(func() {
				lab.Eventually(acctest.Request{}, acctest.Only("v1"))
				shares(other, 90, 10)
			})
		},
		"rollouts": func(t *testing.T, lab *acctest.Lab) {
			newCanaryExample(t, lab, "canary-route/rollouts").applied(func() {
				k := newKube(t, lab.Kubeconfig)
				for kind, change := range map[string]func(*unstructured.Unstructured){
					acctest.VirtualService: func(o *unstructured.Unstructured) {
						setWeights(specOf(o), map[string]int64{"stable": 80, "canary": 20})
					},
					acctest.DestinationRule: func(o *unstructured.Unstructured) {
						for i, subset := range specOf(o)["subsets"].([]any) {
							subset.(map[string]any)["labels"] = map[string]any{rolloutsLabel: fmt.Sprint(i)}
						}
					},
				} {
					if err := updateAs(t.Context(), k, lab, rolloutsManager, kind, change); err != nil {
						t.Fatal(err)
					}
				}
			})
		},
		"new cluster": func(t *testing.T, lab *acctest.Lab) {
			c := newConnection(t, lab)
			e := newCanaryExample(t, lab, "canary-route/new-cluster")
			if err := os.Mkdir(filepath.Join(e.dir, "cluster"), 0o700); err != nil {
				t.Fatal(err)
			}
			var module strings.Builder
			for name, value := range map[string]string{
				"endpoint": c.host, "ca_certificate": c.authority, "token": c.token,
			} {
				fmt.Fprintf(&module, "resource \"terraform_data\" %q {\n  input = %q\n}\n\n"+
					"output %q {\n  value = terraform_data.%s.output\n}\n\n", name, value, name, name)
			}
			e.write("cluster/main.tf", module.String())
			e.must("get")
			e.must("plan").want(t, "warning", "Cluster not known yet")
			e.applied(func() { shares(lab, 90, 10) })
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, acctest.Start(t))
		})
	}
}

// TestAccExamples_proxied applies those that only Envoys show.
func TestAccExamples_proxied(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*testing.T, *acctest.Lab){
		"gateway": func(t *testing.T, lab *acctest.Lab) {
			gateway, outside := lab.Gateway(), lab.Service+".example"
			newCanaryExample(t, lab, "canary-route/gateway", "shop.example.com", outside,
				"istio-ingress/public", gateway.Namespace+"/"+gateway.Name).applied(func() {
				tester := map[string]string{"x-tester": "yes"}
				atGateway := acctest.Request{Via: "gateway", Protocol: "http1", Host: outside, Count: 1000}
				inMesh := acctest.Request{
					Via: "sidecar", Protocol: "http1", Host: lab.Host, Count: 1000, Headers: tester,
				}
				shares := acctest.Shares(map[string]float64{"v1": 90, "v2": 10})
				lab.Eventually(atGateway, shares)
				lab.Eventually(inMesh, shares)
				atGateway.Headers = tester
				lab.Eventually(atGateway, acctest.Only("v2"))
			})
		},
		"mirror": func(t *testing.T, lab *acctest.Lab) {
			newCanaryExample(t, lab, "canary-route/mirror").applied(func() {
				all := acctest.Request{Via: "sidecar", Protocol: "http1", Host: lab.Host, Count: 1000, Seen: true}
				lab.Eventually(all,
					func(a acctest.Answers) error {
						if copies := a.Seen["v2"]; copies < 150 || copies > 250 {
							return fmt.Errorf("of 1000 requests v2 got a copy of %d", copies)
						}
						return acctest.Only("v1")(a)
					})
			})
		},
		"sticky": func(t *testing.T, lab *acctest.Lab) {
			newCanaryExample(t, lab, "canary-route/sticky").applied(func() {
				lab.Eventually(acctest.Request{Via: "sidecar", Protocol: "http1", Host: lab.Host, Count: 1000},
					acctest.Shares(map[string]float64{"v1": 90, "v2": 10}))
				sidecar, _, _ := lab.Envoys()
				port := os.Getenv("MESH_TEST_HTTP_PORT")
				b := newBrowser(t, net.JoinHostPort(sidecar.Host, port), net.JoinHostPort(lab.Host, port), false)
				b.find(t, "v2")
				if diff := cmp.Diff(map[string]int{"v2": 100}, b.ends(t, 100)); diff != "" {
					t.Errorf("who got v2 does not keep it (-want +got):\n%s", diff)
				}
			})
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, acctest.StartProxied(t))
		})
	}
}
