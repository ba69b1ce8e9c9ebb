package acceptance_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// breakable is a control plane that nobody else uses, so that a test may break it.
type breakable struct {
	t   *testing.T
	dir string
}

// newBreakable starts a lab with the command that runs the shared one. It ends with the test, at the latest with the
// test's process.
func newBreakable(t *testing.T) *breakable {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests need TF_ACC=1 and a control plane: make testacc")
	}
	acctest.NeedEmbedded(t)
	b := &breakable{t: t, dir: filepath.Join(t.TempDir(), "lab")}
	log, err := os.Create(filepath.Join(t.TempDir(), "meshlab.log"))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(strings.Fields(os.Getenv("MESH_TEST_CALL"))[0], "up", "--dir", b.dir)
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatalf("start a lab: %v", err)
	}
	ended := make(chan struct{})
	go func() { _ = command.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			_ = command.Process.Kill()
		}
		log.Close()
	})
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if strings.Contains(readFile(t, log.Name()), "Ctrl-C stops it") {
			return b
		}
		select {
		case <-ended:
		default:
			if time.Now().Before(deadline) {
				continue
			}
		}
		t.Fatalf("the lab does not start:\n%s", readFile(t, log.Name()))
	}
}

func (b *breakable) kubeconfig() string { return filepath.Join(b.dir, "kubeconfig") }

// control kills or restarts a server.
func (b *breakable) control(what, server string) {
	b.t.Helper()
	url := strings.TrimSpace(readFile(b.t, filepath.Join(b.dir, "control"))) + "/" + what + "/" + server
	response, err := http.Post(url, "", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %s", url, response.Status)
	}
}

// eventually runs a command until it succeeds: a server that was started again needs some time.
func (c *cli) eventually(arguments ...string) {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(500 * time.Millisecond) {
		r := c.run(arguments...)
		if r.ok {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("terraform %s still fails:\n%s", strings.Join(arguments, " "), r)
		}
	}
}

// TestAccFailure_controlPlane: servers that are down, and an API that is not installed. What was made stays in the
// state, nothing is left half made, and everything goes on when they are back.
func TestAccFailure_controlPlane(t *testing.T) {
	t.Parallel()
	lab := newBreakable(t)
	k := newKube(t, lab.kubeconfig())
	virtualServices := k.objects(istio.APIVersion, "virtualservices", "greeter")
	block := fmt.Sprintf("  config_path = %q\n  propagation = { settle = \"0s\" }\n", lab.kubeconfig())
	terraform, other := newCLI(t), newCLI(t)
	const briefly = "timeouts = { create = \"5s\", update = \"5s\" }\n  "
	terraform.configure(block, routeTo("greeter", "greeter", briefly))
	other.configure(block, routeTo("k8s-combat-service-istio-mesh", "greeter", briefly))
	terraform.must("apply")
	version := func() string {
		t.Helper()
		live, err := virtualServices.Get(t.Context(), "greeter", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return live.GetResourceVersion()
	}
	inState := func(after string) {
		t.Helper()
		if !terraform.inState(routeAddress) {
			t.Fatalf("the resource is not in the state after %s", after)
		}
	}
	before := version()
	served := acctest.At(t, lab.dir)
	served.Eventually(acctest.Request{}, acctest.Only("v1"))
	stop := served.Background(acctest.Request{Rate: 100})

	lab.control("kill", "istiod")
	terraform.configure(block, routeTo("greeter", "greeter", briefly+`hosts = ["greeter.example"]`))
	webhook := []string{"failed calling webhook", "istio.io", "check that istiod runs"}
	terraform.fails("API server failed", append(webhook, `VirtualService "greeter/greeter"`), "apply")
	inState("a failed webhook")
	other.fails("API server failed", append(webhook, `DestinationRule "greeter/k8s-combat-service-istio-mesh"`),
		"apply")
	if other.inState(routeAddress) || version() != before {
		t.Error("a write that failed has left something")
	}
	lab.control("restart", "istiod")
	terraform.configure(block, routeTo("greeter", "greeter", briefly))
	other.eventually("apply")

	lab.control("kill", "kube-apiserver")
	for _, command := range []string{"plan", "destroy"} {
		terraform.fails("Cluster not reachable", []string{"connection refused", k.config.Host, "API server runs"},
			command)
	}
	inState("a refresh without an API server")
	lab.control("restart", "kube-apiserver")
	terraform.eventually("plan", "-detailed-exitcode")
	if answers := stop(); answers.Total < 500 || answers.Versions["v1"] != answers.Total {
		t.Errorf("want hundreds of answers of v1 while servers were away, got %s", answers)
	}
	other.must("destroy")

	removeAPI(t, k, block, terraform, other)
}

// removeAPI takes Istio's API away: it goes slowly at first, for an object of it has a finalizer. What terraform has
// in its state goes with it, and other makes something new.
func removeAPI(t *testing.T, k *kube, block string, terraform, other *cli) {
	t.Helper()
	unread := newCLI(t)
	unread.configure(block, "resource \"mesh_destination_rule\" \"test\" {\n  name      = \"unread\"\n  namespace = "+
		"\"greeter\"\n  host      = \"unread.example\"\n}\n")
	unread.must("apply")
	k.finalizers("destinationrules", "unread", `["test.example/kept"]`)
	for _, name := range []string{"virtualservices", "destinationrules"} {
		k.remove("apiextensions.k8s.io/v1", "customresourcedefinitions", "", name+".networking.istio.io")
	}
	listing := func(resource string) func() error {
		return func() error {
			_, err := k.objects(istio.APIVersion, resource, "greeter").List(t.Context(), metav1.ListOptions{})
			return err
		}
	}
	k.awaitAnswer("list virtualservices", listing("virtualservices"), apierrors.IsNotFound)
	k.awaitAnswer("create a DestinationRule", k.rehearsal("greeter", rehearsedDestinationRule), apierrors.IsForbidden)
	for _, command := range []string{"plan", "apply"} {
		other.fails("Istio API is being removed", []string{
			`DestinationRule "greeter/k8s-combat-service-istio-mesh"`, "is terminating", k.config.Host,
			"kubectl describe crd",
		}, command)
	}
	if other.inState(routeAddress) {
		t.Error("what a kind that goes away did not take is in the state")
	}
	k.finalizers("destinationrules", "unread", "null")
	k.awaitAnswer("list destinationrules", listing("destinationrules"), apierrors.IsNotFound)
	missing := []string{istio.APIVersion, "Install Istio", k.config.Host}
	// Istio may come with the same run: a plan that makes something new says so and goes on.
	other.must("plan").want(t, "warning", "Istio API not served yet", missing[0])
	other.fails("Istio API not served", missing, "apply")
	// What is in the state went with its kinds: a plan says so, and there is nothing left to destroy.
	gone := "The API server at " + k.config.Host + " serves no version of the API of VirtualService " +
		"\"greeter/greeter\" and DestinationRule \"greeter/greeter\", so that no such object exists: its CRDs were " +
		"removed, and the objects with them. They are taken out of the state.\n\nIf this is not the right cluster, " +
		"correct the connection before you apply."
	terraform.must("plan").want(t, "warning", "Istio API not served", gone)
	terraform.must("destroy")
	if terraform.inState(routeAddress) {
		t.Error("what is gone is in the state")
	}
	unread.must("destroy", "-refresh=false")
	if unread.inState("mesh_destination_rule.test") {
		t.Error("what was destroyed is in the state")
	}
}
