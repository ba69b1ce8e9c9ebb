package acceptance_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	restartOwner = "restart/test"
	// shops is how many resources there are: ten of them are under way at a time.
	shops = 50
)

// manyRoutes are routes to hosts that nobody needs to serve, each with the attributes in more.
func manyRoutes(count int, namespace, subset, more string) string {
	return fmt.Sprintf(`
resource "mesh_canary_route" "test" {
  for_each  = toset([for i in range(%d) : format("shop-%%02d", i)])
  service   = each.key
  namespace = %q
  subsets   = { %s = { labels = { app = "k8s-combat-service-v1" } } }
  default   = { subset = %q }
  %s
}
`, count, namespace, subset, subset, more)
}

// background is a command that runs while the test does something else.
type background struct {
	t    *testing.T
	done chan result
}

func (c *cli) start(arguments ...string) *background {
	b := &background{t: c.t, done: make(chan result, 1)}
	go func() { b.done <- c.run(arguments...) }()
	return b
}

// running fails the test when the command is over already.
func (b *background) running(before string) {
	b.t.Helper()
	select {
	case r := <-b.done:
		b.t.Fatalf("the command is over before %s:\n%s", before, r)
	default:
	}
}

// must waits for the command, which has to succeed.
func (b *background) must() result {
	b.t.Helper()
	r := <-b.done
	if !r.ok {
		b.t.Fatalf("the command fails:\n%s", r)
	}
	return r
}

// outage lets a server be away for a while.
func (b *breakable) outage(server string, d time.Duration) {
	b.t.Helper()
	b.t.Logf("%s is away for %s", server, d.Round(time.Millisecond))
	b.control("kill", server)
	time.Sleep(d)
	b.control("restart", server)
}

// between returns a time at random.
func between(least, most time.Duration) time.Duration {
	return least + time.Duration(rand.Int64N(int64(most-least)))
}

// each looks at all objects of a kind in a namespace: what it returns must be the same for so many of them.
func (k *kube) each(resource, namespace string, count int, want any, look func(*unstructured.Unstructured) any) {
	k.t.Helper()
	list, err := k.objects("networking.istio.io/v1", resource, namespace).List(k.t.Context(), metav1.ListOptions{})
	if err != nil {
		k.t.Fatal(err)
	}
	if len(list.Items) != count {
		k.t.Errorf("%d %s, want %d", len(list.Items), resource, count)
	}
	for i := range list.Items {
		if diff := cmp.Diff(want, look(&list.Items[i])); diff != "" {
			k.t.Errorf("%s %s (-want +got):\n%s", resource, list.Items[i].GetName(), diff)
		}
	}
}

// appears waits for the first object of a kind.
func (k *kube) appears(resource string) {
	k.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		list, err := k.objects("networking.istio.io/v1", resource, "greeter").List(k.t.Context(), metav1.ListOptions{})
		if err == nil && len(list.Items) > 0 {
			return
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("no %s: %v", resource, err)
		}
	}
}

// written is what every object is looked at for: how often its spec was written, who it belongs to, who wrote it.
type written struct {
	Generation int64
	Owner      string
	Managers   []string
}

func lookWritten(o *unstructured.Unstructured) any {
	w := written{Generation: o.GetGeneration(), Owner: o.GetAnnotations()["terraform-provider-mesh/owner"]}
	for _, entry := range o.GetManagedFields() {
		w.Managers = append(w.Managers, entry.Manager+" by "+string(entry.Operation))
	}
	return w
}

func writtenTimes(generation int64) written {
	return written{generation, restartOwner, []string{"terraform-provider-mesh by Apply"}}
}

// TestAccRestart: servers that are killed and come back while fifty resources are applied cost time and nothing else:
// apply succeeds, every object is there once and was written as often as without it.
func TestAccRestart(t *testing.T) { //nolint:tparallel // its parts break the same control plane, one after the other
	t.Parallel()
	lab := newBreakable(t)
	k := newKube(t, lab.kubeconfig())
	block := fmt.Sprintf("  config_path = %q\n  owner = %q\n  propagation = { mode = \"settle\", settle = \"500ms\", "+
		"settle_after_failure = \"0s\" }\n", lab.kubeconfig(), restartOwner)
	terraform := newCLI(t)
	t.Run("credentials", func(t *testing.T) { testExpiry(t, lab, k) })

	converged := func(virtualServices, destinationRules int64) {
		t.Helper()
		terraform.must("plan", "-detailed-exitcode")
		k.each("virtualservices", "greeter", shops, writtenTimes(virtualServices), lookWritten)
		k.each("destinationrules", "greeter", shops, writtenTimes(destinationRules), lookWritten)
	}

	terraform.configure(block, manyRoutes(shops, "greeter", "v1", ""))
	apply := terraform.start("apply")
	k.appears("destinationrules")
	for _, server := range []string{"kube-apiserver", "etcd", "kube-apiserver"} {
		time.Sleep(between(0, time.Second))
		apply.running("the kill of " + server)
		lab.outage(server, between(time.Second, 4*time.Second))
	}
	apply.must().want(t, "warning", "Warning from the cluster", "tries and", "The last failure was")
	converged(1, 1)

	// Every write needs istiod's webhook. The waits are what is under way most of the time.
	terraform.configure(block, manyRoutes(shops, "greeter", "v2", ""))
	apply = terraform.start("apply")
	time.Sleep(between(700*time.Millisecond, 1500*time.Millisecond))
	apply.running("the kill of istiod")
	lab.outage("istiod", between(time.Second, 2*time.Second))
	apply.must()
	converged(2, 3)
}
