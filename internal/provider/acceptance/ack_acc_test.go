package acceptance_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// sidecar is a client that is connected to istiod as a sidecar is.
type sidecar struct{ process *os.Process }

// watch connects a sidecar, and returns when it has its first configuration.
func (b *breakable) watch() *sidecar {
	b.t.Helper()
	command := exec.Command(strings.Fields(os.Getenv("MESH_TEST_CALL"))[0], "watch", "--dir", b.dir)
	// It lives as long as its standard input.
	input, err := command.StdinPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		b.t.Fatalf("connect a sidecar: %v", err)
	}
	s := &sidecar{command.Process}
	lines := bufio.NewScanner(output)
	b.t.Cleanup(func() {
		s.resume()
		input.Close()
		for lines.Scan() {
		}
		_ = command.Wait()
	})
	for lines.Scan() {
		if strings.Contains(lines.Text(), `"ready"`) {
			return s
		}
	}
	b.t.Fatal("the sidecar got no configuration")
	return nil
}

// freeze keeps the sidecar from acknowledging anything; its connection stays.
func (s *sidecar) freeze() { _ = s.process.Signal(syscall.SIGSTOP) }

func (s *sidecar) resume() { _ = s.process.Signal(syscall.SIGCONT) }

// address is an argument of a server of the lab, such as where istiod is asked.
func (b *breakable) address(server, flag string) string {
	b.t.Helper()
	arguments := b.line(server)
	return arguments[slices.Index(arguments, flag)+1]
}

// line is the command line of a server of the lab.
func (b *breakable) line(server string) []string {
	b.t.Helper()
	var processes map[string]struct{ Argv []string }
	if err := json.Unmarshal([]byte(readFile(b.t, filepath.Join(b.dir, "processes.json"))), &processes); err != nil {
		b.t.Fatal(err)
	}
	return processes[server].Argv
}

// services makes copies of the scenario's service, so that istiod has something to send.
func (b *breakable) services(k *kube, names ...string) {
	b.t.Helper()
	like, err := k.objects("v1", "services", "greeter").Get(b.t.Context(), "greeter", metav1.GetOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, name := range names {
		service := like.DeepCopy()
		service.Object["metadata"] = map[string]any{"name": name, "namespace": "greeter"}
		spec := service.Object["spec"].(map[string]any)
		delete(spec, "clusterIP")
		delete(spec, "clusterIPs")
		if _, err := k.objects("v1", "services", "greeter").Create(
			b.t.Context(), service, metav1.CreateOptions{},
		); err != nil {
			b.t.Fatal(err)
		}
	}
}

// routesTo are routes of one subset to several services.
func routesTo(subset, more string, services ...string) string {
	return fmt.Sprintf(`
resource "mesh_canary_route" "test" {
  for_each  = toset(%s)
  service   = each.key
  namespace = "greeter"
  subsets   = { %s = { labels = { app = "k8s-combat-service-v1" } } }
  default   = { subset = %q }
  %s
}
`, strings.ReplaceAll(fmt.Sprintf("%q", services), " ", ", "), subset, subset, more)
}

// warnings are the details of all warnings.
func (r result) warnings() []string {
	var all []string
	for _, d := range r.Diagnostics {
		if d.Severity == "warning" {
			all = append(all, d.Detail)
		}
	}
	return all
}

// TestAccAck: mode ack ends a wait when the proxies have acknowledged, says which never do, and where istiod cannot
// be asked takes the fixed time, with one warning that says why.
func TestAccAck(t *testing.T) {
	t.Parallel()
	lab := newBreakable(t)
	k := newKube(t, lab.kubeconfig())
	names := []string{
		"forward", "address", "right-a", "right-b", "right-c", "frozen", "killed-ack", "killed-settle", "none",
	}
	lab.services(k, names...)
	proxy := lab.watch()
	user := func(name string) string { return filepath.Join(lab.dir, "kubeconfig-"+name) }
	block := func(kubeconfig, settle, timeout, more string) string {
		return fmt.Sprintf("  config_path = %q\n  propagation = { mode = \"ack\", settle = %q, timeout = %q%s }\n",
			kubeconfig, settle, timeout, more)
	}
	// A wait of the fixed time would take this long; a rename of a subset waits twice.
	const settle = time.Minute
	rename := func(t *testing.T, terraform *cli, provider, more string, services ...string) (result, time.Duration) {
		t.Helper()
		terraform.configure(provider, routesTo("v1", more, services...))
		terraform.must("apply")
		terraform.configure(provider, routesTo("w1", more, services...))
		began := time.Now()
		r := terraform.must("apply")
		took := time.Since(began)
		terraform.must("plan", "-detailed-exitcode")
		return r, took
	}
	for name, test := range map[string]struct{ provider, service string }{
		"through a port-forward": {block(user("acker"), settle.String(), "50s", ""), "forward"},
		"at an address": {block(user("developer"), settle.String(), "50s",
			fmt.Sprintf(", istiod_addresses = [\"http://%s\"]", lab.address("istiod", "--monitoringAddr"))), "address"},
	} {
		r, took := rename(t, newCLI(t, "TF_LOG=INFO"), test.provider, "", test.service)
		if took >= settle/2 || len(r.warnings()) > 0 {
			t.Errorf("%s: a rename took %s, with the warnings %q", name, took, r.warnings())
		}
		for _, step := range []string{
			"step 1 of 5: update DestinationRule",
			"step 3 of 5: update VirtualService",
			"step 5 of 5: update DestinationRule",
		} {
			if !strings.Contains(r.text, step) {
				t.Errorf("%s: the log does not say %q", name, step)
			}
		}
		if strings.Contains(r.text, "Unhandled Error") {
			t.Errorf("%s: client-go wrote to standard error:\n%s", name, r.text)
		}
	}

	oneWarning := func(r result, say ...string) {
		t.Helper()
		if all := r.warnings(); len(all) != 1 || !containsAll(all[0], say...) {
			t.Errorf("warnings %q, want one that says all of %q", all, say)
		}
	}
	r, _ := rename(t, newCLI(t), block(user("developer"), "500ms", "50s", ""), "", "right-a", "right-b", "right-c")
	oneWarning(r, "the provider waits 500ms instead", `cannot list resource "pods"`, `in the namespace "istio-system"`)
	r, _ = rename(t, newCLI(t), block(lab.kubeconfig(), "500ms", "50s", `, istiod_namespace = "elsewhere"`), "", "none")
	oneWarning(r, "the provider waits 500ms instead", `every Pod of istiod in namespace "elsewhere"`,
		"none that is ready")

	terraform := newCLI(t)
	patient := block(user("acker"), "500ms", "3s", "")
	terraform.configure(patient, routesTo("v1", "", "frozen"))
	terraform.must("apply")
	proxy.freeze()
	terraform.configure(patient, routesTo("w1", "", "frozen"))
	r = terraform.must("apply")
	proxy.resume()
	oneWarning(r, "proxies did not acknowledge the change within 3s", "watch.greeter")
	terraform.must("plan", "-detailed-exitcode")

	testKilledInWait(t, lab, proxy, block(user("acker"), "4s", "50s", `, settle_after_failure = "0s"`))
}

// testKilledInWait kills istiod, and with it the webhook that every write needs, while one resource waits for
// acknowledgements and another one for the fixed time.
func testKilledInWait(t *testing.T, lab *breakable, proxy *sidecar, block string) {
	t.Helper()
	terraform := newCLI(t, "TF_LOG=INFO")
	configure := func(subset string) {
		both := routesTo(subset, `propagation = { mode = each.key == "killed-ack" ? "ack" : "settle" }`, "killed-ack",
			"killed-settle")
		terraform.configure(block, both)
	}
	configure("v1")
	terraform.must("apply")
	k := newKube(t, lab.kubeconfig())
	// As long as the proxy is silent, both waits last.
	proxy.freeze()
	configure("w1")
	apply := terraform.start("apply")
	for _, name := range []string{"killed-ack", "killed-settle"} {
		k.awaitGeneration("destinationrules", name, 2)
	}
	apply.running("the kill of istiod")
	lab.outage("istiod", time.Second)
	proxy.resume()
	r := apply.must()
	if !strings.Contains(r.text, "istiod does not answer, and is asked again") {
		t.Errorf("the log does not say that istiod is asked again:\n%s", r.text)
	}
	for _, text := range r.warnings() {
		if !strings.Contains(text, "tries and") {
			t.Errorf("the apply warns of %q", text)
		}
	}
	if strings.Contains(r.text, "Unhandled Error") {
		t.Errorf("client-go wrote to standard error:\n%s", r.text)
	}
	terraform.must("plan", "-detailed-exitcode")

	lab.control("kill", "istiod")
	terraform.configure(block, routesTo("v1", `timeouts = { update = "2s" }`, "killed-ack"))
	r = terraform.fails("API server failed",
		[]string{"failed calling webhook", "istio", `DestinationRule "greeter/killed-ack"`}, "apply")
	if strings.Contains(r.text, "Unhandled Error") {
		t.Errorf("client-go wrote to standard error:\n%s", r.text)
	}
}

func containsAll(text string, parts ...string) bool {
	return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(text, part) })
}
