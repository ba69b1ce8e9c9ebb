package acceptance_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// connection is what the tests of the connection attributes share.
type connection struct {
	host, token, authority string
	// kubeconfig has the contexts good, bad-user (a wrong token) and bad-cluster (nobody answers); the current one is
	// the last.
	kubeconfig string
}

func newConnection(t *testing.T, lab *acctest.Lab) connection {
	t.Helper()
	k := newKube(t, lab.Kubeconfig)
	c := connection{
		host:      k.config.Host,
		authority: k.authority,
		token:     k.token(lab.Namespace, lab.Service, everyVerb...),
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(c.authority))
	c.kubeconfig = fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: bad-cluster
clusters:
- {name: good, cluster: {server: %q, certificate-authority-data: %s}}
- {name: bad, cluster: {server: "https://127.0.0.1:1"}}
users:
- {name: good, user: {token: %s}}
- {name: bad, user: {token: wrong}}
contexts:
- {name: good, context: {cluster: good, user: good}}
- {name: bad-user, context: {cluster: good, user: bad}}
- {name: bad-cluster, context: {cluster: bad, user: good}}
`, c.host, encoded, c.token)
	return c
}

// attributes writes attributes of the provider block.
func attributes(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(&b, "  %s = %s\n", pairs[i], pairs[i+1])
	}
	return b.String()
}

func quote(s string) string { return fmt.Sprintf("%q", s) }

// connectProxy forwards connections, and counts those that named its user and password.
func connectProxy(t *testing.T, password string) (address string, used *atomic.Int32) {
	t.Helper()
	used = &atomic.Int32{}
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+password))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Header.Get("Proxy-Authorization") != want {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		upstream, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer upstream.Close()
		used.Add(1)
		client, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer client.Close()
		_, _ = client.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n"))
		go func() { _, _ = io.Copy(upstream, client) }()
		_, _ = io.Copy(client, upstream)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), used
}

// TestAccConnection_configuration: what is wrong with the provider block is said before anything is asked of a
// cluster.
func TestAccConnection_configuration(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	files := &cli{t: t, dir: t.TempDir()}
	broken := files.write("broken", "users:\n\t- token\n")
	good := "  config_path = " + quote(lab.Kubeconfig) + "\n"
	tests := map[string]struct {
		block, summary string
		say            []string
	}{
		"nothing": {
			"", "No cluster is configured", []string{"config_path", "KUBE_CONFIG_PATH", "host"},
		},
		"missing file": {
			`config_path = "/nonexistent/config"`,
			"Cluster configuration unusable",
			[]string{"/nonexistent/config", "no such file", "config_path"},
		},
		"broken file": {
			"config_path = " + quote(broken), "Cluster configuration unusable", []string{broken, "line 2"},
		},
		"missing context": {
			good + `config_context = "red"`,
			"Cluster configuration unusable",
			[]string{lab.Kubeconfig, `context "red" does not exist`, "config_context"},
		},
		"config_path and paths": {
			good + `config_paths = ["/x"]`, "Invalid Attribute Combination", []string{"config_path"},
		},
		"long wait": {
			good + `propagation = { settle = "61s" }`, "Invalid provider configuration", []string{"0s to 60s", "61s"},
		},
		"negative wait": {
			good + `propagation = { settle = "-1s" }`, "Invalid provider configuration", []string{"0s to 60s"},
		},
		"wait without a unit": {
			good + `propagation = { settle = "2" }`, "Invalid provider configuration", []string{"0s to 60s"},
		},
		"long field manager": {good + `field_manager = { name = "` + strings.Repeat("m", 200) +
			`" }`, "Invalid provider configuration", []string{"128 characters"}},
		"unprintable manager": {
			good + `field_manager = { name = "a\nb" }`, "Invalid provider configuration", []string{"printable"},
		},
		"namespace that is none": {
			good + `default_namespace = "Shop!"`,
			"Invalid provider configuration",
			[]string{"default_namespace", "lower case"},
		},
		"domain that is none": {
			good + `cluster_domain = "-"`, "Invalid provider configuration", []string{"cluster_domain"},
		},
		"two exec blocks": {good + strings.Repeat(
			"\nexec {\n  api_version = \"client.authentication.k8s.io/v1\"\n  command = \"x\"\n}\n", 2,
		), "Invalid Attribute Value", []string{"exec"}},
		"unknown attribute": {
			good + `load_config_file = true`, "Unsupported argument", []string{"load_config_file"},
		},
		"certificate without key": {
			`host = "https://127.0.0.1:1"` + "\n" + `client_certificate = "x"`,
			"Cluster configuration unusable",
			[]string{"client_certificate and client_key"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terraform := newCLI(t)
			terraform.configure(test.block, routeTo(lab.Service, lab.Namespace, ""))
			terraform.fails(test.summary, test.say, "plan")
		})
	}
}

// TestAccConnection_unknown: a connection that is known only after apply, as that of a cluster made in the same run.
// Plan says what it could not check; apply works, and so does the plan after it.
func TestAccConnection_unknown(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	c := newConnection(t, lab)
	terraform := newCLI(t)
	configure := func(generation int) {
		t.Helper()
		terraform.configure(fmt.Sprintf(`
  host                   = terraform_data.cluster.output.host
  token                  = %q
  cluster_ca_certificate = %q
  default_namespace      = terraform_data.cluster.output.namespace
  cluster_domain         = terraform_data.cluster.output.domain
  propagation            = { settle = "0s" }
`, c.token, c.authority), fmt.Sprintf(`
resource "terraform_data" "cluster" {
  input = { host = %q, namespace = %q, domain = "cluster.local", generation = %d }
}

resource "mesh_canary_route" "test" {
  service = %q
  subsets = { v1 = { labels = { app = "k8s-combat-service-v1" } } }
  default = { subset = "v1" }
}
`, c.host, lab.Namespace, generation, lab.Service))
	}
	configure(1)
	terraform.must("plan").want(t, "warning", "Cluster not known yet", "known only after apply", "checked at apply")
	terraform.must("apply")
	lab.MustGet(acctest.VirtualService, lab.Service)
	if r := terraform.must("plan", "-detailed-exitcode"); len(r.Diagnostics) > 0 {
		t.Errorf("plan after apply:\n%s", r)
	}
	before := lab.MustGet(acctest.VirtualService, lab.Service).GetResourceVersion()
	configure(2)
	terraform.must("plan").want(t, "warning", "Cluster not known yet", "known only after apply",
		"state was not compared")
	terraform.must("apply")
	if after := lab.MustGet(acctest.VirtualService, lab.Service).GetResourceVersion(); after != before {
		t.Errorf("resource version %s, want %s: nothing changed but what the provider knows", after, before)
	}
	terraform.must("destroy")
	nothingIn(t, lab)
}

// TestAccConnection_settings: the other settings of the provider block act.
func TestAccConnection_settings(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	terraform := newCLI(t)
	configure := func(more string) {
		terraform.configure(fmt.Sprintf(`
  config_path       = %q
  default_namespace = %q
  propagation       = { settle = "0s" }
  %s
`, lab.Kubeconfig, lab.Namespace, more), fmt.Sprintf(`
resource "mesh_canary_route" "test" {
  service = %q
  subsets = { v1 = { labels = { app = "k8s-combat-service-v1" } } }
  default = { subset = "v1", timeout = "5s" }
}

output "host" { value = mesh_canary_route.test.host }
`, lab.Service))
	}
	configure(`field_manager = { name = "shop-team" }`)
	terraform.must("apply")
	live := lab.MustGet(acctest.VirtualService, lab.Service)
	managers := live.GetManagedFields()
	if len(managers) != 1 || managers[0].Manager != "shop-team" || managers[0].Operation != "Apply" {
		t.Errorf("managers %v, want shop-team alone", managers)
	}
	lab.Edit(acctest.VirtualService, lab.Service, func(spec map[string]any) {
		spec["http"].([]any)[0].(map[string]any)["timeout"] = "7s"
	})
	terraform.fails("Fields owned by another manager", []string{"kubectl-edit", ".spec.http", "force_conflicts = true"},
		"apply")
	if !terraform.inState(routeAddress) {
		t.Error("the conflict took the resource out of the state")
	}
	configure(`field_manager = { name = "shop-team", force_conflicts = true }`)
	terraform.must("apply")
	http := lab.MustGet(acctest.VirtualService,
		lab.Service).Object["spec"].(map[string]any)["http"].([]any)[0].(map[string]any)
	if http["timeout"] != "5s" {
		t.Errorf("timeout %v, want 5s again", http["timeout"])
	}
	configure(`cluster_domain = "mesh.example"` + "\n" +
		`field_manager = { name = "shop-team", force_conflicts = true }`)
	terraform.must("plan", "-out=settings.tfplan")
	r := terraform.must("show", "-no-color", "settings.tfplan")
	if want := lab.Service + "." + lab.Namespace + ".svc.mesh.example"; !strings.Contains(r.text, want) {
		t.Errorf("the plan does not show %s:\n%s", want, r.text)
	}
	configure(`field_manager = { name = "shop-team", force_conflicts = true }`)
	terraform.must("destroy")
	nothingIn(t, lab)
}

// TestAccConnection_inCluster: without any configuration, a pod's service account is used. The files that a pod has
// are put in place in a mount namespace of Terraform's own.
func TestAccConnection_inCluster(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	c := newConnection(t, lab)
	at, err := url.Parse(c.host)
	if err != nil {
		t.Fatal(err)
	}
	terraform := newCLI(t, "KUBERNETES_SERVICE_HOST="+at.Hostname(), "KUBERNETES_SERVICE_PORT="+at.Port())
	terraform.configure("", routeTo(lab.Service, lab.Namespace, ""))
	terraform.fails("No cluster is configured", []string{"config_path"}, "plan")

	files := &cli{t: t, dir: t.TempDir()}
	files.write("token", c.token)
	files.write("ca.crt", c.authority)
	files.write("namespace", lab.Namespace)
	const script = `set -e
mount -t tmpfs tmpfs "$(readlink -f /var/run)"
mkdir -p /var/run/secrets/kubernetes.io/serviceaccount
cp "$1"/* /var/run/secrets/kubernetes.io/serviceaccount
shift
exec "$@"`
	terraform.wrapper = []string{"unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", files.dir}
	if out, err := exec.Command(
		terraform.wrapper[0], append(terraform.wrapper[1:], "true")...,
	).CombinedOutput(); err != nil {
		t.Skipf("this machine gives no mount namespace: %v: %s", err, out)
	}
	if r := terraform.must("plan"); len(r.Diagnostics) > 0 {
		t.Errorf("want no diagnostic:\n%s", r)
	}
}
