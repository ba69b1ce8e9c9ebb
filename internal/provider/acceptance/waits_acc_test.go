package acceptance_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// subsetsTo is a route of the service with these subsets, whose requests are shared out between the given ones.
func subsetsTo(service, more string, subsets, targets []string) string {
	var declared, weights strings.Builder
	for _, name := range subsets {
		fmt.Fprintf(&declared, "%s = { labels = { app = \"k8s-combat-service-%s\" } }\n", name, name)
	}
	for _, name := range targets {
		fmt.Fprintf(&weights, "%s = %d\n", name, 100/len(targets))
	}
	return fmt.Sprintf("resource \"mesh_canary_route\" \"test\" {\n  service = %q\n  namespace = \"greeter\"\n  "+
		"subsets = {\n%s}\n  default = { weights = {\n%s} }\n%s\n}\n",
		service, &declared, &weights, more)
}

// TestAccAck_restartedAPIServer: after a restart of the API server istiod sees changes late and in any order. An
// update that adds a subset waits until istiod holds the DestinationRule before it writes the rules, and no request
// fails.
func TestAccAck_restartedAPIServer(t *testing.T) {
	t.Parallel()
	lab := newBreakable(t)
	k := newKube(t, lab.kubeconfig())
	served := acctest.At(t, lab.dir)
	terraform := newCLI(t, "TF_LOG=INFO")
	block := fmt.Sprintf(
		"  config_path = %q\n  propagation = { mode = \"ack\", timeout = \"3m\", on_timeout = \"stop\" }\n",
		lab.kubeconfig(),
	)
	terraform.configure(block, subsetsTo("greeter", "", []string{"v1"}, []string{"v1"}))
	terraform.must("apply")
	served.Eventually(acctest.Request{}, acctest.Only("v1"))
	stop := served.Background(acctest.Request{Rate: 200})

	lab.outage("kube-apiserver", time.Second)
	terraform.configure(block, subsetsTo("greeter", "", []string{"v1", "v2"}, []string{"v1", "v2"}))
	began := time.Now()
	apply := terraform.start("apply")
	virtualServices := k.objects("networking.istio.io/v1", "virtualservices", "greeter")
	for deadline := began.Add(4 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		live, err := virtualServices.Get(t.Context(), "greeter", metav1.GetOptions{})
		if err == nil && live.GetGeneration() > 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the rules were not written: %v", err)
		}
	}
	t.Logf("the rules were written after %s", time.Since(began))
	if !lab.holds(k, "destinationrules", "DestinationRule", "greeter") {
		t.Error("the rules were written before istiod holds the DestinationRule")
	}
	apply.must()
	for deadline := time.Now().Add(2 * time.Minute); !lab.holds(k, "virtualservices", "VirtualService", "greeter") &&
		time.Now().Before(deadline); {
		time.Sleep(time.Second)
	}
	served.Eventually(acctest.Request{Count: 200}, acctest.Shares(map[string]float64{"v1": 50, "v2": 50}))
	answers := stop()
	t.Logf("%s", answers)
	maps.DeleteFunc(answers.Errors, func(text string, _ int) bool { return strings.Contains(text, lostRace) })
	if answers.Total < 500 || len(answers.Errors) > 0 {
		t.Errorf("want hundreds of calls without error, got %s", answers)
	}
	terraform.must("plan", "-detailed-exitcode")
}

// TestAccWaits: what becomes of waits while a proxy or istiod is silent.
func TestAccWaits(t *testing.T) { //nolint:tparallel // its parts silence the same proxy, one after the other
	t.Parallel()
	lab := newBreakable(t)
	k := newKube(t, lab.kubeconfig())
	lab.services(k, "broken", "create", "update", "remove", "delete", "moved", "renamed", "warned")
	proxy := lab.watch()
	monitoring := acctest.StartRelay(t, lab.address("istiod", "--monitoringAddr"))
	user := filepath.Join(lab.dir, "kubeconfig-acker")
	block := func(more string) string {
		return fmt.Sprintf("  config_path = %q\n  propagation = { mode = \"ack\", settle = \"500ms\"%s }\n", user, more)
	}
	stops := block(`, timeout = "3s", on_timeout = "stop"`)
	silent := func(t *testing.T, do func()) {
		t.Helper()
		proxy.freeze()
		defer proxy.resume()
		do()
	}
	fails := func(terraform *cli, command string, says ...string) {
		t.Helper()
		terraform.fails("Proxies did not follow",
			append(says, "did not acknowledge the change within 3s", "watch.greeter"), command)
	}
	stopped := func(t *testing.T, terraform *cli, command string, says ...string) {
		t.Helper()
		silent(t, func() { fails(terraform, command, says...) })
	}
	subsets := func(t *testing.T, name string) []string {
		t.Helper()
		live, err := k.objects("networking.istio.io/v1", "destinationrules", "greeter").Get(t.Context(), name,
			metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return subsetsOf(live)
	}
	v1, both := []string{"v1"}, []string{"v1", "v2"}

	t.Run("a connection that breaks is made anew", func(t *testing.T) {
		terraform := newCLI(t, "TF_LOG=INFO")
		through := block(fmt.Sprintf(", timeout = \"2m\", on_timeout = \"stop\", istiod_addresses = [\"http://%s\"]",
			monitoring.Address))
		terraform.configure(through, subsetsTo("broken", "", v1, v1))
		terraform.must("apply")
		terraform.configure(through, subsetsTo("broken", "", both, both))
		proxy.freeze()
		apply := terraform.start("apply")
		k.awaitGeneration("destinationrules", "broken", 2)
		monitoring.Cut(true)
		for deadline := time.Now().Add(time.Minute); monitoring.Refused() == 0; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("istiod is not asked again")
			}
		}
		apply.running("the connection is back")
		proxy.resume()
		monitoring.Cut(false)
		r := apply.must()
		if said := strings.Join(r.warnings(), "\n"); strings.Contains(said, "istiod") ||
			!strings.Contains(r.text, "istiod does not answer, and is asked again") {
			t.Errorf("warnings %q, and the log:\n%s", said, r.text)
		}
		terraform.must("plan", "-detailed-exitcode")
	})
	t.Run("a create goes back", func(t *testing.T) {
		terraform := newCLI(t)
		terraform.configure(stops, subsetsTo("create", "", v1, v1))
		stopped(t, terraform, "apply", `Stopped before step 3 of 3, create VirtualService "greeter/create"`)
		for _, resource := range []string{"destinationrules", "virtualservices"} {
			if _, err := k.objects("networking.istio.io/v1", resource, "greeter").Get(
				t.Context(), "create", metav1.GetOptions{},
			); err == nil {
				t.Errorf("one of %s is left", resource)
			}
		}
		if terraform.inState(routeAddress) {
			t.Error("the resource is in the state")
		}
		terraform.must("apply")
		terraform.must("plan", "-detailed-exitcode")
	})
	t.Run("an update does not change the rules", func(t *testing.T) {
		terraform := newCLI(t)
		terraform.configure(stops, subsetsTo("update", "", v1, v1))
		terraform.must("apply")
		terraform.configure(stops, subsetsTo("update", "", both, both))
		stopped(t, terraform, "apply", `Stopped before step 3 of 3, update VirtualService "greeter/update"`)
		if r := terraform.run("plan", "-detailed-exitcode"); r.ok {
			t.Error("the plan has nothing to do")
		}
		terraform.must("apply")
		terraform.must("plan", "-detailed-exitcode")
	})
	t.Run("an update leaves what it does not need any more", func(t *testing.T) {
		terraform := newCLI(t)
		terraform.configure(stops, subsetsTo("remove", "", both, both))
		terraform.must("apply")
		terraform.configure(stops, subsetsTo("remove", "", v1, v1))
		silent(t, func() {
			fails(terraform, "apply", `Stopped before step 3 of 3, update DestinationRule "greeter/remove"`)
			if r := terraform.run("plan", "-detailed-exitcode"); r.ok {
				t.Error("the plan has nothing to do")
			}
			// The next one has no rules to write, and must not remove the subset either.
			fails(terraform, "apply", `Stopped before step 2 of 2, update DestinationRule "greeter/remove"`)
		})
		if got := subsets(t, "remove"); !slices.Equal(got, both) {
			t.Errorf("subsets %q, want %q", got, both)
		}
		terraform.must("apply")
		terraform.must("plan", "-detailed-exitcode")
		if got := subsets(t, "remove"); !slices.Equal(got, v1) {
			t.Errorf("subsets %q, want %q", got, v1)
		}
	})
	t.Run("a change of the service leaves the stand-in", func(t *testing.T) {
		terraform := newCLI(t)
		named := `name = "moving"`
		terraform.configure(stops, subsetsTo("moved", named, v1, v1))
		terraform.must("apply")
		terraform.configure(stops, subsetsTo("create", named, v1, v1))
		stopped(t, terraform, "apply", `create DestinationRule "greeter/moving-stand-in"`)
		terraform.must("apply")
		terraform.must("plan", "-detailed-exitcode")
		if _, err := k.objects("networking.istio.io/v1", "destinationrules", "greeter").Get(
			t.Context(), "moving-stand-in", metav1.GetOptions{},
		); err == nil {
			t.Error("the stand-in is left")
		}
	})
	t.Run("another name leaves the old DestinationRule", func(t *testing.T) {
		terraform := newCLI(t)
		terraform.configure(stops, subsetsTo("renamed", `name = "before"`, v1, v1))
		terraform.must("apply")
		terraform.configure(stops, subsetsTo("renamed", `name = "after"`, v1, v1))
		// The third wait is the one that is cut: the VirtualService of the new name has taken over. A finalizer keeps
		// the old one until the proxy is silent.
		k.finalizers("virtualservices", "before", `["test.example/kept"]`)
		apply := terraform.start("apply")
		k.awaitDeleted("virtualservices", "before")
		silent(t, func() {
			k.finalizers("virtualservices", "before", "null")
			if r := <-apply.done; r.ok {
				t.Fatalf("the apply succeeds:\n%s", r)
			}
			fails(terraform, "apply", "watch.greeter")
		})
		if got := subsets(t, "before"); !slices.Equal(got, v1) {
			t.Errorf("subsets %q of the old DestinationRule, want %q", got, v1)
		}
		terraform.must("apply")
		terraform.must("plan", "-detailed-exitcode")
		k.awaitGone("destinationrules", "before")
	})
	t.Run("a deletion leaves the DestinationRule", func(t *testing.T) {
		terraform := newCLI(t)
		terraform.configure(stops, subsetsTo("delete", "", v1, v1))
		terraform.must("apply")
		silent(t, func() {
			fails(terraform, "destroy", `Stopped before step 3 of 3, delete DestinationRule "greeter/delete"`)
			if !terraform.inState(routeAddress) {
				t.Error("the resource is not in the state any more")
			}
			fails(terraform, "destroy", `Stopped before step 2 of 2, delete DestinationRule "greeter/delete"`)
		})
		terraform.must("destroy")
		if _, err := k.objects("networking.istio.io/v1", "destinationrules", "greeter").Get(
			t.Context(), "delete", metav1.GetOptions{},
		); err == nil {
			t.Error("the DestinationRule is left")
		}
	})
	t.Run("a change that continues warns", func(t *testing.T) {
		terraform := newCLI(t)
		continues := block(`, timeout = "3s", on_timeout = "continue"`)
		terraform.configure(continues, subsetsTo("warned", "", v1, v1))
		terraform.must("apply")
		terraform.configure(continues, subsetsTo("warned", "", both, both))
		silent(t, func() {
			terraform.must("apply").want(t, "warning", "Warning from the cluster",
				"did not acknowledge the change within 3s", "watch.greeter")
		})
		terraform.must("plan", "-detailed-exitcode")
	})
}
