package acceptance_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/acctest"
)

// TestAccFailure_passes: a connection that breaks, an answer that is lost and a server that fails for a moment are no
// reason to fail, whichever write they meet, and nothing is made twice or left behind.
func TestAccFailure_passes(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]acctest.Fault{
		"refused": acctest.Refuse, "answer lost": acctest.LoseAnswer, "server fails": acctest.Fail,
		"quota changed": acctest.Contend,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := acctest.Start(t)
			proxy := lab.StartProxy(t)
			terraform := newCLI(t)
			block := fmt.Sprintf("  host = %q\n  propagation = { settle = \"0s\" }\n", proxy.URL)
			for _, c := range []struct{ what, more string }{
				{"create", ""}, {"update", `hosts = ["greeter.example"]`},
				{"rename", fmt.Sprintf("name = %q", lab.Service+"-new")},
			} {
				proxy.Break(fault, fault)
				terraform.configure(block, routeTo(lab.Service, lab.Namespace, c.more))
				terraform.must("apply")
				terraform.must("plan", "-detailed-exitcode")
			}
			if lab.Get(acctest.VirtualService, lab.Service) != nil ||
				lab.Get(acctest.DestinationRule, lab.Service) != nil {
				t.Error("the rename left an object behind")
			}
			lab.Eventually(acctest.Request{}, acctest.Only("v1"))
			proxy.Break(fault, fault)
			terraform.must("destroy")
			nothingIn(t, lab)
			if writes := strings.Count(strings.Join(proxy.Take(), "\n"), "PATCH"); writes < 8 {
				t.Errorf("%d writes, so that not every fault was met", writes)
			}
		})
	}
}

// TestAccFailure_disowned: a proxy that does not know the cluster for a while, and says so as an API server does of an
// object, takes nothing out of the state.
func TestAccFailure_disowned(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	proxy := lab.StartProxy(t)
	w := newWorkspace(t, lab, canaryForm, "")
	w.block = fmt.Sprintf("host = %q", proxy.URL)
	w.apply(parts{})
	kept := nobodyTouched(t, lab)
	proxy.Arm(acctest.Trap{Call: 1, Fault: acctest.Disown, Lasting: true})
	said := []string{`Kubernetes cluster "prod" not found`, "a proxy on the way refuses", proxy.URL}
	for _, command := range [][]string{
		{"plan"}, {"apply", "-refresh-only"}, {"destroy"}, {"destroy", "-refresh=false"},
	} {
		w.fails("Not a Kubernetes API server", said, command...)
		if !w.inState(w.f.address) {
			t.Fatalf("after %v the resource is not in the state", command)
		}
	}
	proxy.Disarm()
	kept()
	w.unchanged()
}

// TestAccFailure_throttled: an API server that says when to come back is waited for, and each operation says so once,
// however many of its requests that meets.
func TestAccFailure_throttled(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	proxy := lab.StartProxy(t)
	w := newWorkspace(t, lab, canaryForm, "")
	w.block = fmt.Sprintf("host = %q", proxy.URL)
	for _, operation := range []func() result{
		func() result { return w.apply(parts{}) },
		func() result { return w.apply(parts{top: `labels = { team = "shop" }`}) },
		func() result { return w.must("destroy") },
	} {
		proxy.Break(acctest.ThrottleForASecond, acctest.ThrottleForASecond, acctest.Pass, acctest.ThrottleForASecond)
		began := time.Now()
		r := operation()
		if took := time.Since(began); took < 3*time.Second {
			t.Errorf("it took %s, want the three seconds that were asked for", took)
		}
		r.want(t, "warning", "Warning from the cluster", "asked to wait", "429 Too Many Requests")
		if len(r.besidesMoves()) != 1 {
			t.Errorf("%d diagnostics, want one:\n%s", len(r.Diagnostics), r)
		}
	}
	nothingIn(t, lab)
}

// TestAccFailure_answerOfAnother: a lost answer does not make somebody else's object ours.
func TestAccFailure_answerOfAnother(t *testing.T) {
	t.Parallel()
	lab := acctest.Start(t)
	proxy := lab.StartProxy(t)
	terraform := newCLI(t)
	terraform.configure(fmt.Sprintf("  host = %q\n  propagation = { settle = \"0s\" }\n", proxy.URL),
		routeTo(lab.Service, lab.Namespace, ""))
	terraform.must("plan", "-out=saved.tfplan")
	lab.Create(
		"apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: SERVICE, namespace: NAMESPACE}\n" +
			"spec: {host: HOST, subsets: [{name: v1, labels: {app: k8s-combat-service-v1}}]}\n",
	)
	proxy.Break(acctest.Refuse)
	terraform.fails("Object exists already", []string{"DestinationRule"}, "apply", "saved.tfplan")
	lab.Delete(acctest.DestinationRule, lab.Service)
}
